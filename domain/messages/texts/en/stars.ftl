# Payments inside Telegram. Telegram HTML; values are escaped before they come here.

refused-unknown_invoice = This invoice is not known here. Please order again with /shop.
refused-invoice_over = This invoice is over, and nothing was paid. Please order again with /shop.
refused-not_your_invoice = Somebody else ordered this. Order it for yourself with /shop.
refused-price_changed = The price is another one by now, and nothing was paid. Please order again with /shop.
