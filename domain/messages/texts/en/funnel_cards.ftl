# A creator's funnels in the chat. Telegram HTML; values are escaped before they come here.

command-funnels = Your follow-ups
funnels-form = Or in one line:
    <code>/funnels welcome</code>
    <code>/funnels pause welcome</code>, <code>/funnels resume welcome shift</code>
    <code>/funnels start welcome tag:vip</code>, <code>/funnels start welcome 12</code>
    <code>/funnels leave welcome 12</code>
    <code>/funnels steps welcome</code>, <code>/funnels parked welcome</code>
    <code>/funnels simulate welcome 12 30</code>, <code>/funnels simulate all sample=50</code>
    <code>/funnels yaml welcome</code>, <code>/funnels archive welcome</code>
funnels-line-form = Write it like this: <code>{ $form }</code>
funnels-unknown = “{ $verb }” is nothing that can be done to a funnel; use one of { $verbs }.
funnels-list = 🪜 <b>Funnels</b> of { $creator }
funnels-none = 🪜 There are no funnels yet. Send me a YAML file with one.
funnels-line = { $mark } <b>{ $name }</b> · { $state }
    { $told }
funnels-title = { $mark } <b>{ $name }</b> · { $state }
funnels-kept-file = Version { $number }, from the configuration: it is reworded there
funnels-kept-chat = Version { $number }, made by chat
funnels-kept-api = Version { $number }, made by API
funnels-reason = { $reason }
funnels-moving = Those under way are being taken over into this wording, { $count } so far
funnels-begins = Begins by: <code>{ $told }</code>
funnels-more-triggers = … and by { $count } more
funnels-by-hand = Begins by hand, or by a flow
funnels-size = { $steps ->
        [one] One step
       *[other] { $steps } steps
    }, { $messages ->
        [one] one message
       *[other] { $messages } messages
    }
funnels-nobody = nobody yet
funnels-stopped-steps = ⏸ These steps stand still, since too many blocked me there: { $steps }
funnels-steps = 🪜 <b>{ $name }</b>, step by step
funnels-sums = Sums are what was paid; what was given back later is not taken off.
funnels-above = { $count } above the first step
funnels-step = <b>{ $place }. { $key }</b> · { $do } · { $told }
funnels-here = { $count } here now
funnels-arm = { "    " }<b>{ $arm }</b>: took it { $reached } · bought { $bought } ({ $share } %){ $money }
funnels-arm-holdout = { "    " }<b>those who get nothing</b>: { $reached } · bought { $bought } ({ $share } %){ $money }
funnels-told-arm = { $arm }: { $weight } of { $of }
funnels-told-holdout = nothing: { $weight } of { $of }
funnels-told-goal = what the funnel is for is reached here
funnels-told-end = it is over here
funnels-measure-reached = reached { $count }
funnels-measure-sent = sent { $count }
funnels-measure-clicked = clicked { $count }
funnels-measure-replied = replied { $count }
funnels-measure-bought = bought { $count }
funnels-measure-goal = reached the goal { $count }
funnels-measure-left = left { $count }
funnels-measure-blocked = blocked me { $count }
funnels-no-wording = “{ $name }” has no wording that can be shown.
funnels-archive = Take “{ $name }” out of use? Nobody begins it any more. { $count ->
        [0] Nobody is under way.
        [one] One lead is under way and goes on to the end.
       *[other] { $count } leads are under way and go on to the end.
    }

funnels-resuming = ⏸ <b>{ $name }</b> stands still. { $held ->
        [0] Nobody waits in it.
        [one] One lead waits in it
       *[other] { $held } leads wait in it
    }{ $held ->
        [0] {""}
        [one] { $overdue ->
            [0] , for less than a quarter of an hour.
           *[other] , for more than a quarter of an hour.
        }
       *[other] , { $overdue } of them for more than a quarter of an hour.
    }
    What is to become of what is overdue?
funnels-resuming-some = The numbers below are of the { $walked } who were due first.
funnels-late-shift = <b>Shift</b>: it is said now, and what follows comes as much later.
funnels-late-once = <b>Once</b>: only the last of it is said, and what follows keeps its times.
funnels-late-skip = <b>Skip</b>: it is left out, and what follows keeps its times.
funnels-late-numbers = → { $now ->
        [one] one message
       *[other] { $now } messages
    } at once, { $later } when their hours come, { $left } left out
funnels-late-usual = (as its wording says)

funnels-ask-start = Who is to begin “{ $name }”? Type a lead's number, or a question such as <code>tag:vip and spent&gt;=50usd</code>; <code>all</code> is everybody.
funnels-ask-leave = Who is to leave “{ $name }”? Type the lead's number.
funnels-leave-form = Write the lead's number: <code>/funnels leave { $name } 12</code>
funnels-start = Begin “{ $name }” with everybody in <code>{ $question }</code>? { $met ->
        [one] That is one lead
       *[other] These are { $met } leads
    }; <b>{ $reached }</b> can be written to.
