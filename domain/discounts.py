"""Codes that take something off a price: who may use them, how often, and counting it.

A use counts from the opening of an order until that ends unpaid or is refunded in full.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.events import record_event
from domain.pricing import STARS_CURRENCY, Wish
from domain.setups import CreatorSetup
from kit.errors import Conflict, Invalid, NotFound, Reason
from kit.money import Money, step_of
from store.database import count_changed, insert_once
from store.models import DiscountCode, DiscountUse, Lead, Product
from store.queries.leads import lead_matches, saved_segments, where

MOST_CODES_SHOWN = 50
_CODE = re.compile(r"[A-Z0-9][A-Z0-9_-]{1,31}")
_ALL = 100


class BadCode(Invalid):
    """What a creator wrote makes no discount."""

    code = "bad_code"


class CodeTaken(Conflict):
    code = "code_taken"


class NoSuchCode(NotFound):
    code = "no_such_code"


class CodeRefused(Conflict):
    """The code is not good for this buyer, this product, or any more."""

    code = "code_refused"


@dataclass(frozen=True, slots=True)
class Terms:
    """Either `percent` (1 to 100) or `amount` off an order; the rest narrows who may use it for what and when."""

    percent: int | None = None
    amount: Money | None = None
    # ids; none is all of them
    products: Sequence[int] = ()
    # a question about leads
    segment: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    most_uses: int | None = None
    most_per_person: int | None = None


@dataclass(frozen=True, slots=True)
class Discount:
    """So much off the whole line; no code takes nothing off."""

    code_id: int | None = None
    amount_minor: int = 0


def read_code(text: str) -> str:
    """A code as it is kept, in capital letters. Raises BadCode."""
    code = text.strip().upper()
    if _CODE.fullmatch(code) is None:
        raise BadCode(
            "a code has 2 to 32 letters, digits and hyphens", fields={"code": text}, why=Reason("refused-code-form")
        )
    return code


async def add_code(
    session: AsyncSession, creator_id: int, code: str, terms: Terms, *, now: datetime, setup: CreatorSetup
) -> DiscountCode:
    """Good from now on, or from when the terms say. Raises BadCode, BadSegment, CodeTaken."""
    code = read_code(code)
    values = await _checked(session, creator_id, terms, now=now, setup=setup)
    code_id = await insert_once(
        session, DiscountCode, {**values, "creator_id": creator_id, "code": code, "created_at": now}
    )
    if code_id is None:
        raise CodeTaken(f"there is a code {code} already", why=Reason("refused-code-taken", code=code))
    await record_event(session, "coupon.added", creator_id=creator_id, subject=f"coupon:{code_id}", now=now)
    return await session.get_one(DiscountCode, code_id)


async def edit_code(
    session: AsyncSession, creator_id: int, code_id: int, terms: Terms, *, now: datetime, setup: CreatorSetup
) -> DiscountCode:
    """Other terms from now on; orders that have used it stay as they are. Raises as `add_code`, and NoSuchCode."""
    found = await get_code(session, creator_id, code_id)
    values = await _checked(session, creator_id, terms, now=now, setup=setup)
    await session.execute(update(DiscountCode).where(DiscountCode.id == code_id).values(**values))
    await session.refresh(found)
    return found


async def archive_code(session: AsyncSession, creator_id: int, code_id: int, *, now: datetime) -> DiscountCode:
    """Nobody can use it any more; its name is not free again. Twice is a no-op. Raises NoSuchCode."""
    found = await get_code(session, creator_id, code_id)
    await session.execute(
        update(DiscountCode)
        .where(DiscountCode.id == code_id, DiscountCode.archived_at.is_(None))
        .values(archived_at=now)
    )
    await session.refresh(found)
    return found


async def list_codes(session: AsyncSession, creator_id: int, *, archived: bool = False) -> Sequence[DiscountCode]:
    """Newest first; with `archived` also those that are out of use."""
    query = select(DiscountCode).where(DiscountCode.creator_id == creator_id)
    if not archived:
        query = query.where(DiscountCode.archived_at.is_(None))
    return (await session.scalars(query.order_by(DiscountCode.id.desc()).limit(MOST_CODES_SHOWN))).all()


async def get_code(session: AsyncSession, creator_id: int, code_id: int) -> DiscountCode:
    """Raises NoSuchCode for one that is not this creator's."""
    return _there(
        await session.scalar(
            select(DiscountCode).where(DiscountCode.id == code_id, DiscountCode.creator_id == creator_id)
        )
    )


