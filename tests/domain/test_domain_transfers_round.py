"""An export that is sent back changes nothing, and brings nobody back."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from folk import NOW, a_creator, a_lead, a_person, count
from sqlalchemy import select

from domain.creators import Creator
from domain.fields import LeadFieldSpec
from domain.forgetting import forget_lead
from domain.leads import add_lead, edit_lead, note_answer
from domain.merging import merge_leads
from domain.setups import CreatorSetup
from domain.transfers.asking import begin_import, confirm_import
from domain.transfers.exporting import cells_of, export_keys, header
from domain.transfers.importing import Batch, Parsed, Tally, check_batch, finish_check, import_batch, parse_rows
from domain.transfers.mapping import guess
from domain.transfers.matching import Match
from domain.transfers.reading import Layout, Place, find_layout, read_rows
from domain.transfers.writing import Ground
from store.database import Database
from store.models import Event, Lead, LeadField, Person, Transfer
from store.queries.lead_pages import page_after
from store.seen import Seen

# two of them are called as columns of every export are
SETUP = CreatorSetup(fields={"language": LeadFieldSpec(), "username": LeadFieldSpec(), "city": LeadFieldSpec()})


async def exported(database: Database, creator_id: int) -> str:
    keys, out = export_keys(SETUP, ()), io.StringIO()
    async with database.reading() as session:
        rows = await page_after(session, creator_id, 0, 100, Lead.id > 0)
        csv.writer(out).writerows([header(keys), *(cells_of(row, keys) for row in rows)])
    return out.getvalue()


class _Back:
    """A file on its way in again."""

    def __init__(self, database: Database, creator_id: int, text: str) -> None:
        self.database, self.creator_id = database, creator_id
        file = io.BytesIO(text.encode())
        self.layout: Layout = guess(find_layout(file), SETUP, ())
        self.place = Place(self.layout.start, self.layout.row)
        self.rows, self.after = read_rows(file, self.layout, self.place, 100)

    def parsed(self) -> Parsed:
        return parse_rows(self.rows, self.layout, SETUP, now=NOW)

    async def checked(self) -> tuple[Sequence[Match], dict[int, str]]:
        seen, parsed = Seen(), self.parsed()
        async with self.database.reading() as session:
            taken = await check_batch(session, self.creator_id, parsed, seen)
        seen.close()
        return taken, {row: problem.plain("en") for row, problem in parsed.problems.items()}

    async def taken(self, person: Person) -> tuple[int, int, int]:
        """How many were added, changed and refused."""
        async with self.database.transaction() as session:
            transfer = await begin_import(
                session, self.creator_id, person.id, telegram_file_id="x", file_name="a.csv", now=NOW
            )
            await finish_check(session, transfer, self.layout, Tally(rows=1, added=1), now=NOW)
        async with self.database.transaction() as session:
            await confirm_import(session, await session.get_one(Transfer, transfer.id))
        batch = Batch(self.rows, self.parsed(), self.place, self.after)
        async with self.database.transaction() as session:
            await import_batch(session, Ground(self.creator_id, transfer.id, SETUP, NOW), batch, language="en")
            done = await session.get_one(Transfer, transfer.id, populate_existing=True)
            return done.added, done.changed, done.bad


async def some_leads(database: Database) -> tuple[int, Person, dict[str, int]]:
    """One known by a Telegram name only, one also by a username, two with one e-mail, one of whom nothing is known."""
    async with database.transaction() as session:
        creator = await a_creator(session)
        ids: dict[str, int] = {}
        typed, person = await a_lead(session, creator, 1, first_name="Tina")
        await note_answer(session, typed, "name", "Tina  Typed", spec=None, now=NOW)
        entered = await add_lead(session, creator.id, name="Ed", email="shared@example.com", now=NOW)
        await note_answer(session, typed, "email", "shared@example.com", spec=None, now=NOW)
        alone, _ = await a_lead(session, creator, 2, first_name="=Lena  <3")
        renamed, who = await a_lead(session, creator, 3, first_name="Mona")
        who.username = "mona"
        unknown = await add_lead(session, creator.id, name="gone", now=NOW)
        await edit_lead(session, unknown, "name", None, spec=None, now=NOW)
        for key in SETUP.fields:
            await note_answer(session, alone, key, f"own {key}", spec=SETUP.fields[key], now=NOW)
        for lead, told in ((typed, "typed"), (entered, "entered"), (alone, "alone"), (renamed, "renamed")):
            ids[told] = lead.id
        ids["unknown"] = unknown.id
        return creator.id, person, ids


async def everything(database: Database) -> Any:
    async with database.reading() as session:
        leads = [
            (lead.id, lead.name, lead.email, lead.email_proof, lead.source, lead.stage, lead.person_id)
            for lead in await session.scalars(select(Lead).order_by(Lead.id))
        ]
        fields = [
            (each.lead_id, each.key, each.sealed)
            for each in await session.scalars(select(LeadField).order_by(LeadField.lead_id, LeadField.key))
        ]
        return leads, fields, await count(session, Event)


async def test_an_export_of_leads_known_only_by_telegram_or_by_one_address_changes_nothing(database: Database):
    creator_id, person, ids = await some_leads(database)
    text = await exported(database, creator_id)
    async with database.transaction() as session:
        # a first name changes in Telegram, and the username stays
        await session.get_one(Lead, ids["renamed"])
        mona = (await session.scalars(select(Person).where(Person.telegram_id == 3))).one()
        mona.first_name = "Mona Lisa"
    before = await everything(database)
    back = _Back(database, creator_id, text)
    taken, problems = await back.checked()
    assert problems == {}
    assert {(each.lead_id, each.by) for each in taken} == {(number, "number") for number in ids.values()}
    assert await back.taken(person) == (0, 0, 0)
    assert await everything(database) == before


async def test_an_export_sent_back_does_not_bring_back_who_was_forgotten_or_merged_since(database: Database):
    creator_id, person, ids = await some_leads(database)
    text = await exported(database, creator_id)
    async with database.transaction() as session:
        into, other = await session.get_one(Lead, ids["entered"]), await session.get_one(Lead, ids["typed"])
        await merge_leads(session, into, other, now=NOW)
        await forget_lead(session, await session.get_one(Lead, ids["alone"]), now=NOW)
        await forget_lead(session, await session.get_one(Lead, ids["renamed"]), now=NOW)
    before = await everything(database)
    back = _Back(database, creator_id, text)
    taken, problems = await back.checked()
    assert sorted(problems.values()) == sorted(
        [
            f"lead {ids['alone']} asked to be forgotten",
            f"lead {ids['renamed']} asked to be forgotten",
            f"lead {ids['typed']} is a part of lead {ids['entered']} by now",
        ]
    )
    assert sorted(each.lead_id or 0 for each in taken) == sorted([ids["entered"], ids["unknown"]])
    assert await back.taken(person) == (0, 0, 3)
    assert await everything(database) == before


async def test_a_number_alone_is_nobody_and_one_that_another_program_gave_is_not_believed(database: Database):
    creator_id, _, ids = await some_leads(database)
    async with database.transaction() as session:
        other = await a_creator(session, "other", telegram_id=77)
        theirs, _ = await a_lead(session, other, 78, first_name="Theirs")
        assert isinstance(other, Creator)
        await a_person(session, 79)
    text = (
        "lead,first_name_in_telegram,email\n"
        f"{ids['alone']},Somebody else,\n"
        f"{ids['alone']},,new@example.com\n"
        f"{ids['renamed']},Somebody else,shared@example.com\n"
        f"{theirs.id},Theirs,\n"
        "999999,,\n"
    )
    taken, problems = await _Back(database, creator_id, text).checked()
    assert problems == dict.fromkeys((2, 5, 6), "no name, e-mail or phone")
    assert [(each.entry.row, each.lead_id) for each in taken] == [(3, None), (4, ids["entered"])]
