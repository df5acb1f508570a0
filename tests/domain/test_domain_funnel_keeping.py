"""What no store keeps is refused where it is read, and takes nothing along where it comes through all the same."""

from typing import Any

import pytest
from folk import NOW, a_creator
from sqlalchemy import select

from domain.definitions import publish
from domain.funnels.definition import Funnel
from domain.funnels.heads import CannotBeKept, find_funnel, save_funnel
from domain.funnels.reading import Surroundings, check_funnel, read_funnels
from domain.message_rules import Webhook
from domain.messages.way_out import room_for_way_out
from domain.setups import CreatorSetup
from kit.text import CAPTION_LIMIT, TEXT_LIMIT
from store.database import Database
from store.models import FunnelHead, FunnelState, FunnelVersion, Kept, OutboxMessage

SETUP = CreatorSetup(webhooks={"crm": Webhook(url="https://crm.example")})
AROUND = Surroundings(SETUP, "Studio", frozenset(), frozenset(), {}, {})
TOO_LARGE = 99999999999999999999


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (".nan", "is no number that can be counted with"),
        ("-.inf", "is no number that can be counted with"),
        (str(TOO_LARGE), f"is too large a number; whole ones go up to {2**63 - 1}"),
        ('"a\\0b"', "holds a character that no text has (NUL)"),
    ],
)
def test_what_no_store_keeps_is_refused_with_its_line(value: str, said: str):
    text = f"one:\n  steps:\n    - key: a\n      do: webhook\n      webhook: crm\n      data:\n        n: {value}\n"
    told = [str(each) for each in read_funnels(text, AROUND).problems]
    assert f"line 7: one.steps.0.data.n: {said}" in told


@pytest.mark.parametrize("value", [TOO_LARGE, 1e20, "a\0b", "\ud83d", float("nan"), 2**53 + 1])
def test_nor_is_it_taken_as_plain_data(value: Any):
    definition = {"steps": [{"key": "a", "do": "webhook", "webhook": "crm", "data": {"n": value}}]}
    (problem,) = check_funnel("one", definition, AROUND).problems
    assert problem.key.startswith("one.steps.0.data")
    assert check_funnel("one", {"trigger": {"event": "custom.a", "data": {"n": value}}, **ONE}, AROUND).problems


ONE: dict[str, Any] = {"steps": [{"key": "a", "do": "send", "text": "Hi"}]}


def test_a_name_that_no_store_keeps_is_told_without_what_is_wrong_with_it():
    (problem, *_) = check_funnel("one", {"steps": [{"key": "a", "do": "send", "te\0xt": "Hi"}]}, AROUND).problems
    assert (problem.key, problem.message) == ("one.steps.0.text", "holds a character that no text has (NUL)")


async def test_a_funnel_of_the_file_that_cannot_be_kept_is_disabled_alone_and_told(database: Database):
    good = Funnel.model_validate(ONE)
    bad = good.model_copy(update={"steps": (good.steps[0].model_copy(update={"text": "a\0b"}),)})
    async with database.transaction() as session:
        creator = await a_creator(session)
        published = await publish(session, {}, {"studio": {"bad": bad, "good": good}}, now=NOW)
    assert list(published.funnels[creator.id]) == ["good"]
    async with database.reading() as session:
        heads = (await session.scalars(select(FunnelHead).order_by(FunnelHead.key))).all()
        notices = (await session.scalars(select(OutboxMessage.message))).all()
    assert [(head.key, head.state) for head in heads] == [("bad", FunnelState.DISABLED), ("good", FunnelState.ACTIVE)]
    assert heads[0].reason == "“bad” cannot be kept: steps.0.text holds a character that no text has (NUL)"
    assert [str(notice).count("bad") > 0 for notice in notices] == [True]


async def test_nor_is_it_kept_from_anywhere_else(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
    good = Funnel.model_validate(ONE)
    bad = good.model_copy(update={"steps": (good.steps[0].model_copy(update={"text": "a\0b"}),)})
    with pytest.raises(CannotBeKept, match=r"steps\.0\.text"):
        async with database.transaction() as session:
            await save_funnel(session, creator.id, "bad", bad, kept=Kept.API, now=NOW)


@pytest.mark.parametrize("change", [{"text": "{{ lead."}, {"do": "sing"}])
async def test_what_this_spark_cannot_read_any_more_is_disabled_alone_when_it_starts(
    database: Database, change: dict[str, str]
):
    async with database.transaction() as session:
        creator = await a_creator(session)
        for key in ("good", "old"):
            await save_funnel(session, creator.id, key, Funnel.model_validate(ONE), kept=Kept.CHAT, now=NOW)
        head = await find_funnel(session, creator.id, "old")
        version = await session.get_one(FunnelVersion, head.version_id)
        version.definition = {"steps": [{**ONE["steps"][0], **change}]}
    async with database.transaction() as session:
        published = await publish(session, {}, {}, now=NOW)
        assert list(published.funnels[creator.id]) == ["good"]
        old = await find_funnel(session, creator.id, "old")
        assert (old.state, "steps.0" in (old.reason or "")) == (FunnelState.DISABLED, True)


@pytest.mark.parametrize(("file", "most"), [({"voice": "a.ogg"}, CAPTION_LIMIT), ({}, TEXT_LIMIT)])
def test_a_message_has_room_for_the_way_out_of_it(file: dict[str, str], most: int):
    def slips(length: int) -> list[str]:
        step = {"key": "a", "do": "send", "text": "x" * length, **file}
        found = check_funnel("one", {"steps": [step]}, AROUND).problems
        return [each.message for each in found if each.key.endswith("text")]

    room = most - room_for_way_out()
    assert slips(room) == []
    assert slips(room + 1) == [f"has {room + 1} characters; {room} fit with the line on how to stop these messages"]
