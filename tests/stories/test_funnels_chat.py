"""A creator and their funnels in the chat: sent as a file, confirmed, paused, resumed, begun by hand, looked at."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import select, update
from world import CREATOR, PersonOfTheWorld, Said, World, a_world, begin_studio

from domain.funnels.definition import Funnel
from domain.funnels.heads import save_funnel, stop_step
from domain.step_counts import Counted, Measure, count_steps
from store.models import (
    Enrollment,
    EnrollmentState,
    FunnelHead,
    FunnelState,
    FunnelVersion,
    Kept,
    Lead,
    OutboxMessage,
    Person,
    StartByHand,
)

CONFIG = """\
creators:
  studio:
    name: Studio
    language: {language}
    flows:
      hello: {{nodes: [{{key: hi, do: say, text: Welcome}}]}}
    funnels:
      filed:
        trigger: {{event: custom.never}}
        steps: [{{key: also, do: send, text: From the file}}]
telegram: {{default_creator: studio}}
"""
CARE = """\
care:
  trigger: {event: lead.captured}
  steps:
    - {key: rest, do: wait, time: 1d}
    - {key: ask, do: send, text: "How are you?"}
    - {key: more, do: wait, time: 1d}
    - {key: bye, do: send, text: See you}
"""


@pytest_asyncio.fixture
async def world(store_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with a_studio(store_url, tmp_path) as world:
        yield world


@asynccontextmanager
async def a_studio(store_url: str, folder: Path, language: str = "en") -> AsyncIterator[World]:
    async with a_world(store_url, folder, CONFIG.format(language=language)) as world:
        await begin_studio(world)
        yield world


async def send_yaml(world: World, text: str, name: str = "funnels.yaml") -> Said:
    """What the bot answers to the file."""
    heard = len(await said_by_bot(world))
    await world.creator.send_file(name, text.encode())

    async def answered() -> bool:
        return len(await said_by_bot(world)) > heard

    assert await world.until(answered)
    return (await said_by_bot(world))[-1]


async def said_by_bot(world: World) -> list[Said]:
    return [said for said in await world.creator.chat() if said.by_bot]


async def save(world: World, text: str, label: str = "Save") -> None:
    shown = await send_yaml(world, text)
    assert any(label in each for each in shown.labels), shown.text
    await world.creator.tap(label)
    await world.creator.hears("is saved as version")
    await world.settle()


async def newcomer(world: World, name: str = "Lena") -> tuple[PersonOfTheWorld, int]:
    person = await world.person(name)
    await person.say("/start")
    await person.hears("Welcome")
    await world.settle()
    async with world.spark.database.reading() as session:
        found = select(Lead.id).join(Person, Person.id == Lead.person_id).where(Person.telegram_id == person.id)
        return person, (await session.scalars(found)).one()


async def states(world: World) -> list[EnrollmentState]:
    async with world.spark.database.reading() as session:
        return list(await session.scalars(select(Enrollment.state).order_by(Enrollment.id)))


async def head_of(world: World, key: str = "care") -> FunnelHead | None:
    async with world.spark.database.reading() as session:
        return (await session.scalars(select(FunnelHead).where(FunnelHead.key == key))).one_or_none()


async def test_a_file_is_looked_through_shown_and_runs_once_it_is_confirmed(world: World):
    shown = await send_yaml(world, CARE)
    assert "care is new" in shown.text
    assert "+   text: How are you?" in shown.text
    assert await head_of(world) is None
    await world.creator.tap("Save")
    await world.creator.hears("care is saved as version 1")
    await world.settle()
    lena, _ = await newcomer(world)
    await world.skip(days=3)
    assert (await lena.count("How are you?"), await lena.count("See you")) == (1, 1)
    # the same again changes nothing
    assert "nothing to change: care" in (await send_yaml(world, CARE)).text


async def test_mistakes_are_told_with_their_lines_and_nothing_is_saved(world: World):
    told = await send_yaml(world, CARE.replace("time: 1d}", "time: soon}", 1).replace("do: send", "do: sing", 1))
    assert "2 things are wrong, so nothing was saved" in told.text
    assert "funnels.yaml:4: care.steps.0.time: write a duration" in told.text
    assert "funnels.yaml:5: care.steps.1.do: there is no “sing”" in told.text
    assert await head_of(world) is None
    told = await send_yaml(world, "care: [", "broken.yml")
    assert "broken.yml" in told.text
    assert "not YAML" in told.text


async def test_a_name_of_the_configuration_is_not_changed_by_chat(world: World):
    told = await send_yaml(world, CARE.replace("care:", "filed:"))
    assert "filed" in told.text
    assert not told.labels
    await world.creator.say("/funnels archive filed")
    await world.creator.hears("filed", times=2)
    head = await head_of(world, "filed")
    assert head is not None
    assert head.state is FunnelState.ACTIVE


async def test_those_under_way_keep_their_wording_or_are_taken_over_as_is_chosen(world: World):
    await save(world, CARE)
    lena, _ = await newcomer(world)
    shown = await send_yaml(world, CARE.replace("How are you?", "All well?"))
    assert "care differs from version 1" in shown.text
    assert "-   text: How are you?" in shown.text
    assert "+   text: All well?" in shown.text
    assert "1 who began with version 1 stand at “rest”" in shown.text
    assert not any("end the others" in label for label in shown.labels)
    await world.creator.tap("Save and move them")
    await world.creator.hears("care is saved as version 2")
    await world.settle()
    await world.creator.hears("one person was taken over")
    await world.skip(days=1, hours=1)
    assert (await lena.count("How are you?"), await lena.count("All well?")) == (0, 1)
    # where their step is gone, they can end
    shown = await send_yaml(world, CARE.replace("more", "after"))
    assert "that step is gone" in shown.text
    await world.creator.tap("end the others")
    await world.creator.hears("care is saved as version 3")
    await world.settle()
    assert await states(world) == [EnrollmentState.DONE]


async def test_a_confirmation_of_something_older_does_nothing(world: World):
    first = await send_yaml(world, CARE)
    await send_yaml(world, CARE.replace("How are you?", "All well?"))
    body = {"message_id": first.raw["message_id"], "data": first.button("Save")["data"]}
    told = await world.control("POST", f"/people/{CREATOR}/taps", body)
    assert "send the file again" in str(told["answer"])
    assert await head_of(world) is None


async def test_wordings_can_be_typed_and_what_is_long_comes_as_a_file(world: World):
    await world.creator.say("/funnels new")
    await world.creator.hears("as a YAML file, or type them")
    await world.creator.say(CARE + "#" * 2048)
    await world.creator.hears("cuts longer messages in two: send it as a .yaml file")
    await world.creator.say(CARE)
    await world.creator.hears("care is new")
    await world.creator.tap("Throw away")
    await world.creator.hears("Nothing has changed")
    steps = "".join(f"    - {{key: s{number}, do: send, text: {'Hello ' * 20}}}\n" for number in range(60))
    shown = await send_yaml(world, f"long:\n  steps:\n{steps}")
    assert "long is new" in shown.text
    await world.creator.gets_file("changes.txt")
    await world.creator.tap("Save")
    await world.creator.hears("long is saved as version 1")
    await world.creator.say("/funnels steps long")
    first = await world.creator.hears("long, step by step")
    assert "s59" not in first.text
    await world.creator.tap("▶", newer_than=first.raw["message_id"] - 1)
    await world.creator.hears("s59")
    told = await send_yaml(world, "x" * 150_000)
    assert "128 KB at most" in told.text


async def test_what_somebody_else_has_changed_meanwhile_is_not_overwritten(world: World):
    await save(world, CARE)
    await send_yaml(world, CARE.replace("How are you?", "All well?"))
    elsewhere = Funnel.model_validate({"steps": [{"key": "hi", "do": "send", "text": "Hi"}]})
    async with world.spark.database.transaction() as session:
        head = (await session.scalars(select(FunnelHead).where(FunnelHead.key == "care"))).one()
        await save_funnel(session, head.creator_id, "care", elsewhere, kept=Kept.API, now=world.clock())
    told = await world.creator.tap("Save")
    assert "send the file again" in str(told["answer"])
    async with world.spark.database.reading() as session:
        versions = select(FunnelVersion.number).where(FunnelVersion.key == "care").order_by(FunnelVersion.number)
        assert list(await session.scalars(versions)) == [1, 2]


async def both(world: World, body: dict[str, Any]) -> str:
    """Two taps at once on one button: what the one is told that does nothing."""
    taps = (world.control("POST", f"/people/{CREATOR}/taps", body) for _ in range(2))
    said = [told["answer"] for told in await asyncio.gather(*taps)]
    assert said.count(None) == 1
    return next(each for each in said if each is not None)


async def test_a_second_yes_does_nothing(world: World):
    shown = await send_yaml(world, CARE.replace("lead.captured", "custom.never"))
    body = {"message_id": shown.raw["message_id"], "data": shown.button("Save")["data"]}
    assert "send the file again" in await both(world, body)
    # and of a segment that was to begin
    await world.settle()
    await newcomer(world)
    await world.creator.say("/funnels start care all")
    shown = await world.creator.hears("Begin “care” with everybody")
    body = {"message_id": shown.raw["message_id"], "data": shown.button("Begin for 1")["data"]}
    assert "has begun already" in await both(world, body)
    async with world.spark.database.reading() as session:
        assert len(list(await session.scalars(select(StartByHand)))) == 1


SPLIT = """\
care:
  trigger: {event: lead.captured}
  steps:
    - {key: ab, do: split, arms: {a: {weight: 1, to: ask}, b: {weight: 1, to: other}}, holdout: 1}
    - {key: ask, do: send, text: "How are you?", next: over}
    - {key: other, do: send, text: "All well?"}
    - {key: over, do: end}
