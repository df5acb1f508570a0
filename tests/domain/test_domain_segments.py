import pytest
from folk import NOW, a_lead, some_folk
from sqlalchemy import select

from domain.broadcasts.acts import discard_broadcast, draft_broadcast, find_broadcast
from domain.broadcasts.definition import Content, Variant, Wording
from domain.funnels.definition import Funnel
from domain.funnels.drafts import keep_draft
from domain.funnels.heads import save_funnel
from domain.lead_acts import tag_lead
from domain.messages.catalogue import plain_why
from domain.segments import ManagedByFile, NoSuchSegment, SegmentInUse, drop_segment, save_segment
from domain.setups import CreatorSetup
from kit.errors import Invalid
from store.database import Database
from store.models import Creator, Enrollment, EnrollmentState, Kept, Lead
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


async def test_a_segment_that_a_funnel_or_a_broadcast_asks_for_stays(database: Database):
    folk = await some_folk(database)
    plain = CreatorSetup()
    asking = Funnel.model_validate(
        {
            "trigger": {"event": "order.paid", "when": "segment:trigger"},
            "stop_when": "segment:STOP and tag:x",
            "goal": {"when": "segment:goal"},
            "steps": [
                {"key": "b", "do": "branch", "cases": [{"when": "not segment:branch", "to": "hi"}]},
                {"key": "hi", "do": "send", "text": "of segment:free", "only_if": "segment:only"},
            ],
        }
    )
    quiet = Funnel.model_validate({"steps": [{"key": "hi", "do": "send", "text": "Hi"}]})
    names = ("trigger", "stop", "goal", "branch", "only")
    async with database.transaction() as session:
        for name in (*names, "free", "mail"):
            await save_segment(session, folk.creator, plain, name, "all", now=NOW)
        head = await save_funnel(session, folk.creator, "care", asking, kept=Kept.CHAT, now=NOW)
        await keep_draft(session, folk.creator, {"later": asking}, {"later": None}, now=NOW)
        content = Content(variants=(Variant(wordings={"en": Wording(text="Hi")}),))
        draft = await draft_broadcast(session, folk.creator, None, content, segment="segment:mail", now=NOW)
        old = head.version_id
    async with database.transaction() as session:
        for name in names:
            with pytest.raises(SegmentInUse, match="used by the funnel “care”, the funnel “later”; change that first"):
                await drop_segment(session, folk.creator, plain, name)
        with pytest.raises(SegmentInUse, match=f"used by the broadcast {draft.id};") as refused:
            await drop_segment(session, folk.creator, plain, "mail")
        assert refused.value.why is not None
        assert f"wird noch gebraucht: Rundnachricht {draft.id}." in plain_why(refused.value.why, "de")
        await drop_segment(session, folk.creator, plain, "free")
        # reworded, it is asked for those who are still in the old one
        await keep_draft(session, folk.creator, {"later": quiet}, {"later": None}, now=NOW)
        await save_funnel(session, folk.creator, "care", quiet, kept=Kept.CHAT, now=NOW)
        await discard_broadcast(session, await find_broadcast(session, folk.creator, draft.id), now=NOW)
        under_way = Enrollment(
            creator_id=folk.creator,
            lead_id=folk.lead,
            funnel_key="care",
            version_id=old,
            subject="",
            step="hi",
            started_at=NOW,
        )
        session.add(under_way)
        await session.flush()
        with pytest.raises(SegmentInUse, match="used by the funnel “care”;"):
            await drop_segment(session, folk.creator, plain, "only")
        under_way.state = EnrollmentState.DONE
        await session.flush()
        for name in (*names, "mail"):
            await drop_segment(session, folk.creator, plain, name)


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
