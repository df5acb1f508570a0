"""Licence keys: uploaded or made, each given to one right, once."""

import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.events import record_event
from domain.products import hold_product
from kit.errors import Invalid, Reason
from store.database import count_changed, insert_once
from store.models import Entitlement, LicenceKey, Product
from store.sealing import digest

MOST_AT_ONCE = 20_000
KEY_LENGTH = 500
GROUPS = 5
GROUP_LENGTH = 5
# none that is easily taken for another when it is read or typed: no 0 O, 1 I L, 2 Z, 5 S, 8 B, U V
LETTERS = "ACDEFGHJKMNPQRTWXY34679"
_PLACE = "licence_key"
_BREAKS = re.compile(r"[\r\n]+")


@dataclass(frozen=True, slots=True)
class Added:
    """What came of a list of keys."""

    added: int
    # of this product already, or twice in the list
    doubled: int


@dataclass(frozen=True, slots=True)
class KeyCounts:
    free: int
    given: int
    voided: int


def read_keys(text: str) -> list[str]:
    """One key a line; empty lines are passed over. Raises Invalid for a list that is empty, too long, or no list."""
    found = [key for line in _BREAKS.split(text.removeprefix("\ufeff")) if (key := line.strip().strip('"').strip())]
    check_keys(found)
    return found


def check_keys(keys: Sequence[str]) -> None:
    """Raises Invalid."""
    if not keys or len(keys) > MOST_AT_ONCE:
        raise Invalid(f"send 1 to {MOST_AT_ONCE} keys, one a line", why=Reason("refused-keys", most=MOST_AT_ONCE))
    wrong = next((number for number, key in enumerate(keys, 1) if len(key) > KEY_LENGTH or not key.isprintable()), None)
    if wrong is not None:
        raise Invalid(
            f"key {wrong} cannot be one: up to {KEY_LENGTH} letters, digits and signs",
            why=Reason("refused-key", number=wrong, most=KEY_LENGTH),
        )


async def add_keys(session: AsyncSession, product: Product, keys: Iterable[str], *, now: datetime) -> Added:
    """They are given to buyers in this order. One that the product has had before is counted and left out."""
    await hold_product(session, product.id)
    added = doubled = 0
    for key in keys:
        if await _add(session, product.id, key, now=now) is None:
            doubled += 1
        else:
            added += 1
    if added:
        await record_event(
            session, "keys.added", creator_id=product.creator_id, subject=f"product:{product.id}", now=now, count=added
        )
    return Added(added, doubled)


async def claim_keys(session: AsyncSession, product: Product, entitlement: Entitlement, *, now: datetime) -> bool:
    """One key for each piece of the right, as far as there are any; True when it has all. Twice is a no-op.

    What a right has got so far stays with it, so that who bought several is not overtaken for ever by who buys one.
    """
    missing = entitlement.quantity - len(await keys_of(session, entitlement.id))
    if missing > 0:
        missing -= await _claim(session, product.id, entitlement.id, missing, now=now)
    if missing > 0 and product.makes_keys:
        await _make(session, product.id, missing, now=now)
        missing -= await _claim(session, product.id, entitlement.id, missing, now=now)
    return missing <= 0


async def keys_of(session: AsyncSession, entitlement_id: int) -> Sequence[str]:
    """The keys of a right, as they were given."""
    found = await session.scalars(
        select(LicenceKey.key).where(LicenceKey.entitlement_id == entitlement_id).order_by(LicenceKey.id)
    )
    return found.all()


async def void_keys(session: AsyncSession, entitlement_id: int, *, now: datetime) -> None:
    """They are good for nothing from now on, and nobody else ever gets them."""
    await session.execute(
        update(LicenceKey)
        .where(LicenceKey.entitlement_id == entitlement_id, LicenceKey.voided_at.is_(None))
        .values(voided_at=now)
    )


async def unvoid_keys(session: AsyncSession, entitlement_id: int) -> None:
    """The right is back, and the same keys with it."""
    await session.execute(update(LicenceKey).where(LicenceKey.entitlement_id == entitlement_id).values(voided_at=None))


async def count_keys(session: AsyncSession, product_id: int) -> KeyCounts:
    row = (
        await session.execute(
            select(
                func.count().filter(LicenceKey.entitlement_id.is_(None)).label("free"),
                func.count(LicenceKey.entitlement_id).label("given"),
                func.count(LicenceKey.voided_at).label("voided"),
            ).where(LicenceKey.product_id == product_id)
        )
    ).one()
    return KeyCounts(row.free, row.given, row.voided)


def new_key() -> str:
    """Five groups of five letters and digits: 113 random bits."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS))


async def _claim(session: AsyncSession, product_id: int, entitlement_id: int, most: int, *, now: datetime) -> int:
    """Two who claim at once pass each other by: the rows are locked, and a row that is taken is no longer free."""
    free = (
        select(LicenceKey.id)
        .where(LicenceKey.product_id == product_id, LicenceKey.entitlement_id.is_(None))
        .order_by(LicenceKey.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    ids = list(await session.scalars(free))
    return await count_changed(
        session,
        update(LicenceKey)
        .where(LicenceKey.id.in_(ids), LicenceKey.entitlement_id.is_(None))
        .values(entitlement_id=entitlement_id, given_at=now),
    )


async def _make(session: AsyncSession, product_id: int, count: int, *, now: datetime) -> None:
    made = 0
    while made < count:
        # one that is there already is as good as impossible, and is made anew
        made += await _add(session, product_id, new_key(), now=now) is not None


async def _add(session: AsyncSession, product_id: int, key: str, *, now: datetime) -> int | None:
    values = {
        "product_id": product_id,
        "key": key,
        "digest": await digest(session, key, _PLACE),
        "created_at": now,
    }
    return await insert_once(session, LicenceKey, values)
