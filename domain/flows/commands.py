# Spark's own commands, those to come too: none of them can begin a creator's flow
SPARKS_OWN = frozenset(
    {"admin", "ask", "back", "broadcast", "cancel", "coupon", "deals", "export", "forget_me", "funnels", "help"}
    | {"idea", "import", "inbox", "language", "lead", "leads", "library", "link", "my_data", "orders", "package"}
    | {"paysupport", "privacy", "product", "refund", "settings", "shop", "skip", "start", "stats", "stop", "tag"}
    | {"team", "terms", "tickets", "token"}
)
