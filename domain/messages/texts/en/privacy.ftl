# What is kept, and what can be done about it. Telegram HTML; values are escaped before they come here.

privacy =
    <b>What { $creator } keeps about you</b>
    What you tell this bot: your name, your e-mail, phone and answers. What you order, what you were sent, and how you came here. It serves to answer you, to deliver what is yours, and for follow-ups as long as you want them, and nothing else.
    It is kept until you ask to be forgotten. Copies of the raw messages go after { $days } { $days ->
        [one] day
       *[other] days
    }. Cards are handled by Stripe and never seen here.
privacy-commands =
    /my_data – all of it, as a file
    /stop – no more follow-ups
    /forget_me – have it deleted
terms = Digital goods from { $creator } are delivered in this chat. Prices are shown before you pay. If something does not reach you, write /paysupport.
stopped = Done: no more follow-ups from { $creator }. What you buy still reaches you.
stop-which = Who shall send you no more follow-ups?
button-subscribe = Send me follow-ups again
subscribed = Good to have you back: follow-ups from { $creator } reach you again.
follow-ups-asked = Follow-ups from { $creator } reach you only if you say so. Shall they?
follow-ups-come = Good: follow-ups from { $creator } reach you now.
button-follow-ups = Yes, send me follow-ups
button-everywhere = All of them
my-data-caption = Everything that is known about you here.
forget-me =
    <b>Shall you be forgotten?</b>
    Known to: { $creators }. Gone for good will be: your name, e-mail, phone and answers, your messages and files, notes and tags, your place in channels that you bought your way into, and your library – get what you want to keep from /library first.
    What you paid and when has to be kept by law; it stays without your name.
forget-me-creator = You act for a creator here: that business, and your access to it, stay as they are.
button-forget-me = Yes, forget me
button-keep = No, keep it
forget-me-kept = Nothing was deleted.
forgotten = Done: { $creator } has forgotten you. /start begins anew.
forgotten-everywhere = Done: you are forgotten here. /start begins anew.
not-known-there = You are not known there any more.
command-my_data = Everything that is known about you
command-forget_me = Be forgotten
