from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automations.planner import LATE_AFTER, MOST_STEPS, NOT_REACHABLE, arm_of, walk
from automations.walks import Facts, Needs, Said, Standing, Walk, next_standing
from domain.decisions import Outcome
from domain.funnels.definition import Funnel
from domain.funnels.steps import SplitStep
from store.models import EnrollmentState, Late

# a Tuesday
NOON = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
A_DAY = timedelta(days=1)


def funnel(*steps: dict[str, Any], **more: Any) -> Funnel:
    return Funnel.model_validate({"trigger": {"event": "lead.captured"}, "steps": list(steps), **more})


def unchecked(*steps: dict[str, Any], **more: Any) -> Funnel:
    """One that was kept before there was a check for what is wrong with it."""
    return Funnel.kept({"steps": list(steps), **more})


def wait(key: str, time: str = "1d", **more: Any) -> dict[str, Any]:
    return {"key": key, "do": "wait", "time": time, **more}


def send(key: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "do": "send", "text": key, **more}


def tag(key: str) -> dict[str, Any]:
    return {"key": key, "do": "tag", "add": ["vip"]}


def at(step: str, due_at: datetime = NOON, **more: Any) -> Standing:
    return Standing(7, "welcome", step, due_at, **more)


def walked(
    whole: Funnel, standing: Standing, facts: Facts | None = None, *, now: datetime = NOON, late: Late = Late.SHIFT
) -> Walk:
    told = walk(whole, standing, facts or Facts(), now=now, late=late)
    assert isinstance(told, Walk)
    return told


def said(told: Walk) -> list[str]:
    return [act.step.key for act in told.acts if isinstance(act, Said)]


def outcomes(told: Walk) -> list[tuple[str, str]]:
    return [(each[0], each[1]) for each in told.trace]


def test_from_the_top_it_walks_to_the_first_wait():
    told = walked(funnel(send("hello"), wait("a-day"), send("later")), at(""))
    assert said(told) == ["hello"]
    assert (told.step, told.due_at, told.state) == ("a-day", NOON + A_DAY, EnrollmentState.ACTIVE)
    assert outcomes(told) == [("hello", "said"), ("a-day", "waits")]


def test_from_a_wait_whose_time_has_come_it_walks_on_behind_it():
    told = walked(funnel(wait("first"), send("a"), send("b"), wait("second", "2h"), send("c")), at("first"))
    assert said(told) == ["a", "b"]
    assert (told.step, told.due_at) == ("second", NOON + timedelta(hours=2))


def test_behind_the_last_step_it_is_done():
    told = walked(funnel(wait("first"), send("a")), at("first"))
    assert said(told) == ["a"]
    assert (told.state, told.due_at, told.reason) == (EnrollmentState.DONE, None, None)


def test_a_wait_counts_from_when_the_step_was_due_and_not_from_when_it_was_looked_at():
    told = walked(funnel(wait("first"), send("a"), wait("second")), at("first"), now=NOON + timedelta(minutes=14))
    assert told.due_at == NOON + A_DAY


def test_a_step_that_this_version_does_not_have_parks_it():
    told = walked(funnel(send("a")), at("gone"))
    assert told.state == EnrollmentState.PARKED
    assert "gone" in (told.reason or "")


def test_next_leads_elsewhere_and_end_ends():
    whole = unchecked(send("a", next="c"), send("b"), send("c"), {"key": "over", "do": "end"}, send("d"))
    assert said(walked(whole, at(""))) == ["a", "c"]


def test_a_circle_without_a_wait_is_parked_and_says_nothing():
    told = walked(unchecked(send("a"), send("b", next="a")), at(""))
    assert told.state == EnrollmentState.PARKED
    assert "circle" in (told.reason or "")
    assert (said(told), len(told.trace)) == ([], 20)


def test_a_circle_with_a_wait_goes_round_once_at_a_time():
    whole = funnel(send("news"), wait("a-week", "7d", next="news"))
    told = walked(whole, at("a-week"))
    assert said(told) == ["news"]
    assert told.due_at == NOON + timedelta(days=7)


