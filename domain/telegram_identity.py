"""Who somebody is by Telegram's word: the data that a Mini App is opened with, checked as it says.

https://core.telegram.org/bots/webapps#validating-data-received-via-the-mini-app
"""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import orjson
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.account_names import keep_found_by
from domain.accounts import must_be_open
from domain.people import Profile, see_person
from kit.errors import NotSignedIn
from kit.text import printable, shorten
from store.database import insert_once
from store.models import Account, AccountState, Person, Role

GOOD_FOR = timedelta(hours=1)
# of Telegram's clock and ours
_SKEW = timedelta(seconds=30)
_MOST_BYTES = 8192
_MOST_FIELDS = 50
# https://core.telegram.org/bots/api#user: at most 52 significant bits
_MOST_ID = 2**52
_LONGEST_NAME = 64
_LONGEST_LANGUAGE = 16
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_DIGITS = 11


class BadInitData(NotSignedIn):
    code = "bad_init_data"


def mini_app_key(bot_token: str) -> bytes:
    return hmac.new(b"WebAppData", bot_token.encode(), hashlib.sha256).digest()


def read_init_data(key: bytes, init_data: str, *, now: datetime) -> Profile:
    """The person who opened the Mini App, by `mini_app_key`. Raises BadInitData for what is not Telegram's, or old."""
    fields = _fields(init_data)
    told = fields.pop("hash", "")
    checked = "\n".join(f"{name}={fields[name]}" for name in sorted(fields))
    right = hmac.new(key, checked.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(right.encode(), told.encode("utf-8", "surrogatepass")):
        raise _bad()
    written = fields.get("auth_date", "")
    if not (written.isascii() and written.isdigit() and len(written) <= _MOST_DIGITS):
        raise _bad()
    age = now - _BEGINNING - timedelta(seconds=int(written))
    if not -_SKEW <= age <= GOOD_FOR:
        raise BadInitData("this is too old; open the Mini App again")
    return _profile(fields.get("user", ""))


async def account_of_telegram(
    session: AsyncSession, bot_id: int, profile: Profile, *, open_to: frozenset[Role], now: datetime
) -> Account:
    """The account of this person; one who has none gets a buyer's where anybody may. Raises RegistrationClosed."""
    known = (Person.bot_id == bot_id, Person.telegram_id == profile.telegram_id)
    person = await session.scalar(select(Person).where(*known))
    if person is None:
        must_be_open(Role.BUYER, open_to)
        person = await see_person(session, bot_id, profile, now=now)
    mine = select(Account).where(Account.person_id == person.id)
    account = await session.scalar(mine)
    if account is not None:
        return account
    must_be_open(Role.BUYER, open_to)
    values = {
        "role": Role.BUYER,
        "state": AccountState.ACTIVE,
        "name": person.first_name,
        "person_id": person.id,
        "created_at": now,
    }
    # of two that come at once one makes it, and both are theirs
    await insert_once(session, Account, values)
    account = (await session.scalars(mine)).one()
    await keep_found_by(session, account.id)
    return account


def _fields(init_data: str) -> dict[str, str]:
    if len(init_data) > _MOST_BYTES:
        raise _bad()
    try:
        pairs = parse_qsl(init_data, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except (ValueError, UnicodeError):
        raise _bad() from None
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise _bad()
    return fields


def _profile(written: str) -> Profile:
    try:
        user: Any = orjson.loads(written)
    except ValueError:
        raise _bad() from None
    match user:
        case {"id": int(number)} if not isinstance(number, bool) and 0 < number < _MOST_ID:
            pass
        case _:
            raise _bad()
    name, username, language = (user.get(each) for each in ("first_name", "username", "language_code"))
    return Profile(
        telegram_id=number,
        first_name=shorten(_text(name) or str(number), _LONGEST_NAME),
        username=_text(username) or None,
        language=_text(language)[:_LONGEST_LANGUAGE] or "en",
    )


def _text(given: object) -> str:
    return printable(given).strip() if isinstance(given, str) else ""


def _bad() -> BadInitData:
    return BadInitData("this is not what Telegram gave to the Mini App")
