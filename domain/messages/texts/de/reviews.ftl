# Bewertungen. Telegram HTML; values are escaped before they come here.

reviews-title = <b>{ $title }</b>
    ★ { $average } · { $count ->
        [one] { $count } Bewertung
       *[other] { $count } Bewertungen
    }
reviews-none = <b>{ $title }</b>
    Noch keine Bewertungen.
review-of = Bewertung von <b>{ $title }</b>
review-head = { $stars } · { $day } { $state }
review-words = „{ $words }“
review-creator-says = <i>{ $creator } sagt dazu:</i> { $answer }
review-ask-stars = Wie gefällt dir <b>{ $title }</b>? Wer es sich ansieht, sieht deine Sterne, ohne deinen Namen.
review-ask-stars-again = Du hast <b>{ $title }</b> { $stars } gegeben. Wie gefällt es dir jetzt?
review-ask-words = Danke: { $stars } für <b>{ $title }</b>!

    Magst du in ein, zwei Sätzen sagen, warum? Schreib es jetzt; wer es sich ansieht, liest es, ohne deinen Namen.
review-thanks = Danke für deine Bewertung von <b>{ $title }</b>!
review-owners-only = Nur wem <b>{ $title }</b> gehört, kann es bewerten.
review-reported = Danke. Jemand sieht sich das an.
review-is-hidden = verborgen
review-is-shown = sichtbar
review-is-reported = gemeldet
review-ask-answer = Was sagst du dazu? Schreib es jetzt; es steht für alle lesbar unter der Bewertung. /cancel lässt es bleiben.
review-answer-kept = Deine Antwort steht jetzt unter der Bewertung, und wer sie geschrieben hat, erfährt davon.
review-told = ⭐ <b>{ $title }</b>: { $stars } von Lead { $lead }
review-looked-at = Das hat sich schon jemand angesehen und sichtbar gelassen.
review-reported-told = 🚩 Jemand stört sich an dieser Bewertung von <b>{ $title }</b> von { $creator }: { $stars }

    Sie bleibt sichtbar, bis du sie verbirgst. Verbirg, was beleidigt, lügt oder nichts mit der Sache zu tun hat, und nicht, was bloß schlecht fürs Geschäft ist.
review-reported-to-nobody = 🚩 Jemand stört sich an dieser Bewertung von <b>{ $title }</b>: { $stars } von Lead { $lead }

    Darüber entscheiden Administratoren, und dieser Bot hat noch keine: Wer ihn betreibt, legt mit <code>spark account add --role admin</code> einen an. Die Bewertung bleibt sichtbar und wartet auf sie.
reported-title = <b>Bewertungen, an denen sich jemand stört</b>: { $count }
reported-line = { $title } von { $creator }: { $stars }, gemeldet am { $day }
reported-none = Zurzeit stört sich niemand an einer Bewertung.
admins-only = Das ist für alle, die sich um diesen Bot kümmern.
button-reported = 🚩 Gemeldete Bewertungen
review-answered = Auf deine Bewertung von <b>{ $title }</b> gibt es eine Antwort:

    { $answer }
button-review-answer = Antworten
button-review-hide = Verbergen
button-review-show = Für alle zeigen
button-review-report = Melden
button-review-see = Ansehen
button-review-skip = Überspringen
button-review-write = Bewertung schreiben
button-rate = ☆ Bewerten
button-rate-of = ☆ „{ $title }“ bewerten
button-review-change = Ändern
refused-no_such_review = Diese Bewertung gibt es nicht mehr.
refused-own_business = Wer für ein Geschäft handelt, bewertet nicht, was es verkauft.
refused-own_review = Das ist deine eigene Bewertung: Ändere sie stattdessen.
refused-review-stars = eine Bewertung hat einen bis { $most } Sterne
refused-review-words = eine Bewertung oder eine Antwort hat 1 bis { $most } Zeichen
event-review-answered = Bewertung beantwortet
event-review-changed = Bewertung geändert
event-review-hidden = Bewertung verborgen
event-review-published = hat ein Produkt bewertet
event-review-removed = hat eine Bewertung zurückgenommen
event-review-reported = hat eine Bewertung gemeldet
event-review-shown = Bewertung sichtbar gelassen
