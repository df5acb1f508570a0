# Was eine Simulation erzählt: `spark simulate`, und dasselbe im Chat.

foreseen-title = 🔮 { $leads ->
    [one] Ein Kontakt
   *[other] { $leads } Kontakte
}, von { $since } bis { $until } ({ $zone }): { $said ->
    [one] eine Nachricht würde
   *[other] { $said } Nachrichten würden
} gesendet, wenn inzwischen niemand antwortet, kauft oder klickt. Nichts wurde gesendet, nichts geändert.
foreseen-nothing = Es würde nichts geschehen.
foreseen-cut = … das war zu viel: was nach { $at } kommt, wurde nicht angesehen.
foreseen-refused = #{ $lead } würde nicht beginnen: { $why }
foreseen-refused-more = … und { $count } weitere würden nicht beginnen.
foreseen-lead = #{ $lead }
foreseen-sent = { $at } ✉️ { $kind }: { $text }
foreseen-sent-by = { $at } ✉️ { $name } · { $step }: { $text }
foreseen-notice = { $at } 🔔 an dich: { $text }
foreseen-step = { $name } · { $step }{ $arm }: { $told }
foreseen-measure-reached = erreicht
foreseen-measure-sent = gesendet
foreseen-measure-goal = Ziel
foreseen-measure-left = verlassen

refused-simulated-days = eine Simulation sieht 1 bis { $most } Tage voraus
refused-simulated-leads = eine Simulation nimmt höchstens { $most } Kontakte
