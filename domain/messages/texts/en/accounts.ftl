# Of accounts, and what stands in the way of signing in.

refused-account_pending = Your account waits for an administrator’s word.
refused-account_suspended = Your account is suspended. An administrator can tell you why.
refused-account_banned = Your account is closed.

password-title = Your password
password-ask = Choose a password of { $least } to { $most } characters. Everybody who is signed in as you is signed out.
password-field = New password
password-set = Set it
password-done = It is set. Sign in with your e-mail and this password.
password-over = This link has been used or is too old. Ask for a new one.
