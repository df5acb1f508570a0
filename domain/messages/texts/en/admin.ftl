# What whoever looks after the instance reads. Telegram HTML; values are escaped before they come here.

command-admin = How Spark is doing
admin-title = <b>How Spark is doing</b>
admin-rails = To do for the ways to pay: { $events } events to apply, { $orders } orders to look up, { $refunds } refunds to make
admin-longest = The oldest of these has waited for { $age }
admin-list = { $rail }’s list: read { $age } ago
admin-list-never = { $rail }’s list: not read yet
admin-rails-late = ⚠️ That is late. Is <code>spark run</code> at work, and can it reach them? <code>spark doctor</code> asks each.
admin-well = ✅ Nothing waits for you.
admin-mend = How each is mended stands in docs/OPERATING.md under “When something is stuck”; <code>spark doctor</code> counts the same.
admin-trouble-messages = ⚠️ <b>Messages: { $count }</b>, the oldest from { $age } ago. They could not be sent so far, or nobody can tell whether they were. Look at <code>outbox_message</code>, <code>error</code>: send them again, or let them be.
admin-trouble-replies = ⚠️ <b>Replies: { $count }</b>, the oldest from { $age } ago. They were given up after many tries. Look at <code>telegram_update</code>, <code>resumed</code>; whoever asked can ask again.
admin-trouble-updates = ⚠️ <b>Updates: { $count }</b>, the oldest from { $age } ago. Since yesterday these could not be handled. The log has why, under their <code>correlation_id</code>; whoever wrote can write again.
admin-trouble-payments = ⚠️ <b>Events of payments: { $count }</b>, the oldest from { $age } ago. They fit no order or cannot be applied, and money may have come. Look at <code>provider_event</code>, <code>error</code>, and look them up where they were paid.
admin-trouble-refunds = ⚠️ <b>Refunds: { $count }</b>, the oldest from { $age } ago. They are not made so far, or were refused since yesterday. Look at <code>refund</code>, <code>error</code>; a refused one is asked for anew with /refund by the creator.
admin-trouble-checkouts = ⚠️ <b>Checkouts: { $count }</b>, due for { $age }. Nobody could ask how they stand, and what they hold stays held. Can Spark reach Stripe and Telegram?
admin-trouble-orders = ⚠️ <b>Oversold orders: { $count }</b>, the oldest paid { $age } ago. Their money has come and the stock was gone. Their creators have buttons to give it back or to hand it over.
admin-trouble-follow-ups = ⚠️ <b>Follow-ups: { $count }</b>, the oldest begun { $age } ago. They are parked with their reason; /funnels shows them to their creators, to be tried again or let go. In the store: <code>enrollment</code>, <code>reason</code>.
admin-trouble-clock-jumps = ⚠️ <b>Jumps of a clock: { $count }</b>, the first { $age } ago. Since yesterday a machine's clock was set, or it slept. Keep it by NTP; <code>clock_jump</code> has by how much.
admin-unknown-order = ⚠️ { $rail } tells of an order that is not known here, and it has not turned up in many tries ({ $kind }, { $event }). Money may have come for it: look it up at { $rail }, and give it back there if it belongs to nothing here. /admin shows what else waits.
admin-unapplied = ⚠️ What { $rail } told could not be applied in many tries ({ $kind }, { $event }): <code>{ $reason }</code> Money may have come: the log has more. /admin shows what else waits.
button-look-again = 🔄 Look again
button-admin-reported = 🚩 Reported reviews: { $count }
