# Wer für einen Creator handelt, und was sie dürfen. Telegram-HTML; Werte sind maskiert, bevor sie hierher kommen.

command-team = Wer was für dich darf
right-view = ansehen
right-manage = verwalten
right-send = senden
right-money = geld
right-support = hilfe
team-title = <b>Team von { $creator }</b>
team-line = { $number }. { $name } – { $rights }
team-line-inactive = { $number }. { $name } – { $rights } (Konto nicht aktiv)
team-owner = Eigentümer
team-invited = ✉️ Einladung { $number }: { $rights }, bis { $until }
team-invited-for = ✉️ Einladung { $number } für { $note }: { $rights }, bis { $until }
team-button-invite = ➕ Einladen
team-button-leave = 🚪 Team verlassen
team-button-list = ‹ Team
team-button-remove = 🗑 Aus dem Team nehmen
team-button-remove-yes = Ja, herausnehmen
team-button-leave-yes = Ja, verlassen
team-button-revoke = ✖ Einladung { $number }
team-button-make = ✉️ Link erstellen
team-form = So geht es: <code>/team invite verwalten senden für Noor</code>, <code>/team rights 3 ansehen hilfe</code>, <code>/team owner 3</code>, <code>/team remove 3</code>, <code>/team revoke 2</code> oder <code>/team leave</code>.
    Rechte: ansehen – alles sehen; verwalten – Kontakte, Produkte, Entwürfe; senden – Nachrichten an viele und Nachfassreihen gehen hinaus; geld – Erstattungen; hilfe – Leuten schreiben, Tickets, Bewertungen. Wer eines davon hat, darf auch ansehen.
team-invite-which = Was sollen sie dürfen? Tippe die Rechte an, dann erstelle den Link.
team-invite = Dieser Link lässt eine Person ins Team von <b>{ $creator }</b>: { $rights }. Er gilt sieben Tage; schick ihn sonst niemandem.
    { $url }
team-member = <b>{ $name }</b> (Nr. { $number }): { $rights }
    Antippen gibt ein Recht oder nimmt es.
team-member-owner = <b>{ $name }</b> (Nr. { $number }) gehört dieses Geschäft und darf alles.
team-remove-asked = { $name } aus dem Team nehmen? Was sie dürfen, endet sofort.
team-removed = { $name } ist nicht mehr im Team.
team-leave-asked = Das Team von <b>{ $creator }</b> verlassen? Zurück geht es nur mit einer neuen Einladung.
team-left = Du handelst nicht mehr für <b>{ $creator }</b>.
team-revoked = Einladung { $number } ist zurückgenommen.
team-joined = Du handelst jetzt für <b>{ $creator }</b>: { $rights }. /help zeigt, was du tun kannst.
team-joined-told = 👥 { $name } ist jetzt in deinem Team: { $rights }. /team
joined-as-creator = Du bist hier jetzt Creator. /help zeigt, was du tun kannst.
joined-as-brand = Du bist hier jetzt als Marke.
joined-as-agent = Du hilfst jetzt, diesen Bot zu betreuen: /admin zeigt, was zu tun ist.
joined-as-admin = Du betreust jetzt diesen Bot: /admin zeigt, was zu tun ist, und du hörst hier von Bewertungen, an denen sich jemand stört.
