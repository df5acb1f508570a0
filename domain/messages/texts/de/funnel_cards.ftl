# Die Funnels eines Creators im Chat. Telegram-HTML; Werte sind schon maskiert, wenn sie hierher kommen.

command-funnels = Deine Nachfassreihen
funnels-form = Oder in einer Zeile:
    <code>/funnels welcome</code>
    <code>/funnels pause welcome</code>, <code>/funnels resume welcome shift</code>
    <code>/funnels start welcome tag:vip</code>, <code>/funnels start welcome 12</code>
    <code>/funnels leave welcome 12</code>
    <code>/funnels steps welcome</code>, <code>/funnels parked welcome</code>
    <code>/funnels simulate welcome 12 30</code>, <code>/funnels simulate all sample=50</code>
    <code>/funnels yaml welcome</code>, <code>/funnels archive welcome</code>
funnels-line-form = Schreib es so: <code>{ $form }</code>
funnels-unknown = „{ $verb }“ geht mit einem Funnel nicht; nimm eins von { $verbs }.
funnels-list = 🪜 <b>Funnels</b> von { $creator }
funnels-none = 🪜 Es gibt noch keine Funnels. Schick mir eine YAML-Datei mit einem.
funnels-line = { $mark } <b>{ $name }</b> · { $state }
    { $told }
funnels-title = { $mark } <b>{ $name }</b> · { $state }
funnels-kept-file = Version { $number }, aus der Konfiguration: Dort wird er geändert
funnels-kept-chat = Version { $number }, im Chat angelegt
funnels-kept-api = Version { $number }, per API angelegt
funnels-reason = { $reason }
funnels-moving = Wer darin ist, wird gerade in diesen Wortlaut übernommen, bisher { $count }
funnels-begins = Beginnt durch: <code>{ $told }</code>
funnels-more-triggers = … und durch { $count } weitere
funnels-by-hand = Beginnt von Hand oder durch ein Gespräch
funnels-size = { $steps ->
        [one] Ein Schritt
       *[other] { $steps } Schritte
    }, { $messages ->
        [one] eine Nachricht
       *[other] { $messages } Nachrichten
    }
funnels-nobody = noch niemand
funnels-stopped-steps = ⏸ Diese Schritte stehen still, weil mich dort zu viele blockiert haben: { $steps }
funnels-steps = 🪜 <b>{ $name }</b>, Schritt für Schritt
funnels-sums = Beträge sind, was bezahlt wurde; was später zurückging, ist nicht abgezogen.
funnels-above = { $count } noch vor dem ersten Schritt
funnels-step = <b>{ $place }. { $key }</b> · { $do } · { $told }
funnels-here = gerade hier { $count }
funnels-arm = { "    " }<b>{ $arm }</b>: genommen { $reached } · gekauft { $bought } ({ $share } %){ $money }
funnels-arm-holdout = { "    " }<b>die nichts bekommen</b>: { $reached } · gekauft { $bought } ({ $share } %){ $money }
funnels-told-arm = { $arm }: { $weight } von { $of }
funnels-told-holdout = nichts: { $weight } von { $of }
funnels-told-goal = hier ist erreicht, wofür der Funnel da ist
funnels-told-end = hier ist er zu Ende
funnels-measure-reached = erreicht { $count }
funnels-measure-sent = gesendet { $count }
funnels-measure-clicked = geklickt { $count }
funnels-measure-replied = geantwortet { $count }
funnels-measure-bought = gekauft { $count }
funnels-measure-goal = am Ziel { $count }
funnels-measure-left = ausgestiegen { $count }
funnels-measure-blocked = mich blockiert { $count }
funnels-no-wording = „{ $name }“ hat keinen Wortlaut, der sich zeigen lässt.
funnels-archive = „{ $name }“ außer Betrieb nehmen? Dann beginnt ihn niemand mehr. { $count ->
        [0] Gerade ist niemand darin.
        [one] Ein Kontakt ist darin und geht bis zum Ende weiter.
       *[other] { $count } Kontakte sind darin und gehen bis zum Ende weiter.
    }

