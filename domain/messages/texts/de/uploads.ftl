# Dateien, die Creator im Browser hochladen. Telegram-HTML; Werte sind schon maskiert.

button-upload = ⬆️ Große Datei hochladen
upload-here = Eine Datei für <b>{ $title }</b>, so groß, wie ein Browser sie schicken kann: Der Knopf öffnet eine Seite dafür. Die Seite ist nur für dich, nimmt eine Datei an und gilt eine Stunde. Heißt die Datei wie eine, die das Produkt schon hat, ist sie deren nächste Version.
button-upload-open = Seite öffnen
upload-title = Hochladen
upload-ask = Eine Datei für „{ $title }“, bis zu { $most } MB. Lass diese Seite offen, bis sie angekommen ist; im Chat erfährst du es auch.
upload-field = Datei
upload-send = Hochladen
upload-thanks = Danke!
upload-done = „{ $name }“ ist angekommen und gehört jetzt zu „{ $title }“.
upload-refused = Nicht hochgeladen
upload-told-file = „{ $name }“, { $size } MB, SHA-256 <code>{ $digest }</code>
upload-told-chat = Wer kauft, bekommt sie hier im Chat.
upload-told-link = Sie hat mehr als { $most } MB, so viel können Bots verschicken: Wer kauft, bekommt einen Link zum Herunterladen.
refused-no_such_upload = Hinter diesem Link ist nichts.
refused-upload_over = Dieser Link ist verbraucht oder zu alt. Bei den Dateien des Produkts im Chat gibt es einen neuen.
refused-upload_not_yours = Du handelst nicht mehr für den Creator dieses Produkts.
refused-upload_too_large = Eine Datei hat höchstens { $most } MB. Nichts davon wurde behalten, und der Link gilt noch.
refused-no_upload = Da war keine Datei dabei. Geh zurück und wähl eine aus; der Link gilt noch.
refused-upload_broken = Die Datei ist nicht ganz angekommen. Nichts davon wurde behalten, und der Link gilt noch: Versuch es noch einmal.
refused-no_room = Für diese Datei ist gerade kein Platz. Nichts davon wurde behalten; sag es dem, der diesen Bot betreibt, und versuch es später noch einmal.