"""


async def test_a_splits_arms_stand_beside_those_who_got_nothing(world: World):
    await save(world, SPLIT)
    people = [await newcomer(world, name) for name in ("Lena", "Max", "Mia", "Tom", "Ida", "Ben")]
    await world.settle()
    first = [await person.count("How are you?") for person, _ in people]
    second = [await person.count("All well?") for person, _ in people]
    nothing = len(people) - sum(first) - sum(second)
    await world.creator.say("/funnels steps care")
    shown = await world.creator.hears("care, step by step")
    assert f"a: took it {sum(first)} · bought 0 (0 %)" in shown.text
    assert f"b: took it {sum(second)} · bought 0 (0 %)" in shown.text
    assert f"those who get nothing: {nothing} · bought 0 (0 %)" in shown.text
    assert "1. ab · split · a: 1 of 3 → ask · b: 1 of 3 → other · nothing: 1 of 3" in shown.text
    assert "4. over · end · it is over here" in shown.text


async def test_a_step_that_stands_still_runs_again_by_its_button(world: World):
    await save(world, CARE)
    lena, _ = await newcomer(world)
    async with world.spark.database.transaction() as session:
        head = (await session.scalars(select(FunnelHead).where(FunnelHead.key == "care"))).one()
        await stop_step(session, head, "ask", now=world.clock())
        # where it stood when it was looked at, which is nobody's business
        looked = Counted(head.creator_id, "funnel:care", "ask", "", Measure.SEEN_SENT)
        await count_steps(session, {looked: 200})
    await world.skip(days=1, hours=1)
    assert await lena.count("How are you?") == 0
    await world.creator.say("/funnels care")
    shown = await world.creator.hears("These steps stand still")
    assert "ask" in shown.text
    await world.creator.tap("Steps")
    await world.creator.tap("Let “ask” run again")
    await world.settle()
    await lena.hears("How are you?")


async def test_before_a_pause_ends_it_is_counted_what_would_become_of_what_is_overdue(world: World):
    await save(world, CARE)
    lena, _ = await newcomer(world)
    await world.creator.say("/funnels pause care")
    await world.creator.hears("⏸ care · paused")
    await world.skip(days=5)
    assert await lena.count("How are you?") == 0
    await world.creator.say("/funnels resume care")
    shown = await world.creator.hears("What is to become of what is overdue?")
    assert "One lead waits in it, for more than a quarter of an hour" in shown.text
    assert numbers(shown) == {
        "Shift": "→ one message at once, 0 when their hours come, 0 left out",
        "Once": "→ one message at once, 0 when their hours come, 1 left out",
        "Skip": "→ 0 messages at once, 0 when their hours come, 2 left out",
    }
    await world.creator.tap("Once")
    await world.settle()
    await world.skip(days=3)
    assert (await lena.count("How are you?"), await lena.count("See you")) == (0, 1)


@pytest.mark.parametrize("late", ["Shift", "Once", "Skip"])
async def test_what_was_counted_before_the_choice_is_what_is_then_sent(world: World, late: str):
    await save(world, CARE)
    lena, _ = await newcomer(world)
    await world.skip(days=1, hours=1)
    max_, _ = await newcomer(world, "Max")
    await world.creator.say("/funnels pause care")
    await world.creator.hears("⏸ care · paused")
    await world.skip(days=1, hours=12)
    before = await sent(lena) + await sent(max_)
    await world.creator.say("/funnels resume care")
    shown = await world.creator.hears("What is to become of what is overdue?")
    assert "2 leads wait in it, 2 of them" in shown.text
    counted = numbers(shown)[late]
    await world.creator.tap(late)
    await world.settle()
    at_once = await sent(lena) + await sent(max_) - before
    assert counted.startswith({0: "→ 0 messages", 1: "→ one message", 2: "→ 2 messages"}[at_once])
    assert (at_once > 0) == (late != "Skip")


async def sent(person: PersonOfTheWorld) -> int:
    return await person.count("How are you?") + await person.count("See you")


def numbers(shown: Said) -> dict[str, str]:
    """What is told under each choice."""
    lines = shown.text.splitlines()
    return {
        line.partition(":")[0]: lines[place + 1]
        for place, line in enumerate(lines)
        if line.partition(":")[0] in {"Shift", "Once", "Skip"}
    }


async def test_a_lead_and_a_segment_begin_by_hand_and_one_is_taken_out(world: World):
    await save(world, CARE.replace("lead.captured", "custom.never"))
    lena, first = await newcomer(world)
    max_, _ = await newcomer(world, "Max")
    await world.creator.say(f"/funnels start care {first}")
    await world.creator.hears(f"(lead {first}) begins the funnel care")
    await world.creator.say("/funnels start care all")
    shown = await world.creator.hears("Begin “care” with everybody in all?")
    assert "2 leads; 2 can be written to" in shown.text
    assert "One of them has been in it" in shown.text
    # of the two one begins
    await world.creator.tap("Begin for 1")
    await world.creator.hears("“care” begins for them")
    await world.settle()
    assert await states(world) == [EnrollmentState.ACTIVE] * 2
    await world.creator.say(f"/funnels leave care {first}")
    await world.creator.hears(f"(lead {first}) is out of care")
    await world.creator.say(f"/funnels leave care {first}")
    await world.creator.hears(f"(lead {first}) is not in care")
    await world.skip(days=3)
    assert (await lena.count("How are you?"), await max_.count("How are you?")) == (0, 1)
    await world.creator.say("/funnels start care tag:nobody")
    await world.creator.hears("Nobody would begin")


OTHER = "other: {steps: [{key: also, do: send, text: And another thing}]}"
LEADS_ON = """\
care:
  trigger: {event: lead.captured}
  retry: {times: 0}
  steps:
    - {key: further, do: enroll, funnel: other}
    - {key: ask, do: send, text: "How are you?"}
