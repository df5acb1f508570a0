"""Funnels that somebody sends in YAML: read, checked line by line, bounded, and told apart from how they were."""

from dataclasses import replace
from textwrap import dedent
from typing import Any

import pytest
from folk import NOW, some_folk

from domain.discounts import Terms, add_code
from domain.fields import LeadFieldSpec
from domain.funnels.definition import Funnel
from domain.funnels.reading import MOST_BYTES, Read, Surroundings, check_funnel, read_funnels, surroundings
from domain.funnels.writing import differences, write_funnels
from domain.message_rules import MessageRules, Webhook
from domain.segments import save_segment
from domain.setups import CreatorSetup
from domain.windows import Window
from store.database import Database
from store.models import FieldKind

SETUP = CreatorSetup(
    fields={"birthday": LeadFieldSpec(kind=FieldKind.DATE), "city": LeadFieldSpec()},
    tags=frozenset({"vip"}),
    flows=frozenset({"welcome"}),
    funnels=frozenset({"other"}),
    webhooks={"crm": Webhook(url="https://crm.example")},
)
AROUND = Surroundings(SETUP, "Studio", frozenset({"pack"}), frozenset({"TEN"}), {}, {})


def read(text: str, around: Surroundings = AROUND) -> Read:
    return read_funnels(dedent(text), around)


def said(text: str, around: Surroundings = AROUND) -> list[str]:
    return [str(problem) for problem in read(text, around).problems]


def test_a_funnel_with_all_that_can_be_named_is_taken():
    found = read("""\
        nurture:
          trigger:
            - {date: birthday, days: -7, every: year}
            - {event: custom.webinar}
          stop: order.paid
          steps:
            - {key: rest, do: wait, date: birthday}
            - key: offer
              do: send
              text: Hi {{ lead.first_name|there }} from {{ lead.city|nowhere }}
              buttons:
                - {text: Buy, pay: pack, code: ten, good_for: 2d}
                - {text: Talk, flow: welcome}
            - {key: card, do: send, product: pack}
            - {key: mark, do: tag, add: [vip]}
            - {key: tell, do: webhook, webhook: crm, data: {who: "{{ lead.name }}"}}
            - {key: more, do: enroll, funnel: other}
        """)
    assert found.problems == ()
    assert [step.key for step in found.funnels["nurture"].steps] == ["rest", "offer", "card", "mark", "tell", "more"]


def test_what_happens_to_no_lead_begins_nothing_and_is_refused():
    assert said("""\
        one:
          trigger: {event: product.added}
          stop: [idea.due, order.paid]
          steps: [{key: a, do: send, text: Hi}]
        """) == [
        f"line {line}: one.{path}: “{event}” happens to no lead, so it can neither begin nor end anything for one"
        for line, path, event in ((2, "trigger.event", "product.added"), (3, "stop.0", "idea.due"))
    ]


def test_an_idea_whose_day_has_come_begins_a_funnel_for_those_of_a_segment_alone():
    funnel = "one: {{trigger: {{event: idea.due{when}}}, steps: [{{key: a, do: send, text: Hi}}]}}"
    assert said(funnel.format(when=', when: "tag:vip"')) == []
    assert said(funnel.format(when="")) == [
        "line 1: one.trigger.event: “idea.due” happens to no lead: say by a `when` who begins then"
    ]


def test_what_is_sent_gives_any_tag_that_the_chat_would_give():
    """Who asks for a tag and who gives it agree: whether anybody has it already is no matter."""
    funnel = """\
        one:
          trigger: {{enters: "tag:größe"}}
          goal: {{when: "tag:nobody-has-it"}}
          steps:
            - {{key: a, do: tag, add: [{added}], remove: [old_one]}}
            - {{key: b, do: wait, time: 1d}}
        """
    assert said(funnel.format(added="größe")) == []
    assert said(funnel.format(added="two words")) == [
        "line 5: one.steps.0.add.0: “two words” is not a tag: use up to 40 small letters, digits, _ and -"
    ]


def test_an_event_that_is_not_there_is_not_taken_for_one_that_merely_ends_alike():
    (told,) = said("one: {trigger: {event: deal.moved}, steps: [{key: a, do: goal}]}")
    assert told.startswith("line 1: one.trigger.event: there is no event “deal.moved”; known: ")


