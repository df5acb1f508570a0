# Broadcasts. Telegram HTML; values are escaped before they come here.

command-broadcast = One message to many
event-broadcast-drafted = broadcast drafted
event-broadcast-scheduled = broadcast scheduled
event-broadcast-started = broadcast started
event-broadcast-paused = broadcast paused
event-broadcast-resumed = broadcast resumed
event-broadcast-cancelled = broadcast cancelled
event-broadcast-done = broadcast done
about-broadcast = broadcast

broadcast-is-draft = draft
broadcast-is-scheduled = scheduled
broadcast-is-starting = starting
broadcast-is-running = on its way
broadcast-is-paused = paused
broadcast-is-done = done
broadcast-is-cancelled = cancelled

broadcast-form = Or in one line, without formatting; you are asked before anything goes out:
    <code>/broadcast all Hello everybody!</code>
    <code>/broadcast "tag:vip and stage:customer" Hello {"{{"} lead.first_name {"}}"}!</code>
    <code>/broadcast all at="2026-12-01 10:00" local Good morning!</code>
broadcast-line-form = Write whom it is for, and then what it says: <code>/broadcast all Hello everybody!</code>
broadcast-list = 📣 <b>Broadcasts</b> of { $creator }
broadcast-none = 📣 There are no broadcasts yet.
broadcast-line = <b>{ $number }</b> · { $state } · { $title }
broadcast-title = 📣 <b>Broadcast { $number }</b> · { $state }
    “{ $title }”
broadcast-to-all = To: everybody
broadcast-to = To: <code>{ $question }</code>
broadcast-reach = Reaches <b>{ $reached }</b> of { $met ->
        [one] 1 lead
       *[other] { $met } leads
    } now{ $others ->
        [0] .
       *[other] ; the others have no chat with me, have blocked me, have said no, or have not consented.
    }
broadcast-first = First of them: { $names }{ $others ->
        [0] {""}
        [one] , and one more
       *[other] , and { $others } more
    }
broadcast-trouble = ⚠️ It cannot go out as it is: { $reason }
broadcast-trials-cut = 🧪 These are { $sent } of { $all } wordings; try the others one by one, under their variant.
broadcast-variant = ✏️ <b>{ $name }</b> · weight { $weight } ({ $share } %) · { $languages }
broadcast-wording = <b>{ $language }</b>: { $file }{ $text } · { $buttons ->
        [0] no buttons
        [one] one button
       *[other] { $buttons } buttons
    }
broadcast-variant-help = ✏️ changes the message, 🔘 its buttons, 🧪 sends it to you, ➕ adds a language. Everyone reads their own language, or yours where there is none of theirs.
broadcast-ask-message = Send me the message as it is to look: a text, or a photo, video or file with words under it. Formatting stays, and <code>{"{{"} lead.first_name|there {"}}"}</code> is filled in. A line with /stop is added at its end.
broadcast-ask-question = Who is to get it? Ask as in /leads, for example <code>tag:vip and spent&gt;=50usd</code>.
broadcast-whom = Choose a saved segment, or ask a question.
broadcast-buttons-form = Type the buttons, one a line, a single hyphen for none:
    <code>To the shop - https://example.com</code>
    <code>Look at it - product:preset-pack</code>
    <code>Buy it - pay:preset-pack code=SPRING20 for=2d</code>
    <code>Tell me more - flow:welcome</code>
broadcast-buttons-many = { $most } buttons are most, and these are { $count }. { broadcast-buttons-form }
broadcast-button-unread = I cannot read “{ $line }” as a button. { broadcast-buttons-form }
broadcast-when-form = Write day and time like <code>2026-12-01 10:00</code>.
broadcast-choose-time = 🕒 When is it to go out, by your clock ({ $zone })? It reaches { $reached } now; who gets it is settled when it starts.
broadcast-choose-local = 🕒 When is it to go out, by each lead's own clock? Whose clock shows a later time already gets it at once; whose time zone nobody knows goes by yours ({ $zone }). It reaches { $reached } now.
broadcast-confirm = Send “{ $title }” to <b>{ $reached }</b> { $reached ->
        [one] lead
       *[other] leads
    } now?
