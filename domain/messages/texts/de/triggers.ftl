trigger-cannot-ask = ⚠️ Der Funnel „{ $funnel }“ fragt, wer beginnt, und das lässt sich gerade nicht fragen: { $reason }

    Bis das behoben ist, beginnt ihn so niemand.
funnel-started-by-hand = ▶️ „{ $funnel }“: { $begun ->
        [one] ein Lead hat begonnen
       *[other] { $begun } Leads haben begonnen
    }, von { $met } im Segment.
funnel-not-started = ⚠️ „{ $funnel }“ hat nicht für alle begonnen, die du gewählt hast: { $reason }

    { $begun ->
        [0] Niemand hat begonnen.
        [one] Ein Lead hat begonnen.
       *[other] { $begun } Leads haben begonnen.
    }
funnel-not-running = er läuft nicht mehr
refused-told-otherwise = dieser Schlüssel gehört schon zu einem anderen Ereignis, nimm einen neuen
refused-bad-event = ein Ereignis hat einen Namen wie custom.signed_up und ein paar kurze Werte
refused-no-such-lead = so einen Lead gibt es nicht
