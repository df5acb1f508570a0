# Hinweise an den Creator. Telegram-HTML; Werte sind schon maskiert.

lead-told = 🙋 <b>Neuer Kontakt</b> Nr. { $lead }, Quelle { $source }
lead-answer = { $field }: { $value }
sale-told = 💶 <b>Verkauf</b>: { $title } für { $total } an { $lead } (Bestellung { $order })
sale-free-told = 🎁 { $title } für { $total } an { $lead }, mit dem Code { $reason } (Bestellung { $order })
sale-free-sent-told = 🎁 { $title } für { $total } an { $lead } (Bestellung { $order })
sale-oversold = ⚠️ Bestellung { $order }: { $lead } hat { $total } für „{ $title }“ bezahlt, und das letzte Stück war gerade weg. Zahl das Geld zurück oder liefere eins mehr.
sale-paid-twice = ⚠️ Bestellung { $order }: { $lead } hat { $total } für „{ $title }“ ein zweites Mal bezahlt. Zahl diese zweite zurück.
sale-paid-again = ⚠️ Bestellung { $order }: { $lead } hat { $total } für „{ $title }“ noch einmal bezahlt. Was vorher kam, ist zurückgegangen oder liegt bei einer Bank, damit ist es also wieder gekauft. War das ein Versehen, zahl auch diese Zahlung zurück.
payment-failed-told = ⚠️ Bestellung { $order }: Die Zahlung von { $lead } für „{ $title }“ hat nicht geklappt. Geliefert wurde nichts, und { $lead } weiß Bescheid.
checkout-refused = ⚠️ Bestellung { $order }: { $rail } wollte für „{ $title }“ keine Bezahlseite anlegen: { $reason }
payment-mismatch = ⚠️ Bestellung { $order }: { $rail } meldet eine Zahlung, die nicht dazu passt, deshalb wurde nichts geliefert. Schau in { $rail } nach.
delivery-stuck = ⚠️ { $person } hat „{ $title }“ vielleicht nicht bekommen: { $reason }. Es gehört ihnen und wird nicht von selbst noch einmal geschickt: Bitte sie, mir /library zu schicken und es dort anzutippen. (Nachricht { $delivery })