broadcast-confirm-at = Send “{ $title }” on { $at }?
broadcast-confirm-local = Send “{ $title }” on { $at } by each lead's own clock?
broadcast-when = 🕒 Goes out on { $at }.
broadcast-when-local = 🕒 Goes out on { $at } by each lead's own clock.
broadcast-starting = Writing down who gets it …
broadcast-nobody = Nobody is there to get it.
broadcast-progress = { $bar } { $percent } %
    { $done } of { $audience } done
broadcast-rate = { $rate } a second
broadcast-time-left = About { $time } left
broadcast-count-sent = ✅ Sent: { $count }
broadcast-count-sending = ✈️ Being sent: { $count }
broadcast-count-queued = 📤 Queued: { $count }
broadcast-count-waiting = ⏳ Waiting: { $count }
broadcast-count-blocked = 🚫 Have blocked me: { $count }
broadcast-count-failed = ❌ Failed: { $count }
broadcast-count-uncertain = ❔ Uncertain: { $count } (/stats uncertain)
broadcast-count-cancelled = ✋ Taken back: { $count }
broadcast-count-dropped = 👋 Left out: { $count }
broadcast-reason = “{ $reason }”: { $times }
broadcast-results = <b>What came of it</b>
broadcast-variant-result = <b>{ $name }</b> (weight { $weight }), sent: { $sent }
broadcast-measure-clicked = clicked: { $count }
broadcast-measure-replied = replied: { $count }
broadcast-measure-blocked = blocked me: { $count }
broadcast-measure-left = left: { $count }
broadcast-sales = orders within 7 days: { $orders } ({ $money })
broadcast-cancel = Cancel “{ $title }” for good? Who has it already keeps it; nobody else gets it.
broadcast-cancelled = ✋ “{ $title }” is cancelled.
broadcast-not-started = ⚠️ Broadcast “{ $title }” cannot go out and is cancelled: { $reason }

broadcast-button-new = ➕ New broadcast
broadcast-button-list = ☰ All broadcasts
broadcast-button-whom = 👥 To whom
broadcast-button-silent = 🔔 With sound
broadcast-button-loud = 🔕 Without sound
broadcast-button-variant = ➕ Variant
broadcast-button-drop = 🗑 This variant
broadcast-button-test = 🧪 Send it to me alone
broadcast-button-go = 📣 Send now
broadcast-button-when = 🕒 Schedule
broadcast-button-discard = 🗑 Discard
broadcast-button-show = ◀ Back
broadcast-button-everybody = 👥 Everybody
broadcast-button-question = 🔎 A question
broadcast-button-yes = ✅ Send to { $reached }
broadcast-button-schedule = ✅ Schedule for { $reached }
broadcast-button-other-time = ✏️ Another time
broadcast-button-leads-clock = 🌍 By each lead's clock
broadcast-button-own-clock = 🏠 By my clock
broadcast-button-unschedule = ✏️ Back to the draft
broadcast-button-pause = ⏸ Pause
broadcast-button-resume = ▶ Go on
broadcast-button-cancel = ✋ Cancel
broadcast-button-cancel-yes = ✋ Yes, cancel it
broadcast-button-refresh = 🔄 Refresh
broadcast-button-copy = 📄 Copy

refused-no-broadcast = There is no such broadcast.
refused-many-drafts = There are { $most } drafts already; send or discard one first.
refused-broadcast-stands = That cannot be done now: the broadcast is { $state }.
refused-broadcast-empty = A broadcast needs words or a file.
refused-broadcast-text = Telegram would not take that text: { $error }.
refused-broadcast-name = “{ $name }” cannot be filled in: a broadcast knows <code>lead.…</code> and <code>creator.…</code> only.
refused-broadcast-long = That is too long: { $length } characters, and { $most } fit beside the line with /stop.
refused-broadcast-file = Its file is gone; send it again.
refused-broadcast-slip = It cannot go out like that: { $error }
refused-broadcast-unreadable = What it says cannot be read any more.
refused-broadcast-changed = It has been changed since this was shown. Look at it again: /broadcast { $number }
refused-broadcast-past = That time is over.
refused-broadcast-far = A broadcast is scheduled for a year ahead at most.
refused-nobody-to-fill-in = It names what only a lead has, and you have no lead yet to try it with.
