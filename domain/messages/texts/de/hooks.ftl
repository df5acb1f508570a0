# outgoing webhooks: what becomes of those that nobody answers, and what cannot be done with them

hook-gone = ⚠️ Dein Webhook bei { $host } ist abgeschaltet: er hat geantwortet, dass es ihn nicht mehr gibt (410). Schalte ihn über die API wieder ein, wenn er zurück ist.
hook-failing = ⚠️ Dein Webhook bei { $host } ist abgeschaltet: seit fünf Tagen antwortet dort niemand ({ $reason }). Was auf ihn wartet, geht hinaus, sobald du ihn über die API wieder einschaltest.
refused-too_many_webhooks = Es gibt schon 20 Webhooks. Entferne erst einen.
refused-no_such_webhook = Diesen Webhook gibt es nicht.
refused-no_such_delivery = Diese Zustellung gibt es nicht.
refused-delivery_stands = Sie wartet schon auf ihre Zustellung, oder ihr Webhook ist abgeschaltet.
refused-bad_webhook = Das ist kein Webhook, der sich aufrufen lässt, oder es gibt keine Ereignisse dieses Namens.
