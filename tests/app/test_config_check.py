from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from app.config_check import report
from app.settings import load
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
    assert report(SHIPPED, {}) == (0, [f"{SHIPPED}: 1 flow, 2 funnels: all well"])


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
    assert checkout.stop == ("order.paid", "order.pending", "order.expired")
    assert [step.do for step in checkout.steps] == ["wait", "send", "wait", "send"]


def test_the_shipped_texts_can_be_filled_in_without_leaving_holes():
    studio = load(SHIPPED, {}).settings.creators["studio"]
    facts = {
        "lead": {"name": "Ann", "first_name": "Ann"},
        "order": {"title": "Presets", "checkout_url": "https://x"},
    }
    texts = [node.text for node in studio.flows["welcome"].nodes]
    texts += [step.text for funnel in studio.funnels.values() for step in funnel.steps if step.do == "send"]
    for text in texts:
        filled = render(text, facts)
        assert "{{" not in filled
        assert "  " not in filled.strip()
    assert "Hi there," in render(studio.funnels["welcome"].steps[1].text, {"lead": {"first_name": ""}})


def test_without_a_file_the_defaults_are_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    said = "no settings in config.yaml, so the defaults: 0 flows, 0 funnels: all well"
    assert report(None, {}) == (0, [said])


def test_bad_settings_and_disabled_funnels_and_stray_variables_all_end_in_2(check: Check):
    assert check("http: {port: x}\n") == (2, ["config.yaml:1: http.port: must be a whole number"])
    assert check("creators:\n  studio:\n    funnels:\n      bad: {steps: []}\n") == (
        2,
        [
            "config.yaml:4: creators.studio.funnels.bad.trigger: is missing",
            "config.yaml:4: creators.studio.funnels.bad.steps: must have at least 1",
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
    assert lines[1].startswith(f"config.yaml:8: {at}.stop.1: there is no event “sun.rose”; known: flow.finished,")


def test_what_could_be_read_but_would_not_work_is_told(check: Check):
    code, lines = check("""\
        creators:
          studio:
            flows:
              welcome:
                nodes:
                  - key: pick
                    do: choose
                    field: pick
                    text: Which?
                    options:
                      - {value: a, label: One}
                      - {value: a, label: Two}
                      - {value: b, label: One}
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
    link = "must begin with https://, http:// or tg://, or be filled in by {{ … }}"
    assert lines == [
        f"config.yaml:12: {at}.flows.welcome.nodes.0.options.1.value: two options have the value “a”",
        f"config.yaml:13: {at}.flows.welcome.nodes.0.options.2.label: two options are labelled “One”",
        f"config.yaml:16: {at}.flows.welcome.nodes.1.product: must be the slug of a product, like starter-guide",
        f"config.yaml:18: {at}.flows.second: a start begins “welcome” already, so this one would never run",
        f"config.yaml:29: {at}.funnels.nudge.steps.0.buttons.0.url: {link}",
    ]
