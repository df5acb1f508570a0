# Who acts for a creator, and what they may. Telegram HTML; values are escaped before they come here.

command-team = Who may do what for you
right-view = view
right-manage = manage
right-send = send
right-money = money
right-support = support
team-title = <b>Team of { $creator }</b>
team-line = { $number }. { $name } – { $rights }
team-line-inactive = { $number }. { $name } – { $rights } (account not active)
team-owner = owner
team-invited = ✉️ Invitation { $number }: { $rights }, until { $until }
team-invited-for = ✉️ Invitation { $number } for { $note }: { $rights }, until { $until }
team-button-invite = ➕ Invite
team-button-leave = 🚪 Leave the team
team-button-list = ‹ Team
team-button-remove = 🗑 Take out of the team
team-button-remove-yes = Yes, take out
team-button-leave-yes = Yes, leave
team-button-revoke = ✖ Invitation { $number }
team-button-make = ✉️ Make the link
team-form = Like this: <code>/team invite manage send for Noor</code>, <code>/team rights 3 view support</code>, <code>/team owner 3</code>, <code>/team remove 3</code>, <code>/team revoke 2</code>, or <code>/team leave</code>.
    Rights: view – look at everything; manage – leads, products, drafts; send – broadcasts and funnels go out; money – refunds; support – write to people, tickets, reviews. Who has any of them may look.
team-invite-which = What may they do? Tap the rights, then make the link.
team-invite = This link lets one person into the team of <b>{ $creator }</b>: { $rights }. It is good for seven days; send it to nobody else.
    { $url }
team-member = <b>{ $name }</b> (no. { $number }): { $rights }
    A tap gives a right or takes it away.
team-member-owner = <b>{ $name }</b> (no. { $number }) owns this business and may do everything.
team-remove-asked = Take { $name } out of the team? What they may do ends at once.
team-removed = { $name } is out of the team.
team-leave-asked = Leave the team of <b>{ $creator }</b>? Coming back takes a new invitation.
team-left = You no longer act for <b>{ $creator }</b>.
team-revoked = Invitation { $number } is taken back.
team-joined = You now act for <b>{ $creator }</b>: { $rights }. /help shows what you can do.
team-joined-told = 👥 { $name } has joined your team: { $rights }. /team
joined-as-creator = You are a creator here now. /help shows what you can do.
joined-as-brand = You are here as a brand now.
joined-as-agent = You help to look after this bot now: /admin shows what is to do.
joined-as-admin = You look after this bot now: /admin shows what is to do, and you hear here of reviews that somebody minds.