def test_each_mistake_is_told_with_its_line_and_place():
    assert said("""\
        one:
          trigger: {event: order.payd}
          stop: lead.wrotte
          goal: {when: "tag:"}
          steps:
            - {key: a, do: wait, date: birthdy}
            - {key: b, do: send, text: "{{ lead.nme }}", product: pakc}
            - key: c
              do: send
              text: Hi
              photo: a.jpg
              buttons:
                - {text: Go, url: x.example}
                - {text: Buy, pay: pack, code: TENN}
                - {text: Go, flow: gone}
            - {key: d, do: tag, add: [vpi]}
            - {key: e, do: set, field: city, value: "{{ lead."}
            - {key: f, do: webhook, webhook: crmm}
            - {key: g, do: leave, funnel: othr}
            - {key: h, do: wait, date: city}
        """) == [
        "line 2: one.trigger.event: there is no event “order.payd”; did you mean order.paid?",
        "line 3: one.stop: there is no event “lead.wrotte”; did you mean lead.wrote?",
        "line 4: one.goal.when: character 5: the end cannot stand here: a value comes next, like vip or “Preset pack”",
        "line 6: one.steps.0.date: there is no field “birthdy”; did you mean birthday?",
        "line 7: one.steps.1.product: there is no product “pakc”; did you mean pack?",
        "line 7: one.steps.1.text: the text cannot be filled in: there is no “lead.nme”; did you mean name?",
        "line 11: one.steps.2.photo: files stand beside config.yaml, so only what is written there can show them",
        "line 13: one.steps.2.buttons.0.url: must begin with https://, http:// or tg://, or be filled in by {{ … }}",
        "line 14: one.steps.2.buttons.1.code: there is no discount code “TENN”; did you mean TEN?",
        "line 15: one.steps.2.buttons.2.flow: there is no flow “gone”",
        "line 17: one.steps.4.value: the text cannot be read: in “{{ lead.”: a name is missing behind the dot",
        "line 18: one.steps.5.webhook: there is no webhook “crmm”; did you mean crm?; addresses stand under webhooks:",
        "line 19: one.steps.6.funnel: there is no funnel “othr”; did you mean other?",
        "line 20: one.steps.7.date: “city” is declared as text, and this needs a date",
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: " + "[" * 5000, "line 1: is nested too deeply"),
        ("a:\n" + "".join("  " * depth + "a:\n" for depth in range(1, 150)), "line 101: is nested too deeply"),
        ("a: &a [*a]", "line 1: stands within itself"),
        (
            "x0: &x0 [a, a]\n" + "".join(f"x{n}: &x{n} [*x{n - 1}, *x{n - 1}]\n" for n in range(1, 30)),
            "is too much: with its aliases (*)",
        ),
        ("#" * (MOST_BYTES + 1), "is larger than 128 KB"),
        ("a: !!python/object:os.system x", "line 1: not YAML: could not determine a constructor"),
        ("- a", "line 1: must be keys and values, like “funnels:”"),
        ("a: b: c", "line 1: not YAML: "),
        ("", "there is no funnel in it"),
        ("funnels:", "line 1: funnels: there is no funnel in it"),
        ("funnels: 3", "line 1: funnels: must be a block of keys"),
        ("a: 3", "line 1: a: must be a block of keys"),
        ("Big Name: {steps: []}", "line 1: Big Name: “Big Name” is not a name"),
        ("a: {steps: [{key: b, do: goal}]}\na: {steps: [{key: b, do: goal}]}", "line 2: a: stands here twice"),
    ],
)
def test_what_is_no_funnel_is_refused_before_it_can_do_harm(text: str, why: str):
    first = said(text)[0]
    assert why in first


@pytest.mark.parametrize("name", ["all", "everything", "alle", "alles"])
def test_a_name_that_stands_for_every_funnel_is_refused_by_file_chat_and_api_alike(name: str):
    refused = f"“{name}” stands for all funnels together, so none can be called that; choose another name"
    steps = [{"key": "b", "do": "goal"}]
    assert said(f"{name}: {{steps: [{{key: b, do: goal}}]}}") == [f"line 1: {name}: {refused}"]
    assert [each.message for each in check_funnel(name, {"steps": steps}, AROUND).problems] == [refused]
    assert check_funnel(f"{name}-of-them", {"steps": steps}, AROUND).problems == ()


@pytest.mark.parametrize("raw", [b"\xff\xfe\x00a", b"\x00", b"a: \x80"])
def test_what_is_no_text_is_refused(raw: bytes):
    found = read_funnels(raw, AROUND)
    assert found.funnels == {}
    assert len(found.problems) == 1


def test_a_whole_file_may_be_sent_with_its_heading_and_a_mark_at_its_beginning():
    text = "funnels:\n  one:\n    steps:\n      - {key: a, do: goal}\n  two:\n    steps:\n      - {key: a, do: gaol}\n"
    found = read_funnels(b"\xef\xbb\xbf" + text.encode(), AROUND, file="funnels.yaml")
    assert [str(each) for each in found.problems] == [
        "funnels.yaml:7: funnels.two.steps.0.do: there is no “gaol”; use send, wait, branch, split, tag, set, enroll, "
        "leave, notify, idea, ticket, webhook, goal or end"
    ]


