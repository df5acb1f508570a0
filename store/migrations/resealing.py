"""What revision 0002 does to the rows that are there: seals what is personal, and lays it open on the way back."""

import secrets
from collections.abc import Callable, Iterator
from typing import Any

import orjson
from sqlalchemy import Connection, text

from kit.text import name_words
from store.models.sealed import LOOKUP, keyring_of

_AT_ONCE = 1000
_SEALED = (
    ("account", "email"),
    ("telegram_update", "body"),
    ("telegram_update", "error"),
    ("telegram_update", "reply"),
    ("outbox_message", "message"),
    ("provider_event", "body"),
)


def fill_lookup_key(connection: Connection) -> None:
    keyring = keyring_of(connection.dialect)
    keyring.lookup_key = secrets.token_bytes(32)
    values = {"name": LOOKUP, "key": keyring.seal(keyring.lookup_key.hex(), "lookup_key.key")}
    connection.execute(text("INSERT INTO lookup_key (name, key) VALUES (:name, :key)"), values)


def seal_all(connection: Connection) -> None:
    keyring = keyring_of(connection.dialect)
    for table, column in _SEALED:
        _change(connection, table, column, keyring.seal)
    for row in _rows(connection, "SELECT id, email FROM account WHERE email IS NOT NULL AND id > :after"):
        digest = keyring.digest(keyring.unseal(row.email, "account.email"), "email")
        connection.execute(
            text("UPDATE account SET email_digest = :digest WHERE id = :id"), {"digest": digest, "id": row.id}
        )


def forget_new_words(connection: Connection) -> None:
    """Stages, kinds and states that the older schema knows no word for become the nearest that it has."""
    for statement in (
        "UPDATE lead SET stage = 'engaged' WHERE stage NOT IN ('new', 'engaged', 'customer')",
        "UPDATE outbox_message SET kind = 'notice' WHERE kind = 'flow'",
        "UPDATE flow_run SET state = 'cancelled', ended_at = COALESCE(ended_at, started_at) "
        "WHERE state NOT IN ('active', 'done', 'cancelled')",
    ):
        connection.execute(text(statement))


def unseal_all(connection: Connection) -> None:
    keyring = keyring_of(connection.dialect)
    for table, column in _SEALED:
        _change(connection, table, column, keyring.unseal)


def fill_leads(connection: Connection) -> None:
    """E-mail and phone sealed with their digests; words of names; answers sealed; a throw of the dice."""
    keyring = keyring_of(connection.dialect)
    claimed: set[tuple[int, str]] = set()
    connection.execute(text("UPDATE lead SET seen_at = created_at WHERE person_id IS NOT NULL"))
    for row in _rows(
        connection, "SELECT id, creator_id, name, email, phone, phone_verified FROM lead WHERE id > :after"
    ):
        phone_digest = keyring.digest(row.phone, "phone") if row.phone else None
        verified = bool(row.phone_verified) and phone_digest is not None
        if verified and (row.creator_id, str(phone_digest)) in claimed:
            verified = False
        if verified:
            claimed.add((row.creator_id, str(phone_digest)))
        values = {
            "id": row.id,
            "email": keyring.seal(row.email, "lead.email") if row.email else None,
            "email_digest": keyring.digest(row.email, "email") if row.email else None,
            "phone": keyring.seal(row.phone, "lead.phone") if row.phone else None,
            "phone_digest": phone_digest,
            "phone_proof": "verified" if verified else "typed",
            "dice": secrets.randbelow(10_000),
        }
        connection.execute(
            text(
                "UPDATE lead SET email = :email, email_digest = :email_digest, phone = :phone, dice = :dice, "
                "phone_digest = :phone_digest, phone_proof = :phone_proof WHERE id = :id"
            ),
            values,
        )
        for word in name_words(row.name):
            connection.execute(
                text("INSERT INTO lead_word (lead_id, word, creator_id) VALUES (:lead, :word, :creator)"),
                {"lead": row.id, "word": word, "creator": row.creator_id},
            )
    answers = connection.execute(
        text(
            "SELECT old.lead_id, old.key, old.value, lead.creator_id, lead.created_at "
            "FROM lead_field_was AS old JOIN lead ON lead.id = old.lead_id"
        )
    )
    for row in answers.mappings():
        values = {**row, "sealed": keyring.seal(row["value"], "lead_field.sealed")}
        values["digest"] = keyring.digest(row["value"].casefold(), f"field:{row['key']}")
        connection.execute(
            text(
                "INSERT INTO lead_field (lead_id, key, item, creator_id, sealed, digest, answered_at) "
                "VALUES (:lead_id, :key, 0, :creator_id, :sealed, :digest, :created_at)"
            ),
            values,
        )


def fill_orders(connection: Connection) -> None:
    """Which order each of Stripe's events tells of, so that its words go with the buyer."""
    orders = {row.reference: row.id for row in connection.execute(text('SELECT id, reference FROM "order"'))}
    update = text("UPDATE provider_event SET order_id = :order_id WHERE id = :id")
    for row in _rows(connection, "SELECT id, body FROM provider_event WHERE id > :after"):
        reference = _reference(row.body)
        if reference in orders:
            connection.execute(update, {"id": row.id, "order_id": orders[reference]})


def _reference(body: str) -> object:
    try:
        told = orjson.loads(body)["data"]["object"].get("client_reference_id")
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return None
    return told if isinstance(told, str) else None


def unseal_leads(connection: Connection) -> None:
    """The other way; of a choice of several, the first stays."""
    keyring = keyring_of(connection.dialect)
    for column in ("email", "phone"):
        _change(connection, "lead", column, keyring.unseal)
    connection.execute(text("UPDATE lead SET phone_verified = (phone_proof = 'verified')"))
    for row in connection.execute(text("SELECT * FROM lead_field_was WHERE item = 0")).mappings():
        value = row["value"] if row["sealed"] is None else keyring.unseal(row["sealed"], "lead_field.sealed")
        if value is None:
            value = f"{row['number']:g}"
        connection.execute(
            text("INSERT INTO lead_field (lead_id, key, value) VALUES (:lead, :key, :value)"),
            {"lead": row["lead_id"], "key": row["key"], "value": value},
        )


def _change(connection: Connection, table: str, column: str, change: Callable[[str, str], str]) -> None:
    place = f"{table}.{column}"
    query = f"SELECT id, {column} AS value FROM {table} WHERE {column} IS NOT NULL AND id > :after"  # noqa: S608
    update = text(f"UPDATE {table} SET {column} = :value WHERE id = :id")  # noqa: S608 - names of ours
    for row in _rows(connection, query):
        connection.execute(update, {"id": row.id, "value": change(row.value, place)})


def _rows(connection: Connection, query: str) -> Iterator[Any]:
    """In batches, since a table may be long."""
    after = 0
    while rows := connection.execute(text(f"{query} ORDER BY id LIMIT {_AT_ONCE}"), {"after": after}).all():
        yield from rows
        after = rows[-1].id
