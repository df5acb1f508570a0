# Discount codes. Telegram HTML; values are escaped before they come here.

coupon-form = Write it like this:
    <code>/coupon add SPRING20 20%</code>
    <code>/coupon add FIVE 5.00 usd product=preset-pack until=2026-12-24 uses=100 each=1 segment="tag:vip"</code>
    <code>/coupon edit SPRING20 uses=50</code>, <code>/coupon link SPRING20</code>, <code>/coupon link SPRING20 preset-pack</code>, <code>/coupon archive SPRING20</code>
coupon-list = 🏷 <b>Discount codes</b> of { $creator }
coupon-none = 🏷 There are no discount codes yet.
coupon-line = <code>{ $code }</code> · { $off } · used { $uses ->
        [one] once
       *[other] { $uses } times
    }
coupon-title = 🏷 <code>{ $code }</code>: { $off }
coupon-percent = { $percent } % off
coupon-amount = { $amount } off
coupon-for = For: { $titles }
coupon-uses = Used: { $uses }
coupon-uses-of = Used: { $uses } of { $most }
coupon-each = For each person: { $most }
coupon-from = From { $at }
coupon-until = Until { $at }
coupon-ended = ⚠️ That is over, so nobody can use it.
coupon-segment = Only for <code>{ $question }</code>
coupon-segment-none = ⚠️ At present this fits none of your leads.
coupon-is-archived = out of use
coupon-button-new = New code
coupon-button-all = The old ones too
coupon-button-list = All codes
coupon-button-link = A link with it
coupon-button-archive = Take it out of use
coupon-ask-new = Type the code and what it takes off, like <code>SPRING20 20%</code> or <code>FIVE 5.00 usd until=2026-12-24</code>.
coupon-ask-code = Which code do you have for <b>{ $title }</b>?
coupon-applied = 🏷 With code <b>{ $code }</b>, for what you choose here. What would you like?
coupon-not-good = 🏷 <b>{ $code }</b>: { $why }
link-to-coupon = discount code
