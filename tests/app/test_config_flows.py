"""What a flow names of its creator's: whatever is not there leaves that flow out, and the rest runs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.config_check import report
from app.media import keep_media
from app.settings import load
from bot.dispatch import COMMANDS
from domain.flows.commands import SPARKS_OWN
from store.files import FileStore
from store.models import Shape

Check = Callable[..., list[str]]
STUDIO: dict[str, Any] = {
    "fields": {
        "age": {"kind": "number"},
        "day": {"kind": "date"},
        "vegan": {"kind": "yes_no"},
        "city": {"kind": "text"},
        "place": {"kind": "location"},
        "cv": {"kind": "file"},
        "size": {"kind": "choice", "options": [{"value": "s", "label": "Small"}, {"value": "l", "label": "Large"}]},
        "topics": {"kind": "choices"},
    },
    "tags": ["vip"],
    "stages": ["booked"],
    "values": {"site": "https://studio.example"},
    "segments": {"grown": "field:age>=18"},
    "funnels": {"later": {"steps": [{"key": "day", "do": "wait", "time": "1d"}]}},
}
OTHER = {"trigger": {"source": "other"}, "nodes": [{"key": "hello", "do": "say", "text": "Hello"}]}
AT = "creators.studio.flows.hi"


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What is said of a creator's flow `hi` made of these nodes; with the place in it, without file and line."""
    monkeypatch.chdir(tmp_path)

    def check(*nodes: dict[str, Any], trigger: Any = (), **more: Any) -> list[str]:
        numbered = [{"key": f"n{number}", **node} for number, node in enumerate(nodes)]
        flows = {"hi": {"trigger": list(trigger), "nodes": numbered}, "other": OTHER}
        studio = {**STUDIO, **more, "flows": {**flows, **more.get("flows", {})}}
        Path("config.yaml").write_text(yaml.safe_dump({"creators": {"studio": studio}}, sort_keys=False))
        code, lines = report(None, {})
        assert code == (0 if lines[0].endswith("all well") else 2)
        return [line.partition(f": {AT}.nodes.")[2] or line for line in lines]

    return check


def ask(kind: str, field: str, **more: Any) -> dict[str, Any]:
    return {"do": "ask", "kind": kind, "field": field, "text": "?", **more}


def choose(field: str, **more: Any) -> dict[str, Any]:
    return {"do": "choose", "field": field, "text": "?", "options": [{"value": "s", "label": "S"}], **more}


@pytest.mark.parametrize(
    "nodes",
    [
        [ask("text", "name"), ask("email", "email"), ask("phone", "phone"), ask("time_zone", "time_zone")],
        [ask("text", "city"), ask("email", "city"), ask("phone", "city"), ask("number", "age"), ask("rating", "age")],
        [ask("date", "day"), ask("yes_no", "vegan"), ask("file", "cv"), ask("photo", "cv"), ask("location", "place")],
        [choose("size"), choose("topics", many=True)],
        [{"do": "set", "field": "age", "value": 3}, {"do": "set", "field": "age", "value": "{{ lead.score }}"}],
        [{"do": "set", "field": "time_zone", "value": "Europe/Berlin", "stage": "booked", "score": "-3"}],
        [{"do": "set", "field": "vegan", "value": True}, {"do": "set", "field": "day", "value": "2026-12-31"}],
        [{"do": "tag", "add": ["vip"]}, {"do": "enroll", "funnel": "later"}, {"do": "set", "stage": "customer"}],
        [
            {"do": "branch", "cases": [{"when": "segment:grown and in_funnel:later and stage:booked", "to": "n1"}]},
            {"do": "say", "text": "{{ creator.site }} {{ lead.city|nowhere }}"},
        ],
        [{"do": "say", "text": "Hi", "buttons": [{"text": "Go", "flow": "other"}]}],
    ],
)
def test_what_is_there_can_be_named(check: Check, nodes: list[dict[str, Any]]):
    assert check(*nodes) == ["config.yaml: 2 flows, 1 funnel: all well"]


