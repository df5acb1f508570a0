# Codes, mit denen jemand zeigt, dass ein Konto ihm gehört.

code-sign-in = Dein Code zum Anmelden: <code>{ $code }</code>
    Er gilt { $minutes } Minuten. Wenn du ihn nicht angefordert hast, sag ihn niemandem.
code-recovery = Dein Code für ein neues Passwort: <code>{ $code }</code>
    Er gilt { $minutes } Minuten. Wenn du ihn nicht angefordert hast, sag ihn niemandem.
