"""`/api/v1/profile/creators`: creators who want to be found; and a creator's own page."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, model_validator

from domain.access import Act
from domain.creator_pages import Elsewhere, as_category, change_page
from kit.errors import Invalid, NotFound
from store.models import Creator
from store.queries.profiles import CreatorFilter, CreatorSort, FoundCreator, find_creators, find_page, own_page
from web.api.lists import ListAnswer
from web.api.product_answers import Rating
from web.api.query import ListQuery, Printable, Text, Whole
from web.api.route import Call, NoBody, NoQuery, Plain, Route

_MOST_MINOR = 10**12
_MOST_PLATFORMS = 20
_Platform = Annotated[str, Printable, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$")]


class CreatorQuery(ListQuery):
    """Each narrows the list. `max_rate` is in minor units; `min_rating` from 1 to 5 stars."""

    platform: Text | None = None
    category: Text | None = None
    location: Text | None = None
    max_rate: Annotated[Whole, Field(ge=0, le=_MOST_MINOR)] | None = None
    currency: Text | None = None
    available: bool | None = None
    min_rating: Annotated[float, Field(ge=1, le=5, allow_inf_nan=False)] | None = None
    sort: CreatorSort = CreatorSort.NEWEST

    def wanted(self) -> CreatorFilter:
        return CreatorFilter(
            platform=None if self.platform is None else self.platform.strip().casefold(),
            category=None if self.category is None else as_category(self.category),
            location=None if self.location is None else " ".join(self.location.split()),
            max_rate=self.max_rate,
            currency=None if self.currency is None else self.currency.strip().lower(),
            available=self.available,
            min_rating=self.min_rating,
            sort=self.sort,
        )


class PlatformItem(BaseModel):
    platform: str
    handle: str
    followers: int


class CreatorPage(BaseModel):
    """`rate_minor` is what one piece of work costs; null: not said. `products` are those in the shop."""

    slug: str
    name: str
    bio: str
    category: str
    location: str
    rate_minor: int | None
    currency: str
    available: bool
    platforms: list[PlatformItem]
    rating: Rating
    products: int

    @classmethod
    def of(cls, found: FoundCreator) -> "CreatorPage":
        return cls(**_parts(found))


class OwnPage(CreatorPage):
    """`public`: others find it."""

    public: bool
    updated_at: datetime | None


class NewPlatform(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    platform: _Platform
    handle: Annotated[Text, Field(min_length=1)]
    followers: Annotated[StrictInt, Field(ge=0, lt=2**53)] = 0


class PageChange(BaseModel):
    """What is left out stays; a `rate_minor` of null is not said. `platforms` are given all at once."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    public: StrictBool | None = None
    bio: Annotated[str, Printable, Field(max_length=2000)] | None = None
    category: Text | None = None
    location: Text | None = None
    rate_minor: Annotated[StrictInt, Field(ge=0, le=_MOST_MINOR)] | None = None
    currency: Text | None = None
    available: StrictBool | None = None
    platforms: Annotated[list[NewPlatform], Field(max_length=_MOST_PLATFORMS)] | None = None

    @model_validator(mode="after")
    def _each_once(self) -> "PageChange":
        named = [each.platform.casefold() for each in self.platforms or ()]
        if len(set(named)) < len(named):
            raise ValueError("name each platform once")
        return self


async def show_creators(call: Call[CreatorQuery, NoBody]) -> ListAnswer[CreatorPage]:
    page = await find_creators(call.session, call.query.wanted(), call.query.paging())
    return ListAnswer[CreatorPage].of(page, CreatorPage.of)


async def show_creator(call: Plain) -> CreatorPage:
    found = await find_page(call.session, call.word("slug"))
    if found is None:
        raise NotFound("there is no such creator")
    return CreatorPage.of(found)


async def show_own(call: Call[Any, Any]) -> OwnPage:
    found = await own_page(call.session, call.creator_id)
    if found is not None:
        return OwnPage(**_parts(found), public=found.page.public, updated_at=found.page.updated_at)
    creator = await call.session.get_one(Creator, call.creator_id)
    return OwnPage(
        slug=creator.slug,
        name=creator.name,
        bio="",
        category="",
        location="",
        rate_minor=None,
        currency=creator.currency,
        available=True,
        platforms=[],
        rating=Rating.of(0, 0),
        products=0,
        public=False,
        updated_at=None,
    )


async def put_own(call: Call[NoQuery, PageChange]) -> OwnPage:
    body = call.body
    changes = body.model_dump(include=body.model_fields_set - {"platforms"})
    # of the parts only the rate can be taken back
    changes = {key: value for key, value in changes.items() if value is not None or key == "rate_minor"}
    platforms = None
    if body.platforms is not None:
        platforms = [Elsewhere(each.platform, each.handle.strip(), each.followers) for each in body.platforms]
    await change_page(call.session, call.creator_id, changes, platforms, now=call.tools.clock())
    return await show_own(call)


def _parts(found: FoundCreator) -> dict[str, Any]:
    creator, page = found.creator, found.page
    return {
        "slug": creator.slug,
        "name": creator.name,
        "bio": page.bio,
        "category": page.category,
        "location": page.location,
        "rate_minor": page.rate_minor,
        "currency": page.currency,
        "available": page.available,
        "platforms": [
            PlatformItem(platform=each.platform, handle=each.handle, followers=each.followers)
            for each in found.platforms
        ],
        "rating": Rating.of(found.stars, found.reviews),
        "products": found.products,
    }


_FOUND = "test_api_discovery.py::test_creators_are_found_by_what_is_asked_for"
_OWN = "test_api_discovery.py::test_a_creator_writes_their_own_page"

ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        "/profile/creators",
        Act.FIND_CREATORS,
        show_creators,
        "Creators who want to be found",
        {200: ListAnswer[CreatorPage]},
        query=CreatorQuery,
        rate="public",
        proves=(_FOUND,),
    ),
    Route(
        "GET",
        "/profile/creators/{slug}",
        Act.FIND_CREATORS,
        show_creator,
        "One creator's public page",
        {200: CreatorPage},
        refuses=(NotFound,),
        rate="public",
        proves=(_FOUND,),
    ),
    Route(
        "GET",
        "/profile/creator",
        Act.SEE_BUSINESS,
        show_own,
        "The creator's own page, public or not",
        {200: OwnPage},
        proves=(_OWN,),
    ),
    Route(
        "PUT",
        "/profile/creator",
        Act.CHANGE_BUSINESS,
        put_own,
        "Changes what is named of the creator's own page",
        {200: OwnPage},
        session="write",
        body=PageChange,
        refuses=(Invalid,),
        example={
            "public": True,
            "category": "Film",
            "rate_minor": 50000,
            "platforms": [{"platform": "instagram", "handle": "zoe", "followers": 12000}],
        },
        proves=(_OWN, "test_api_discovery.py::test_what_cannot_stand_on_a_page_is_refused"),
    ),
)
