# Lieferung. Telegram-HTML; Werte sind schon maskiert.

delivery = Hier ist <b>{ $title }</b>. Es bleibt deins: /library.
delivery-to-come = <b>{ $title }</b> gehört dir. Hier erfährst du, wie du es bekommst.
gift-missing = ⚠️ Dein Flow verspricht das kostenlose Produkt „{ $slug }“, und unter diesem Kürzel gibt es keins, das kostenlos zu haben ist. Leg es mit <code>/product add</code> und dem Preis 0 an; das Kürzel entsteht aus dem Titel.
delivery-without-file = ⚠️ Jemand hat gerade „{ $title }“ bekommen, und es gibt noch keine Datei dazu. Schick mir die Datei und häng sie an Produkt { $product }, dann geht sie sofort raus.
library = <b>Deins</b> von { $creator }
library-empty = Hier ist noch nichts. /shop zeigt, was es gibt.
library-empty-here = Von { $creator } gehört dir hier noch nichts. /shop zeigt, was es gibt; das gehört dir von anderen:
library-of = Deins von { $creator } ›
library-again = Noch einmal geschickt.
delivery-keys = { $count ->
        [one] Hier ist dein Schlüssel für <b>{ $title }</b>. Er bleibt deiner: /library.
       *[other] Hier sind deine { $count } Schlüssel für <b>{ $title }</b>. Sie bleiben deine: /library.
    }
delivery-link = <b>{ $title }</b> gehört dir. Der Knopf öffnet es; in /library findest du es wieder.
delivery-channel = <b>{ $title }</b> gehört dir. Der Knopf lässt dich hinein: Er ist nur für dich, geht einmal und gilt eine Woche. In /library gibt es einen neuen.
delivery-service = <b>{ $title }</b> gehört dir.
delivery-service-to-come = <b>{ $title }</b> gehört dir. Der Verkäufer meldet sich deswegen bei dir.
delivery-by-post = <b>{ $title }</b> gehört dir. Du erfährst hier, wenn es unterwegs ist.
delivery-shipped = <b>{ $title }</b> gehört dir und ist verschickt.
delivery-by-link = „{ $name }“ ist zu groß für einen Chat. Der Knopf lädt die Datei herunter; er gilt einige Tage und für ein paar Downloads, in /library gibt es einen neuen.
delivery-without-key = ⚠️ Jemand hat gerade „{ $title }“ bekommen, und es sind nicht genug Schlüssel übrig. Füg Produkt { $product } Schlüssel hinzu, dann gehen sie sofort raus.
delivery-without-link = ⚠️ Jemand hat gerade „{ $title }“ bekommen, und es hat noch keinen Link. Setz den Link von Produkt { $product }, dann geht er sofort raus.
delivery-without-channel = ⚠️ Jemand hat gerade „{ $title }“ bekommen, und ich kann niemanden hineinlassen. Mach mich im Kanal zum Administrator mit dem Recht, Leute einzuladen, oder setz den Kanal von Produkt { $product }; dann kommt die Einladung sofort.
button-open = Öffnen
button-join = Beitreten
button-download = Herunterladen
refused-no_such_download = Hinter diesem Link ist nichts.
refused-link_over = Dieser Link ist verbraucht oder zu alt. In /library im Chat gibt es einen neuen.
refused-right_gone = Das wurde zurückgenommen und lässt sich nicht mehr herunterladen.
refused-keys = schick zwischen 1 und { $most } Schlüssel, einen pro Zeile
refused-key = Schlüssel { $number } kann keiner sein: bis zu { $most } Buchstaben, Ziffern und Zeichen
download-refused = Kein Download
refused-key-file = eine Liste von Schlüsseln hat bis zu { $most } MB
refused-key-file-text = das ist keine Liste von Schlüsseln: Schick eine einfache Textdatei mit einem Schlüssel pro Zeile
refused-key-file-lost = Telegram gibt die Datei nicht heraus; schick sie noch einmal
refused-nothing_to_ship = Bei dieser Bestellung gibt es nichts zu verschicken.
keys-taken = Ich lese die Schlüssel für „{ $title }“ ein.
keys-read = 🔑 „{ $title }“: { $added ->
        [one] 1 Schlüssel hinzugefügt
       *[other] { $added } Schlüssel hinzugefügt
    }{ $doubled ->
        [0] .
        [one] , 1 war schon da.
       *[other] , { $doubled } waren schon da.
    }
keys-refused = ⚠️ Zu „{ $title }“ kam kein Schlüssel dazu: { $why }
order-shipped = 📦 <b>{ $title }</b> ist zu dir unterwegs.
order-shipped-with = 📦 <b>{ $title }</b> ist zu dir unterwegs: { $tracking }
refused-owned_already = Das ist schon da.
refused-nothing_to_take = Das ist gar nicht da.
refused-reason = schreib in bis zu { $most } Zeichen, warum
lead-form-give = So geht es: <code>/lead { $lead } give 7 Als Entschuldigung</code>, mit der Nummer eines Produkts und dem Grund.
lead-form-revoke = So geht es: <code>/lead { $lead } revoke 7 An alle weitergegeben</code>, mit der Nummer eines Produkts und dem Grund.
lead-given = { $name } hat jetzt „{ $title }“.
lead-revoked = { $name } hat „{ $title }“ nicht mehr. Geld geht dadurch keins zurück.
