from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import get_args

import pytest

from app.config_check import report
from app.settings import load
from domain.flows.definition import CommandTrigger, Default, EventTrigger, KeywordTrigger, SourceTrigger
from domain.flows.nodes import AnyNode, AskNode, ChooseNode, SayNode
from domain.messages.templates import render

Check = Callable[..., tuple[int, list[str]]]
SHIPPED = Path(__file__).parents[2] / "config.yaml"


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)

    def check(text: str, **environ: str) -> tuple[int, list[str]]:
        Path("config.yaml").write_text(dedent(text), "utf-8")
        return report(None, environ)

    return check


def test_the_shipped_config_is_well():
    assert report(SHIPPED, {}) == (0, [f"{SHIPPED}: 6 flows, 4 funnels: all well"])


def test_the_shipped_config_asks_and_follows_up_as_the_newcomers_tour_says():
    settings = load(SHIPPED, {}).settings
    assert settings.telegram.default_creator == "studio"
    studio = settings.creators["studio"]
    assert (studio.name, studio.currency, studio.time_zone) == ("Studio North", "usd", "Europe/Berlin")
    assert [node.do for node in studio.flows["welcome"].nodes] == [
        "say",
        "ask",
        "ask",
        "ask",
        "choose",
        "give",
        "say",
    ]
    checkout = studio.funnels["abandoned-checkout"]
    assert [trigger.model_dump(exclude_defaults=True) for trigger in checkout.triggers] == [
        {"event": "checkout.abandoned"}
    ]
    assert checkout.stop == ("order.paid", "order.pending", "order.expired", "order.cancelled")
    assert [step.do for step in checkout.steps] == ["send", "wait", "send"]


def test_the_shipped_texts_can_be_filled_in_without_leaving_holes():
    studio = load(SHIPPED, {}).settings.creators["studio"]
    facts = {
        "lead": {"name": "Ann", "first_name": "Ann"},
        "order": {"title": "Presets", "checkout_url": "https://x"},
    }
    texts = [node.text for node in studio.flows["welcome"].nodes]
    texts += [step.text for funnel in studio.funnels.values() for step in funnel.steps if step.do == "send"]
    for text in texts:
        assert set(text) == {"en", "de"}
        for wording in text.values():
            filled = render(wording, facts)
            assert "{{" not in filled
            assert "  " not in filled.strip()
    assert "Hi there," in render(studio.funnels["welcome"].steps[1].text["en"], {"lead": {"first_name": ""}})


def test_the_shipped_flows_have_every_node_and_every_kind_of_question_in_two_languages():
    studio = load(SHIPPED, {}).settings.creators["studio"]
    assert sorted(studio.flows) == ["book-session", "feedback", "goodbye", "no-match", "welcome", "welcome-back"]
    nodes = [node for flow in studio.flows.values() for node in flow.nodes]
    every = {get_args(kind.model_fields["do"].annotation)[0] for kind in get_args(get_args(AnyNode)[0])}
    assert {node.do for node in nodes} == every
    asked = [node for node in nodes if isinstance(node, AskNode)]
    assert {node.kind for node in asked} == set(get_args(AskNode.model_fields["kind"].annotation))
    assert {node.many for node in nodes if isinstance(node, ChooseNode)} == {True, False}
    said = [node for node in nodes if isinstance(node, SayNode)]
    assert all(any(media) for media in zip(*((n.photo, n.video, n.document) for n in said), strict=True))
    buttons = [button for node in said for button in node.buttons]
    assert all(any(does) for does in zip(*((each.url, each.product, each.flow) for each in buttons), strict=True))
    triggers = [trigger for flow in studio.flows.values() for trigger in flow.trigger]
    assert {trigger for trigger in triggers if isinstance(trigger, str)} == set(get_args(Default))
    kinds = {type(trigger) for trigger in triggers if not isinstance(trigger, str)}
    assert kinds == {SourceTrigger, KeywordTrigger, CommandTrigger, EventTrigger}
    spoken = [text for node in nodes if (text := node.model_dump().get("text")) is not None]
    assert len(spoken) > 30
    assert all(set(text) == {"en", "de"} for text in spoken)


