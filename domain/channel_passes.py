"""The way into a channel or group for one right: promised, an invite link, joined, and out again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from kit.errors import Conflict
from store.database import count_changed, insert_once, wake
from store.models import (
    PASS_MOVES,
    Channel,
    ChannelPass,
    Entitlement,
    Lead,
    PassState,
    Person,
    Product,
)

TOPIC = "passes"
# an invite that nobody has used by then opens nothing any more
INVITE_GOOD_FOR = timedelta(days=7)
# who removes somebody has so long before another tries
CLAIMED_FOR = timedelta(minutes=2)
MOST_ATTEMPTS = 30
LONGEST_WAIT = timedelta(hours=6)


class StillInside(Conflict):
    """Somebody else has come in by the link of this right, and goes out first."""

    code = "still_inside"


@dataclass(frozen=True, slots=True)
class Invitation:
    """What an invite link is made for; `before` is the one that it takes the place of."""

    pass_id: int
    chat_id: int
    telegram_id: int
    before: str | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Removal:
    """Somebody is to be out of a chat, and a link that they have not used is to open nothing."""

    pass_id: int
    chat_id: int
    telegram_id: int
    invite_link: str | None


async def may_invite(session: AsyncSession, chat_id: int) -> bool:
    """Whether the bot may let people into that chat, as far as Telegram has told."""
    return bool(await session.scalar(select(exists().where(Channel.chat_id == chat_id, Channel.may_invite))))


async def promise_pass(session: AsyncSession, entitlement: Entitlement, chat_id: int, *, now: datetime) -> None:
    """A way into the chat is to be made for this right. Twice is a no-op."""
    values = {
        "entitlement_id": entitlement.id,
        "chat_id": chat_id,
        "state": PassState.PROMISED,
        "attempts": 0,
        "retry_at": now,
        "created_at": now,
        "changed_at": now,
    }
    await insert_once(session, ChannelPass, values)


async def begin_invite(session: AsyncSession, entitlement_id: int, *, now: datetime) -> Invitation | None:
    """What a link into the chat is made for; None where the right is gone, or there is no chat to be let into.

    Raises StillInside.
    """
    row = (
        await session.execute(
            select(Entitlement, Product.chat_id, Person.telegram_id)
            .join(Product, Product.id == Entitlement.product_id)
            .join(Lead, Lead.id == Entitlement.lead_id)
            .join(Person, Person.id == Lead.person_id)
            .where(Entitlement.id == entitlement_id, Entitlement.revoked_at.is_(None))
        )
    ).one_or_none()
    if row is None or row.chat_id is None:
        return None
    await promise_pass(session, row.Entitlement, row.chat_id, now=now)
    of_chat = select(ChannelPass).where(
        ChannelPass.entitlement_id == entitlement_id, ChannelPass.chat_id == row.chat_id
    )
    held = (await session.scalars(of_chat, execution_options={"populate_existing": True})).one()
    await check_alone(session, entitlement_id)
    return Invitation(held.id, row.chat_id, row.telegram_id, held.invite_link, now + INVITE_GOOD_FOR)


async def check_alone(session: AsyncSession, entitlement_id: int) -> None:
    """Raises StillInside while somebody who is not its owner has come in by the link of this right, and is to go out.

    An invitation would take the place of their going out.
    """
    others = (
        select(ChannelPass.id)
        .join(Entitlement, Entitlement.id == ChannelPass.entitlement_id)
        .join(Product, Product.id == Entitlement.product_id)
        .join(Lead, Lead.id == Entitlement.lead_id)
        .join(Person, Person.id == Lead.person_id)
        .where(
            ChannelPass.entitlement_id == entitlement_id,
            ChannelPass.chat_id == Product.chat_id,
            ChannelPass.state == PassState.REMOVING,
            ChannelPass.telegram_id != Person.telegram_id,
        )
    )
    if await session.scalar(others) is not None:
        raise StillInside("somebody else came in by your link and is being removed; try again in a few minutes")


async def note_invite(session: AsyncSession, invitation: Invitation, link: str, *, now: datetime) -> bool:
    """The link lets that person in, once. False when nobody shall have it.

    Then the right was taken back meanwhile, or somebody else has come in who is to go out first.
    """
    invited = (
        update(ChannelPass)
        .where(
            ChannelPass.id == invitation.pass_id,
            ChannelPass.state.in_(PASS_MOVES.sources(PassState.INVITED)),
            (ChannelPass.state != PassState.REMOVING)
            | ChannelPass.telegram_id.is_(None)
            | (ChannelPass.telegram_id == invitation.telegram_id),
            exists().where(Entitlement.id == ChannelPass.entitlement_id, Entitlement.revoked_at.is_(None)),
        )
        .values(
            state=PassState.INVITED,
            telegram_id=invitation.telegram_id,
            invite_link=link,
            attempts=0,
            error=None,
            changed_at=now,
        )
    )
    return bool(await count_changed(session, invited))


async def note_join(
    session: AsyncSession, pass_id: int | None, chat_id: int, telegram_id: int, *, now: datetime
) -> bool:
    """Somebody has come in, by the link of a pass where that is known. False when they had no right to it.

    Who came in by somebody else's link, or after the right was taken back, goes out again.
    """
    by_pass = ChannelPass.id == pass_id if pass_id is not None else ChannelPass.telegram_id == telegram_id
    found = await session.execute(
        select(ChannelPass, Entitlement.revoked_at)
        .join(Entitlement, Entitlement.id == ChannelPass.entitlement_id)
        .where(by_pass, ChannelPass.chat_id == chat_id)
        .order_by(ChannelPass.id)
    )
    welcome = True
    for held, revoked_at in found.all():
        theirs = held.telegram_id == telegram_id
        if theirs and revoked_at is None:
            await _move(session, held.id, PassState.JOINED, now=now)
        elif pass_id is not None:
            await _move(session, held.id, PassState.REMOVING, now=now, telegram_id=telegram_id)
            welcome = False
    return welcome


async def note_leave(session: AsyncSession, chat_id: int, telegram_id: int, *, now: datetime) -> None:
    """They are out, whoever's doing it was; while they have the right they are invited again when they ask."""
    await session.execute(
        update(ChannelPass)
        .where(
            ChannelPass.chat_id == chat_id,
            ChannelPass.telegram_id == telegram_id,
            ChannelPass.state == PassState.JOINED,
        )
        .values(state=PassState.INVITED, invite_link=None, changed_at=now)
    )


