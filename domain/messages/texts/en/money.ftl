# What orders and their money come to. Telegram HTML; values are escaped before they come here.

sale-oversold-back = ⚠️ Order { $order }: { $lead } paid { $total } for “{ $title }”, and the last one had just gone. The Stars go back by themselves.
sale-paid-twice-back = ⚠️ Order { $order }: { $lead } has paid { $total } for “{ $title }” a second time. These Stars go back by themselves.
oversold-buyer-back = We have your payment for <b>{ $title }</b>, but the last one had just gone. We are sorry! Your Stars are on their way back to you.
sale-closed-back = ⚠️ Order { $order }: { $lead } paid { $total } for “{ $title }”, and the business is closed. The money goes back by itself.
sale-closed-admins = ⚠️ Order { $order } of { $creator }, which is closed, was paid all the same: { $total }. The money goes back by itself.
closed-buyer-back = We have your payment for <b>{ $title }</b>, but this shop has closed. We are sorry! Your money is on its way back to you.
paid-twice-buyer-back = You have paid for <b>{ $title }</b> twice. The second payment is on its way back to you.
sale-forgotten = ⚠️ Order { $order }: { $total } came for “{ $title }” from { $lead }, who has had themselves forgotten since. There is nobody to hand it to: give the money back.
sale-forgotten-back = ⚠️ Order { $order }: { $total } came for “{ $title }” from { $lead }, who has had themselves forgotten since, or has deleted their account. There is nobody to hand it to, and the money goes back by itself.
button-refund = Give it back
button-hand-over = Hand over anyway
refund-made-buyer = 💸 <b>{ $title }</b>: { $total } are on their way back to you, by the way you paid. It can take some days until you see them.
refund-made-told = 💸 Order { $order }: { $total } for “{ $title }” went back to { $lead }.
refund-failed-told = ⚠️ Order { $order }: { $total } for “{ $title }” could not go back to { $lead }: { $reason } Try again, or pay it back another way.
dispute-opened-told = ⚠️ Order { $order }: the bank of { $lead } wants { $total } for “{ $title }” back ({ $reason }). What was bought is blocked until the bank has decided. Answer it in your payment provider's dashboard, where you also see until when.
dispute-won-told = ✅ Order { $order }: the dispute about { $total } for “{ $title }” is decided for you, and { $lead } has it back.
dispute-lost-told = ⚠️ Order { $order }: the dispute about { $total } for “{ $title }” is lost. The money is gone, and { $lead } has lost what was bought.
dispute-lost-part-told = ⚠️ Order { $order }: the dispute about { $total } for “{ $title }” is lost, and that money is gone. The rest is yours, and { $lead } has what was bought.
dispute-lost-alone-told = ⚠️ Order { $order }: the dispute about { $total } for “{ $title }” is lost, and that money is gone. { $lead } does not have what was bought: the order says why.
dispute-won-alone-told = ✅ Order { $order }: the dispute about { $total } for “{ $title }” is decided for you. { $lead } does not have what was bought: the order says why.

refused-choose_variant = Choose which one you want first.
refused-pieces =
    { $most ->
        [1] This is bought one at a time.
       *[other] Between 1 and { $most } pieces, please.
    }
refused-below-floor = At least { $least }, please.
refused-stars-alone = This is sold for Telegram Stars alone.
refused-no_address = This goes by post, and nobody can ask you for your address here. Please write to the seller.
refused-not-free = This is not free any more.
refused-no-stars-price = This has no price in Stars.
refused-checkout_open = There is a checkout open for this already. Pay it, or call it off first.
refused-limit = Each person may buy { $most } of this at most.
refused-not_oversold = This order waits for nothing to be handed over.
refused-buyer-forgotten = Whoever paid has been forgotten here, so there is nobody to hand it to. Give the money back.
refused-nothing_to_give = The bundle is empty. Put something in first, then hand it over.
refused-checkout_ending = Your checkout before this one is just ending. Please try again in a minute.
refused-refund-disputed = The buyer's bank has this in hand; wait for what it decides.
refused-refund-nothing = Nothing is left to give back.
refused-refund-amount = Give back more than nothing.
refused-refund-more = Only { $left } are left to give back.
refused-refund-part = Telegram gives Stars back in full only.
refused-no_such_code = There is no such code here.
refused-code-form = A code has 2 to 32 letters, digits and hyphens, like SPRING-20.
refused-code-taken = There is a code { $code } already.
refused-code-worth = A code takes off a percentage or an amount, 20% or 5.00 usd.
refused-code-percent = A percentage is from 1 to 100.
refused-code-dates = It would end before it begins.
refused-code-limit = A limit is a number from 1.
refused-code-over = This code is no longer valid.
refused-code-not-yet = This code is not valid yet.
refused-code-other-product = This code is for another product.
refused-code-not-yours = This code is not for you.
refused-code-used-up = This code has been used up.
refused-code-used-by-you = You have used this code already.
refused-code-currency = This code is in another currency.
