"""What a broadcast names has to be there; a yes counts for what was shown; and drafts can be found or lapse."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
import pytest_asyncio
from folk import NOW, a_creator, a_person
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.broadcasts.acts import (
    BroadcastChanged,
    NoSuchBroadcast,
    ShownIn,
    change_content,
    change_segment,
    copy_broadcast,
    draft_broadcast,
    find_own_broadcast,
    pause_broadcast,
    schedule_broadcast,
    start_broadcast,
    unschedule_broadcast,
)
from domain.broadcasts.audience import first_reached
from domain.broadcasts.definition import BadBroadcast, Content, Variant, Wording, content_of
from domain.discounts import Terms, add_code, archive_code
from domain.fields import LeadFieldSpec
from domain.leads import capture_lead
from domain.products import add_product
from domain.setups import CreatorSetup
from kit.money import Money
from store.database import Database
from store.models import Broadcast, BroadcastState, DiscountCode, Lead
from store.queries.broadcasts import count_broadcasts, list_broadcasts

SETUP = CreatorSetup(fields={"size": LeadFieldSpec()}, flows=frozenset({"welcome"}))
BUY = {"text": "Buy", "pay": "preset-pack", "code": "SPRING20", "good_for": "2d"}


@pytest_asyncio.fixture
async def session(database: Database) -> AsyncIterator[AsyncSession]:
    async with database.transaction() as session:
        yield session


@pytest_asyncio.fixture
async def creator_id(session: AsyncSession) -> int:
    """With a product, a code and whoever acts for them."""
    creator = await a_creator(session)
    await add_product(session, creator_id=creator.id, title="Preset pack", price=Money(1900, "usd"), now=NOW)
    await add_code(session, creator.id, "SPRING20", Terms(percent=20), now=NOW, setup=SETUP)
    return creator.id


def saying(text: str = "Hello", **more: object) -> Wording:
    return Wording.model_validate({"text": text, **more})


def content(*wordings: Wording) -> Content:
    """One variant, in as many languages."""
    return Content(variants=(Variant(wordings=dict(zip(("en", "de"), wordings, strict=False))),))


async def drafted(session: AsyncSession, creator_id: int, *wordings: Wording) -> Broadcast:
    return await draft_broadcast(session, creator_id, None, content(*wordings), setup=SETUP, now=NOW)


async def code_goes(session: AsyncSession, creator_id: int) -> None:
    code_id = (await session.scalars(select(DiscountCode.id))).one()
    await archive_code(session, creator_id, code_id, now=NOW)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"text": "Hi {{ lead.frist_name }}"}, "first_name"),
        ({"text": "Hi {{ lead.size + 1 }}"}, "cannot be filled in"),
        ({"buttons": [{**BUY, "code": "SPRNIG20"}]}, "SPRING20"),
        ({"buttons": [{"text": "Buy", "pay": "preset-pakc"}]}, "preset-pack"),
        ({"buttons": [{"text": "See", "product": "gone"}]}, "gone"),
        ({"buttons": [{"text": "Talk", "flow": "welcom"}]}, "welcome"),
        ({"buttons": [{"text": "Go", "url": "https://example.com/{{ lead.nmae }}"}]}, "name"),
    ],
)
async def test_what_is_not_there_is_refused_when_it_is_written(
    session: AsyncSession, creator_id: int, wrong: dict[str, object], told: str
):
    wording = saying(**{"text": "Hello", **wrong})
    with pytest.raises(BadBroadcast, match=told) as refused:
        await drafted(session, creator_id, wording)
    assert refused.value.why is not None
    draft = await drafted(session, creator_id, saying())
    with pytest.raises(BadBroadcast, match=told):
        await change_content(session, draft, content(wording), setup=SETUP)


async def test_what_is_there_is_taken(session: AsyncSession, creator_id: int):
    wording = saying(
        "Hi {{ lead.first_name|there }}, {{ lead.size }}{% if lead.score < 5 and lead.score >= 0 %} new{% endif %}",
        buttons=[BUY, {"text": "Talk", "flow": "welcome"}, {"text": "See", "product": "preset-pack"}],
    )
    assert content_of(await drafted(session, creator_id, wording)).wordings == [wording]


async def test_a_code_that_has_gone_since_keeps_it_from_going_out(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        await add_product(session, creator_id=creator.id, title="Preset pack", price=Money(1900, "usd"), now=NOW)
        await add_code(session, creator.id, "SPRING20", Terms(percent=20), now=NOW, setup=SETUP)
        draft = await drafted(session, creator.id, saying(buttons=[BUY]))
        await code_goes(session, creator.id)

    async def says_yes(at: datetime | None) -> None:
        async with database.transaction() as session:
            found = await session.get_one(Broadcast, draft.id)
            if at is None:
                await start_broadcast(session, found, setup=SETUP, now=NOW)
            else:
                await schedule_broadcast(session, found, at, setup=SETUP, now=NOW)

    for at in (None, NOW + timedelta(hours=1)):
        with pytest.raises(BadBroadcast, match="SPRING20"):
            await says_yes(at)
    async with database.reading() as session:
        assert (await session.get_one(Broadcast, draft.id)).state is BroadcastState.DRAFT


async def test_of_two_wordings_that_need_mending_one_can_be_mended_first(session: AsyncSession, creator_id: int):
    dead = saying(buttons=[BUY])
    draft = await drafted(session, creator_id, dead, saying("Hallo", buttons=[BUY]))
    await code_goes(session, creator_id)
    copied = await copy_broadcast(session, draft, None, now=NOW)
    await change_content(session, copied, content(saying(), saying("Hallo", buttons=[BUY])), setup=SETUP)
    with pytest.raises(BadBroadcast, match="SPRING20"):
        await change_content(session, copied, content(saying("Other", buttons=[BUY]), saying("Hallo")), setup=SETUP)


async def test_a_language_that_could_not_be_read_again_is_not_kept(session: AsyncSession, creator_id: int):
    draft = await drafted(session, creator_id, saying())
    variant = content_of(draft).variants[0].model_copy(update={"wordings": {"éé": saying()}})
    with pytest.raises(ValidationError):
        await change_content(session, draft, content_of(draft).with_variant(0, variant), setup=SETUP)
    assert list(content_of(draft).variants[0].wordings) == ["en"]


@pytest.mark.parametrize("changed", ["content", "segment"])
async def test_a_yes_is_to_what_was_shown(session: AsyncSession, creator_id: int, changed: str):
    draft = await drafted(session, creator_id, saying())
    seen = draft.revision
    if changed == "content":
        await change_content(session, draft, content(saying("Other")), setup=SETUP)
    else:
        await change_segment(session, draft, "tag:vip")
    with pytest.raises(BroadcastChanged):
        await start_broadcast(session, draft, setup=SETUP, revision=seen, now=NOW)
    with pytest.raises(BroadcastChanged):
        await schedule_broadcast(session, draft, NOW + timedelta(hours=1), setup=SETUP, revision=seen, now=NOW)
    assert draft.state is BroadcastState.DRAFT
    await start_broadcast(session, draft, setup=SETUP, revision=draft.revision, now=NOW)
    assert draft.state is BroadcastState.STARTING


async def test_progress_is_shown_to_whoever_said_yes_and_then_to_whoever_paused_it(
    session: AsyncSession, creator_id: int
):
    lena, anna = await a_person(session, 11), await a_person(session, 12)
    draft = await draft_broadcast(session, creator_id, lena.id, content(saying()), now=NOW)
    await start_broadcast(session, draft, shown_in=ShownIn(anna.id, 7), now=NOW)
    assert (draft.person_id, draft.progress_message_id) == (anna.id, 7)
    await pause_broadcast(session, draft, shown_in=ShownIn(lena.id, 9), now=NOW)
    assert (draft.person_id, draft.progress_message_id) == (lena.id, 9)


async def test_it_is_found_by_whoever_acts_for_its_creator_whatever_chat_they_are_in(session: AsyncSession):
    studio, atelier = await a_creator(session), await a_creator(session, "atelier", telegram_id=1002)
    theirs = await draft_broadcast(session, atelier.id, None, content(saying()), now=NOW)
    owner, other = await a_person(session, 1002), await a_person(session, 1001)
    assert await find_own_broadcast(session, owner.id, theirs.id) is theirs
    for person_id, number in ((other.id, theirs.id), (owner.id, theirs.id + 1)):
        with pytest.raises(NoSuchBroadcast):
            await find_own_broadcast(session, person_id, number)
    assert studio.id != atelier.id


async def test_a_line_that_nobody_goes_on_with_makes_room_after_its_time(session: AsyncSession, creator_id: int):
    until = NOW + timedelta(days=1)
    forgotten, changed, planned = [
        await draft_broadcast(session, creator_id, None, content(saying()), lapses_at=until, now=NOW) for _ in range(3)
    ]
    kept = await draft_broadcast(session, creator_id, None, content(saying()), now=NOW)
    await change_segment(session, changed, "tag:vip")
    await schedule_broadcast(session, planned, NOW + timedelta(days=3), now=NOW)
    await unschedule_broadcast(session, planned)
    late = await draft_broadcast(session, creator_id, None, content(saying()), now=until)
    listed = await list_broadcasts(session, creator_id, limit=10)
    assert [each.id for each in listed] == [late.id, kept.id, planned.id, changed.id]
    await session.refresh(forgotten)
    assert forgotten.state is BroadcastState.CANCELLED


async def test_all_of_them_are_listed_page_by_page(session: AsyncSession, creator_id: int):
    ids = [(await draft_broadcast(session, creator_id, None, content(saying()), now=NOW)).id for _ in range(5)]
    pages = [await list_broadcasts(session, creator_id, limit=2, offset=offset) for offset in (0, 2, 4)]
    assert [each.id for page in pages for each in page] == ids[::-1]
    assert await count_broadcasts(session, creator_id) == 5


async def test_the_first_whom_it_reaches_can_be_named_beforehand(session: AsyncSession, creator_id: int):
    leads = []
    for number in range(4):
        person = await a_person(session, 3000 + number, first_name=f"Lead {number}")
        leads.append((await capture_lead(session, creator_id, person, source=None, now=NOW))[0])
    leads[1].unsubscribed_at = NOW
    leads[0].stage = "won"
    await session.flush()
    first = await first_reached(session, creator_id, "not stage:won", CreatorSetup(stages=("won",)), most=1, now=NOW)
    assert [each.id for each in first] == [leads[2].id]
    assert isinstance(first[0], Lead)
