# Orders, receipts, giving back. Telegram HTML; values are escaped before they come here.

orders-title = 🧾 <b>{ $creator }</b>: { $choice }, { $total }
orders-are-all = All orders
orders-are-todo = To do
orders-are-paid = Paid
orders-are-unpaid = Not paid yet
orders-are-back = Given back
orders-are-ended = Ended unpaid
orders-line = <b>#{ $order }</b> { $title } · { $total } · { $state } · { $name }
orders-none = None of these.
orders-bought = 🧾 <b>Your orders</b>: { $total }
orders-bought-line = <b>#{ $order }</b> { $title } · { $total } · { $state }
orders-bought-none = You have not ordered anything yet. /shop shows what there is.
orders-of = from { $creator }
orders-button-export = Export as a file
orders-button-mine = What I ordered
orders-form = Write it like this: <code>/orders</code>, <code>/orders 12</code>, <code>/orders todo</code> (or paid, unpaid, back, ended), <code>/orders export paid</code>, <code>/orders mine</code>
orders-form-buyer = Write <code>/orders</code>, or <code>/orders 12</code> for order 12.
orders-export-taken = Your orders are on their way.
orders-export-done = { $orders ->
        [one] 1 order
       *[other] { $orders } orders
    }. What a spreadsheet would take for a formula has an apostrophe in front.
orders-export-none = There are no such orders.
transfer-progress-orders = ⏳ Exporting: { $rows } orders, { $rate } a second

order-unknown = There is no order { $order } here.
order-title = <b>Order { $order }</b> · { $state }
order-is-pending = payment on its way
order-line = { $quantity } × <b>{ $title }</b> · { $price }
order-discount = Code { $code }: −{ $amount }
order-tax = Tax: { $amount }
order-shipping = Shipping: { $amount }
order-total = Total: <b>{ $total }</b>, { $rail }
order-buyer = For { $name } (lead { $lead })
order-seller = From { $name }
order-goes-to = Goes to: { $address }
order-receipt = Receipt no. { $number }
order-opened = Ordered { $at }
order-payable-until = To be paid until { $at }
order-paid-at = Paid { $at }
order-shipped-at = Sent { $at }
order-refund = 💸 { $amount } · { $state } · { $at } · { $reason }
order-given-back = 💸 { $amount } went back to you
order-dispute = ⚖️ { $amount } · { $state } · { $reason }
order-dispute-help = Answer it in your payment provider's dashboard, where you also see until when.
order-oversold-help = The money came when nothing was left. Give it back, or hand over one more than you had said.
order-button-ship = Mark as sent
order-button-untracked = Without a tracking number
order-button-refund = Give { $amount } back
order-button-part = Give a part back
order-button-call-off = Call it off
order-button-receipt = Receipt
order-button-lead = The lead
order-button-list = All orders
order-button-see = See the order
order-button-pay = Pay it
order-button-help = Ask for help
order-handed-over = Order { $order } is handed over.
order-ask-tracking = How can order { $order } be followed? Type a tracking number, a link, or a few words; the buyer reads it.
order-called-off = <b>{ $title }</b>: called off. Nothing was paid.
order-not-called-off = <b>{ $title }</b> cannot be called off now: it is paid, or its payment may be on its way.
order-called-off-buyer = Your order of <b>{ $title }</b> was called off by the seller. Nothing was paid.
order-ask-help = What is it about? { $creator } reads it with your order, and answers here.
order-help-passed-on = { $creator } has it now, and answers here.
order-help-told = 🙋 <b>{ $name }</b> (lead { $lead }) asks about order { $order }:

    { $text }
paid-by-stripe = by card
paid-by-stars = in Telegram Stars
paid-by-free = nothing to pay

refund-is-asked = asked for
refund-is-sent = on its way
refund-is-done = given back
refund-is-failed = failed
dispute-is-open = disputed
dispute-is-won = dispute won
dispute-is-lost = dispute lost
refund-form = Write it like this: <code>/refund 12</code> for all of order 12, <code>/refund 12 5.00</code> for a part of it, with a reason behind it if you like.
refund-form-amount = An amount, please, like 5.00.
refund-which = Which order shall be given back?
refund-none = There is no paid order that could be given back.
refund-not-now = Nothing of order { $order } can be given back now.
refund-changed = Something of order { $order } has gone back since you were asked. Look at it again: <code>/orders { $order }</code>
refund-ask = Give <b>{ $amount }</b> for “{ $title }” (order { $order }) back to { $name }? What they bought is taken back.
refund-ask-part = Give <b>{ $amount }</b> for “{ $title }” (order { $order }) back to { $name }?
refund-ask-one = Give the payment of <b>{ $amount }</b> for order { $order } back?
refund-ask-amount = How much of { $left } shall go back? Type an amount, and behind it a reason if you like.
refund-button-yes = Yes, give { $amount } back
refund-button-keeps = Yes, and they keep what they bought
refund-button-loses = Yes, and they lose what they bought
refund-button-no = No
refund-asked = 💸 { $amount } of order { $order } go back. You hear here when it is done.

receipt = 🧾 Thank you! Your payment of { $total } for <b>{ $title }</b> has come. Receipt no. { $number }.
receipt-none = There is no receipt for this yet.
receipt-caption = Receipt no. { $number }
receipt-file = receipt
receipt-title = Receipt no. { $number }
receipt-date = Date: { $day }
receipt-order = Order: { $order }
receipt-buyer = For: { $buyer }
receipt-discount = Code { $code }
receipt-tax = Tax
receipt-shipping = Shipping
receipt-total = Total
receipt-paid-by = Paid { $rail }
receipt-back = Given back: { $amount }

upsell = Thank you for your order! This goes well with it:
