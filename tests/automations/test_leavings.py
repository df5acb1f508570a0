from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from automations.leavings import Leavings
from domain.accounts import add_account
from domain.creators import BIND_LIFETIME, bind_by_payload, make_bind_payload
from domain.password_links import make_password_link
from domain.people import Profile, see_person
from domain.sign_in_rates import Tried, note_failure
from domain.signing_in import begin_session, refresh, revoke_all
from kit.clock import MovableClock
from store.database import Database
from store.models import Base, BindToken, OneTimeCode, RateCount, RefreshToken, Repeatable, Role, SignIn

NOW = datetime(2031, 5, 4, 12, 0, tzinfo=UTC)


async def test_what_signing_in_leaves_behind_goes_a_day_after_its_end(database: Database):
    clock = MovableClock(frozen_at=NOW)
    leavings = Leavings(database, clock)

    async def counts() -> list[int]:
        kinds: list[type[Base]] = [SignIn, RefreshToken, OneTimeCode, RateCount, Repeatable]
        async with database.reading() as session:
            return [await session.scalar(select(func.count()).select_from(kind)) or 0 for kind in kinds]

    async with database.transaction() as session:
        account = await add_account(session, role=Role.BUYER, name="Zoë", now=NOW)
        for _ in range(25):
            await begin_session(session, account, way="password", now=NOW)
        await revoke_all(session, account.id, now=NOW)
        held = await begin_session(session, account, way="password", now=NOW)
        await make_password_link(session, account.id, now=NOW)
        await note_failure(session, Tried("zoe", "1.2.3.4"), now=NOW)
        session.add(Repeatable(account_id=account.id, key="k", digest="d", status=200, answer={}, created_at=NOW))
    assert await leavings.prune() == 0
    assert await counts() == [26, 26, 1, 2, 1]
    clock.pass_time(days=1, seconds=1)
    while await leavings.prune():
        pass
    assert await counts() == [26, 26, 1, 0, 0]
    clock.pass_time(days=3)
    async with database.transaction() as session:
        assert await refresh(session, held.refresh_token, now=clock()) is not None
    while await leavings.prune():
        pass
    # a token that was used is known again for as long as its session goes on
    assert await counts() == [26, 27, 0, 0, 0]
    clock.pass_time(days=28)
    while await leavings.prune():
        pass
    assert await counts() == [1, 2, 0, 0, 0]
    clock.pass_time(seconds=timedelta(days=4).total_seconds())
    while await leavings.prune():
        pass
    assert await counts() == [0, 0, 0, 0, 0]


async def test_links_that_bound_a_chat_go_once_they_are_spent_or_too_old(database: Database):
    clock = MovableClock(frozen_at=NOW)
    leavings = Leavings(database, clock)

    async def left() -> int:
        while await leavings.prune():
            pass
        async with database.reading() as session:
            return await session.scalar(select(func.count()).select_from(BindToken)) or 0

    async with database.transaction() as session:
        account = await add_account(session, role=Role.BUYER, name="Zoë", now=NOW)
        spent, _ = [await make_bind_payload(session, account.id, now=NOW) for _ in range(2)]
        person = await see_person(session, 4242, Profile(1001, "Zoë", None, "en"), now=NOW)
        await bind_by_payload(session, person, spent, now=NOW)
    assert await left() == 2
    clock.pass_time(days=1, seconds=1)
    assert await left() == 1
    clock.pass_time(seconds=BIND_LIFETIME.total_seconds())
    assert await left() == 0
