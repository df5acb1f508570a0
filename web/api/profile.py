"""`/api/v1/profile/me`: one's own profile, what one chose for oneself, and leaving; and finding other people."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from domain.access import Act, Standing
from domain.account_leads import leads_of_account
from domain.accounts import rename
from domain.administration import LastAdmin, must_leave_an_admin
from domain.leaving import delete_account
from domain.notices import Notice
from domain.profiles import Preferences, change_preferences, change_profile, profile_of
from kit.errors import Invalid, TooMany
from store.models import Account, Role
from store.queries.profiles import FoundPerson, find_people
from store.queries.purchases import bought_by
from web.api.accounts import AccountItem
from web.api.auth_bodies import Password
from web.api.creator_stats import Amount, kept_sums
from web.api.lists import ListAnswer
from web.api.proving import WrongPassword, prove, still
from web.api.query import ListQuery, Printable, Text
from web.api.route import Call, NoBody, NoQuery, Plain, Route

_MOST_BIO = 2000
Bio = Annotated[str, Printable, Field(max_length=_MOST_BIO)]
Site = Annotated[str, Printable, Field(max_length=500)]


class Sold(BaseModel):
    """Of a creator that the account acts for: paid orders, and what was earned without what was paid back."""

    slug: str
    sales: int
    revenue: list[Amount]
    products: int
    leads: int


class Statistics(BaseModel):
    """What one has bought, and sold."""

    orders: int
    spent: list[Amount]
    products_owned: int
    creators: list[Sold]


class Notices(BaseModel):
    """What the bot tells in the chat of a creator that one acts for, where nobody is needed for it."""

    sales: bool
    reviews: bool
    stock: bool
    ideas: bool


class PreferencesItem(BaseModel):
    """null: not chosen."""

    language: str | None
    time_zone: str | None
    notices: Notices

    @classmethod
    def of(cls, preferences: Preferences) -> "PreferencesItem":
        return cls(
            language=preferences.language,
            time_zone=preferences.time_zone,
            notices=Notices(**{each.value: wanted for each, wanted in preferences.notices.items()}),
        )


class ProfileItem(BaseModel):
    """`public`: others find it, without the e-mail."""

    account: AccountItem
    public: bool
    bio: str
    location: str
    website: str
    company: str
    preferences: PreferencesItem
    statistics: Statistics


class ProfileChange(BaseModel):
    """What is left out stays."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Text | None = None
    public: StrictBool | None = None
    bio: Bio | None = None
    location: Text | None = None
    website: Site | None = None
    company: Text | None = None


class PreferencesChange(BaseModel):
    """What is left out stays; null takes a choice back. The bot speaks the language, too."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: Text | None = None
    time_zone: Text | None = None
    notices: Annotated[dict[Notice, StrictBool], Field(max_length=len(Notice))] = {}


class Leaving(BaseModel):
    """An account that has no password leaves `current_password` out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    current_password: Password | None = None


class PersonItem(BaseModel):
    """Somebody whose profile is public."""

    id: int
    name: str
    role: Role
    bio: str
    location: str
    website: str
    company: str

    @classmethod
    def of(cls, found: FoundPerson) -> "PersonItem":
        account, profile = found.account, found.profile
        return cls(
            id=account.id,
            name=account.name,
            role=account.role,
            bio=profile.bio,
            location=profile.location,
            website=profile.website,
            company=profile.company,
        )


class PeopleQuery(ListQuery):
    """By how words of the name or the company begin."""

    query: Text = ""


async def show_me(call: Plain) -> ProfileItem:
    return await _told(call)


async def put_me(call: Call[NoQuery, ProfileChange]) -> ProfileItem:
    tools, account = call.tools, call.account
    changes = call.body.model_dump(exclude_none=True)
    name = changes.pop("name", None)
    async with tools.database.transaction() as session:
        await still(session, account)
        if name is not None:
            await rename(session, account.id, name)
        await change_profile(session, account.id, changes, now=tools.clock())
    return await _told(call)


async def put_preferences(call: Call[NoQuery, PreferencesChange]) -> PreferencesItem:
    body, now = call.body, call.tools.clock()
    changes = body.model_dump(include=body.model_fields_set - {"notices"})
    changed = await change_preferences(call.session, call.account, changes, body.notices, now=now)
    return PreferencesItem.of(changed)


