"""What an account says about itself, and how others find it; what it chose for itself."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.account_names import keep_found_by
from domain.messages.catalogue import LANGUAGES
from domain.notices import NOTICES, Notice, wants
from domain.signing_in import hold_account, must_be_active
from kit.errors import Invalid
from kit.zones import zone_names
from store.database import insert_once
from store.models import Account, Person, Profile

# without a name before the host, which would show another than the one that it leads to
_SITE = re.compile(r"https?://[^\s/?#@\\]+(?:[/?#]\S*)?", re.IGNORECASE)
LANGUAGE, TIME_ZONE = "language", "time_zone"


@dataclass(frozen=True, slots=True)
class Preferences:
    """`language` is in which Spark writes to them; `time_zone` an IANA name. None: not chosen.

    `notices` are told in the chat to those who act for a creator.
    """

    language: str | None
    time_zone: str | None
    notices: Mapping[Notice, bool]

    @classmethod
    def of(cls, profile: Profile | None) -> "Preferences":
        kept = {} if profile is None else profile.preferences
        return cls(kept.get(LANGUAGE), kept.get(TIME_ZONE), {each: wants(kept, each) for each in Notice})


async def profile_of(session: AsyncSession, account_id: int) -> Profile | None:
    """None for an account that has said nothing about itself."""
    return await session.get(Profile, account_id)


async def change_profile(
    session: AsyncSession, account_id: int, changes: Mapping[str, str | bool], *, now: datetime
) -> Profile:
    """`public`, `bio`, `location`, `website` and `company`, each only where it is given. Raises Invalid."""
    website = str(changes.get("website", ""))
    if website and not _SITE.fullmatch(website):
        raise _wrong("website", "is an address that begins with https:// or http://")
    profile = await _hold(session, account_id, now=now)
    for name, value in changes.items():
        match name:
            case "public":
                profile.public = bool(value)
            case "bio":
                profile.bio = str(value).strip()
            case "location":
                profile.location = " ".join(str(value).split())
            case "website":
                profile.website = website
            case "company":
                profile.company = " ".join(str(value).split())
    profile.updated_at = now
    await session.flush()
    await keep_found_by(session, account_id)
    return profile


async def change_preferences(
    session: AsyncSession,
    account: Account,
    changes: Mapping[str, str | None],
    notices: Mapping[Notice, bool],
    *,
    now: datetime,
) -> Preferences:
    """Only what is given; None takes a choice back. The bot speaks that language from then on. Raises Invalid."""
    language, time_zone = changes.get(LANGUAGE), changes.get(TIME_ZONE)
    if language is not None and language not in LANGUAGES:
        raise _wrong(LANGUAGE, f"is one of {', '.join(sorted(LANGUAGES))}")
    if time_zone is not None and time_zone not in zone_names():
        raise _wrong(TIME_ZONE, "is a name like Europe/Berlin")
    profile = await _hold(session, account.id, now=now)
    chosen = {key: value for key, value in {**profile.preferences, **changes}.items() if value is not None}
    wanted = {**chosen.get(NOTICES, {}), **{each.value: wanted for each, wanted in notices.items()}}
    profile.preferences = {**chosen, NOTICES: wanted} if wanted else chosen
    profile.updated_at = now
    await session.flush()
    if LANGUAGE in changes and account.person_id is not None:
        speaks = update(Person).where(Person.id == account.person_id).values(language_chosen=language)
        await session.execute(speaks)
    return Preferences.of(profile)


async def _hold(session: AsyncSession, account_id: int, *, now: datetime) -> Profile:
    """Made where there is none yet; nobody else changes it meanwhile, nor deletes the account. Raises as
    `must_be_active` does.
    """
    must_be_active(await hold_account(session, account_id))
    await insert_once(session, Profile, {"account_id": account_id, "updated_at": now})
    held = select(Profile).where(Profile.account_id == account_id).with_for_update()
    return (await session.scalars(held, execution_options={"populate_existing": True})).one()


def _wrong(part: str, told: str) -> Invalid:
    return Invalid(f"{part} {told}", fields={part: told})
