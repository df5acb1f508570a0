"""What tests of triggers that go by the clock share."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from stage import BOT, Stage

from automations.firing import Firing
from automations.segment_watch import SegmentWatches
from automations.starts import Starts
from domain.creators import bind_person
from domain.fields import LeadFieldSpec
from domain.lead_acts import tag_lead, untag_lead
from domain.leads import note_answer
from domain.people import Profile, see_person
from domain.setups import CreatorSetup
from store.models import Account, CronFiring, FieldKind, Lead, Membership, OutboxMessage, Person

HELLO = {"key": "hello", "do": "send", "text": "Hello"}
DATE = LeadFieldSpec(kind=FieldKind.DATE)
BERLIN = CreatorSetup(time_zone="Europe/Berlin", fields={"birthday": DATE})


def at(text: str) -> datetime:
    """An instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


async def opened(stage: Stage, setup: CreatorSetup = BERLIN, **funnels: dict[str, Any]) -> Stage:
    """With that setup, and whatever begins by the clock looked at for the first time."""
    await stage.open()
    stage.published.setups[stage.creator_id] = setup
    await republish(stage, **funnels)
    await settle(stage)
    return stage


async def republish(stage: Stage, **funnels: dict[str, Any]) -> None:
    """Under the same setup as before."""
    setup = stage.published.setups[stage.creator_id]
    await stage.publish(**funnels)
    stage.published.setups[stage.creator_id] = setup


async def fire(stage: Stage) -> int:
    """How many batches there were."""
    done = 0
    while await Firing(stage.database, stage.clock, stage.published).fire():
        done += 1
    return done


async def watch(stage: Stage) -> int:
    """How many have come and gone."""
    done = 0
    while count := await SegmentWatches(stage.database, stage.clock, stage.published).check():
        done += count
    return done


async def start(stage: Stage) -> int:
    done = 0
    while await Starts(stage.database, stage.clock, stage.published).work():
        done += 1
    return done


async def settle(stage: Stage) -> None:
    await fire(stage)
    await watch(stage)
    await start(stage)


async def firings(stage: Stage) -> list[tuple[datetime, bool]]:
    """When each is, and whether it was."""
    async with stage.database.reading() as session:
        rows = await session.scalars(select(CronFiring).order_by(CronFiring.fire_at))
        return [(row.fire_at, row.fired_at is not None) for row in rows]


async def answers(stage: Stage, lead: Lead, value: Any, *, key: str = "birthday", spec: LeadFieldSpec = DATE) -> None:
    async with stage.database.transaction() as session:
        await note_answer(session, await session.get_one(Lead, lead.id), key, value, spec=spec, now=stage.clock())


async def changed(stage: Stage, lead: Lead, **values: object) -> None:
    async with stage.database.transaction() as session:
        found = await session.get_one(Lead, lead.id)
        for name, value in values.items():
            setattr(found, name, value)


async def tagged(stage: Stage, lead: Lead, tag: str = "fan") -> None:
    async with stage.database.transaction() as session:
        await tag_lead(session, await session.get_one(Lead, lead.id), tag, now=stage.clock())


async def untagged(stage: Stage, lead: Lead, tag: str = "fan") -> None:
    async with stage.database.transaction() as session:
        await untag_lead(session, await session.get_one(Lead, lead.id), tag, now=stage.clock())


async def crowd(stage: Stage, size: int, *, chats: bool = False, **values: Any) -> list[int]:
    """Leads all alike, without a chat or with one each; their numbers."""
    async with stage.database.transaction() as session:
        each = {"creator_id": stage.creator_id, "name": "", "created_at": stage.clock(), **values}
        leads = [Lead(**each) for _ in range(size)]
        if chats:
            first = 10_000 + (await session.scalar(select(func.max(Person.telegram_id))) or 0)
            seen = {"first_name": "", "language": "en", "created_at": stage.clock(), "seen_at": stage.clock()}
            people = [Person(bot_id=BOT, telegram_id=first + number, **seen) for number in range(size)]
            session.add_all(people)
            await session.flush()
            for lead, person in zip(leads, people, strict=True):
                lead.person_id = person.id
        session.add_all(leads)
        await session.flush()
        return [lead.id for lead in leads]


async def creator_chat(stage: Stage, telegram_id: int = 900) -> Person:
    """The creator's own, in which notices are told."""
    async with stage.database.transaction() as session:
        person = await see_person(session, BOT, Profile(telegram_id, "Ada", None, "en"), now=stage.clock())
        account = select(Account.id).join(Membership).where(Membership.creator_id == stage.creator_id)
        await bind_person(session, (await session.scalars(account)).one(), person)
        return person


async def notices(stage: Stage) -> Sequence[str]:
    async with stage.database.reading() as session:
        told = await session.scalars(
            select(OutboxMessage).where(OutboxMessage.kind == "notice").order_by(OutboxMessage.id)
        )
        return [(each.message or {})["text"] for each in told]
