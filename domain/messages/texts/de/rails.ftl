# Bezahllinks, Rückzahlungen und Bezahlwege. Telegram-HTML; Werte sind schon maskiert, wenn sie hierherkommen.

link-mismatch = ⚠️ Stripe meldet eine Zahlung über einen deiner Bezahllinks, die nicht zu seinem Preis passt, deshalb wurde nichts geliefert. Schau in Stripe nach.
link-ended-told = Der Bezahllink von „{ $title }“ ist abgeschaltet, weil es so nicht mehr verkauft wird. Leg einen neuen an, wenn du einen willst.
claimed = Danke! Was du gekauft hast, gehört dir: { $title }. Du findest es jederzeit in /library.
claimed-pending = Danke! Deine Zahlung für { $title } ist unterwegs. Es kommt hierher, sobald das Geld da ist.
bought-title = Danke!
bought-paid = Deine Zahlung ist angekommen. Hol dir in Telegram, was du gekauft hast: Der Knopf öffnet es für dich.
bought-pending = Deine Zahlung ist unterwegs. Das kann einige Tage dauern; hol dir in Telegram, was du gekauft hast, sobald sie da ist.
bought-waiting = Deine Zahlung wird nachgeschlagen. Diese Seite sieht von selbst noch einmal nach.
bought-nothing = Unter dieser Adresse gibt es keinen Kauf.
bought-button = In Telegram abholen
refused-payments_off = Bezahlen ist hier noch nicht eingerichtet.
refused-claim_spent = Diesen Kauf hat schon jemand abgeholt. Frag nach, wenn du das nicht warst.
refused-no_claim = Hinter diesem Link steht kein Kauf.
refused-by-rail = { $rail } sagt: { $reason }
refused-refund-unknown = die Rückzahlung ist dort nicht mehr bekannt
refused-link-rail = das wird nicht über Stripe verkauft, also hat es keinen Bezahllink
refused-link-price = ein Bezahllink braucht einen festen Preis
refused-link-stock = einen Bezahllink gibt es nur für das, was nie ausgeht: nimm zuerst Bestand und Höchstzahl weg