async def end_pass(session: AsyncSession, entitlement_id: int, *, now: datetime) -> None:
    """The right is gone: who was let in by it goes out, unless another right lets them in. Twice is a no-op."""
    rows = await session.execute(
        _with_owner().where(ChannelPass.entitlement_id == entitlement_id).order_by(ChannelPass.id)
    )
    for row in rows.all():
        # whoever else had come by its link last
        whom = {} if row.owner is None or row.telegram_id is None else {"telegram_id": row.owner}
        await _move(session, row.id, PassState.REMOVING, now=now, **whom)


async def end_passes(session: AsyncSession, rights: Select[int], *, now: datetime) -> None:
    """The same for whoever is in, or could come in, by any of these rights, as they are about to be forgotten."""
    still = update(ChannelPass).where(
        ChannelPass.entitlement_id.in_(rights), ChannelPass.state.in_((PassState.INVITED, PassState.JOINED))
    )
    values = {"state": PassState.REMOVING, "retry_at": now, "attempts": 0, "changed_at": now}
    if await count_changed(session, still.values(values)):
        wake(session, TOPIC)


async def claim_removals(session: AsyncSession, *, now: datetime, most: int) -> list[Removal]:
    """Who is to go out now; each is left to this process for a while."""
    found = await session.scalars(
        select(ChannelPass)
        .where(ChannelPass.state == PassState.REMOVING, ChannelPass.retry_at <= now)
        .order_by(ChannelPass.retry_at, ChannelPass.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    claimed = []
    for held in found.all():
        if held.telegram_id is None or await session.scalar(select(_let_in_otherwise(held))):
            # nobody to remove
            await settle_removal(session, held.id, now=now)
            continue
        held.attempts, held.retry_at = held.attempts + 1, now + CLAIMED_FOR
        claimed.append(Removal(held.id, held.chat_id, held.telegram_id, held.invite_link))
    await session.flush()
    return claimed


async def settle_removal(session: AsyncSession, pass_id: int, *, now: datetime) -> bool:
    """They are out. Twice is a no-op and answers False.

    Where it was somebody else who had come by the link, the owner is invited again when they ask.
    """
    row = (await session.execute(_with_owner().where(ChannelPass.id == pass_id))).one()
    if row.owner is None:
        # they have been forgotten since, and were known only for this
        return await _move(session, pass_id, PassState.REMOVED, now=now, invite_link=None, telegram_id=None)
    if row.revoked_at is not None:
        return await _move(session, pass_id, PassState.REMOVED, now=now, invite_link=None)
    back = (
        update(ChannelPass)
        .where(ChannelPass.id == pass_id, ChannelPass.state == PassState.REMOVING)
        .values(state=PassState.INVITED, telegram_id=row.owner, invite_link=None, changed_at=now)
    )
    return bool(await count_changed(session, back))


async def put_off_removal(session: AsyncSession, pass_id: int, error: str, *, now: datetime) -> bool:
    """It is tried again, later and later; False when it has been tried often enough, and a person has to do it."""
    held = await session.get_one(ChannelPass, pass_id, populate_existing=True)
    if held.attempts >= MOST_ATTEMPTS:
        await give_up_removal(session, pass_id, error, now=now)
        return False
    wait = min(timedelta(seconds=5 * 2.0 ** min(held.attempts, 20)), LONGEST_WAIT)
    await session.execute(
        update(ChannelPass)
        .where(ChannelPass.id == pass_id, ChannelPass.state == PassState.REMOVING)
        .values(retry_at=now + wait, error=error, changed_at=now)
    )
    return True


async def give_up_removal(session: AsyncSession, pass_id: int, error: str, *, now: datetime) -> bool:
    """Telegram will never do it. Twice is a no-op and answers False."""
    row = (await session.execute(_with_owner().where(ChannelPass.id == pass_id))).one()
    # of the forgotten nothing is kept for longer than it takes
    gone = {"telegram_id": None, "invite_link": None} if row.owner is None else {}
    return await _move(session, pass_id, PassState.FAILED, now=now, error=error, **gone)


async def try_removals_again(session: AsyncSession, chat_id: int, *, now: datetime) -> None:
    """The bot may remove people from the chat again: who should have been out goes out now."""
    stuck = exists().where(Entitlement.id == ChannelPass.entitlement_id, Entitlement.revoked_at.is_not(None))
    again = (
        update(ChannelPass)
        .where(
            ChannelPass.chat_id == chat_id,
            (ChannelPass.state == PassState.REMOVING) | ((ChannelPass.state == PassState.FAILED) & stuck),
        )
        .values(state=PassState.REMOVING, retry_at=now, attempts=0, changed_at=now)
    )
    if await count_changed(session, again):
        wake(session, TOPIC)


def _with_owner() -> Select[int, int | None, datetime | None, int | None]:
    """A pass with the Telegram id of whoever has the right, None where they have no chat any more."""
    return (
        select(ChannelPass.id, ChannelPass.telegram_id, Entitlement.revoked_at, Person.telegram_id.label("owner"))
        .join(Entitlement, Entitlement.id == ChannelPass.entitlement_id)
        .join(Lead, Lead.id == Entitlement.lead_id)
        .outerjoin(Person, Person.id == Lead.person_id)
    )


def _let_in_otherwise(held: ChannelPass) -> ColumnElement[bool]:
    """Another right of the same person leads into the same chat, whether they have been invited by it yet or not."""
    other = aliased(ChannelPass)
    return exists().where(
        other.id != held.id,
        other.chat_id == held.chat_id,
        Entitlement.id == other.entitlement_id,
        Entitlement.revoked_at.is_(None),
        Lead.id == Entitlement.lead_id,
        Person.id == Lead.person_id,
        Person.telegram_id == held.telegram_id,
    )


async def _move(session: AsyncSession, pass_id: int, state: PassState, *, now: datetime, **values: object) -> bool:
    move = update(ChannelPass).where(ChannelPass.id == pass_id, ChannelPass.state.in_(PASS_MOVES.sources(state)))
    if state is PassState.REMOVING:
        values |= {"retry_at": now, "attempts": 0}
        wake(session, TOPIC)
    return bool(await count_changed(session, move.values(state=state, changed_at=now, **values)))