def test_what_it_has_to_know_it_asks_for_and_then_goes_by_the_answer():
    cases = [{"when": "tag:vip", "to": "gold"}, {"when": "tag:new", "to": "silver"}]
    branch = {"key": "who", "do": "branch", "cases": cases}
    ways = (send("plain", next="over"), send("gold", next="over"), send("silver"))
    whole = funnel(branch, *ways, {"key": "over", "do": "end"})
    assert walk(whole, at(""), Facts(), now=NOON, late=Late.SHIFT) == Needs(frozenset({"tag:vip", "tag:new"}))
    for answers, way in (((True, True), "gold"), ((False, True), "silver"), ((False, False), "plain")):
        facts = Facts(answers=dict(zip(("tag:vip", "tag:new"), answers, strict=True)))
        assert said(walked(whole, at(""), facts)) == [way]


def test_a_step_that_is_not_meant_for_them_is_passed_by():
    whole = funnel(send("a", only_if="tag:vip"), wait("b", only_if="tag:vip"), send("c"))
    assert isinstance(walk(whole, at(""), Facts(), now=NOON, late=Late.SHIFT), Needs)
    told = walked(whole, at(""), Facts(answers={"tag:vip": False}))
    assert said(told) == ["c"]
    assert outcomes(told)[:2] == [("a", Outcome.NOT_MEANT), ("b", Outcome.NOT_MEANT)]


def test_after_something_was_changed_it_goes_on_at_once_from_there():
    whole = funnel(tag("mark"), send("a", only_if="tag:vip"), send("b"))
    told = walked(whole, at(""))
    assert (told.again, told.step, len(told.acts)) == (True, "mark", 1)
    further = walked(whole, next_standing(at(""), told), Facts(answers={"tag:vip": True}))
    assert said(further) == ["a", "b"]


def test_a_circle_of_changes_is_bounded_over_all_its_walks():
    standing, whole = at(""), unchecked(tag("mark") | {"next": "mark"})
    for _ in range(MOST_STEPS):
        told = walked(whole, standing)
        standing = next_standing(standing, told)
    assert walked(whole, standing).state == EnrollmentState.PARKED


def test_the_goal_and_the_stop_are_asked_first_wherever_it_stands():
    whole = funnel(wait("w"), send("a"), goal={"when": "bought:any"}, stop_when="tag:no")
    assert walk(whole, at("w"), Facts(), now=NOON, late=Late.SHIFT) == Needs(frozenset({"bought:any", "tag:no"}))
    reached = walked(whole, at("w"), Facts(answers={"bought:any": True, "tag:no": True}))
    assert (reached.state, reached.reason, said(reached)) == (EnrollmentState.DONE, "goal", [])
    stopped = walked(whole, at("w"), Facts(answers={"bought:any": False, "tag:no": True}))
    assert (stopped.state, stopped.reason, said(stopped)) == (EnrollmentState.STOPPED, "stop_when", [])


def test_whoever_has_left_is_stopped_and_whoever_cannot_hear_is_stopped_at_the_first_word():
    whole = funnel(wait("w"), tag("mark"), send("a"))
    assert walked(whole, at("w"), Facts(has_left=True)).reason == NOT_REACHABLE
    marked = walked(whole, at("w"), Facts(can_hear=False))
    assert marked.again
    told = walked(whole, next_standing(at("w"), marked), Facts(can_hear=False))
    assert (told.state, told.reason) == (EnrollmentState.STOPPED, NOT_REACHABLE)


def test_at_a_step_that_stands_still_it_is_held():
    told = walked(funnel(send("a"), send("b")), at(""), Facts(stopped_steps=frozenset({"b"})))
    assert (told.state, told.step, told.due_at, said(told)) == (EnrollmentState.HELD, "b", NOON, ["a"])


# waits


def test_until_a_time_of_day_on_a_weekday_of_the_leads_clock():
    whole = funnel({"key": "w", "do": "wait", "at": "09:00", "days": ["thu"]}, send("a"))
    assert walked(whole, at(""), Facts(zone=BERLIN)).due_at == datetime(2026, 11, 5, 8, 0, tzinfo=UTC)


def test_until_a_time_of_day_that_is_now_it_waits_for_tomorrows():
    whole = funnel({"key": "w", "do": "wait", "at": "12:00"}, send("a"))
    assert walked(whole, at("")).due_at == NOON + A_DAY


