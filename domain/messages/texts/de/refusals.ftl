# Warum etwas nicht geht. Telegram-HTML; Werte sind schon maskiert.

refused-already_answered = Das hast du schon beantwortet.
refused-not_for_sale = Das wird nicht mehr verkauft.
refused-sold_out = Das ist ausverkauft.
refused-not_owned = Das ist nicht in deiner Bibliothek.
refused-bind_refused = Dieser Link ist benutzt oder zu alt; bitte um einen neuen.
refused-payment_unavailable = Bezahlen geht gerade nicht; bitte versuch es in einer Minute noch einmal.
refused-payment_refused = Das lässt sich gerade nicht bezahlen. Bitte bestell noch einmal mit /shop.
