from collections.abc import Callable, Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.access import Act
from domain.chat_standings import members_who_may
from domain.messages.plain import Message
from domain.notices import Notice, wants
from store.database import insert_once, wake
from store.models import URGENCY, Account, Membership, OutboxKind, OutboxMessage, Person, Profile, Role

# what is told, in the language of whoever reads it
Told = Callable[[str], Message]


async def queue_message(
    session: AsyncSession,
    message: Message,
    *,
    key: str,
    kind: OutboxKind,
    creator_id: int,
    person_id: int | None,
    now: datetime,
    post_id: int | None = None,
    lead_id: int | None = None,
    enrollment_id: int | None = None,
    entitlement_id: int | None = None,
) -> bool:
    """Promises to send it: to a person, or as that post into its channel. The same `key` again is a no-op and answers
    False.
    """
    values = {
        "key": key,
        "kind": kind,
        "urgency": URGENCY[kind],
        "creator_id": creator_id,
        "person_id": person_id,
        "post_id": post_id,
        "lead_id": lead_id,
        "enrollment_id": enrollment_id,
        "entitlement_id": entitlement_id,
        "message": message.model_dump(mode="json", exclude_defaults=True),
        "due_at": now,
        "created_at": now,
    }
    queued = await insert_once(session, OutboxMessage, values) is not None
    if queued:
        wake(session, "outbox")
    return queued


async def tell_creator(
    session: AsyncSession,
    told: Told,
    *,
    key: str,
    creator_id: int,
    now: datetime,
    lead_id: int | None = None,
    alone: bool = False,
    about: Notice | None = None,
    acts: Collection[Act] = (Act.SEE_BUSINESS, Act.WRITE_TO_LEADS),
) -> None:
    """A notice to everyone who may look after this creator's business and has a chat with the bot, each in their own
    language: owners, and members of the team who may do any of these `acts`, which are to view or to answer.

    `lead_id` is of the lead that it speaks of: when they are forgotten, so is what it said. `alone`: to the owners,
    and not to those who help them. `about`: it is of a kind that one can do without, and goes to those
    alone who have not said so.
    """
    people = (
        select(Person, Profile.preferences)
        .join(Account, Account.person_id == Person.id)
        .join(Membership, Membership.account_id == Account.id)
        .outerjoin(Profile, Profile.account_id == Account.id)
        .where(Membership.creator_id == creator_id, members_who_may(*acts))
        .order_by(Person.id)
    )
    if alone:
        # whoever looks after the instance too is still who they are
        people = people.where(Account.role != Role.AGENT, Membership.owner)
    for person, preferences in (await session.execute(people)).all():
        if not wants(preferences, about):
            continue
        await queue_message(
            session,
            told(person.speaks),
            key=f"{key}:{person.id}",
            kind=OutboxKind.NOTICE,
            creator_id=creator_id,
            person_id=person.id,
            lead_id=lead_id,
            now=now,
        )
