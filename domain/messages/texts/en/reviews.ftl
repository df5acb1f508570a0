# Reviews. Telegram HTML; values are escaped before they come here.

reviews-title = <b>{ $title }</b>
    ★ { $average } · { $count ->
        [one] { $count } review
       *[other] { $count } reviews
    }
reviews-none = <b>{ $title }</b>
    No reviews yet.
review-of = Review of <b>{ $title }</b>
review-head = { $stars } · { $day } { $state }
review-words = “{ $words }”
review-creator-says = <i>{ $creator } says:</i> { $answer }
review-ask-stars = How do you like <b>{ $title }</b>? Everybody who looks at it sees your stars, without your name.
review-ask-stars-again = You gave <b>{ $title }</b> { $stars }. How do you like it now?
review-ask-words = Thank you: { $stars } for <b>{ $title }</b>!

    Would you say why, in a sentence or two? Write it now; whoever looks at it reads it, without your name.
review-thanks = Thank you for your review of <b>{ $title }</b>!
review-owners-only = Only those who own <b>{ $title }</b> can review it.
review-reported = Thank you. Somebody will look at it.
review-is-hidden = hidden
review-is-shown = shown
review-is-reported = reported
review-ask-answer = What do you say to it? Write it now; it stands under the review, for everybody to read. /cancel leaves it.
review-answer-kept = Your answer stands under the review now, and its author is told.
review-told = ⭐ <b>{ $title }</b>: { $stars } from lead { $lead }
review-looked-at = Somebody has looked at it already and left it in sight.
review-reported-told = 🚩 Somebody minds this review of <b>{ $title }</b> by { $creator }: { $stars }

    It stays in sight until you hide it. Hide what insults, lies or has nothing to do with it, and not what is merely bad for business.
review-reported-to-nobody = 🚩 Somebody minds this review of <b>{ $title }</b>: { $stars } from lead { $lead }

    Administrators decide about it, and this bot has none yet: whoever runs it adds one with <code>spark account add --role admin</code>. It stays in sight, and waits for them.
reported-title = <b>Reviews that somebody minds</b>: { $count }
reported-line = { $title } by { $creator }: { $stars }, reported on { $day }
reported-none = Nobody minds any review at present.
admins-only = This is for those who look after this bot.
button-reported = 🚩 Reported reviews
review-answered = Your review of <b>{ $title }</b> has an answer:

    { $answer }
button-review-answer = Answer
button-review-hide = Hide
button-review-show = Show to all
button-review-report = Report
button-review-see = Show it
button-review-skip = Skip
button-review-write = Write a review
button-review-change = Change it
button-rate = ☆ Rate it
button-rate-of = ☆ Rate “{ $title }”
refused-no_such_review = This review is no longer there.
refused-own_business = Whoever acts for a business does not review what it sells.
refused-own_review = This review is your own: change it instead.
refused-review-stars = a review has one to { $most } stars
refused-review-words = a review or an answer has 1 to { $most } characters
event-review-answered = review answered
event-review-changed = review changed
event-review-hidden = review hidden
event-review-published = reviewed a product
event-review-removed = took a review back
event-review-reported = reported a review
event-review-shown = review left in sight
