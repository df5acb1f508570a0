# Of accounts, and what stands in the way of signing in.

refused-account_pending = Dein Konto wartet noch auf das Wort einer Administratorin oder eines Administrators.
refused-account_suspended = Dein Konto ist gesperrt. Wer diese Instanz betreut, kann dir sagen, warum.
refused-account_banned = Dein Konto ist geschlossen.
