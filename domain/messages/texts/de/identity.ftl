# Wer wer ist unter den Kontakten. Telegram-HTML; Werte sind schon maskiert, wenn sie hier ankommen.

lead-duplicate-email = 👥 Kontakt { $lead } hat eine E-Mail-Adresse angegeben, die auch Kontakt { $other } hat. Keiner von beiden hat etwas vom anderen gesehen.
lead-duplicate-phone = 👥 Kontakt { $lead } hat eine Telefonnummer angegeben, die auch Kontakt { $other } hat. Keiner von beiden hat etwas vom anderen gesehen.
lead-duplicate-merge = Falls beide dieselbe Person sind: <code>/lead { $lead } merge { $other }</code>
lead-joined = 👥 Kontakt { $other }, den du eingetragen hattest, ist da: Die Person hat ihre eigene Nummer geteilt und gehört jetzt zu Kontakt { $lead }.
lead-joined-blocked = Kontakt { $other } hattest du gesperrt; Kontakt { $lead } ist nicht gesperrt. <code>/lead { $lead } block</code> sperrt ihn.
relay-told = ✉️ <b>{ $name }</b> (Kontakt { $lead }) schreibt:
    { $text }
relay-button-answer = Antworten
relay-button-give-back = Dem Bot zurückgeben
lead-typed-another-email = ✍️ Kontakt { $lead } hat eine andere E-Mail-Adresse angegeben: { $value }. Die bekannte bleibt. /lead { $lead } set email { $value } übernimmt sie.
lead-typed-another-phone = ✍️ Kontakt { $lead } hat eine andere Telefonnummer angegeben: { $value }. Die bekannte bleibt. /lead { $lead } set phone { $value } übernimmt sie.
