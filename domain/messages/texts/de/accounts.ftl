# Of accounts, and what stands in the way of signing in.

refused-account_pending = Dein Konto wartet noch auf das Wort einer Administratorin oder eines Administrators.
refused-account_suspended = Dein Konto ist gesperrt. Wer diese Instanz betreut, kann dir sagen, warum.
refused-account_banned = Dein Konto ist geschlossen.
refused-account_deleted = Wer das bekommen sollte, hat das Konto gelöscht.

password-title = Dein Passwort
password-ask = Wähle ein Passwort mit { $least } bis { $most } Zeichen. Alle, die als du angemeldet sind, werden abgemeldet.
password-field = Neues Passwort
password-set = Festlegen
password-done = Es gilt. Melde dich mit deiner E-Mail-Adresse und diesem Passwort an.
password-over = Dieser Link wurde schon benutzt oder ist zu alt. Bitte um einen neuen.

account-password-set = Dein Konto hat jetzt ein Passwort; vorher hatte es keines.
    Wenn du das nicht warst, setze mit einem Code von mir ein anderes (<code>POST /auth/recover</code>) und sag denen Bescheid, die dieses Spark betreiben.
account-password-changed = Das Passwort deines Kontos wurde geändert, und alle anderen, die als du angemeldet waren, sind abgemeldet.
    Wenn du das nicht warst, setze mit einem Code von mir ein anderes (<code>POST /auth/recover</code>) und sag denen Bescheid, die dieses Spark betreiben.
account-email-changed = Die E-Mail-Adresse deines Kontos wurde geändert.
    Wenn du das nicht warst, ändere dein Passwort und sag denen Bescheid, die dieses Spark betreiben.
account-chat-changed = Dein Konto gehört ab jetzt zu einem anderen Chat und nicht mehr zu diesem.
    Wenn du das nicht warst, sag sofort denen Bescheid, die dieses Spark betreiben.
account-deleted = Dein Konto wurde endgültig gelöscht. Was du in diesem Chat gekauft hast, bleibt dein.
    Wenn du das nicht warst, sag sofort denen Bescheid, die dieses Spark betreiben.
