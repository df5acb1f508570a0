# Payment links, refunds and rails. Telegram HTML; values are escaped before they come here.

link-mismatch = ⚠️ Stripe reports a payment by one of your payment links that does not fit its price, so nothing was delivered. Look it up in Stripe.
link-ended-told = The payment link of “{ $title }” has been switched off, since it is no longer sold like that. Make a new one if you want one.
claimed = Thank you! What you bought is yours: { $title }. You find it in /library at any time.
claimed-over = { $title } is not yours (any more): the order is { $state }. /orders shows it.
claimed-pending = Thank you! Your payment for { $title } is on its way. It comes here as soon as the money has arrived.
bought-title = Thank you!
bought-paid = Your payment has arrived. Get what you bought in Telegram: the button opens it for you.
bought-oversold = Your payment has arrived, but the last one had just gone. We are sorry! The seller has been told and will refund or deliver it; open it in Telegram, where you hear which.
bought-going-back = Your payment has arrived, but this can no longer be handed over. We are sorry! Your money is on its way back to you.
bought-pending = Your payment is on its way. This can take some days; get what you bought in Telegram as soon as it has arrived.
bought-waiting = Your payment is being looked up. This page looks again by itself.
bought-nothing = There is no purchase at this address.
bought-button = Get it in Telegram
refused-payments_off = Payments are not set up here yet.
refused-claim_spent = This purchase has been fetched by somebody already. Ask the seller if that was not you.
refused-no_claim = There is no purchase behind this link.
refused-by-rail = { $rail } says: { $reason }
refused-refund-unknown = the refund is no longer known there
refused-link-no-stripe = Stripe is not set up here: whoever runs Spark sets its key first
refused-link-archived = it is archived: <code>/product { $product } restore</code> brings it back
refused-link-stars = it is priced in Stars alone: <code>/product { $product } price 19.00 usd</code> gives it a price in money
refused-link-rail = products of this kind are not sold by Stripe here: list stripe under shop, rails, { $kind } in config.yaml
refused-link-off-sale = it is not on sale at present: <code>/product { $product } sale on</code>, and look at its dates
refused-link-price = a payment link needs a fixed price: <code>/product { $product } pwyw off</code>, and a price above 0
refused-link-stock = a payment link is for what never runs out: take the stock off first (in a bundle, that of its parts too), and the limit per person
refused-link-empty = nothing is in this bundle yet, so nobody would get anything: put a product in first
refused-link_ended = This payment link has been switched off.
refused-no-paylink = “{ $title }” has no such payment link, or it has been switched off already.
button-paylinks = 🌐 Payment link to post elsewhere
button-paylink-make = ➕ Make the link
button-paylink-off = ✕ Switch it off
button-paylink-end = Yes, switch it off
button-try-again = Try again
own-paylinks = Payment links of <b>{ $title }</b>: pages of Stripe’s to post wherever you like. Anybody can pay there, and then gets it in the chat with me.
own-paylink = · { $title } – { $price }: { $url }
paylink-made = <b>{ $title }</b> is sold for { $price } here: { $url }

    Post it wherever you like. It goes off by itself when its price changes, or when it is no longer sold like that.
paylink-failed = ⚠️ The payment link of “{ $title }” could not be made. { $why }
paylink-ask-end = Shall the payment link of <b>{ $title }</b> be switched off? Nobody can begin to pay there any more, and it cannot be switched on again; you can make a new one with another address. Whoever has bought keeps it.
paylink-ended = The payment link of <b>{ $title }</b> is being switched off; in a moment nobody can begin to pay there any more.
product-form-paylink = Like this: <code>/product { $product } paylink</code>, <code>paylink off</code>, and for a variant <code>paylink "Large"</code>, <code>paylink "Large" off</code>
link-stays-told = ⚠️ The payment link of “{ $title }” could not be switched off yet: people can still pay at { $url }. { $why } I go on trying; you can switch it off in Stripe too.
event-payment_link-opened = payment link made
event-payment_link-ended = payment link switched off
