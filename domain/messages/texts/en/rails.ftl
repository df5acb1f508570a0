# Payment links, refunds and rails. Telegram HTML; values are escaped before they come here.

link-mismatch = ⚠️ Stripe reports a payment by one of your payment links that does not fit its price, so nothing was delivered. Look it up in Stripe.
link-ended-told = The payment link of “{ $title }” has been switched off, since it is no longer sold like that. Make a new one if you want one.
claimed = Thank you! What you bought is yours: { $title }. You find it in /library at any time.
claimed-pending = Thank you! Your payment for { $title } is on its way. It comes here as soon as the money has arrived.
bought-title = Thank you!
bought-paid = Your payment has arrived. Get what you bought in Telegram: the button opens it for you.
bought-pending = Your payment is on its way. This can take some days; get what you bought in Telegram as soon as it has arrived.
bought-waiting = Your payment is being looked up. This page looks again by itself.
bought-nothing = There is no purchase at this address.
bought-button = Get it in Telegram
refused-payments_off = Payments are not set up here yet.
refused-claim_spent = This purchase has been fetched by somebody already. Ask the seller if that was not you.
refused-no_claim = There is no purchase behind this link.
refused-by-rail = { $rail } says: { $reason }
refused-refund-unknown = the refund is no longer known there
refused-link-rail = this is not sold by Stripe, so it has no payment link
refused-link-price = a payment link needs a fixed price
refused-link-stock = a payment link is for what never runs out: take the stock and the limit off first
