# Die Kontaktliste des Creators. Telegram-HTML; Werte sind schon maskiert.

leads-title = 👥 <b>Kontakte von { $creator }</b>: { $total }
leads-searched = Suche: { $text }
leads-filtered = Filter: <code>{ $question }</code>
leads-line = <b>{ $lead }</b> { $name } · { $stage } · { $source }
leads-range = { $first }–{ $last } von { $total }
leads-none = Noch niemand. Ein Link aus /link bringt die ersten, <code>/lead add Anna anna@example.com</code> trägt einen Kontakt ein.
leads-nobody = Niemand passt dazu.
leads-nobody-called = Niemand heißt „{ $text }“. Meintest du <code>/leads { $form }</code>? Segmente schreibst du so: <code>/leads tag:vip and last_seen&lt;30d</code>
leads-nameless = Kontakt { $lead }
leads-form = So geht es: <code>/leads anna</code>, <code>/leads tag:vip and spent&gt;=50usd</code>, <code>/leads save stammkunden spent&gt;=50usd</code> oder <code>/leads drop stammkunden</code>
leads-saved = Gespeichert als <code>segment:{ $name }</code>: derzeit { $total ->
        [one] 1 Kontakt
       *[other] { $total } Kontakte
    }.
leads-dropped = „{ $name }“ ist nicht mehr gespeichert.
leads-save-search = Eine Suche lässt sich nicht speichern. Frag mit den Worten eines Segments, zum Beispiel <code>/leads save annas name:anna</code>
leads-ask-search = Wen suchst du? Schick mir einen Namen, einen Benutzernamen, eine ganze E-Mail-Adresse oder Telefonnummer. /cancel bricht ab.
leads-filter = <b>Kontakte von { $creator } eingrenzen</b>. Filter gelten zusammen.
leads-by-stage = Phase
leads-by-tag = Tag
leads-by-source = Quelle
leads-by-standing = Status
leads-by-saved = Gespeicherte
leads-are-subscribed = möchte Nachrichten
leads-are-unsubscribed = möchte keine
leads-are-consented = hat eingewilligt
leads-are-blocked = hat den Bot blockiert
leads-are-banned = von dir gesperrt
leads-are-taken-over = übernommen
leads-no-options = Hier gibt es noch nichts zur Auswahl.
leads-button-filter = Filtern
leads-button-search = Suchen
leads-button-clear = Zurücksetzen
leads-button-export = Exportieren
leads-button-done = Kontakte zeigen
leads-button-back = ‹ Filter

# Tags

tag-list = <b>Deine Tags</b> ({ $total }). Tippe auf einen, um zu sehen, wer ihn hat.
tag-none = Noch keine Tags. <code>/tag 12 vip</code> gibt Kontakt 12 einen.
tag-form = So geht es: <code>/tag 12 vip -alt</code> gibt Kontakt 12 den Tag vip und nimmt alt weg; <code>/tag vip</code> zeigt, wer ihn hat.
tag-gone = Diesen Tag hat niemand mehr.
tags-now = { $name } (Kontakt { $lead }) hat jetzt: { $tags }
tags-none-now = { $name } (Kontakt { $lead }) hat jetzt keine Tags.
tags-absent = Das war nicht dabei: { $tags }
tag-unknown = Einen Tag „{ $tag }“ gibt es nicht; /tag listet alle auf.

# Wofür das Nächste ist, was jemand schreibt

prompt-dropped = Gut, dann nicht.
prompt-needs-text = Bitte schick dafür ein paar Worte oder /cancel.
prompt-needs-message = Bitte schick einen Text, ein Foto, ein Video oder eine Datei oder /cancel.
