"""The grammar of funnels: what can be written, what it means, and what is refused where."""

from datetime import time, timedelta
from typing import Any

import pytest
from funnel_sketches import funnels
from hypothesis import given, settings
from pydantic import ValidationError

from domain.explaining import explain
from domain.funnels.definition import (
    AgainAfter,
    CronTrigger,
    DateTrigger,
    EventTrigger,
    Funnel,
    InactiveTrigger,
    SendStep,
    SplitStep,
    WaitStep,
)
from domain.funnels.writing import write_funnels
from domain.windows import WEEK, Window
from kit.yaml_text import read_yaml
from store.models import Late

SEND = {"key": "hi", "do": "send", "text": "Hi"}
REST = {"key": "rest", "do": "wait", "time": "1d"}


def funnel(*steps: dict[str, Any], **more: Any) -> Funnel:
    return Funnel.model_validate({"steps": list(steps) or [SEND], **more})


def slips(*steps: dict[str, Any], **more: Any) -> list[str]:
    with pytest.raises(ValidationError) as refused:
        funnel(*steps, **more)
    return [f"{'.'.join(map(str, path))}: {said}" for path, said in explain(refused.value, Funnel)]


@settings(max_examples=150)
@given(funnels())
def test_a_funnel_reads_back_from_the_store_and_from_what_people_write(written: dict[str, Any]):
    first = Funnel.model_validate(written)
    assert Funnel.kept(first.model_dump(mode="json")) == first
    text = write_funnels({"one": first})
    again = read_yaml("", text)
    assert again.faults == []
    assert Funnel.model_validate(again.data["one"]) == first


@settings(max_examples=100)
@given(funnels())
def test_from_every_step_the_way_leads_to_a_step_or_to_the_end(written: dict[str, Any]):
    walked = Funnel.model_validate(written)
    assert walked.after("") == walked.steps[0].key
    for place, step in enumerate(walked.steps):
        assert walked.step(step.key) is step
        below = walked.steps[place + 1].key if place + 1 < len(walked.steps) else None
        assert walked.after(step.key) == (step.next or below)


def test_a_funnel_as_short_as_ever_means_what_it_did():
    one = funnel(trigger={"event": "lead.captured"}, stop=["order.paid"])
    assert one.triggers == (EventTrigger(event="lead.captured"),)
    assert (one.again, one.late, one.retry.times, one.retry.wait) == ("never", Late.SHIFT, 3, timedelta(minutes=10))
    assert one.stop == ("order.paid",)
    assert (one.window, one.goal, one.stop_when) == (None, None, None)
    old = {"trigger": None, "stop": [], "steps": [{"key": "a", "do": "wait", "time": "86400s"}]}
    assert Funnel.kept(old).triggers == ()


def test_every_kind_of_trigger_is_read():
    given = [
        {"event": "custom.webinar", "data": {"product": 3, "vip": True}},
        {"date": "birthday", "days": -7, "every": "year"},
        {"cron": "0 9 * * MON"},
        {"inactive": "14d", "when": "tag:vip"},
    ]
    event, date, cron, inactive = funnel(trigger=given).triggers
    assert isinstance(event, EventTrigger)
    assert event.fits("custom.webinar", {"product": 3, "vip": True, "more": 1})
    assert not event.fits("custom.webinar", {"product": 4, "vip": True})
    assert not event.fits("custom.webinar", {"product": 3})
    assert not event.fits("custom.other", {"product": 3, "vip": True})
    assert date == DateTrigger(date="birthday", days=-7, every="year", at=time(9, 0))
    assert cron == CronTrigger(cron="0 9 * * mon")
    assert inactive == InactiveTrigger(inactive=timedelta(days=14), when="tag:vip")


def test_a_wait_has_weekdays_beside_a_time_of_day_and_days_beside_a_date():
    monday, week_before, seen = (
        funnel({"key": "w", "do": "wait", **wait}).step("w")
        for wait in (
            {"at": "08:05", "days": "mon"},
            {"date": "birthday", "days": -7, "at": "10:00"},
            {"event": "link.clicked", "time": "2d"},
        )
    )
    assert isinstance(monday, WaitStep)
    assert (monday.at, monday.weekdays, monday.offset) == (time(8, 5), ("mon",), 0)
    assert isinstance(week_before, WaitStep)
    assert (week_before.offset, week_before.weekdays, week_before.at) == (-7, (), time(10, 0))
    assert isinstance(seen, WaitStep)
    assert (seen.event, seen.time) == ("link.clicked", timedelta(days=2))


