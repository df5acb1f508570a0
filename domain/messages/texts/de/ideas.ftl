# Ideen: die Tafel, ihre Listen und die Karte einer Idee. Telegram-HTML; Werte sind schon maskiert.

idea-added = 💡 Idee { $number }: <b>{ $title }</b>{ $details }
idea-added-due = fällig { $day }
idea-form = So geht es: <code>/idea add Studiotour #video !high due:2026-12-01</code>, <code>/idea 12</code>, <code>/idea 12 draft</code>, <code>/idea find Tour</code>, <code>/idea list</code> oder <code>/idea results</code>; /idea allein öffnet die Tafel.
idea-form-one = So geht es: <code>/idea { $number }</code>, <code>/idea { $number } draft</code> (die Stufen sind { $stages }), <code>due fr</code>, <code>#video -#alt !low</code>, <code>title …</code>, <code>notes …</code>, <code>link</code> oder <code>delete</code>
refused-idea-day = „{ $typed }“ ist kein Tag, den ich kenne; schreib ihn als 2026-12-01, 1.12., fr, morgen oder in 3 Tagen
refused-idea_view_gone = Diese Liste ist zu alt; /idea zeigt eine neue.

idea-board = 💡 <b>Ideen von { $creator }</b>: { $total }
idea-none = Noch keine Ideen. <code>/idea add Studiotour #video !high due:fr</code> hält die erste fest, { $creator }.
idea-list = <b>{ $stage }</b>: { $total }
idea-all = Alle Ideen
idea-line = { $number }. { $title }{ $marks }
idea-none-here = Hier sind keine Ideen.
idea-none-fit = Keine Idee passt.
idea-searched = Suche: { $text }
idea-of-priority = Priorität: { $priority }
idea-of-tags = Eines von { $tags }
idea-filter = <b>Eingrenzen</b>: nach Priorität und nach Tags, von denen eines genügt.
idea-sort = <b>In welcher Reihenfolge?</b> Ein weiterer Tipp dreht sie um.
idea-sort-created_at = Angelegt
idea-sort-updated_at = Geändert
idea-sort-title = Titel
idea-sort-priority = Priorität
idea-sort-stage = Stufe
idea-sort-due_date = Fällig
idea-button-all = Alle · { $total }
idea-button-done = Ideen zeigen
idea-list-search = 🔎 Suchen
idea-list-filter = Filtern
idea-list-sort = Ordnen
idea-list-clear = Alles zeigen
idea-list-new = ➕ Neu
idea-list-board = ‹ Tafel

idea-stage-idea = Idee
idea-stage-outline = Gliederung
idea-stage-draft = Entwurf
idea-stage-published = veröffentlicht
idea-priority-high = hoch
idea-priority-medium = mittel
idea-priority-low = niedrig
idea-day-ahead = { $days ->
        [0] heute
        [1] morgen
       *[other] in { $days } Tagen
    }
idea-day-ago = { $days ->
        [1] gestern
       *[other] vor { $days } Tagen
    }

idea-card-title = 💡 Idee { $number }: <b>{ $title }</b>
idea-card-stage = { $stage } · Priorität: { $priority }
idea-card-due = Fällig: { $day }
idea-card-late = ⏰ Überfällig: { $day }
idea-card-checks = ☑ { $done } von { $total } erledigt
idea-card-attached = 📎 { $kinds }
idea-card-products = Verkauft: { $titles }
idea-card-funnel = Funnel: { $funnel }
idea-card-link = 🔗 { $url }
idea-card-post = Beitrag: { $state }
idea-card-moves = { $moves }
idea-post-is-draft = Entwurf
idea-post-is-scheduled = geplant
idea-post-is-posting = unterwegs
idea-post-is-posted = veröffentlicht
idea-post-is-failed = fehlgeschlagen
idea-post-is-uncertain = vielleicht veröffentlicht
idea-post-is-cancelled = abgesagt

idea-button-move = Stufe
idea-button-priority = Priorität
idea-button-due = Fällig
idea-button-tags = Tags
idea-button-notes = Notizen
idea-button-title = Titel
idea-button-link = Link
idea-button-delete = Löschen
idea-button-delete-yes = Ja, löschen
idea-button-list = ‹ Ideen
idea-button-card = ‹ Idee
idea-button-new-tag = ➕ Neues Tag
idea-button-write = Schreiben
idea-button-empty = Leeren
idea-button-make-link = Link anlegen
idea-button-products = Produkte
idea-button-funnel = Funnel
idea-due-today = Heute
idea-due-tomorrow = Morgen
idea-due-week = Nächste Woche
idea-due-other = Anderer…
idea-due-none = Kein Tag
idea-no-notes = Noch keine Notizen.
idea-link = Der verfolgte Link der Idee: { $url }
idea-no-link = Sie hat noch keinen verfolgten Link.
idea-choose-product = Welche Produkte soll sie verkaufen?
idea-no-products = Es gibt noch kein Produkt; /product legt eines an.
idea-choose-funnel = Zu welchem Funnel gehört sie?
idea-no-funnels = Es gibt noch keinen Funnel; /funnels legt einen an.
idea-sells = Darum geht es:
idea-delete-asked = Idee { $number }, <b>{ $title }</b>, löschen? Notizen, Checkliste und Anhänge sind dann endgültig weg; was veröffentlicht wurde, bleibt im Kanal. Es gibt kein Zurück.
idea-deleted = Idee { $number } ist gelöscht.

idea-ask-new = Was ist die Idee? Schick einen Titel; <code>#video !high due:fr</code> darf in derselben Zeile stehen. /cancel bricht ab.
idea-ask-search = Welche Wörter stehen im Titel oder in den Notizen? /cancel bricht ab.
idea-ask-title = Schick den neuen Titel. /cancel bricht ab.
idea-ask-notes = Schick die Notizen; sie ersetzen die bisherigen. /cancel bricht ab.
idea-ask-tags = Schick Tags, etwa <code>video tour -alt</code>; ein Minus nimmt eines weg. /cancel bricht ab.
idea-ask-due = Schick einen Tag: <code>2026-12-01</code>, <code>fr</code>, <code>in 3 Tagen</code> oder <code>kein</code>. /cancel bricht ab.
