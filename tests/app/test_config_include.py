"""Files that a creator's configuration includes."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from app.config_check import report
from app.settings import BadConfig, load

Write = Callable[..., None]
MAIN = "creators:\n  studio:\n    include: flows/*.yaml\n"
HELLO = "{key: hello, do: say, text: Hello}"


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Writes config.yaml, and further files by their names, into an empty working folder."""
    monkeypatch.chdir(tmp_path)

    def write(main: str, **others: str) -> None:
        Path("config.yaml").write_text(dedent(main), "utf-8")
        Path("flows").mkdir(exist_ok=True)
        for name, text in others.items():
            Path("flows", f"{name}.yaml").write_text(dedent(text), "utf-8")

    return write


def told() -> list[str]:
    code, lines = report(None, {})
    assert code == 2
    return lines


def test_what_is_included_is_as_though_it_stood_in_the_config_file(write: Write):
    write(
        """\
        creators:
          studio:
            include: [flows/a.yaml, flows/b.yaml]
            tags: [vip]
            fields: {age: {kind: number}}
            flows:
              first:
                nodes: [{key: hello, do: say, text: Hello}]
        """,
        a="""\
        tags: [vip, fan]
        stages: [booked]
        values: {greeting: Hi}
        flows:
          second:
            trigger: {source: ad42}
            nodes:
              - {key: size, do: ask, kind: number, field: size, text: "{{ creator.greeting }}, how many?"}
              - {key: tag, do: tag, add: [fan]}
              - {key: go, do: enroll, funnel: later}
        """,
        b="""\
        fields: {size: {kind: number}}
        segments: {groups: "field:size>3"}
        funnels:
          later:
            steps: [{key: day, do: wait, time: 1d}]
        """,
    )
    assert report(None, {}) == (0, ["config.yaml: 2 flows, 1 funnel: all well"])
    studio = load(None, {}).settings.creators["studio"]
    assert list(studio.flows) == ["first", "second"]
    assert (studio.tags, studio.stages) == (("vip", "fan"), ("booked",))
    assert (list(studio.fields), list(studio.segments)) == (["age", "size"], ["groups"])


def test_a_mistake_is_told_with_the_file_and_line_where_it_stands(write: Write):
    write(
        MAIN,
        one=f"""\
        flows:
          good:
            nodes: [{HELLO}]
          bad:
            trigger: []
            nodes:
              - {HELLO}
              - {{key: tag, do: tag, add: [fna]}}
          worse:
            trigger: []
            nodes:
              - {{key: hello, do: sya}}
        tags:
          - fan
          - Bad Tag
        """,
        two="segments:\n  fans: tag:fan adn tag:vip\n",
    )
    lines = told()
    assert [line.split(": ")[0] for line in lines] == ["flows/one.yaml:12", "flows/one.yaml:15"]
    assert lines[0].startswith("flows/one.yaml:12: flows.worse.nodes.0.do: there is no “sya”; use say")
    assert lines[1] == "flows/one.yaml:15: tags.1: “Bad Tag” is not a tag: use up to 40 small letters, digits, _ and -"
    write(MAIN, one=Path("flows/one.yaml").read_text().replace("  - Bad Tag\n", ""))
    (segment, *_), flows = [line for line in told() if "two" in line], [line for line in told() if "one" in line]
    assert segment.startswith("flows/two.yaml:2: segments.fans: ")
    assert [line.split(": ")[0] for line in flows] == ["flows/one.yaml:8", "flows/one.yaml:12"]
    write(MAIN, two="segments:\n  fans: tag:fan\n")
    assert told()[0] == (
        "flows/one.yaml:8: flows.bad.nodes.1.add.0: there is no tag “fna”; did you mean fan?; tags stand under tags:"
    )
    loaded = load(None, {})
    assert list(loaded.settings.creators["studio"].flows) == ["good"]
    assert [(each.kind, each.key) for each in loaded.disabled] == [("flow", "worse"), ("flow", "bad")]


def test_a_name_that_two_files_give_is_refused_at_the_second_place(write: Write):
    flow = f"flows:\n  hi:\n    nodes: [{HELLO}]\n"
    write(MAIN + f"    flows:\n      hi:\n        nodes: [{HELLO}]\n", one=flow)
    assert told() == ["flows/one.yaml:2: flows.hi: stands in config.yaml:5 too; keep one"]
    write(MAIN, one=flow, two=f"\n\n{flow}")
    assert told() == ["flows/two.yaml:4: flows.hi: stands in flows/one.yaml:2 too; keep one"]


def test_an_include_that_matches_nothing_is_refused(write: Write):
    write("creators:\n  studio:\n    include:\n      - flows/*.yaml\n      - gone.yaml\n      - /etc/hosts\n")
    assert told() == [
        "config.yaml:4: creators.studio.include.0: there is no file “flows/*.yaml”",
        "config.yaml:5: creators.studio.include.1: there is no file “gone.yaml”",
        "config.yaml:6: creators.studio.include.2: must be a path from this file on",
    ]


def test_what_cannot_be_included_is_refused(write: Write):
    write(MAIN, one="include: x.yaml\nfunels: {}\nflows: [a]\ntags: {a: b}\nstages:\n")
    lines = told()
    assert lines[0].startswith("flows/one.yaml:1: include: cannot be included; known: flows, funnels, segments")
    assert lines[1].endswith("did you mean funnels?")
    assert lines[2] == "flows/one.yaml:3: flows: must be a block of keys, each written like “name: value”"
    assert lines[3] == "flows/one.yaml:4: tags: must be a list, each entry behind a hyphen"
    write(MAIN, one="flows: [\n")
    assert told()[0].startswith("flows/one.yaml:2: not YAML")


def test_a_key_that_stands_twice_in_an_included_flow_disables_that_flow_alone(write: Write):
    twice = "{key: hello, do: say, text: Hello, text: Bye}"
    write(MAIN, one=f"flows:\n  bad:\n    nodes:\n      - {twice}\n  good:\n    nodes: [{HELLO}]\n")
    loaded = load(None, {})
    assert list(loaded.settings.creators["studio"].flows) == ["good"]
    assert [str(problem) for each in loaded.disabled for problem in each.problems] == [
        "flows/one.yaml:4: flows.bad.nodes.0.text: stands here twice, first on line 4; keep one"
    ]


def test_two_creators_may_include_the_same_file_and_a_variable_wins_over_it(write: Write):
    write(MAIN + "  other:\n    include: flows/one.yaml\n", one=f"flows:\n  hi:\n    nodes: [{HELLO}]\n")
    settings = load(None, {"SPARK_CREATORS__OTHER__FLOWS": "{}"}).settings
    assert list(settings.creators["studio"].flows) == ["hi"]
    assert list(settings.creators["other"].flows) == []


def test_a_segment_that_cannot_be_asked_keeps_spark_from_starting(write: Write):
    write("creators:\n  studio:\n    segments:\n      odd: field:nosuch=1\n")
    with pytest.raises(BadConfig) as refused:
        load(None, {})
    (only,) = refused.value.problems
    assert str(only).startswith("config.yaml:4: creators.studio.segments.odd: ")
    assert "nosuch" in str(only)
