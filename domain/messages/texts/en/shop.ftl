# Shop. Telegram HTML; values are escaped before they come here.

shop = <b>{ $creator }</b>
shop-empty = { $creator } has nothing for sale at present.
shop-unknown = There is no shop “{ $slug }” here. /shop shows the one you are in.
price-free = free
button-buy = Buy for { $price }
button-get = Get it free
button-pay = Pay { $price }
button-say-address = Say where to
address-here = <b>{ $title }</b>
    It costs you nothing. Say on the secure page where it shall go.
pay-here = <b>{ $title }</b>
    Pay on the secure page; what you bought arrives here a moment later.
payment-pending = <b>{ $title }</b>: we are waiting for your bank. It can take a few days; what you bought arrives here as soon as the money has come.
free-gone-buyer = <b>{ $title }</b> has gone meanwhile, and nothing was ordered. It cost you nothing.
payment-failed-buyer = Your payment for <b>{ $title }</b> did not go through, and nothing was delivered. You can order it again with /shop.
oversold-buyer = We have your payment for <b>{ $title }</b>, but the last one had just gone. We are sorry! The seller has been told and will refund or deliver it.
paid-twice-buyer = You have paid for <b>{ $title }</b> twice. The seller has been told and will refund one of the two.
paid-again-buyer = Your payment for <b>{ $title }</b> has come, after an earlier one went back to you or to your bank. It is yours again.
pay-settled = This order is settled already. /library shows what is yours.
payments-off = Payments are not set up here yet.
sold-out = Sold out.
shop-category = <b>{ $creator }</b> · { $category }
shop-found = <b>{ $creator }</b>: { $total } for “{ $search }”
shop-found-nothing = Nothing at { $creator } is called “{ $search }”.
shop-ask-search = What are you looking for? A word of it is enough. /cancel gives it up.
shop-category-gone = There is nothing in this category any more. /shop shows what there is.
shop-ask-amount = <b>{ $title }</b>: how much would you like to give, in { $currency }? Just send the amount, such as <code>10</code>. /cancel gives it up.
shop-ask-amount-from = <b>{ $title }</b>: how much would you like to give, in { $currency }? { $least } or more: just send the amount, such as <code>10</code>. /cancel gives it up.
shop-checkout-open = You have a checkout open for <b>{ $title }</b>, { $total }. Pay it, or call it off and choose again.
button-pay-open = Pay it
button-call-off = Call it off
button-shop-search = 🔎 Search
button-shop-all = ‹ Everything
button-category = { $category } · { $count }
button-other-variant = ‹ Another choice
button-code = I have a code
button-reviews = ★ Reviews ({ $count })
button-buy-own = Buy, at your own price
button-buy-from = Buy for { $price } or more
card-title-of = <b>{ $title }</b>
card-rating = ★ { $average } ({ $count })
card-in-bundle = All of this is in it:
card-part = · { $title }
card-more-parts = … and { $count } more
card-code = 🏷 { $code } is taken off below
card-few-left = { $stock ->
    [one] Only 1 left
   *[other] Only { $stock } left
}
card-not-now = Not for sale at present.
card-yours = ✅ This is yours already.
button-again = Get it again
card-to-come = ⏳ Not there yet: whoever buys it gets it as soon as the seller has added it.
card-until = On sale until { $day }
price-line = { $price }
price-from = from { $price }
price-own = you choose the price
price-own-from = You choose the price, { $price } or more
price-before = <s>{ $before }</s> <b>{ $price }</b>
