# Tracked deep links. Telegram HTML; values are escaped before they come here.

link-form = Like this: <code>/link flow welcome "Instagram bio" utm_source=instagram</code> (or <code>title="Instagram bio"</code>). It can lead to a flow, product, funnel or idea by its name, or to <code>start</code>; bare, /link lists them.
link-list = <b>Your links</b> ({ $total }). Each counts who came by it.
link-none = No links yet. A link counts who came by it and what they bought.
link-card =
    🔗 <b>{ $title }</b> (link { $number })
    → { $target }
    { $url }
link-value = { $value }
link-result = { $leads ->
        [one] 1 new lead
       *[other] { $leads } new leads
    }, opened { $touches ->
        [one] once
       *[other] { $touches } times
    } by { $people ->
        [one] 1 person
       *[other] { $people } people
    }
link-revenue = { $orders ->
        [one] 1 paid order
       *[other] { $orders } paid orders
    }, { $revenue }
link-button-new = ➕ New link
link-button-archive = Put away
link-archived = “{ $title }” is put away. Whoever still opens it is greeted as by a plain /start; what it brought stays counted.
link-is-archived = <i>Put away.</i>
link-ask-target = Where shall it lead?
link-ask-name = To which one?
link-no-target = There is none yet to lead to.
link-to-start = the start
link-to-flow = flow
link-to-product = product
link-to-funnel = funnel
link-to-idea = idea
link-to-package = package
