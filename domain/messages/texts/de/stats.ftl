# Was aus den letzten Tagen geworden ist. Telegram-HTML; Werte sind schon maskiert.

command-stats = Wie es gelaufen ist
stats-form = Schreib <code>/stats</code>, <code>/stats heute</code>, <code>/stats 30</code>, <code>/stats uncertain</code>, und zum Klären in einer Zeile <code>/stats uncertain sent 12 13</code>, <code>… failed 12</code>, <code>… again 12</code> oder <code>… sent all</code>.
stats-title = 📈 <b>{ $creator }</b>, { $days ->
        [1] heute
       *[other] die letzten { $days } Tage
    }
stats-leads = 👤 Neue Kontakte: <b>{ $new }</b> (insgesamt { $all })
stats-orders = 💳 Bezahlte Bestellungen: <b>{ $count }</b> ({ $sums })
stats-messages = <b>Nachrichten</b>
stats-line = { $name }: { $told }
stats-funnels = <b>Funnels</b>, von denen, die in diesen Tagen begonnen haben
stats-funnel = { $name }: begonnen { $begun } · { $told }
stats-more = … und { $count } weitere
stats-broadcasts = <b>Rundnachrichten</b>
stats-broadcast = { $number } · „{ $title }“: { $told }
stats-unclear = ⚠️ Zu klären: { $uncertain } ungewiss, { $failed } gescheitert
stats-parked = ⚠️ In Funnels steckengeblieben: { $count }
stats-button-days = { $days ->
        [1] Heute
       *[other] { $days } Tage
    }
stats-button-unclear = ⚠️ Klären
stats-button-parked = ⚠️ Steckengeblieben
