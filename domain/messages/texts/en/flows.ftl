# Flows. Telegram HTML; values are escaped before they come here.

answer-needs-text = Please answer with a few words.
answer-needs-email = That does not look like an e-mail address. Please send it like <code>ann@example.com</code>.
answer-needs-phone = That does not look like a phone number. Press the button below, or type it with its country code, like <code>+49 151 23456789</code>.
answer-needs-choice = Please press one of the buttons.
answer-own-contact = That is somebody else's contact. Please share your own with the button below.
answer-too-long = That is too long. A few words are enough.
answer-not-expected = Please answer the question above.
answer-thanks = Thank you!
answer-taken = You have answered this already.
key-share-contact = 📱 Share my phone number
key-skip = Skip
flow-cancelled = All right, I stop asking. /start begins again, /shop shows what there is.
nothing-to-cancel = There is nothing to cancel.
