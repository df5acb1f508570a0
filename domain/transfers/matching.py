"""Which of the rows are leads that a creator has already."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from domain.identity import CLAIMED
from domain.transfers.entries import Entry
from domain.transfers.problems import RowProblem
from store.models import Lead, Person
from store.sealing import digest
from store.seen import Seen

_CONTACTS = (Lead.id, Lead.email_digest, Lead.email_proof, Lead.phone_digest, Lead.phone_proof)


@dataclass
class Match:
    """A row, what its e-mail and phone are found by, and the lead that it is."""

    entry: Entry
    email_digest: str | None = None
    phone_digest: str | None = None
    lead_id: int | None = None
    # `number`, `email` or `phone`
    by: str | None = None
    problem: RowProblem | None = None
    # of a lead found by its number: what it has already, verified, entered or only typed, it claims no more
    has: frozenset[str] = frozenset()

    @property
    def keys(self) -> list[str]:
        """What no other row of the file may be too."""
        digests = (("email", self.email_digest), ("phone", self.phone_digest))
        claims = [f"{kind}:{each}" for kind, each in digests if each is not None and kind not in self.has]
        return claims if self.lead_id is None else [f"lead:{self.lead_id}", *claims]


async def match_entries(session: AsyncSession, creator_id: int, entries: Sequence[Entry]) -> list[Match]:
    """Looks them up all at once.

    An e-mail or phone is a lead's when it was verified or entered; one that somebody only typed is not theirs. A
    lead's number, as an export tells it, is believed where the row's e-mail and phone do not speak against it, and one
    of them, the name or what Telegram calls them speaks for it. The number of one who was forgotten brings nobody back.
    """
    matches = [
        Match(
            entry,
            None if entry.email is None else await digest(session, entry.email, "email"),
            None if entry.phone is None else await digest(session, entry.phone, "phone"),
        )
        for entry in entries
    ]
    # one query for each: over all three at once, a planner may look through every lead
    by_number = await _numbered(session, creator_id, {each.entry.number for each in matches} - {None})
    known = [
        *await _known(session, creator_id, Lead.email_digest, [each.email_digest for each in matches]),
        *await _known(session, creator_id, Lead.phone_digest, [each.phone_digest for each in matches]),
    ]
    by_email = {row.email_digest: row.id for row in known if row.email_digest and row.email_proof in CLAIMED}
    by_phone = {row.phone_digest: row.id for row in known if row.phone_digest and row.phone_proof in CLAIMED}
    for each in matches:
        email, phone = by_email.get(each.email_digest), by_phone.get(each.phone_digest)
        numbered = by_number.get(each.entry.number or 0)
        if numbered is not None and numbered.forgotten_at is not None:
            each.problem = RowProblem("import-was-forgotten", lead=numbered.id)
        elif numbered is not None and numbered.merged_into_id is not None:
            each.problem = RowProblem("import-was-merged", lead=numbered.id, into=numbered.merged_into_id)
        elif numbered is not None and _is_same(each, numbered, email, phone):
            each.lead_id, each.by = numbered.id, "number"
            stands = (("email", numbered.email_digest), ("phone", numbered.phone_digest))
            each.has = frozenset(kind for kind, value in stands if value is not None)
        elif email is not None and phone is not None and email != phone:
            each.problem = RowProblem("import-two-leads", email=email, phone=phone)
        elif email is not None:
            each.lead_id, each.by = email, "email"
        elif phone is not None:
            each.lead_id, each.by = phone, "phone"
        elif each.entry.is_nobody:
            each.problem = RowProblem("import-nobody")
    return matches


async def _numbered(
    session: AsyncSession, creator_id: int, numbers: Collection[int | None]
) -> dict[int, Row[*tuple[Any, ...]]]:
    """Those who are no more too."""
    if not numbers:
        return {}
    more = (Lead.name, Lead.forgotten_at, Lead.merged_into_id, Person.first_name, Person.username)
    found = await session.execute(
        select(*_CONTACTS, *more)
        .outerjoin(Person, Person.id == Lead.person_id)
        .where(Lead.creator_id == creator_id, Lead.id.in_(numbers))
    )
    return {row.id: row for row in found}


async def _known(
    session: AsyncSession, creator_id: int, column: InstrumentedAttribute[Any], values: Sequence[object]
) -> Sequence[Row[*tuple[Any, ...]]]:
    wanted = {value for value in values if value is not None}
    if not wanted:
        return []
    alive = (Lead.creator_id == creator_id, Lead.merged_into_id.is_(None), Lead.forgotten_at.is_(None))
    return (await session.execute(select(*_CONTACTS).where(*alive, column.in_(wanted)))).all()


def _is_same(match: Match, lead: Row[*tuple[Any, ...]], by_email: int | None, by_phone: int | None) -> bool:
    """Nothing speaks against it, and something for it: an e-mail, a phone, a name, or what Telegram calls them."""
    compared = 0
    for ours, theirs, owner in (
        (match.email_digest, lead.email_digest, by_email),
        (match.phone_digest, lead.phone_digest, by_phone),
    ):
        if ours is not None and theirs is not None:
            compared += 1
            if ours != theirs:
                return False
        elif ours is not None and owner is not None:
            # it would be filled in, and is somebody else's
            return False
    entry = match.entry
    names = ((entry.name, lead.name), (entry.telegram_name, lead.first_name), (entry.username, lead.username))
    if compared or any(told and told == " ".join((stands or "").split()) for told, stands in names):
        return True
    # of a lead of whom nothing is known, the number is all that an export tells
    return entry.is_nobody and not any(told or stands for told, stands in names)


def refuse_repeat(match: Match, seen: Seen) -> None:
    """A second row about somebody gets a problem that names the first."""
    if match.problem is not None:
        return
    found = seen.first(match.keys, match.entry.row)
    if found is None:
        return
    key, row = found
    kind = key.partition(":")[0]
    text = {"email": "import-same-email", "phone": "import-same-phone", "lead": "import-same-lead"}[kind]
    match.problem = RowProblem(text, row=row, lead=match.lead_id or 0)
