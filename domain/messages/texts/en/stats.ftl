# What became of the last days. Telegram HTML; values are escaped before they come here.

command-stats = How it went
stats-form = Write <code>/stats</code>, <code>/stats today</code>, <code>/stats 30</code>, <code>/stats uncertain</code>, and to settle in one line <code>/stats uncertain sent 12 13</code>, <code>… failed 12</code>, <code>… again 12</code> or <code>… sent all</code>.
stats-title = 📈 <b>{ $creator }</b>, { $days ->
        [1] today
       *[other] the last { $days } days
    }
stats-leads = 👤 New leads: <b>{ $new }</b> (in all { $all })
stats-orders = 💳 Paid orders: <b>{ $count }</b> ({ $sums })
stats-messages = <b>Messages</b>
stats-line = { $name }: { $told }
stats-funnels = <b>Funnels</b>, of those who began in these days
stats-funnel = { $name }: began { $begun } · { $told }
stats-more = … and { $count } more
stats-broadcasts = <b>Broadcasts</b>
stats-broadcast = { $number } · “{ $title }”: { $told }
stats-unclear = ⚠️ To settle: { $uncertain } uncertain, { $failed } failed
stats-parked = ⚠️ Stuck in funnels: { $count }
stats-button-days = { $days ->
        [1] Today
       *[other] { $days } days
    }
stats-button-unclear = ⚠️ Settle
stats-button-parked = ⚠️ Stuck
