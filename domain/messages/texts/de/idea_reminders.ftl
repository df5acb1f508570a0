# Was Creator morgens und montags über ihre Ideen lesen.

ideas-due-today = 💡 <b>Heute fällig</b>
ideas-overdue = ⏰ <b>Überfällig</b>
ideas-due-line = { $number }. { $title }{ $priority ->
        [high] { " " }!hoch
        [low] { " " }!niedrig
       *[medium] { "" }
    }{ $days ->
        [0] { "" }
        [one] , seit gestern
       *[other] , seit { $days } Tagen
    }
ideas-more = … und { $count } mehr: /idea
ideas-week = 💡 <b>Deine Ideen seit { $since }</b>
ideas-week-brought = 📈 <b>Was sie gebracht haben</b>
ideas-week-result = { $leads ->
        [one] 1 Lead
       *[other] { $leads } Leads
    }, { $orders ->
        [one] 1 Bestellung
       *[other] { $orders } Bestellungen
    }, { $money }
ideas-week-moved = ➡️ <b>Bewegt</b>
ideas-week-stuck = 🧊 <b>Seit zwei Wochen oder länger unbewegt</b>
ideas-week-line = { $number }. { $title }
button-idea-number = 💡 { $number }
