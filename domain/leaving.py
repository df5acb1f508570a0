"""Somebody deletes their own account: what is personal goes, and what others have of them stays without a name."""

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.account_words import AboutAccount, tell_owner
from domain.administration import must_leave_an_admin
from domain.api_keys import revoke_keys_of
from domain.closing import look_at_orders, settle_businesses
from domain.hooks import remove_hook
from domain.products import archive_product
from domain.reviews import forget_reviews
from domain.signing_in import revoke_all
from kit.errors import NotFound
from store.database import count_changed
from store.models import (
    ACCOUNT_MOVES,
    Account,
    AccountState,
    AccountWord,
    ApiKey,
    BindToken,
    Creator,
    CreatorProfile,
    ExternalIdentity,
    Hook,
    Invitation,
    Lead,
    Membership,
    OneTimeCode,
    Order,
    Product,
    Profile,
    Repeatable,
    SignIn,
)

_BY_CORE = {"synchronize_session": False}


async def delete_account(session: AsyncSession, account_id: int, *, now: datetime, tell: bool = True) -> None:
    """Its name, e-mail and ways to sign in go, and the e-mail is free for another account.

    Orders stay with whom they were made; unless a chat of theirs is left, those that wait to be paid are called off
    soon, and money that comes all the same goes back by itself. A creator of whom nobody else is an owner closes for
    good: products leave the shop, and whoever has bought something keeps it. `tell`: the chat that it is bound to is
    told, unless that is where they ask for it. Raises LastAdmin for the only active administrator.
    """
    await must_leave_an_admin(session, account_id)
    if tell:
        await tell_owner(session, account_id, AboutAccount.DELETED, now=now)
    gone = (
        update(Account)
        .where(Account.id == account_id, Account.state.in_(ACCOUNT_MOVES.sources(AccountState.DELETED)))
        .values(
            state=AccountState.DELETED,
            name="",
            email=None,
            email_digest=None,
            email_verified_at=None,
            password_hash=None,
            person_id=None,
        )
        .execution_options(**_BY_CORE)
    )
    if not await count_changed(session, gone):
        raise NotFound("there is no such account any more")
    # what they were about to pay would reach nobody
    theirs = select(Lead.id).where(Lead.account_id == account_id, Lead.person_id.is_(None))
    await look_at_orders(session, Order.lead_id.in_(theirs), now=now)
    await settle_businesses(session, account_id, now=now)
    for creator_id in await _owned_alone(session, account_id):
        await _close(session, creator_id, now=now)
    # nobody is left who could take their words back
    await forget_reviews(session, (await session.scalars(theirs)).all(), keep_stars=True)
    await revoke_all(session, account_id, now=now)
    await session.execute(
        update(SignIn).where(SignIn.account_id == account_id).values(agent="", address=""), execution_options=_BY_CORE
    )
    await revoke_keys_of(session, account_id, now=now)
    open_ones = (Invitation.made_by_id == account_id, Invitation.taken_at.is_(None), Invitation.revoked_at.is_(None))
    await session.execute(update(Invitation).where(*open_ones).values(revoked_at=now), execution_options=_BY_CORE)
    # whom it was for, in the words of whoever asked
    notes = update(Invitation).where(Invitation.taken_by_id == account_id).values(note="")
    await session.execute(notes, execution_options=_BY_CORE)
    for model in (ExternalIdentity, OneTimeCode, BindToken, Repeatable, Profile, AccountWord, Membership):
        await session.execute(delete(model).where(model.account_id == account_id), execution_options=_BY_CORE)
    session.expire_all()


async def _owned_alone(session: AsyncSession, account_id: int) -> list[int]:
    """Held by number, so that of two owners who go at once the second closes it."""
    owned = select(Membership.creator_id).where(Membership.account_id == account_id, Membership.owner)
    held = select(Creator.id).where(Creator.id.in_(owned)).order_by(Creator.id).with_for_update(key_share=True)
    creator_ids = (await session.scalars(held)).all()
    others = (
        select(Membership.creator_id)
        .join(Account, Account.id == Membership.account_id)
        .where(Membership.creator_id.in_(creator_ids), Membership.owner, Membership.account_id != account_id)
        .where(Account.state != AccountState.DELETED)
    )
    with_others = set(await session.scalars(others))
    return [each for each in creator_ids if each not in with_others]


async def _close(session: AsyncSession, creator_id: int, *, now: datetime) -> None:
    """Nothing of it is sold or found any more, by anybody who comes later either, and no program is told of it."""
    listed = select(Product).where(Product.creator_id == creator_id, Product.archived_at.is_(None)).order_by(Product.id)
    for product in (await session.scalars(listed)).all():
        await archive_product(session, product, now=now)
    hidden = update(CreatorProfile).where(CreatorProfile.creator_id == creator_id).values(public=False, updated_at=now)
    await session.execute(hidden, execution_options=_BY_CORE)
    keys = update(ApiKey).where(ApiKey.creator_id == creator_id, ApiKey.revoked_at.is_(None)).values(revoked_at=now)
    await session.execute(keys, execution_options=_BY_CORE)
    hooks = select(Hook).where(Hook.creator_id == creator_id, Hook.removed_at.is_(None)).order_by(Hook.id)
    for hook in (await session.scalars(hooks)).all():
        await remove_hook(session, hook, now=now)
