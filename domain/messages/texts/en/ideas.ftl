# Ideas: the board, its lists, and the card of one. Telegram HTML; values are escaped before they come here.

idea-added = 💡 Idea { $number }: <b>{ $title }</b>{ $details }
idea-added-due = due { $day }
idea-form = Like this: <code>/idea add Studio tour #video !high due:2026-12-01</code>, <code>/idea 12</code>, <code>/idea 12 draft</code>, <code>/idea find tour</code>, <code>/idea list</code>, or <code>/idea results</code>; /idea alone opens the board.
idea-form-one = Like this: <code>/idea { $number }</code>, <code>/idea { $number } draft</code> (the stages are { $stages }), <code>due fri</code>, <code>#video -#old !low</code>, <code>title …</code>, <code>notes …</code>, <code>link</code> or <code>delete</code>
refused-idea-day = “{ $typed }” is no day that I know; write it like 2026-12-01, fri, tomorrow or in 3 days
refused-idea_view_gone = This list is too old; /idea shows a new one

idea-board = 💡 <b>Ideas of { $creator }</b>: { $total }
idea-none = No ideas yet. <code>/idea add Studio tour #video !high due:fri</code> keeps the first one, { $creator }.
idea-list = <b>{ $stage }</b>: { $total }
idea-all = All ideas
idea-line = { $number }. { $title }{ $marks }
idea-none-here = No ideas here.
idea-none-fit = No idea fits.
idea-searched = Search: { $text }
idea-of-priority = Priority: { $priority }
idea-of-tags = Any of { $tags }
idea-filter = <b>Narrow down</b>: by priority, and by tags, of which any will do.
idea-sort = <b>In which order?</b> Another tap turns it round.
idea-sort-created_at = Added
idea-sort-updated_at = Changed
idea-sort-title = Title
idea-sort-priority = Priority
idea-sort-stage = Stage
idea-sort-due_date = Due
idea-button-all = All · { $total }
idea-button-done = Show ideas
idea-list-search = 🔎 Search
idea-list-filter = Filter
idea-list-sort = Sort
idea-list-clear = Clear
idea-list-new = ➕ New
idea-list-board = ‹ Board

idea-stage-idea = idea
idea-stage-outline = outline
idea-stage-draft = draft
idea-stage-published = published
idea-priority-high = high
idea-priority-medium = medium
idea-priority-low = low
idea-day-ahead = { $days ->
        [0] today
        [1] tomorrow
       *[other] in { $days } days
    }
idea-day-ago = { $days ->
        [1] yesterday
       *[other] { $days } days ago
    }

idea-card-title = 💡 Idea { $number }: <b>{ $title }</b>
idea-card-stage = { $stage } · priority: { $priority }
idea-card-due = Due: { $day }
idea-card-late = ⏰ Overdue: { $day }
idea-card-checks = ☑ { $done } of { $total } done
idea-card-attached = 📎 { $kinds }
idea-card-products = Sells: { $titles }
idea-card-funnel = Funnel: { $funnel }
idea-card-link = 🔗 { $url }
idea-card-post = Post: { $state }
idea-card-moves = { $moves }
idea-post-is-draft = draft
idea-post-is-scheduled = scheduled
idea-post-is-posting = on its way
idea-post-is-posted = posted
idea-post-is-failed = failed
idea-post-is-uncertain = perhaps posted
idea-post-is-cancelled = called off

idea-button-move = Move
idea-button-priority = Priority
idea-button-due = Due
idea-button-tags = Tags
idea-button-notes = Notes
idea-button-title = Title
idea-button-link = Link
idea-button-delete = Delete
idea-button-delete-yes = Yes, delete it
idea-button-list = ‹ Ideas
idea-button-card = ‹ Idea
idea-button-new-tag = ➕ New tag
idea-button-write = Write
idea-button-empty = Empty
idea-button-make-link = Make the link
idea-button-products = Products
idea-button-funnel = Funnel
idea-due-today = Today
idea-due-tomorrow = Tomorrow
idea-due-week = Next week
idea-due-other = Other…
idea-due-none = No day
idea-no-notes = No notes yet.
idea-link = The idea's tracked link: { $url }
idea-no-link = It has no tracked link yet.
idea-choose-product = Which products is it to sell?
idea-no-products = There is no product yet; /product adds one.
idea-choose-funnel = Which funnel does it belong to?
idea-no-funnels = There is no funnel yet; /funnels makes one.
idea-sells = Here is what it is about:
idea-delete-asked = Delete idea { $number }, <b>{ $title }</b>? Its notes, checklist and attachments go for good; what was posted stays in the channel. There is no way back.
idea-deleted = Idea { $number } has been deleted.

idea-ask-new = What is the idea? Send a title; <code>#video !high due:fri</code> may stand in the same line. /cancel gives it up.
idea-ask-search = Which words are in its title or notes? /cancel gives it up.
idea-ask-title = Send the new title. /cancel gives it up.
idea-ask-notes = Send the notes; they take the place of the present ones. /cancel gives it up.
idea-ask-tags = Send tags, like <code>video tour -old</code>; a minus takes one away. /cancel gives it up.
idea-ask-due = Send a day: <code>2026-12-01</code>, <code>fri</code>, <code>in 3 days</code>, or <code>none</code>. /cancel gives it up.
