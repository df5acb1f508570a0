# Zahlungen innerhalb von Telegram. Telegram-HTML; Werte sind schon maskiert.

refused-unknown_invoice = Diese Rechnung ist hier nicht bekannt. Bitte bestell noch einmal mit /shop.
refused-invoice_over = Diese Rechnung gilt nicht mehr, und nichts wurde bezahlt. Bitte bestell noch einmal mit /shop.
refused-not_your_invoice = Das hat jemand anders bestellt. Bestell es dir selbst mit /shop.
refused-price_changed = Der Preis ist inzwischen ein anderer, und nichts wurde bezahlt. Bitte bestell noch einmal mit /shop.
