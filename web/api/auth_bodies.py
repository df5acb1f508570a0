"""What somebody sends who signs up."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from domain.accounts import Business
from store.models import Role
from web.api.query import Printable, Text

# longer ones are refused with a reason, and not by the bounds of bodies
_MOST_TYPED = 1000
Password = Annotated[str, Printable, Field(max_length=_MOST_TYPED)]
Slug = Annotated[str, Printable, Field(max_length=60)]
Code = Annotated[str, Printable, Field(max_length=10)]


class BuyerToBe(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    email: Text
    # 8 to 256 characters, as they are typed
    password: Password
    name: Text


class BusinessToBe(BaseModel):
    """Of the creator that one will be; without a `slug` one is made of the name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Text
    slug: Slug | None = None
    currency: Code = "usd"
    time_zone: Text = "UTC"

    def business(self) -> Business:
        return Business(self.name, self.slug, self.currency, self.time_zone)


class CreatorToBe(BuyerToBe, BusinessToBe):
    """One name for both: the person's and the business's."""


class Registration(CreatorToBe):
    """`slug`, `currency` and `time_zone` are a creator's, `company` is a brand's; others leave them out."""

    role: Role
    company: Text = ""
