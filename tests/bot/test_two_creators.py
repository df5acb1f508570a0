"""Somebody who acts for two creators: a button is about its own creator, whomever the chat is with by now."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from telegram import CallbackQuery, Chat, User
from telegram import Message as TelegramMessage

from automations.stuck import Stuck, tell_of_stuck
from bot.dispatch import COMMANDS, TAPS
from bot.handlers.funnel_files import prompted
from bot.replies import FunnelFileReply, Reply, ResumingReply, SendReply, SimulateReply, StatsReply
from bot.turn import BotFacts, Said, Turn
from domain.chat_acts import acts_of_command, acts_of_prompt, acts_of_tap
from domain.creators import add_creator, bind_by_payload
from domain.definitions import Published
from domain.enrollments import begin
from domain.funnels.definition import Funnel
from domain.funnels.drafts import DraftGone, keep_draft
from domain.funnels.heads import NoSuchFunnel, save_funnel
from domain.idea_parts import NoSuchIdea
from domain.leads import capture_lead
from domain.messages.plain import Message
from domain.outbox import queue_message
from domain.people import Profile, see_person
from domain.prompts import take_next
from domain.step_counts import Counted, Measure, count_steps
from domain.uploads import UploadAddress
from kit.errors import NotFound
from store.database import Database
from store.models import (
    Enrollment,
    EnrollmentState,
    FunnelHead,
    FunnelState,
    Kept,
    Lead,
    OutboxKind,
    OutboxMessage,
    OutboxState,
    Person,
    StepCount,
)

NOW = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
BOT = 7
CARE = Funnel.model_validate({"steps": [{"key": "hello", "do": "send", "text": "Hello"}]})


@dataclass
class Desk:
    """Ada acts for Studio and Atelier, and Mallory for Elsewhere."""

    database: Database
    published: Published = field(default_factory=Published)
    creators: dict[str, int] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)

    async def open(self) -> "Desk":
        async with self.database.transaction() as session:
            for telegram_id, (name, slugs) in enumerate({"Ada": ("studio", "atelier"), "Mallory": ("other",)}.items()):
                person = await see_person(session, BOT, Profile(100 + telegram_id, name, None, "en"), now=NOW)
                self.people[name] = person.id
                for slug in slugs:
                    made = await add_creator(session, name=slug.title(), slug=slug, now=NOW)
                    self.creators[slug] = made.creator.id
                    await bind_by_payload(session, person, made.bind_payload, now=NOW)
        return self

    async def talks_to(self, slug: str) -> None:
        async with self.database.transaction() as session:
            chosen = update(Person).where(Person.id == self.people["Ada"]).values(creator_id=self.creators[slug])
            await session.execute(chosen)

    async def funnel(self, slug: str) -> FunnelHead:
        async with self.database.transaction() as session:
            return await save_funnel(session, self.creators[slug], "care", CARE, kept=Kept.CHAT, now=NOW)

    async def lead(self, slug: str) -> int:
        async with self.database.transaction() as session:
            person = await see_person(session, BOT, Profile(500, "Lena", None, "en"), now=NOW)
            return (await capture_lead(session, self.creators[slug], person, source=None, now=NOW))[0].id

    async def parked(self, slug: str) -> int:
        head, lead_id = await self.funnel(slug), await self.lead(slug)
        async with self.database.transaction() as session:
            lead = await session.get_one(Lead, lead_id)
            begun = await begin(session, lead, head.key, head.version_id or 0, CARE, begun_by="hand", at=NOW, now=NOW)
            stuck = {"state": EnrollmentState.PARKED, "reason": "no words", "ended_at": NOW}
            await session.execute(update(Enrollment).where(Enrollment.id == begun).values(stuck))
        return begun or 0

    async def uncertain(self, slug: str, key: str) -> int:
        async with self.database.transaction() as session:
            person = (await session.scalars(select(Person).where(Person.telegram_id == 500))).one()
            told = {"kind": OutboxKind.FUNNEL, "creator_id": self.creators[slug], "person_id": person.id}
            await queue_message(session, Message(text=key), key=key, now=NOW, **told)
            closed = {"state": OutboxState.UNCERTAIN, "closed_at": NOW}
            await session.execute(update(OutboxMessage).where(OutboxMessage.key == key).values(closed))
            return (await session.scalars(select(OutboxMessage.id).where(OutboxMessage.key == key))).one()

    async def state_of(self, *numbers: int) -> list[OutboxState]:
        async with self.database.reading() as session:
            asked = select(OutboxMessage.state).where(OutboxMessage.id.in_(numbers)).order_by(OutboxMessage.id)
            return list(await session.scalars(asked))

    async def taps(self, data: str, *, who: str = "Ada") -> list[Reply]:
        kind, *arguments = data.split(":")
        query = CallbackQuery(id="1", from_user=User(1, who, is_bot=False), chat_instance="1", data=data)

        async def tap(turn: Turn) -> None:
            turn.acts = acts_of_tap(kind, arguments)
            await TAPS[kind](turn, query, arguments)

        return await self.turn(who, tap)

    async def says(self, line: str, *, who: str = "Ada") -> list[Reply]:
        command, _, arguments = line.removeprefix("/").partition(" ")

        async def say(turn: Turn) -> None:
            turn.acts = acts_of_command(command, arguments)
            await COMMANDS[command](turn, arguments)

        return await self.turn(who, say)

    async def turn(self, who: str, does: Any) -> list[Reply]:
        uploads = UploadAddress("https://spark.example", b"key")
        facts = BotFacts(BOT, None, self.published, b"key", timedelta(hours=1), lambda: "https://t.me/bot", uploads)
        async with self.database.transaction() as session:
            turn = Turn(session, facts, await session.get_one(Person, self.people[who]), NOW)
            await does(turn)
            return turn.replies


@pytest.fixture
async def desk(database: Database) -> Desk:
    return await Desk(database).open()


def text_of(replies: list[Reply]) -> str:
    return "\n".join(each.message.text for each in replies if isinstance(each, SendReply))


def data_of(replies: list[Reply]) -> list[str]:
    screens = [each.message for each in replies if isinstance(each, SendReply)]
    return [button.data for screen in screens for row in screen.buttons for button in row if button.data is not None]


async def test_a_funnels_buttons_are_about_that_funnel(desk: Desk):
    head = await desk.funnel("studio")
    await desk.talks_to("atelier")
    assert "care" in text_of(await desk.taps(f"fn:{head.id}:show"))
    await desk.taps(f"fn:{head.id}:pause")
    async with desk.database.reading() as session:
        assert (await session.get_one(FunnelHead, head.id)).state is FunnelState.PAUSED
    resuming = next(each for each in await desk.taps(f"fn:{head.id}:resume") if isinstance(each, ResumingReply))
    assert resuming.creator_id == desk.creators["studio"]
    with pytest.raises(NoSuchFunnel):
        await desk.taps(f"fn:{head.id}:show", who="Mallory")


async def test_lists_and_what_they_lead_to_stay_with_their_creator(desk: Desk):
    await desk.funnel("studio")
    await desk.talks_to("studio")
    shown = await desk.says("/funnels")
    await desk.talks_to("atelier")
    for data in data_of(shown):
        again = await desk.taps(data)
        told = text_of(again)
        assert "Atelier" not in told, data
        if data.startswith(("fn:list", "fn:all")):
            assert "Studio" in told, data
        with pytest.raises((Said, NoSuchFunnel)):
            await desk.taps(data, who="Mallory")
    async with desk.database.transaction() as session:
        asked = await take_next(session, desk.people["Ada"], now=NOW)
    assert asked is not None
    assert asked.data["creator"] == desk.creators["studio"]


async def test_an_ideas_buttons_are_about_that_idea_and_a_number_is_the_present_creators(desk: Desk):
    await desk.talks_to("studio")
    kept = await desk.says("/idea add Studio tour")
    await desk.says("/idea add Second")
    board = await desk.says("/idea")
    await desk.talks_to("atelier")
    assert "Idea 1: <b>Atelier tour</b>" in text_of(await desk.says("/idea add Atelier tour"))
    assert "Atelier tour" in text_of(await desk.says("/idea 1"))
    with pytest.raises(NoSuchIdea):
        await desk.says("/idea 2")
    asked = [each for each in data_of(kept) if each.startswith("idea:") and ":move:" in each]
    assert "Studio tour" in text_of(await desk.taps(asked[0]))
    await desk.taps(f"{asked[0]}:draft")
    listed = await desk.taps(next(each for each in data_of(board) if each.endswith("stage:all")))
    assert "1. Studio tour · draft" in text_of(listed)
    assert "Atelier" not in text_of(listed)
    for data in (*data_of(kept), *data_of(board)):
        with pytest.raises((Said, NotFound)):
            await desk.taps(data, who="Mallory")


async def test_whoever_is_stuck_is_found_from_the_notice_and_tries_again(desk: Desk):
    number = await desk.parked("studio")
    async with desk.database.transaction() as session:
        stuck = Stuck(number, desk.creators["studio"], 1, "care", "hello", "no words")
        await tell_of_stuck(session, stuck, now=NOW)
    async with desk.database.reading() as session:
        notice = (await session.scalars(select(OutboxMessage).where(OutboxMessage.key.like("parked:%")))).one()
    (button,) = [each["data"] for row in (notice.message or {})["buttons"] for each in row]
    await desk.talks_to("atelier")
    shown = await desk.taps(button)
    assert "no words" in text_of(shown)
    again = next(each for each in data_of(shown) if each.startswith(f"fn:park:again:{number}"))
    with pytest.raises(Said):
        await desk.taps(again, who="Mallory")
    await desk.taps(again)
    async with desk.database.reading() as session:
        assert (await session.get_one(Enrollment, number)).state is EnrollmentState.ACTIVE


async def test_a_draft_is_confirmed_for_whom_it_was_sent(desk: Desk):
    async with desk.database.transaction() as session:
        draft = await keep_draft(session, desk.creators["studio"], {"care": CARE}, {"care": None}, now=NOW)
    await desk.talks_to("atelier")
    with pytest.raises(DraftGone):
        await desk.taps(f"fn:draft:{draft.number}:keep", who="Mallory")
    await desk.taps(f"fn:draft:{draft.number}:keep")
    async with desk.database.reading() as session:
        assert list(await session.scalars(select(FunnelHead.creator_id))) == [desk.creators["studio"]]


async def test_uncertain_messages_are_settled_where_they_stand(desk: Desk):
    await desk.lead("studio")
    await desk.lead("atelier")
    mine, other = await desk.uncertain("studio", "one"), await desk.uncertain("studio", "two")
    beside = await desk.uncertain("atelier", "three")
    await desk.talks_to("studio")
    shown = data_of(await desk.says("/stats uncertain"))
    await desk.talks_to("atelier")
    assert f"settle:sent:{mine}:0" in shown
    for data in shown:
        with pytest.raises(Said):
            await desk.taps(data, who="Mallory")
    await desk.taps(f"settle:sent:{mine}:0")
    assert await desk.state_of(mine, other, beside) == [OutboxState.SENT, OutboxState.UNCERTAIN, OutboxState.UNCERTAIN]
    asked = data_of(await desk.taps(next(each for each in shown if each.startswith("settle:sent:all:"))))
    assert await desk.state_of(other) == [OutboxState.UNCERTAIN]
    yes = next(each for each in asked if each.startswith("settle:sent:all:"))
    with pytest.raises(Said):
        await desk.taps(yes, who="Mallory")
    await desk.taps(yes)
    assert await desk.state_of(mine, other, beside) == [OutboxState.SENT, OutboxState.SENT, OutboxState.UNCERTAIN]


async def test_stats_go_on_with_their_creator(desk: Desk):
    await desk.talks_to("atelier")
    replies = await desk.taps(f"stats:{desk.creators['studio']}:30")
    (stats,) = [each for each in replies if isinstance(each, StatsReply)]
    assert (stats.creator_id, stats.days) == (desk.creators["studio"], 30)
    with pytest.raises(Said):
        await desk.taps(f"stats:{desk.creators['studio']}:30", who="Mallory")


async def test_uncertain_messages_are_settled_in_one_line_all_of_them_or_none(desk: Desk):
    await desk.lead("studio")
    first, second, third = [await desk.uncertain("studio", key) for key in ("a", "b", "c")]
    await desk.says(f"/stats uncertain sent {first} #{second}")
    assert await desk.state_of(first, second, third) == [OutboxState.SENT, OutboxState.SENT, OutboxState.UNCERTAIN]
    # the first of them is settled already
    with pytest.raises(Exception, match="settled already"):
        await desk.says(f"/stats uncertain failed {third} {first}")
    assert await desk.state_of(third) == [OutboxState.UNCERTAIN]
    await desk.says(f"/stats uncertain failed {third}")
    assert await desk.state_of(third) == [OutboxState.FAILED]
    await desk.says(f"/stats uncertain again {third}")
    assert await desk.state_of(third) == [OutboxState.QUEUED]
    for line in ("sent", "sent x", "lost 1", f"sent {first} x", "sent " + "1 " * 201):
        with pytest.raises(Said, match="uncertain sent 12"):
            await desk.says(f"/stats uncertain {line}")
    with pytest.raises(Said, match="no message"):
        await desk.says(f"/stats uncertain again {first}", who="Mallory")


async def test_a_card_offers_what_can_be_done_with_its_funnel(desk: Desk):
    await desk.talks_to("studio")
    await desk.funnel("studio")

    async def offered() -> set[str]:
        (reply,) = await desk.says("/funnels care")
        assert isinstance(reply, SendReply)
        return {button.text for row in reply.message.buttons for button in row}

    assert {"🚀 Begin for …", "🔮 Simulate", "⏸ Pause"} <= await offered()
    await desk.says("/funnels pause care")
    assert {"🔮 Simulate", "▶ Resume …"} <= await offered()
    # one that speaks of an order cannot be begun by hand
    thanks = {"key": "hello", "do": "send", "text": "Thanks for order {{ order.id }}"}
    about = Funnel.model_validate({"trigger": {"event": "order.paid"}, "steps": [thanks]})
    assert about.names_order
    async with desk.database.transaction() as session:
        await save_funnel(session, desk.creators["studio"], "care", about, kept=Kept.CHAT, now=NOW)
    await desk.says("/funnels resume care shift")
    shown = await offered()
    assert "👋 Take out …" in shown
    assert "🚀 Begin for …" not in shown


async def test_the_name_may_stand_before_what_is_to_be_done(desk: Desk):
    await desk.funnel("studio")
    await desk.talks_to("studio")
    assert "⏸ <b>care</b>" in text_of(await desk.says("/funnels care pause"))
    assert "⏩ <b>care</b>" in text_of(await desk.says("/funnels Care RESUME shift"))


async def test_what_was_paid_is_shown_with_word_that_nothing_is_taken_off(desk: Desk):
    """A purchase that is given back later would be found for another message, or for other arms."""
    head = await desk.funnel("studio")
    await desk.talks_to("studio")
    assert "not taken off" not in text_of(await desk.says("/funnels steps care"))
    async with desk.database.transaction() as session:
        bought = Counted(head.creator_id, "funnel:care", "hello", "", Measure.BOUGHT)
        await count_steps(session, {bought: 1})
        await session.execute(update(StepCount).values(money={"usd": 1710}))
    shown = text_of(await desk.says("/funnels steps care"))
    assert "bought 1 ($17.10)" in shown
    assert "what was given back later is not taken off" in shown


async def test_a_simulation_is_asked_for_in_one_line(desk: Desk):
    await desk.funnel("studio")
    await desk.talks_to("studio")
    for line, asked in {
        "care": ("care", None, 0, 30),
        "care #12": ("care", 12, 0, 30),
        "care 12 90": ("care", 12, 0, 90),
        "care sample=50": ("care", None, 50, 30),
        "care days=7 sample=50": ("care", None, 50, 7),
        "all": (None, None, 0, 30),
        "all 12": (None, 12, 0, 30),
        "ALLES sample=100 days=366": (None, None, 100, 366),
    }.items():
        (reply,) = await desk.says(f"/funnels simulate {line}")
        assert isinstance(reply, SimulateReply)
        assert (reply.funnel_key, reply.lead_id, reply.sample, reply.days) == asked, line
        assert reply.creator_id == desk.creators["studio"]
    for wrong in ("care x", "care 1 2 3", "all sample=101", "care days=0", "all 1 400", "care 1 sample=2"):
        with pytest.raises(Said, match="sample=50"):
            await desk.says(f"/funnels simulate {wrong}")


async def test_a_file_that_was_asked_for_is_for_whom_it_was_asked(desk: Desk):
    await desk.talks_to("studio")
    await desk.taps(f"fn:new:{desk.creators['studio']}")
    await desk.talks_to("atelier")
    typed = TelegramMessage(1, NOW, Chat(1, "private"), text="care: {}")

    async def answers(turn: Turn) -> None:
        asked = await take_next(turn.session, turn.person.id, now=NOW)
        assert asked is not None
        turn.acts = acts_of_prompt(asked.act)
        await prompted(turn, asked, typed)

    (reply,) = await desk.turn("Ada", answers)
    assert isinstance(reply, FunnelFileReply)
    assert reply.creator_id == desk.creators["studio"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("/funnels pause", "/funnels pause welcome"),
        ("/funnels start", "/funnels start welcome 12"),
        ("/funnels start care -3", "There is no lead -3."),
        ("/funnels resume care now", "Write it like this: <code>/funnels resume welcome shift</code>"),
        ("/funnels foo bar baz", "“foo” is nothing that can be done to a funnel; use one of pause, resume, "),
    ],
)
async def test_a_line_that_names_no_funnel_or_no_lead_is_told_what_is_amiss(desk: Desk, line: str, told: str):
    await desk.funnel("studio")
    await desk.talks_to("studio")
    with pytest.raises(Said) as caught:
        await desk.says(line)
    assert told in str(caught.value)
