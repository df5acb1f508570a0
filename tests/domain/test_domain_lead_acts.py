import asyncio

import pytest
from folk import BOT, NOW, a_creator, a_lead, a_person, events, promised
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.creators import bind_person, make_bind_payload
from domain.lead_acts import (
    NOTE_LENGTH,
    BadNote,
    BadTag,
    add_note,
    add_score,
    ban_lead,
    count_tags,
    give_back,
    read_tag,
    relay_to_creator,
    set_score,
    set_stage,
    tag_lead,
    take_over,
    unban_lead,
    untag_lead,
    write_to_lead,
)
from domain.leads import add_lead
from domain.people import Profile, see_person
from kit.text import TEXT_LIMIT, escape, visible_length
from store.database import Database, insert_once
from store.models import Account, Creator, Event, Lead, LeadNote, LeadTag, Membership, OutboxKind, Role


@pytest.mark.parametrize(
    ("typed", "tag"),
    [
        ("VIP", "vip"),
        ("#vip", "vip"),
        (" big  spender ", "big-spender"),
        ("früh_bucher", "früh_bucher"),
        ("2031", "2031"),
    ],
)
def test_a_tag_has_one_way_to_be_written(typed: str, tag: str):
    assert read_tag(typed) == tag


@pytest.mark.parametrize("typed", ["", "#", "a" * 41, "a:b", "a,b", "<b>", "-x", "_x"])
def test_what_is_no_tag_is_refused(typed: str):
    with pytest.raises(BadTag):
        read_tag(typed)


