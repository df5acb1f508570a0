# Rundnachrichten. Telegram-HTML; Werte sind schon maskiert, wenn sie hierher kommen.

command-broadcast = Eine Nachricht an viele
event-broadcast-drafted = Rundnachricht entworfen
event-broadcast-scheduled = Rundnachricht geplant
event-broadcast-started = Rundnachricht begonnen
event-broadcast-paused = Rundnachricht angehalten
event-broadcast-resumed = Rundnachricht fortgesetzt
event-broadcast-cancelled = Rundnachricht abgebrochen
event-broadcast-done = Rundnachricht fertig
about-broadcast = Rundnachricht

broadcast-is-draft = Entwurf
broadcast-is-scheduled = geplant
broadcast-is-starting = beginnt
broadcast-is-running = unterwegs
broadcast-is-paused = angehalten
broadcast-is-done = fertig
broadcast-is-cancelled = abgebrochen

broadcast-form = Oder in einer Zeile, ohne Formatierung; bevor etwas hinausgeht, frage ich nach:
    <code>/broadcast alle Hallo zusammen!</code>
    <code>/broadcast "tag:vip and stage:customer" Hallo {"{{"} lead.first_name {"}}"}!</code>
    <code>/broadcast alle at="2026-12-01 10:00" lokal Guten Morgen!</code>
broadcast-line-form = Schreib erst, für wen sie ist, und dann, was sie sagt: <code>/broadcast all Hallo zusammen!</code>
broadcast-list = 📣 <b>Rundnachrichten</b> von { $creator }
broadcast-none = 📣 Es gibt noch keine Rundnachrichten.
broadcast-line = <b>{ $number }</b> · { $state } · { $title }
broadcast-title = 📣 <b>Rundnachricht { $number }</b> · { $state }
    „{ $title }“
broadcast-to-all = An: alle
broadcast-to = An: <code>{ $question }</code>
broadcast-reach = Erreicht jetzt <b>{ $reached }</b> von { $met ->
        [one] 1 Kontakt
       *[other] { $met } Kontakten
    }{ $others ->
        [0] .
       *[other] ; die anderen haben keinen Chat mit mir, haben mich blockiert, wollen nichts oder haben nicht zugestimmt.
    }
broadcast-first = Die ersten davon: { $names }{ $others ->
        [0] {""}
        [one] {" "}und noch einer
       *[other] {" "}und { $others } weitere
    }
broadcast-trouble = ⚠️ So kann sie nicht hinausgehen: { $reason }
broadcast-trials-cut = 🧪 Das sind { $sent } von { $all } Fassungen; probier die anderen einzeln aus, unter ihrer Variante.
broadcast-variant = ✏️ <b>{ $name }</b> · Gewicht { $weight } ({ $share } %) · { $languages }
broadcast-wording = <b>{ $language }</b>: { $file }{ $text } · { $buttons ->
        [0] keine Knöpfe
        [one] ein Knopf
       *[other] { $buttons } Knöpfe
    }
broadcast-variant-help = ✏️ ändert die Nachricht, 🔘 ihre Knöpfe, 🧪 schickt sie dir, ➕ fügt eine Sprache hinzu. Jeder liest seine eigene Sprache oder, wo es die nicht gibt, deine.
broadcast-ask-message = Schick mir die Nachricht so, wie sie aussehen soll: einen Text oder ein Foto, Video oder eine Datei mit Text darunter. Formatierungen bleiben, und <code>{"{{"} lead.first_name|du {"}}"}</code> wird ausgefüllt. Am Ende steht eine Zeile mit /stop.
broadcast-ask-question = Wer soll sie bekommen? Frag wie bei /leads, zum Beispiel <code>tag:vip and spent&gt;=50usd</code>.
broadcast-whom = Wähl ein gespeichertes Segment oder stell eine Frage.
broadcast-buttons-form = Schreib die Knöpfe, einen je Zeile, einen einzelnen Strich für keine:
    <code>Zum Shop - https://example.com</code>
    <code>Ansehen - product:preset-pack</code>
    <code>Kaufen - pay:preset-pack code=SPRING20 for=2d</code>
    <code>Mehr erfahren - flow:welcome</code>
broadcast-buttons-many = Höchstens { $most } Knöpfe gehen, und das sind { $count }. { broadcast-buttons-form }
broadcast-button-unread = „{ $line }“ kann ich nicht als Knopf lesen. { broadcast-buttons-form }
broadcast-when-form = Schreib Tag und Uhrzeit so: <code>2026-12-01 10:00</code>.
broadcast-choose-time = 🕒 Wann soll sie hinausgehen, nach deiner Uhr ({ $zone })? Sie erreicht jetzt { $reached }; wer sie bekommt, steht fest, wenn sie beginnt.
broadcast-choose-local = 🕒 Wann soll sie hinausgehen, nach der Uhr jedes Kontakts? Wessen Uhr schon weiter ist, bekommt sie sofort; wessen Zeitzone niemand kennt, nach deiner ({ $zone }). Sie erreicht jetzt { $reached }.
broadcast-confirm = „{ $title }“ jetzt an <b>{ $reached }</b> { $reached ->
        [one] Kontakt
       *[other] Kontakte
    } schicken?