@pytest.mark.parametrize(
    ("day", "due_at"),
    [
        (date(2026, 11, 20), datetime(2026, 11, 13, 9, 0, tzinfo=UTC)),
        # that day is over, so there is nothing to wait for
        (date(2026, 11, 5), None),
        (None, None),
    ],
)
def test_until_a_day_in_a_field(day: date | None, due_at: datetime | None):
    whole = funnel({"key": "w", "do": "wait", "date": "party", "days": -7}, send("a"))
    assert walk(whole, at(""), Facts(), now=NOON, late=Late.SHIFT) == Needs(dates=frozenset({"party"}))
    told = walked(whole, at(""), Facts(dates={"party": day}))
    assert told.due_at == due_at
    assert said(told) == ([] if due_at else ["a"])


@pytest.mark.parametrize(("happened", "way"), [(True, "thanks"), (False, "nudge")])
def test_until_an_event_or_until_its_time_runs_out(happened: bool, way: str):  # noqa: FBT001
    listens = {"key": "w", "do": "wait", "event": "order.paid", "time": "2d", "otherwise": "nudge"}
    whole = funnel(listens, send("thanks", next="over"), send("nudge"), {"key": "over", "do": "end"})
    told = walked(whole, at(""))
    assert (told.waits_for, told.due_at) == ("order.paid", NOON + 2 * A_DAY)
    assert said(walked(whole, at("w", happened=happened))) == [way]


def test_an_event_without_a_time_is_waited_for_for_ever():
    told = walked(funnel({"key": "w", "do": "wait", "event": "order.paid"}, send("a")), at(""))
    assert (told.waits_for, told.due_at, told.state) == ("order.paid", None, EnrollmentState.ACTIVE)


# windows


def test_outside_its_window_a_message_is_put_off_to_its_opening_and_counted_from_there():
    whole = funnel(send("a"), wait("w"), send("b"), window={"from": "14:00", "to": "18:00"})
    told = walked(whole, at(""), Facts(zone=BERLIN))
    opens = datetime(2026, 11, 3, 13, 0, tzinfo=UTC)
    assert (told.step, told.due_at, said(told)) == ("a", opens, [])
    later = walked(whole, at("a", opens), Facts(zone=BERLIN), now=opens)
    assert (said(later), later.due_at) == (["a"], opens + A_DAY)


def test_a_steps_own_window_stands_for_the_funnels_and_quiet_hours_are_over_both():
    own, wide = {"from": "12:00", "to": "13:00"}, {"from": "14:00", "to": "18:00"}
    whole = funnel(send("a", window=own), window=wide)
    assert said(walked(whole, at(""))) == ["a"]
    quiet = funnel(send("a", window=own), window=wide).steps[0].window.model_copy(update={"days": ("fri",)})  # type: ignore[union-attr]
    told = walked(whole, at(""), Facts(quiet_hours=quiet))
    assert (said(told), told.due_at) == ([], datetime(2026, 11, 6, 12, 0, tzinfo=UTC))


def test_windows_without_a_common_hour_park_it():
    whole = funnel(send("a", window={"from": "08:00", "to": "09:00"}))
    quiet = funnel(send("a", window={"from": "10:00", "to": "11:00"})).steps[0].window  # type: ignore[union-attr]
    assert walked(whole, at(""), Facts(quiet_hours=quiet)).state == EnrollmentState.PARKED


# splits


SPLIT = {"key": "ab", "do": "split", "arms": {"a": {"weight": 1, "to": "left"}, "b": {"weight": 3}}, "holdout": 1}


def test_a_split_goes_by_its_weights_and_always_the_same_way():
    step = SplitStep.model_validate(SPLIT)
    arms = [arm_of(step, lead_id, "welcome") for lead_id in range(5000)]
    assert arms == [arm_of(step, lead_id, "welcome") for lead_id in range(5000)]
    shares = {arm: arms.count(arm) / len(arms) for arm in ("a", "b", "holdout")}
    assert shares == pytest.approx({"a": 0.2, "b": 0.6, "holdout": 0.2}, abs=0.03)
    other = SplitStep.model_validate(SPLIT | {"key": "other"})
    assert arms != [arm_of(other, lead_id, "welcome") for lead_id in range(5000)]


@pytest.mark.parametrize(("arm", "way"), [("a", ["left"]), ("b", ["right"]), ("holdout", [])])
def test_who_went_down_an_arm_stays_in_it_and_the_holdout_ends_there(arm: str, way: list[str]):
    whole = funnel(SPLIT, send("right", next="over"), send("left"), {"key": "over", "do": "end"})
    told = walked(whole, at("", arms={"ab": arm}))
    assert said(told) == way
    assert told.arms == {"ab": arm}
    assert told.reason == ("holdout" if arm == "holdout" else None)


