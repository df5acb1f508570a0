# Was aus Bestellungen und ihrem Geld wird. Telegram-HTML; Werte sind schon maskiert.

sale-oversold-back = ⚠️ Bestellung { $order }: { $lead } hat { $total } für „{ $title }“ bezahlt, und das letzte Stück war gerade weg. Die Sterne gehen von selbst zurück.
sale-paid-twice-back = ⚠️ Bestellung { $order }: { $lead } hat { $total } für „{ $title }“ ein zweites Mal bezahlt. Diese Sterne gehen von selbst zurück.
oversold-buyer-back = Deine Zahlung für <b>{ $title }</b> ist da, aber das letzte Stück war gerade weg. Das tut uns leid! Deine Sterne sind auf dem Weg zurück zu dir.
sale-closed-back = ⚠️ Bestellung { $order }: { $lead } hat { $total } für „{ $title }“ bezahlt, und das Geschäft ist geschlossen. Das Geld geht von selbst zurück.
sale-closed-admins = ⚠️ Bestellung { $order } bei { $creator }, geschlossen, wurde trotzdem bezahlt: { $total }. Das Geld geht von selbst zurück.
closed-buyer-back = Deine Zahlung für <b>{ $title }</b> ist da, aber dieser Shop hat geschlossen. Das tut uns leid! Dein Geld ist auf dem Weg zurück zu dir.
paid-twice-buyer-back = Du hast <b>{ $title }</b> zweimal bezahlt. Die zweite Zahlung ist auf dem Weg zurück zu dir.
sale-forgotten = ⚠️ Bestellung { $order }: { $total } kamen für „{ $title }“ von { $lead }, und wer das war, hat sich inzwischen vergessen lassen. Es gibt niemanden mehr zum Beliefern: Zahl das Geld zurück.
sale-forgotten-back = ⚠️ Bestellung { $order }: { $total } kamen für „{ $title }“ von { $lead }, und wer das war, hat sich inzwischen vergessen lassen oder das Konto gelöscht. Es gibt niemanden mehr zum Beliefern, und das Geld geht von selbst zurück.
button-refund = Zurückzahlen
button-hand-over = Trotzdem liefern
refund-made-buyer = 💸 <b>{ $title }</b>: { $total } sind auf dem Weg zurück zu dir, so wie du bezahlt hast. Bis du das Geld siehst, kann es ein paar Tage dauern.
refund-made-told = 💸 Bestellung { $order }: { $total } für „{ $title }“ sind an { $lead } zurückgegangen.
refund-failed-told = ⚠️ Bestellung { $order }: { $total } für „{ $title }“ konnten nicht an { $lead } zurückgehen: { $reason } Versuch es noch einmal oder zahl es auf anderem Weg zurück.
dispute-opened-told = ⚠️ Bestellung { $order }: Die Bank von { $lead } will { $total } für „{ $title }“ zurück ({ $reason }). Das Gekaufte ist gesperrt, bis die Bank entschieden hat. Antworte ihr bei deinem Zahlungsanbieter; dort steht auch, bis wann.
dispute-won-told = ✅ Bestellung { $order }: Der Streit um { $total } für „{ $title }“ ist für dich entschieden, und { $lead } hat alles wieder.
dispute-lost-told = ⚠️ Bestellung { $order }: Der Streit um { $total } für „{ $title }“ ist verloren. Das Geld ist weg, und { $lead } hat das Gekaufte nicht mehr.
dispute-lost-part-told = ⚠️ Bestellung { $order }: Der Streit um { $total } für „{ $title }“ ist verloren, und dieses Geld ist weg. Der Rest bleibt dir, und { $lead } hat das Gekaufte.
dispute-lost-alone-told = ⚠️ Bestellung { $order }: Der Streit um { $total } für „{ $title }“ ist verloren, und dieses Geld ist weg. { $lead } hat das Gekaufte nicht: Warum, steht bei der Bestellung.
dispute-won-alone-told = ✅ Bestellung { $order }: Der Streit um { $total } für „{ $title }“ ist für dich entschieden. { $lead } hat das Gekaufte nicht: Warum, steht bei der Bestellung.

refused-choose_variant = Such dir zuerst eine Variante aus.
refused-pieces =
    { $most ->
        [1] Davon gibt es immer nur eines auf einmal.
       *[other] Bitte zwischen 1 und { $most } Stück.
    }
refused-below-floor = Bitte mindestens { $least }.
refused-stars-alone = Das gibt es nur für Telegram-Sterne.
refused-no_address = Das kommt mit der Post, und niemand kann dich hier nach deiner Adresse fragen. Bitte schreib dem Verkäufer.
refused-not-free = Das ist nicht mehr kostenlos.
refused-no-stars-price = Das hat keinen Preis in Sternen.
refused-checkout_open = Dafür ist schon eine Kasse offen. Bezahl sie oder brich sie zuerst ab.
refused-limit = Davon kann jeder höchstens { $most } kaufen.
refused-not_oversold = Bei dieser Bestellung ist nichts mehr zu liefern.
refused-buyer-forgotten = Wer bezahlt hat, ist hier vergessen worden, und es gibt niemanden mehr zum Beliefern. Zahl das Geld zurück.
refused-nothing_to_give = Das Paket ist leer. Leg erst etwas hinein und liefere es dann.
refused-checkout_ending = Dein voriger Bezahlvorgang dafür läuft gerade aus. Bitte versuch es in einer Minute noch einmal.
refused-refund-disputed = Damit befasst sich die Bank; warte ab, wie sie entscheidet.
refused-refund-nothing = Es ist nichts mehr zurückzuzahlen.
refused-refund-amount = Es muss mehr als nichts sein.
refused-refund-more = Zurückzuzahlen sind nur noch { $left }.
refused-refund-part = Telegram zahlt Sterne nur ganz zurück.
refused-no_such_code = Diesen Code gibt es hier nicht.
refused-code-form = Ein Code hat 2 bis 32 Buchstaben, Ziffern und Bindestriche, etwa SOMMER-20.
refused-code-taken = Den Code { $code } gibt es schon.
refused-code-worth = Ein Code zieht einen Prozentsatz oder einen Betrag ab, 20% oder 5.00 usd.
refused-code-percent = Ein Prozentsatz liegt zwischen 1 und 100.
refused-code-dates = Damit wäre er zu Ende, bevor er beginnt.
refused-code-limit = Eine Grenze ist eine Zahl ab 1.
refused-code-over = Dieser Code gilt nicht mehr.
refused-code-not-yet = Dieser Code gilt noch nicht.
refused-code-other-product = Dieser Code gilt für ein anderes Produkt.
refused-code-not-yours = Dieser Code ist nicht für dich.
refused-code-used-up = Dieser Code ist aufgebraucht.
refused-code-used-by-you = Diesen Code hast du schon benutzt.
refused-code-currency = Dieser Code ist in einer anderen Währung.
