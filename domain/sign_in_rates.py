"""Whoever fails to sign in waits longer before each further try: by account, and by the address it came from.

An account is named by what was typed, so that one that exists and one that does not are answered the same.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, delete, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from kit.errors import TooMany
from store.database import count_changed, insert_once
from store.models import RateCount
from store.sealing import digest

# failures that cost nothing; several people may sit behind one address
FREE_OF_ACCOUNT = 5
FREE_OF_ADDRESS = 20
LONGEST_WAIT = 900
# after so long without a failure all begins anew
FORGOTTEN_AFTER = timedelta(days=1)
_WAITS = (*(2**turn for turn in range(10)), LONGEST_WAIT)


@dataclass(frozen=True, slots=True)
class Tried:
    """Who tries, as they call themselves (an e-mail, a number), and from which address."""

    account: str
    address: str


async def must_wait(session: AsyncSession, tried: Tried, *, now: datetime) -> None:
    """Raises TooMany while a wait runs. Ask before the password is looked at, and again before its answer is given:
    of tries that ran side by side only so many are heard as one after the other would be.
    """
    names = [name for name, _ in await _rows(session, tried)]
    until = await session.scalar(select(func.max(RateCount.began_at)).where(RateCount.name.in_(names)))
    if until is not None and until > now:
        raise TooMany(
            "too many failed tries; wait before you try again",
            retry_after=max(1, -int((now - until) // timedelta(seconds=1))),
        )


async def note_failure(session: AsyncSession, tried: Tried, *, now: datetime) -> None:
    """One more failure, however many run side by side; saved although the answer is a refusal."""
    for name, free in await _rows(session, tried):
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
    """They are in: the account's failures are forgotten. Raises TooMany when a wait began meanwhile."""
    (account, _), *_ = await _rows(session, tried)
    gone = delete(RateCount).where(RateCount.name == account, RateCount.began_at <= now)
    if not await count_changed(session, gone):
        await must_wait(session, tried, now=now)


def _after(seconds: int, now: datetime) -> ColumnElement[datetime]:
    return literal(now + timedelta(seconds=seconds), RateCount.began_at.type)


async def _rows(session: AsyncSession, tried: Tried) -> list[tuple[str, int]]:
    """The names of what is counted, which tell nobody who it is, and how many failures are free."""
    account = await digest(session, tried.account.casefold(), "failed.account")
    address = await digest(session, tried.address, "failed.address")
    return [(f"failed:account:{account}", FREE_OF_ACCOUNT), (f"failed:address:{address}", FREE_OF_ADDRESS)]