async def test_tagging_twice_is_told_once_and_so_is_taking_a_tag_away(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        lead, other = (await a_lead(session, creator))[0], (await a_lead(session, creator, 2002))[0]
        assert [await tag_lead(session, lead, tag, now=NOW) for tag in ("vip", "VIP", "new")] == [True, False, True]
        await tag_lead(session, other, "vip", now=NOW)
        assert await count_tags(session, creator.id) == {"vip": 2, "new": 1}
        assert [await untag_lead(session, lead, "Vip", now=NOW) for _ in range(2)] == [True, False]
        assert (await session.scalars(select(LeadTag.tag).where(LeadTag.lead_id == lead.id))).all() == ["new"]
        assert await events(session, "lead.tagged", "lead.untagged") == ["lead.tagged"] * 3 + ["lead.untagged"]


async def test_a_stage_changes_once_and_for_whoever_reads_the_lead_next(database: Database):
    async with database.transaction() as session:
        lead, _ = await a_lead(session, await a_creator(session))
        assert [await set_stage(session, lead, "regular", now=NOW) for _ in range(2)] == [True, False]
        assert lead.stage == "regular"
        assert await events(session, "lead.stage_changed") == ["lead.stage_changed"]


async def test_points_given_at_once_all_count(database: Database):
    async with database.transaction() as session:
        lead, _ = await a_lead(session, await a_creator(session))

    async def give(points: int) -> None:
        async with database.transaction() as session:
            await add_score(session, await session.get_one(Lead, lead.id), points, now=NOW)

    await asyncio.gather(*(give(points) for points in (1, 2, 3, -4, 0)))
    async with database.transaction() as session:
        held = await session.get_one(Lead, lead.id)
        assert held.score == 2
        assert len(await events(session, "lead.score_changed")) == 4
        for _ in range(2):
            await set_score(session, held, 10, now=NOW)
        last = (await session.scalars(select(Event.data).order_by(Event.id.desc()))).first()
        assert (held.score, last) == (10, {"score": 10})
        assert len(await events(session, "lead.score_changed")) == 5


async def test_a_note_stands_sealed_and_says_nothing_to_the_events(database: Database):
    async with database.transaction() as session:
        lead, _ = await a_lead(session, await a_creator(session))
        await add_note(session, lead, "  Met at the fair  ", now=NOW)
        for nothing in (" ", "x" * (NOTE_LENGTH + 1)):
            with pytest.raises(BadNote):
                await add_note(session, lead, nothing, now=NOW)
    async with database.reading() as session:
        assert (await session.scalars(select(LeadNote.text))).all() == ["Met at the fair"]
        assert "fair" not in str((await session.execute(text("SELECT * FROM lead_note"))).all())
        assert (await session.scalars(select(Event.data).where(Event.name == "lead.noted"))).all() == [{}]


async def test_banning_and_taking_over_are_told_once_each_and_can_be_undone(database: Database):
    async with database.transaction() as session:
        lead, _ = await a_lead(session, await a_creator(session))
        for act, undo in ((ban_lead, unban_lead), (take_over, give_back)):
            assert [await act(session, lead, now=NOW) for _ in range(2)] == [True, False]
            assert (lead.banned_at or lead.taken_over_at) == NOW
            assert [await undo(session, lead, now=NOW) for _ in range(2)] == [True, False]
        assert (lead.banned_at, lead.taken_over_at) == (None, None)
        names = ["lead.banned", "lead.unbanned", "lead.taken_over", "lead.given_back"]
        assert await events(session, *names) == names


async def test_a_creators_words_are_promised_once_and_only_to_whoever_has_a_chat(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        lead, person = await a_lead(session, creator)
        chatless = await add_lead(session, creator.id, name="Anna", now=NOW)
        for _ in range(2):
            assert await write_to_lead(session, lead, "Hello <b>you</b>", key="write:1", now=NOW, file_id=None)
        assert not await write_to_lead(session, chatless, "Hello", key="write:2", now=NOW)
        (row,) = await promised(session, OutboxKind.NOTICE)
        assert (row.person_id, row.lead_id, row.message) == (person.id, lead.id, {"text": "Hello <b>you</b>"})
        assert await events(session, "lead.written_to") == ["lead.written_to"]


async def a_colleague(session: AsyncSession, creator: Creator, language: str) -> int:
    """Another who acts for the creator."""
    person = await see_person(session, BOT, Profile(1009, "Cora", None, language), now=NOW)
    account = await insert_once(session, Account, {"role": Role.AGENT, "name": "Cora", "created_at": NOW})
    await insert_once(session, Membership, {"account_id": account, "creator_id": creator.id})
    await make_bind_payload(session, account or 0, now=NOW)
    await bind_person(session, account or 0, person)
    return person.id


async def test_what_a_lead_writes_reaches_everyone_who_acts_for_the_creator_in_their_language(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        cora = await a_colleague(session, creator, "de")
        lead, person = await a_lead(session, creator)
        for _ in range(2):
            await relay_to_creator(session, lead, person, "Is <it> ready?", key="relay:7", now=NOW)
        rows = {row.person_id: row for row in await promised(session, OutboxKind.NOTICE)}
        assert len(rows) == 2
        assert "(Kontakt 1) schreibt" in rows[cora].message["text"]
        (own,) = [row for person_id, row in rows.items() if person_id != cora]
        assert own.message["text"] == f"✉️ <b>Lena</b> (lead {lead.id}) writes:\nIs &lt;it&gt; ready?"
        assert own.lead_id == lead.id
        buttons = {button["text"]: button["data"] for row in own.message["buttons"] for button in row}
        assert buttons == {"Answer": f"lead:write:{lead.id}", "Give back to the bot": f"lead:back:{lead.id}"}


@pytest.mark.parametrize("written", ["x" * 4096, "😀" * 2048, "&" * 4096])
async def test_a_long_message_is_relayed_within_telegrams_limits(database: Database, written: str):
    async with database.transaction() as session:
        creator = await a_creator(session)
        lead, _ = await a_lead(session, creator)
        person = await a_person(session, first_name="L" * 300)
        await relay_to_creator(session, lead, person, written, key="relay:7", now=NOW)
        (row,) = await promised(session, OutboxKind.NOTICE)
        assert visible_length(row.message["text"]) <= TEXT_LIMIT
        assert escape(written[:1500]) in row.message["text"]


async def test_whoever_the_store_does_not_take_is_not_tried_without_end(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        await add_lead(session, creator.id, name="Lena", now=NOW)
        # stands for a number that was used by hand: no contact explains what is in the way
        await session.execute(text("CREATE UNIQUE INDEX one_lead ON lead (creator_id)"))
    with pytest.raises(RuntimeError, match="takes no new lead"):
        async with database.transaction() as session:
            await add_lead(session, creator.id, name="Tom", email="tom@example.com", now=NOW)