async def find_code(session: AsyncSession, creator_id: int, code: str) -> DiscountCode:
    """The one of that name, however it is typed. Raises NoSuchCode, for what can be no code too."""
    return _there(
        await session.scalar(
            select(DiscountCode).where(DiscountCode.creator_id == creator_id, DiscountCode.code == code.strip().upper())
        )
    )


async def apply_code(
    session: AsyncSession, lead: Lead, wish: Wish, price: Money, *, now: datetime, setup: CreatorSetup
) -> Discount:
    """What the wish's code takes off `price`, which is that of all pieces on its rail. No code takes nothing off.

    Nothing is counted yet: `use_code` does that. Raises NoSuchCode or CodeRefused.
    """
    if wish.code is None:
        return Discount()
    code = await find_code(session, lead.creator_id, wish.code)
    early = code.starts_at is not None and code.starts_at > now
    late = code.ends_at is not None and code.ends_at <= now
    if code.archived_at is not None or early or late:
        raise CodeRefused("this code is not valid at present", why=Reason("refused-code-not-now"))
    if code.products and wish.product.id not in code.products:
        raise CodeRefused("this code is for another product", why=Reason("refused-code-other-product"))
    if code.segment is not None:
        known = setup.known(await saved_segments(session, lead.creator_id))
        asked = await where(session, lead.creator_id, code.segment, known, now=now)
        if not await lead_matches(session, lead.id, asked):
            raise CodeRefused("this code is not for you", why=Reason("refused-code-not-yours"))
    return Discount(code.id, _taken_off(code, wish, price))


async def hold_codes(session: AsyncSession, creator_id: int, code_id: int | None, code: str | None) -> None:
    """The code by its number and the one by its name, before either is freed or used."""
    by_name = (DiscountCode.creator_id == creator_id) & (DiscountCode.code == (code or "").strip().upper())
    both = select(DiscountCode.id).where((DiscountCode.id == code_id) | by_name)
    await session.execute(both.order_by(DiscountCode.id).with_for_update(key_share=True))


async def use_code(session: AsyncSession, code_id: int, lead: Lead, order_id: int) -> None:
    """Counts one use by that order: the database decides who has the last one. Raises CodeRefused."""
    use = (
        update(DiscountCode)
        .where(
            DiscountCode.id == code_id,
            DiscountCode.archived_at.is_(None),
            DiscountCode.most_uses.is_(None) | (DiscountCode.uses < DiscountCode.most_uses),
        )
        .values(uses=DiscountCode.uses + 1)
    )
    if not await count_changed(session, use):
        raise CodeRefused("this code has been used up", why=Reason("refused-code-used-up"))
    most = await session.scalar(select(DiscountCode.most_per_person).where(DiscountCode.id == code_id))
    if not await _take_slot(session, code_id, lead.id, order_id, most=most):
        raise CodeRefused("you have used this code already", why=Reason("refused-code-used-by-you"))


async def use_code_again(session: AsyncSession, code_id: int, lead_id: int, order_id: int) -> None:
    """An order whose use was freed is paid after all: it counts, whatever the limits are. Twice is a no-op."""
    if await session.scalar(select(DiscountUse.id).where(DiscountUse.order_id == order_id)) is not None:
        return
    await session.execute(update(DiscountCode).where(DiscountCode.id == code_id).values(uses=DiscountCode.uses + 1))
    await _take_slot(session, code_id, lead_id, order_id, most=None)


async def free_code(session: AsyncSession, order_id: int) -> None:
    """The order uses its code no more, and somebody else may. Twice is a no-op."""
    code_id = await session.scalar(
        delete(DiscountUse).where(DiscountUse.order_id == order_id).returning(DiscountUse.discount_code_id)
    )
    if code_id is not None:
        await session.execute(update(DiscountCode).where(DiscountCode.id == code_id).values(uses=DiscountCode.uses - 1))


