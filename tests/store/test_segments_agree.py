"""Random questions about random leads, answered by the store and in plain Python: the two agree."""

import operator
from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from segment_sketches import DAY, KNOWN, NOW, TITLES, URL, Bought, Drawn, Happened, Holds, Sketch, draw

from store.database import Database
from store.models import EnrollmentState, FlowRunState
from store.queries import leads
from store.queries.leads import count_leads, lead_matches, leads_matching, page_of_ids, page_of_leads, where

UNDER_WAY = {EnrollmentState.ACTIVE, EnrollmentState.HELD}
Asked = tuple[str, Holds]
BERLIN = ZoneInfo("Europe/Berlin")
AGES = [timedelta(minutes=30), timedelta(hours=12), 7 * DAY, 29 * DAY, 30 * DAY, 31 * DAY, 400 * DAY]
SIGNS = {"<": operator.lt, "<=": operator.le, "=": operator.eq, "!=": operator.ne, ">=": operator.ge, ">": operator.gt}
TAGS = ["vip", "beta", "and", "zürich"]
NAMES = ["", "Lena Müller", "Zoë", "Lén", "Bo lena"]
EMAILS = ["ada@example.com", "bob@example.com"]
PHONES = ["+4915123456789", "+4915123456780"]

maybe = st.booleans()
ages = st.sampled_from(AGES)
bought = st.builds(
    Bought, st.sampled_from([0, 1]), maybe, st.sampled_from([500, 1900, 5000]), st.sampled_from(["usd", "eur"]), maybe
)
happened = st.one_of(
    st.builds(Happened, st.sampled_from(["order.paid", "review.published", "lead.imported"]), ages),
    st.builds(Happened, st.just("review.published"), ages, st.sampled_from([0, 1])),
    st.builds(Happened, st.just("link.clicked"), ages, st.none(), maybe),
)
fields = st.fixed_dictionaries(
    {},
    optional={
        "city": st.sampled_from(["Berlin", "new york"]),
        "age": st.sampled_from([17.0, 18.0, 40.5, -3.0]),
        "born": st.sampled_from([date(1999, 12, 31), date(2000, 1, 1)]),
        "member": maybe,
        "plan": st.sampled_from(["free", "pro"]),
        "likes": st.lists(st.sampled_from(["film", "photo", "sound"]), unique=True, min_size=1),
        "salary": st.sampled_from([1000.0, 2500.5]),
        "paper": st.just("7"),
    },
)
sketches = st.builds(
    Sketch,
    name=st.sampled_from(NAMES),
    telegram=maybe,
    language=st.sampled_from(["en", "de", "pt-br", "pt"]),
    chosen=st.sampled_from([None, "de", "pt"]),
    blocked=maybe,
    source=st.sampled_from([None, "ad42", "Ad 43"]),
    link=st.sampled_from([None, 0, 1]),
    stage=st.sampled_from(["new", "customer", "dreamer"]),
    score=st.integers(-2, 5),
    captured=ages,
    seen=st.none() | ages,
    dice=st.sampled_from([0, 49, 50, 999, 1000, 9999]),
    email=st.sampled_from([None, *EMAILS]),
    phone=st.sampled_from([None, *PHONES]),
    unsubscribed=maybe,
    consented=maybe,
    banned=maybe,
    taken_over=maybe,
    tags=st.lists(st.sampled_from(TAGS), unique=True, max_size=2),
    fields=fields,
    orders=st.lists(bought, max_size=2),
    gifts=st.lists(st.sampled_from([0, 1]), unique=True, max_size=1),
    enrollments=st.dictionaries(st.sampled_from(["nurture", "upsell"]), st.sampled_from(EnrollmentState), max_size=2),
    # one that is active leaves no room for another: there is one at most
    runs=st.dictionaries(st.sampled_from(["welcome", "survey"]), st.sampled_from(FlowRunState), max_size=1),
    events=st.lists(happened, max_size=2),
    touches=st.lists(st.sampled_from([0, 1]), max_size=2),
    forgotten=st.sampled_from([False, False, False, True]),
)


@st.composite
def crowds(draw_one: st.DrawFn) -> list[Sketch]:
    crowd = draw_one(st.lists(sketches, min_size=1, max_size=6))
    # one merged into another; whoever has an address of their own may not be two
    if len(crowd) > 2 and draw_one(maybe):
        crowd[-1].merged_into = 0
    return crowd


