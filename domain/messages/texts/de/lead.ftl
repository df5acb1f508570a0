# Ein Kontakt, wie sein Creator ihn sieht. Telegram-HTML; Werte sind schon maskiert.

lead-menu = <b>Kontakte</b>: /leads listet sie auf, <code>/lead 12</code> zeigt einen.
lead-button-list = Neueste Kontakte
lead-button-forms = Was ich mit einem tun kann
lead-form = So geht es: <code>/lead 12</code>, <code>/lead 12 tag vip</code>, <code>untag vip</code>, <code>note …</code>, <code>write …</code>, <code>stage customer</code>, <code>score +5</code>, <code>set FELD WERT</code>, <code>enroll FUNNEL</code>, <code>merge 15</code>, <code>give 7 …</code>, <code>revoke 7 …</code>, <code>take</code>, <code>back</code>, <code>block</code>, <code>unblock</code>, <code>timeline</code>, <code>forget</code> oder <code>/lead add Anna anna@example.com +4915123456789</code>
lead-form-add = So geht es: <code>/lead add Anna Schmidt anna@example.com +4915123456789 source:messe</code>; ein Teil davon genügt.
lead-form-tag = So geht es: <code>/lead { $lead } tag vip berlin</code>
lead-form-untag = So geht es: <code>/lead { $lead } untag vip</code>
lead-form-note = So geht es: <code>/lead { $lead } note Auf der Messe getroffen</code>
lead-form-write = So geht es: <code>/lead { $lead } write Hallo, wie geht es dir?</code>
lead-form-stage = So geht es: <code>/lead { $lead } stage gekauft</code>; die Phasen sind { $stages }.
lead-form-score = So geht es: <code>/lead { $lead } score +5</code>, <code>score -5</code> oder <code>score 20</code>
lead-form-set = So geht es: <code>/lead { $lead } set name Anna</code>, und <code>-</code> leert das Feld; die Felder sind { $fields }.
lead-form-enroll = So geht es: <code>/lead { $lead } enroll FUNNEL</code>; die Funnels sind: { $funnels }
lead-form-merge = So geht es: <code>/lead { $lead } merge 15</code>, mit der Nummer eines anderen deiner Kontakte, der dieselbe Person ist.
lead-unknown = Es gibt keinen Kontakt { $lead }.
lead-is-forgotten = Kontakt { $lead } wurde vergessen; von ihm ist nichts mehr da.
lead-is-merged = Kontakt { $lead } gehört jetzt zu Kontakt { $into }.
lead-added = Eingetragen: <b>{ $name }</b> (Kontakt { $lead })
lead-tagged = { $name } (Kontakt { $lead }) hat jetzt: { $tags }
lead-untagged = { $name } (Kontakt { $lead }) hat nicht mehr: { $tags }
lead-not-tagged = { $name } (Kontakt { $lead }) hatte nicht: { $tags }
lead-noted = Notiert zu { $name } (Kontakt { $lead }).
lead-written = ✉️ Unterwegs an { $name } (Kontakt { $lead }).
lead-written-waits = ✉️ { $name } (Kontakt { $lead }) hat den Bot blockiert: Deine Nachricht wartet, bis von dort wieder etwas kommt.
lead-without-chat = { $name } (Kontakt { $lead }) hat keinen Chat mit dem Bot.
lead-staged = { $name } (Kontakt { $lead }) ist jetzt in der Phase { $stage }.
lead-scored = { $name } (Kontakt { $lead }) hat { $score } Punkte.
lead-field-set = { $name } (Kontakt { $lead }): { $field } ist gespeichert.
lead-field-emptied = { $name } (Kontakt { $lead }): { $field } ist leer.
lead-enrolled = { $name } (Kontakt { $lead }) beginnt den Funnel { $funnel }.
lead-banned = { $name } (Kontakt { $lead }) ist gesperrt: Der Bot antwortet nicht mehr. Was bezahlt ist, kommt trotzdem an.
lead-unbanned = { $name } (Kontakt { $lead }) ist nicht mehr gesperrt.
lead-taken = Du hast den Chat mit { $name } (Kontakt { $lead }) übernommen: Der Bot schweigt, und du bekommst, was geschrieben wird. <code>/lead { $lead } back</code> gibt ihn zurück.
lead-given-back = Der Bot antwortet { $name } (Kontakt { $lead }) wieder.
lead-ask-write = Was soll ich { $name } (Kontakt { $lead }) schreiben? Schick einen Text, ein Foto oder eine Datei. /cancel bricht ab.
lead-ask-note = Was soll ich zu { $name } (Kontakt { $lead }) notieren? /cancel bricht ab.
lead-ask-tag = Welcher Tag für { $name } (Kontakt { $lead })? /cancel bricht ab.
lead-ask-merge = Welcher Kontakt ist dieselbe Person wie { $name } (Kontakt { $lead })? Schick seine Nummer. /cancel bricht ab.
lead-choose-tags = Tags von <b>{ $name }</b> (Kontakt { $lead })
lead-choose-stage = Phase von <b>{ $name }</b> (Kontakt { $lead })
lead-choose-funnel = Welcher Funnel für <b>{ $name }</b> (Kontakt { $lead })?
lead-no-funnels = Es gibt keinen Funnel, den { $name } (Kontakt { $lead }) beginnen könnte.
lead-forget-asked = <b>{ $name }</b> (Kontakt { $lead }) vergessen? Antworten, Nachrichten, Dateien, Notizen und Tags verschwinden für immer. Bestellungen bleiben ohne Namen, wie es das Gesetz verlangt. Das lässt sich nicht rückgängig machen.
refused-lead_owns = Diesem Kontakt gehört etwas von dir, oder er hat bezahlt, was ihm genommen wurde; das ginge ohne Erstattung verloren. Erstatte es vorher, oder lass die Person mit /forget_me darum bitten.
lead-forgotten = Kontakt { $lead } wurde vergessen.
lead-merge-asked = <b>{ $other_name }</b> (Kontakt { $other }) mit <b>{ $name }</b> (Kontakt { $lead }) zusammenführen? Antworten, Notizen, Tags, Bestellungen, Nachrichten und der Verlauf stehen dann zusammen unter der Nummer { $lead }; wo beide geantwortet haben, gilt { $lead }, und die andere Antwort wird zur Notiz. Das lässt sich nicht rückgängig machen.
lead-merge-chat = Kontakt { $lead } bekommt den Chat von Kontakt { $other }.
lead-merge-chat-taken = Kontakt { $lead } bekommt den Chat von Kontakt { $other }, den du übernommen hast.
lead-merge-blocked = Kontakt { $other } ist von dir gesperrt; Kontakt { $lead } ist es dann auch.
lead-merge-not-blocked = Kontakt { $other } ist von dir gesperrt. Kontakt { $lead } ist es nicht, und dabei bleibt es.
lead-merge-unsubscribed = Kontakt { $other } möchte keine Nachfassnachrichten; Kontakt { $lead } bekommt dann auch keine mehr.
lead-button-tag = Tag
lead-button-new-tag = ➕ Neuer Tag
lead-button-stage = Phase
lead-button-note = Notiz
lead-button-write = Schreiben
lead-button-enroll = Funnel
lead-button-timeline = Verlauf
lead-button-take = Übernehmen
lead-button-give = Zurückgeben
lead-button-block = Sperren
lead-button-unblock = Entsperren
lead-button-merge = Zusammenführen
lead-button-merge-yes = { $other } mit { $lead } zusammenführen
lead-button-forget = Vergessen
lead-button-forget-yes = Für immer vergessen
lead-button-forget-library = Vergessen, samt allem Gekauften
lead-button-files = 📎 Dateien ({ $count })
lead-button-card = ‹ Zurück
lead-button-list-back = ‹ Zurück zur Liste

# Was mit einem Kontakt geschah

timeline-title = <b>{ $name }</b> (Kontakt { $lead }): { $total ->
        [one] 1 Ereignis
       *[other] { $total } Ereignisse
    }, Zeiten in { $zone }
timeline-line = { $at } <b>{ $name }</b> { $about }
