# Kanäle und Gruppen. Telegram-HTML; Werte sind schon maskiert.

channel-found = ✅ Ich sehe „{ $title }“ jetzt. Ich darf { $invite ->
        [yes] Leute hineinlassen
       *[no] niemanden hineinlassen (gib mir das Recht, einzuladen)
    } und { $remove ->
        [yes] sie entfernen
       *[no] niemanden entfernen (gib mir das Recht, zu sperren)
    }.{ $post ->
        [yes] { " " }Ich darf deine Ideen dort veröffentlichen.
       *[no] { "" }
    }
channel-lost = ⚠️ Ich habe in „{ $title }“ Rechte verloren. Ich darf { $invite ->
        [yes] weiterhin Leute hineinlassen
       *[no] niemanden mehr hineinlassen
    } und { $remove ->
        [yes] sie weiterhin entfernen
       *[no] niemanden mehr entfernen
    }. Mach mich dort wieder zum Administrator, mit den Rechten, einzuladen, zu sperren und, wo deine Ideen erscheinen, Nachrichten zu veröffentlichen; wer wartet, kommt dann sofort hinein.
channel-no-invite = ⚠️ Jemand wartet darauf, in „{ $title }“ zu kommen, und Telegram gibt mir keinen Einladungslink: { $reason }. Mach mich dort zum Administrator mit dem Recht, Leute einzuladen; ich versuche es weiter.
channel-still-in = ⚠️ Kontakt { $lead } hat das Recht auf „{ $title }“ verloren, und ich kann ihn nicht entfernen: { $reason }. Bitte mach es von Hand.
channel-link-misused = Über deinen Link zu <b>{ $title }</b> ist jemand anders hereingekommen und wurde entfernt. Er war nur für dich; in /library bekommst du einen neuen.