def spent(sketch: Sketch, currency: str) -> int:
    return sum(each.amount for each in sketch.orders if each.kept and each.currency == currency)


def begins(sketch: Sketch, *forms: str) -> bool:
    return any(word.startswith(forms) for word in sketch.name.casefold().split())


def written(age: timedelta) -> str:
    minutes = int(age.total_seconds()) // 60
    return f"{minutes}m" if minutes < 60 else f"{minutes // 60}h" if minutes < 24 * 60 else f"{minutes // 1440}d"


def on(ago: timedelta) -> date:
    return (NOW - ago).astimezone(BERLIN).date()


FIXED: list[Asked] = [
    ("all", lambda _: True),
    ("subscribed", lambda each: not each.unsubscribed),
    ("unsubscribed", lambda each: each.unsubscribed),
    ("blocked", lambda each: each.telegram and each.blocked),
    ("consented", lambda each: each.consented),
    ("banned", lambda each: each.banned),
    ("taken_over", lambda each: each.taken_over),
    ("imported", lambda each: any(done.event == "lead.imported" for done in each.done)),
    ("reviewed", lambda each: any(done.event == "review.published" for done in each.done)),
    ("clicked", lambda each: bool(each.touches) or any(done.event == "link.clicked" for done in each.done)),
    (f'clicked:"{URL}"', lambda each: any(done.url for done in each.done)),
    ("has:email", lambda each: each.email is not None),
    ("has:phone", lambda each: each.phone is not None),
    ("has:name", lambda each: each.name != ""),
    ("has:telegram", lambda each: each.telegram),
    ("has:source", lambda each: each.source is not None),
    ("has:tag", lambda each: bool(each.tags)),
    ("has:order", lambda each: any(order.kept for order in each.orders)),
    ("language:de", lambda each: each.speaks == "de"),
    ("LANGUAGE : PT", lambda each: each.speaks in {"pt", "pt-br"}),
    ("language:pt-br", lambda each: each.speaks == "pt-br"),
    ("source:ad42", lambda each: each.source == "ad42"),
    ('source!="Ad 43"', lambda each: each.source != "Ad 43"),
    ("stage:dreamer", lambda each: each.stage == "dreamer"),
    ("random 0.5%", lambda each: each.dice < 50),
    ("random:10%", lambda each: each.dice < 1000),
    ("random 100%", lambda _: True),
    ("email:Ada@Example.com", lambda each: each.email == EMAILS[0]),
    ('phone:"+49 151 23456789"', lambda each: each.phone == PHONES[0]),
    ("name:len", lambda each: begins(each, "len", "lén")),
    ("name:LÉN", lambda each: begins(each, "len", "lén")),
    ('name:"le mull"', lambda each: begins(each, "le", "lé") and begins(each, "müll")),
    ("name:zoe", lambda each: begins(each, "zoë")),
    ("field:city", lambda each: "city" in each.fields),
    ("field:city=BERLIN", lambda each: each.fields.get("city") == "Berlin"),
    ('field:city!="New York"', lambda each: each.fields.get("city") != "new york"),
    ("field:born<2000-01-01", lambda each: each.fields.get("born") == date(1999, 12, 31)),
    ("field:born>=2000-01-01", lambda each: each.fields.get("born") == date(2000, 1, 1)),
    ("field:member=yes", lambda each: each.fields.get("member") is True),
    ("field:member=no", lambda each: each.fields.get("member") is False),
    ("field:plan=pro", lambda each: each.fields.get("plan") == "pro"),
    ("field:likes=film", lambda each: "film" in each.fields.get("likes", [])),
    ("field:likes!=film", lambda each: "film" not in each.fields.get("likes", [])),
    ("field:salary=2500.5", lambda each: each.fields.get("salary") == 2500.5),
    ("field:paper", lambda each: "paper" in each.fields),
    ('bought:"preset <PACK>"', lambda each: any(order.kept and order.product == 0 for order in each.orders)),
    ("bought:video-course", lambda each: any(order.kept and order.product == 1 for order in each.orders)),
    (
        f'owns:"{TITLES["video-course"]}"',
        lambda each: 1 in each.gifts or any(order.kept and order.product == 1 for order in each.orders),
    ),
    (
        "reviewed:preset-pack",
        lambda each: any(done.event == "review.published" and done.product == 0 for done in each.done),
    ),
    ("did:order.paid", lambda each: any(done.event == "order.paid" for done in each.done)),
    (
        "did:order.paid within 30d",
        lambda each: any(done.event == "order.paid" and done.ago < 30 * DAY for done in each.done),
    ),
    ("in_funnel:nurture", lambda each: each.enrollments.get("nurture") in UNDER_WAY),
    ("was_in_funnel:nurture", lambda each: "nurture" in each.enrollments),
    (
        "in_flow:survey",
        lambda each: each.runs.get("survey") in {FlowRunState.ACTIVE, FlowRunState.WAITING, FlowRunState.PAUSED},
    ),
    ("finished_flow:survey", lambda each: each.runs.get("survey") is FlowRunState.DONE),
    ("segment:keen", lambda each: "vip" in each.tags or each.score > 2),
]


