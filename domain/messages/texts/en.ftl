# Spark's own words, as Telegram HTML. Values are escaped before they come here.

## Flows
answer-needs-text = Please answer with a few words.
answer-needs-email = That does not look like an e-mail address. Please send it like <code>ann@example.com</code>.
answer-needs-phone = That does not look like a phone number. Press the button below, or type it with its country code, like <code>+49 151 23456789</code>.
answer-needs-choice = Please press one of the buttons.
answer-own-contact = That is somebody else's contact. Please share your own with the button below.
answer-too-long = That is too long. A few words are enough.
answer-not-expected = Please answer the question above.
answer-thanks = Thank you!
answer-taken = You have answered this already.
key-share-contact = 📱 Share my phone number
key-skip = Skip
flow-cancelled = All right, I stop asking. /start begins again, /shop shows what there is.
nothing-to-cancel = There is nothing to cancel.

## Start and help
welcome = Hello! This is { $creator }. /shop shows what there is.
welcome-back = Welcome back! /shop shows what there is, /library what is yours.
no-creator = This bot is not set up yet. Whoever runs it adds a creator with <code>spark creator add</code>.
not-understood = I did not understand that. /help shows what I can do.
help =
    <b>What I can do</b>
    /shop – what is for sale
    /library – what is yours, to get it again
    /cancel – stop a conversation
    /stop – no more follow-ups
    /privacy, /terms, /paysupport – the small print
help-creator =
    <b>For you as the creator of { $creator }</b>
    /product – your products, <code>/product add "Preset pack" 19.00 usd stock=50</code> adds one
    /idea – your ideas, <code>/idea add Studio tour #video !high due:2026-12-01</code> adds one
    /token – a short-lived token for the API
    Send me a file to attach it to a product.
trouble = Something went wrong on our side and has been noted. Please try again; if it stays so, quote <code>{ $reference }</code>.
stopped = Done: no more follow-ups from { $creator }. What you buy still reaches you.
privacy =
    { $creator } keeps what you tell this bot (your name, e-mail, phone and answers), what you order and what you were sent, to serve you and nothing else. Cards are handled by Stripe and never seen here.
terms = Digital goods from { $creator } are delivered in this chat. Prices are shown before you pay. If something does not reach you, write /paysupport.
paysupport = Trouble with a payment? Write it in one line, like <code>/paysupport I paid for the preset pack and nothing came</code>, and { $creator } gets it. /library sends again what you own.
paysupport-sent = { $creator } has your message and will write to you.
paysupport-told = 🛟 <b>Payment support</b>: <a href="tg://user?id={ $telegram }">{ $lead }</a> (lead { $number }) writes:
    { $text }
button-subscribe = Send them again
subscribed = Good to have you back: follow-ups from { $creator } reach you again.

## Shop
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

## Delivery
delivery = Here is <b>{ $title }</b>. It stays yours: /library.
delivery-to-come = <b>{ $title }</b> is yours. You will hear here how you get it.
gift-missing = ⚠️ Your flow promises the free product “{ $slug }”, and there is none with that slug on sale for nothing. Add it with <code>/product add</code> and the price 0; its slug is made from its title.
delivery-without-file = ⚠️ Somebody has just got “{ $title }”, and it has no file yet. Send me the file and attach it to product { $product }, and they get it at once.
library = <b>Yours</b>
library-empty = Nothing here yet. /shop shows what there is.
library-again = Sent again.

## Notices to the creator
lead-told = 🙋 <b>New lead</b> no. { $lead }, source { $source }
lead-answer = { $field }: { $value }
sale-told = 💶 <b>Sale</b>: { $title } for { $total } to { $lead } (order { $order })
sale-oversold = ⚠️ Order { $order }: { $lead } paid { $total } for “{ $title }”, and the last one had just gone. Refund it in Stripe, or deliver one more.
sale-paid-twice = ⚠️ Order { $order }: { $lead } has paid { $total } for “{ $title }” a second time. Refund one of the two in Stripe.
payment-failed-told = ⚠️ Order { $order }: the payment of { $lead } for “{ $title }” did not go through. Nothing was delivered, and { $lead } has been told.
checkout-refused = ⚠️ Order { $order }: Stripe would not make a checkout for “{ $title }”: { $reason }
payment-mismatch = ⚠️ Order { $order }: Stripe reports a payment that does not fit it, so nothing was delivered. Look it up in Stripe.
delivery-stuck = ⚠️ { $person } may not have got “{ $title }”: { $reason }. It is theirs, and is not sent again by itself: ask them to send me /library and tap it there. (message { $delivery })

## Creator's commands
creators-only = This is for creators.
bound = You now act for <b>{ $creator }</b>. /help shows what you can do.
product-added = Added: no. { $product } <b>{ $title }</b>, { $price }, { $stock }. Send me its file to attach it.
product-list = <b>Products of { $creator }</b>
product-line = { $product }. { $title } – { $price }, { $stock }
product-none = No products yet.
product-form = Like this: <code>/product add "Preset pack" 19.00 usd stock=50</code>, or <code>/product list</code>
stock-unlimited = unlimited
stock-left = { $stock ->
    [one] 1 left
   *[other] { $stock } left
}
button-list = List
button-how-to-add = How to add one
file-kept = Got “{ $name }”. Which product is it for?
file-no-products = Got “{ $name }”, but there is no product to attach it to. Add one first: <code>/product add "Preset pack" 19.00 usd</code>
file-attached = “{ $title }” is now delivered with this file.
idea-added = 💡 Idea { $number }: <b>{ $title }</b>{ $details }
idea-list = <b>Ideas</b>
idea-line = { $number }. { $title } – { $stage }{ $details }
idea-none = No ideas yet.
idea-form = Like this: <code>/idea add Studio tour #video !high due:2026-12-01</code>, or <code>/idea list</code>
token = Your API token, good for { $minutes } minutes. Your user id there is <code>{ $account }</code>.
    <code>{ $token }</code>

## Follow-ups
way-out = <i>/stop ends these messages.</i>

## Payments inside Telegram
stars-off = This cannot be paid in Telegram. Please order again with /shop.

## The command menu
command-shop = What is for sale
command-library = What is yours
command-help = What I can do
command-cancel = Stop a conversation
command-stop = No more follow-ups
command-privacy = What is kept about you
command-terms = The terms
command-paysupport = Help with a payment
command-product = Your products
command-idea = Your ideas
command-token = A token for the API
