"""Which orders count as bought, and how much of the money that came is still there."""

from sqlalchemy import case

from store.models import Order, OrderState, Payment

# paid for, and not all of it given back or lost to a bank
BOUGHT = Order.paid_at.is_not(None) & (Order.state != OrderState.REFUNDED)
# of one payment, without what has gone back, is on its way, or was lost to a bank
KEPT_MINOR = Payment.amount_minor - Payment.refunded_minor
# of one payment: given back, promised to be, or lost to a bank; the same money may be both
WENT_BACK_MINOR = case(
    (Payment.refunded_minor > Payment.amount_minor, Payment.amount_minor), else_=Payment.refunded_minor
)
