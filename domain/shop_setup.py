"""What a creator has set up about selling: by which rails, at how many Stars, and how long a download is good."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from store.models import ProductKind

# what is used digitally is sold for Stars first: https://telegram.org/tos/bot-developers, 6.2
DIGITAL = (ProductKind.FILE, ProductKind.LICENCE_KEY, ProductKind.LINK, ProductKind.CHANNEL, ProductKind.BUNDLE)


def default_rails() -> Mapping[str, tuple[str, ...]]:
    """By kind, the rail to show first first."""
    return {kind: ("stars", "stripe") if kind in DIGITAL else ("stripe",) for kind in ProductKind}


@dataclass(frozen=True, slots=True)
class ShopSetup:
    rails: Mapping[str, tuple[str, ...]] = field(default_factory=default_rails)
    # Stars for one whole unit of a currency
    stars_rates: Mapping[str, str] = field(default_factory=dict)
    download_uses: int = 5
    download_days: int = 30
    # for how long an address at which something is paid leads to a checkout
    pay_link_days: int = 30
    # the rail works out the tax
    tax: bool = False
    # two-letter codes of the countries that physical products are sent to
    shipping_countries: tuple[str, ...] = ()
    # a checkout that nobody has paid by then counts as abandoned
    abandoned_after: timedelta = timedelta(hours=1)
