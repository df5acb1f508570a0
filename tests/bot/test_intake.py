"""Updates in: saved before they are acknowledged, once each, and rubbish stops nobody."""

import asyncio
import json
from typing import Any

import pytest
from bot_world import Hook, answered, count, message, row, rows, sender, settled, tap
from sqlalchemy.exc import OperationalError

from bot.dispatch import COMMANDS
from bot.turn import Turn
from store.models import Event, Idea, Lead, Person, TelegramUpdate

RUBBISH: list[tuple[str, bytes]] = [
    ("not JSON", b"{what"),
    ("nothing at all", b""),
    ("a JSON list", b"[1, 2]"),
    ("a JSON number", b"17"),
    ("broken UTF-8", b'{"update_id": 1, "message": "\xff\xfe"}'),
    ("a NUL byte", b'{"update_id": \x00}'),
    ("no update_id", json.dumps({"message": {"text": "hi"}}).encode()),
    ("a huge update_id", json.dumps({"update_id": 10**40, "message": {"text": "hi"}}).encode()),
    ("a text for an update_id", json.dumps({"update_id": "7", "message": {"text": "hi"}}).encode()),
    ("a flag for an update_id", json.dumps({"update_id": True}).encode()),
]
ODD_MESSAGES: list[tuple[str, Any]] = [
    ("a text", "hello"),
    ("null", None),
    ("a list", [1]),
    ("an empty object", {}),
    ("no chat", {"message_id": 1, "date": 1, "from": sender(5), "text": "hi"}),
    ("a date that is a text", {"message_id": 1, "date": "then", "chat": {"id": 5, "type": "private"}}),
    ("a huge date", {"message_id": 1, "date": 10**30, "chat": {"id": 5, "type": "private"}, "from": sender(5)}),
    ("entities that are none", {"message_id": 1, "date": 1, "chat": {"id": 5, "type": "private"}, "entities": "bold"}),
    ("a sender without a name", {"message_id": 1, "date": 1, "chat": {"id": 5}, "from": {"id": 5, "is_bot": False}}),
    ("a sender with a huge id", {"message_id": 1, "date": 1, "chat": {"id": 5}, "from": sender(2**80)}),
]


async def test_an_update_is_saved_before_it_is_acknowledged(hook: Hook):
    lena = await hook.known()
    assert await hook.post(message(9000, lena.id, "Lena")) == 200
    kept = await row(hook.world, 9000)
    assert kept.lane == f"person:{lena.id}"
    assert json.loads(kept.body)["message"]["text"] == "Lena"
    assert "Which e-mail address" in json.dumps(kept.reply)
    await lena.hears("Which e-mail address")
    await answered(hook.world, 9000)


async def test_a_webhook_without_the_secret_changes_nothing(hook: Hook):
    before = await count(hook.world, TelegramUpdate)
    assert await hook.post(message(9000, 5, "hi"), secret="a guess") == 401
    assert await count(hook.world, TelegramUpdate) == before


async def test_the_same_update_five_times_at_once_is_one_row_and_one_reply(hook: Hook):
    lena = await hook.known()
    same = message(9000, lena.id, "/idea")
    statuses = await asyncio.gather(*(hook.post(same) for _ in range(5)))
    assert statuses == [200] * 5
    await answered(hook.world, 9000)
    assert await hook.post(same) == 200
    await settled(hook.world)
    assert await lena.count("This is for creators") == 1


async def test_a_repeated_answer_moves_the_flow_once(hook: Hook):
    lena = await hook.known()
    same = message(9000, lena.id, "Lena")
    await asyncio.gather(*(hook.post(same) for _ in range(5)))
    await lena.hears("Which e-mail address")
    await settled(hook.world)
    assert await lena.count("does not look like an e-mail") == 0
    assert await lena.count("Which e-mail address") == 1


async def test_rubbish_is_kept_with_its_error_and_stops_nobody(hook: Hook):
    lena = await hook.known()
    for number, (what, body) in enumerate(RUBBISH):
        before = await count(hook.world, TelegramUpdate)
        assert await hook.post(body) == 200, what
        assert await count(hook.world, TelegramUpdate) == before + 1, what
        kept = (await rows(hook.world))[-1]
        assert kept.error, what
        assert kept.answered_at is not None, what
        assert await hook.post(message(9000 + number, lena.id, "/terms")) == 200
    await lena.hears("Digital goods", times=len(RUBBISH))


@pytest.mark.parametrize("part", ["message", "callback_query", "my_chat_member", "pre_checkout_query"])
async def test_known_parts_of_wrong_shapes_are_kept_and_stop_nobody(hook: Hook, part: str):
    lena = await hook.known()
    for number, (what, body) in enumerate(ODD_MESSAGES):
        assert await hook.post({"update_id": 8000 + number, part: body}) == 200, what
        assert (await row(hook.world, 8000 + number)).body, what
    assert await hook.post(message(9000, lena.id, "/terms")) == 200
    await lena.hears("Digital goods")


