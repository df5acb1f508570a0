# Shop. Telegram-HTML; Werte sind schon maskiert.

shop = <b>{ $creator }</b>
shop-empty = { $creator } hat zurzeit nichts zu verkaufen.
shop-unknown = Einen Shop „{ $slug }“ gibt es hier nicht. /shop zeigt den, in dem du bist.
product-card =
    <b>{ $title }</b>
    { $price }
product-card-described =
    <b>{ $title }</b>
    { $description }

    { $price }
price-free = kostenlos
button-buy = Kaufen für { $price }
button-get = Kostenlos holen
button-pay = { $price } bezahlen
pay-here = <b>{ $title }</b>
    Bezahl auf der sicheren Seite; was du gekauft hast, kommt einen Moment später hier an.
payment-pending = <b>{ $title }</b>: Wir warten auf deine Bank. Das kann ein paar Tage dauern; was du gekauft hast, kommt hier an, sobald das Geld da ist.
payment-failed-buyer = Deine Zahlung für <b>{ $title }</b> hat nicht geklappt, und geliefert wurde nichts. Mit /shop kannst du noch einmal bestellen.
oversold-buyer = Deine Zahlung für <b>{ $title }</b> ist da, aber das letzte Stück war gerade weg. Das tut uns leid! Wer es verkauft, weiß Bescheid und erstattet oder liefert es.
paid-twice-buyer = Du hast <b>{ $title }</b> zweimal bezahlt. Wer es verkauft, weiß Bescheid und erstattet eine der beiden Zahlungen.
pay-settled = Diese Bestellung ist schon erledigt. /library zeigt, was dir gehört.
payments-off = Bezahlen ist hier noch nicht eingerichtet.
sold-out = Ausverkauft.
