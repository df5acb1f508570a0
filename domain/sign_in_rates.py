"""Whoever fails to sign in waits longer before each further try: by account, and by the address it came from.

An account is named by what was typed, so that one that exists and one that does not are answered the same. Where
somebody has signed in before, their failures are counted apart from those elsewhere: no stranger keeps them out there.
https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, delete, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from kit.errors import TooMany
from store.database import count_changed, insert_once, upsert
from store.models import RateCount
from store.sealing import digest

# failures that cost nothing; several people may sit behind one address
FREE_OF_ACCOUNT = 5
FREE_OF_ADDRESS = 20
LONGEST_WAIT = 900
# after so long without a failure all begins anew
FORGOTTEN_AFTER = timedelta(days=1)
# since somebody signed in from there last
KNOWN_FOR = timedelta(days=30)
_WAITS = (*(2**turn for turn in range(10)), LONGEST_WAIT)


@dataclass(frozen=True, slots=True)
class Tried:
    """Who tries, as they call themselves (an e-mail, a number), and from which address.

    `at_home`: it is known otherwise that somebody has signed in from there.
    """

    account: str
    address: str
    at_home: bool = False


async def must_wait(session: AsyncSession, tried: Tried, *, now: datetime, hold: bool = False) -> None:
    """Raises TooMany while a wait runs. Ask before the password is looked at, and again before its answer is given,
    with `hold` until that is saved: of tries that run side by side only so many are heard as one after the other.
    """
    names = [name for name, _ in await _rows(session, tried, now=now)]
    found = select(RateCount.began_at).where(RateCount.name.in_(names)).order_by(RateCount.name)
    rows = await session.scalars(found.with_for_update() if hold else found)
    until = max(rows.all(), default=now)
    if until > now:
        raise TooMany(
            "too many failed tries; wait before you try again",
            retry_after=max(1, -int((now - until) // timedelta(seconds=1))),
        )


async def note_failure(session: AsyncSession, tried: Tried, *, now: datetime) -> None:
    """One more failure, however many run side by side; saved although the answer is a refusal."""
    for name, free in await _rows(session, tried, now=now):
        await insert_once(session, RateCount, {"name": name, "began_at": now, "count": 0})
        await session.execute(
            update(RateCount)
            .where(RateCount.name == name, RateCount.began_at <= now - FORGOTTEN_AFTER)
            .values(count=0, began_at=now)
        )
        # its `began_at` is when the next try may begin
        until = case(
            (RateCount.count + 1 < free, _after(0, now)),
            *((RateCount.count + 1 == free + place, _after(wait, now)) for place, wait in enumerate(_WAITS)),
            else_=_after(LONGEST_WAIT, now),
        )
        await session.execute(
            update(RateCount).where(RateCount.name == name).values(count=RateCount.count + 1, began_at=until)
        )


async def clear(session: AsyncSession, tried: Tried, *, now: datetime) -> None:
    """They are in: the account's failures are forgotten, and the address is known. Raises TooMany when a wait began
    meanwhile.
    """
    (account, _), *_ = await _rows(session, tried, now=now)
    gone = delete(RateCount).where(RateCount.name == account, RateCount.began_at <= now)
    if not await count_changed(session, gone):
        await must_wait(session, tried, now=now)
    # its `began_at` is when it is known no more
    await upsert(session, RateCount, {"name": await _home(session, tried)}, {"began_at": now + KNOWN_FOR}, count=0)


def _after(seconds: int, now: datetime) -> ColumnElement[datetime]:
    return literal(now + timedelta(seconds=seconds), RateCount.began_at.type)


async def _rows(session: AsyncSession, tried: Tried, *, now: datetime) -> list[tuple[str, int]]:
    """The names of what is counted, which tell nobody who it is, and how many failures are free."""
    home = await _home(session, tried)
    known = select(RateCount.name).where(RateCount.name == home, RateCount.began_at > now)
    account = await digest(session, tried.account.casefold(), "failed.account")
    address = await digest(session, tried.address, "failed.address")
    at_home = tried.at_home or await session.scalar(known) is not None
    of_account = f"failed:{home}" if at_home else f"failed:account:{account}"
    return [(of_account, FREE_OF_ACCOUNT), (f"failed:address:{address}", FREE_OF_ADDRESS)]


async def _home(session: AsyncSession, tried: Tried) -> str:
    """The name of this account at this address."""
    told = f"{tried.account.casefold()} at {tried.address}"
    return f"known:{await digest(session, told, 'known.address')}"
