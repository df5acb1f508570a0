# Of accounts, and what stands in the way of signing in.

refused-account_pending = Your account waits for an administrator’s word.
refused-account_suspended = Your account is suspended. An administrator can tell you why.
refused-account_banned = Your account is closed.
