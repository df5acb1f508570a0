# Was Ideen gebracht haben. Telegram-HTML; Werte sind schon maskiert.

ideabrought-title = 📈 Idee { $number }: <b>{ $title }</b>
ideabrought-leads = 👤 Neue Kontakte über ihre Links: <b>{ $leads }</b> (überhaupt darüber gekommen: { $touched })
ideabrought-first = Wer zuerst darüber kam: Bestellungen <b>{ $orders }</b>, Kunden { $customers }, { $sums }
ideabrought-last = Wer zuletzt darüber kam: Bestellungen <b>{ $orders }</b>, Kunden { $customers }, { $sums }
ideabrought-by-idea = 📈 <b>{ $creator }</b>: was Ideen in zwölf Monaten gebracht haben
ideabrought-by-tag = 📈 <b>{ $creator }</b>: was Ideen in zwölf Monaten gebracht haben, nach Tag
ideabrought-by-month = 📈 <b>{ $creator }</b>: was Ideen gebracht haben, nach Monat
ideabrought-line = <b>{ $name }</b>
    👤 { $leads } · zuerst: { $first } ({ $first_sums }) · zuletzt: { $last } ({ $last_sums })
ideabrought-none = Noch nichts. Gib einer Idee ihren Link und veröffentliche sie: wer darüber kommt, wird hier gezählt.
ideabrought-card = 📈 Neue Kontakte: { $leads } · deren Bestellungen: { $orders } ({ $sums })
ideabrought-card-many = 📈 Mehr als { $most } Besuche über ihre Links: „Ergebnisse“ zählt zusammen, was sie gebracht haben
ideabrought-button-every = Alle Ideen
ideabrought-button-idea = Nach Idee
ideabrought-button-tag = Nach Tag
ideabrought-button-month = Nach Monat
ideabrought-button-one = 📈 Ergebnisse
