# Was eine Simulation erzählt: `spark simulate`, und dasselbe im Chat.

foreseen-title = 🔮 { $what } für { $whom }, von { $since } bis { $until } ({ $zone }): { $said ->
    [one] eine Nachricht würde
   *[other] { $said } Nachrichten würden
} gesendet, wenn inzwischen niemand antwortet, kauft oder klickt. Nichts wurde gesendet, nichts geändert.
foreseen-one = { $name } für sich allein,
foreseen-all = Alles zusammen
foreseen-for-lead = Kontakt { $lead }
foreseen-for-newcomer = jemanden, der gerade erst kommt
foreseen-for-nobody-yet = jemanden, der gerade erst kommt (noch gibt es keine Kontakte)
foreseen-for-sample = eine Stichprobe von { $leads ->
    [one] einem Kontakt
   *[other] { $leads } Kontakten
}
foreseen-nothing = Es würde nichts geschehen.
foreseen-cut = … das war zu viel: was nach { $at } kommt, wurde nicht angesehen.
foreseen-refused = #{ $lead } würde nicht beginnen: { $why }
foreseen-refused-more = … und { $count } weitere würden nicht beginnen.
foreseen-lead = #{ $lead }
foreseen-sent = { $at } ✉️ { $kind }: { $text }
foreseen-sent-by = { $at } ✉️ { $name } · { $step }: { $text }
foreseen-notice = { $at } 🔔 an dich: { $text }
foreseen-step = { $name } · { $step }: { $told }
foreseen-step-by = { $name } · { $step } ({ $way }): { $told }
foreseen-arm = Zweig { $arm } von { $split }
foreseen-holdout = bekam nichts, durch { $split }
foreseen-beside = { $kind }: gesendet { $count }
foreseen-measure-reached = erreicht
foreseen-measure-sent = gesendet
foreseen-measure-goal = am Ziel
foreseen-measure-left = verlassen

refused-simulated-days = eine Simulation sieht 1 bis { $most } Tage voraus
refused-simulated-leads = eine Simulation nimmt höchstens { $most } Kontakte
