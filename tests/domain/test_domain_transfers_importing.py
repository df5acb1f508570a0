"""Rows of a file become leads once, whoever else is at it."""

import asyncio
import io
from collections.abc import Sequence
from datetime import timedelta

import pytest
from folk import NOW, a_creator, a_lead, count
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from domain.consent import unsubscribe
from domain.fields import Choice, LeadFieldSpec
from domain.leads import note_answer
from domain.setups import CreatorSetup
from domain.transfers import importing
from domain.transfers.asking import (
    TransferMovedOn,
    begin_export,
    begin_import,
    confirm_import,
    give_up,
)
from domain.transfers.exporting import cells_of, export_keys, header
from domain.transfers.importing import Batch, Overtaken, Tally, check_batch, finish_check, import_batch, parse_rows
from domain.transfers.mapping import guess
from domain.transfers.problems import RowProblem
from domain.transfers.reading import Layout, Place, find_layout, read_rows
from domain.transfers.writing import Ground
from store.database import Database
from store.models import (
    Consent,
    Creator,
    Event,
    FieldKind,
    Lead,
    LeadField,
    LeadTag,
    LeadWord,
    Proof,
    Transfer,
    TransferState,
)
from store.queries.lead_pages import page_after
from store.seen import Seen

SETUP = CreatorSetup(
    stages=("warm",),
    fields={
        "city": LeadFieldSpec(),
        "visits": LeadFieldSpec(kind=FieldKind.NUMBER),
        "budget": LeadFieldSpec(kind=FieldKind.NUMBER, private=True),
        "birthday": LeadFieldSpec(kind=FieldKind.DATE),
        "member": LeadFieldSpec(kind=FieldKind.YES_NO),
        "home": LeadFieldSpec(kind=FieldKind.LOCATION),
        "likes": LeadFieldSpec(
            kind=FieldKind.CHOICES,
            options=(Choice(value="video", label={"en": "Films", "de": "Filme"}), Choice(value="text", label="Books")),
        ),
    },
)


class _Import:
    """One that somebody has said yes to, with its file."""

    def __init__(self, database: Database, text: str) -> None:
        self.database = database
        self.file = io.BytesIO(text.encode())
        self.layout: Layout = guess(find_layout(self.file), SETUP, ())
        self.creator_id = self.transfer_id = 0

    async def begin(self, creator_id: int = 0) -> "_Import":
        async with self.database.transaction() as session:
            if not creator_id:
                creator_id = (await a_creator(session)).id
            _, person = await a_lead(session, await session.get_one(Creator, creator_id), 9000)
            self.creator_id = creator_id
            transfer = await begin_import(
                session, creator_id, person.id, telegram_file_id="x", file_name="a.csv", now=NOW
            )
            self.transfer_id = transfer.id
            await finish_check(session, transfer, self.layout, Tally(rows=1, added=1), now=NOW)
        async with self.database.transaction() as session:
            await confirm_import(session, await session.get_one(Transfer, transfer.id))
        return self

    def batch(self, place: Place | None = None, most: int = 100) -> Batch:
        place = place or Place(self.layout.start, self.layout.row)
        rows, after = read_rows(self.file, self.layout, place, most)
        return Batch(rows, parse_rows(rows, self.layout, SETUP, now=NOW), place, after)

    async def take(self, session: AsyncSession, batch: Batch) -> None:
        ground = Ground(self.creator_id, self.transfer_id, SETUP, NOW)
        await import_batch(session, ground, batch, language="en")

    async def take_all(self) -> Transfer:
        async with self.database.transaction() as session:
            await self.take(session, self.batch())
            return await session.get_one(Transfer, self.transfer_id, populate_existing=True)


async def leads_named(session: AsyncSession, *names: str) -> Sequence[Lead]:
    return (await session.scalars(select(Lead).where(Lead.name.in_(names)).order_by(Lead.id))).all()