funnels-resuming = ⏸ <b>{ $name }</b> steht still. { $held ->
        [0] Niemand wartet darin.
        [one] Ein Kontakt wartet darin
       *[other] { $held } Kontakte warten darin
    }{ $held ->
        [0] {""}
        [one] { $overdue ->
            [0] , seit weniger als einer Viertelstunde.
           *[other] , seit mehr als einer Viertelstunde.
        }
       *[other] , davon { $overdue } seit mehr als einer Viertelstunde.
    }
    Was soll aus dem werden, was überfällig ist?
funnels-resuming-some = Die Zahlen unten gelten für die { $walked }, die zuerst dran waren.
funnels-late-shift = <b>Verschieben</b>: Es wird jetzt gesagt, und was folgt, kommt entsprechend später.
funnels-late-once = <b>Einmal</b>: Nur das Letzte davon wird gesagt, und was folgt, behält seine Zeiten.
funnels-late-skip = <b>Auslassen</b>: Es entfällt, und was folgt, behält seine Zeiten.
funnels-late-numbers = → { $now ->
        [one] eine Nachricht
       *[other] { $now } Nachrichten
    } sofort, { $later } zu ihrer Uhrzeit, { $left } ausgelassen
funnels-late-usual = (so steht es im Wortlaut)

funnels-ask-start = Wer soll „{ $name }“ beginnen? Tipp die Nummer eines Kontakts oder eine Frage wie <code>tag:vip and spent&gt;=50usd</code>; <code>alle</code> sind alle.
funnels-ask-leave = Wer soll „{ $name }“ verlassen? Tipp die Nummer des Kontakts.
funnels-leave-form = Schreib die Nummer des Kontakts: <code>/funnels leave { $name } 12</code>
funnels-start = „{ $name }“ mit allen in <code>{ $question }</code> beginnen? { $met ->
        [one] Das ist ein Kontakt
       *[other] Das sind { $met } Kontakte
    }; <b>{ $reached }</b> davon kann ich anschreiben.
funnels-start-been = { $been ->
        [one] Einer davon war schon darin und beginnt nicht neu
       *[other] { $been } davon waren schon darin und beginnen nicht neu
    }: So sagt es sein <code>again</code>.
funnels-start-nobody = Niemand würde beginnen: { $met ->
        [0] in diesem Segment ist kein Kontakt
       *[other] { $reached ->
            [0] von { $met } in diesem Segment kann ich niemanden anschreiben
           *[other] von { $met } in diesem Segment war schon darin, wen ich anschreiben kann
        }
    }
funnels-start-gone = Das hat schon begonnen oder ist zu alt; /funnels start { $name } … fragt noch einmal
funnels-starting = ✅ „{ $name }“ beginnt für sie, einige nach den anderen. Ich sage dir, wenn das geschafft ist.
funnels-left = { $name } (Kontakt { $lead }) ist nicht mehr in { $funnel }.
funnels-not-in-it = { $name } (Kontakt { $lead }) ist nicht in { $funnel }.

funnels-ask-file = Schick mir deine Funnels als YAML-Datei, oder tipp sie. Ich sehe sie durch und zeige dir, was sich ändern würde, bevor es das tut.
funnels-too-long = Getippt hat es höchstens { $most } Zeichen, denn Telegram teilt längere Nachrichten in zwei: schick es als .yaml-Datei
funnels-file-too-big = Eine Datei mit Funnels hat höchstens { $size } KB
funnels-file-gone = Telegram hat diese Datei nicht mehr; schick sie noch einmal.
funnels-problems = ❌ { $count ->
        [one] Eine Sache stimmt
       *[other] { $count } Dinge stimmen
    } nicht, deshalb ist nichts gespeichert:
