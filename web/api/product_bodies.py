"""What programs send of a product: all of it, or some parts."""

from typing import Annotated, cast

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

from domain.product_checks import DESCRIPTION_LENGTH, MOST_TAGS, ProductFields
from domain.products import TITLE_LENGTH
from domain.stock import MOST_STOCK
from kit.money import MOST_MINOR, MOST_STARS
from store.models import ProductKind
from web.api.instants import Instant
from web.api.query import Printable, Text

Id = Annotated[StrictInt, Field(ge=1, lt=2**63)]
Minor = Annotated[StrictInt, Field(ge=0, le=MOST_MINOR)]
Stars = Annotated[StrictInt, Field(ge=1, le=MOST_STARS)]
Stock = Annotated[StrictInt, Field(ge=0, le=MOST_STOCK)]
# any case in
Currency = Annotated[str, Printable, Field(min_length=3, max_length=3)]
Title = Annotated[str, Printable, Field(min_length=1, max_length=TITLE_LENGTH)]
# what `PUT` leaves as it is where it does not stand in the body
_STAYS = frozenset({"slug", "kind", "currency", "stock"})


class _Parts(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    slug: Annotated[str, Printable, Field(min_length=1, max_length=60)] = ""
    description: Annotated[str, Printable, Field(max_length=DESCRIPTION_LENGTH)] = ""
    kind: ProductKind = ProductKind.FILE
    currency: Currency = ""
    price_stars: Stars | None = None
    compare_at_minor: Annotated[StrictInt, Field(ge=1, le=MOST_MINOR)] | None = None
    pay_what_you_want: StrictBool = False
    category: Annotated[str, Printable, Field(max_length=40)] = ""
    tags: Annotated[tuple[Text, ...], Field(max_length=MOST_TAGS)] = ()
    # null is unlimited
    stock: Stock | None = None
    limit_per_person: Annotated[StrictInt, Field(ge=1, le=1000)] | None = None
    low_stock: Annotated[StrictInt, Field(ge=0, le=1_000_000)] = 0
    active: StrictBool = True
    active_from: Instant | None = None
    active_until: Instant | None = None
    # where a link leads; only its buyers are told
    url: Annotated[str, Printable, Field(max_length=2000)] | None = None
    # the channel or group that its buyers are let into
    chat_id: Annotated[StrictInt, Field(ge=-(2**63), lt=2**63)] | None = None
    # the creator's own words to whoever has bought it
    instructions: Annotated[str, Printable, Field(max_length=2000)] = ""
    protected: StrictBool = False
    makes_keys: StrictBool = False

    def given(self) -> ProductFields:
        """What stands in the body, but for its stock."""
        return self._fields(self.model_fields_set)

    def _fields(self, names: set[str] | frozenset[str]) -> ProductFields:
        return cast("ProductFields", {name: getattr(self, name) for name in names if name != "stock"})


class NewProduct(_Parts):
    """`price_minor` 0 is a free one. Without a currency it is the creator's; a slug is made of the title."""

    title: Title
    price_minor: Minor


class WholeProduct(NewProduct):
    """What is left out goes back to what a new product has, but for slug, kind, currency and stock, which stay."""

    def whole(self) -> ProductFields:
        return self._fields({name for name in type(self).model_fields if name not in _STAYS} | self.model_fields_set)


class SomeOfProduct(_Parts):
    """What is left out stays; null takes away what can be empty."""

    title: Title = ""
    price_minor: Minor = 0


class StockBody(BaseModel):
    """So many are left from now on; null is unlimited."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stock: Stock | None
