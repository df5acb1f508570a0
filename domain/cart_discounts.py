"""What a code takes off an order of several lines."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from domain.discounts import CodeRefused, check_code, find_code, take_off
from domain.pricing import Wish
from domain.setups import CreatorSetup
from kit.errors import Reason
from kit.money import Money
from store.models import Lead


@dataclass(frozen=True, slots=True)
class CartDiscount:
    """Of each line, in minor units."""

    of_lines: Sequence[int]
    code_id: int | None = None

    @property
    def total_minor(self) -> int:
        return sum(self.of_lines)


async def take_off_cart(
    session: AsyncSession,
    lead: Lead,
    wishes: Sequence[Wish],
    totals: Sequence[Money],
    code: str | None,
    *,
    now: datetime,
    setup: CreatorSetup,
) -> CartDiscount:
    """A percentage off each line that the code is for, or an amount once, off these lines from the first on.

    Nothing is counted yet. Raises NoSuchCode or CodeRefused, also where it is for none of them.
    """
    if code is None:
        return CartDiscount([0] * len(wishes))
    found = await find_code(session, lead.creator_id, code)
    await check_code(session, found, lead, now=now, setup=setup)
    meant = [not found.products or wish.product.id in found.products for wish in wishes]
    if not any(meant):
        raise CodeRefused("this code is for another product", why=Reason("refused-code-other-product"))
    if found.percent is not None:
        off = [
            take_off(found, wish, total).amount_minor if of_it else 0
            for wish, total, of_it in zip(wishes, totals, meant, strict=True)
        ]
        return CartDiscount(off, found.id)
    most = sum(total.amount_minor for total, of_it in zip(totals, meant, strict=True) if of_it)
    left = take_off(found, wishes[meant.index(True)], replace(totals[0], amount_minor=most)).amount_minor
    off = []
    for total, of_it in zip(totals, meant, strict=True):
        off.append(min(left, total.amount_minor) if of_it else 0)
        left -= off[-1]
    return CartDiscount(off, found.id)
