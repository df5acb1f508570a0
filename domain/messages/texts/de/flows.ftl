# Flows. Telegram-HTML; Werte sind schon maskiert.

answer-needs-text = Bitte antworte mit ein paar Worten.
answer-needs-email = Das sieht nicht wie eine E-Mail-Adresse aus. Bitte schick sie so: <code>ann@example.com</code>.
answer-needs-phone = Das sieht nicht wie eine Telefonnummer aus. Drück den Knopf unten oder tippe sie mit Ländervorwahl, zum Beispiel <code>+49 151 23456789</code>.
answer-needs-number = Das ist keine Zahl. Bitte schick nur die Zahl, zum Beispiel <code>12,5</code>.
answer-needs-date = Das kann ich nicht als Datum lesen. Bitte schick es so: <code>{ $example }</code> oder <code>2026-12-24</code>.
answer-needs-yes_no = Bitte antworte mit Ja oder Nein.
answer-needs-file = Bitte schick eine Datei.
answer-needs-photo = Bitte schick ein Foto.
answer-needs-location = Bitte teile mit dem Knopf unten, wo du bist, oder schick einen Standort als Anhang.
answer-needs-rating = Bitte drück einen der Knöpfe oder schick eine Zahl von 1 bis { $most }.
answer-needs-time_zone = Diesen Ort kenne ich nicht. Bitte schick die nächste große Stadt, zum Beispiel <code>Berlin</code>, oder eine Zone wie <code>Europe/Berlin</code>.
answer-zone-offset = Im Sommer gehen Uhren anders, deshalb genügen Stunden allein nicht. Bitte schick eine Stadt, zum Beispiel <code>Berlin</code>.
answer-needs-choice = Bitte drück einen der Knöpfe.
answer-needs-choices = Bitte markiere mit den Knöpfen, was passt, und drück dann auf Fertig.
answer-too-few = { $least ->
    [one] Bitte markiere mindestens eins.
   *[other] Bitte markiere mindestens { $least }.
}
answer-too-many = { $most ->
    [one] Bitte lass nur eins markiert.
   *[other] Bitte lass höchstens { $most } markiert.
}
answer-own-contact = Das ist der Kontakt von jemand anderem. Bitte teile deinen eigenen mit dem Knopf unten.
answer-too-short = { $least ->
    [one] Das ist zu kurz: mindestens ein Zeichen.
   *[other] Das ist zu kurz: mindestens { $least } Zeichen.
}
answer-too-long = { $most ->
    [one] Das ist zu lang: nur ein Zeichen.
   *[other] Das ist zu lang: höchstens { $most } Zeichen.
}
answer-wrong-form = Das hat nicht die Form, die gefragt ist. Bitte schau noch einmal auf die Frage.
answer-not-whole = Bitte schick eine ganze Zahl.
answer-too-small = Bitte schick eine Zahl ab { $least }.
answer-too-large = Bitte schick eine Zahl bis { $most }.
answer-no-such-day = Diesen Tag gibt es im Kalender nicht. Bitte prüfe ihn und schick ihn noch einmal.
answer-too-early = Das ist zu früh: frühestens { $earliest }.
answer-too-late = Das ist zu spät: spätestens { $latest }.
answer-thanks = Danke!
answer-taken = Das hast du schon beantwortet.
key-share-contact = 📱 Meine Telefonnummer teilen
key-share-location = 📍 Teilen, wo ich bin
key-skip = Überspringen
key-back = Zurück
key-done = Fertig
key-yes = Ja
key-no = Nein
# was statt einer Taste getippt werden kann, in kleinen Buchstaben, durch Kommas getrennt
typed-skip = überspringen, ueberspringen, weiter
typed-back = zurück, zurueck
typed-done = fertig, ok, das war's
typed-yes = ja, j, jep, jo, klar, gern, gerne, ok, okay
typed-no = nein, n, nö, nee
flow-cancelled = Alles klar, ich frage nicht weiter. /start beginnt von vorn, /shop zeigt, was es gibt.
flow-cancelled-waits = Alles klar, ich frage nicht weiter: „{ $title }“ endet hier. Ein anderes Gespräch geht noch weiter; noch ein /cancel beendet auch das.
nothing-to-cancel = Es gibt nichts abzubrechen.
refused-no-flow = Einen Flow „{ $name }“ gibt es nicht.
refused-many-flows = Es gibt schon { $most } Flows.
