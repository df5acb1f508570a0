# One lead, as its creator sees it. Telegram HTML; values are escaped before they come here.

lead-menu = <b>Leads</b>: /leads lists them, <code>/lead 12</code> shows one.
lead-button-list = Newest leads
lead-button-forms = What I can do with one
lead-form = Like this: <code>/lead 12</code>, <code>/lead 12 tag vip</code>, <code>untag vip</code>, <code>note …</code>, <code>write …</code>, <code>stage customer</code>, <code>score +5</code>, <code>set FIELD VALUE</code>, <code>enroll FUNNEL</code>, <code>merge 15</code>, <code>give 7 …</code>, <code>revoke 7 …</code>, <code>take</code>, <code>back</code>, <code>block</code>, <code>unblock</code>, <code>timeline</code>, <code>forget</code>, or <code>/lead add Anna anna@example.com +4915123456789</code>
lead-form-add = Like this: <code>/lead add Anna Smith anna@example.com +4915123456789 source:fair</code>; any part will do.
lead-form-tag = Like this: <code>/lead { $lead } tag vip berlin</code>
lead-form-untag = Like this: <code>/lead { $lead } untag vip</code>
lead-form-note = Like this: <code>/lead { $lead } note Met at the fair</code>
lead-form-write = Like this: <code>/lead { $lead } write Hello, how are you?</code>
lead-form-stage = Like this: <code>/lead { $lead } stage customer</code>; the stages are { $stages }.
lead-form-score = Like this: <code>/lead { $lead } score +5</code>, <code>score -5</code> or <code>score 20</code>
lead-form-set = Like this: <code>/lead { $lead } set name Anna</code>, and <code>-</code> empties it; the fields are { $fields }.
lead-form-enroll = Like this: <code>/lead { $lead } enroll FUNNEL</code>; the funnels are: { $funnels }
lead-form-merge = Like this: <code>/lead { $lead } merge 15</code>, with the number of another lead of yours that is the same person.
lead-unknown = There is no lead { $lead }.
lead-is-forgotten = Lead { $lead } has been forgotten; nothing of theirs is left.
lead-is-merged = Lead { $lead } is now a part of lead { $into }.
lead-added = Entered: <b>{ $name }</b> (lead { $lead })
lead-tagged = { $name } (lead { $lead }) is tagged: { $tags }
lead-untagged = { $name } (lead { $lead }) is no longer tagged: { $tags }
lead-not-tagged = { $name } (lead { $lead }) was not tagged: { $tags }
lead-noted = Noted about { $name } (lead { $lead }).
lead-written = ✉️ On its way to { $name } (lead { $lead }).
lead-written-waits = ✉️ { $name } (lead { $lead }) has blocked the bot: your message waits until they write again.
lead-without-chat = { $name } (lead { $lead }) has no chat with the bot.
lead-staged = { $name } (lead { $lead }) is now at the stage { $stage }.
lead-scored = { $name } (lead { $lead }) has a score of { $score }.
lead-field-set = { $name } (lead { $lead }): { $field } is kept.
lead-field-emptied = { $name } (lead { $lead }): { $field } is empty.
lead-enrolled = { $name } (lead { $lead }) begins the funnel { $funnel }.
lead-banned = { $name } (lead { $lead }) is blocked: the bot no longer answers. What was paid for still arrives.
lead-unbanned = { $name } (lead { $lead }) is no longer blocked.
lead-taken = You have taken over the chat with { $name } (lead { $lead }): the bot keeps quiet, and you get what they write. <code>/lead { $lead } back</code> gives it back.
lead-given-back = The bot answers { $name } (lead { $lead }) again.
lead-ask-write = What shall I write to { $name } (lead { $lead })? Send a text, a photo or a file. /cancel gives it up.
lead-ask-note = What shall I note about { $name } (lead { $lead })? /cancel gives it up.
lead-ask-tag = Which tag for { $name } (lead { $lead })? /cancel gives it up.
lead-ask-merge = Which lead is the same person as { $name } (lead { $lead })? Send its number. /cancel gives it up.
lead-choose-tags = Tags of <b>{ $name }</b> (lead { $lead })
lead-choose-stage = Stage of <b>{ $name }</b> (lead { $lead })
lead-choose-funnel = Which funnel for <b>{ $name }</b> (lead { $lead })?
lead-no-funnels = There is no funnel for { $name } (lead { $lead }) to begin.
lead-forget-asked = Forget <b>{ $name }</b> (lead { $lead })? Answers, messages, files, notes and tags go for good. Orders stay without a name, as the law asks. There is no way back.
refused-lead_owns = This lead owns something of yours, or has paid for what was taken back, and would lose that without a refund. Pay it back first, or let them ask for it by /forget_me.
lead-forgotten = Lead { $lead } has been forgotten.
lead-merge-asked = Merge <b>{ $other_name }</b> (lead { $other }) into <b>{ $name }</b> (lead { $lead })? Answers, notes, tags, orders, messages and what happened are kept together under number { $lead }; where both have answered, { $lead } counts and the other answer becomes a note. There is no way back.
lead-merge-chat = Lead { $lead } gets the chat of lead { $other }.
lead-merge-chat-taken = Lead { $lead } gets the chat of lead { $other }, which you have taken over.
lead-merge-blocked = Lead { $other } is blocked by you, and so is lead { $lead } then.
lead-merge-not-blocked = Lead { $other } is blocked by you. Lead { $lead } is not, and stays so.
lead-merge-unsubscribed = Lead { $other } wants no follow-ups, and so lead { $lead } gets none then.
lead-button-tag = Tag
lead-button-new-tag = ➕ New tag
lead-button-stage = Stage
lead-button-note = Note
lead-button-write = Write
lead-button-enroll = Enroll
lead-button-timeline = Timeline
lead-button-take = Take over
lead-button-give = Give back
lead-button-block = Block
lead-button-unblock = Unblock
lead-button-merge = Merge
lead-button-merge-yes = Merge { $other } into { $lead }
lead-button-forget = Forget
lead-button-forget-yes = Forget for good
lead-button-forget-library = Forget, with what they own
lead-button-files = 📎 Files ({ $count })
lead-button-card = ‹ Back
lead-button-list-back = ‹ Back to the list

# What happened to a lead

timeline-title = <b>{ $name }</b> (lead { $lead }): { $total ->
        [one] 1 event
       *[other] { $total } events
    }, times of { $zone }
timeline-line = { $at } <b>{ $name }</b> { $about }