def test_a_window_is_all_week_and_all_day_unless_it_says_otherwise():
    assert funnel(window={}).window == Window()
    assert Window().days == WEEK
    evening = funnel(window={"from": "20:00", "to": "02:00", "days": ["fri"]}).window
    assert evening == Window(opens=time(20, 0), closes=time(2, 0), days=("fri",))


def test_who_may_come_back_is_said_in_a_word_or_by_a_time():
    assert funnel(again={"after": "30d"}).again == AgainAfter(after=timedelta(days=30))
    assert slips(again="sometimes") == ["again: there is no “sometimes”; use never, finished or always"]


def test_the_arms_of_a_split_stand_in_one_order_however_they_are_written():
    arms = [{"key": "ab", "do": "split", "arms": order} for order in ({"b": {}, "a": {}}, {"a": {}, "b": {}})]
    one, other = (funnel(split).step("ab") for split in arms)
    assert isinstance(one, SplitStep)
    assert isinstance(other, SplitStep)
    assert list(one.arms) == list(other.arms) == ["a", "b"]


def test_a_code_is_kept_in_capitals():
    step = funnel({**SEND, "buttons": [{"text": "Buy", "pay": "pack", "code": "ten", "good_for": "2d"}]}).step("hi")
    assert isinstance(step, SendStep)
    assert (step.buttons[0].code, step.buttons[0].good_for) == ("TEN", timedelta(days=2))


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([REST, REST], "steps.1.key: two steps are called “rest”"),
        ([{**SEND, "next": "gone"}], "steps.0.next: step “hi” goes to “gone”, which is not there"),
        (
            [{"key": "b", "do": "branch", "cases": [{"when": "tag:vip", "to": "gone"}]}],
            "steps.0.cases.0.to: step “b” goes to “gone”, which is not there",
        ),
        (
            [{"key": "s", "do": "split", "arms": {"a": {"to": "gone"}}}],
            "steps.0.arms.a.to: step “s” goes to “gone”, which is not there",
        ),
        (
            [{"key": "w", "do": "wait", "event": "order.paid", "time": "1d", "otherwise": "gone"}],
            "steps.0.otherwise: step “w” goes to “gone”, which is not there",
        ),
        ([{"key": "e", "do": "end"}, SEND], "steps.1.key: nothing leads to the step “hi”"),
        ([{"key": "e", "do": "end", "next": "hi"}, SEND], "steps.0.next: leads nowhere from here; take it out"),
        (
            [SEND, {**SEND, "key": "again", "next": "hi"}],
            "steps.0.key: from “hi” the way leads back to it with no wait of a minute: it would go round for ever",
        ),
        (
            [{**REST, "time": "30s"}, {**SEND, "next": "rest"}],
            "steps.0.key: from “rest” the way leads back to it with no wait of a minute: it would go round for ever",
        ),
        (
            [{"key": "d", "do": "wait", "date": "birthday"}, {**SEND, "next": "d"}],
            "steps.0.key: from “d” the way leads back to it with no wait of a minute: it would go round for ever",
        ),
        (
            [{**REST, "only_if": "tag:vip"}, {**SEND, "next": "rest"}],
            "steps.0.key: from “rest” the way leads back to it with no wait of a minute: it would go round for ever",
        ),
        ([{**REST, "time": "0s"}], "steps.0.time: a wait takes a second at least"),
        (
            [{"key": "s", "do": "split", "arms": {"a": {"weight": 0}}, "holdout": 1}],
            "steps.0.arms: every weight is 0, so nobody would go anywhere",
        ),
        (
            [{**SEND, "buttons": [{"text": "Rate", "review": True}]}],
            "steps.0.buttons: a review is asked for in a funnel that an order's event begins, such as order.fulfilled",
        ),
        (
            [{**SEND, "photo": "a.jpg", "text": "x" * 1020}],
            "steps.0.text: has 1020 characters; 990 fit with the line on how to stop these messages",
        ),
    ],
)
def test_what_cannot_be_walked_is_refused_at_its_place(steps: list[dict[str, Any]], said: str):
    assert said in slips(*steps)


