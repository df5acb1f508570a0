"""Funnels of the file, quiet hours and webhooks: each mistake with its line, one bad funnel left out alone."""

from collections.abc import Callable
from datetime import time, timedelta
from pathlib import Path
from textwrap import dedent

import pytest

from app.config_check import report
from app.config_units import broken_funnels
from app.media import keep_media
from app.settings import BadConfig, load
from domain.funnels.definition import SendStep
from domain.message_rules import AtMost, Webhook
from domain.windows import Window
from store.files import FileStore
from store.models import Shape

Write = Callable[[str], Path]
FIELDS = """\
fields:
  birthday: {kind: date}
  city: {}
tags: [vip]
webhooks:
  crm: {url: "https://crm.example"}
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes a creator's settings, given flush left, into config.yaml of an empty working folder."""
    monkeypatch.chdir(tmp_path)

    def write(text: str) -> Path:
        lines = "\n".join(f"    {line}" for line in dedent(text).splitlines())
        path = Path("config.yaml")
        path.write_text(f"creators:\n  studio:\n{lines}\n", "utf-8")
        return path

    return write


def check(code: int) -> list[str]:
    said, lines = report(None, {})
    assert said == code, lines
    return [line.replace("creators.studio.", "") for line in lines]


def test_a_funnel_that_names_what_is_not_there_is_left_out_alone_and_spark_runs(write: Write):
    write(
        FIELDS
        + """\
funnels:
  bad:
    trigger:
      - {date: birthdy}
      - {enters: "tagg:vip"}
    steps:
      - {key: a, do: wait, date: city}
      - {key: b, do: webhook, webhook: crmm}
      - {key: c, do: enroll, funnel: godo}
      - {key: d, do: send, photo: gone.jpg, only_if: "score>"}
  good:
    trigger: {cron: "0 9 * * mon"}
    steps: [{key: a, do: webhook, webhook: crm}]
"""
    )
    told = check(2)
    assert [line.partition(": ")[0] for line in told] == [
        *(f"config.yaml:{number}" for number in (12, 13, 15, 16, 17, 18, 18)),
    ]
    assert told[0] == "config.yaml:12: funnels.bad.trigger.0.date: there is no field “birthdy”; did you mean birthday?"
    assert told[4] == "config.yaml:17: funnels.bad.steps.2.funnel: there is no funnel “godo”; did you mean good?"
    loaded = load(None, {})
    assert list(loaded.settings.creators["studio"].funnels) == ["good"]
    reason = broken_funnels(loaded.disabled)["studio"]["bad"]
    assert reason.startswith("config.yaml:12: creators.studio.funnels.bad.trigger.0.date: there is no field “birthdy”")


def test_what_one_funnel_gets_wrong_takes_those_along_that_begin_it(write: Write):
    write("""\
        funnels:
          bad: {steps: [{key: a, do: wait, time: soon}]}
          follows: {steps: [{key: a, do: enroll, funnel: bad}]}
          good: {steps: [{key: a, do: goal}]}
        """)
    loaded = load(None, {})
    assert list(loaded.settings.creators["studio"].funnels) == ["good"]
    assert set(broken_funnels(loaded.disabled)["studio"]) == {"bad", "follows"}
    # told once: the other one is well as soon as this is
    assert len(check(2)) == 1


def test_what_no_store_keeps_is_told_with_its_line_and_leaves_its_funnel_out_alone(write: Write):
    write("""\
        webhooks: {crm: {url: "https://crm.example"}}
        funnels:
          bad:
            steps:
              - {key: a, do: webhook, webhook: crm, data: {n: 99999999999999999999}}
              - {key: b, do: webhook, webhook: crm, data: {n: .nan}}
              - {key: c, do: send, text: "a\\0b"}
          "wo\\0rse": {steps: [{key: a, do: goal}]}
          good: {steps: [{key: a, do: goal}]}
        """)
    told = check(2)
    assert "config.yaml:7: funnels.bad.steps.0.data.n: is too large a number; whole ones go up to" in "\n".join(told)
    assert "config.yaml:8: funnels.bad.steps.1.data.n: is no number that can be counted with" in told
    assert "config.yaml:9: funnels.bad.steps.2.text: holds a character that no text has (NUL)" in told
    assert "config.yaml:10: funnels.worse: holds a character that no text has (NUL)" in told
    loaded = load(None, {})
    assert list(loaded.settings.creators["studio"].funnels) == ["good"]
    assert set(broken_funnels(loaded.disabled)["studio"]) == {"bad", "worse"}


def test_so_it_is_where_the_environment_gives_it(write: Write):
    write("{}")
    given = '{"bad": {"steps": [{"key": "a", "do": "set", "field": "name", "value": NaN}]}, "good": %s}'
    loaded = load(None, {"SPARK_CREATORS__STUDIO__FUNNELS": given % '{"steps": [{"key": "a", "do": "goal"}]}'})
    assert list(loaded.settings.creators["studio"].funnels) == ["good"]
    reason = broken_funnels(loaded.disabled)["studio"]["bad"]
    assert "SPARK_CREATORS__STUDIO__FUNNELS: bad.steps.0.value: is no number that can be counted with" in reason


def test_funnels_that_begin_one_another_for_ever_are_left_out(write: Write):
    write("""\
        funnels:
          one: {again: always, steps: [{key: a, do: enroll, funnel: two}]}
          two: {again: always, steps: [{key: a, do: enroll, funnel: one}]}
        """)
    said = "begins anew by its own steps with no wait of a minute: it would go round for ever"
    assert check(2) == [f"config.yaml:4: funnels.one: “one” {said}", f"config.yaml:5: funnels.two: “two” {said}"]


def test_events_and_texts_that_would_come_to_nothing_are_told_and_run_all_the_same(write: Write):
    write("""\
        funnels:
          odd:
            trigger: {event: order.payd}
            goal: {event: order.pait}
            steps:
              - {key: a, do: wait, event: lead.wrotte, time: 1d}
              - {key: b, do: notify, text: "{{ lead.nme }}"}
              - {key: c, do: idea, title: "{{ ordr.title }}"}
        """)
    assert [line.partition(": ")[0] for line in check(2)] == [f"config.yaml:{number}" for number in (5, 6, 8, 9, 10)]
    assert load(None, {}).disabled == []


def test_an_event_of_ones_own_is_known_by_its_beginning(write: Write):
    write("funnels: {one: {trigger: {event: custom.webinar_seen}, steps: [{key: a, do: goal}]}}")
    assert check(0) == ["config.yaml: 0 flows, 1 funnel: all well"]


def test_quiet_hours_and_the_attention_budget_are_read(write: Write):
    write("""\
        messages:
          window: {from: "09:00", to: "20:00", days: [mon, fri]}
          at_most: {messages: 3, per: 1d}
        """)
    rules = load(None, {}).settings.creators["studio"].setup().messages
    assert rules.window == Window(opens=time(9), closes=time(20), days=("mon", "fri"))
    assert rules.at_most == AtMost(messages=3, per=timedelta(days=1))


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        ("{at_most: {messages: 0, per: 1d}}", "messages.at_most.messages: must be 1 or more"),
        ("{at_most: {messages: 1, per: 1m}}", "messages.at_most: per is an hour at least, and 90 days at most"),
        ("{window: {days: []}}", "messages.window.days: must have at least 1 entry, this has 0"),
        (
            "{window: {days: [monday]}}",
            "messages.window.days.0: there is no “monday”; use mon, tue, wed, thu, fri, sat",
        ),
        ("{window: {from: 25:00}}", 'messages.window.from: write a time of day in quotes, like "09:30"'),
        ("{windows: {}}", "messages.windows: not a setting here; known: window, at_most; did you mean window?"),
    ],
)
def test_quiet_hours_that_make_no_sense_keep_spark_from_starting(write: Write, messages: str, said: str):
    write(f"messages: {messages}")
    with pytest.raises(BadConfig) as refused:
        load(None, {})
    assert f"config.yaml:3: creators.studio.{said}" in str(refused.value)


def test_a_webhook_is_signed_with_what_stands_in_a_file_of_its_own(write: Write):
    Path("crm.key").write_text("whsec_abc\n")
    write('webhooks: {crm: {url: "https://crm.example/in", secret_file: crm.key}, own: {url: "http://127.0.0.1:9/x"}}')
    loaded = load(None, {})
    setup = loaded.settings.creators["studio"].setup()
    assert setup.webhooks == {
        "crm": Webhook(url="https://crm.example/in", secret="whsec_abc"),
        "own": Webhook(url="http://127.0.0.1:9/x"),
    }
    assert "whsec_abc" not in f"{loaded!r} {setup!r}"