async def test_every_kind_of_field_arrives_where_answers_stand(database: Database):
    text = (
        "name,email,stage,visits,budget,birthday,member,home,likes,city,consent\n"
        'Ada,ADA@Example.com,Warm,"12,5",-3,31.12.1990,ja,"-33.8,151.2","Filme; books",=cmd,2026-01-02T10:00:00+02:00\n'
    )
    done = await (await _Import(database, text).begin()).take_all()
    assert (done.added, done.changed, done.bad, done.rows) == (1, 0, 0, 1)
    async with database.reading() as session:
        (ada,) = await leads_named(session, "Ada")
        rows = await session.scalars(select(LeadField).where(LeadField.lead_id == ada.id))
        stands = {(row.key, row.item): (row.value, row.number, row.sealed) for row in rows}
        consent = (await session.scalars(select(Consent).where(Consent.lead_id == ada.id))).one()
        words = set(await session.scalars(select(LeadWord.word).where(LeadWord.lead_id == ada.id)))
    assert (ada.email, ada.email_proof, ada.stage, ada.source) == ("ada@example.com", Proof.ENTERED, "warm", "import")
    assert stands == {
        ("visits", 0): (None, 12.5, None),
        ("budget", 0): (None, None, "-3"),
        ("birthday", 0): ("1990-12-31", None, None),
        ("member", 0): ("yes", None, None),
        ("home", 0): (None, None, "-33.8,151.2"),
        ("likes", 0): ("video", None, None),
        ("likes", 1): ("text", None, None),
        ("city", 0): (None, None, "=cmd"),
    }
    assert consent.given_at.isoformat() == "2026-01-02T08:00:00+00:00"
    assert words == {"ada"}


async def test_rows_are_taken_once_however_often_and_by_whomever(database: Database):
    job = await _Import(database, "name,email\nAda,ada@example.com\nBob,\n").begin()

    async def take() -> str:
        try:
            async with database.transaction() as session:
                await job.take(session, job.batch())
        except Overtaken:
            return "overtaken"
        except IntegrityError:
            # on PostgreSQL the other's e-mail may be met before the other's place
            return "overtaken"
        return "taken"

    told = await asyncio.gather(*(take() for _ in range(5)))
    assert sorted(told) == ["overtaken"] * 4 + ["taken"]
    async with database.reading() as session:
        assert len(await leads_named(session, "Ada", "Bob")) == 2


async def test_without_the_place_that_is_looked_at_rows_would_be_doubled(database: Database, monkeypatch):
    job = await _Import(database, "name\nAda\n").begin()

    async def always(*_: object) -> int:
        return 1

    for _ in range(2):
        async with database.transaction() as session:
            with monkeypatch.context() as patch:
                patch.setattr(importing, "count_changed", always)
                await job.take(session, job.batch())
    async with database.reading() as session:
        assert len(await leads_named(session, "Ada")) == 2


