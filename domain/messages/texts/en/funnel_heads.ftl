# Funnels by their names. Telegram HTML; values are escaped before they come here.

funnel-disabled = ⚠️ Your funnel “{ $name }” has a mistake, so it is switched off until that is mended; everything else runs. { $reason }
funnel-moved =
    { $count ->
        [0] “{ $name }”: nobody had to be taken over into the new wording.
        [one] “{ $name }”: one person was taken over into the new wording.
       *[other] “{ $name }”: { $count } people were taken over into the new wording.
    }
funnel-moved-ended =
    { $count ->
        [one] One person ended, whose step is gone.
       *[other] { $count } people ended, whose step is gone.
    }

refused-no-funnel = there is no funnel “{ $name }”
refused-step-runs = the step “{ $step }” of the funnel “{ $name }” does not stand still: it runs, unless it has been taken out
refused-funnel-stands = “{ $name }” is { $state }, so that cannot be done{ $stands ->
        [paused] ; /funnels resume { $name } lets it go on
       *[other] {""}
    }
refused-not-kept = “{ $name }” cannot be kept: { $place } holds what no store keeps
refused-many-funnels = there are { $most } funnels already; archive one first

funnel-state-active = running
funnel-state-paused = paused
funnel-state-resuming = being resumed
funnel-state-disabled = switched off for a mistake
funnel-state-archived = out of use

event-funnel-saved = funnel saved
event-funnel-paused = funnel paused
event-funnel-moved = those under way taken over into a funnel’s new wording
event-funnel-resumed = funnel resumed
event-funnel-archived = funnel archived
event-funnel-disabled = funnel switched off for a mistake
event-funnel-step_stopped = step of a funnel stopped
event-funnel-step_started = step of a funnel started again
