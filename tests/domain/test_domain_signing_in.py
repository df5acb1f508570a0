import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from domain.accounts import account_of_email, add_account, change_email, set_password
from domain.leaving import delete_account
from domain.password_links import make_password_link, must_be_good
from domain.passwords import Passwords
from domain.profiles import change_profile, profile_of
from domain.signing_in import AccountBanned, AccountSuspended, begin_in_bot, begin_session, refresh, revoke_all
from domain.standings import signed_in
from kit.errors import Refusal
from store.database import Database
from store.models import Account, AccountState, Role, SignIn

NOW = datetime(2031, 5, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
async def account(database: Database) -> Account:
    async with database.transaction() as session:
        return await add_account(session, role=Role.BUYER, name="Zoë", email="zoe@example.com", now=NOW)


async def living(database: Database) -> int:
    async with database.reading() as session:
        return len((await session.scalars(select(SignIn).where(SignIn.revoked_at.is_(None)))).all())


async def test_a_session_that_begins_while_the_password_changes_ends_with_the_others(
    database: Database, account: Account
):
    async def change() -> None:
        async with database.transaction() as session:
            await set_password(session, account.id, "another hash", now=NOW)

    async with database.transaction() as session:
        await begin_session(session, account, way="password", now=NOW)
        changing = asyncio.create_task(change())
        done, _ = await asyncio.wait({changing}, timeout=0.3)
        assert not done
    await changing
    assert await living(database) == 0


async def test_a_suspended_account_begins_no_session_and_none_goes_on(database: Database, account: Account):
    async with database.transaction() as session:
        held = await begin_session(session, account, way="password", now=NOW)
        await session.execute(update(Account).values(state=AccountState.SUSPENDED))
        # whatever the caller has read before
        for begin in (begin_session(session, account, way="code", now=NOW), begin_in_bot(session, account, now=NOW)):
            with pytest.raises(AccountSuspended):
                await begin
        assert await refresh(session, held.refresh_token, now=NOW) is None
        assert await signed_in(session, account.id, held.sign_in_id, now=NOW) is None


async def test_a_token_of_the_bot_lives_as_long_as_it_says_and_can_be_ended(database: Database, account: Account):
    async with database.transaction() as session:
        sign_in_id = await begin_in_bot(session, account, now=NOW)
        late = NOW + timedelta(minutes=15)
        assert await signed_in(session, account.id, sign_in_id, now=late - timedelta(seconds=1)) is not None
        assert await signed_in(session, account.id, sign_in_id, now=late) is None
        # a session of one account opens no other
        assert await signed_in(session, account.id + 1, sign_in_id, now=NOW) is None
        assert await revoke_all(session, account.id, now=NOW) == 1
        assert await signed_in(session, account.id, sign_in_id, now=NOW) is None


async def test_another_password_ends_the_links_for_one(database: Database, account: Account):
    async with database.transaction() as session:
        token = await make_password_link(session, account.id, now=NOW)
        await set_password(session, account.id, "a hash", now=NOW)
        with pytest.raises(Refusal, match="ask for a new one"):
            await must_be_good(session, token, now=NOW)


async def test_an_address_that_stays_the_same_stays_proven(database: Database):
    async with database.transaction() as session:
        account = await add_account(
            session, role=Role.ADMIN, name="Ada", email="ada@example.com", verified=True, now=NOW
        )
        await change_email(session, account.id, " ADA@example.com", now=NOW)
        await session.refresh(account)
        assert account.email_verified_at == NOW
        await change_email(session, account.id, "lovelace@example.com", now=NOW)
        await session.refresh(account)
        assert account.email_verified_at is None
        assert await account_of_email(session, "ada@example.com") is None
        assert await account_of_email(session, "Lovelace@example.com ") is account


async def test_passwords_are_compared_with_nothing_in_the_same_way():
    passwords = Passwords(time_cost=1, memory_kib=8)
    kept = await passwords.hash("correct horse")
    assert kept.startswith("$argon2id$v=19$m=8,t=1,p=1$")
    assert kept != await passwords.hash("correct horse")
    assert await passwords.matches(kept, "correct horse")
    for given, password in ((kept, "wrong horse"), (None, "correct horse"), ("no hash", "correct horse"), ("", "")):
        assert not await passwords.matches(given, password)
    assert not passwords.is_outdated(kept)
    assert Passwords().is_outdated(kept)
    floor = await Passwords().hash("correct horse")
    assert floor.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_nothing_is_said_about_somebody_who_has_just_left(database: Database, account: Account):
    async with database.transaction() as session:
        await delete_account(session, account.id, now=NOW)
    async with database.transaction() as session:
        with pytest.raises(AccountBanned):
            await change_profile(session, account.id, {"bio": "Films about film."}, now=NOW)
        assert await profile_of(session, account.id) is None