async def test_a_batch_that_fails_in_the_middle_leaves_nothing_behind(database: Database):
    job = await _Import(database, "name\nAda\nBob\n").begin()

    async def fails() -> None:
        async with database.transaction() as session:
            await job.take(session, job.batch(most=1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fails()
    done = await job.take_all()
    assert (done.rows, done.added) == (2, 2)
    async with database.reading() as session:
        assert len(await leads_named(session, "Ada", "Bob")) == 2


async def test_a_file_about_two_leads_or_twice_about_one_is_refused_row_by_row(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        one, _ = await a_lead(session, creator, 1)
        other, _ = await a_lead(session, creator, 2)
        await note_answer(session, one, "email", "one@example.com", spec=None, now=NOW, proof=Proof.VERIFIED)
        await note_answer(session, other, "phone", "+4915123456789", spec=None, now=NOW, proof=Proof.VERIFIED)
    text = (
        "email,phone\none@example.com,+4915123456789\none@example.com,\nONE@example.com,\n"
        "new@example.com,+4915100000001\nnew2@example.com,+4915100000001\n"
    )
    job = _Import(database, text)
    seen, parsed = Seen(), job.batch().parsed
    async with database.reading() as session:
        taken = await check_batch(session, creator.id, parsed, seen)
    seen.close()
    assert {row: problem.key for row, problem in parsed.problems.items()} == {
        2: "import-two-leads",
        4: "import-same-lead",
        6: "import-same-phone",
    }
    assert parsed.problems[4].plain("en") == f"the same lead ({one.id}) as row 3"
    assert [(match.entry.row, match.lead_id, match.by) for match in taken] == [(3, one.id, "email"), (5, None, None)]


async def test_whoever_has_said_stop_is_not_brought_back_by_a_file(database: Database):
    job = _Import(database, "name,email,consent\nX,lena@example.com,yes\n")
    async with database.transaction() as session:
        creator = await a_creator(session)
        lead, _ = await a_lead(session, creator, 1)
        await note_answer(session, lead, "email", "lena@example.com", spec=None, now=NOW, proof=Proof.VERIFIED)
        await unsubscribe(session, lead, now=NOW - timedelta(days=1))
    await job.begin(creator.id)
    await job.take_all()
    async with database.reading() as session:
        stands = await session.get_one(Lead, lead.id)
        assert stands.unsubscribed_at == NOW - timedelta(days=1)
        assert stands.consented_at is None
        assert await count(session, Consent) == 0


async def test_an_import_begins_no_funnel(database: Database):
    job = await _Import(database, "name\nAda\n").begin()
    await job.take_all()
    async with database.reading() as session:
        found = (await session.scalars(select(Event).where(Event.name == "lead.imported"))).one()
        assert found.routed_at is not None
        (ada,) = await leads_named(session, "Ada")
        captured = await count(session, Event, Event.lead_id == ada.id, Event.name == "lead.captured")
    assert captured == 0


async def test_what_the_check_refused_is_not_taken_even_if_it_could_be_now(database: Database):
    job = await _Import(database, "name\nAda\nBob\n").begin()
    async with database.transaction() as session:
        await importing.keep_problems(session, job.transfer_id, {2: RowProblem("import-nobody")}, "en")
    done = await job.take_all()
    assert (done.added, done.bad) == (1, 0)
    async with database.reading() as session:
        assert [lead.name for lead in await leads_named(session, "Ada", "Bob")] == ["Bob"]


async def test_yes_and_cancel_at_once_are_one_of_them(database: Database):
    for _ in range(5):
        async with database.transaction() as session:
            creator = await session.scalar(select(Creator)) or await a_creator(session)
            _, person = await a_lead(session, creator, 1)
            transfer = await begin_import(session, creator.id, person.id, telegram_file_id="x", file_name="a", now=NOW)
            layout = Layout(separator=",", start=0, row=2, columns=("name",), fields=("name",))
            await finish_check(session, transfer, layout, Tally(), now=NOW)

        async def yes(transfer_id: int = transfer.id) -> None:
            async with database.transaction() as session:
                await confirm_import(session, await session.get_one(Transfer, transfer_id))

        async def leave(transfer_id: int = transfer.id) -> None:
            async with database.transaction() as session:
                await give_up(session, await session.get_one(Transfer, transfer_id), now=NOW)

        told = await asyncio.gather(yes(), yes(), leave(), return_exceptions=True)
        assert sum(isinstance(each, TransferMovedOn) for each in told) == 2
        async with database.reading() as session:
            state = (await session.get_one(Transfer, transfer.id)).state
        assert state is (TransferState.CLEARING if told[2] is None else TransferState.RUNNING)


async def test_an_export_has_every_lead_of_this_creator_once_with_all_that_belongs_to_it(database: Database):
    job = await _Import(database, "name,tags,visits,likes\n@Ada,b a; vip,3,text|video\nBob,,,\n").begin()
    await job.take_all()
    async with database.transaction() as session:
        other = await a_creator(session, "other", telegram_id=77)
        await a_lead(session, other, 78)
        (bob,) = await leads_named(session, "Bob")
        bob.forgotten_at = NOW
        await session.flush()
        assert await count(session, LeadTag) == 2
    keys = export_keys(SETUP, {"visits", "likes", "undeclared"})
    columns = header(keys)
    assert columns[-1] == "undeclared"
    async with database.reading() as session:
        rows = [*await page_after(session, job.creator_id, 0, 1, Lead.id > 0)]
        rows += await page_after(session, job.creator_id, rows[-1].lead.id, 10, Lead.id > 0)
    told = {row.lead.name: dict(zip(columns, cells_of(row, keys), strict=True)) for row in rows}
    assert set(told) == {"", "@Ada"}
    assert (told["@Ada"]["name"], told["@Ada"]["tags"]) == ("'@Ada", "b-a, vip")
    assert (told["@Ada"]["visits"], told["@Ada"]["likes"]) == ("3", "text, video")


async def test_an_export_runs_at_once(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        _, person = await a_lead(session, creator)
        export = await begin_export(session, creator.id, person.id, question="", file_name="a.csv", now=NOW)
        assert (export.state, export.question) == (TransferState.RUNNING, None)
