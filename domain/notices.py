"""Which notices about a creator's business somebody wants to read in the chat."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

# where it stands among what an account chose for itself
NOTICES = "notices"


class Notice(StrEnum):
    """Those that can be done without; whatever needs a person is told in any case."""

    SALES = "sales"
    REVIEWS = "reviews"
    STOCK = "stock"
    IDEAS = "ideas"


def wants(preferences: Mapping[str, Any] | None, notice: Notice | None) -> bool:
    """True unless they have said no."""
    if notice is None or not preferences:
        return True
    return bool(preferences.get(NOTICES, {}).get(notice.value, True))
