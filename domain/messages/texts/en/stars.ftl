# Payments inside Telegram. Telegram HTML; values are escaped before they come here.

refused-unknown_invoice = This invoice is not known here. Please order again with /shop.
refused-invoice_over = This invoice is over, and nothing was paid. Please order again with /shop.
refused-not_your_invoice = Somebody else ordered this. Order it for yourself with /shop.
refused-price_changed = The price is another one by now, and nothing was paid. The chat shows you today's.
stars-price-now = The price has changed since that invoice. This is what it costs today:

# The page at /pay
pay-title = Pay
pay-ask = Pay on the next page. Nothing is ordered before you go there.
pay-asked = To pay: { $amount }. Pay on the next page.
pay-go = Go and pay
refused-pay_link_too_often = This was tried too often. Try again in an hour.
pay-not = This cannot be paid
pay-in-hand = This has been paid, or your bank has it in hand. The chat tells you more.
pay-back = To the chat
refused-unknown_pay_link = This link is not known here.
refused-pay_link_over = This link is over. You find everything in the chat.
refused-link-paid = This has been paid already. You find it in the chat.
