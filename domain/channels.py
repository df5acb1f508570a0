"""Channels and groups in which the bot is: whose they are, and what it may do there."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from domain.access import Act, Standing, read_rights
from domain.channel_passes import Invitation, may_invite, note_join, try_removals_again
from domain.deliveries import deliver_waiting
from domain.events import record_event
from domain.messages.catalogue import say
from domain.messages.plain import Message
from domain.outbox import Told, queue_message, tell_creator
from kit.text import shorten
from store.database import insert_once, upsert
from store.models import (
    Account,
    AccountState,
    Channel,
    ChannelPass,
    Creator,
    Entitlement,
    Lead,
    Membership,
    OutboxKind,
    Person,
    Product,
    ProductKind,
)

TITLE_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Seen:
    """What Telegram tells of the bot in a channel or group; `by` is the Telegram id of whoever changed it."""

    bot_id: int
    chat_id: int
    title: str
    may_invite: bool
    may_remove: bool
    by: int
    may_post: bool = False


async def see_channel(session: AsyncSession, seen: Seen, *, now: datetime) -> None:
    """Knows the channel from now on, as one of whoever made the bot an administrator there.

    Its creator is told at once of what was lost, and of what works from now on. Who waited to be let in is, and who
    was to go out goes.
    """
    before = await session.scalar(select(Channel).where(Channel.bot_id == seen.bot_id, Channel.chat_id == seen.chat_id))
    could = (
        (before.may_invite, before.may_remove, bool(before.may_post)) if before is not None else (False, False, False)
    )
    may = (seen.may_invite, seen.may_remove, seen.may_post)
    if before is None and not any(may):
        # a mere member lets nobody in
        return
    creator_id = None if before is None else before.creator_id
    if creator_id is None or not any(could):
        creator_id = await _creator_of(session, seen) or creator_id
    await upsert(
        session,
        Channel,
        {"bot_id": seen.bot_id, "chat_id": seen.chat_id},
        {
            "title": shorten(seen.title, TITLE_LENGTH),
            "creator_id": creator_id,
            "may_invite": seen.may_invite,
            "may_remove": seen.may_remove,
            "may_post": seen.may_post,
            "seen_at": now,
        },
    )
    if creator_id is not None:
        lost = any(had and not has for had, has in zip(could, may, strict=True))
        if lost or may != could:
            await _tell(session, seen, creator_id, lost=lost, now=now)
    could_invite, could_remove, _ = could
    if seen.may_invite and not could_invite:
        for product in await _products_of(session, seen.chat_id):
            await deliver_waiting(session, product, now=now)
    if seen.may_remove and not could_remove:
        await try_removals_again(session, seen.chat_id, now=now)


async def note_posting(session: AsyncSession, channel_id: int, *, may_post: bool) -> None:
    """As Telegram says when it is asked, of a channel that was known before posts were."""
    unasked = (Channel.id == channel_id, Channel.may_post.is_(None))
    await session.execute(update(Channel).where(*unasked).values(may_post=may_post))


async def see_join(
    session: AsyncSession, chat_id: int, telegram_id: int, *, pass_id: int | None, now: datetime
) -> None:
    """Somebody has come in; one who came by a link that was not for them goes out, and its owner is told."""
    welcome = await note_join(session, pass_id, chat_id, telegram_id, now=now)
    if welcome or pass_id is None:
        return
    row = (
        await session.execute(
            select(Entitlement.id, Product.title, Lead.id.label("lead_id"), Lead.creator_id, Person)
            .join(ChannelPass, ChannelPass.entitlement_id == Entitlement.id)
            .join(Product, Product.id == Entitlement.product_id)
            .join(Lead, Lead.id == Entitlement.lead_id)
            .join(Person, Person.id == Lead.person_id)
            .where(ChannelPass.id == pass_id, Entitlement.revoked_at.is_(None))
        )
    ).one_or_none()
    if row is None or row.Person.telegram_id == telegram_id:
        return
    await queue_message(
        session,
        Message(text=say("channel-link-misused", row.Person.speaks, title=row.title)),
        key=f"channel-misused:{pass_id}:{telegram_id}",
        kind=OutboxKind.NOTICE,
        creator_id=row.creator_id,
        person_id=row.Person.id,
        lead_id=row.lead_id,
        now=now,
    )


async def note_no_invite(session: AsyncSession, invitation: Invitation, error: str, *, now: datetime) -> None:
    """Telegram lets the bot make no link into that chat: the creator is told, once for each who waits for one."""
    await session.execute(
        update(ChannelPass).where(ChannelPass.id == invitation.pass_id).values(error=error, changed_at=now)
    )
    row = (
        await session.execute(
            select(Product.title, Product.creator_id)
            .join(Entitlement, Entitlement.product_id == Product.id)
            .join(ChannelPass, ChannelPass.entitlement_id == Entitlement.id)
            .where(ChannelPass.id == invitation.pass_id)
        )
    ).one()

    def told(language: str) -> Message:
        return Message(text=say("channel-no-invite", language, title=row.title, reason=error))

    await tell_creator(session, told, key=f"channel-no-invite:{invitation.pass_id}", creator_id=row.creator_id, now=now)


async def tell_of_stuck_removal(session: AsyncSession, pass_id: int, error: str, *, now: datetime) -> None:
    """Somebody who has lost the right is still in, and only a person can put them out."""
    row = (
        await session.execute(
            select(Product.title, Product.creator_id, Lead.id.label("lead_id"), ChannelPass.changed_at)
            .join(Entitlement, Entitlement.product_id == Product.id)
            .join(ChannelPass, ChannelPass.entitlement_id == Entitlement.id)
            .join(Lead, Lead.id == Entitlement.lead_id)
            .where(ChannelPass.id == pass_id)
        )
    ).one()

    def told(language: str) -> Message:
        return Message(text=say("channel-still-in", language, title=row.title, lead=row.lead_id, reason=error))

    key = f"channel-still-in:{pass_id}:{row.changed_at.timestamp():.0f}"
    await tell_creator(session, told, key=key, creator_id=row.creator_id, lead_id=row.lead_id, now=now)


async def move_chat(session: AsyncSession, before: int, after: int, *, now: datetime) -> None:
    """A group has become a supergroup, which has another number: https://core.telegram.org/bots/api#message

    Who waits to be let in or is to go out is so there. Twice, and by several at once, is a no-op.
    """
    await session.execute(update(Product).where(Product.chat_id == before).values(chat_id=after))
    # whose right has led into both goes out of it by the one that leads there already
    there = aliased(ChannelPass)
    both = exists().where(there.entitlement_id == ChannelPass.entitlement_id, there.chat_id == after)
    await session.execute(delete(ChannelPass).where(ChannelPass.chat_id == before, both))
    await session.execute(update(ChannelPass).where(ChannelPass.chat_id == before).values(chat_id=after))
    known = await session.scalars(
        select(Channel).where(Channel.chat_id == before).order_by(Channel.id).with_for_update(),
        execution_options={"populate_existing": True},
    )
    for old in known.all():
        # the new one may be known already, by what Telegram has told of the bot there
        values = {
            "bot_id": old.bot_id,
            "chat_id": after,
            "creator_id": old.creator_id,
            "title": old.title,
            "may_invite": old.may_invite,
            "may_remove": old.may_remove,
            "may_post": old.may_post,
            "seen_at": old.seen_at,
        }
        if await insert_once(session, Channel, values) is None:
            new = update(Channel).where(Channel.bot_id == old.bot_id, Channel.chat_id == after)
            await session.execute(new.where(Channel.creator_id.is_(None)).values(creator_id=old.creator_id))
        await session.delete(old)
    await session.flush()
    if await may_invite(session, after):
        for product in await _products_of(session, after):
            await deliver_waiting(session, product, now=now)
    await try_removals_again(session, after, now=now)


async def _tell(session: AsyncSession, seen: Seen, creator_id: int, *, lost: bool, now: datetime) -> None:
    name = "channel.lost" if lost else "channel.found"
    await record_event(session, name, creator_id=creator_id, subject=f"chat:{seen.chat_id}", now=now)
    key = f"{name}:{seen.chat_id}:{now.timestamp():.3f}"
    await tell_creator(session, _told(seen, lost=lost), key=key, creator_id=creator_id, now=now)


def _told(seen: Seen, *, lost: bool) -> Told:
    def told(language: str) -> Message:
        rights = {"invite": seen.may_invite, "remove": seen.may_remove, "post": seen.may_post}
        may = {name: "yes" if has else "no" for name, has in rights.items()}
        return Message(text=say("channel-lost" if lost else "channel-found", language, title=seen.title, **may))

    return told


async def _creator_of(session: AsyncSession, seen: Seen) -> int | None:
    """For whom the person acts: for the creator whom they are talking to where that is theirs, else their first."""
    rows = await session.execute(
        select(Creator.id, Person.creator_id, Membership.owner, Membership.rights)
        .join(Membership, Membership.creator_id == Creator.id)
        .join(Account, Account.id == Membership.account_id)
        .join(Person, Person.id == Account.person_id)
        .where(Person.bot_id == seen.bot_id, Person.telegram_id == seen.by, Account.state == AccountState.ACTIVE)
        .order_by(Creator.id)
    )
    # a channel is sold as a product is
    theirs = [row for row in rows if Standing(row.id, row.owner, read_rights(row.rights)).may(Act.CHANGE_PRODUCTS)]
    current = [row.id for row in theirs if row.id == row.creator_id]
    return next(iter([*current, *(row.id for row in theirs)]), None)


async def _products_of(session: AsyncSession, chat_id: int) -> list[Product]:
    known = exists().where(Entitlement.product_id == Product.id, Entitlement.delivered_at.is_(None))
    found = await session.scalars(
        select(Product)
        .where(Product.chat_id == chat_id, Product.kind == ProductKind.CHANNEL, known)
        .order_by(Product.id)
    )
    return list(found.all())