def test_webhooks_may_come_by_the_environment_whole(write: Write):
    write('webhooks: {crm: {url: "https://crm.example/in"}}')
    given = '{"other": {"url": "https://other.example", "secret": "whsec_xyz"}}'
    setup = load(None, {"SPARK_CREATORS__STUDIO__WEBHOOKS": given}).settings.creators["studio"].setup()
    assert setup.webhooks == {"other": Webhook(url="https://other.example", secret="whsec_xyz")}


@pytest.mark.parametrize(
    ("webhook", "said"),
    [
        ('{url: "https://x.example", secret: whsec_abc}', "secret: a secret must not stand in this file; take it out"),
        ('{url: "https://x.example", secret_file: gone}', "secret_file: the file gone cannot be read"),
        ('{url: "http://x.example"}', "url: must be an address like https://crm.example.com/spark"),
        ('{url: "https://me:word@x.example"}', "url: must be an address like https://crm.example.com/spark"),
        ('{url: "file:///etc/passwd"}', "url: must be an address like https://crm.example.com/spark"),
        ("{}", "url: is missing"),
    ],
)
def test_a_webhook_that_could_give_something_away_is_refused(write: Write, webhook: str, said: str):
    write(f"webhooks: {{crm: {webhook}}}")
    with pytest.raises(BadConfig) as refused:
        load(None, {})
    assert f"config.yaml:3: creators.studio.webhooks.crm.{said}" in str(refused.value)
    assert "whsec_abc" not in str(refused.value)
    assert "word" not in str(refused.value)


@pytest.mark.parametrize(
    ("shape", "name", "wrong"),
    [
        (Shape.VOICE, "a.ogg", "a.wav"),
        (Shape.AUDIO, "a.mp3", "a.ogg"),
        (Shape.ANIMATION, "a.gif", "a.png"),
    ],
)
async def test_a_funnel_says_it_by_voice_audio_or_animation(
    write: Write, tmp_path: Path, shape: Shape, name: str, wrong: str
):
    for each in (name, wrong):
        (tmp_path / each).write_bytes(b"sound")
    write(f"funnels: {{one: {{steps: [{{key: a, do: send, {shape}: {name}}}]}}}}")
    loaded = load(None, {})
    _, funnels, media = await keep_media(None, loaded.places, "studio", loaded.settings.creators["studio"])
    step = funnels["one"].step("a")
    assert isinstance(step, SendStep)
    assert ([each.shape for each in media], step.shape) == ([shape], shape)
    write(f"funnels: {{one: {{steps: [{{key: a, do: send, {shape}: {wrong}}}]}}}}")
    assert f"funnels.one.steps.0.{shape}: {shape} takes a file that ends in" in "".join(check(2))


async def test_a_file_that_a_funnel_shows_is_kept_as_those_of_flows_are(write: Write, tmp_path: Path):
    (tmp_path / "a.png").write_bytes(b"picture")
    write("funnels: {one: {steps: [{key: a, do: send, photo: a.png}, {key: b, do: send, text: Hi}]}}")
    loaded = load(None, {})
    files = FileStore((tmp_path / "files").as_uri())
    studio = loaded.settings.creators["studio"]
    _, funnels, media = await keep_media(files, loaded.places, "studio", studio)
    (kept,) = media
    step = funnels["one"].step("a")
    assert isinstance(step, SendStep)
    assert (kept.shape, step.sha256, await files.read(kept.sha256)) == (Shape.PHOTO, kept.sha256, b"picture")
    # looked at beforehand, without keeping anything
    _, foreseen, _ = await keep_media(None, loaded.places, "studio", studio)
    assert foreseen == funnels


def test_the_example_of_the_page_on_funnels_is_one(write: Write, tmp_path: Path):
    page = (Path(__file__).parents[2] / "docs" / "FUNNELS.md").read_text("utf-8")
    example = page.partition("```yaml\n")[2].partition("```")[0]
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "story.jpg").write_bytes(b"picture")
    write("tags: [offered]\n" + example)
    assert check(0) == ["config.yaml: 0 flows, 1 funnel: all well"]
    setup = load(None, {}).settings.creators["studio"].setup()
    assert setup.messages.at_most == AtMost(messages=3, per=timedelta(days=1))


def test_yaml_that_is_too_deep_is_refused_and_takes_nothing_down(write: Write):
    write("funnels: " + "[" * 30_000)
    with pytest.raises(BadConfig) as refused:
        load(None, {})
    assert str(refused.value) == "config.yaml:3: is nested too deeply"
