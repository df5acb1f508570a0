"""Everything that is known about one order."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.money import Money
from store.models import (
    Creator,
    DiscountCode,
    Dispute,
    Entitlement,
    Lead,
    Order,
    OrderLine,
    OrderState,
    Payment,
    Person,
    Product,
    ProductKind,
    Refund,
    RefundState,
)
from store.queries.order_lists import PAID, SHIPPABLE, UNPAID
from store.queries.unready import unready_of

_REFUNDABLE = frozenset({*PAID, OrderState.OVERSOLD})
# the rail that gives nothing back in part
_WHOLE_ONLY = frozenset({"stars"})


@dataclass(frozen=True, slots=True)
class LineOfOrder:
    title: str
    quantity: int
    # of the whole line, before the discount
    price: Money


@dataclass(frozen=True, slots=True)
class OrderDetails:
    order: Order
    lines: Sequence[LineOfOrder]
    lead: Lead
    person: Person | None
    creator: Creator
    # the discount code that was used
    code: str | None
    payments: Sequence[Payment]
    refunds: Sequence[Refund]
    disputes: Sequence[Dispute]
    # something of it goes by post
    ships: bool
    # what was paid for and cannot be handed over before the creator brings it
    unready: Sequence[Product]

    @property
    def title(self) -> str:
        return ", ".join(each.title for each in self.lines)

    @property
    def total(self) -> Money:
        """With what the rail added, once it has."""
        order = self.order
        return Money(order.total_minor + order.tax_minor + order.shipping_minor, order.currency)

    @property
    def paid_again(self) -> Sequence[Payment]:
        """Each payment, where there was more than the one that its total tells of."""
        return self.payments if len(self.payments) > 1 else ()

    @property
    def left(self) -> Money:
        """What came and is neither given back, nor promised to be, nor lost to a bank."""
        minor = sum(each.left_minor for each in self.payments)
        return Money(minor, self.order.currency)

    @property
    def is_refundable(self) -> bool:
        return self.order.state in _REFUNDABLE and self.left.amount_minor > 0

    @property
    def is_refundable_in_part(self) -> bool:
        return self.is_refundable and self.order.rail not in _WHOLE_ONLY

    @property
    def is_payable(self) -> bool:
        """Nothing has been paid, and it is neither over nor waiting for a bank."""
        return self.order.state in UNPAID and self.order.pending_at is None

    @property
    def waits_for_a_person(self) -> bool:
        """The money bought nothing: it goes back, or one more is handed over."""
        return self.order.state == OrderState.OVERSOLD and self.left.amount_minor > 0

    @property
    def is_to_ship(self) -> bool:
        return self.ships and self.order.shipped_at is None and self.order.state in SHIPPABLE

    @property
    def given_back(self) -> Money:
        """What has gone back, or is on its way."""
        back = {RefundState.SENT, RefundState.DONE}
        return Money(sum(each.amount_minor for each in self.refunds if each.state in back), self.order.currency)


async def order_details(session: AsyncSession, order_id: int) -> OrderDetails:
    """Raises NoResultFound for one that is not there."""
    order = await session.get_one(Order, order_id, populate_existing=True)
    found = await session.scalars(select(OrderLine).where(OrderLine.order_id == order_id).order_by(OrderLine.id))
    lines = [
        LineOfOrder(line.title, line.quantity, Money(line.price_minor * line.quantity, order.currency))
        for line in found
    ]
    parcel = (
        select(Entitlement.id)
        .join(Product, Product.id == Entitlement.product_id)
        .where(
            Entitlement.order_id == order_id,
            Entitlement.revoked_at.is_(None),
            Product.kind == ProductKind.PHYSICAL,
        )
    )
    lead = await session.get_one(Lead, order.lead_id)
    latest = {"populate_existing": True}
    code = (
        None
        if order.discount_code_id is None
        else await session.scalar(select(DiscountCode.code).where(DiscountCode.id == order.discount_code_id))
    )
    payments = await session.scalars(
        select(Payment).where(Payment.order_id == order_id).order_by(Payment.id), execution_options=latest
    )
    refunds = await session.scalars(
        select(Refund).where(Refund.order_id == order_id).order_by(Refund.id), execution_options=latest
    )
    disputes = await session.scalars(
        select(Dispute).where(Dispute.order_id == order_id).order_by(Dispute.id), execution_options=latest
    )
    return OrderDetails(
        order=order,
        lines=lines,
        lead=lead,
        person=None if lead.person_id is None else await session.get_one(Person, lead.person_id),
        creator=await session.get_one(Creator, order.creator_id),
        code=code,
        payments=payments.all(),
        refunds=refunds.all(),
        disputes=disputes.all(),
        ships=await session.scalar(parcel.limit(1)) is not None,
        unready=await unready_of(session, order_id) if order.state in SHIPPABLE else (),
    )
