# outgoing webhooks: what becomes of those that nobody answers, and what cannot be done with them

hook-gone = ⚠️ Your webhook at { $host } has been switched off: it answered that it is gone (410). Switch it on again by the API once it is back.
hook-failing = ⚠️ Your webhook at { $host } has been switched off: nobody has answered there for five days ({ $reason }). What waits for it is told once you switch it on again by the API.
refused-too_many_webhooks = There are 20 webhooks already. Remove one first.
refused-no_such_webhook = There is no such webhook.
refused-no_such_delivery = There is no such delivery.
refused-delivery_stands = It waits to be delivered already, or its webhook is switched off.
refused-bad_webhook = That is no webhook that can be called, or there are no events of that name.
