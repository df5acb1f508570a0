import asyncio

import pytest
from folk import NOW, a_creator, a_lead, a_person, events
from sqlalchemy.ext.asyncio import AsyncSession

from domain.account_leads import lead_for_account, leads_of_account
from domain.forgetting import forget_lead
from domain.leads import add_lead, capture_lead
from domain.merging import CannotMerge, merge_leads
from store.database import Database
from store.models import Account, Lead, Person, Proof, Role

MAIL = "ada@example.com"


async def an_account(
    session: AsyncSession, *, email: str | None = None, verified: bool = False, person: Person | None = None
) -> Account:
    account = Account(
        role=Role.BUYER,
        name="Ada  Byron",
        email=email,
        email_verified_at=NOW if verified else None,
        person_id=None if person is None else person.id,
        created_at=NOW,
    )
    session.add(account)
    await session.flush()
    return account


async def test_an_account_buys_as_one_lead_of_each_creator_and_an_unproven_address_joins_nobody(
    database: Database,
) -> None:
    async with database.transaction() as session:
        creator, other = await a_creator(session), await a_creator(session, "atelier", telegram_id=1002)
        known = await add_lead(session, creator.id, email=MAIL, now=NOW)
        account = await an_account(session, email=MAIL)
        lead = await lead_for_account(session, creator.id, account, now=NOW)
        again = await lead_for_account(session, creator.id, account, now=NOW)
        elsewhere = await lead_for_account(session, other.id, account, now=NOW)
        assert lead.id == again.id != known.id
        assert (lead.account_id, lead.name, lead.source, lead.person_id) == (account.id, "Ada Byron", "api", None)
        assert (lead.email, lead.email_proof) == (MAIL, Proof.TYPED)
        assert (known.account_id, elsewhere.creator_id) == (None, other.id)
        assert [each.id for each in await leads_of_account(session, account)] == [lead.id, elsewhere.id]
        assert [each.id for each in await leads_of_account(session, account, other.id)] == [elsewhere.id]
        assert await events(session, "lead.captured") == ["lead.captured"] * 2


async def test_a_proven_address_finds_the_lead_that_the_creator_entered_unless_somebody_else_is_it(
    database: Database,
) -> None:
    async with database.transaction() as session:
        creator = await a_creator(session)
        known = await add_lead(session, creator.id, email=MAIL, now=NOW)
        account = await an_account(session, email=MAIL, verified=True)
        assert (await lead_for_account(session, creator.id, account, now=NOW)).id == known.id
        assert known.account_id == account.id
        # the same address proven by another account, as by two issuers: it is a lead of its own, and claims nothing
        second = await an_account(session, email=MAIL, verified=True)
        lead = await lead_for_account(session, creator.id, second, now=NOW)
        assert (lead.id == known.id, lead.email_proof) == (False, Proof.TYPED)
        with_account = await session.get_one(Lead, known.id)
        with pytest.raises(CannotMerge):
            await merge_leads(session, with_account, lead, now=NOW)


async def test_a_bound_chat_is_who_buys_and_what_was_bought_before_it_was_bound_is_theirs(database: Database) -> None:
    async with database.transaction() as session:
        creator = await a_creator(session)
        account = await an_account(session, email=MAIL, verified=True)
        before = await lead_for_account(session, creator.id, account, now=NOW)
        assert before.email_proof == Proof.VERIFIED
        account.person_id = (await a_person(session)).id
        await session.flush()
        # nobody of this creator's by chat yet
        lead = await lead_for_account(session, creator.id, account, now=NOW)
        assert (lead.person_id, lead.account_id, lead.email) == (account.person_id, account.id, MAIL)
        await session.refresh(before)
        assert (before.merged_into_id, before.account_id) == (lead.id, None)
        assert [each.id for each in await leads_of_account(session, account)] == [lead.id]
        # and the chat's own /start finds the same
        captured, new = await capture_lead(
            session, creator.id, await session.get_one(Person, account.person_id), source=None, now=NOW
        )
        assert (captured.id, new) == (lead.id, False)


async def test_merging_carries_the_account_and_forgetting_leaves_it_nothing(database: Database) -> None:
    async with database.transaction() as session:
        creator = await a_creator(session)
        account = await an_account(session)
        own = await lead_for_account(session, creator.id, account, now=NOW)
        with_chat, _ = await a_lead(session, creator)
        await merge_leads(session, with_chat, own, now=NOW)
        assert [each.id for each in await leads_of_account(session, account)] == [with_chat.id]
        await forget_lead(session, with_chat, now=NOW)
        assert await leads_of_account(session, account) == []
        again = await lead_for_account(session, creator.id, account, now=NOW)
        assert again.id not in {own.id, with_chat.id}


async def test_of_two_first_purchases_at_once_both_are_one_leads(database: Database) -> None:
    async with database.transaction() as session:
        creator, account = await a_creator(session), await an_account(session)

    async def buy() -> int:
        async with database.transaction() as session:
            return (await lead_for_account(session, creator.id, account, now=NOW)).id

    assert len(set(await asyncio.gather(*(buy() for _ in range(6))))) == 1
