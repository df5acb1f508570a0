from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from app.settings import BadConfig, Loaded, load

Write = Callable[[str], None]
EVERY_KIND = "use text, email, phone, number, date, yes_no, file, photo, location, rating or time_zone"
EVERY_NODE = "use say, ask, choose, consent, set, tag, branch, goto, wait, offer, give, handover, enroll or end"


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Writes config.yaml into an empty working folder, so that lines begin with `config.yaml:`."""
    monkeypatch.chdir(tmp_path)

    def write(text: str) -> None:
        Path("config.yaml").write_text(dedent(text), "utf-8")

    return write


def refusal_of(environ: dict[str, str] | None = None, config: Path | None = None) -> list[str]:
    with pytest.raises(BadConfig) as refused:
        load(config, environ or {})
    assert str(refused.value) == "\n".join(map(str, refused.value.problems))
    return [str(problem) for problem in refused.value.problems]


def broken(loaded: Loaded) -> dict[str, list[str]]:
    return {
        f"{each.creator} {each.kind} {each.key}": [str(problem) for problem in each.problems]
        for each in loaded.disabled
    }


def test_a_key_that_stands_twice_is_refused_at_the_second_place(write: Write):
    write("http:\n  port: 1\nlog:\n  level: info\n  level: debug\nhttp:\n  port: 2\n")
    assert refusal_of() == [
        "config.yaml:5: log.level: stands here twice, first on line 4; keep one",
        "config.yaml:6: http: stands here twice, first on line 1; keep one",
    ]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("http:\n  port: 1\n bad: x\n", 3, "not YAML: while parsing a block mapping, did not find"),
        ("a: 1\n---\nb: 2\n", 2, "not YAML: expected a single document"),
        ("log: !!python/object:os.system {}\n", 1, "not YAML: could not determine a constructor"),
        ("- a\n- b\n", 1, "must be keys and values"),
        ("a: *gone\n", 1, "not YAML: found undefined alias"),
    ],
)
def test_what_is_not_yaml_is_refused_with_its_line(write: Write, text: str, line: int, said: str):
    write(text)
    (only,) = refusal_of()
    assert only.startswith(f"config.yaml:{line}: {said}")
    assert "\n" not in only


def test_a_file_that_cannot_be_read_is_refused_in_one_line(write: Write, tmp_path: Path):
    write("{}")
    assert refusal_of(config=Path("gone.yaml")) == ["gone.yaml: there is no such file; see --config"]
    assert refusal_of(config=tmp_path) == [f"{tmp_path}: cannot be read: Is a directory"]
    Path("latin.yaml").write_bytes(b"a: \xe4")
    assert refusal_of(config=Path("latin.yaml")) == ["latin.yaml: is not UTF-8 text (byte 4)"]
    Path("odd.yaml").write_bytes(b"a: \x00")
    assert refusal_of(config=Path("odd.yaml"))[0].startswith("odd.yaml: not YAML: ")
    for tagged in ("!!int x", "!!bool x", "!!float x"):
        Path("tag.yaml").write_text(f"a: {tagged}")
        assert refusal_of(config=Path("tag.yaml")) == ["tag.yaml: a value is not what its tag says, such as !!int"]
    Path("deep.yaml").write_text("a: " + "[" * 20_000)
    assert refusal_of(config=Path("deep.yaml"))[0].startswith("deep.yaml")


def test_a_problem_is_one_line_and_repeats_no_more_than_a_few_words(write: Write):
    write("creators:\n  studio:\n    flows:\n      long:\n        nodes: [{do: 'a\n\n b" + "c" * 99 + "'}]\n")
    (only,) = broken(load(None, {}))["studio flow long"]
    assert only.startswith("config.yaml:5: creators.studio.flows.long.nodes.0.do: there is no “a bccc")
    assert only.endswith("ccc…”; " + EVERY_NODE)


def test_one_bad_funnel_is_disabled_alone(write: Write):
    write("""\
        creators:
          studio:
            flows:
              good:
                nodes:
                  - {key: hello, do: say, text: Hello}
              bad:
                nodes:
                  - key: hello
                    do: say
                    text: Hello
                  - key: what
                    do: sya
                    text: Hello
            funnels:
              bad:
                trigger: {event: order.opened}
                steps:
                  - key: hour
                    do: wait
                    time: soon
                  - key: say
                    do: send
                    text: "Hi {{ lead.name "
                    subject: Hello
              good:
                trigger: {event: lead.captured}
                steps:
                  - {key: hour, do: wait, time: 1h}
        """)
    loaded = load(None, {})
    assert list(loaded.settings.creators["studio"].flows) == ["good"]
    assert list(loaded.settings.creators["studio"].funnels) == ["good"]
    at = "creators.studio"
    told = broken(loaded)
    assert told["studio flow bad"] == [f"config.yaml:13: {at}.flows.bad.nodes.1.do: there is no “sya”; {EVERY_NODE}"]
    first, second, third = told["studio funnel bad"]
    assert first == (
        f"config.yaml:21: {at}.funnels.bad.steps.0.time: write a duration as a number and a unit: 30m, 1h, 2d"
    )
    assert second.startswith(f"config.yaml:24: {at}.funnels.bad.steps.1.text: the text cannot be read: ")
    assert third == (
        f"config.yaml:25: {at}.funnels.bad.steps.1.subject: not a setting here; known: key, next, only_if, photo, "
        "video, animation, audio, voice, document, do, text, product, silent, window, buttons"
    )


@pytest.mark.parametrize(
    ("flow", "line", "key", "said"),
    [
        ("{nodes: []}", 4, "nodes", "must have at least 1 entry, this has 0"),
        ("{}", 4, "nodes", "is missing"),
        ("hello", 4, "", "must be a block of keys, each written like “name: value”"),
        ("{nodes: {key: a}}", 4, "nodes", "must be a list, each entry behind a hyphen"),
        ("{nodes: [{key: a}]}", 4, "nodes.0.do", "is missing; " + EVERY_NODE),
        ("{nodes: [{key: a, do: say, text: yes}]}", 4, "nodes.0.text", "must be text; put it in quotes"),
        ("{nodes: [{key: a, do: say, text: ' '}]}", 4, "nodes.0.text", "a text must not be empty"),
        (
            "{nodes: [{key: A!, do: say, text: x}]}",
            4,
            "nodes.0.key",
            "“A!” is not a name: use a letter, then up to 39 of a-z, 0-9, _ and -",
        ),
        (
            "{nodes: [{key: a, do: ask, kind: mail, field: f, text: x}]}",
            4,
            "nodes.0.kind",
            f"there is no “mail”; {EVERY_KIND}",
        ),
        (
            "{nodes: [{key: a, do: choose, field: f, text: x, options: [{value: v}]}]}",
            4,
            "nodes.0.options.0.label",
            "is missing",
        ),
        (
            "{nodes: [{key: a, do: say, text: x, next: b}]}",
            4,
            "nodes.0.next",
            "node “a” goes to “b”, which is not there",
        ),
        (
            "{on: start, nodes: [{key: a, do: say, text: x}]}",
            4,
            "on",
            "not a setting here; known: trigger, title, idle, tell_creator, nodes",
        ),
        (
            "{nodes: [{key: a, do: say, text: x, text: y}]}",
            4,
            "nodes.0.text",
            "stands here twice, first on line 4; keep one",
        ),
        (
            "{nodes: [{key: a, do: say, text: " + "x" * 4097 + "}]}",
            4,
            "nodes.0.text",
            "a Telegram message holds 4096 characters, this has 4097",
        ),
    ],
)
def test_each_mistake_in_a_flow_is_told_in_plain_words(write: Write, flow: str, line: int, key: str, said: str):
    write(f"creators:\n  studio:\n    flows:\n      welcome: {flow}\n")
    where = ".".join(part for part in ("creators.studio.flows.welcome", key) if part)
    assert broken(load(None, {})) == {"studio flow welcome": [f"config.yaml:{line}: {where}: {said}"]}


def test_a_flow_with_a_bad_name_or_standing_twice_is_disabled_alone(write: Write):
    good = "{nodes: [{key: a, do: say, text: x}]}"
    write(f"creators:\n  studio:\n    flows:\n      Bad: {good}\n      b: {good}\n      b: {good}\n      c: {good}\n")
    loaded = load(None, {})
    assert list(loaded.settings.creators["studio"].flows) == ["c"]
    at = "creators.studio.flows"
    assert broken(loaded) == {
        "studio flow Bad": [
            f"config.yaml:4: {at}.Bad: “Bad” is not a name: use a letter, then up to 39 of a-z, 0-9, _ and -"
        ],
        "studio flow b": [f"config.yaml:6: {at}.b: stands here twice, first on line 5; keep one"],
    }


def test_anchors_and_merges_are_followed_and_lead_back_to_their_lines(write: Write):
    write("""\
        creators:
          studio:
            funnels:
              one: &one
                trigger: {event: lead.captured}
                steps:
                  - {key: hour, do: wait, time: 1h}
              two:
                <<: *one
                stop: [order.paid]
              three:
                <<: *one
                stop: [Paid]
          other:
            funnels:
              one: *one
        """)
    loaded = load(None, {})
    assert list(loaded.settings.creators["studio"].funnels) == ["one", "two"]
    assert loaded.settings.creators["studio"].funnels["two"].stop == ("order.paid",)
    assert "one" in loaded.settings.creators["other"].funnels
    assert broken(loaded)["studio funnel three"] == [
        "config.yaml:13: creators.studio.funnels.three.stop.0: “Paid” is not an event: they are written like "
        "order.paid, and your own like custom.webinar"
    ]
