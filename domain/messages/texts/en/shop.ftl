# Shop. Telegram HTML; values are escaped before they come here.

shop = <b>{ $creator }</b>
shop-empty = { $creator } has nothing for sale at present.
shop-unknown = There is no shop “{ $slug }” here. /shop shows the one you are in.
product-card =
    <b>{ $title }</b>
    { $price }
product-card-described =
    <b>{ $title }</b>
    { $description }

    { $price }
price-free = free
button-buy = Buy for { $price }
button-get = Get it free
button-pay = Pay { $price }
pay-here = <b>{ $title }</b>
    Pay on the secure page; what you bought arrives here a moment later.
payment-pending = <b>{ $title }</b>: we are waiting for your bank. It can take a few days; what you bought arrives here as soon as the money has come.
payment-failed-buyer = Your payment for <b>{ $title }</b> did not go through, and nothing was delivered. You can order it again with /shop.
oversold-buyer = We have your payment for <b>{ $title }</b>, but the last one had just gone. We are sorry! The seller has been told and will refund or deliver it.
paid-twice-buyer = You have paid for <b>{ $title }</b> twice. The seller has been told and will refund one of the two.
pay-settled = This order is settled already. /library shows what is yours.
payments-off = Payments are not set up here yet.
sold-out = Sold out.
