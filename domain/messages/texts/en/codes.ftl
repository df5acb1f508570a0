# Codes by which somebody shows that an account is theirs.

code-sign-in = Your code to sign in: <code>{ $code }</code>
    It is good for { $minutes } minutes. If you did not ask for it, tell it to nobody.
code-recovery = Your code for a new password: <code>{ $code }</code>
    It is good for { $minutes } minutes. If you did not ask for it, tell it to nobody.
