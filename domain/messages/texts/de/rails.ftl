# Bezahllinks, Rückzahlungen und Bezahlwege. Telegram-HTML; Werte sind schon maskiert, wenn sie hierherkommen.

link-mismatch = ⚠️ Stripe meldet eine Zahlung über einen deiner Bezahllinks, die nicht zu seinem Preis passt, deshalb wurde nichts geliefert. Schau in Stripe nach.
link-ended-told = Der Bezahllink von „{ $title }“ ist abgeschaltet, weil es so nicht mehr verkauft wird. Leg einen neuen an, wenn du einen willst.
claimed = Danke! Was du gekauft hast, gehört dir: { $title }. Du findest es jederzeit in /library.
claimed-over = { $title } gehört dir nicht (mehr): Stand der Bestellung: { $state }. /orders zeigt sie dir.
claimed-pending = Danke! Deine Zahlung für { $title } ist unterwegs. Es kommt hierher, sobald das Geld da ist.
bought-title = Danke!
bought-paid = Deine Zahlung ist angekommen. Hol dir in Telegram, was du gekauft hast: Der Knopf öffnet es für dich.
bought-oversold = Deine Zahlung ist angekommen, aber das letzte Stück war gerade weg. Das tut uns leid! Wer es verkauft, weiß Bescheid und erstattet oder liefert es; öffne es in Telegram, dort hörst du davon.
bought-going-back = Deine Zahlung ist angekommen, aber das hier kann dir nicht mehr übergeben werden. Das tut uns leid! Dein Geld ist auf dem Weg zurück zu dir.
bought-pending = Deine Zahlung ist unterwegs. Das kann einige Tage dauern; hol dir in Telegram, was du gekauft hast, sobald sie da ist.
bought-waiting = Deine Zahlung wird nachgeschlagen. Diese Seite sieht von selbst noch einmal nach.
bought-nothing = Unter dieser Adresse gibt es keinen Kauf.
bought-button = In Telegram abholen
refused-payments_off = Bezahlen ist hier noch nicht eingerichtet.
refused-claim_spent = Diesen Kauf hat schon jemand abgeholt. Frag nach, wenn du das nicht warst.
refused-no_claim = Hinter diesem Link steht kein Kauf.
refused-by-rail = { $rail } sagt: { $reason }
refused-refund-unknown = die Rückzahlung ist dort nicht mehr bekannt
refused-link-no-stripe = Stripe ist hier nicht eingerichtet: Wer Spark betreibt, setzt zuerst den Schlüssel
refused-link-archived = das ist im Archiv: <code>/product { $product } restore</code> holt es zurück
refused-link-stars = das hat nur einen Preis in Sternen: <code>/product { $product } price 19.00 eur</code> gibt ihm einen Preis in Geld
refused-link-rail = Produkte dieser Art werden hier nicht über Stripe verkauft: trag stripe in der config.yaml unter shop, rails, { $kind } ein
refused-link-off-sale = das ist zurzeit nicht im Verkauf: <code>/product { $product } sale on</code>, und sieh nach den Daten
refused-link-price = ein Bezahllink braucht einen festen Preis: <code>/product { $product } pwyw off</code>, und ein Preis über 0
refused-link-stock = einen Bezahllink gibt es nur für das, was nie ausgeht: nimm zuerst den Bestand weg (bei einem Paket auch den seiner Teile) und die Grenze je Person
refused-link-empty = in diesem Paket ist noch nichts, also bekäme niemand etwas: leg erst ein Produkt hinein
refused-link_ended = Dieser Bezahllink ist abgeschaltet.
refused-no-paylink = „{ $title }“ hat keinen solchen Bezahllink, oder er ist schon abgeschaltet.
button-paylinks = 🌐 Bezahllink für anderswo
button-paylink-make = ➕ Link anlegen
button-paylink-off = ✕ Abschalten
button-paylink-end = Ja, abschalten
button-try-again = Noch einmal versuchen
own-paylinks = Bezahllinks von <b>{ $title }</b>: Seiten bei Stripe, die du postest, wo du willst. Jeder kann dort bezahlen und bekommt es dann im Chat mit mir.
own-paylink = · { $title } – { $price }: { $url }
paylink-made = <b>{ $title }</b> gibt es hier für { $price }: { $url }

    Poste den Link, wo du willst. Er geht von selbst aus, wenn sich der Preis ändert oder es so nicht mehr verkauft wird.
paylink-failed = ⚠️ Der Bezahllink von „{ $title }“ konnte nicht angelegt werden. { $why }
paylink-ask-end = Soll der Bezahllink von <b>{ $title }</b> abgeschaltet werden? Dann kann dort niemand mehr zu bezahlen anfangen, und er lässt sich nicht wieder einschalten; du kannst einen neuen mit anderer Adresse anlegen. Wer gekauft hat, behält es.
paylink-ended = Der Bezahllink von <b>{ $title }</b> wird abgeschaltet; gleich kann dort niemand mehr zu bezahlen anfangen.
product-form-paylink = So geht es: <code>/product { $product } paylink</code>, <code>paylink off</code>, und für eine Variante <code>paylink "Groß"</code>, <code>paylink "Groß" off</code>
link-stays-told = ⚠️ Der Bezahllink von „{ $title }“ konnte noch nicht abgeschaltet werden: Unter { $url } kann weiter bezahlt werden. { $why } Ich versuche es weiter; du kannst ihn auch in Stripe abschalten.
event-payment_link-opened = Bezahllink angelegt
event-payment_link-ended = Bezahllink abgeschaltet