funnels-more-problems = … und { $count } weitere
funnels-same = ✅ Da gibt es nichts zu ändern: { $names }
funnels-is-new = ✨ <b>{ $name }</b> ist neu
funnels-is-changed = ✏️ <b>{ $name }</b> weicht von Version { $number } ab
funnels-is-same = <b>{ $name }</b> ist wie in Version { $number }
funnels-runs-again = ▶ und läuft wieder: Gerade ist er außer Betrieb oder abgeschaltet
funnels-group = 👥 { $people } mit Version { $number } stehen bei „{ $step }“
funnels-group-begins = 👥 { $people } mit Version { $number } stehen vor dem ersten Schritt
funnels-group-gone = { "    " }diesen Schritt gibt es nicht mehr
funnels-group-at-once = { "    " }{ $count } davon bekämen sofort „{ $step }“
funnels-more-groups = … und { $count } weitere Gruppen
funnels-confirm = Wer von jetzt an beginnt, bekommt diesen Wortlaut.
funnels-confirm-moving = Wer von jetzt an beginnt, bekommt diesen Wortlaut. Und wer schon darin ist?
funnels-saved = ✅ <b>{ $name }</b> ist als Version { $number } gespeichert.
funnels-saved-moving = Wer darin ist, wird übernommen; ich sage dir, wenn das geschafft ist.
funnels-dropped = Verworfen. Es hat sich nichts geändert.
funnels-yaml-file = { $name }, aus der Konfiguration
funnels-yaml-chat = { $name }; schick ihn zurück, wenn du ihn geändert hast
funnels-yaml-api = { $name }, per API angelegt; schickst du ihn zurück, gehört er dem Chat
funnels-yaml-all = { $count ->
        [one] Der Funnel
       *[other] Die { $count } Funnels
    } von { $creator }

funnels-none-parked = ✅ Niemand steckt fest.
funnels-parked = ⚠️ <b>{ $count ->
        [one] Ein Kontakt kommt nicht weiter
       *[other] { $count } Kontakte kommen nicht weiter
    }</b>
funnels-parked-line = <b>{ $number }</b> · { $name } (Kontakt { $lead }) · { $place }
    { $reason }

funnels-button-new = ➕ Neu oder geändert
funnels-button-parked = ⚠️ Steckengeblieben
funnels-button-yaml-all = ⬇ Alle als Datei
funnels-button-all = 🗄 Auch die außer Betrieb
funnels-button-list = ☰ Alle Funnels
funnels-button-card = ◀ Zurück
funnels-button-steps = 📊 Schritte
funnels-button-pause = ⏸ Anhalten
funnels-button-resume = ▶ Fortsetzen …
funnels-button-start = 🚀 Beginnen für …
funnels-button-leave = 👋 Herausnehmen …
funnels-button-try = 🔮 Durchspielen
funnels-button-yaml = ⬇ Als Datei
funnels-button-parked-here = ⚠️ Steckengeblieben: { $count }
funnels-button-archive = 🗄 Außer Betrieb
funnels-button-archive-yes = 🗄 Ja, außer Betrieb
funnels-button-shift = ▶ Verschieben
funnels-button-once = ▶ Einmal
funnels-button-skip = ▶ Auslassen
funnels-button-go = ▶ „{ $step }“ wieder laufen lassen
funnels-button-begin = ✅ Für { $count } beginnen
funnels-button-save = ✅ Speichern
funnels-button-keep = ✅ Speichern; sie behalten ihren Wortlaut
funnels-button-move = ✅ Speichern und übernehmen{ $count ->
        [0] {""}
       *[other] {" "}({ $count } sofort)
    }
funnels-button-move-or-end = ✅ Speichern, übernehmen, andere beenden{ $count ->
        [0] {""}
       *[other] {" "}({ $count } sofort)
    }
funnels-button-drop = 🗑 Verwerfen
funnels-button-again = 🔁 { $number } noch einmal
funnels-button-let-go = 👋 { $number } geht
funnels-button-all-again = 🔁 Alle noch einmal

funnels-simulate-form = Schreib <code>/funnels simulate { $name }</code> für jemanden, der gerade erst kommt, <code>/funnels simulate { $name } 12</code> für Kontakt 12, <code>/funnels simulate { $name } 12 90</code> für 90 Tage oder <code>/funnels simulate { $name } sample=50 days=90</code> für 50 deiner Kontakte (höchstens 100).

refused-draft_gone = Das ist schon bestätigt, verworfen oder inzwischen geändert; schick die Datei noch einmal.
refused-funnel-wrong = { $place }: { $said }
