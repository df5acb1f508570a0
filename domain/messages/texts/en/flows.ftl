# Flows. Telegram HTML; values are escaped before they come here.

answer-needs-text = Please answer with a few words.
answer-needs-email = That does not look like an e-mail address. Please send it like <code>ann@example.com</code>.
answer-needs-phone = That does not look like a phone number. Press the button below, or type it with its country code, like <code>+49 151 23456789</code>.
answer-needs-number = That is not a number. Please send just the number, like <code>12.5</code>.
answer-needs-date = I cannot read that as a date. Please send it like <code>{ $example }</code> or <code>2026-12-24</code>.
answer-needs-yes_no = Please answer yes or no.
answer-needs-file = Please send a file.
answer-needs-photo = Please send a photo.
answer-needs-location = Please press the button below to share where you are, or send a location as an attachment.
answer-needs-rating = Please press one of the buttons, or send a number from 1 to { $most }.
answer-needs-time_zone = I do not know that place. Please send the next large city, like <code>Berlin</code>, or a zone such as <code>Europe/Berlin</code>.
answer-zone-offset = Clocks change in summer, so hours alone are not enough. Please send a city, like <code>Berlin</code>.
answer-needs-choice = Please press one of the buttons.
answer-needs-choices = Please mark what fits with the buttons, then press Done.
answer-too-few = { $least ->
    [one] Please mark at least one.
   *[other] Please mark at least { $least }.
}
answer-too-many = { $most ->
    [one] Please leave one mark only.
   *[other] Please leave at most { $most } marks.
}
answer-own-contact = That is somebody else's contact. Please share your own with the button below.
answer-too-short = { $least ->
    [one] That is too short: at least one character.
   *[other] That is too short: at least { $least } characters.
}
answer-too-long = { $most ->
    [one] That is too long: one character only.
   *[other] That is too long: at most { $most } characters.
}
answer-wrong-form = That does not have the form that is asked for. Please look at the question again.
answer-not-whole = Please send a whole number.
answer-too-small = Please send a number of at least { $least }.
answer-too-large = Please send a number of at most { $most }.
answer-no-such-day = There is no such day in the calendar. Please check it and send it again.
answer-too-early = That is too early: { $earliest } at the earliest.
answer-too-late = That is too late: { $latest } at the latest.
answer-thanks = Thank you!
answer-taken = You have answered this already.
key-share-contact = 📱 Share my phone number
key-share-location = 📍 Share where I am
key-skip = Skip
key-back = Back
key-done = Done
key-yes = Yes
key-no = No
# what can be typed for a key, in small letters, parted by commas
typed-skip = skip
typed-back = back
typed-done = done, ok, that's all
typed-yes = yes, y, yeah, yep, sure, ok, okay
typed-no = no, n, nope
flow-cancelled = All right, I stop asking. /start begins again, /shop shows what there is.
flow-cancelled-waits = All right, I stop asking: “{ $title }” ends here. Something else will still come; /cancel once more ends that too.
nothing-to-cancel = There is nothing to cancel.
refused-no-flow = there is no flow “{ $name }”
refused-many-flows = there are { $most } flows already
