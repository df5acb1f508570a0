"""One order as one message: as its seller sees it, and as its buyer does, each with what they can do about it."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.handlers.lead_card import fitting, moment
from bot.turn import Turn
from domain.leads import display_name, zone_of
from domain.messages.plain import Button, Message
from kit.money import Money
from kit.text import shorten
from kit.zones import zone_named
from store.models import DisputeState, Order, OrderState
from store.queries.order_card import OrderDetails

TITLE_LENGTH = 120
NAME_LENGTH = 64
REASON_LENGTH = 200
_ADDRESS = ("line1", "line2", "postal_code", "city", "state", "country")
Row = tuple[Button, ...]


async def sale_screen(turn: Turn, details: OrderDetails, *, back: str = "orders:all:0") -> Message:
    """As its creator sees it; `back` is what the last button leads to."""
    zone = zone_named(turn.facts.published.setup(details.order.creator_id).time_zone)
    name = (await display_name(turn.session, details.lead))(turn.person.speaks)
    lines = [
        *_head(turn, details),
        turn.words("order-buyer", name=shorten(name, NAME_LENGTH), lead=details.lead.id),
        *_post(turn, details),
        *_times(turn, details, zone),
        *_money_back(turn, details, zone),
        *_disputes(turn, details),
    ]
    lines += [
        turn.words("order-unready", title=shorten(product.title, TITLE_LENGTH), product=product.id)
        for product in details.unready
    ]
    if details.waits_for_a_person:
        forgotten = details.lead.forgotten_at is not None
        lines.append(turn.words("order-forgotten-help" if forgotten else "order-oversold-help"))
    return Message(text=fitting(lines), buttons=tuple(_sale_buttons(turn, details, back)))


def bought_screen(turn: Turn, details: OrderDetails) -> Message:
    """As whoever ordered it sees it."""
    zone = zone_of(details.lead, turn.facts.published.setup(details.order.creator_id))
    lines = [
        *_head(turn, details),
        turn.words("order-seller", name=shorten(details.creator.name, NAME_LENGTH)),
        *_times(turn, details, zone),
    ]
    if details.given_back.amount_minor:
        lines.append(turn.words("order-given-back", amount=details.given_back.format(turn.person.speaks)))
    return Message(text=fitting(lines), buttons=tuple(_bought_buttons(turn, details)))


def state_told(turn: Turn, order: Order) -> str:
    """Its state in a word or two; money on its way is told apart."""
    if order.pending_at is not None and order.state in {OrderState.OPEN, OrderState.AWAITING_PAYMENT}:
        return turn.word("order-is-pending", "pending")
    return turn.word(f"order-is-{order.state}", order.state)


def _head(turn: Turn, details: OrderDetails) -> Iterator[str]:
    order, speaks = details.order, turn.person.speaks
    yield turn.words("order-title", order=order.id, state=state_told(turn, order))
    yield ""
    for line in details.lines:
        yield turn.words(
            "order-line",
            quantity=line.quantity,
            title=shorten(line.title, TITLE_LENGTH),
            price=line.price.format(speaks),
        )

    def money(minor: int) -> str:
        return Money(minor, order.currency).format(speaks)

    if order.discount_minor:
        yield turn.words("order-discount", code=details.code or "–", amount=money(order.discount_minor))
    if order.tax_minor:
        yield turn.words("order-tax", amount=money(order.tax_minor))
    if order.shipping_minor:
        yield turn.words("order-shipping", amount=money(order.shipping_minor))
    rail = turn.word(f"paid-by-{order.rail}", order.rail)
    yield turn.words("order-total", total=details.total.format(speaks), rail=rail)
    yield ""


def _times(turn: Turn, details: OrderDetails, zone: ZoneInfo) -> Iterator[str]:
    order = details.order
    if order.receipt_number is not None:
        yield turn.words("order-receipt", number=order.receipt_number)

    def at(instant: datetime) -> str:
        return moment(turn, instant, zone)

    yield turn.words("order-opened", at=at(order.created_at))
    if details.is_payable:
        yield turn.words("order-payable-until", at=at(order.expires_at))
    if order.paid_at is not None:
        yield turn.words("order-paid-at", at=at(order.paid_at))
    for payment in details.paid_again:
        amount = Money(payment.amount_minor, payment.currency).format(turn.person.speaks)
        yield turn.words("order-payment", amount=amount, at=at(payment.created_at))
    if order.shipped_at is not None:
        yield turn.words("order-shipped-at", at=at(order.shipped_at))


def _post(turn: Turn, details: OrderDetails) -> Iterator[str]:
    told: Mapping[str, object] = details.order.details or {}
    shipping = told.get("shipping")
    if details.ships and isinstance(shipping, Mapping):
        address = shipping.get("address")
        parts = [shipping.get("name")]
        if isinstance(address, Mapping):
            parts += [address.get(part) for part in _ADDRESS]
        yield turn.words("order-goes-to", address=shorten(", ".join(str(part) for part in parts if part), 400))


def _money_back(turn: Turn, details: OrderDetails, zone: ZoneInfo) -> Iterator[str]:
    for refund in details.refunds:
        yield turn.words(
            "order-refund",
            amount=Money(refund.amount_minor, refund.currency).format(turn.person.speaks),
            state=turn.word(f"refund-is-{refund.state}", refund.state),
            at=moment(turn, refund.created_at, zone),
            reason=shorten(refund.reason or "–", REASON_LENGTH),
        )


def _disputes(turn: Turn, details: OrderDetails) -> Iterator[str]:
    for dispute in details.disputes:
        yield turn.words(
            "order-dispute",
            amount=Money(dispute.amount_minor, dispute.currency).format(turn.person.speaks),
            state=turn.word(f"dispute-is-{dispute.state}", dispute.state),
            reason=shorten(dispute.reason, REASON_LENGTH),
        )
        if dispute.state == DisputeState.OPEN:
            yield turn.words("order-dispute-help")


def _sale_buttons(turn: Turn, details: OrderDetails, back: str) -> Iterator[Row]:
    order = details.order

    def button(word: str, act: str, **values: object) -> Row:
        return (Button(text=turn.words(word, **values), data=f"order:{act}:{order.id}"),)

    if details.waits_for_a_person and details.lead.forgotten_at is None:
        yield button("button-hand-over", "hand")
    if details.is_to_ship:
        yield button("order-button-ship", "ship")
    if details.is_refundable:
        yield button("order-button-refund", "refund", amount=details.left.format(turn.person.speaks))
    if details.is_refundable_in_part:
        yield button("order-button-part", "part")
    if details.is_payable:
        yield button("order-button-call-off", "cancel")
    if order.receipt_number is not None:
        yield button("order-button-receipt", "paper")
    yield (
        Button(text=turn.words("order-button-lead"), data=f"lead:show:{details.lead.id}"),
        Button(text=turn.words("order-button-list"), data=back),
    )


def _bought_buttons(turn: Turn, details: OrderDetails) -> Iterator[Row]:
    order = details.order

    def button(word: str, act: str) -> Row:
        return (Button(text=turn.words(word), data=f"order:{act}:{order.id}"),)

    if details.is_payable:
        yield button("order-button-pay", "pay")
        yield button("order-button-call-off", "off")
    if order.receipt_number is not None:
        yield button("order-button-receipt", "receipt")
    yield button("order-button-help", "help")
    yield (Button(text=turn.words("order-button-list"), data="orders:mine:0"),)
