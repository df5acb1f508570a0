# Funnels mit ihren Namen. Telegram-HTML; Werte sind schon geschützt, wenn sie hierherkommen.

funnel-disabled = ⚠️ Dein Funnel „{ $name }“ hat einen Fehler und ist abgeschaltet, bis der behoben ist; alles andere läuft. { $reason }
funnel-moved =
    { $count ->
        [0] „{ $name }“: Niemand war in den neuen Wortlaut zu übernehmen.
        [one] „{ $name }“: Eine Person ist in den neuen Wortlaut übernommen.
       *[other] „{ $name }“: { $count } Personen sind in den neuen Wortlaut übernommen.
    }
funnel-moved-ended =
    { $count ->
        [one] Für eine Person war Schluss, denn ihren Schritt gibt es nicht mehr.
       *[other] Für { $count } Personen war Schluss, denn ihren Schritt gibt es nicht mehr.
    }

refused-no-funnel = einen Funnel „{ $name }“ gibt es nicht
refused-step-runs = der Schritt „{ $step }“ des Funnels „{ $name }“ steht nicht still: Er läuft, falls es ihn noch gibt
refused-funnel-stands = „{ $name }“ ist { $state }, da geht das nicht{ $stands ->
        [paused] ; mit /funnels resume { $name } geht es weiter
       *[other] {""}
    }
refused-not-kept = „{ $name }“ lässt sich nicht speichern: { $place } enthält etwas, das keine Datenbank behält
refused-many-funnels = es gibt schon { $most } Funnels; archiviere erst einen

funnel-state-active = in Betrieb
funnel-state-paused = angehalten
funnel-state-resuming = dabei, weiterzulaufen
funnel-state-disabled = wegen eines Fehlers abgeschaltet
funnel-state-archived = außer Betrieb

event-funnel-saved = Funnel gespeichert
event-funnel-paused = Funnel angehalten
event-funnel-moved = die im Funnel sind, in seinen neuen Wortlaut übernommen
event-funnel-resumed = Funnel läuft wieder
event-funnel-archived = Funnel archiviert
event-funnel-disabled = Funnel wegen eines Fehlers abgeschaltet
event-funnel-step_stopped = Schritt eines Funnels angehalten
event-funnel-step_started = Schritt eines Funnels läuft wieder
