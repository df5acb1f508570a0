# Shop. Telegram-HTML; Werte sind schon maskiert.

shop = <b>{ $creator }</b>
shop-empty = { $creator } hat zurzeit nichts zu verkaufen.
shop-unknown = Einen Shop „{ $slug }“ gibt es hier nicht. /shop zeigt den, in dem du bist.
price-free = kostenlos
button-buy = Kaufen für { $price }
button-get = Kostenlos holen
button-pay = { $price } bezahlen
button-say-address = Sagen, wohin
address-here = <b>{ $title }</b>
    Es kostet dich nichts. Sag auf der sicheren Seite, wohin es gehen soll.
pay-here = <b>{ $title }</b>
    Bezahl auf der sicheren Seite; was du gekauft hast, kommt einen Moment später hier an.
payment-pending = <b>{ $title }</b>: Wir warten auf deine Bank. Das kann ein paar Tage dauern; was du gekauft hast, kommt hier an, sobald das Geld da ist.
free-gone-buyer = <b>{ $title }</b> ist inzwischen weg, und bestellt wurde nichts. Es hat dich nichts gekostet.
payment-failed-buyer = Deine Zahlung für <b>{ $title }</b> hat nicht geklappt, und geliefert wurde nichts. Mit /shop kannst du noch einmal bestellen.
oversold-buyer = Deine Zahlung für <b>{ $title }</b> ist da, aber das letzte Stück war gerade weg. Das tut uns leid! Wer es verkauft, weiß Bescheid und erstattet oder liefert es.
paid-twice-buyer = Du hast <b>{ $title }</b> zweimal bezahlt. Wer es verkauft, weiß Bescheid und erstattet eine der beiden Zahlungen.
paid-again-buyer = Deine Zahlung für <b>{ $title }</b> ist da, nachdem eine frühere an dich oder deine Bank zurückging. Es gehört wieder dir.
pay-settled = Diese Bestellung ist schon erledigt. /library zeigt, was dir gehört.
payments-off = Bezahlen ist hier noch nicht eingerichtet.
sold-out = Ausverkauft.
shop-category = <b>{ $creator }</b> · { $category }
shop-found = <b>{ $creator }</b>: { $total } für „{ $search }“
shop-found-nothing = Bei { $creator } heißt nichts „{ $search }“.
shop-ask-search = Was suchst du? Ein Wort davon genügt. /cancel bricht ab.
shop-category-gone = In dieser Kategorie ist nichts mehr. /shop zeigt, was es gibt.
shop-ask-amount = <b>{ $title }</b>: Wie viel möchtest du geben, in { $currency }? Schick einfach den Betrag, etwa <code>10</code>. /cancel bricht ab.
shop-ask-amount-from = <b>{ $title }</b>: Wie viel möchtest du geben, in { $currency }? Ab { $least }: Schick einfach den Betrag, etwa <code>10</code>. /cancel bricht ab.
shop-checkout-open = Du hast noch eine offene Bestellung für <b>{ $title }</b>, { $total }. Bezahl sie, oder brich sie ab und wähl neu.
button-pay-open = Bezahlen
button-call-off = Abbrechen
button-shop-search = 🔎 Suchen
button-shop-all = ‹ Alles
button-category = { $category } · { $count }
button-other-variant = ‹ Anders wählen
button-code = Ich habe einen Code
button-reviews = ★ Bewertungen ({ $count })
button-buy-own = Kaufen, zu deinem Preis
button-buy-from = Kaufen ab { $price }
card-title-of = <b>{ $title }</b>
card-rating = ★ { $average } ({ $count })
card-in-bundle = Das ist alles drin:
card-part = · { $title }
card-more-parts = … und { $count } weitere
card-code = 🏷 { $code } ist unten schon abgezogen
card-few-left = { $stock ->
    [one] Nur noch 1 Stück
   *[other] Nur noch { $stock } Stück
}
card-not-now = Zurzeit nicht zu kaufen.
card-yours = ✅ Das gehört dir schon.
button-again = Noch einmal holen
card-to-come = ⏳ Noch nicht da: Wer es kauft, bekommt es, sobald es hinzugefügt ist.
card-until = Zu haben bis { $day }
price-line = { $price }
price-from = ab { $price }
price-own = du bestimmst den Preis
price-own-from = Du bestimmst den Preis, ab { $price }
price-before = <s>{ $before }</s> <b>{ $price }</b>
