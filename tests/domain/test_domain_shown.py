"""Answers as people read them."""

import pytest

from domain.fields import Choice, LeadFieldSpec
from domain.flows.definition import Flow
from domain.messages.templates import render, render_address
from domain.messages.values import Shown
from domain.setups import CreatorSetup
from domain.shown import Showing
from store.models import FieldKind

SETUP = CreatorSetup(
    fields={
        "size": LeadFieldSpec(kind=FieldKind.NUMBER),
        "pro": LeadFieldSpec(kind=FieldKind.YES_NO),
        "day": LeadFieldSpec(kind=FieldKind.DATE),
        "photo": LeadFieldSpec(kind=FieldKind.FILE),
        "plan": LeadFieldSpec(
            kind=FieldKind.CHOICE, options=(Choice(value="big", label={"en": "Large", "de": "Groß"}),)
        ),
        "note": LeadFieldSpec(),
    }
)
FLOW = Flow.model_validate(
    {
        "nodes": [
            {"key": "a", "do": "ask", "kind": "yes_no", "field": "open", "text": "Open?"},
            {
                "key": "b",
                "do": "choose",
                "many": True,
                "field": "topics",
                "text": "Which?",
                "options": [
                    {"value": "light", "label": {"en": "Light", "de": "Licht"}},
                    {"value": "sound", "label": "Ton"},
                ],
            },
        ]
    }
)
BY = Showing(SETUP, [FLOW])


@pytest.mark.parametrize(
    ("field", "kept", "english", "german"),
    [
        ("size", "12.5", "12.5", "12,5"),
        ("size", 2031.0, "2031", "2031"),
        ("size", "much", "much", "much"),
        ("pro", "yes", "yes", "ja"),
        ("pro", "perhaps", "perhaps", "perhaps"),
        ("day", "2031-02-03", "February 3, 2031", "3. Februar 2031"),
        ("day", "some day", "some day", "some day"),
        ("photo", "7", "📎 me.jpg", "📎 me.jpg"),
        ("photo", "8", "📎 8", "📎 8"),
        ("plan", "big", "Large", "Groß"),
        ("plan", "gone", "gone", "gone"),
        # fields that nobody declared are what the flow asks for
        ("open", "no", "no", "nein"),
        ("topics", "light, sound", "Light, Ton", "Licht, Ton"),
        ("topics", "light, other", "Light, other", "Licht, other"),
        ("note", "yes", "yes", "yes"),
        ("name", "2031-02-03", "2031-02-03", "2031-02-03"),
    ],
)
def test_an_answer_reads_as_its_reader_writes(field: str, kept: str | float, english: str, german: str):
    files = {"7": "me.jpg"}
    assert (BY.value(field, kept, "en", files), BY.value(field, kept, "de", files)) == (english, german)


def test_a_text_shows_a_value_as_people_read_it_and_compares_it_as_it_is_kept():
    facts = {"lead": {"pro": Shown("yes", "ja & gern")}}
    assert render("{{ lead.pro }}", facts) == "ja &amp; gern"
    assert render("{{ lead.pro|there }} {{ lead.pro|upper }}", facts) == "ja &amp; gern JA &amp; GERN"
    assert render("{% if lead.pro == 'yes' %}really{% endif %}", facts) == "really"
    assert (
        render("{% if lead.pro|upper == 'YES' %}{{ lead.pro|title|truncate(length=6, leeway=0) }}{% endif %}", facts)
        == "Ja..."
    )
    assert render("{{ lead.pro|striptags|trim }} {{ lead.pro.title() }}", facts) == "ja &amp; gern Ja &amp; Gern"
    assert render_address("https://example.com/?pro={{ lead.pro }}", facts) == "https://example.com/?pro=yes"
