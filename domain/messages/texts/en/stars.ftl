# Payments inside Telegram. Telegram HTML; values are escaped before they come here.

stars-off = This cannot be paid in Telegram. Please order again with /shop.