broadcast-confirm-at = „{ $title }“ am { $at } schicken?
broadcast-confirm-local = „{ $title }“ am { $at } nach der Uhr jedes Kontakts schicken?
broadcast-when = 🕒 Geht am { $at } hinaus.
broadcast-when-local = 🕒 Geht am { $at } nach der Uhr jedes Kontakts hinaus.
broadcast-starting = Ich schreibe auf, wer sie bekommt …
broadcast-nobody = Niemand ist da, der sie bekommen könnte.
broadcast-progress = { $bar } { $percent } %
    { $done } von { $audience } erledigt
broadcast-rate = { $rate } in der Sekunde
broadcast-time-left = Noch etwa { $time }
broadcast-count-sent = ✅ Verschickt: { $count }
broadcast-count-sending = ✈️ Werden gerade verschickt: { $count }
broadcast-count-queued = 📤 Gleich dran: { $count }
broadcast-count-waiting = ⏳ Warten: { $count }
broadcast-count-blocked = 🚫 Haben mich blockiert: { $count }
broadcast-count-failed = ❌ Fehlgeschlagen: { $count }
broadcast-count-uncertain = ❔ Ungewiss: { $count } (/stats uncertain)
broadcast-count-cancelled = ✋ Zurückgenommen: { $count }
broadcast-count-dropped = 👋 Ausgelassen: { $count }
broadcast-reason = „{ $reason }“: { $times }
broadcast-results = <b>Was daraus wurde</b>
broadcast-variant-result = <b>{ $name }</b> (Gewicht { $weight }), verschickt: { $sent }
broadcast-measure-clicked = geklickt: { $count }
broadcast-measure-replied = geantwortet: { $count }
broadcast-measure-blocked = haben mich blockiert: { $count }
broadcast-measure-left = abgemeldet: { $count }
broadcast-sales = Bestellungen in 7 Tagen: { $orders } ({ $money })
broadcast-cancel = „{ $title }“ endgültig abbrechen? Wer sie schon hat, behält sie; sonst bekommt sie niemand mehr.
broadcast-cancelled = ✋ „{ $title }“ ist abgebrochen.
broadcast-not-started = ⚠️ Die Rundnachricht „{ $title }“ kann nicht hinausgehen und ist abgebrochen: { $reason }

broadcast-button-new = ➕ Neue Rundnachricht
broadcast-button-list = ☰ Alle Rundnachrichten
broadcast-button-whom = 👥 An wen
broadcast-button-silent = 🔔 Mit Ton
broadcast-button-loud = 🔕 Ohne Ton
broadcast-button-variant = ➕ Variante
broadcast-button-drop = 🗑 Diese Variante
broadcast-button-test = 🧪 Nur an mich schicken
broadcast-button-go = 📣 Jetzt schicken
broadcast-button-when = 🕒 Planen
broadcast-button-discard = 🗑 Verwerfen
broadcast-button-show = ◀ Zurück
broadcast-button-everybody = 👥 Alle
broadcast-button-question = 🔎 Eine Frage
broadcast-button-yes = ✅ An { $reached } schicken
broadcast-button-schedule = ✅ Für { $reached } planen
broadcast-button-other-time = ✏️ Andere Zeit
broadcast-button-leads-clock = 🌍 Nach der Uhr jedes Kontakts
broadcast-button-own-clock = 🏠 Nach meiner Uhr
broadcast-button-unschedule = ✏️ Zurück zum Entwurf
broadcast-button-pause = ⏸ Anhalten
broadcast-button-resume = ▶ Weiter
broadcast-button-cancel = ✋ Abbrechen
broadcast-button-cancel-yes = ✋ Ja, abbrechen
broadcast-button-refresh = 🔄 Aktualisieren
broadcast-button-copy = 📄 Kopieren

refused-no-broadcast = Diese Rundnachricht gibt es nicht.
refused-many-drafts = Es gibt schon { $most } Entwürfe; verschick oder verwirf erst einen.
refused-broadcast-stands = Das geht jetzt nicht: Zustand der Rundnachricht ist „{ $state }“.
refused-broadcast-empty = Eine Rundnachricht braucht Text oder eine Datei.
refused-broadcast-text = Diesen Text nähme Telegram nicht: { $error }.
refused-broadcast-name = „{ $name }“ lässt sich nicht ausfüllen: Eine Rundnachricht kennt nur <code>lead.…</code> und <code>creator.…</code>.
refused-broadcast-long = Das ist zu lang: { $length } Zeichen, neben die Zeile mit /stop passen { $most }.
refused-broadcast-file = Ihre Datei ist weg; schick sie noch einmal.
refused-broadcast-slip = So kann sie nicht hinausgehen: { $error }
refused-broadcast-unreadable = Was sie sagt, lässt sich nicht mehr lesen.
refused-broadcast-changed = Sie wurde geändert, seit dir das gezeigt wurde. Sieh sie dir noch einmal an: /broadcast { $number }
refused-broadcast-past = Diese Zeit ist vorbei.
refused-broadcast-far = Eine Rundnachricht lässt sich höchstens ein Jahr im Voraus planen.
refused-nobody-to-fill-in = Sie nennt etwas, das nur ein Kontakt hat, und du hast noch keinen, mit dem ich sie ausprobieren kann.
