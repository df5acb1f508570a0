trigger-cannot-ask = ⚠️ The funnel “{ $funnel }” asks who begins, and that cannot be asked at the moment: { $reason }

    Nobody begins by it until that is mended.
funnel-started-by-hand = ▶️ “{ $funnel }”: { $begun ->
        [one] one lead has begun
       *[other] { $begun } leads have begun
    }, of { $met } in the segment.
funnel-not-started = ⚠️ “{ $funnel }” did not begin for everybody you chose: { $reason }

    { $begun ->
        [0] Nobody has begun.
        [one] One lead has begun.
       *[other] { $begun } leads have begun.
    }
funnel-not-running = it does not run any more
refused-told-otherwise = this key was used for another event; take a new one
refused-bad-event = an event has a name like custom.signed_up and a few short values
refused-no-such-lead = there is no such lead