tags = st.sampled_from(TAGS).map(lambda tag: (f'tag:"{tag}"', lambda each: tag in each.tags))
scores = st.tuples(st.sampled_from(list(SIGNS)), st.integers(-2, 5)).map(
    lambda told: (f"score{told[0]}{told[1]}", lambda each: SIGNS[told[0]](each.score, told[1]))
)
numbers = st.tuples(st.sampled_from(list(SIGNS)), st.sampled_from([17.0, 18.0, 40.5])).map(
    lambda told: (
        f"field:age {told[0]} {told[1]:g}",
        lambda each: SIGNS[told[0]](each.fields["age"], told[1]) if "age" in each.fields else told[0] == "!=",
    )
)
amounts = st.tuples(
    st.sampled_from(list(SIGNS)), st.sampled_from([0, 5, 19, 24]), st.sampled_from(["usd", "EUR", ""])
).map(
    lambda told: (
        f"spent{told[0]}{told[1]}{told[2]}",
        lambda each: SIGNS[told[0]](spent(each, (told[2] or "usd").lower()), told[1] * 100),
    )
)
orders = st.tuples(st.sampled_from(list(SIGNS)), st.integers(0, 2)).map(
    lambda told: (
        f"orders{told[0]}{told[1]}",
        lambda each: SIGNS[told[0]](sum(order.kept for order in each.orders), told[1]),
    )
)


def _since(each: Sketch, what: str) -> timedelta | None:
    return each.captured if what == "captured" else each.seen


since = st.tuples(st.sampled_from(["<", "<=", ">", ">="]), st.sampled_from(["captured", "last_seen"]), ages).map(
    lambda told: (
        f"{told[1]}{told[0]}{written(told[2])}",
        lambda each: _since(each, told[1]) is not None and SIGNS[told[0]](_since(each, told[1]), told[2]),
    )
)
days = st.tuples(st.sampled_from(list(SIGNS)), st.sampled_from(["captured", "last_seen"]), ages).map(
    lambda told: (
        f"{told[1]}{told[0]}{on(told[2])}",
        lambda each: (
            # what is not known is different from any day
            told[0] == "!=" if (ago := _since(each, told[1])) is None else SIGNS[told[0]](on(ago), on(told[2]))
        ),
    )
)
leaves = st.one_of(st.sampled_from(FIXED), tags, scores, numbers, amounts, orders, since, days)


def _joined(word: str, parts: list[Asked]) -> Asked:
    holds = [each for _, each in parts]
    question = f" {word} ".join(f"({text})" for text, _ in parts)
    if word == "and":
        return question, lambda sketch: all(each(sketch) for each in holds)
    return question, lambda sketch: any(each(sketch) for each in holds)


def _grown(smaller: st.SearchStrategy[Asked]) -> st.SearchStrategy[Asked]:
    several = st.lists(smaller, min_size=2, max_size=3)
    return st.one_of(
        several.map(lambda parts: _joined("and", parts)),
        several.map(lambda parts: _joined("OR", parts)),
        smaller.map(lambda part: (f"not ({part[0]})", lambda sketch: not part[1](sketch))),
    )


WITH_SEGMENTS = replace(KNOWN, segments={"keen": "tag:vip or score>2"})
questions = st.recursive(leaves, _grown, max_leaves=6)


