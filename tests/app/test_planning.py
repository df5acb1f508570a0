"""`spark plan` and `spark apply` as an operator meets them."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text
from stores import DATA_KEYS

from app.parts import BadUsage, CannotStart
from app.planning import apply_store, plan_store
from domain.creators import add_creator
from domain.funnels.moving import Policy
from domain.leads import capture_lead
from domain.people import Profile, see_person
from store.database import Database
from store.models import Enrollment, EnrollmentState, FunnelHead, FunnelState, FunnelVersion, Timer
from store.schema import migrate

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
Write = Callable[[str], Path]
CARE = """\
      care:
        trigger: {event: lead.captured}
        steps:
          - {key: rest, do: wait, time: 3650d}
          - {key: hello, do: send, text: Hello}
"""


@pytest.fixture
def write(store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes the funnels of one creator into config.yaml of a working folder whose store is this test's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPARK_STORE__URL", store_url)
    monkeypatch.setenv("SPARK_SECRET_KEY", DATA_KEYS[0])
    monkeypatch.setenv("SPARK_DATA_KEYS", DATA_KEYS[0])

    def write(funnels: str) -> Path:
        path = tmp_path / "config.yaml"
        path.write_text(f"creators:\n  studio:\n    name: Studio\n    funnels:\n{funnels}", "utf-8")
        return path

    return write


async def opened(database: Database, path: Path) -> None:
    """A creator, and the funnels of the file as Spark has them once it has started."""
    async with database.transaction() as session:
        await add_creator(session, name="Studio", slug="studio", now=NOW)
    assert await plan_store(path) == ["studio/care: is new"]
    assert await applied(path, "keep") == ["studio/care: 0 moved, 0 ended"]
    assert await plan_store(path) == ["nothing has changed"]


async def applied(path: Path, policy: str, only: Sequence[str] = ()) -> list[str]:
    return await apply_store(path, Policy(policy), only, tell=lambda _: None)


async def enrolled(database: Database, count: int, *, step: str = "rest") -> None:
    async with database.transaction() as session:
        head = (await session.scalars(select(FunnelHead))).one()
        for number in range(count):
            person = await see_person(session, 7, Profile(100 + number, "Lena", None, "en"), now=NOW)
            lead, _ = await capture_lead(session, head.creator_id, person, source=None, now=NOW)
            enrollment = Enrollment(
                creator_id=head.creator_id,
                lead_id=lead.id,
                funnel_key="care",
                version_id=head.version_id,
                subject="",
                step=step,
                started_at=NOW,
            )
            session.add(enrollment)
            await session.flush()
            session.add(Timer(due_at=NOW + timedelta(days=3650), enrollment_id=enrollment.id))


async def states(database: Database) -> list[tuple[int, EnrollmentState]]:
    async with database.reading() as session:
        asked = select(FunnelVersion.number, Enrollment.state).join(FunnelVersion).order_by(Enrollment.id)
        return [(row.number, row.state) for row in await session.execute(asked)]


async def test_a_plan_tells_what_has_changed_for_whom_and_apply_does_it(database: Database, write: Write):
    await opened(database, write(CARE))
    await enrolled(database, 3)
    path = write(CARE.replace("3650d", "1m").replace("text: Hello", "text: Good day"))
    told = await plan_store(path)
    assert told[0] == "studio/care: changed since version 1"
    changes = ["  -   time: 3650d", "  +   time: 1m", "  -   text: Hello", "  +   text: Good day"]
    assert [line for line in told if line[2:4] in {"- ", "+ "} and line in changes] == changes
    assert told[-3:] == [
        "  3 in version 1 stand at “rest”",
        "    --policy move: go on there in the new wording",
        "    3 of them would get “hello” at once",
    ]
    assert await states(database) == [(1, EnrollmentState.ACTIVE)] * 3
    assert await applied(path, "keep") == ["studio/care: 0 moved, 0 ended"]
    assert await states(database) == [(1, EnrollmentState.ACTIVE)] * 3
    # the wording is the present one by now, and those who stayed are still told of
    assert (await plan_store(path))[0] == "studio/care: the same since version 2"
    assert await applied(path, "move") == ["studio/care: 3 moved, 0 ended"]
    assert await states(database) == [(2, EnrollmentState.ACTIVE)] * 3
    assert await applied(path, "move") == ["studio/care: 0 moved, 0 ended"]
    assert await plan_store(path) == ["nothing has changed"]


async def test_whose_step_is_gone_stays_until_they_are_to_end(database: Database, write: Write):
    await opened(database, write(CARE))
    await enrolled(database, 2)
    path = write(CARE.replace("key: rest", "key: pause"))
    assert (await plan_store(path))[-3:] == [
        "  2 in version 1 stand at “rest”",
        "    --policy move: stay in the old one, since that step is gone",
        "    --policy move-or-end: end",
    ]
    assert await applied(path, "move") == ["studio/care: 0 moved, 0 ended, 2 stay in the old one"]
    assert await applied(path, "move-or-end") == ["studio/care: 0 moved, 2 ended"]
    assert await states(database) == [(1, EnrollmentState.DONE)] * 2


async def test_a_plan_names_what_is_wrong_and_what_is_gone(database: Database, write: Write):
    await opened(database, write(CARE))
    path = write("      other: {steps: [{key: a, do: wait, time: soon}]}\n")
    wrong, gone = await plan_store(path)
    assert wrong.startswith("studio/other: has a mistake, so nobody could begin it: ")
    assert "config.yaml:5: creators.studio.funnels.other.steps.0.time: write a duration" in wrong
    assert gone == "studio/care: is in the file no more: nobody could begin it, those under way go on"
    await applied(path, "keep")
    async with database.reading() as session:
        heads = await session.scalars(select(FunnelHead).order_by(FunnelHead.key))
        assert [(head.key, head.state) for head in heads] == [
            ("care", FunnelState.ARCHIVED),
            ("other", FunnelState.DISABLED),
        ]


async def test_a_plan_looks_up_what_stands_in_the_store_alone(database: Database, write: Write):
    await opened(database, write(CARE))
    button = "buttons: [{text: Buy, pay: gone, code: TEN}]"
    told = await plan_store(write(CARE.replace("text: Hello", f"text: Hello, {button}")))
    assert [line.partition("config.yaml:")[2] for line in told if "config.yaml" in line] == [
        "9: creators.studio.funnels.care.steps.1.buttons.0.pay: there is no product “gone”",
        "9: creators.studio.funnels.care.steps.1.buttons.0.code: there is no discount code “TEN”",
    ]


async def test_only_the_funnels_that_are_named_are_moved(database: Database, write: Write):
    await opened(database, write(CARE))
    await enrolled(database, 1)
    path = write(CARE.replace("3650d", "1d") + CARE.replace("care:", "other:"))
    with pytest.raises(BadUsage, match="there is no funnel studio/x in the file; it has studio/care, studio/other"):
        await applied(path, "move", ["studio/x"])
    assert await applied(path, "move", ["studio/other"]) == ["studio/other: 0 moved, 0 ended"]
    assert await states(database) == [(1, EnrollmentState.ACTIVE)]
    assert await applied(path, "move", ["studio/care"]) == ["studio/care: 1 moved, 0 ended"]


async def versions(database: Database) -> dict[str, int]:
    async with database.reading() as session:
        present = FunnelVersion.id == FunnelHead.version_id
        asked = select(FunnelHead.key, FunnelVersion.number).join(FunnelVersion, present)
        return {row.key: row.number for row in await session.execute(asked)}


async def test_only_the_funnels_that_are_named_get_their_new_wording(database: Database, write: Write):
    await opened(database, write(CARE))
    both = CARE + CARE.replace("care:", "other:")
    await applied(write(both), "keep")
    worse = "      worse: {steps: [{key: a, do: wait, time: soon}]}\n"
    path = write(both.replace("text: Hello", "text: Good day") + worse)
    with pytest.raises(BadUsage, match="there is no funnel studio/onne in the file"):
        await applied(path, "move", ["studio/onne"])
    with pytest.raises(BadUsage, match=r"studio/worse has a mistake: .*yaml:15"):
        await applied(path, "move", ["studio/worse"])
    assert await versions(database) == {"care": 1, "other": 1}
    await applied(path, "move", ["studio/other"])
    assert await versions(database) == {"care": 1, "other": 2}
    # what stands in the file no more is left alone too
    await applied(write(CARE.replace("care:", "third:")), "keep", ["studio/third"])
    async with database.reading() as session:
        states = await session.execute(select(FunnelHead.key, FunnelHead.state).order_by(FunnelHead.key))
        assert [tuple(row) for row in states] == [(key, FunnelState.ACTIVE) for key in ("care", "other", "third")]


async def test_a_plan_leaves_even_the_schema_as_it_is(database: Database, write: Write):
    path = write(CARE)
    await migrate(database, target="0003")
    with pytest.raises(CannotStart, match="run `spark migrate` first"):
        await plan_store(path)
    async with database.reading() as session:
        assert await session.scalar(text("SELECT version_num FROM alembic_version")) == "0003"


async def test_two_who_apply_at_once_do_it_once(database: Database, write: Write):
    await opened(database, write(CARE))
    await enrolled(database, 40)
    path = write(CARE.replace("3650d", "1d"))
    told = await asyncio.gather(applied(path, "move"), applied(path, "move"))
    assert sum(int(line.split(": ")[1].split()[0]) for (line,) in told) == 40
    assert await states(database) == [(2, EnrollmentState.ACTIVE)] * 40