def test_funnels_that_begin_one_another_with_no_wait_are_a_circle():
    def begins(other: str, *, again: str = "always", rest: str = "") -> str:
        steps = [rest] if rest else []
        steps.append(f"{{key: go, do: enroll, funnel: {other}}}")
        return f"{{again: {again}, steps: [{', '.join(steps)}]}}"

    wait = "{key: rest, do: wait, time: 1d}"
    circle = f"one: {begins('two')}\ntwo: {begins('one')}\n"
    assert [line.partition(": ")[2][:4] for line in said(circle)] == ["one:", "two:"]
    assert said(f"one: {begins('one')}") != []
    assert said(f"one: {begins('two')}\ntwo: {begins('one', rest=wait)}\n") == []
    # once is no circle
    assert said(f"one: {begins('two')}\ntwo: {begins('one', again='never')}\n") == []
    # with one that runs already
    running = Funnel.model_validate({"again": "always", "steps": [{"key": "go", "do": "enroll", "funnel": "one"}]})
    assert said(f"one: {begins('two')}", replace(AROUND, running={"two": running})) != []


def test_a_funnel_that_speaks_of_an_order_is_begun_only_by_one_that_has_an_order():
    thanks = 'thanks: {trigger: {event: order.paid}, steps: [{key: a, do: send, text: "{{ order.title }}"}]}'
    begins = "one: {{trigger: {{event: {}}}, steps: [{{key: go, do: enroll, funnel: thanks}}]}}\n"
    assert said(begins.format("order.fulfilled") + thanks) == []
    (line,) = said(begins.format("lead.captured") + thanks)
    assert line == ("line 1: one.steps.0.funnel: “thanks” speaks of an order, and what begins this one brings none")


def test_a_window_that_is_never_open_is_told():
    weekend = SETUP.messages.model_copy(update={"window": Window(days=("sat", "sun"))})
    around = replace(AROUND, setup=replace(SETUP, messages=weekend))
    text = "one: {{window: {{days: [{}]}}, steps: [{{key: a, do: send, text: Hi, window: {{from: '{}', to: '{}'}}}}]}}"
    never = "is never open while messages: window is, so nothing would ever be said"
    assert said(text.format("mon", "09:00", "10:00"), around) == [f"line 1: one.window: {never}"]
    assert said(text.format("sat", "09:00", "10:00"), around) == []
    # past midnight it is the weekend
    assert said(text.format("fri", "09:00", "10:00"), around) != []
    late = text.replace("days: [{}]", "from: '22:00', to: '02:00', days: [{}]")
    assert said(late.format("fri", "09:00", "10:00"), around) == []
    nights = replace(
        AROUND, setup=replace(SETUP, messages=MessageRules(window=Window.model_validate({"from": "20:00"})))
    )
    assert said(text.format("fri", "09:00", "10:00"), nights) == [f"line 1: one.steps.0.window: {never}"]


def test_by_api_the_same_is_said_with_the_place_alone():
    found = check_funnel("one", {"steps": [{"key": "a", "do": "send", "text": "Hi", "product": "pakc"}]}, AROUND)
    assert [str(each) for each in found.problems] == [
        "one.steps.0.product: there is no product “pakc”; did you mean pack?"
    ]
    assert [str(each) for each in check_funnel("one", 3, AROUND).problems] != []
    assert check_funnel("one", {"steps": [{"key": "a", "do": "goal"}]}, AROUND).problems == ()


def test_what_has_changed_is_told_by_its_lines():
    one: dict[str, Any] = {
        "trigger": {"event": "lead.captured"},
        "steps": [{"key": "rest", "do": "wait", "time": "1d"}, {"key": "hi", "do": "send", "text": "Hi\nyou"}],
    }
    before = Funnel.model_validate(one)
    steps = [{"key": "rest", "do": "wait", "time": "2d"}, one["steps"][1]]
    after = Funnel.model_validate({**one, "steps": steps})
    assert differences(before, before) == []
    changed = [line for line in differences(before, after) if line[0] in "+-"]
    assert changed == ["-   time: 1d", "+   time: 2d"]
    assert all(line.startswith("+ ") for line in differences(None, after))
    assert write_funnels({"one": before}) == (
        "one:\n  trigger:\n    event: lead.captured\n  steps:\n  - key: rest\n    do: wait\n    time: 1d\n"
        "  - key: hi\n    do: send\n    text: |-\n      Hi\n      you\n"
    )


async def test_products_codes_and_saved_segments_are_those_of_the_store(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        await add_code(session, folk.creator, "ten", Terms(percent=10), now=NOW, setup=SETUP)
        await save_segment(session, folk.creator, SETUP, "keen", "score>=5", now=NOW)
    async with database.reading() as session:
        around = await surroundings(session, folk.creator, SETUP, "Studio", {})
    (slug,) = around.products
    step = "{{key: a, do: send, text: Hi, buttons: [{{text: B, pay: {}, code: {}}}]}}"
    text = "one: {{stop_when: 'segment:{}', steps: [" + step + "]}}"
    assert said(text.format("keen", slug, "TEN"), around) == []
    assert len(said(text.format("keener", slug + "x", "TENN"), around)) == 3