async def _drawn(database: Database, crowd: list[Sketch]) -> Drawn:
    async with database.transaction() as session:
        return await draw(session, crowd)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(crowd=crowds(), asked=st.lists(questions, min_size=1, max_size=6))
async def test_the_store_and_plain_python_agree(
    database: Database, monkeypatch: pytest.MonkeyPatch, crowd: list[Sketch], asked: list[Asked]
):
    # few enough that pages lie among the newest, and beyond
    monkeypatch.setattr(leads, "_NEWEST", 3)
    drawn = await _drawn(database, crowd)
    async with database.reading() as session:
        for question, holds in asked:
            condition = await where(session, drawn.creator_id, question, WITH_SEGMENTS, now=NOW)
            expected = drawn.meeting(holds)
            found = await page_of_leads(session, drawn.creator_id, condition, limit=100, offset=0)
            assert [lead.id for lead in found] == sorted(expected, reverse=True), question
            assert await count_leads(session, drawn.creator_id, condition) == len(expected)
            page = await page_of_ids(session, drawn.creator_id, condition, limit=2, offset=1)
            assert list(page) == sorted(expected, reverse=True)[1:3], question
            matching = {each for each in drawn.ids if await lead_matches(session, each, condition)}
            assert matching == expected, question
            some = list(drawn.ids)[1:]
            assert await leads_matching(session, some, condition) == expected & set(some), question
            # everybody else is everybody else: a condition either holds or does not
            others = await where(session, drawn.creator_id, f"not ({question})", WITH_SEGMENTS, now=NOW)
            left = await page_of_leads(session, drawn.creator_id, others, limit=100, offset=0)
            assert {lead.id for lead in left} == drawn.meeting(lambda _: True) - expected, question


RICH = Sketch(
    name="Lena Müller Zoë",
    chosen="de",
    blocked=True,
    source="ad42",
    stage="dreamer",
    dice=49,
    email=EMAILS[0],
    phone=PHONES[0],
    consented=True,
    banned=True,
    taken_over=True,
    tags=["vip"],
    fields={
        "city": "Berlin",
        "born": date(1999, 12, 31),
        "member": True,
        "plan": "pro",
        "likes": ["photo", "film"],
        "salary": 2500.5,
        "paper": "7",
    },
    orders=[Bought(0, paid=True), Bought(1, paid=True)],
    enrollments={"nurture": EnrollmentState.ACTIVE},
    runs={"survey": FlowRunState.DONE},
    events=[
        Happened("lead.imported", DAY),
        Happened("order.paid", DAY),
        Happened("review.published", DAY, product=0),
        Happened("link.clicked", DAY, url=True),
    ],
)
POOR = Sketch(
    telegram=False,
    source="Ad 43",
    dice=9999,
    unsubscribed=True,
    fields={"city": "new york", "born": date(2000, 1, 1), "member": False, "likes": ["sound"]},
    runs={"survey": FlowRunState.WAITING},
)
BRAZILIAN = Sketch(language="pt-br", dice=5000)


async def test_every_condition_meets_somebody_and_spares_somebody(database: Database):
    """Or the comparison above would say nothing of it."""
    drawn = await _drawn(database, [RICH, POOR, BRAZILIAN])
    everybody = set(drawn.ids)
    async with database.reading() as session:
        for question, holds in FIXED:
            condition = await where(session, drawn.creator_id, question, WITH_SEGMENTS, now=NOW)
            found = await page_of_leads(session, drawn.creator_id, condition, limit=10, offset=0)
            met = {lead.id for lead in found}
            assert met == drawn.meeting(holds), question
            assert met, question
            assert met < everybody or question in {"all", "random 100%"}, question


async def test_nobody_elses_leads_are_ever_met(database: Database):
    theirs = await _drawn(database, [replace(RICH), replace(POOR), replace(BRAZILIAN)])
    ours = await _drawn(database, [Sketch(language="fr")])
    async with database.reading() as session:
        for question, _ in FIXED:
            for asked in (question, f"not {question}"):
                condition = await where(session, ours.creator_id, asked, WITH_SEGMENTS, now=NOW)
                met = await page_of_leads(session, ours.creator_id, condition, limit=10, offset=0)
                assert {lead.id for lead in met} <= set(ours.ids), asked
                assert not await lead_matches(session, theirs.ids[0], condition), asked