funnels-start-been = { $been ->
        [one] One of them has been in it, and does not begin anew
       *[other] { $been } of them have been in it, and do not begin anew
    }: so its <code>again</code> says.
funnels-start-nobody = Nobody would begin: { $met ->
        [0] no lead is in that segment
       *[other] { $reached ->
            [0] of { $met } in that segment none can be written to
           *[other] of { $met } in that segment those who can be written to have been in it
        }
    }
funnels-start-gone = That has begun already, or is too old; /funnels start { $name } … asks again
funnels-starting = ✅ “{ $name }” begins for them, a few at a time. I tell you when that is done.
funnels-left = { $name } (lead { $lead }) is out of { $funnel }.
funnels-not-in-it = { $name } (lead { $lead }) is not in { $funnel }.

funnels-ask-file = Send me your funnels as a YAML file, or type them. I look them through and show what would change before anything does.
funnels-too-long = Typed, it has { $most } characters at most, since Telegram cuts longer messages in two: send it as a .yaml file
funnels-file-too-big = A file of funnels has { $size } KB at most
funnels-file-gone = Telegram does not have that file any more; send it again.
funnels-problems = ❌ { $count ->
        [one] One thing is
       *[other] { $count } things are
    } wrong, so nothing was saved:
funnels-more-problems = … and { $count } more
funnels-same = ✅ There is nothing to change: { $names }
funnels-is-new = ✨ <b>{ $name }</b> is new
funnels-is-changed = ✏️ <b>{ $name }</b> differs from version { $number }
funnels-is-same = <b>{ $name }</b> is as in version { $number }
funnels-runs-again = ▶ and runs again: it is out of use now, or switched off
funnels-group = 👥 { $people } who began with version { $number } stand at “{ $step }”
funnels-group-begins = 👥 { $people } who began with version { $number } are above the first step
funnels-group-gone = { "    " }that step is gone
funnels-group-at-once = { "    " }{ $count } of them would get “{ $step }” at once
funnels-more-groups = … and { $count } more groups
funnels-confirm = Those who begin from now on get this wording.
funnels-confirm-moving = Those who begin from now on get this wording. And those who are under way?
funnels-saved = ✅ <b>{ $name }</b> is saved as version { $number }.
funnels-saved-moving = Those under way are being taken over; I tell you when that is done.
funnels-dropped = Thrown away. Nothing has changed.
funnels-yaml-file = { $name }, from the configuration
funnels-yaml-chat = { $name }; send it back when you have changed it
funnels-yaml-api = { $name }, made by API; sent back, it is the chat's
funnels-yaml-all = { $count ->
        [one] The funnel
       *[other] The { $count } funnels
    } of { $creator }

funnels-none-parked = ✅ Nobody is stuck.
funnels-parked = ⚠️ <b>{ $count ->
        [one] One lead cannot go on
       *[other] { $count } leads cannot go on
    }</b>
funnels-parked-line = <b>{ $number }</b> · { $name } (lead { $lead }) · { $place }
    { $reason }

funnels-button-new = ➕ New or changed
funnels-button-parked = ⚠️ Stuck
funnels-button-yaml-all = ⬇ All as a file
funnels-button-all = 🗄 With those out of use
funnels-button-list = ☰ All funnels
funnels-button-card = ◀ Back
funnels-button-steps = 📊 Steps
funnels-button-pause = ⏸ Pause
funnels-button-resume = ▶ Resume …
funnels-button-start = 🚀 Begin for …
funnels-button-leave = 👋 Take out …
funnels-button-try = 🔮 Simulate
funnels-button-yaml = ⬇ As a file
funnels-button-parked-here = ⚠️ Stuck: { $count }
funnels-button-archive = 🗄 Out of use
funnels-button-archive-yes = 🗄 Yes, out of use
funnels-button-shift = ▶ Shift
funnels-button-once = ▶ Once
funnels-button-skip = ▶ Skip
funnels-button-go = ▶ Let “{ $step }” run again
funnels-button-begin = ✅ Begin for { $count }
funnels-button-save = ✅ Save
funnels-button-keep = ✅ Save; they keep their wording
funnels-button-move = ✅ Save and move them{ $count ->
        [0] {""}
       *[other] {" "}({ $count } at once)
    }
funnels-button-move-or-end = ✅ Save, move, end the others{ $count ->
        [0] {""}
       *[other] {" "}({ $count } at once)
    }
funnels-button-drop = 🗑 Throw away
funnels-button-again = 🔁 { $number } again
funnels-button-let-go = 👋 { $number } leaves
funnels-button-all-again = 🔁 All of them again

funnels-simulate-form = Write <code>/funnels simulate { $name }</code> for a lead who comes just now, <code>/funnels simulate { $name } 12</code> for lead 12, <code>/funnels simulate { $name } 12 90</code> for 90 days, or <code>/funnels simulate { $name } sample=50 days=90</code> for 50 of your leads (100 at most).

refused-draft_gone = That was confirmed, thrown away or changed meanwhile; send the file again.
refused-funnel-wrong = { $place }: { $said }