async def test_nul_bytes_huge_numbers_and_lone_surrogates_from_a_person_are_taken(hook: Hook):
    lena = await hook.known()
    odd = json.dumps(message(9000, lena.id, "a\x00b")).encode()
    assert await hook.post(odd) == 200
    lone = json.dumps(message(9001, lena.id, "x")).replace('"x"', '"\\ud800"').encode()
    assert await hook.post(lone) == 200
    assert await hook.post(message(9002, lena.id, "hi", message_id=2**70)) == 200
    for update_id in (9000, 9002):
        await row(hook.world, update_id)
    assert await hook.post(message(9003, lena.id, "/terms")) == 200
    await lena.hears("Digital goods")


async def test_updates_of_no_use_are_kept_once_and_answered_by_nobody(hook: Hook):
    lena = await hook.known()
    calls = len(await hook.world.calls("sendMessage"))
    channel = {"message_id": 1, "date": 1, "chat": {"id": -100, "type": "channel", "title": "News"}, "text": "hi"}
    for number, update in enumerate(
        (
            {"poll": {"id": "1"}},
            {"a_kind_of_next_year": {"from": sender(lena.id)}},
            {"channel_post": channel},
            {"edited_message": message(1, lena.id, "/terms")["message"]},
            {"message": channel | {"sender_chat": channel["chat"]}},
            {"message": message(1, lena.id, "/terms")["message"] | {"from": sender(lena.id, is_bot=True)}},
            {"message": message(1, lena.id, "/terms", chat={"id": -5, "type": "group", "title": "G"})["message"]},
        )
    ):
        assert await hook.post({"update_id": 9000 + number, **update}) == 200
        assert (await row(hook.world, 9000 + number)).answered_at is not None
    await settled(hook.world)
    assert len(await hook.world.calls("sendMessage")) == calls


async def test_a_handler_that_fails_leaves_a_dead_letter_and_tells_the_person_a_reference(
    hook: Hook, monkeypatch: pytest.MonkeyPatch
):
    async def broken(turn: Turn, arguments: str) -> None:
        turn.session.add(Event(creator_id=1, name="half.done", subject="", data={}, occurred_at=turn.now))
        await turn.session.flush()
        raise RuntimeError("our own bug")

    lena = await hook.known()
    events = await count(hook.world, Event)
    monkeypatch.setitem(COMMANDS, "terms", broken)
    assert await hook.post(message(9000, lena.id, "/terms")) == 200
    told = await lena.hears("Something went wrong on our side")
    dead = await answered(hook.world, 9000)
    assert dead.error == "RuntimeError: our own bug"
    assert dead.correlation_id[:12] in told.text
    assert "our own bug" not in told.text
    assert await count(hook.world, Event) == events
    assert await hook.post(message(9001, lena.id, "/privacy")) == 200
    await lena.hears("What Studio North keeps about you")


async def test_a_refusal_saves_nothing_of_the_act_and_is_no_dead_letter(hook: Hook):
    ideas, leads = await count(hook.world, Idea), await count(hook.world, Lead)
    stranger = await hook.world.person("Mara")
    await stranger.say("/shop nowhere")
    await stranger.hears("There is no shop “nowhere” here")
    kept = (await rows(hook.world))[-1]
    assert kept.error is None
    assert (await count(hook.world, Idea), await count(hook.world, Lead)) == (ideas, leads)
    assert await hook.post(tap(9000, stranger.id, "again:1")) == 200
    assert (await row(hook.world, 9000)).error is None


async def test_with_the_store_away_nothing_is_acknowledged_and_the_redelivery_works(
    hook: Hook, monkeypatch: pytest.MonkeyPatch
):
    lena = await hook.known()
    people = await count(hook.world, Person)

    async def away(*_: object, **__: object) -> None:
        raise OperationalError("INSERT", {}, ConnectionError("the store is away"))

    with monkeypatch.context() as patch:
        patch.setattr(type(hook.world.spark.database), "transaction", _raising(away))
        assert await hook.post(message(9000, lena.id, "Lena")) == 503
    assert await rows(hook.world, TelegramUpdate.update_id == 9000) == []
    assert await hook.post(message(9000, lena.id, "Lena")) == 200
    await lena.hears("Which e-mail address")
    assert await count(hook.world, Person) == people


def _raising(away: Any) -> Any:
    class Nothing:
        async def __aenter__(self) -> None:
            await away()

        async def __aexit__(self, *_: object) -> None: ...

    return lambda _self: Nothing()


async def test_blocking_and_coming_back_are_noted(hook: Hook):
    lena = await hook.known()

    async def blocked() -> bool:
        async with hook.world.spark.database.reading() as session:
            person = await session.get_one(Person, (await _person_row(hook, lena.id)))
            return person.blocked_at is not None

    await hook.world.control("PUT", f"/people/{lena.id}/blocked", {"blocked": True})
    assert await hook.world.until(blocked)
    await hook.world.control("PUT", f"/people/{lena.id}/blocked", {"blocked": False})

    async def is_back() -> bool:
        return not await blocked()

    assert await hook.world.until(is_back)


async def _person_row(hook: Hook, telegram_id: int) -> int:
    from sqlalchemy import select

    async with hook.world.spark.database.reading() as session:
        found = await session.scalars(select(Person.id).where(Person.telegram_id == telegram_id))
        return found.one()