@pytest.mark.parametrize(
    "steps",
    [
        [REST, {**SEND, "next": "rest"}],
        [{"key": "at", "do": "wait", "at": "09:00"}, {**SEND, "next": "at"}],
        [{"key": "w", "do": "wait", "event": "lead.wrote"}, {**SEND, "next": "w"}],
        [{"key": "e", "do": "end", "only_if": "tag:vip"}, SEND],
        [{"key": "s", "do": "split", "arms": {"a": {"to": "hi"}, "b": {}}}, REST, SEND],
    ],
)
def test_a_circle_with_a_rest_and_ways_that_somebody_goes_are_fine(steps: list[dict[str, Any]]):
    assert [step.key for step in funnel(*steps).steps] == [step["key"] for step in steps]


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"do": "wait"}, "wait has one of time, at, date and event"),
        ({"do": "wait", "time": "1d", "at": "09:00"}, "wait has one of time, at, date and event"),
        ({"do": "wait", "time": "1d", "date": "birthday"}, "wait has one of time, at, date and event"),
        ({"do": "wait", "time": "1d", "otherwise": "x"}, "otherwise is for a wait for an event with a time"),
        ({"do": "wait", "time": "1d", "days": ["mon"]}, "days go with at or date"),
        ({"do": "wait", "at": "09:00", "days": -7}, "days are weekdays like [mon, tue] beside at"),
        ({"do": "wait", "at": "9"}, 'write a time of day in quotes, like "09:30"'),
        ({"do": "wait", "at": 570}, 'write a time of day in quotes, like "09:30"'),
        ({"do": "wait", "at": "24:00"}, 'write a time of day in quotes, like "09:30"'),
        ({"do": "send"}, "send needs a text, a product, or one of photo, video, animation, audio, voice and document"),
        (
            {"do": "send", "photo": "a.jpg", "video": "b.mp4"},
            "a message carries one of photo, video, animation, audio, voice and document",
        ),
        ({"do": "send", "photo": "a.jpg", "product": "pack"}, "a product's card has a picture of its own"),
        ({"do": "send", "text": "x", "buttons": [{"text": "B", "product": "p", "code": "TEN"}]}, "go with pay"),
        ({"do": "set"}, "set needs a field with its value, a score, a stage or a language"),
        ({"do": "tag"}, "tag needs add or remove"),
        ({"do": "idea", "title": "{{ lead."}, "the text cannot be read"),
        ({"do": "ticket", "title": "Look", "text": "{{ lead."}, "the text cannot be read"),
        ({"do": "ticket", "text": "Look"}, "title"),
        (
            {"do": "letter"},
            "there is no “letter”; use send, wait, branch, split, tag, set, enroll, leave, notify, idea, ticket",
        ),
    ],
)
def test_a_step_that_means_nothing_is_refused_with_what_it_needs(step: dict[str, Any], said: str):
    assert said in "\n".join(slips({"key": "a", **step}))


@pytest.mark.parametrize(
    ("trigger", "said"),
    [
        ({"evnt": "order.paid"}, "must be one of event, enters, leaves, date, cron and inactive"),
        (
            {"event": "Paid"},
            "“Paid” is not an event: they are written like order.paid, and your own like custom.webinar",
        ),
        ({"cron": "0 9 * *"}, "write five fields"),
        ({"cron": "0 9 * * 1"}, "name the days of the week"),
        ({"cron": "0 25 * * *"}, "cannot be read"),
        ({"cron": "0 0 30 2 *"}, "never comes: there is no such day"),
        ({"inactive": "5m"}, "an hour at least"),
        ({"date": "birthday", "every": "month"}, "there is no “month”; use year or once"),
    ],
)
def test_a_trigger_that_means_nothing_is_refused_with_what_it_needs(trigger: dict[str, Any], said: str):
    assert said in "\n".join(slips(trigger=trigger))


def test_a_definition_of_the_store_is_taken_as_it_is_whatever_rules_came_since():
    circle = [SEND, {**SEND, "key": "again", "next": "hi"}]
    assert Funnel.kept({"steps": circle}).after("again") == "hi"
    assert slips(*circle)


def test_only_an_orders_event_brings_the_order_that_a_text_speaks_of():
    text = {**SEND, "text": "Your {{ order.title }}"}
    spoken = funnel(text, trigger=[{"event": "order.paid"}, {"event": "order.fulfilled"}])
    assert (spoken.names_order, spoken.has_order, spoken.about_orders) == (True, True, True)
    mixed = funnel(text, trigger=[{"event": "order.paid"}, {"enters": "tag:vip"}])
    assert (mixed.names_order, mixed.has_order) == (True, False)
    hook = funnel({"key": "h", "do": "webhook", "webhook": "crm", "data": {"what": "{{ order.title }}"}})
    assert hook.names_order


@pytest.mark.parametrize(
    ("wanted", "told", "fits"),
    [
        (1, 1, True),
        (1, True, False),
        (True, True, True),
        (False, 0, False),
        (2.5, 2.5, True),
        (2, 2.0, True),
        (1, "1", False),
    ],
)
def test_a_trigger_wants_a_value_of_its_kind(wanted: object, told: object, fits: object):
    trigger = EventTrigger.model_validate({"event": "custom.webinar", "data": {"n": wanted}})
    assert trigger.fits("custom.webinar", {"n": told}) is fits
    assert not trigger.fits("custom.webinar", {})