# what is overdue


DAILY = funnel(wait("w0"), send("s1"), wait("w1"), send("s2"), wait("w2"), send("s3"), wait("w3", "5d"), send("s4"))


def test_overdue_shift_says_the_first_now_and_counts_the_rest_from_now():
    told = walked(DAILY, at("w0"), now=NOON + 3 * A_DAY, late=Late.SHIFT)
    assert said(told) == ["s1"]
    assert (told.step, told.due_at) == ("w1", NOON + 4 * A_DAY)


def test_overdue_skip_says_nothing_and_the_rest_keeps_its_time():
    told = walked(DAILY, at("w0"), now=NOON + 3 * A_DAY, late=Late.SKIP)
    assert said(told) == []
    assert (told.step, told.due_at) == ("w3", NOON + 7 * A_DAY)


def test_overdue_once_says_the_last_and_the_rest_keeps_its_time():
    told = walked(DAILY, at("w0"), now=NOON + 3 * A_DAY, late=Late.ONCE)
    assert said(told) == ["s3"]
    assert (told.step, told.due_at) == ("w3", NOON + 7 * A_DAY)


def test_once_remembers_over_a_change_what_was_left_unsaid():
    whole = funnel(wait("w0"), send("s1"), tag("mark"), wait("w1", "9d"), send("s2"))
    first = walked(whole, at("w0"), now=NOON + A_DAY, late=Late.ONCE)
    assert (said(first), first.unsaid, first.again) == ([], "s1", True)
    told = walked(whole, next_standing(at("w0"), first), now=NOON + A_DAY, late=Late.ONCE)
    assert (said(told), told.due_at) == (["s1"], NOON + 9 * A_DAY)


@pytest.mark.parametrize("late", list(Late))
def test_what_only_waited_for_its_turn_is_said_and_what_follows_keeps_its_distance(late: Late):
    # without a rest since shortly after it was due
    facts = Facts(worked_since=NOON + A_DAY + LATE_AFTER)
    told = walked(DAILY, at("w0", NOON + A_DAY), facts, now=NOON + 2 * A_DAY, late=late)
    assert (said(told), told.due_at) == (["s1"], NOON + 3 * A_DAY)


def test_what_was_overdue_before_is_left_out_and_what_fell_due_since_is_not():
    facts = Facts(worked_since=NOON + A_DAY + timedelta(hours=1))
    told = walked(DAILY, at("w0"), facts, now=NOON + 4 * A_DAY, late=Late.SKIP)
    assert (said(told), told.step, told.due_at) == ([], "w2", NOON + 2 * A_DAY)
    further = walked(DAILY, at("w2", NOON + 2 * A_DAY), facts, now=NOON + 4 * A_DAY, late=Late.SKIP)
    assert said(further) == ["s3"]


def test_where_the_zone_matters_and_is_not_known_it_is_asked_for_and_nowhere_else():
    whole = funnel(wait("w"), {"key": "morning", "do": "wait", "at": "09:00"}, send("s"))
    assert walked(whole, at(""), Facts(zone=None)).step == "w"
    assert walk(whole, at("w"), Facts(zone=None), now=NOON, late=Late.SHIFT) == Needs(zone=True)
    windowed = funnel(send("s"), window={"from": "09:00", "to": "20:00"})
    assert walk(windowed, at(""), Facts(zone=None), now=NOON, late=Late.SHIFT) == Needs(zone=True)


def test_one_that_failed_at_a_step_has_that_before_it():
    whole = funnel(send("s"), tag("mark"), wait("w"))
    assert walked(whole, at("mark")).acts == ()
    assert [act.key for act in walked(whole, at("mark", undone=True)).acts if not isinstance(act, Said)] == ["mark"]


def test_a_first_wait_that_is_looked_at_late_is_counted_from_when_it_began():
    told = walked(DAILY, at(""), now=NOON + timedelta(hours=20), late=Late.SHIFT)
    assert (told.step, told.due_at) == ("w0", NOON + A_DAY)


DURATIONS = st.integers(1, 72 * 3600)
STEPS = st.lists(st.one_of(st.just("send"), st.just("tag"), st.just("branch"), DURATIONS), min_size=1, max_size=14)


