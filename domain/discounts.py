"""Codes that take something off a price: what they take off what, and who may use them when."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.events import record_event
from domain.pricing import STARS_CURRENCY, Wish
from domain.setups import CreatorSetup
from kit.errors import Conflict, Invalid, NotFound, Reason
from kit.money import Money, check_currency, check_exact, step_of
from kit.paging import Page, Paging
from store.database import insert_once
from store.models import DiscountCode, DiscountUse, Lead, Order, OrderLine, Product
from store.queries.leads import lead_matches, saved_segments, where
from store.segments.question import BadSegment

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


def terms_of(code: DiscountCode) -> Terms:
    """As they stand."""
    amount = None
    if code.amount_minor is not None and code.currency is not None:
        amount = Money(code.amount_minor, code.currency)
    return Terms(
        percent=code.percent,
        amount=amount,
        products=tuple(code.products),
        segment=code.segment,
        starts_at=code.starts_at,
        ends_at=code.ends_at,
        most_uses=code.most_uses,
        most_per_person=code.most_per_person,
    )


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


async def page_of_codes(
    session: AsyncSession, creator_id: int, paging: Paging, *, archived: bool
) -> Page[DiscountCode]:
    """Newest first; with `archived` also those that are out of use."""
    mine = [DiscountCode.creator_id == creator_id]
    if not archived:
        mine.append(DiscountCode.archived_at.is_(None))
    total = await session.scalar(select(func.count()).select_from(DiscountCode).where(*mine)) or 0
    query = select(DiscountCode).where(*mine).order_by(DiscountCode.id.desc())
    found = await session.scalars(query.limit(paging.limit).offset(paging.offset))
    return Page(found.all(), total, paging)


async def get_code(session: AsyncSession, creator_id: int, code_id: int, *, hold: bool = False) -> DiscountCode:
    """Raises NoSuchCode for one that is not this creator's. With `hold` nobody else changes it meanwhile."""
    query = select(DiscountCode).where(DiscountCode.id == code_id, DiscountCode.creator_id == creator_id)
    return _there(await session.scalar(query.with_for_update() if hold else query))


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

    Nothing is counted yet: `code_uses.use_code` does that. Raises NoSuchCode or CodeRefused.
    """
    if wish.code is None:
        return Discount()
    code = await find_code(session, lead.creator_id, wish.code)
    await check_code(session, code, lead, wish.product, now=now, setup=setup)
    return take_off(code, wish, price)


def take_off(code: DiscountCode, wish: Wish, price: Money) -> Discount:
    """What that code takes off `price`, whoever it is good for. Raises CodeRefused where it is in another currency."""
    return Discount(code.id, _taken_off(code, wish, price))


async def check_code(
    session: AsyncSession,
    code: DiscountCode,
    lead: Lead,
    product: Product | None = None,
    *,
    now: datetime,
    setup: CreatorSetup,
) -> None:
    """Raises CodeRefused where they cannot use it now: for that product, or for whatever it may be.

    What their own open checkout has of it is theirs: they come back to that.
    """
    if code.archived_at is not None or (code.ends_at is not None and code.ends_at <= now):
        raise CodeRefused("this code is no longer valid", why=Reason("refused-code-over"))
    if code.starts_at is not None and code.starts_at > now:
        raise CodeRefused("this code is not valid yet", why=Reason("refused-code-not-yet"))
    if product is not None and code.products and product.id not in code.products:
        raise CodeRefused("this code is for another product", why=Reason("refused-code-other-product"))
    if code.segment is not None and not await _is_in(session, lead, code.segment, now=now, setup=setup):
        raise CodeRefused("this code is not for you", why=Reason("refused-code-not-yours"))
    if not await _has_open(session, code, lead, product):
        await _check_uses(session, code, lead)


def used_up() -> CodeRefused:
    """Nobody else may use it."""
    return CodeRefused("this code has been used up", why=Reason("refused-code-used-up"))


def used_by_them() -> CodeRefused:
    """They have used it as often as one person may."""
    return CodeRefused("you have used this code already", why=Reason("refused-code-used-by-you"))


def _there(code: DiscountCode | None) -> DiscountCode:
    if code is None:
        raise NoSuchCode("there is no such code here")
    return code


async def _is_in(session: AsyncSession, lead: Lead, segment: str, *, now: datetime, setup: CreatorSetup) -> bool:
    """Nobody is in a segment that names something which is gone."""
    known = setup.known(await saved_segments(session, lead.creator_id))
    try:
        asked = await where(session, lead.creator_id, segment, known, now=now)
    except BadSegment:
        return False
    return await lead_matches(session, lead.id, asked)


async def _has_open(session: AsyncSession, code: DiscountCode, lead: Lead, product: Product | None) -> bool:
    """Whether an order of theirs that can still be paid, for that product if one is named, has a use of it."""
    if code.most_uses is None and code.most_per_person is None:
        return False
    held = (
        select(DiscountUse.id)
        .join(Order, Order.id == DiscountUse.order_id)
        .where(DiscountUse.discount_code_id == code.id, Order.lead_id == lead.id, Order.open_key.is_not(None))
    )
    if product is not None:
        held = held.join(OrderLine, OrderLine.order_id == Order.id).where(OrderLine.product_id == product.id)
    return await session.scalar(held.limit(1)) is not None


async def _check_uses(session: AsyncSession, code: DiscountCode, lead: Lead) -> None:
    """As it looks now, so that nobody is shown a price that is not to be had; `code_uses` decides."""
    if code.most_uses is not None and code.uses >= code.most_uses:
        raise used_up()
    if code.most_per_person is None:
        return
    theirs = select(func.count()).where(DiscountUse.discount_code_id == code.id, DiscountUse.lead_id == lead.id)
    if (await session.scalar(theirs) or 0) >= code.most_per_person:
        raise used_by_them()


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


async def _checked(
    session: AsyncSession, creator_id: int, terms: Terms, *, now: datetime, setup: CreatorSetup
) -> dict[str, object]:
    if (terms.percent is None) == (terms.amount is None):
        raise BadCode("a code takes off a percentage or an amount", why=Reason("refused-code-worth"))
    if terms.percent is not None and not 1 <= terms.percent <= _ALL:
        raise BadCode("a percentage is from 1 to 100", why=Reason("refused-code-percent"))
    if terms.amount is not None and terms.amount.amount_minor < 1:
        raise BadCode("a code takes off a percentage or an amount", why=Reason("refused-code-worth"))
    if terms.amount is not None:
        check_currency(terms.amount.currency)
        check_exact(terms.amount, "amount_minor")
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
