"""How many are left. Nothing else changes stock, reserved, sold and initial.

`stock + reserved + sold = initial` always, for whatever is limited; of what is not, only reserved and sold are counted.
Rows are met in one order, products by id and then variants by id, so that no two wait for each other; whoever comes to
a variant holds its product, as those who edit it do.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.products import hold_product, hold_products
from kit.errors import Conflict, Invalid, Reason
from store.database import count_changed
from store.models import Product, ProductVariant

MOST_STOCK = 1_000_000_000


class SoldOut(Conflict):
    code = "sold_out"


class Place(StrEnum):
    """Where a piece is: on the shelf, held by an order that can still be paid, or with whoever paid."""

    STOCK = "stock"
    RESERVED = "reserved"
    SOLD = "sold"


@dataclass(frozen=True, slots=True)
class Pieces:
    product_id: int
    variant_id: int | None
    quantity: int

    @property
    def model(self) -> type[Product | ProductVariant]:
        return Product if self.variant_id is None else ProductVariant

    @property
    def row_id(self) -> int:
        return self.product_id if self.variant_id is None else self.variant_id


async def take(session: AsyncSession, pieces: Iterable[Pieces], to: Place) -> bool:
    """Off the shelf, all or none: the row count of a conditional UPDATE decides who gets the last one."""
    taken: list[Pieces] = []
    for each in await _held(session, pieces):
        if not await _move(session, each, Place.STOCK, to):
            await put_back(session, taken, to)
            return False
        taken.append(each)
    return True


async def are_left(session: AsyncSession, pieces: Iterable[Pieces]) -> bool:
    """Whether there is enough of each at this moment; nothing is taken."""
    for each in pieces:
        model = each.model
        enough = model.stock.is_(None) | (model.stock >= each.quantity)
        if await session.scalar(select(model.id).where(model.id == each.row_id, enough)) is None:
            return False
    return True


async def sell(session: AsyncSession, pieces: Iterable[Pieces]) -> None:
    """What was reserved has been paid."""
    await _move_all(session, pieces, Place.RESERVED, Place.SOLD)


async def put_back(session: AsyncSession, pieces: Iterable[Pieces], place: Place) -> None:
    """Back on the shelf."""
    await _move_all(session, pieces, place, Place.STOCK)


async def sell_beyond(session: AsyncSession, pieces: Iterable[Pieces]) -> None:
    """Sold though none was left: the creator has one more than they had said, so `initial` grows with it."""
    for each in await _held(session, pieces):
        if not await _move(session, each, Place.STOCK, Place.SOLD):
            model = each.model
            more = update(model).where(model.id == each.row_id)
            await session.execute(more.values(sold=model.sold + each.quantity, initial=model.initial + each.quantity))


async def set_stock(session: AsyncSession, goods: Product | ProductVariant, stock: int | None) -> None:
    """So many are left from now on; None is unlimited. `initial` moves with it. Raises Invalid."""
    check_stock(stock)
    model = type(goods)
    if isinstance(goods, ProductVariant):
        await hold_product(session, goods.product_id)
    initial = None if stock is None else stock + model.reserved + model.sold
    await session.execute(update(model).where(model.id == goods.id).values(stock=stock, initial=initial))
    await session.refresh(goods, ["stock", "initial", "reserved", "sold"])


def check_stock(stock: int | None) -> None:
    """Raises Invalid."""
    if stock is not None and not 0 <= stock <= MOST_STOCK:
        raise Invalid(
            "stock is a number from 0 to a billion", fields={"stock": str(stock)}, why=Reason("refused-stock")
        )


async def _held(session: AsyncSession, pieces: Iterable[Pieces]) -> list[Pieces]:
    """In the order in which they are met; what has no variants is held by its own UPDATE."""
    found = sorted(pieces, key=lambda each: (each.variant_id is not None, each.row_id))
    if any(each.variant_id is not None for each in found):
        await hold_products(session, (each.product_id for each in found))
    return found


async def _move_all(session: AsyncSession, pieces: Iterable[Pieces], source: Place, target: Place) -> None:
    for each in await _held(session, pieces):
        if not await _move(session, each, source, target):
            # whose row says that they are there holds them: anything else is our own mistake
            raise RuntimeError(f"{each} are not among what is {source}")


async def _move(session: AsyncSession, pieces: Pieces, source: Place, target: Place) -> bool:
    """NULL, which is unlimited, stays NULL whatever is added to it."""
    model, quantity = pieces.model, pieces.quantity
    counted = {Place.STOCK: model.stock, Place.RESERVED: model.reserved, Place.SOLD: model.sold}
    enough = counted[source] >= quantity
    if source is Place.STOCK:
        enough |= model.stock.is_(None)
    move = (
        update(model)
        .where(model.id == pieces.row_id, enough)
        .values({source.value: counted[source] - quantity, target.value: counted[target] + quantity})
    )
    return await count_changed(session, move) == 1