async def move_uses(session: AsyncSession, into: int, other: int) -> None:
    """One lead has become a part of another: the uses of both count as theirs, be it over the limit."""
    uses = await session.scalars(select(DiscountUse).where(DiscountUse.lead_id == other).order_by(DiscountUse.id))
    for use in uses.all():
        used = func.coalesce(func.max(DiscountUse.slot), 0)
        last = select(used).where(DiscountUse.discount_code_id == use.discount_code_id, DiscountUse.lead_id == into)
        use.slot, use.lead_id = (await session.scalar(last) or 0) + 1, into
        await session.flush()


def _there(code: DiscountCode | None) -> DiscountCode:
    if code is None:
        raise NoSuchCode("there is no such code here")
    return code


def _taken_off(code: DiscountCode, wish: Wish, price: Money) -> int:
    """Never more than the price. Half a cent, or half of what is charged at least, is rounded in the buyer's favour."""
    if code.percent is not None:
        # what is left can be charged: in isk only whole units can
        step = step_of(price.currency)
        return (price.amount_minor * code.percent + step * _ALL // 2) // (step * _ALL) * step
    off = code.amount_minor or 0
    if code.currency == price.currency:
        return min(off, price.amount_minor)
    own = (wish.amount_minor or wish.goods.price_minor) * wish.quantity
    if price.currency == STARS_CURRENCY and code.currency == wish.product.currency and own > 0:
        # as large a part of the Stars as it is of the price
        return min(price.amount_minor * off // own, price.amount_minor)
    raise CodeRefused("this code is in another currency", why=Reason("refused-code-currency"))


async def _take_slot(session: AsyncSession, code_id: int, lead_id: int, order_id: int, *, most: int | None) -> bool:
    """The first of the lead's slots that is free; the unique key keeps two orders out of one."""
    theirs = select(DiscountUse.slot).where(DiscountUse.discount_code_id == code_id, DiscountUse.lead_id == lead_id)
    taken = set(await session.scalars(theirs))
    slot = 1
    while most is None or slot <= most:
        values = {"discount_code_id": code_id, "lead_id": lead_id, "slot": slot, "order_id": order_id}
        if slot not in taken and await insert_once(session, DiscountUse, values) is not None:
            return True
        slot += 1
    return False


async def _checked(
    session: AsyncSession, creator_id: int, terms: Terms, *, now: datetime, setup: CreatorSetup
) -> dict[str, object]:
    if (terms.percent is None) == (terms.amount is None):
        raise BadCode("a code takes off a percentage or an amount", why=Reason("refused-code-worth"))
    if terms.percent is not None and not 1 <= terms.percent <= _ALL:
        raise BadCode("a percentage is from 1 to 100", why=Reason("refused-code-percent"))
    if terms.amount is not None and terms.amount.amount_minor < 1:
        raise BadCode("a code takes off a percentage or an amount", why=Reason("refused-code-worth"))
    if terms.starts_at is not None and terms.ends_at is not None and terms.starts_at >= terms.ends_at:
        raise BadCode("it ends before it begins", why=Reason("refused-code-dates"))
    if any(most is not None and most < 1 for most in (terms.most_uses, terms.most_per_person)):
        raise BadCode("a limit is a number from 1", why=Reason("refused-code-limit"))
    wanted = sorted(set(terms.products))
    own = select(func.count()).select_from(Product).where(Product.id.in_(wanted), Product.creator_id == creator_id)
    if wanted and await session.scalar(own) != len(wanted):
        raise BadCode("there is no such product here", why=Reason("refused-no-product"))
    if terms.segment is not None:
        await where(session, creator_id, terms.segment, setup.known(await saved_segments(session, creator_id)), now=now)
    return {
        "percent": terms.percent,
        "amount_minor": terms.amount.amount_minor if terms.amount else None,
        "currency": terms.amount.currency if terms.amount else None,
        "products": wanted,
        "segment": terms.segment,
        "starts_at": terms.starts_at,
        "ends_at": terms.ends_at,
        "most_uses": terms.most_uses,
        "most_per_person": terms.most_per_person,
    }
