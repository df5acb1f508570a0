# Channels and groups. Telegram HTML; values are escaped before they come here.

channel-found = ✅ I can see “{ $title }” now. I may { $invite ->
        [yes] let people in
       *[no] not let people in (give me the right to invite)
    } and { $remove ->
        [yes] remove them
       *[no] not remove them (give me the right to ban)
    }.{ $post ->
        [yes] { " " }I may post your ideas there.
       *[no] { "" }
    }
channel-lost = ⚠️ I have lost rights in “{ $title }”. I may { $invite ->
        [yes] still let people in
       *[no] no longer let people in
    } and { $remove ->
        [yes] still remove them
       *[no] no longer remove them
    }. Make me an administrator there again, with the rights to invite, to ban and, where your ideas are posted, to post messages; who waits gets in at once then.
channel-no-invite = ⚠️ Somebody waits to be let into “{ $title }”, and Telegram gives me no invite link: { $reason }. Make me an administrator there with the right to invite people; I keep trying.
channel-still-in = ⚠️ Lead { $lead } has lost the right to “{ $title }”, and I cannot remove them: { $reason }. Please do it by hand.
channel-link-misused = Somebody else came in by your link to <b>{ $title }</b> and has been removed. It was for you alone; /library gives you a new one.
