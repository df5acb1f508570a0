"""What a choice may be where its field lists nothing."""

from datetime import date

import pytest
import pytest_asyncio
from conversing import Conversation, a_conversation, ask, choose, say

from domain.field_values import BadValue, read_value
from domain.fields import LeadFieldSpec
from domain.flows.definition import Flow
from domain.flows.options import options_by_flows
from domain.setups import CreatorSetup
from store.database import Database
from store.models import FieldKind
from store.segments.checking import check_question
from store.segments.question import BadSegment

CHOICE = LeadFieldSpec(kind=FieldKind.CHOICE)
LISTED = LeadFieldSpec.model_validate({"kind": "choice", "options": [{"value": "own", "label": "Own"}]})


def _setup(*nodes: object) -> CreatorSetup:
    flow = Flow.model_validate({"nodes": [*nodes, say("end", "bye")]})
    fields = {"interest": CHOICE, "plan": LISTED, "topics": LeadFieldSpec(kind=FieldKind.CHOICES)}
    return CreatorSetup(fields=fields, offered=options_by_flows([flow]))


def _read(setup: CreatorSetup, key: str, text: str) -> object:
    spec = setup.spec(key)
    assert spec is not None
    return read_value(key, text, spec, language="en", today=date(2026, 11, 21))


def test_a_field_without_options_takes_what_the_flows_offer_or_set():
    setup = _setup(
        choose("interest", "video", "photo"),
        choose("topics", "light", many=True),
        {"key": "s", "do": "set", "field": "interest", "value": "Gone by"},
    )
    assert _read(setup, "interest", "Video") == "video"
    assert _read(setup, "interest", "gone by") == "gone by"
    assert _read(setup, "topics", "Light") == ["light"]
    for key, text in (("interest", "vidoe"), ("topics", "light, dark")):
        with pytest.raises(BadValue):
            _read(setup, key, text)
    check_question("field:interest=photo", setup.known())
    with pytest.raises(BadSegment):
        check_question("field:interest=phot", setup.known())


def test_what_the_field_lists_is_all_it_takes():
    setup = _setup(choose("plan", "pro"))
    assert _read(setup, "plan", "own") == "own"
    with pytest.raises(BadValue):
        _read(setup, "plan", "pro")


def test_a_field_that_a_template_fills_or_no_flow_offers_takes_any_word():
    setup = _setup(
        choose("interest", "video"), {"key": "s", "do": "set", "field": "interest", "value": "{{ lead.source }}"}
    )
    assert _read(setup, "interest", "Fair") == "fair"
    assert _read(setup, "topics", "Anything") == ["anything"]


@pytest_asyncio.fixture
async def chat(database: Database) -> Conversation:
    return await a_conversation(database)


async def test_a_flow_empties_a_field(chat: Conversation):
    empty = [{"key": f"{key}-gone", "do": "set", "field": key, "value": ""} for key in ("note", "name")]
    await chat.publish({"first": [ask("note"), ask("name"), *empty, ask("again", field="note"), say("end", "bye")]})
    await chat.begin()
    await chat.answer("there")
    assert await chat.answer("Ann") == ["again?"]
    assert await chat.known() == {}
