# What ideas brought. Telegram HTML; values are escaped before they come here.

ideabrought-title = 📈 Idea { $number }: <b>{ $title }</b>
ideabrought-leads = 👤 New leads by its links: <b>{ $leads }</b> (came by them at all: { $touched })
ideabrought-first = By first touch: orders <b>{ $orders }</b>, customers { $customers }, { $sums }
ideabrought-last = By last touch: orders <b>{ $orders }</b>, customers { $customers }, { $sums }
ideabrought-by-idea = 📈 <b>{ $creator }</b>: what ideas brought in twelve months
ideabrought-by-tag = 📈 <b>{ $creator }</b>: what ideas brought in twelve months, by tag
ideabrought-by-month = 📈 <b>{ $creator }</b>: what ideas brought, by month
ideabrought-line = <b>{ $name }</b>
    👤 { $leads } · first touch: { $first } ({ $first_sums }) · last touch: { $last } ({ $last_sums })
ideabrought-none = Nothing yet. Give an idea its link, publish it, and whoever comes by it is counted here.
ideabrought-card = 📈 New leads: { $leads } · their orders: { $orders } ({ $sums })
ideabrought-card-many = 📈 More than { $most } visits by its links: “Results” adds up what they brought
ideabrought-button-every = All ideas
ideabrought-button-idea = By idea
ideabrought-button-tag = By tag
ideabrought-button-month = By month
ideabrought-button-one = 📈 Results
