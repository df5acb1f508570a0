# Of accounts, and what stands in the way of signing in.

refused-account_pending = Your account waits for an administrator’s word.
refused-account_suspended = Your account is suspended. An administrator can tell you why.
refused-account_banned = Your account is closed.
refused-account_deleted = Whoever this is for has deleted their account.

password-title = Your password
password-ask = Choose a password of { $least } to { $most } characters. Everybody who is signed in as you is signed out.
password-field = New password
password-set = Set it
password-done = It is set. Sign in with your e-mail and this password.
password-over = This link has been used or is too old. Ask for a new one.

account-password-set = Your account has a password now; it had none before.
    If that was not you, set another with a code from me (<code>POST /auth/recover</code>), and tell whoever runs this Spark.
account-password-changed = The password of your account was changed, and everybody else who was signed in as you is signed out.
    If that was not you, set another with a code from me (<code>POST /auth/recover</code>), and tell whoever runs this Spark.
account-email-changed = The e-mail address of your account was changed.
    If that was not you, change your password and tell whoever runs this Spark.
account-chat-changed = Your account belongs to another chat from now on, and no more to this one.
    If that was not you, tell whoever runs this Spark at once.
account-deleted = Your account was deleted, for good. What you have bought in this chat stays yours.
    If that was not you, tell whoever runs this Spark at once.
