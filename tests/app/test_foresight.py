"""`spark simulate` and `spark why` as an operator meets them."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from forked_spark import spark
from stores import DATA_KEYS

from app.foresight import simulate_store, why_store
from app.parts import BadUsage
from automations.routing import route_events
from domain.creators import add_creator
from domain.definitions import publish
from domain.enrollments import begin
from domain.funnels.definition import Funnel
from domain.funnels.heads import NoSuchFunnel
from domain.leads import add_lead, capture_lead
from domain.merging import merge_leads
from domain.people import Profile, see_person
from kit.errors import NotFound
from store.database import Database
from store.models import Lead, StepCount

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
Write = Callable[[str], Path]
CARE = """\
      care:
        trigger: {event: lead.captured, when: "tag:vip"}
        steps:
          - {key: hello, do: send, text: Hello}
          - {key: rest, do: wait, time: 1d}
          - {key: bye, do: send, text: Bye}
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


async def _lead(database: Database) -> int:
    async with database.transaction() as session:
        creator = (await add_creator(session, name="Studio", slug="studio", now=NOW)).creator
        person = await see_person(session, 7, Profile(100, "Lena", None, "en"), now=NOW)
        return (await capture_lead(session, creator.id, person, source=None, now=NOW))[0].id


async def _simulated(path: Path, named: str | None = "care", *, lead: int | None = None, sample: int = 0) -> list[str]:
    return await simulate_store(path, named, creator=None, lead=lead, sample=sample, days=30, language="en")


def _without_times(lines: list[str]) -> list[str]:
    return [line[17:] if line[:2] == "20" else line for line in lines]


async def test_the_file_is_simulated_before_spark_has_read_it(database: Database, write: Write):
    path = write(CARE)
    lead = await _lead(database)
    title, *lines = await _simulated(path, lead=lead)
    assert "2 messages would be sent" in title
    told = _without_times(lines)
    assert "✉️ care · hello: Hello /stop ends these messages." in told
    assert "✉️ care · bye: Bye" in "\n".join(told)
    title, *lines = await _simulated(write(CARE.replace("text: Bye", "text: See you")), "studio/care")
    assert "care · bye: See you" in "\n".join(lines)
    title, *lines = await _simulated(path, sample=5)
    assert "care by itself for a sample of one lead" in title
    async with database.reading() as session:
        assert await session.get(StepCount, (1, "funnel:care", "hello", "", "sent")) is None


async def test_what_cannot_be_simulated_is_refused_in_one_line(database: Database, write: Write):
    path = write(CARE)
    await _lead(database)
    with pytest.raises(NoSuchFunnel, match="no funnel “other”"):
        await _simulated(path, "other")
    with pytest.raises(BadUsage, match="no such creator"):
        await _simulated(path, "atelier/care")
    with pytest.raises(NotFound, match="no lead 99"):
        await _simulated(path, lead=99)


async def test_why_of_one_who_has_become_a_part_of_another_names_them_and_tells_all_of_it(
    database: Database, write: Write
):
    path = write(CARE)
    lead = await _lead(database)
    async with database.transaction() as session:
        merged = await session.get_one(Lead, lead)
        into = await add_lead(session, merged.creator_id, name="Lena", now=NOW)
        funnels = {"care": Funnel.model_validate({"steps": [{"key": "hello", "do": "send", "text": "Hello"}]})}
        running = (await publish(session, {}, {"studio": funnels}, now=NOW)).funnels[merged.creator_id]
        await begin(session, merged, "care", *running["care"], at=NOW, now=NOW)
        await merge_leads(session, into, merged, now=NOW)
    told = await why_store(path, lead, funnel=None, most=50, language="en")
    assert told[0] == f"🔗 Lead #{lead} has become a part of lead #{into.id}."
    assert told[1:] == await why_store(path, into.id, funnel=None, most=50, language="en")
    assert told[-1] == "– began: by hand"


async def test_why_tells_which_condition_and_which_data_it_saw(database: Database, write: Write):
    path = write(CARE)
    lead = await _lead(database)
    assert await why_store(path, lead, funnel=None, most=50, language="en") == [
        f"Nothing has been decided about lead #{lead}, or it is too long ago."
    ]
    funnel = {"trigger": {"event": "lead.captured", "when": "tag:vip"}, "steps": [{"key": "hi", "do": "end"}]}
    async with database.transaction() as session:
        published = await publish(session, {}, {"studio": {"care": Funnel.model_validate(funnel)}}, now=NOW)
        await route_events(session, published, now=NOW)
    title, heading, line = await why_store(path, lead, funnel="care", most=50, language="en")
    assert f"lead #{lead}" in title
    assert heading == "2026-11-01 12:00 · care, version 1"
    assert line.startswith("– did not begin (lead.captured")
    assert line.endswith("“tag:vip” does not hold")
    german = await why_store(path, lead, funnel=None, most=50, language="de")
    assert german[1] == "2026-11-01 12:00 · care, Fassung 1"
    assert "trifft nicht zu" in german[2]


async def test_the_commands_are_there(database: Database, write: Write):
    path = write(CARE)
    lead = await _lead(database)
    await database.close()
    for words, told in (
        (["simulate", "care", "--lead", str(lead), "--days", "2"], "care · hello: Hello"),
        (["simulate"], "would be sent"),
        (["why", "--lead", str(lead)], "Nothing has been decided"),
    ):
        said = spark(*words, "--config", str(path), environ=os.environ, cwd=path.parent)
        assert (said.returncode, said.stderr) == (0, ""), said.stderr
        assert told in said.stdout