@pytest.mark.parametrize(
    ("node", "said"),
    [
        (ask("text", "citty"), "0.field: there is no field “citty”; did you mean city?"),
        (ask("text", "x"), "0.field: there is no field “x”; declare it under fields:, like “x: {kind: text}”"),
        (ask("number", "city"), "0.field: “city” is declared as text, and number needs number"),
        (ask("text", "age"), "0.field: “age” is declared as number, and text needs text"),
        (ask("yes_no", "size"), "0.field: “size” is declared as choice, and yes_no needs yes_no"),
        (ask("time_zone", "city"), "0.field: time_zone is kept in the field time_zone alone"),
        (ask("text", "email"), "0.field: “email” is asked for with kind email, not with text"),
        (choose("topics"), "0.field: “topics” is declared as choices, and a choice needs choice"),
        (choose("size", many=True), "0.field: “size” is declared as choice, and a choice of several needs choices"),
        (choose("name"), "0.field: “name” is asked for with kind text, not with a choice"),
        (
            {"do": "tag", "add": ["vip"], "remove": ["vpi"]},
            "0.remove.0: there is no tag “vpi”; did you mean vip?; tags stand under tags:",
        ),
        (
            {"do": "set", "stage": "boked"},
            "0.stage: there is no stage “boked”; did you mean booked?; stages of your own stand under stages:",
        ),
        ({"do": "set", "field": "agee", "value": 1}, "0.field: there is no field “agee”; did you mean age?"),
        ({"do": "set", "field": "email", "value": "a@b.example"}, "0.field: “email” is asked for, never set"),
        ({"do": "set", "field": "age", "value": "old"}, "0.value: must be a number"),
        ({"do": "set", "field": "age", "value": True}, "0.value: must be a number"),
        ({"do": "set", "field": "vegan", "value": "y"}, "0.value: must be true or false"),
        ({"do": "set", "field": "day", "value": "soon"}, "0.value: must be a day like 2026-12-31"),
        ({"do": "set", "field": "place", "value": "1,2"}, "0.value: a location is asked for, never set"),
        ({"do": "set", "field": "size", "value": "m"}, "0.value: must be s or l"),
        ({"do": "set", "field": "time_zone", "value": "Berlin"}, "0.value: “Berlin” is not a time zone"),
        ({"do": "set", "field": "age", "value": "{{ lead."}, "0.value: the text cannot be read: "),
        ({"do": "enroll", "funnel": "latr"}, "0.funnel: there is no funnel “latr”; did you mean later?"),
        (
            {"do": "say", "text": "Hi", "buttons": [{"text": "Go", "flow": "othr"}]},
            "0.buttons.0.flow: there is no flow “othr”; did you mean other?",
        ),
        ({"do": "branch", "cases": [{"when": "field:agee>3", "to": "n0"}]}, "0.cases.0.when: "),
        ({"do": "branch", "cases": [{"when": "tag:vip nad", "to": "n0"}]}, "0.cases.0.when: "),
        ({"do": "say", "photo": "gone.png"}, "0.photo: there is no file gone.png"),
        ({"do": "say", "photo": "notes.pdf"}, "0.photo: photo takes a file that ends in .jpg, .jpeg, .png or .webp"),
        ({"do": "say", "document": "d.pdf", "sha256": "a"}, "0.sha256: is Spark's own; take it out"),
    ],
)
def test_a_flow_that_names_what_is_not_there_is_left_out_alone(check: Check, node: dict[str, Any], said: str):
    if "when" in str(node):
        # a way on is no way round
        node["cases"][0]["to"] = "n1"
    told = check(node, {"do": "say", "text": "Done"})
    assert any(line.startswith(said) for line in told), told
    loaded = load(None, {})
    assert [(each.kind, each.key) for each in loaded.disabled] == [("flow", "hi")]
    assert list(loaded.settings.creators["studio"].flows) == ["other"]


def test_whatever_leads_to_a_flow_that_is_left_out_is_left_out_too(check: Check):
    flows = {"last": {"trigger": [], "nodes": [{"key": "a", "do": "branch", "cases": [_met_hi("b")]}, _SAY_B]}}
    funnels = {"later": {"steps": [{"key": "s", "do": "send", "text": "x", "buttons": [{"text": "Go", "flow": "hi"}]}]}}
    # they go on once that one is mended, so it is all that is told
    (hi,) = check({"do": "tag", "add": ["nosuch"]}, flows=flows, funnels=funnels)
    assert hi.startswith("0.add.0: there is no tag “nosuch”")
    loaded = load(None, {})
    studio = loaded.settings.creators["studio"]
    assert (list(studio.flows), list(studio.funnels)) == (["other"], [])
    why = {each.key: str(each.problems[0]) for each in loaded.disabled}
    assert "creators.studio.flows.last.nodes.0.cases.0.when: " in why["last"]
    assert why["later"].endswith(".steps.0.buttons.0.flow: the flow “hi” is left out for a mistake of its own")