async def leave(call: Call[NoQuery, Leaving]) -> None:
    tools, account = call.tools, call.account
    await prove(call, call.body.current_password)
    async with tools.database.transaction() as session:
        # administrators first, as wherever they are held
        await must_leave_an_admin(session, account.id)
        await still(session, account)
        await delete_account(session, account.id, now=tools.clock())


async def search_people(call: Call[PeopleQuery, NoBody]) -> ListAnswer[PersonItem]:
    page = await find_people(call.session, call.query.query, call.query.paging())
    return ListAnswer[PersonItem].of(page, PersonItem.of)


async def _told(call: Call[Any, Any]) -> ProfileItem:
    standings = {} if call.caller is None else call.caller.standings
    async with call.tools.database.reading() as session:
        account = await session.get_one(Account, call.account.id)
        profile = await profile_of(session, account.id)
        leads = await leads_of_account(session, account)
        bought = await bought_by(session, [lead.id for lead in leads])
    return ProfileItem(
        account=AccountItem.of(account, standings),
        public=False if profile is None else profile.public,
        bio="" if profile is None else profile.bio,
        location="" if profile is None else profile.location,
        website="" if profile is None else profile.website,
        company="" if profile is None else profile.company,
        preferences=PreferencesItem.of(Preferences.of(profile)),
        statistics=Statistics(
            orders=bought.orders,
            spent=Amount.all_of(bought.spent),
            products_owned=bought.owned,
            creators=[
                await _sold(call, slug, standing) for slug, standing in standings.items() if standing.may(Act.SEE_SALES)
            ],
        ),
    )


async def _sold(call: Call[Any, Any], slug: str, standing: Standing) -> Sold:
    sums = await kept_sums(call.tools, standing.creator_id)
    return Sold(
        slug=slug, sales=sums.sales, revenue=Amount.all_of(sums.earned), products=sums.products, leads=sums.leads
    )


_OWN = "test_api_profile.py::test_a_profile_is_written_by_its_owner"

ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        "/profile/me",
        Act.BE_ONESELF,
        show_me,
        "One's own profile, with what one has bought and sold",
        {200: ProfileItem},
        session="none",
        proves=(_OWN, "test_api_profile.py::test_a_profile_counts_what_was_bought_and_sold"),
    ),
    Route(
        "PUT",
        "/profile/me",
        Act.BE_ONESELF,
        put_me,
        "Changes what is named of one's profile",
        {200: ProfileItem},
        session="none",
        body=ProfileChange,
        refuses=(Invalid, WrongPassword),
        example={"public": True, "bio": "Films about film.", "location": "Berlin", "website": "https://zoe.example"},
        proves=(_OWN, "test_api_profile.py::test_what_cannot_stand_in_a_profile_is_refused"),
    ),
    Route(
        "DELETE",
        "/profile/me",
        Act.GUARD_ACCOUNT,
        leave,
        "Deletes one's account, for good; orders stay, and products of one's own leave the shop",
        {204: None},
        session="none",
        body=Leaving,
        refuses=(LastAdmin, WrongPassword, TooMany),
        rate="sign_in",
        example={"current_password": "correct horse"},
        proves=(
            "test_api_profile.py::test_an_account_is_deleted_by_its_password_and_not_by_a_token_alone",
            "test_api_profile.py::test_whoever_leaves_leaves_nothing_personal_and_every_session_ends",
            "test_api_profile.py::test_a_business_closes_with_its_last_owner",
            "test_api_profile.py::test_the_last_administrator_stays",
        ),
    ),
    Route(
        "PUT",
        "/profile/me/preferences",
        Act.BE_ONESELF,
        put_preferences,
        "Chooses a language, a time zone and which notices one reads",
        {200: PreferencesItem},
        session="write",
        body=PreferencesChange,
        refuses=(Invalid,),
        example={"language": "de", "time_zone": "Europe/Berlin", "notices": {"sales": False}},
        proves=(
            "test_api_profile.py::test_preferences_are_chosen_and_taken_back",
            "test_api_profile.py::test_a_notice_that_is_not_wanted_is_not_told",
        ),
    ),
    Route(
        "GET",
        "/profile/search/users",
        Act.FIND_PEOPLE,
        search_people,
        "People whose profile is public",
        {200: ListAnswer[PersonItem]},
        query=PeopleQuery,
        proves=("test_api_profile.py::test_only_those_who_want_it_are_found",),
    ),
)
