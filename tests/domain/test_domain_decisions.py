"""What was decided about leads: how long it is kept, and how it reads."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from domain.creators import add_creator
from domain.decisions import Decided, Happening, Outcome, decisions_of, prune_decisions
from domain.entering import Entering
from domain.leads import add_lead
from domain.messages.catalogue import plain_why
from domain.why import why
from store.database import Database
from store.models import Decision

NOW = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
LATER = int((NOW + timedelta(hours=1)).timestamp())


async def test_decisions_are_kept_for_their_time_and_no_longer(database: Database):
    async with database.transaction() as session:
        creator = (await add_creator(session, name="Studio", slug="studio", now=NOW)).creator
        lead = await add_lead(session, creator.id, name="Lena", email=None, phone=None, source=None, now=NOW)
        for days in range(5):
            told = {"creator_id": creator.id, "lead_id": lead.id, "about": f"funnel:f{days}", "trace": [["a", "end"]]}
            session.add(Decision(**told, at=NOW - timedelta(days=days)))
    async with database.transaction() as session:
        assert await prune_decisions(session, older_than=NOW - timedelta(days=2)) == 2
        assert await session.scalar(select(func.count()).select_from(Decision)) == 3
    async with database.reading() as session:
        told = await decisions_of(session, [lead.id], most=2)
        # the last two that were written down, oldest first
        assert [each.about for each in told] == ["funnel:f1", "funnel:f2"]
        assert [each.about for each in await decisions_of(session, [lead.id], about="funnel:f0")] == ["funnel:f0"]
        assert [each.about for each in await decisions_of(session, [lead.id], before=told[0].id)] == ["funnel:f0"]


@pytest.mark.parametrize(
    ("seen", "line"),
    [
        ([Outcome.SAID], "to be sent"),
        ([Outcome.SAID, LATER], "the last of what is overdue, to be sent after all, from 2026-11-03 11:00 on"),
        ([Outcome.WAITS, LATER], "waits until 2026-11-03 11:00"),
        ([Outcome.WAITS, "order.paid", None], "waits for order.paid"),
        ([Outcome.WAITS, "order.paid", LATER], "waits for order.paid, until 2026-11-03 11:00 at most"),
        ([Outcome.PUT_OFF, LATER], "put off until 2026-11-03 11:00: its hours"),
        ([Outcome.BRANCH, "b", "tag:vip"], "“tag:vip” holds, on to b"),
        ([Outcome.BRANCH, None, ""], "none of the cases holds, on to —"),
        ([Outcome.ARM, "a"], "takes the arm a"),
        ([Outcome.MOVED, 1, 2], "taken over from version 1 into version 2"),
        ([Outcome.LEFT_OUT], "left out: it is overdue"),
        ([Outcome.LEFT_OUT, "unwanted"], "not sent: they get no marketing"),
        ([Outcome.STOPPED, "order.paid"], "over: paid"),
        ([Outcome.STOPPED, "order.paid", "event:7"], "over: paid, order:3 product=2"),
        ([Outcome.STOPPED, "order.paid", "event:8"], "over: paid"),
        ([Outcome.STOPPED, "funnel:other"], "over: by the funnel other"),
        ([Outcome.STOPPED, "by hand"], "over: taken out by hand"),
        ([Outcome.GOAL, "owns:pack"], "the goal is reached: owns:pack"),
        ([Outcome.GOAL, "goal", "event:7"], "the goal is reached: paid, order:3 product=2"),
        ([Outcome.END, "its step is gone"], "the end: its step is gone from the new version"),
        ([Outcome.UNCERTAIN, "timed out"], "perhaps sent, nobody can tell: Telegram gave no answer in time"),
        ([Entering.BEGUN, "event:7"], "began: order.paid, order:3 product=2"),
        ([Entering.BEGUN, "hand"], "began: by hand"),
        ([Entering.NOT_AGAIN, "funnel:other", "never"], "did not begin (by the funnel other): been in it before"),
        (["of-a-newer-spark", 1, "x"], "of-a-newer-spark 1 x"),
    ],
)
def test_each_outcome_reads_as_a_line_in_the_leads_time(seen: list[object], line: str):
    events = {"event:7": Happening("order.paid", "order:3", {"product": 2})}
    trace = [["nudge", *(str(each) if isinstance(each, Outcome | Entering) else each for each in seen)]]
    told = Decided(1, NOW, 1, "funnel:care", 3, 5, trace, events)
    heading, said = (plain_why(each) for each in why(told, "en", BERLIN))
    assert heading == "2026-11-03 10:00 · care, version 3"
    assert said.startswith(f"– nudge: {line}")
    assert all(plain_why(each, "de") for each in why(told, "de", BERLIN))


def test_every_outcome_has_words_of_its_own():
    for outcome in Outcome:
        saws: list[list[object]] = [[], [LATER], ["x"], ["x", "y"], [1, 2]]
        told = [
            why(Decided(1, NOW, 1, "funnel:f", 1, 1, [["s", outcome.value, *saw]]), "en", BERLIN)[1] for saw in saws
        ]
        assert any(each.values["told"].key != "why-other" for each in told), outcome  # type: ignore[attr-defined]
