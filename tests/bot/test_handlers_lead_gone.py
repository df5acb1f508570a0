"""A creator does something with leads while those are being forgotten."""

import asyncio

import pytest
from bot_world import answered, hooked, message, tap
from leads_chat import CONFIG, entered
from sqlalchemy import select

from bot.handlers.lead_screens import mark_of
from domain.forgetting import forget_lead
from domain.prompts import ask_next
from store.models import Lead, LeadField, LeadNote, LeadTag, LeadWord, OutboxMessage, Person

LINES = (
    "/lead {} tag vip",
    "/lead {} note Zwiebel",
    "/lead {} stage warm",
    "/lead {} score 5",
    "/lead {} set name Zwiebel",
    "/lead {} set size 3",
    "/lead {} set email zwiebel@example.com",
    "/lead {} block",
    "/tag {} vip",
    "Zwiebel",
)
TAPS = ("lead:block:{}", f"lead:stage:{{}}:0:0:{mark_of('warm')}", "lead:back:{}")
EMPTY = ("", None, None, "lost", 0, None, None)


@pytest.mark.parametrize("what", [*LINES, *TAPS])
async def test_whoever_is_forgotten_at_this_moment_stays_so(store_url, tmp_path, what: str):
    async with hooked(store_url, tmp_path, CONFIG) as hook:
        world = hook.world
        await world.creator.say("/start")
        await world.creator.hears("For you as the creator")
        (number,) = await entered(world, "Ada")
        database = world.spark.database
        async with database.transaction() as session:
            person = (await session.scalars(select(Person).where(Person.telegram_id == world.creator.id))).one()
            await ask_next(session, person.id, "note", {"lead": number}, now=world.clock())
        body = (
            message(900_001, world.creator.id, what.format(number))
            if what in LINES
            else tap(900_001, world.creator.id, what.format(number))
        )
        async with database.transaction() as session:
            await forget_lead(session, await session.get_one(Lead, number), now=world.clock())
            posted = asyncio.create_task(hook.post(body))
            # it waits for this to end, at the lead or, on SQLite, before it looks
            await asyncio.wait([posted], timeout=0.3)
        assert await posted == 200
        row = await answered(world, 900_001)
        assert row.error is None
        assert row.reply
        async with database.reading() as session:
            left = await session.get_one(Lead, number)
            stands = (left.name, left.email, left.phone, left.stage, left.score, left.banned_at, left.taken_over_at)
            assert stands == EMPTY
            for model in (LeadNote, LeadTag, LeadWord, LeadField, OutboxMessage):
                assert (await session.scalars(select(model).where(model.lead_id == number))).all() == [], model
