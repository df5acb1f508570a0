# Messages of which nobody can tell whether they arrived. Telegram HTML; values are escaped before they come here.

unclear-none = ✅ There is nothing to settle: of every message it is known what became of it.
unclear-title = ⚠️ <b>{ $count ->
        [one] One message
       *[other] { $count } messages
    } to look at</b>
    Uncertain ones may have arrived: Telegram's answer got lost. Failed ones did not.
unclear-line = <b>{ $number }</b> · { $state } · { $kind } to { $to } · { $at }
    “{ $text }”
    { $reason }
unclear-button-sent = ✅ { $number } arrived
unclear-button-failed = ❌ { $number } did not
unclear-button-again = 🔁 { $number } again
unclear-button-all-sent = ✅ All uncertain ones arrived
unclear-button-all-again = 🔁 Send all uncertain ones again
unclear-ask-again = 🔁 Send { $count ->
        [one] the uncertain message
       *[other] all { $count } uncertain messages
    } again? Whoever has got it already gets it twice.
unclear-ask-sent = ✅ Say of { $count ->
        [one] the uncertain message that it has
       *[other] all { $count } uncertain messages that they have
    } arrived? That cannot be taken back.
unclear-ask-most = { $most } go in one tap, the oldest first; those that are left stay in the list.
unclear-button-yes = ✅ Yes
unclear-button-back = ◀ Back
unclear-unknown = There is no message { $message } of yours.
refused-settled = There is nothing to settle about message { $message }: it is known what became of it.
event-message-settled = message settled
