# Wer wer ist unter den Leads. Telegram-HTML; Werte sind schon maskiert, wenn sie hier ankommen.

lead-duplicate-email = 👥 Lead { $lead } hat eine E-Mail-Adresse angegeben, die auch Lead { $other } hat. Keiner von beiden hat etwas vom anderen gesehen.
lead-duplicate-phone = 👥 Lead { $lead } hat eine Telefonnummer angegeben, die auch Lead { $other } hat. Keiner von beiden hat etwas vom anderen gesehen.
lead-duplicate-merge = Falls beide dieselbe Person sind: <code>/lead { $lead } merge { $other }</code>
lead-joined = 👥 Lead { $other }, den du eingetragen hattest, ist da: Die Person hat ihren eigenen Kontakt geteilt und gehört jetzt zu Lead { $lead }.
relay-told = ✉️ <b>{ $name }</b> (Lead { $lead }) schreibt:
    { $text }
relay-button-answer = Antworten
relay-button-give-back = Dem Bot zurückgeben
