# Why something cannot be done. Telegram HTML; values are escaped before they come here.

refused-already_answered = You have answered this already.
refused-not_for_sale = This is no longer for sale.
refused-sold_out = This is sold out.
refused-not_owned = This is not in your library.
refused-bind_refused = This link has been used or is too old; ask for a new one.
refused-payment_unavailable = Payment is not available right now; please try again in a minute.
refused-payment_refused = This cannot be paid right now. Please order again with /shop.
