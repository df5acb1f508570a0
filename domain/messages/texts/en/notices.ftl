# Notices to the creator. Telegram HTML; values are escaped before they come here.

lead-told = 🙋 <b>New lead</b> no. { $lead }, source { $source }
lead-answer = { $field }: { $value }
sale-told = 💶 <b>Sale</b>: { $title } for { $total } to { $lead } (order { $order })
sale-free-told = 🎁 { $title } for { $total } to { $lead }, by the code { $reason } (order { $order })
sale-free-sent-told = 🎁 { $title } for { $total } to { $lead } (order { $order })
sale-oversold = ⚠️ Order { $order }: { $lead } paid { $total } for “{ $title }”, and the last one had just gone. Give the money back, or hand over one more.
sale-paid-twice = ⚠️ Order { $order }: { $lead } has paid { $total } for “{ $title }” a second time. Give this one back.
sale-paid-again = ⚠️ Order { $order }: { $lead } has paid { $total } for “{ $title }” again. What came before has gone back, or is with a bank, so this makes it theirs again. If that was a mistake, give this one back too.
payment-failed-told = ⚠️ Order { $order }: the payment of { $lead } for “{ $title }” did not go through. Nothing was delivered, and { $lead } has been told.
checkout-refused = ⚠️ Order { $order }: { $rail } would not make a checkout for “{ $title }”: { $reason }
payment-mismatch = ⚠️ Order { $order }: { $rail } reports a payment that does not fit it, so nothing was delivered. Look it up in { $rail }.
delivery-stuck = ⚠️ { $person } may not have got “{ $title }”: { $reason }. It is theirs, and is not sent again by itself: ask them to send me /library and tap it there. (message { $delivery })
