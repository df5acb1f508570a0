# Zahlungen innerhalb von Telegram. Telegram-HTML; Werte sind schon maskiert.

refused-unknown_invoice = Diese Rechnung ist hier nicht bekannt. Bitte bestell noch einmal mit /shop.
refused-invoice_over = Diese Rechnung gilt nicht mehr, und nichts wurde bezahlt. Bitte bestell noch einmal mit /shop.
refused-not_your_invoice = Das hat jemand anders bestellt. Bestell es dir selbst mit /shop.
refused-price_changed = Der Preis ist inzwischen ein anderer, und nichts wurde bezahlt. Den heutigen siehst du im Chat.
stars-price-now = Der Preis hat sich seit dieser Rechnung geändert. So viel kostet es heute:

# Die Seite unter /pay
pay-title = Bezahlen
pay-ask = Bezahlt wird auf der nächsten Seite. Vorher ist nichts bestellt.
pay-asked = Zu zahlen: { $amount }. Bezahlt wird auf der nächsten Seite.
pay-go = Weiter zum Bezahlen
refused-pay_link_too_often = Das wurde zu oft versucht. Versuch es in einer Stunde noch einmal.
pay-not = Das lässt sich nicht bezahlen
pay-in-hand = Das ist bezahlt, oder deine Bank ist noch dabei. Im Chat erfährst du mehr.
pay-back = Zum Chat
refused-unknown_pay_link = Dieser Link ist hier nicht bekannt.
refused-pay_link_over = Dieser Link gilt nicht mehr. Alles Weitere findest du im Chat.
refused-link-paid = Das ist schon bezahlt. Du findest es im Chat.