def test_a_mistake_of_its_own_is_told_also_of_a_flow_that_would_be_left_out_anyway(check: Check):
    two = {"trigger": [], "nodes": [{"key": "a", "do": "branch", "cases": [_met_hi("b")]}, _SAY_B]}
    two["nodes"].append({"key": "c", "do": "tag", "add": ["neither"]})
    hi, other = check({"do": "tag", "add": ["nosuch"]}, flows={"two": two})
    assert hi.startswith("0.add.0: there is no tag “nosuch”")
    assert "creators.studio.flows.two.nodes.2.add.0: there is no tag “neither”" in other


def test_an_included_file_that_cannot_be_read_is_told_alone(check: Check):
    Path("fields.yaml").write_text("fields: [\n")
    (line,) = check(ask("text", "of_that_file"), include="fields.yaml")
    assert line.startswith("fields.yaml:2: not YAML: ")


def test_an_event_that_never_happens_is_told_wherever_a_segment_names_it(check: Check):
    cases = [{"when": "did:order.payed", "to": "b"}]
    (line,) = check({"do": "branch", "cases": cases}, _SAY_B)
    assert line == "0.cases.0.when: character 1: there is no event “order.payed”; did you mean order.paid?"
    assert check({"do": "branch", "cases": [{"when": "did:lead.imported within 9d", "to": "b"}]}, _SAY_B)[0].endswith(
        "all well"
    )


_SAY_B = {"key": "b", "do": "say", "text": "B"}


def _met_hi(to: str) -> dict[str, str]:
    return {"when": "finished_flow:hi", "to": to}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ lead.citty }}", "there is no “lead.citty”; did you mean city?"),
        ("{{ lead['citty'] }}", "there is no “lead.citty”; did you mean city?"),
        ("{{ creator.sight }}", "there is no “creator.sight”; did you mean site?"),
        ("{{ laed.name }}", "a text here can name creator, lead, and no “laed”; did you mean lead?"),
        ("{{ order.title }}", "a text here can name creator, lead, and no “order”"),
        ("{{ lead.city.upper() }}", "“city” is not there for everybody, so nothing can be done with it"),
    ],
)
def test_a_text_is_tried_out_in_every_language(check: Check, text: str, said: str):
    (line,) = check({"do": "say", "text": {"en": "Fine", "de": text}})
    assert line == f"0.text.de: the text cannot be filled in: {said}"
    (line,) = check(ask("text", "city", hint=text), trigger=["start"])
    assert line.startswith("0.hint: the text cannot be filled in: ")


def test_texts_outside_of_flows_are_tried_out_too(check: Check):
    lines = check(
        {"do": "say", "text": "Hi"},
        values={"bad": "{{ nosuch.x }}"},
        privacy="{{ lead.nosuch }}",
        terms="<b>open",
    )
    assert lines == ["config.yaml:40: creators.studio.terms: <b> is never closed"]
    lines = check({"do": "say", "text": "Hi"}, values={"bad": "{{ nosuch.x }}"}, privacy="{{ lead.nosuch }}")
    assert len(lines) == 2
    assert "creators.studio.values.bad: the text cannot be filled in: " in lines[0]
    assert "creators.studio.privacy: the text cannot be filled in: there is no “lead.nosuch”" in lines[1]


@pytest.mark.parametrize(
    ("trigger", "said"),
    [
        ({"source": "other"}, "the source “other” begins “hi” already, so it would never begin this one"),
        ({"keyword": ["x", "HELLO"]}, "the keyword “hello” begins “hi” already, so it would never begin this one"),
        ({"command": "go"}, "/go begins “hi” already, so it would never begin this one"),
        ("returning", "returning begins “hi” already, so it would never begin this one"),
    ],
)
def test_what_would_begin_two_flows_is_told_at_the_second(check: Check, trigger: Any, said: str):
    first = [{"source": "other"}, {"keyword": "hello"}, {"command": "go"}, "returning"]
    other = {"trigger": trigger, "nodes": OTHER["nodes"]}
    (line,) = check({"do": "say", "text": "Hi"}, trigger=first, flows={"other": other})
    assert line.endswith(f"creators.studio.flows.other.trigger: {said}")


def test_events_that_never_happen_are_told_in_flows_too(check: Check):
    lines = check({"do": "wait", "event": "order.payed", "time": "1d"}, trigger=["start", {"event": "lead.taged"}])
    assert lines[0].endswith(f"{AT}.trigger.1.event: there is no event “lead.taged”; did you mean lead.tagged?")
    assert lines[1] == "0.event: there is no event “order.payed”; did you mean order.paid?"


