# Start und Hilfe. Telegram-HTML; Werte sind schon maskiert.

welcome = Hallo! Hier ist { $creator }. /shop zeigt, was es gibt.
product-gone = Das wird zurzeit nicht verkauft. /shop zeigt, was es gibt, /library, was dir gehört.
welcome-back = Schön, dass du wieder da bist! /shop zeigt, was es gibt, /library, was dir gehört.
no-creator = Dieser Bot ist noch nicht eingerichtet. Wer ihn betreibt, legt mit <code>spark creator add</code> einen Creator an.
not-understood = Das habe ich nicht verstanden. /help zeigt, was ich kann.
help =
    <b>Was ich kann</b>
    /shop – was es zu kaufen gibt
    /library – was dir gehört, um es noch einmal zu bekommen
    /orders – was du bestellt hast: bezahlen, Beleg, Hilfe
    /language – in welcher Sprache ich schreibe
    /cancel – ein Gespräch abbrechen
    /stop – keine weiteren Nachfassnachrichten
    /my_data – alles, was ich über dich weiß, als Datei
    /forget_me – ich vergesse dich für immer; vorher frage ich
    /privacy, /terms, /paysupport – das Kleingedruckte
help-creator =
    <b>Für dich als Creator von { $creator }</b>
    /product – deine Produkte, <code>/product add "Preset-Paket" 19.00 usd stock=50</code> legt eins an
    /orders – deine Verkäufe: was zu tun ist, Belege, alle als Datei
    /refund – Geld erstatten, <code>/refund 12</code> oder einen Teil, <code>/refund 12 5.00</code>
    /coupon – Rabattcodes, <code>/coupon add SPRING20 20%</code> legt einen an
    /idea – deine Ideen, <code>/idea add Studiotour #video !high due:2026-12-01</code> legt eine an
    /tickets – worum du dich kümmern musst, <code>/tickets 3</code> eins davon, <code>/tickets solved</code> was gelöst ist
    /leads – deine Kontakte: Seiten, Filter, Suche; <code>/leads tag:vip and spent&gt;=50usd</code> fragt
    /lead 12 – ein Kontakt: Karte, Tags, Notizen, Schreiben; /lead zeigt, wie
    /tag – deine Tags, <code>/tag 12 vip -alt</code> ändert die von Kontakt 12
    /link – Links, die zählen, wer kam und was gekauft wurde, mit QR-Code; <code>/link flow welcome "Instagram-Profil"</code> legt einen an
    /broadcast – eine Nachricht an viele, <code>/broadcast alle Hallo!</code>; du siehst, wen sie erreicht, und wirst vorher gefragt
    /funnels – deine Nachfassreihen: was aus ihren Schritten wurde, anhalten und fortsetzen; schick mir eine YAML-Datei, um eine anzulegen oder zu ändern
    /stats – wie es heute, in 7 und in 30 Tagen gelaufen ist
    /export – deine Kontakte als CSV-Datei, <code>/export tag:vip</code> nur einen Teil davon
    /team – wer was für dich darf, <code>/team invite verwalten</code> macht einen Link für eine weitere Person
    /token – ein kurzlebiges Token für die API
    Leite mir eine Nachricht weiter, oder schick mir ein Foto, eine Sprachnachricht oder einen Link, um daraus eine Idee zu machen.
    Schick mir eine Datei, um sie an ein Produkt zu hängen, oder eine CSV mit Kontakten, um sie zu importieren.
trouble = Bei uns ist etwas schiefgegangen, und es ist notiert. Bitte versuch es noch einmal; wenn es so bleibt, nenne <code>{ $reference }</code>.
paysupport = Ärger mit einer Zahlung? Schreib ihn in eine Zeile, zum Beispiel <code>/paysupport Ich habe das Preset-Paket bezahlt und nichts bekommen</code>, und { $creator } bekommt sie und kann dir dein Geld zurückgeben: Sterne kommen ganz zurück. Der Support von Telegram kann bei dem, was du hier kaufst, nicht helfen. /library schickt dir noch einmal, was dir gehört.
paysupport-sent = { $creator } hat deine Nachricht und schreibt dir.
paysupport-told = 🛟 <b>Hilfe bei einer Zahlung</b>: <a href="tg://user?id={ $telegram }">{ $lead }</a> (Kontakt { $number }) schreibt:
    { $text }
