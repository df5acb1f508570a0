"""What an order holds of the stock, line by line: held, then sold or let go.

Whoever calls these holds the order's row, so that one order is dealt with at one place at a time.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import select, union, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain import stock
from domain.products import hold_products
from domain.stock import Pieces, Place
from store.database import upsert
from store.models import BundleItem, Entitlement, OrderLine, Product, ProductKind, Reservation, ReservationState


async def lines_of(session: AsyncSession, order_id: int) -> Sequence[OrderLine]:
    return (await session.scalars(select(OrderLine).where(OrderLine.order_id == order_id).order_by(OrderLine.id))).all()


async def hold_goods(session: AsyncSession, order_ids: Collection[int], also: Iterable[int] = ()) -> None:
    """All products that those orders have to do with, and these, at once, before any of them is dealt with."""
    lines = select(OrderLine.product_id).where(OrderLine.order_id.in_(order_ids))
    parts = (
        select(BundleItem.product_id)
        .join(OrderLine, OrderLine.product_id == BundleItem.bundle_id)
        .where(OrderLine.order_id.in_(order_ids))
    )
    held = select(Reservation.product_id).where(Reservation.order_id.in_(order_ids))
    given = select(Entitlement.product_id).where(Entitlement.order_id.in_(order_ids))
    await hold_products(session, {*await session.scalars(union(lines, parts, held, given)), *also})


async def contents(session: AsyncSession, line: OrderLine) -> list[Pieces]:
    """The line's own product, and what is in it when that is a bundle: as it was held, else as it is now."""
    held = await session.execute(
        select(Reservation.product_id, Reservation.variant_id, Reservation.quantity, Reservation.state)
        .where(Reservation.line_id == line.id)
        .order_by(Reservation.product_id)
    )
    rows = held.all()
    # a bundle in which nothing was may have been filled since for whoever paid
    over = len(rows) == 1 and rows[0].state == ReservationState.RELEASED
    if rows and not over:
        return [Pieces(row.product_id, row.variant_id, row.quantity) for row in rows]
    parts = await session.scalars(
        select(BundleItem.product_id)
        .where(BundleItem.bundle_id == line.product_id, BundleItem.product_id != line.product_id)
        .order_by(BundleItem.product_id)
    )
    own = Pieces(line.product_id, line.variant_id, line.quantity)
    return [own, *(Pieces(part, None, line.quantity) for part in parts)]


async def reserve(session: AsyncSession, order_id: int, *, until: datetime | None) -> bool:
    """Holds all that the order wants, or nothing; `until` None where only the rail's word ends it. Twice is a no-op."""
    if await _of_state(session, order_id, ReservationState.HELD):
        return True
    wanted = await _wanted(session, order_id)
    if not await stock.take(session, [pieces for _, pieces in wanted], Place.RESERVED):
        return False
    await _note(session, order_id, wanted, ReservationState.HELD, until=until)
    return True


async def are_left(session: AsyncSession, order_id: int) -> bool:
    """Whether all that the order wants is on the shelf at this moment; nothing is held by that."""
    return await stock.are_left(session, [pieces for _, pieces in await _wanted(session, order_id)])


async def gives_anything(session: AsyncSession, order_id: int) -> bool:
    """Whether paying for the order gives a right to anything: an empty bundle does not."""
    for line in await lines_of(session, order_id):
        kind = await session.scalar(select(Product.kind).where(Product.id == line.product_id))
        if kind != ProductKind.BUNDLE or len(await contents(session, line)) > 1:
            return True
    return False


async def sell_order(session: AsyncSession, order_id: int) -> bool:
    """What is held is sold; what is not is taken afresh. False when there is not enough left of something."""
    held = await _of_state(session, order_id, ReservationState.HELD)
    if held:
        await stock.sell(session, [_pieces(each) for each in held])
        await _mark(session, held, ReservationState.SOLD)
        return True
    wanted = await _wanted(session, order_id)
    if not await stock.take(session, [pieces for _, pieces in wanted], Place.SOLD):
        return False
    await _note(session, order_id, wanted, ReservationState.SOLD, until=None)
    return True


async def sell_order_beyond(session: AsyncSession, order_id: int) -> None:
    """The creator hands over what was sold out: it is sold, from the shelf or beyond it."""
    wanted = await _wanted(session, order_id)
    await stock.sell_beyond(session, [pieces for _, pieces in wanted])
    await _note(session, order_id, wanted, ReservationState.SOLD, until=None)


async def let_go(session: AsyncSession, order_ids: Collection[int], state: ReservationState) -> None:
    """What those orders hold, or have sold, goes back on the shelf. Twice is a no-op."""
    found = await session.scalars(
        select(Reservation)
        .where(Reservation.order_id.in_(order_ids), Reservation.state == state)
        .order_by(Reservation.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    going = found.all()
    place = Place.RESERVED if state is ReservationState.HELD else Place.SOLD
    await stock.put_back(session, [_pieces(each) for each in going], place)
    await _mark(session, going, ReservationState.RELEASED)


async def holds(session: AsyncSession, order_id: int) -> bool:
    return bool(await _of_state(session, order_id, ReservationState.HELD))


async def sold_by(session: AsyncSession, order_id: int) -> list[Pieces]:
    return [_pieces(each) for each in await _of_state(session, order_id, ReservationState.SOLD)]


async def was_released(session: AsyncSession, order_id: int) -> bool:
    """It held or had sold something, and does so no more."""
    released = await _of_state(session, order_id, ReservationState.RELEASED)
    return bool(released) and not await _of_state(session, order_id, ReservationState.SOLD)


async def extend(session: AsyncSession, order_id: int, *, until: datetime) -> None:
    """What is held already is held at least until then."""
    await session.execute(
        update(Reservation)
        .where(Reservation.order_id == order_id, Reservation.state == ReservationState.HELD, Reservation.until < until)
        .values(until=until)
    )


async def _wanted(session: AsyncSession, order_id: int) -> list[tuple[int, Pieces]]:
    lines = await lines_of(session, order_id)
    return [(line.id, pieces) for line in lines for pieces in await contents(session, line)]


async def _of_state(session: AsyncSession, order_id: int, state: ReservationState) -> Sequence[Reservation]:
    found = await session.scalars(
        select(Reservation)
        .where(Reservation.order_id == order_id, Reservation.state == state)
        .order_by(Reservation.id)
        .execution_options(populate_existing=True)
    )
    return found.all()


async def _note(
    session: AsyncSession,
    order_id: int,
    wanted: Sequence[tuple[int, Pieces]],
    state: ReservationState,
    *,
    until: datetime | None,
) -> None:
    for line_id, pieces in wanted:
        await upsert(
            session,
            Reservation,
            {"line_id": line_id, "product_id": pieces.product_id},
            {"state": state, "until": until},
            order_id=order_id,
            variant_id=pieces.variant_id,
            quantity=pieces.quantity,
        )


async def _mark(session: AsyncSession, rows: Sequence[Reservation], state: ReservationState) -> None:
    ids = [each.id for each in rows]
    await session.execute(update(Reservation).where(Reservation.id.in_(ids)).values(state=state, until=None))


def _pieces(row: Reservation) -> Pieces:
    return Pieces(row.product_id, row.variant_id, row.quantity)
