# What creators are told of their ideas in the morning, and on Mondays.

ideas-due-today = 💡 <b>Due today</b>
ideas-overdue = ⏰ <b>Overdue</b>
ideas-due-line = { $number }. { $title }{ $priority ->
        [high] { " " }!high
        [low] { " " }!low
       *[medium] { "" }
    }{ $days ->
        [0] { "" }
        [one] , since yesterday
       *[other] , for { $days } days
    }
ideas-more = … and { $count } more: /idea
ideas-week = 💡 <b>Your ideas since { $since }</b>
ideas-week-brought = 📈 <b>What they brought</b>
ideas-week-result = { $leads ->
        [one] 1 lead
       *[other] { $leads } leads
    }, { $orders ->
        [one] 1 order
       *[other] { $orders } orders
    }, { $money }
ideas-week-moved = ➡️ <b>Moved</b>
ideas-week-stuck = 🧊 <b>Stuck for two weeks or more</b>
ideas-week-line = { $number }. { $title }
button-idea-number = 💡 { $number }
