import pytest
from folk import NOW, a_lead, some_folk
from sqlalchemy import select

from domain.lead_acts import tag_lead
from domain.segments import ManagedByFile, NoSuchSegment, SegmentInUse, drop_segment, save_segment
from domain.setups import CreatorSetup
from kit.errors import Invalid
from store.database import Database
from store.models import Creator, Lead
from store.queries.leads import count_leads, page_of_leads, saved_segments, search, where
from store.segments.question import BadSegment

SETUP = CreatorSetup(segments={"fans": "tag:fan", "keen": "segment:fans or segment:saved"})


async def test_a_saved_segment_is_asked_by_its_name(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        await tag_lead(session, await session.get_one(Lead, folk.lead), "fan", now=NOW)
        assert (
            await save_segment(session, folk.creator, SETUP, " Buyers ", "segment:fans and orders>=1", now=NOW)
            == "buyers"
        )
        await save_segment(session, folk.creator, SETUP, "buyers", "segment:fans and orders=0", now=NOW)
    async with database.reading() as session:
        saved = await saved_segments(session, folk.creator)
        assert saved == {"buyers": "segment:fans and orders=0"}
        condition = await where(session, folk.creator, "segment:buyers", SETUP.known(saved), now=NOW)
        assert await count_leads(session, folk.creator, condition) == 1


async def test_a_name_of_the_file_is_changed_there_and_nowhere_else(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        for act in (
            save_segment(session, folk.creator, SETUP, "fans", "all", now=NOW),
            drop_segment(session, folk.creator, SETUP, "FANS"),
        ):
            with pytest.raises(ManagedByFile) as refused:
                await act
            assert (refused.value.code, refused.value.status) == ("managed_by_file", 409)


async def test_what_cannot_be_asked_is_not_saved(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        for question in ("tga:fan", "bought:nothing", "segment:one", "", "segment:keen"):
            with pytest.raises(BadSegment):
                await save_segment(
                    session, folk.creator, SETUP, "one" if "keen" not in question else "saved", question, now=NOW
                )
        for name in ("", "1st", "a b", "x" * 41, 'a"'):
            with pytest.raises(Invalid):
                await save_segment(session, folk.creator, SETUP, name, "all", now=NOW)
        assert await saved_segments(session, folk.creator) == {}


async def test_a_segment_that_another_is_made_of_stays(database: Database):
    folk = await some_folk(database)
    plain = CreatorSetup()
    async with database.transaction() as session:
        await save_segment(session, folk.creator, plain, "one", "all", now=NOW)
        await save_segment(session, folk.creator, plain, "two", "not segment:one", now=NOW)
        with pytest.raises(SegmentInUse, match="“two”"):
            await drop_segment(session, folk.creator, plain, "one")
        await drop_segment(session, folk.creator, plain, "two")
        await drop_segment(session, folk.creator, plain, "one")
        with pytest.raises(NoSuchSegment):
            await drop_segment(session, folk.creator, plain, "one")


async def test_a_search_finds_by_beginnings_of_names_and_by_whole_numbers_only(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        creator = (await session.scalars(select(Creator))).one()
        zoe, _ = await a_lead(session, creator, 3001, first_name="Zoë Müller-Lüdenscheidt")
        for text, found in (
            ("zo", [zoe.id]),
            ("ZOË", [zoe.id]),
            ("ludens zoe", [zoe.id]),
            ("oe", []),
            ("zoe lena", []),
            (f"#{zoe.id}", [zoe.id]),
            (str(zoe.id), [zoe.id]),
            (f"#{zoe.id}x", []),
            ("%", []),
            ("", []),
            ("#99999999999999999999999", []),
        ):
            condition = await search(session, folk.creator, text)
            met = await page_of_leads(session, folk.creator, condition, limit=5, offset=0)
            assert [lead.id for lead in met] == found, text
