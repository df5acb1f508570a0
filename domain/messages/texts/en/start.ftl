# Start and help. Telegram HTML; values are escaped before they come here.

welcome = Hello! This is { $creator }. /shop shows what there is.
product-gone = This is not for sale at present. /shop shows what there is, /library what is yours.
welcome-back = Welcome back! /shop shows what there is, /library what is yours.
no-creator = This bot is not set up yet. Whoever runs it adds a creator with <code>spark creator add</code>.
not-understood = I did not understand that. /help shows what I can do.
help =
    <b>What I can do</b>
    /shop – what is for sale
    /library – what is yours, to get it again
    /orders – what you ordered: pay, receipt, help
    /language – which language I write in
    /cancel – stop a conversation
    /stop – no more follow-ups
    /my_data – everything I know about you, as a file
    /forget_me – I forget you for good; I ask first
    /privacy, /terms, /paysupport – the small print
help-creator =
    <b>For you as the creator of { $creator }</b>
    /product – your products, <code>/product add "Preset pack" 19.00 usd stock=50</code> adds one
    /orders – your sales: what is to do, receipts, a file of them
    /refund – money back, <code>/refund 12</code> or a part of it, <code>/refund 12 5.00</code>
    /coupon – discount codes, <code>/coupon add SPRING20 20%</code> adds one
    /idea – your ideas, <code>/idea add Studio tour #video !high due:2026-12-01</code> adds one
    /tickets – what is to look into, <code>/tickets 3</code> one of them, <code>/tickets solved</code> what has been
    /leads – your leads: pages, filters, search; <code>/leads tag:vip and spent&gt;=50usd</code> asks
    /lead 12 – one lead: card, tags, notes, writing; /lead shows how
    /tag – your tags, <code>/tag 12 vip -old</code> changes lead 12's
    /link – links that count who came and what they bought, with a QR code; <code>/link flow welcome "Instagram bio"</code> makes one
    /broadcast – one message to many, <code>/broadcast all Hello!</code>; you see whom it reaches, and are asked first
    /funnels – your follow-ups: what came of their steps, pause and resume; send me a YAML file to make or change one
    /stats – how it went today, in 7 and in 30 days
    /export – your leads as a CSV file, <code>/export tag:vip</code> only some of them
    /team – who may do what for you, <code>/team invite manage</code> makes a link for one more
    /token – a short-lived token for the API
    Pass a message on to me, or send me a photo, a voice note or a link, to keep it as an idea.
    Send me a file to attach it to a product, or a CSV of leads to import it.
trouble = Something went wrong on our side and has been noted. Please try again; if it stays so, quote <code>{ $reference }</code>.
paysupport = Trouble with a payment? Write it in one line, like <code>/paysupport I paid for the preset pack and nothing came</code>, and { $creator } gets it, and can give your money back: Stars go back in full. Telegram's own support cannot help with what you buy here. /library sends again what you own.
paysupport-sent = { $creator } has your message and will write to you.
paysupport-told = 🛟 <b>Payment support</b>: <a href="tg://user?id={ $telegram }">{ $lead }</a> (lead { $number }) writes:
    { $text }
