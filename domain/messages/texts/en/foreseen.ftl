# What a simulation tells: `spark simulate`, and the same in the chat.

foreseen-title = 🔮 { $what } for { $whom }, from { $since } to { $until } ({ $zone }): { $said ->
    [one] one message
   *[other] { $said } messages
} would be sent, if nobody answers, buys or clicks meanwhile. Nothing was sent, and nothing was changed.
foreseen-one = { $name } by itself
foreseen-all = Everything together
foreseen-for-lead = lead { $lead }
foreseen-for-newcomer = somebody who comes just now
foreseen-for-nobody-yet = somebody who comes just now (there are no leads yet)
foreseen-for-sample = a sample of { $leads ->
    [one] one lead
   *[other] { $leads } leads
}
foreseen-nothing = Nothing would happen.
foreseen-cut = … that was too much: what comes after { $at } was not looked at.
foreseen-refused = #{ $lead } would not begin: { $why }
foreseen-refused-more = … and { $count } more would not begin.
foreseen-lead = #{ $lead }
foreseen-sent = { $at } ✉️ { $kind }: { $text }
foreseen-sent-by = { $at } ✉️ { $name } · { $step }: { $text }
foreseen-notice = { $at } 🔔 to you: { $text }
foreseen-step = { $name } · { $step }: { $told }
foreseen-step-by = { $name } · { $step } ({ $way }): { $told }
foreseen-arm = arm { $arm } of { $split }
foreseen-holdout = got nothing, by { $split }
foreseen-beside = { $kind }: sent { $count }
foreseen-measure-reached = reached
foreseen-measure-sent = sent
foreseen-measure-goal = reached the goal
foreseen-measure-left = left

refused-simulated-days = a simulation looks from 1 to { $most } days ahead
refused-simulated-leads = a simulation takes at most { $most } leads
