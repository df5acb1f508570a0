# Kontakte aus CSV-Dateien und in CSV-Dateien. Telegram-HTML; Werte sind schon maskiert.

command-export = Deine Kontakte als CSV-Datei
import-taken = „{ $name }“ ist da. Ich sehe sie erst durch; ohne dein Ja wird nichts zum Kontakt.
import-too-big = Die Datei hat { $size } MB, und Telegram gibt Bots nur Dateien bis 20 MB. Teile sie auf und schick die Teile nacheinander.
import-checked = 📄 <b>{ $name }</b>: { $rows ->
        [one] 1 Zeile
       *[other] { $rows } Zeilen
    } durchgesehen. Gespeichert ist noch nichts.
import-tally = ➕ { $added } neu · 🔁 { $known } schon bekannt (nur Leeres wird ergänzt) · ⚠️ { $bad } nicht zu gebrauchen
import-columns = <b>Spalten</b>
import-column = { $column } → { $field }
import-more = … und { $count } weitere
import-known = <b>Schon bekannt</b>
import-known-row = Zeile { $row } ist Kontakt { $lead }
import-problems = <b>Nicht zu gebrauchen</b>
import-problem = Zeile { $row }: { $reason }
import-nothing = So gibt es nichts zu importieren. Ändere die Spalten, oder bessere die Datei aus und schick sie noch einmal.
import-button-go = { $rows ->
        [one] 1 Zeile
       *[other] { $rows } Zeilen
    } importieren
import-button-columns = Spalten ändern
import-button-leave = Abbrechen
import-button-before = ‹ Zurück
import-button-behind = Weiter ›
import-choose-column = Welche Spalte?
import-choose-target = Was ist „{ $column }“?
import-going = Der Import von „{ $name }“ läuft.
import-left = „{ $name }“ ist verworfen. Nichts wurde importiert.
import-again = Ich sehe „{ $name }“ noch einmal durch.
import-done = ✅ <b>{ $name }</b> ist importiert: { $added } neu, { $changed } ergänzt, { $same } unverändert, { $bad } nicht übernommen.
import-problems-file = Alle Zeilen, die nicht zu gebrauchen sind, mit dem Grund. Bessere sie dort aus und schick diese Datei: Ihre ersten beiden Spalten bleiben außen vor.
import-known-file = Alle Zeilen, die schon ein Kontakt sind.
import-failed = Mit „{ $name }“ ging es nicht: { $reason }
import-broke = Spark ist daran gescheitert. Was schon importiert ist, bleibt; im Log steht der Grund.
import-gone = Telegram hat die Datei nicht mehr. Schick sie noch einmal.
import-left-out = weggelassen
import-target-name = Name
import-target-first-name = Vorname
import-target-last-name = Nachname
import-target-email = E-Mail
import-target-phone = Telefon
import-target-source = Quelle
import-target-tags = Tags
import-target-stage = Phase
import-target-score = Punkte
import-target-time-zone = Zeitzone
import-target-consent = Einwilligung
import-target-unsubscribed = abgemeldet
import-target-lead = Nummer des Kontakts
import-target-first-name-in-telegram = Vorname bei Telegram, nur zum Vergleich
import-target-username = Nutzername bei Telegram, nur zum Vergleich
import-is-workbook = das ist eine Arbeitsmappe; speichere sie erst als CSV
import-not-text = das ist keine Textdatei
import-empty = die erste Zeile ist leer; sie muss die Spalten benennen
import-bad-header = die erste Zeile ist nicht zu lesen; sie muss die Spalten benennen
import-no-header = die erste Zeile sieht nach einem Kontakt aus; sie muss die Spalten benennen (Name, E-Mail, Telefon …)
import-many-columns = es sind mehr als { $most } Spalten
import-same-column = die Spalten { $first } und { $second } heißen beide „{ $name }“
import-long-line = eine Zeile ist länger als ein Megabyte, das ist wohl keine CSV-Datei
import-much-broken = zu viele Zeilen sind gar kein CSV (Anführungszeichen, die nie enden)
import-broken-quotes = ein Anführungszeichen endet nicht, oder danach folgt noch Text
import-nul = darin steht ein NUL-Zeichen
import-ragged = sie hat { $cells } Zellen, die Kopfzeile { $columns }
import-long-cell = „{ $column }“ ist länger als { $most } Zeichen
import-nobody = weder Name noch E-Mail noch Telefon
import-bad-email = „{ $column }“ ist keine E-Mail-Adresse
import-bad-phone = „{ $column }“ ist keine Telefonnummer mit Landesvorwahl (+49 151 …)
import-long-name = der Name ist länger als { $most } Zeichen
import-long-source = „{ $column }“ ist länger als { $most } Zeichen
import-bad-tag = „{ $column }“: ein Tag hat bis zu 40 Buchstaben, Ziffern und Bindestriche
import-bad-stage = „{ $column }“ ist keine Phase; es gibt { $stages }
import-bad-score = „{ $column }“ ist keine ganze Zahl
import-bad-zone = „{ $column }“ ist keine Zeitzone wie Europe/Berlin
import-bad-moment = „{ $column }“ liegt in der Zukunft oder lange zurück
import-bad-date = „{ $column }“ ist kein Datum wie 2026-12-31 oder 31.12.2026
import-bad-number = „{ $column }“ ist keine Zahl wie 12.5
import-bad-yes-no = „{ $column }“ ist weder ja noch nein
import-bad-choice = „{ $column }“ ist keins von { $options }
import-bad-place = „{ $column }“ ist kein Ort wie 52.52, 13.405
import-no-file = „{ $column }“ ist eine Datei, und Dateien kommen nicht per CSV
import-two-leads = die E-Mail gehört Kontakt { $email }, das Telefon Kontakt { $phone }
import-same-email = dieselbe E-Mail wie Zeile { $row }
import-same-phone = dasselbe Telefon wie Zeile { $row }
import-same-lead = derselbe Kontakt ({ $lead }) wie Zeile { $row }
import-was-forgotten = Kontakt { $lead } wollte vergessen werden
import-was-merged = Kontakt { $lead } gehört inzwischen zu Kontakt { $into }
import-lead-gone = Kontakt { $lead } wurde gerade zusammengeführt oder vergessen
import-taken-meanwhile = E-Mail oder Telefon hat inzwischen jemand anderes
transfer-progress-check = ⏳ Datei wird durchgesehen: { $rows } Zeilen, { $rate } pro Sekunde
transfer-progress-import = ⏳ Import: { $rows } Zeilen, { $rate } pro Sekunde
transfer-progress-export = ⏳ Export: { $rows } Kontakte, { $rate } pro Sekunde
transfer-progress-left = { $percent } % · noch etwa { $minutes } min { $seconds } s
transfer-progress-over = ✔️ { $rows } Zeilen
export-taken = Deine Kontakte sind unterwegs.
export-done = { $leads ->
        [one] 1 Kontakt
       *[other] { $leads } Kontakte
    }. Was eine Tabelle für eine Formel hielte, hat ein Apostroph davor; ein Import nimmt es wieder weg.
export-part = Teil { $part } von { $parts }.
export-none = Das trifft auf keinen Kontakt zu.
