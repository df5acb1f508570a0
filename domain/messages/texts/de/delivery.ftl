# Lieferung. Telegram-HTML; Werte sind schon maskiert.

delivery = Hier ist <b>{ $title }</b>. Es bleibt deins: /library.
delivery-to-come = <b>{ $title }</b> gehört dir. Hier erfährst du, wie du es bekommst.
gift-missing = ⚠️ Dein Flow verspricht das kostenlose Produkt „{ $slug }“, und unter diesem Kürzel gibt es keins, das kostenlos zu haben ist. Leg es mit <code>/product add</code> und dem Preis 0 an; das Kürzel entsteht aus dem Titel.
delivery-without-file = ⚠️ Jemand hat gerade „{ $title }“ bekommen, und es gibt noch keine Datei dazu. Schick mir die Datei und häng sie an Produkt { $product }, dann geht sie sofort raus.
library = <b>Deins</b>
library-empty = Hier ist noch nichts. /shop zeigt, was es gibt.
library-again = Noch einmal geschickt.
