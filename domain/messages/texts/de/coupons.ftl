# Rabattcodes. Telegram HTML; Werte sind schon maskiert.

coupon-form = Schreib es so:
    <code>/coupon add SPRING20 20%</code>
    <code>/coupon add FIVE 5.00 usd product=preset-pack until=2026-12-24 uses=100 each=1 segment="tag:vip"</code>
    <code>/coupon edit SPRING20 uses=50</code>, <code>/coupon link SPRING20</code>, <code>/coupon link SPRING20 preset-pack</code>, <code>/coupon archive SPRING20</code>
coupon-list = 🏷 <b>Rabattcodes</b> von { $creator }
coupon-none = 🏷 Es gibt noch keine Rabattcodes.
coupon-line = <code>{ $code }</code> · { $off } · { $uses }-mal benutzt
coupon-title = 🏷 <code>{ $code }</code>: { $off }
coupon-percent = { $percent } % Rabatt
coupon-amount = { $amount } Rabatt
coupon-for = Für: { $titles }
coupon-uses = Benutzt: { $uses }
coupon-uses-of = Benutzt: { $uses } von { $most }
coupon-each = Pro Person: { $most }
coupon-from = Ab { $at }
coupon-until = Bis { $at }
coupon-ended = ⚠️ Das ist vorbei; niemand kann ihn benutzen.
coupon-segment = Nur für <code>{ $question }</code>
coupon-segment-none = ⚠️ Zurzeit passt das auf keinen deiner Leads.
coupon-is-archived = außer Gebrauch
coupon-button-new = Neuer Code
coupon-button-all = Auch die alten
coupon-button-list = Alle Codes
coupon-button-link = Ein Link damit
coupon-button-archive = Außer Gebrauch nehmen
coupon-ask-new = Tippe den Code und was er abzieht, etwa <code>SPRING20 20%</code> oder <code>FIVE 5.00 usd until=2026-12-24</code>.
coupon-ask-code = Welchen Code hast du für <b>{ $title }</b>?
coupon-applied = 🏷 Mit dem Code <b>{ $code }</b>, für alles, was du hier wählst. Was darf es sein?
coupon-not-good = 🏷 <b>{ $code }</b>: { $why }
link-to-coupon = Rabattcode
