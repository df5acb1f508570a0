# Befehle für Creator. Telegram-HTML; Werte sind schon maskiert.

creators-only = Das ist für Creator.
bound-admin = Du kümmerst dich jetzt um diesen Bot: /admin zeigt, was zu tun ist, und hier erfährst du von Bewertungen, an denen sich jemand stört.
bound-account = Dieser Chat gehört jetzt zu deinem Konto: Codes zum Anmelden kommen hier an.
bound = Du handelst jetzt für <b>{ $creator }</b>. /help zeigt, was du tun kannst.
product-added = Angelegt: Nr. { $product } <b>{ $title }</b>, { $price }, { $stock }. Schick mir die Datei dazu, um sie anzuhängen.
product-list = <b>Produkte von { $creator }</b>
product-line = { $product }. { $title } – { $price }, { $stock }
product-none = Noch keine Produkte.
product-form = So geht es: <code>/product add "Preset-Paket" 19.00 usd stock=50</code>, <code>/product list</code>, <code>/product 3</code> oder <code>/product 3 price 19.00 usd</code>
stock-unlimited = unbegrenzt
stock-left = { $stock ->
    [one] noch 1 Stück
   *[other] noch { $stock } Stück
}
button-list = Liste
button-how-to-add = So legst du eins an
file-kept = „{ $name }“ ist angekommen. Zu welchem Produkt gehört die Datei?
file-no-products = „{ $name }“ ist angekommen, aber es gibt kein Produkt, an das ich die Datei hängen kann. Leg zuerst eins an: <code>/product add "Preset-Paket" 19.00 usd</code>
file-attached = „{ $title }“ wird ab jetzt mit dieser Datei geliefert.
token = Dein API-Token, gültig für { $minutes } Minuten. Deine Nutzer-Id dort ist <code>{ $account }</code>.
    <code>{ $token }</code>
