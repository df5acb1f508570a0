# Was aufbewahrt wird, und was man dagegen tun kann. Telegram-HTML; Werte sind schon maskiert.

privacy =
    <b>Was { $creator } über dich aufbewahrt</b>
    Was du diesem Bot sagst: deinen Namen, E-Mail-Adresse, Telefonnummer und Antworten. Was du bestellst, was dir geschickt wurde und wie du hergekommen bist. Es dient dazu, dir zu antworten, dir zu liefern, was dir gehört, und dir Nachrichten zu schicken, solange du sie willst, und zu nichts anderem.
    Es bleibt, bis du vergessen werden willst. Kopien der rohen Nachrichten werden nach { $days } { $days ->
        [one] Tag
       *[other] Tagen
    } gelöscht. Um Karten kümmert sich Stripe; sie sind hier nie zu sehen.
privacy-commands =
    /my_data – alles davon als Datei
    /stop – keine Nachrichten mehr
    /forget_me – alles löschen lassen
terms = Digitale Waren von { $creator } kommen in diesen Chat. Preise siehst du, bevor du zahlst. Wenn etwas nicht ankommt, schreib /paysupport.
stopped = Erledigt: keine Nachrichten mehr von { $creator }. Was du kaufst, kommt weiterhin an.
stop-which = Wer soll dir keine Nachrichten mehr schicken?
button-subscribe = Schickt mir wieder Nachrichten
subscribed = Schön, dass du wieder dabei bist: Nachrichten von { $creator } erreichen dich wieder.
follow-ups-asked = Nachrichten von { $creator } bekommst du nur, wenn du das sagst. Möchtest du sie?
follow-ups-come = Gut: Nachrichten von { $creator } erreichen dich jetzt.
button-follow-ups = Ja, schickt mir Nachrichten
button-everywhere = Alle
my-data-caption = Alles, was hier über dich bekannt ist.
forget-me =
    <b>Sollst du vergessen werden?</b>
    Bekannt bist du: { $creators }. Endgültig gelöscht werden: dein Name, E-Mail-Adresse, Telefonnummer und Antworten, deine Nachrichten und Dateien, Notizen und Schlagwörter, dein Platz in Kanälen, in die du dich eingekauft hast, und deine Bibliothek – hol dir vorher aus /library, was du behalten willst.
    Was du wann bezahlt hast, muss nach dem Gesetz aufbewahrt werden; es bleibt ohne deinen Namen.
forget-me-creator = Du handelst hier für einen Creator: dieses Geschäft und dein Zugang dazu bleiben, wie sie sind.
button-forget-me = Ja, vergesst mich
button-keep = Nein, nichts löschen
forget-me-kept = Es wurde nichts gelöscht.
forgotten = Erledigt: { $creator } hat dich vergessen. Mit /start fängst du neu an.
forgotten-everywhere = Erledigt: du bist hier vergessen. Mit /start fängst du neu an.
not-known-there = Dort kennt dich niemand mehr.
command-my_data = Alles, was über dich bekannt ist
command-forget_me = Vergessen werden
