# Nachrichten, von denen niemand weiß, ob sie angekommen sind. Telegram-HTML; Werte sind schon maskiert.

unclear-none = ✅ Es gibt nichts zu klären: Von jeder Nachricht ist bekannt, was aus ihr wurde.
unclear-title = ⚠️ <b>{ $count ->
        [one] Eine Nachricht ist
       *[other] { $count } Nachrichten sind
    } zu klären</b>
    Ungewisse können angekommen sein: Die Antwort von Telegram ging verloren. Fehlgeschlagene sind es nicht.
unclear-line = <b>{ $number }</b> · { $state } · { $kind } an { $to } · { $at }
    „{ $text }“
    { $reason }
unclear-button-sent = ✅ { $number } kam an
unclear-button-failed = ❌ { $number } nicht
unclear-button-again = 🔁 { $number } nochmal
unclear-button-all-sent = ✅ Alle ungewissen kamen an
unclear-button-all-again = 🔁 Alle ungewissen nochmal senden
unclear-ask-again = 🔁 { $count ->
        [one] Die ungewisse Nachricht
       *[other] Alle { $count } ungewissen Nachrichten
    } nochmal senden? Wer sie schon hat, bekommt sie zweimal.
unclear-ask-sent = ✅ { $count ->
        [one] Die ungewisse Nachricht ist
       *[other] Alle { $count } ungewissen Nachrichten sind
    } angekommen? Das lässt sich nicht zurücknehmen.
unclear-ask-most = Auf einmal gehen { $most }, die ältesten zuerst; die übrigen bleiben in der Liste.
unclear-button-yes = ✅ Ja
unclear-button-back = ◀ Zurück
unclear-unknown = Eine Nachricht { $message } gibt es bei dir nicht.
refused-settled = An Nachricht { $message } gibt es nichts zu klären: Es ist bekannt, was aus ihr wurde.
event-message-settled = Nachricht geklärt