def test_without_a_file_the_defaults_are_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    said = "no settings in config.yaml, so the defaults: 0 flows, 0 funnels: all well"
    assert report(None, {}) == (0, [said])


def test_bad_settings_and_disabled_funnels_and_stray_variables_all_end_in_2(check: Check):
    assert check("http: {port: x}\n") == (2, ["config.yaml:1: http.port: must be a whole number"])
    assert check("creators:\n  studio:\n    funnels:\n      bad: {steps: []}\n") == (
        2,
        [
            "config.yaml:4: creators.studio.funnels.bad.steps: must have at least 1 entry, this has 0",
        ],
    )
    assert check("{}", SPARK_HTTP__PROT="1") == (
        2,
        ["environment: SPARK_HTTP__PROT: not a setting; did you mean SPARK_HTTP__PORT?"],
    )


def test_a_default_creator_stands_among_the_creators_when_there_are_any(check: Check):
    assert check("telegram: {default_creator: studio}\n")[0] == 0
    assert check("telegram:\n  default_creator: studoi\ncreators:\n  studio: {}\n") == (
        2,
        ["config.yaml:2: telegram.default_creator: there is no “studoi” under creators; did you mean studio?"],
    )


def test_events_that_never_happen_are_told(check: Check):
    code, lines = check("""\
        creators:
          studio:
            funnels:
              late:
                trigger: {event: order.payed}
                stop:
                  - order.paid
                  - sun.rose
                steps:
                  - {key: hour, do: wait, time: 1h}
        """)
    assert code == 2
    at = "creators.studio.funnels.late"
    assert lines[0] == f"config.yaml:5: {at}.trigger.event: there is no event “order.payed”; did you mean order.paid?"
    assert lines[1].startswith(f"config.yaml:8: {at}.stop.1: there is no event “sun.rose”; known: checkout.abandoned,")


def test_what_could_be_read_but_would_not_work_is_told(check: Check):
    code, lines = check("""\
        creators:
          studio:
            fields:
              pick: {kind: choice}
            flows:
              welcome:
                nodes:
                  - {key: hello, do: say, text: Hello}
              pick:
                trigger: []
                nodes:
                  - key: pick
                    do: choose
                    field: pick
                    text: Which?
                    options:
                      - {value: a, label: One}
                      - {value: a, label: Two}
                      - {value: b, label: One}
              gift:
                trigger: []
                nodes:
                  - key: gift
                    do: give
                    product: ""
                    text: Here
              second:
                nodes:
                  - {key: hello, do: say, text: Hello}
            funnels:
              nudge:
                trigger: {event: order.opened}
                steps:
                  - key: send
                    do: send
                    text: Hi
                    buttons:
                      - {text: Bad, url: shop.example}
                      - {text: Good, url: "{{ order.checkout_url }}"}
        """)
    assert code == 2
    at = "creators.studio"
    slug = "“” is not a slug: use a-z and 0-9, with hyphens between them"
    twice = "a start begins “welcome” already, so it would never begin this one"
    link = "must begin with https://, http:// or tg://, or be filled in by {{ … }}"
    assert lines == [
        f"config.yaml:18: {at}.flows.pick.nodes.0.options.1.value: two options have the value “a”",
        f"config.yaml:19: {at}.flows.pick.nodes.0.options.2.label: two options are labelled “One”",
        f"config.yaml:25: {at}.flows.gift.nodes.0.product: {slug}",
        f"config.yaml:27: {at}.flows.second.trigger: {twice}",
        f"config.yaml:38: {at}.funnels.nudge.steps.0.buttons.0.url: {link}",
    ]


def test_a_funnel_that_asks_for_a_segment_is_checked_for_it(check: Check):
    code, lines = check(
        """\
        creators:
          studio:
            segments:
              keen: tag:vip
            funnels:
              reminder:
                trigger: {event: order.opened, when: segment:keen and spnt>5}
                steps:
                  - {key: one, do: send, text: Hello}
        """
    )
    assert code == 2
    (line,) = lines
    assert line.endswith("when: character 18: there is no condition “spnt”; did you mean spent?")
