# Bestellungen, Belege, Erstattungen. Telegram HTML; Werte sind schon maskiert.

orders-title = 🧾 <b>{ $creator }</b>: { $choice }, { $total }
orders-are-all = Alle Bestellungen
orders-are-todo = Zu erledigen
orders-are-paid = Bezahlt
orders-are-unpaid = Noch nicht bezahlt
orders-are-back = Erstattet
orders-are-ended = Unbezahlt beendet
orders-line = <b>#{ $order }</b> { $title } · { $total } · { $state } · { $name }
orders-none = Davon gibt es keine.
orders-bought = 🧾 <b>Deine Bestellungen</b>: { $total }
orders-bought-line = <b>#{ $order }</b> { $title } · { $total } · { $state }
orders-bought-none = Du hast noch nichts bestellt. /shop zeigt, was es gibt.
orders-of = von { $creator }
orders-button-export = Als Datei exportieren
orders-button-mine = Was ich bestellt habe
orders-form = Schreib es so: <code>/orders</code>, <code>/orders 12</code>, <code>/orders todo</code> (oder paid, unpaid, back, ended), <code>/orders export paid</code>, <code>/orders mine</code>
orders-form-buyer = Schreib <code>/orders</code> oder <code>/orders 12</code> für Bestellung 12.
orders-export-taken = Deine Bestellungen sind unterwegs.
orders-export-done = { $orders ->
        [one] 1 Bestellung
       *[other] { $orders } Bestellungen
    }. Was eine Tabelle für eine Formel hielte, hat einen Apostroph davor.
orders-export-none = Solche Bestellungen gibt es nicht.
transfer-progress-orders = ⏳ Export: { $rows } Bestellungen, { $rate } pro Sekunde

order-unknown = Eine Bestellung { $order } gibt es hier nicht.
order-title = <b>Bestellung { $order }</b> · { $state }
order-is-pending = Zahlung unterwegs
order-line = { $quantity } × <b>{ $title }</b> · { $price }
order-discount = Code { $code }: −{ $amount }
order-tax = Steuer: { $amount }
order-shipping = Versand: { $amount }
order-total = Summe: <b>{ $total }</b>, { $rail }
order-buyer = Für { $name } (Kontakt { $lead })
order-seller = Von { $name }
order-goes-to = Geht an: { $address }
order-receipt = Beleg Nr. { $number }
order-opened = Bestellt { $at }
order-payable-until = Zahlbar bis { $at }
order-paid-at = Bezahlt { $at }
order-shipped-at = Verschickt { $at }
order-refund = 💸 { $amount } · { $state } · { $at } · { $reason }
order-given-back = 💸 { $amount } gingen an dich zurück
order-dispute = ⚖️ { $amount } · { $state } · { $reason }
order-dispute-help = Antworte im Dashboard deines Zahlungsanbieters; dort siehst du auch, bis wann.
order-oversold-help = Das Geld kam, als nichts mehr da war. Erstatte es, oder gib eins mehr heraus, als du angegeben hattest.
order-button-ship = Als verschickt melden
order-button-untracked = Ohne Sendungsnummer
order-button-refund = { $amount } erstatten
order-button-part = Einen Teil erstatten
order-button-call-off = Abbrechen
order-button-receipt = Beleg
order-button-lead = Zum Kontakt
order-button-list = Alle Bestellungen
order-button-see = Zur Bestellung
order-button-pay = Bezahlen
order-button-help = Um Hilfe bitten
order-handed-over = Bestellung { $order } ist übergeben.
order-ask-tracking = Wie lässt sich Bestellung { $order } verfolgen? Tippe eine Sendungsnummer, einen Link oder ein paar Worte; der Käufer liest sie.
order-called-off = <b>{ $title }</b>: abgebrochen. Es wurde nichts bezahlt.
order-not-called-off = <b>{ $title }</b> lässt sich jetzt nicht abbrechen: Es ist bezahlt, oder die Zahlung ist vielleicht unterwegs.
order-called-off-buyer = Deine Bestellung von <b>{ $title }</b> wurde vom Verkäufer abgebrochen. Es wurde nichts bezahlt.
order-ask-help = Worum geht es? { $creator } liest es zusammen mit deiner Bestellung und antwortet hier.
order-help-passed-on = { $creator } hat es jetzt und antwortet hier.
order-help-told = 🙋 <b>{ $name }</b> (Kontakt { $lead }) fragt zu Bestellung { $order }:

    { $text }
paid-by-stripe = per Karte
paid-by-stars = in Telegram-Sternen
paid-by-free = nichts zu zahlen

refund-is-asked = beantragt
refund-is-sent = unterwegs
refund-is-done = erstattet
refund-is-failed = fehlgeschlagen
dispute-is-open = angefochten
dispute-is-won = Anfechtung gewonnen
dispute-is-lost = Anfechtung verloren
refund-form = Schreib es so: <code>/refund 12</code> für die ganze Bestellung 12, <code>/refund 12 5.00</code> für einen Teil davon, dahinter ein Grund, wenn du magst.
refund-form-amount = Einen Betrag bitte, etwa 5.00.
refund-which = Welche Bestellung soll erstattet werden?
refund-none = Es gibt keine bezahlte Bestellung, die erstattet werden könnte.
refund-not-now = Von Bestellung { $order } lässt sich jetzt nichts erstatten.
refund-changed = Von Bestellung { $order } ist seit der Frage etwas zurückgegangen. Sieh sie dir noch einmal an: <code>/orders { $order }</code>
refund-ask = <b>{ $amount }</b> für „{ $title }“ (Bestellung { $order }) an { $name } erstatten? Was gekauft wurde, wird entzogen.
refund-ask-part = <b>{ $amount }</b> für „{ $title }“ (Bestellung { $order }) an { $name } erstatten?
refund-ask-one = Die Zahlung von <b>{ $amount }</b> für Bestellung { $order } erstatten?
refund-ask-amount = Wie viel von { $left } soll zurück? Tippe einen Betrag, dahinter einen Grund, wenn du magst.
refund-button-yes = Ja, { $amount } erstatten
refund-button-keeps = Ja, und das Gekaufte bleibt
refund-button-loses = Ja, und das Gekaufte ist weg
refund-button-no = Nein
refund-asked = 💸 { $amount } von Bestellung { $order } gehen zurück. Du hörst hier, wenn es so weit ist.

receipt = 🧾 Danke! Deine Zahlung von { $total } für <b>{ $title }</b> ist da. Beleg Nr. { $number }.
receipt-none = Dafür gibt es noch keinen Beleg.
receipt-caption = Beleg Nr. { $number }
receipt-file = beleg
receipt-title = Beleg Nr. { $number }
receipt-date = Datum: { $day }
receipt-order = Bestellung: { $order }
receipt-buyer = Für: { $buyer }
receipt-discount = Code { $code }
receipt-tax = Steuer
receipt-shipping = Versand
receipt-total = Summe
receipt-paid-by = Bezahlt { $rail }
receipt-back = Erstattet: { $amount }

upsell = Danke für deine Bestellung! Das passt gut dazu:
