"""The reply to a saved update goes out, whatever Telegram or a crash does to it."""

import pytest
from bot_world import (
    Hook,
    answered,
    crash,
    fault,
    leases_run_out,
    message,
    row,
    settled,
    tap,
    until_called,
)
from sqlalchemy import select
from world import World

from store.models import Person


async def hung(world: World, times: int = 1) -> None:
    """Returns once so many calls hang at Telegram's side."""

    async def so_many() -> bool:
        return sum(call["status"] == 0 for call in await world.calls("sendMessage")) >= times

    assert await world.until(so_many), "no call hangs"


async def begin_again(world: World) -> None:
    """Another process takes up what the dead one left."""
    await world.begin()
    await leases_run_out(world)
    await world.spark.intake.resume()


async def test_a_crash_between_commit_and_reply_leaves_nobody_in_silence(hook: Hook, monkeypatch: pytest.MonkeyPatch):
    lena = await hook.known()
    await fault(hook.world, "hang")
    assert await hook.post(message(9000, lena.id, "Lena")) == 200
    await hung(hook.world)
    await crash(hook.world, monkeypatch)
    assert await lena.count("Which e-mail address") == 0
    await begin_again(hook.world)
    await lena.hears("Which e-mail address")
    kept = await answered(hook.world, 9000)
    assert kept.resumed >= 1
    assert await hook.post(message(9000, lena.id, "Lena")) == 200
    await settled(hook.world)
    assert await lena.count("Which e-mail address") == 1


async def test_by_polling_too_the_reply_of_an_update_saved_before_the_crash_goes_out_once(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    lena = await world.person("Lena")
    await lena.say("/start")
    await lena.hears("What shall we call you?")
    await fault(world, "hang")
    await lena.say("Lena")
    await hung(world)
    await crash(world, monkeypatch)
    await begin_again(world)
    await lena.hears("Which e-mail address")
    await settled(world)
    assert await lena.count("Which e-mail address") == 1


async def test_a_question_that_the_person_has_gone_on_from_is_not_asked_again(
    hook: Hook, monkeypatch: pytest.MonkeyPatch
):
    lena = await hook.known()
    await fault(hook.world, "hang")
    assert await hook.post(message(9000, lena.id, "Lena")) == 200
    await hung(hook.world)
    await crash(hook.world, monkeypatch)
    await hook.world.begin()
    # the leases still hold where several processes may be at work, so that the new update comes first
    if not hook.world.spark.database.is_sqlite:
        assert await hook.post(message(9001, lena.id, "lena@example.com")) == 200
        await lena.hears("phone number")
        await leases_run_out(hook.world)
        await hook.world.spark.intake.resume()
        await answered(hook.world, 9000)
        assert await lena.count("Which e-mail address") == 0
    else:
        await lena.hears("Which e-mail address")


async def test_a_lease_that_is_held_is_left_alone(hook: Hook, monkeypatch: pytest.MonkeyPatch):
    lena = await hook.known()
    await fault(hook.world, "hang")
    assert await hook.post(message(9000, lena.id, "/terms")) == 200
    await hung(hook.world)
    assert await hook.world.spark.intake.resume() == 0
    await hook.world.spark.intake.keep_leases()
    assert (await row(hook.world, 9000)).resumed == 0
    await crash(hook.world, monkeypatch)
    await hook.world.begin()


@pytest.mark.parametrize("kind", ["429", "500"])
async def test_a_reply_that_telegram_turns_away_is_sent_again(hook: Hook, kind: str):
    lena = await hook.known()
    await fault(hook.world, kind, times=1, retry_after=1)
    assert await hook.post(message(9000, lena.id, "/terms")) == 200
    assert await hook.post(message(9001, lena.id, "/privacy")) == 200
    await answered(hook.world, 9000)
    await answered(hook.world, 9001)
    said = [each.text for each in await lena.chat() if each.by_bot][-2:]
    assert "Digital goods" in said[0]
    assert "What Studio North keeps about you" in said[1]
    assert (await row(hook.world, 9000)).resumed == 0


async def test_a_reply_whose_answer_was_lost_is_taken_up_again_and_marked(hook: Hook):
    lena = await hook.known()
    await fault(hook.world, "drop_reply")
    assert await hook.post(message(9000, lena.id, "/terms")) == 200
    await lena.hears("Digital goods")

    async def is_left() -> bool:
        return hook.world.spark.intake.idle

    assert await hook.world.until(is_left)
    assert (await row(hook.world, 9000)).answered_at is None
    await leases_run_out(hook.world)
    await hook.world.spark.intake.resume()
    kept = await answered(hook.world, 9000)
    assert kept.resumed == 1
    assert await lena.count("Digital goods") == 2


async def test_a_person_who_has_blocked_the_bot_is_noted_and_not_tried_again(hook: Hook):
    lena = await hook.known()
    await fault(hook.world, "403")
    assert await hook.post(message(9000, lena.id, "/terms")) == 200
    await answered(hook.world, 9000)
    async with hook.world.spark.database.reading() as session:
        person = (await session.scalars(select(Person).where(Person.telegram_id == lena.id))).one()
    assert person.blocked_at is not None
    assert await hook.post(message(9001, lena.id, "/privacy")) == 200
    await lena.hears("What Studio North keeps about you")
    async with hook.world.spark.database.reading() as session:
        person = (await session.scalars(select(Person).where(Person.telegram_id == lena.id))).one()
    assert person.blocked_at is None


async def test_a_tap_is_answered_even_when_it_is_refused(hook: Hook):
    lena = await hook.known()
    before = len(await hook.world.calls("answerCallbackQuery"))
    for number, data in enumerate(("flow:1:1", "flow:x:y:z", "nonsense", "", "product:99999", "buy:-1", "again:77")):
        assert await hook.post(tap(9000 + number, lena.id, data, query_id=f"{number}")) == 200
        await answered(hook.world, 9000 + number)
        assert (await row(hook.world, 9000 + number)).error is None, data
    answers = (await until_called(hook.world, "answerCallbackQuery", before + 7))[before:]
    assert len({call["params"]["callback_query_id"] for call in answers}) == 7
    assert all(call["params"]["text"] for call in answers)


async def test_what_waits_behind_a_reply_that_hangs_is_saved_and_answered_after_a_crash(
    hook: Hook, monkeypatch: pytest.MonkeyPatch
):
    lena = await hook.known("Lena")
    await fault(hook.world, "hang")
    assert await hook.post(message(9000, lena.id, "/terms")) == 200
    await hung(hook.world)
    assert await hook.post(message(9001, lena.id, "/privacy")) == 200
    assert await lena.count("What Studio North keeps about you") == 0
    await crash(hook.world, monkeypatch)
    await hook.world.begin()
    await leases_run_out(hook.world)
    await hook.world.spark.intake.resume()
    await lena.hears("What Studio North keeps about you")
    await lena.hears("Digital goods")
