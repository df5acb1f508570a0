# Who is who among the leads. Telegram HTML; values are escaped before they come here.

lead-duplicate-email = 👥 Lead { $lead } has given an e-mail address that lead { $other } has too. Neither has seen anything of the other.
lead-duplicate-phone = 👥 Lead { $lead } has given a phone number that lead { $other } has too. Neither has seen anything of the other.
lead-duplicate-merge = Should they be one person: <code>/lead { $lead } merge { $other }</code>
lead-joined = 👥 Lead { $other }, whom you had entered, is here: they have shared their own contact and are now a part of lead { $lead }.
lead-joined-blocked = You had blocked lead { $other }; lead { $lead } is not blocked. <code>/lead { $lead } block</code> does it.
relay-told = ✉️ <b>{ $name }</b> (lead { $lead }) writes:
    { $text }
relay-button-answer = Answer
relay-button-give-back = Give back to the bot
lead-typed-another-email = ✍️ Lead { $lead } has typed another e-mail address, { $value }. The one you know stays theirs. /lead { $lead } set email { $value } takes it over.
lead-typed-another-phone = ✍️ Lead { $lead } has typed another phone number, { $value }. The one you know stays theirs. /lead { $lead } set phone { $value } takes it over.
