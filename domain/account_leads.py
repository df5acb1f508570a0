"""The leads that an account is: whose orders and rights are its own, and as whom it buys."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from domain.events import record_event
from domain.identity import Contact, keep_contact, owner_of
from domain.lead_words import keep_words
from domain.leads import DICE_SIDES, NAME_LENGTH, capture_lead
from domain.merging import CannotMerge, merge_leads
from kit.text import shorten
from store.database import count_changed, insert_once
from store.models import Account, Lead, LeadStage, Person, Proof

SOURCE = "api"
_LIVING = (Lead.merged_into_id.is_(None), Lead.forgotten_at.is_(None))
_BY_CORE = {"synchronize_session": False}


async def leads_of_account(session: AsyncSession, account: Account, creator_id: int | None = None) -> Sequence[Lead]:
    """Every lead, of any creator or of this one, that the account or the Telegram person bound to it is."""
    theirs = [Lead.account_id == account.id]
    if account.person_id is not None:
        theirs.append(Lead.person_id == account.person_id)
    query = select(Lead).where(or_(*theirs), *_LIVING).order_by(Lead.id)
    if creator_id is not None:
        query = query.where(Lead.creator_id == creator_id)
    return (await session.scalars(query)).all()


async def lead_for_account(session: AsyncSession, creator_id: int, account: Account, *, now: datetime) -> Lead:
    """This creator's lead as whom the account buys, made where there is none.

    That of the bound Telegram person, which the account's own becomes a part of; else the account's own; else one
    whose e-mail address is the account's, where that is proven of both; else a new one. An address that nobody has
    proven joins nobody.
    """
    if account.person_id is not None:
        lead = await _of_person(session, creator_id, account, account.person_id, now=now)
    else:
        lead = await _without_chat(session, creator_id, account, now=now)
    if account.email is not None and lead.email is None:
        proof = Proof.TYPED if account.email_verified_at is None else Proof.VERIFIED
        await keep_contact(session, lead, Contact.EMAIL, account.email, proof=proof, now=now)
    return lead


async def _of_person(
    session: AsyncSession, creator_id: int, account: Account, person_id: int, *, now: datetime
) -> Lead:
    # people come before leads: docs/decisions/0016
    held = select(Person).where(Person.id == person_id).with_for_update(key_share=True)
    person = (await session.scalars(held)).one()
    lead, _ = await capture_lead(session, creator_id, person, source=SOURCE, now=now)
    own = await _own(session, creator_id, account)
    if own is not None and own.id != lead.id:
        await _bring_together(session, lead, own, now=now)
    if lead.account_id != account.id:
        theirs = update(Lead).where(Lead.id == lead.id).values(account_id=account.id)
        await session.execute(theirs, execution_options=_BY_CORE)
        await session.refresh(lead)
    return lead


async def _bring_together(session: AsyncSession, lead: Lead, own: Lead, *, now: datetime) -> None:
    """What the account bought before it was bound is the person's; a lead of another person it is no longer."""
    try:
        if own.person_id is None:
            await merge_leads(session, lead, own, now=now)
            return
    except CannotMerge:
        # somebody was faster, and it has a chat of its own by now
        pass
    await session.execute(update(Lead).where(Lead.id == own.id).values(account_id=None), execution_options=_BY_CORE)


async def _without_chat(session: AsyncSession, creator_id: int, account: Account, *, now: datetime) -> Lead:
    while True:
        lead = await _own(session, creator_id, account)
        lead = lead or await _by_email(session, creator_id, account)
        lead = lead or await _new(session, creator_id, account, now=now)
        if lead is not None:
            return lead
        # the same account buys twice at this moment, and the other was first


async def _own(session: AsyncSession, creator_id: int, account: Account) -> Lead | None:
    own = select(Lead).where(Lead.account_id == account.id, Lead.creator_id == creator_id, *_LIVING)
    return await session.scalar(own, execution_options={"populate_existing": True})


async def _by_email(session: AsyncSession, creator_id: int, account: Account) -> Lead | None:
    """Not one that is another account's, by itself or by its Telegram person."""
    if account.email is None or account.email_verified_at is None:
        return None
    owner = await owner_of(session, creator_id, Contact.EMAIL, account.email)
    if owner is None:
        return None
    bound = exists().where(Account.person_id == Lead.person_id)
    claim = update(Lead).where(Lead.id == owner.id, Lead.account_id.is_(None), ~bound, *_LIVING)
    try:
        async with session.begin_nested():
            claimed = await count_changed(session, claim.values(account_id=account.id))
    except IntegrityError:
        return None
    await session.refresh(owner)
    return owner if claimed else None


async def _new(session: AsyncSession, creator_id: int, account: Account, *, now: datetime) -> Lead | None:
    name = shorten(" ".join(account.name.split()), NAME_LENGTH)
    values = {
        "creator_id": creator_id,
        "account_id": account.id,
        "name": name,
        "source": SOURCE,
        "stage": LeadStage.NEW,
        "dice": secrets.randbelow(DICE_SIDES),
        "seen_at": now,
        "created_at": now,
    }
    lead_id = await insert_once(session, Lead, values)
    if lead_id is None:
        return None
    await keep_words(session, lead_id, creator_id, [name])
    await record_event(session, "lead.captured", creator_id=creator_id, lead_id=lead_id, now=now, source=SOURCE)
    return await session.get_one(Lead, lead_id)
