"""Orders as rows of a CSV file; amounts as numbers, so that a spreadsheet adds them up."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from domain.transfers.formulas import defuse
from kit.money import exponent_of
from store.queries.order_lists import OrderInList

HEADER = (
    *("order", "receipt", "state", "rail", "opened", "paid", "shipped", "lead", "name", "email", "items", "currency"),
    *("subtotal", "discount", "tax", "shipping", "total", "given_back", "lost", "code"),
)


def order_cells(each: OrderInList) -> list[str]:
    """In the order of HEADER. Text that a spreadsheet would take for a formula is defused."""
    order, lead = each.order, each.lead
    told: Mapping[str, object] = order.details or {}

    def amount(minor: int) -> str:
        return f"{Decimal(minor).scaleb(-exponent_of(order.currency)):f}"

    return [
        str(order.id),
        "" if order.receipt_number is None else str(order.receipt_number),
        order.state.value,
        order.rail,
        _moment(order.created_at),
        _moment(order.paid_at),
        _moment(order.shipped_at),
        str(lead.id),
        defuse(str(told.get("name") or lead.name or each.first_name or "")),
        defuse(str(told.get("email") or lead.email or "")),
        defuse(each.title),
        order.currency,
        amount(order.subtotal_minor),
        amount(order.discount_minor),
        amount(order.tax_minor),
        amount(order.shipping_minor),
        amount(each.total.amount_minor),
        amount(order.refunded_minor),
        amount(each.lost_minor),
        defuse(each.code or ""),
    ]


def _moment(instant: datetime | None) -> str:
    """As RFC 3339 writes it, with a Z."""
    return "" if instant is None else instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