"""


async def test_who_is_stuck_is_shown_with_the_reason_and_tries_again_or_leaves(world: World):
    await save(world, f"{LEADS_ON}{OTHER}")
    await world.creator.say("/funnels archive other")
    await world.creator.tap("Yes, out of use")
    await world.creator.hears("🗄 other · out of use")
    await world.settle()
    lena, first = await newcomer(world)
    await newcomer(world, "Max")
    assert await states(world) == [EnrollmentState.PARKED] * 2
    await world.creator.hears("Your funnel “care”")
    await world.creator.tap("Stuck")
    shown = await world.creator.hears("2 leads cannot go on")
    assert f"Lena (lead {first}) · care" in shown.text
    assert "there is no funnel “other” any more" in shown.text
    await world.creator.tap("👋 2 leaves")
    await world.creator.hears("One lead cannot go on")
    # what was missing is there again
    assert "and runs again" in (await send_yaml(world, OTHER)).text
    await world.creator.tap("Save")
    await world.creator.hears("other is saved as version 1", times=2)
    await world.settle()
    await world.creator.say("/funnels parked care")
    await world.creator.tap("🔁 1 again")
    await world.creator.hears("Nobody is stuck")
    await world.settle()
    assert (await lena.count("How are you?"), await lena.count("And another thing")) == (1, 1)
    assert EnrollmentState.PARKED not in await states(world)


async def test_the_cards_and_the_file_that_comes_back(world: World):
    await save(world, CARE)
    await newcomer(world)
    await world.skip(days=1, hours=1)
    await world.creator.say("/funnels")
    shown = await world.creator.hears("Funnels of Studio")
    assert "▶ care · running\nactive 1" in shown.text
    assert "▶ filed · running\nnobody yet" in shown.text
    await world.creator.tap("▶ care")
    card = await world.creator.hears("Version 1, made by chat")
    assert "Begins by: event: lead.captured" in card.text
    assert "4 steps, 2 messages" in card.text
    await world.creator.tap("Steps")
    steps = await world.creator.hears("care, step by step")
    assert "2. ask · send · How are you?\n    reached 1 · sent 1" in steps.text
    assert "3. more · wait · time: 1d" in steps.text
    assert "1 here now" in steps.text
    await world.creator.say("/funnels yaml care")
    await world.creator.gets_file("care.yaml")
    await world.creator.say("/funnels nothing")
    await world.creator.hears("There is no funnel “nothing”")
    await world.creator.say("/funnels archive care")
    await world.creator.hears("One lead is under way and goes on to the end")
    await world.creator.tap("Yes, out of use")
    await world.creator.hears("🗄 care · out of use")


async def test_a_simulation_says_what_would_be_sent_and_sends_nothing(world: World):
    await save(world, CARE)
    await world.creator.say("/funnels simulate care")
    shown = await world.creator.hears("2 messages would be sent")
    assert shown.text.startswith("🔮 care by itself for somebody who comes just now, from")
    assert shown.text.index("care · ask: How are you?") < shown.text.index("care · bye: See you")
    async with world.spark.database.reading() as session:
        assert list(await session.scalars(select(OutboxMessage.id).where(OutboxMessage.step.is_not(None)))) == []


async def test_stats_add_up_the_last_days(world: World):
    await save(world, CARE)
    await newcomer(world)
    await world.skip(days=1, hours=1)
    await world.creator.say("/stats")
    shown = await world.creator.hears("the last 7 days")
    assert "New leads: 1 (in all 1)" in shown.text
    assert "funnel: sent 1" in shown.text
    assert "care: began 1 · active 1" in shown.text
    await world.creator.tap("Today")
    shown = await world.creator.hears("Studio, today")
    assert "New leads: 0 (in all 1)" in shown.text
    await world.creator.say("/stats uncertain")
    await world.creator.hears("nothing to settle")
    await world.creator.say("/stats yesterday")
    await world.creator.hears("Write /stats, /stats today")


async def test_it_all_speaks_german(store_url: str, tmp_path: Path):
    async with a_studio(store_url, tmp_path, "de") as world:
        async with world.spark.database.transaction() as session:
            await session.execute(update(Person).values(language_chosen="de"))
        assert "care ist neu" in (await send_yaml(world, CARE)).text
        await world.creator.tap("Speichern")
        await world.creator.hears("care ist als Version 1 gespeichert")
        await world.creator.say("/funnels")
        await world.creator.hears("Funnels von Studio")
        await world.creator.say("/funnels pause care")
        await world.creator.hears("⏸ care · angehalten")
        await world.creator.say("/funnels resume care")
        await world.creator.hears("Was soll aus dem werden, was überfällig ist?")
        await world.creator.say("/stats 30")
        await world.creator.hears("die letzten 30 Tage")
