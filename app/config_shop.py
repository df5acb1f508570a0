"""`creators.SLUG.shop`: by which rails things are sold, at how many Stars, and how long links are good."""

import re
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal

from babel import Locale
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from app.config_types import MAY_BE_EMPTY, ONE_OR_MORE, SEVERAL, Currency
from domain.durations import Duration
from domain.pricing import STARS_CURRENCY
from domain.shop_setup import ShopSetup, default_rails

_LARGEST_RATE = Decimal(1_000_000)
# https://docs.stripe.com/api/checkout/sessions/create#create_checkout_session-shipping_address_collection-allowed_countries
_NOT_SENT_TO = frozenset(
    {"AS", "CX", "CC", "CU", "HM", "IR", "KP", "MH", "FM", "NF", "MP", "PW", "SD", "SY", "UM", "VI", "EU", "EZ", "UN"}
    | {"XA", "XB", "ZZ", "QO", "CQ"}
)
_TWO_LETTERS = re.compile(r"[A-Z]{2}")
_COUNTRIES = frozenset(filter(_TWO_LETTERS.fullmatch, map(str, Locale("en").territories))) - _NOT_SENT_TO


def _rate(given: Any) -> str:
    """Kept as it is written: a rate is exact."""
    try:
        rate = Decimal(str(given).strip()) if isinstance(given, str | int | float) else Decimal("nan")
    except InvalidOperation:
        rate = Decimal("nan")
    if isinstance(given, bool) or not rate.is_finite() or not 0 < rate <= _LARGEST_RATE:
        raise ValueError('must be how many Stars one whole unit of the currency is, like "77"')
    return format(rate.normalize(), "f")


def _priced_in_money(rates: dict[str, str]) -> dict[str, str]:
    if STARS_CURRENCY in rates:
        raise ValueError("Stars need no rate to themselves; name currencies such as usd")
    return rates


def _country(given: Any) -> Any:
    code = given.strip().upper() if isinstance(given, str) else given
    if code not in _COUNTRIES:
        raise ValueError(f"“{str(given)[:60]}” is not a country to send to; use two letters, like DE")
    return code


def _once_each(rails: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(rails)) < len(rails):
        raise ValueError("names a rail twice")
    return rails


Kind = Literal["file", "licence_key", "link", "channel", "service", "physical", "bundle"]
Rails = Annotated[
    tuple[Literal["stars", "stripe"], ...], ONE_OR_MORE, Field(min_length=1, max_length=2), AfterValidator(_once_each)
]
Country = Annotated[str, BeforeValidator(_country)]


class ShopConfig(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    # by kind; the rail to show first first
    rails: Annotated[dict[Kind, Rails], MAY_BE_EMPTY] = {}
    # Stars for one whole unit of a currency
    stars_rates: Annotated[
        dict[Currency, Annotated[str, BeforeValidator(_rate)]], MAY_BE_EMPTY, AfterValidator(_priced_in_money)
    ] = {}
    download_uses: Annotated[int, Field(ge=1, le=1000)] = 5
    download_days: Annotated[int, Field(ge=1, le=3650)] = 30
    # for how long an address at which something is paid leads to a checkout
    pay_link_days: Annotated[int, Field(ge=1, le=3650)] = 30
    tax: bool = False
    shipping_countries: Annotated[tuple[Country, ...], SEVERAL] = ()
    # a checkout that nobody has paid by then counts as abandoned
    abandoned_after: Duration = timedelta(hours=1)

    def setup(self) -> ShopSetup:
        """A kind that is not named here is sold as by default."""
        chosen: dict[str, tuple[str, ...]] = dict(self.rails.items())
        return ShopSetup(
            rails={**default_rails(), **chosen},
            stars_rates=self.stars_rates,
            download_uses=self.download_uses,
            download_days=self.download_days,
            pay_link_days=self.pay_link_days,
            tax=self.tax,
            shipping_countries=self.shipping_countries,
            abandoned_after=self.abandoned_after,
        )
