# The creator's list of leads. Telegram HTML; values are escaped before they come here.

leads-title = 👥 <b>Leads of { $creator }</b>: { $total }
leads-searched = Search: { $text }
leads-filtered = Filter: <code>{ $question }</code>
leads-line = <b>{ $lead }</b> { $name } · { $stage } · { $source }
leads-range = { $first }–{ $last } of { $total }
leads-none = Nobody yet. A link from /link brings the first ones, <code>/lead add Anna anna@example.com</code> enters one.
leads-nobody = Nobody fits.
leads-nobody-called = Nobody is called “{ $text }”. Did you mean <code>/leads { $form }</code>? Segments are written like <code>/leads tag:vip and last_seen&lt;30d</code>
leads-nameless = lead { $lead }
leads-form = Like this: <code>/leads anna</code>, <code>/leads tag:vip and spent&gt;=50usd</code>, <code>/leads save big-spenders spent&gt;=50usd</code> or <code>/leads drop big-spenders</code>
leads-saved = Saved as <code>segment:{ $name }</code>: { $total ->
        [one] 1 lead
       *[other] { $total } leads
    } at present.
leads-dropped = “{ $name }” is no longer saved.
leads-save-search = A search cannot be saved. Ask in the words of a segment, like <code>/leads save annas name:anna</code>
leads-ask-search = Whom are you looking for? Send me a name, a username, a whole e-mail address or phone number. /cancel gives it up.
leads-filter = <b>Narrow down the leads of { $creator }</b>. Filters add up.
leads-by-stage = Stage
leads-by-tag = Tag
leads-by-source = Source
leads-by-standing = Standing
leads-by-saved = Saved
leads-are-subscribed = wants follow-ups
leads-are-unsubscribed = wants none
leads-are-consented = has consented
leads-are-blocked = has blocked the bot
leads-are-banned = blocked by you
leads-are-taken-over = taken over
leads-no-options = Nothing to choose from yet.
leads-button-filter = Filter
leads-button-search = Search
leads-button-clear = Clear
leads-button-export = Export
leads-button-done = Show leads
leads-button-back = ‹ Filters

# Tags

tag-list = <b>Your tags</b> ({ $total }). Tap one to see who has it.
tag-none = No tags yet. <code>/tag 12 vip</code> gives one to lead 12.
tag-form = Like this: <code>/tag 12 vip -old</code> gives lead 12 the tag vip and takes old away; <code>/tag vip</code> shows who has it.
tag-gone = Nobody has that tag any more.
tags-now = { $name } (lead { $lead }) is now tagged: { $tags }
tags-none-now = { $name } (lead { $lead }) has no tags now.
tags-absent = These were not there: { $tags }
tag-unknown = There is no tag “{ $tag }”; /tag lists them.

# What the next thing typed is for

prompt-dropped = All right, never mind.
prompt-needs-text = Please send a few words for this, or /cancel.
prompt-needs-message = Please send a text, a photo, a video or a file, or /cancel.
