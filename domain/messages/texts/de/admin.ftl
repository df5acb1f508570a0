# Was liest, wer sich um den ganzen Bot kümmert. Telegram-HTML; Werte sind schon maskiert.

command-admin = Wie es Spark geht
admin-title = <b>Wie es Spark geht</b>
admin-rails = Bei den Zahlungswegen zu tun: { $events } Ereignisse anzuwenden, { $orders } Bestellungen nachzufragen, { $refunds } Rückzahlungen zu machen
admin-longest = Das Älteste davon wartet seit { $age }
admin-list = Liste von { $rail }: vor { $age } gelesen
admin-list-never = Liste von { $rail }: noch nicht gelesen
admin-rails-late = ⚠️ Das ist spät. Läuft <code>spark run</code>, und kommt es dorthin durch? <code>spark doctor</code> fragt alle.
admin-well = ✅ Nichts wartet auf dich.
admin-mend = Wie du alles behebst, steht in docs/OPERATING.md unter „When something is stuck“; <code>spark doctor</code> zählt dasselbe.
admin-trouble-messages = ⚠️ <b>Nachrichten: { $count }</b>, Alter der ältesten: { $age }. Sie konnten bisher nicht gesendet werden, oder niemand weiß, ob sie ankamen. Sieh nach in <code>outbox_message</code>, <code>error</code>: Sende sie noch einmal oder lass es sein.
admin-trouble-replies = ⚠️ <b>Antworten: { $count }</b>, Alter der ältesten: { $age }. Sie wurden nach vielen Versuchen aufgegeben. Sieh nach in <code>telegram_update</code>, <code>resumed</code>; wer gefragt hat, kann noch einmal fragen.
admin-trouble-updates = ⚠️ <b>Updates: { $count }</b>, Alter des ältesten: { $age }. Sie ließen sich seit gestern nicht bearbeiten. Warum, steht im Log unter ihrer <code>correlation_id</code>; wer geschrieben hat, kann noch einmal schreiben.
admin-trouble-payments = ⚠️ <b>Ereignisse von Zahlungen: { $count }</b>, Alter des ältesten: { $age }. Sie passen zu keiner Bestellung oder lassen sich nicht anwenden, und es kann Geld gekommen sein. Sieh nach in <code>provider_event</code>, <code>error</code>, und dort, wo bezahlt wurde.
admin-trouble-refunds = ⚠️ <b>Rückzahlungen: { $count }</b>, Alter der ältesten: { $age }. Sie sind noch nicht gemacht oder wurden seit gestern abgelehnt. Sieh nach in <code>refund</code>, <code>error</code>; eine abgelehnte stößt ihr Creator mit /refund neu an.
admin-trouble-checkouts = ⚠️ <b>Kassen: { $count }</b>, fällig seit: { $age }. Niemand konnte fragen, wie sie stehen, und was sie zurückhalten, bleibt zurückgehalten. Kommt Spark zu Stripe und Telegram durch?
admin-trouble-orders = ⚠️ <b>Überverkaufte Bestellungen: { $count }</b>, Alter der ältesten: { $age }. Das Geld ist da, und der Vorrat war weg. Ihre Creators haben Knöpfe, um es zurückzugeben oder trotzdem zu liefern.
admin-trouble-follow-ups = ⚠️ <b>Follow-ups: { $count }</b>, Alter des ältesten: { $age }. Sie sind mit ihrem Grund abgestellt; /funnels zeigt sie ihren Creatorn, zum Nochmal-Versuchen oder Loslassen. Im Speicher: <code>enrollment</code>, <code>reason</code>.
admin-trouble-clock-jumps = ⚠️ <b>Sprünge einer Uhr: { $count }</b>, Alter des ersten: { $age }. Seit gestern wurde die Uhr einer Maschine gestellt, oder sie schlief. Halte sie mit NTP; <code>clock_jump</code> weiß, um wie viel.
admin-unknown-order = ⚠️ { $rail } spricht von einer Bestellung, die hier niemand kennt, und auch nach vielen Versuchen ist sie nicht aufgetaucht ({ $kind }, { $event }). Es kann Geld dafür gekommen sein: Sieh bei { $rail } nach und gib es dort zurück, wenn es hier zu nichts gehört. /admin zeigt, was sonst noch wartet.
admin-unapplied = ⚠️ Was { $rail } gemeldet hat, ließ sich auch nach vielen Versuchen nicht anwenden ({ $kind }, { $event }): <code>{ $reason }</code> Es kann Geld gekommen sein: Mehr steht im Log. /admin zeigt, was sonst noch wartet.
button-look-again = 🔄 Noch einmal nachsehen
button-admin-reported = 🚩 Gemeldete Bewertungen: { $count }