def sketched(kinds: list[str | int], *, round_again: bool = False) -> Funnel:
    steps: list[dict[str, Any]] = []
    for number, kind in enumerate(kinds):
        match kind:
            case "send":
                steps.append(send(f"s{number}"))
            case "tag":
                steps.append(tag(f"t{number}"))
            case "branch":
                cases = [{"when": f"random {number + 1}%", "to": f"e{number + 1}"}]
                branch = {"key": f"b{number}", "do": "branch", "cases": cases}
                steps += [branch, send(f"o{number}"), send(f"e{number + 1}")]
            case _:
                steps.append(wait(f"w{number}", f"{kind}s"))
    if round_again:
        steps.append(wait("again", "6h", next=steps[0]["key"]))
    return unchecked(*steps)


class Everything(dict[str, bool]):
    """Answers that depend on the question alone."""

    def __contains__(self, question: object) -> bool:
        return True

    def __getitem__(self, question: str) -> bool:
        return len(question) % 2 == 0


def lived(whole: Funnel, *, looks: Mapping[int, timedelta], late: Late, until: datetime) -> list[tuple[datetime, str]]:
    """A life in the engine: each due time is looked at when it comes, or so much later; what was said when."""
    told: list[tuple[datetime, str]] = []
    standing, now, number = at(""), NOON, 0
    while True:
        number += 1
        now = max(now, standing.due_at + looks.get(number, timedelta(0)))
        if now > until:
            return told
        in_one: list[str] = []
        while True:
            decided = walked(whole, standing, Facts(answers=Everything()), now=now, late=late)
            in_one += said(decided)
            told += [(now, key) for key in said(decided)]
            if not decided.again:
                break
            standing = next_standing(standing, decided)
        # no step speaks twice in one go
        assert len(in_one) == len(set(in_one))
        if decided.state is not EnrollmentState.ACTIVE:
            return told
        assert decided.due_at is not None
        # the due time never goes back
        assert decided.due_at >= standing.due_at
        standing = Standing(7, "welcome", decided.step, decided.due_at, arms=decided.arms)


@given(kinds=STEPS)
def test_looked_at_in_time_every_message_is_said_once_and_in_order(kinds: list[str | int]):
    whole = sketched([kind for kind in kinds if kind != "branch"] or ["send"])
    told = lived(whole, looks={}, late=Late.SHIFT, until=NOON + timedelta(days=400))
    assert [key for _, key in told] == [step.key for step in whole.steps if step.do == "send"]


@given(
    kinds=STEPS,
    late=st.sampled_from(Late),
    round_again=st.booleans(),
    pauses=st.dictionaries(st.integers(1, 12), st.integers(0, 30 * 24), max_size=4),
)
def test_however_late_it_is_looked_at_no_policy_floods(
    kinds: list[str | int],
    late: Late,
    round_again: bool,  # noqa: FBT001
    pauses: dict[int, int],
):
    whole = sketched(kinds, round_again=round_again)
    looks = {number: timedelta(hours=hours) for number, hours in pauses.items()}
    told = lived(whole, looks=looks, late=late, until=NOON + timedelta(days=60))
    apart = longest_without_a_wait(whole)
    for instant in {now for now, _ in told}:
        # as many as stand together, and with `once` one more: the last of those that were overdue
        assert sum(now == instant for now, _ in told) <= apart + (1 if late is Late.ONCE else 0)


def longest_without_a_wait(whole: Funnel) -> int:
    longest = together = 0
    for step in whole.steps:
        together = 0 if step.do == "wait" else together + (step.do == "send")
        longest = max(longest, together)
    # round a circle, the end and the beginning stand together unless there is a wait between them
    return longest


@given(late_by=st.integers(0, 10_000), late=st.sampled_from(Late))
def test_up_to_a_quarter_of_an_hour_late_is_on_time(late_by: int, late: Late):
    now = NOON + timedelta(seconds=late_by)
    told = walked(funnel(wait("w"), send("a"), wait("v"), send("b")), at("w"), now=now, late=late)
    on_time = now - NOON <= LATE_AFTER
    assert said(told) == ([] if late is Late.SKIP and not on_time else ["a"])
    assert told.due_at == (NOON if on_time or late is not Late.SHIFT else now) + A_DAY
