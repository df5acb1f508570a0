# Zahlungen innerhalb von Telegram. Telegram-HTML; Werte sind schon maskiert.

stars-off = Das lässt sich nicht in Telegram bezahlen. Bitte bestell noch einmal mit /shop.