def test_a_file_that_telegram_would_not_take_is_told(check: Check, tmp_path: Path):
    photo = {"do": "say", "photo": "big.png"}
    Path("big.png").touch()
    assert check(photo) == ["0.photo: big.png has 0 bytes; Telegram takes 1 byte to 10 MB as photo"]
    with Path("big.png").open("wb") as file:
        file.truncate(10 * 1024 * 1024 + 1)
    assert check(photo)[0].startswith("0.photo: big.png has 10485761 bytes")
    Path("big.mp4").touch()
    with Path("big.mp4").open("wb") as file:
        file.truncate(10 * 1024 * 1024 + 1)
    assert check({"do": "say", "video": "big.mp4"})[0].endswith("all well")


async def test_files_of_a_flow_are_found_from_where_it_stands_and_kept_once(tmp_path: Path):
    folder = tmp_path / "here" / "flows"
    (folder / "media").mkdir(parents=True)
    for name in ("a.png", "b.mp4", "c.pdf"):
        (folder / "media" / name).write_bytes(name.encode())
    nodes = [
        {"key": "a", "do": "say", "photo": "media/a.png"},
        {"key": "b", "do": "say", "video": "media/b.mp4", "text": "Look"},
        {"key": "c", "do": "say", "document": "media/c.pdf"},
    ]
    (folder / "x.yaml").write_text(yaml.safe_dump({"flows": {"x": {"nodes": nodes}}}))
    config = tmp_path / "here" / "config.yaml"
    config.write_text("creators: {studio: {include: flows/x.yaml}}")
    loaded = load(config, {})
    files = FileStore((tmp_path / "files").as_uri())
    studio = loaded.settings.creators["studio"]
    flows, _, media = await keep_media(files, loaded.places, "studio", studio)
    assert [(each.shape, each.file_name, each.mime_type) for each in media] == [
        (Shape.PHOTO, "a.png", "image/png"),
        (Shape.VIDEO, "b.mp4", "video/mp4"),
        (Shape.DOCUMENT, "c.pdf", "application/pdf"),
    ]
    assert [await files.read(each.sha256) for each in media] == [b"a.png", b"b.mp4", b"c.pdf"]
    assert [node.model_dump()["sha256"] for node in flows["x"].nodes] == [each.sha256 for each in media]
    assert (await keep_media(files, loaded.places, "studio", studio))[2] == media


def test_no_command_of_sparks_can_begin_a_flow():
    assert set(COMMANDS) <= SPARKS_OWN


def test_a_mistake_in_one_language_is_told_on_its_own_line(check: Check, tmp_path: Path):
    (line,) = check({"do": "say", "text": {"en": "Hi {{ lead.name }}", "de": "Hallo {{ lead.first nam }}"}})
    assert line == "0.text.de: the text cannot be read: in “{{ lead.first nam }}”: “nam” cannot stand there"
    number = next(
        number
        for number, written in enumerate((tmp_path / "config.yaml").read_text().splitlines(), 1)
        if "first nam" in written
    )
    assert report(None, {})[1][0].startswith(f"config.yaml:{number}: ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ '1e400'|float|int }}", "the text cannot be filled in: a number in it grows too large"),
        ("{{ " + "(" * 300 + "1" + ")" * 300 + " }}", "it is nested too deeply"),
        ("{{ " + "-" * 3000 + "1 }}", "it is nested too deeply"),
        ("{{ lead" + ".a" * 1900 + " }}", "it is nested too deeply"),
    ],
)
def test_whatever_the_template_engine_fails_with_is_one_line(check: Check, text: str, said: str):
    (line,) = check({"do": "say", "text": text})
    assert line.startswith("0.text: ")
    assert line.endswith(said)


def test_a_caption_and_a_label_are_told_by_their_language(check: Check):
    Path("a.jpg").write_bytes(b"x")
    (line,) = check({"do": "say", "photo": "a.jpg", "text": {"en": "short", "de": "x" * 1025}})
    assert line == "0.text.de: a Telegram caption holds 1024 characters, this has 1025"
    buttons = [{"text": {"en": "x" * 65, "de": "ok"}, "url": {"en": "https://a", "de": "b.example"}}]
    (line,) = check({"do": "say", "text": "Hi", "buttons": buttons})
    assert line == "0.buttons.0.text.en: a button takes 1 to 64 characters, this has 65"
    buttons[0]["text"]["en"] = "ok"
    (line,) = check({"do": "say", "text": "Hi", "buttons": buttons})
    assert line.startswith("0.buttons.0.url.de: must begin with https://")
