"""What each address that is no part of the API does, as the table of rights knows it.

Whoever opens one has no account to show. The sealed word in the address stands for what it may do, or a provider's
signature does; where it does something for a creator, the right of whoever was given it is asked by the act itself.
"""

from collections.abc import Mapping
from types import MappingProxyType

from domain.access import Act

PAGES: Mapping[str, Act] = MappingProxyType(
    {
        "/": Act.LOOK_AROUND,
        "/health": Act.LOOK_AROUND,
        "/health/db": Act.LOOK_AROUND,
        "/health/ready": Act.LOOK_AROUND,
        "/metrics": Act.LOOK_AROUND,
        "/docs": Act.LOOK_AROUND,
        "/openapi.json": Act.LOOK_AROUND,
        "/webhooks/telegram/{bot_id}": Act.BRING_NEWS,
        "/webhooks/stripe": Act.BRING_NEWS,
        "/r/{token}": Act.BROWSE_SHOP,
        "/pay/{token}": Act.BROWSE_SHOP,
        "/bought/{session}": Act.BROWSE_SHOP,
        "/d/{token}": Act.FETCH_BOUGHT,
        "/upload/{token}": Act.CHANGE_PRODUCTS,
        "/password/{token}": Act.SIGN_IN,
    }
)
