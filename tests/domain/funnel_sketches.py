"""Any funnels that can be walked, drawn by hypothesis."""

from typing import Any

from hypothesis import strategies as st

from domain.windows import WEEK

WORDS = st.text(alphabet="abc äß😀\n'\":#-{", min_size=1, max_size=20).map(lambda text: f"x {text} x".replace("{", ""))
KEYS = st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True)
DURATIONS = st.sampled_from(["90s", "30m", "1h", "1d", "7d", "2w"])
TIMES = st.builds(lambda hour, minute: f"{hour:02}:{minute:02}", st.integers(0, 23), st.integers(0, 59))
QUESTIONS = st.sampled_from(["tag:vip", "score>=5", "not owns:pack", "stage:customer or tag:vip"])
EVENTS = st.sampled_from(["lead.captured", "order.paid", "lead.wrote", "custom.webinar_1"])
WINDOWS = st.fixed_dictionaries(
    {"from": TIMES, "to": TIMES},
    optional={"days": st.lists(st.sampled_from(WEEK), min_size=1, max_size=7, unique=True)},
)
TEXTS = st.one_of(WORDS, st.dictionaries(st.sampled_from(["en", "de"]), WORDS, min_size=1))
BUTTONS = st.one_of(
    st.fixed_dictionaries({"text": st.just("Go"), "url": st.just("https://x.example/{{ lead.source }}")}),
    st.fixed_dictionaries({"text": st.just("Go"), "product": st.just("pack")}),
    st.fixed_dictionaries(
        {"text": st.just("Go"), "pay": st.just("pack")}, optional={"code": st.just("TEN"), "good_for": DURATIONS}
    ),
)
TRIGGERS = st.one_of(
    st.fixed_dictionaries(
        {"event": EVENTS},
        optional={
            "when": QUESTIONS,
            "data": st.dictionaries(KEYS, st.booleans() | st.integers(-9, 9) | WORDS, max_size=2),
        },
    ),
    st.fixed_dictionaries({"enters": QUESTIONS}),
    st.fixed_dictionaries({"leaves": QUESTIONS}),
    st.fixed_dictionaries(
        {"date": st.just("birthday")},
        optional={"days": st.integers(-30, 30), "at": TIMES, "every": st.sampled_from(["year", "once"])},
    ),
    st.fixed_dictionaries({"cron": st.sampled_from(["0 9 * * mon", "*/5 8-18 1,15 * *", "0 0 29 2 *"])}),
    st.fixed_dictionaries({"inactive": st.sampled_from(["1h", "14d"])}, optional={"when": QUESTIONS}),
)
_WAITS = st.one_of(
    st.fixed_dictionaries({"time": DURATIONS}),
    st.fixed_dictionaries({"at": TIMES}, optional={"days": st.lists(st.sampled_from(WEEK), min_size=1, max_size=3)}),
    st.fixed_dictionaries({"date": st.just("birthday")}, optional={"days": st.integers(-30, 30), "at": TIMES}),
    st.fixed_dictionaries({"event": EVENTS}, optional={"time": DURATIONS}),
)
_PLAIN: list[st.SearchStrategy[dict[str, Any]]] = [
    st.fixed_dictionaries(
        {"do": st.just("send"), "text": TEXTS},
        optional={"silent": st.booleans(), "window": WINDOWS, "buttons": st.lists(BUTTONS, max_size=3)},
    ),
    st.fixed_dictionaries({"do": st.just("send"), "product": st.just("pack")}),
    _WAITS.map(lambda wait: {"do": "wait", **wait}),
    st.fixed_dictionaries({"do": st.just("tag"), "add": st.lists(st.sampled_from(["vip", "x"]), min_size=1)}),
    st.fixed_dictionaries({"do": st.just("set"), "score": st.sampled_from(["+5", "-2", "10"])}),
    st.fixed_dictionaries({"do": st.just("set"), "field": st.just("city"), "value": WORDS | st.integers(0, 9)}),
    st.fixed_dictionaries({"do": st.just("notify"), "text": TEXTS, "to": st.sampled_from(["creator", "team"])}),
    st.fixed_dictionaries({"do": st.just("idea"), "title": st.just("Ask {{ lead.name }}")}),
    st.fixed_dictionaries({"do": st.just("ticket"), "title": st.just("Ask {{ lead.name }}")}, optional={"text": TEXTS}),
    st.fixed_dictionaries(
        {"do": st.just("webhook"), "webhook": st.just("crm")},
        optional={"data": st.dictionaries(KEYS, st.integers(0, 9) | st.booleans() | WORDS, max_size=3)},
    ),
    st.fixed_dictionaries({"do": st.just("enroll"), "funnel": st.just("other")}),
    st.fixed_dictionaries({"do": st.just("leave"), "funnel": st.just("other")}),
    st.fixed_dictionaries({"do": st.just("goal")}),
]


@st.composite
def funnels(draw: st.DrawFn, *, most: int = 8) -> dict[str, Any]:
    """The plain data of one, as it is written. Where a step leads elsewhere, that is further down: no circles."""
    keys = draw(st.lists(KEYS, min_size=1, max_size=most, unique=True))
    steps = [{"key": key, **draw(st.one_of(_PLAIN))} for key in keys]
    for place, step in enumerate(steps):
        below = keys[place + 1 :]
        if draw(st.booleans()):
            step["only_if"] = draw(QUESTIONS)
        if below and draw(st.integers(0, 3)) == 0:
            target = draw(st.sampled_from(below))
            forks: list[dict[str, Any]] = [
                {"do": "branch", "cases": [{"when": draw(QUESTIONS), "to": target}]},
                {"do": "split", "arms": {"a": {"to": target}, "b": {"weight": 3}}, "holdout": draw(st.integers(0, 2))},
            ]
            steps[place] = {"key": step["key"], **draw(st.sampled_from(forks))}
    funnel: dict[str, Any] = {"steps": steps}
    options: dict[str, st.SearchStrategy[Any]] = {
        "trigger": TRIGGERS | st.lists(TRIGGERS, max_size=3),
        "again": st.sampled_from(["never", "finished", "always", {"after": "30d"}]),
        "stop": EVENTS | st.lists(EVENTS, max_size=2),
        "stop_when": QUESTIONS,
        "goal": st.sampled_from([{"event": "order.paid"}, {"when": "owns:pack"}]),
        "window": WINDOWS,
        "late": st.sampled_from(["skip", "once", "shift"]),
        "retry": st.just({"times": 2, "wait": "5m"}),
    }
    for name, drawn in options.items():
        if draw(st.booleans()):
            funnel[name] = draw(drawn)
    return funnel
