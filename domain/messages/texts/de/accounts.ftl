# Of accounts, and what stands in the way of signing in.

refused-account_pending = Dein Konto wartet noch auf das Wort einer Administratorin oder eines Administrators.
refused-account_suspended = Dein Konto ist gesperrt. Wer diese Instanz betreut, kann dir sagen, warum.
refused-account_banned = Dein Konto ist geschlossen.

password-title = Dein Passwort
password-ask = Wähle ein Passwort mit { $least } bis { $most } Zeichen. Alle, die als du angemeldet sind, werden abgemeldet.
password-field = Neues Passwort
password-set = Festlegen
password-done = Es gilt. Melde dich mit deiner E-Mail-Adresse und diesem Passwort an.
password-over = Dieser Link wurde schon benutzt oder ist zu alt. Bitte um einen neuen.
