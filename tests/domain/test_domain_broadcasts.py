"""What a broadcast may say, and what can be done with it when."""

from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta

import pytest
import pytest_asyncio
from folk import BOT, NOW
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from domain.broadcasts.acts import (
    MOST_DRAFTS,
    BroadcastStands,
    NoSuchBroadcast,
    TooManyDrafts,
    cancel_broadcast,
    change_content,
    change_segment,
    copy_broadcast,
    discard_broadcast,
    draft_broadcast,
    find_broadcast,
    pause_broadcast,
    resume_broadcast,
    schedule_broadcast,
    start_broadcast,
    unschedule_broadcast,
)
from domain.broadcasts.definition import (
    BadBroadcast,
    BroadcastButton,
    Content,
    Variant,
    Wording,
    check_wording,
    content_of,
)
from domain.creators import add_creator
from domain.leads import add_lead
from domain.loose_files import drop_stale
from domain.products import keep_upload
from store.database import Database
from store.models import Broadcast, BroadcastState, FileRole, StoredFile
from store.queries.broadcasts import list_broadcasts


@pytest_asyncio.fixture
async def session(database: Database) -> AsyncIterator[AsyncSession]:
    async with database.transaction() as session:
        yield session


async def studio(session: AsyncSession, slug: str = "studio") -> int:
    return (await add_creator(session, name=slug.title(), slug=slug, now=NOW)).creator.id


def saying(text: str = "Hello", **more: object) -> Content:
    return Content(variants=(Variant(wordings={"en": Wording.model_validate({"text": text, **more})}),))


@pytest.mark.parametrize(
    "wording",
    [
        {},
        {"text": "   "},
        {"text": "<b>never closed"},
        {"text": "<marquee>no</marquee>"},
        {"text": "{{ lead.first_name"},
        {"text": "{{ order.total }}"},
        {"text": "{{ nobody }}"},
        {"text": "x" * 4090},
        {"text": "x" * 1020, "file": 1},
    ],
)
def test_what_telegram_would_not_take_or_nothing_fills_in_is_refused(wording: dict[str, object]):
    with pytest.raises(BadBroadcast) as refused:
        check_wording(Wording.model_validate(wording))
    assert refused.value.why is not None


@pytest.mark.parametrize(
    "wording",
    [
        {"text": "<b>Hi</b> {{ lead.first_name|there }} of {{ creator.name }}"},
        {"file": 1},
        {"text": "x" * 4000},
        {"text": "x" * 950, "file": 1},
        # what is not shown does not count
        {"text": f'<a href="https://example.com/{"y" * 4000}">here</a>'},
    ],
)
def test_what_fits_is_taken(wording: dict[str, object]):
    given = Wording.model_validate(wording)
    assert check_wording(given) is given


def test_a_broadcast_is_about_no_order_so_it_asks_for_no_review():
    with pytest.raises(ValidationError, match="reviewed"):
        BroadcastButton.model_validate({"text": "Stars", "review": True})


@pytest.mark.parametrize(
    ("language", "read"), [("de", "Hallo"), ("de-AT", "Hallo"), ("DE", "Hallo"), ("fr", "Hello"), ("en", "Hello")]
)
def test_everyone_reads_their_language_or_the_creators(language: str, read: str):
    variant = Variant(wordings={"de": Wording(text="Hallo"), "en": Wording(text="Hello")})
    assert variant.wording(language, "en").text == read


async def test_a_draft_is_kept_as_it_was_written_under_its_first_words(session: AsyncSession):
    creator_id = await studio(session)
    content = saying("<b>Big</b>\nnews", buttons=[{"text": "Go", "url": "https://example.com"}])
    drafted = await draft_broadcast(session, creator_id, None, content, now=NOW)
    session.expunge_all()
    found = await find_broadcast(session, creator_id, drafted.id)
    assert (found.title, found.state, content_of(found)) == ("Big news", BroadcastState.DRAFT, content)


async def test_nobody_finds_another_creators(session: AsyncSession):
    drafted = await draft_broadcast(session, await studio(session), None, saying(), now=NOW)
    with pytest.raises(NoSuchBroadcast):
        await find_broadcast(session, await studio(session, "atelier"), drafted.id)


async def test_a_file_of_another_creator_is_refused(session: AsyncSession):
    theirs = await keep_upload(
        session,
        creator_id=await studio(session, "atelier"),
        bot_id=BOT,
        telegram_file_id="f",
        file_name="a.pdf",
        mime_type="application/pdf",
        size=1,
        now=NOW,
    )
    with pytest.raises(BadBroadcast, match="gone"):
        await draft_broadcast(session, await studio(session), None, saying(file=theirs.id), now=NOW)


async def test_a_file_that_was_sent_up_is_kept_once_a_broadcast_says_it_and_no_other_may_go_out(session: AsyncSession):
    creator_id = await studio(session)
    lead = await add_lead(session, creator_id, name="Lena", now=NOW)
    sent = {"creator_id": creator_id, "file_name": "a.pdf", "mime_type": "application/pdf", "created_at": NOW}
    waits = {"size": 3, "blob": "b", "loose_until": NOW + timedelta(days=1)}
    free, other = StoredFile(**sent, **waits), StoredFile(**sent, **waits)
    # an answer, an export, what is still to come, and keys
    not_for_all = [
        StoredFile(**sent, **waits, lead_id=lead.id),
        StoredFile(**sent, **waits | {"loose_until": None}),
        StoredFile(**sent, **waits | {"size": None}),
        StoredFile(**sent, **waits, role=FileRole.KEYS),
    ]
    session.add_all([free, other, *not_for_all])
    await session.flush()
    drafted = await draft_broadcast(session, creator_id, None, saying(file=free.id), now=NOW)
    # said again in other words it is no new one
    await change_content(session, drafted, saying("Hello you", file=free.id))
    for file in not_for_all:
        with pytest.raises(BadBroadcast, match="gone"):
            await change_content(session, drafted, saying(file=file.id))
        with pytest.raises(BadBroadcast, match="gone"):
            await draft_broadcast(session, creator_id, None, saying(file=file.id), now=NOW)
    # in time for a broadcast of three days later
    await drop_stale(session, now=NOW + timedelta(days=2))
    await session.refresh(free)
    await session.refresh(other)
    assert (free.forgetting_at, other.forgetting_at) == (None, NOW + timedelta(days=2))
    with pytest.raises(BadBroadcast, match="gone"):
        await change_content(session, drafted, saying(file=other.id))


async def test_drafts_do_not_pile_up_without_end(session: AsyncSession):
    creator_id = await studio(session)
    for _ in range(MOST_DRAFTS):
        last = await draft_broadcast(session, creator_id, None, saying(), now=NOW)
    with pytest.raises(TooManyDrafts):
        await draft_broadcast(session, creator_id, None, saying(), now=NOW)
    await discard_broadcast(session, last, now=NOW)
    await draft_broadcast(session, creator_id, None, saying(), now=NOW)


async def test_what_is_thrown_away_is_listed_no_more_and_what_was_called_off_is(session: AsyncSession):
    creator_id = await studio(session)
    thrown, called_off = [await draft_broadcast(session, creator_id, None, saying(), now=NOW) for _ in range(2)]
    await discard_broadcast(session, thrown, now=NOW)
    await start_broadcast(session, called_off, now=NOW)
    await cancel_broadcast(session, called_off, now=NOW)
    assert [each.id for each in await list_broadcasts(session, creator_id, limit=10)] == [called_off.id]


async def _done(session: AsyncSession, broadcast: Broadcast, what: str) -> None:  # noqa: C901 - one case for each act
    match what:
        case "content":
            await change_content(session, broadcast, saying("Other"))
        case "segment":
            await change_segment(session, broadcast, "stage:new")
        case "start":
            await start_broadcast(session, broadcast, now=NOW)
        case "schedule":
            await schedule_broadcast(session, broadcast, NOW.replace(hour=20), now=NOW)
        case "unschedule":
            await unschedule_broadcast(session, broadcast)
        case "pause":
            await pause_broadcast(session, broadcast, now=NOW)
        case "resume":
            await resume_broadcast(session, broadcast, now=NOW)
        case "cancel":
            await cancel_broadcast(session, broadcast, now=NOW)
        case "discard":
            await discard_broadcast(session, broadcast, now=NOW)
        case "copy":
            await copy_broadcast(session, broadcast, None, now=NOW)


EVERYTHING = ("content", "segment", "start", "schedule", "unschedule", "pause", "resume", "cancel", "discard", "copy")


@pytest.mark.parametrize(
    ("state", "can"),
    [
        (BroadcastState.DRAFT, {"content", "segment", "start", "schedule", "discard", "copy"}),
        (BroadcastState.SCHEDULED, {"start", "unschedule", "discard", "copy"}),
        (BroadcastState.STARTING, {"pause", "cancel", "copy"}),
        (BroadcastState.RUNNING, {"pause", "cancel", "copy"}),
        (BroadcastState.PAUSED, {"resume", "cancel", "copy"}),
        (BroadcastState.DONE, {"copy"}),
        (BroadcastState.CANCELLED, {"copy"}),
    ],
)
async def test_each_state_lets_some_things_be_done_and_refuses_the_others(
    session: AsyncSession, state: BroadcastState, can: set[str]
):
    creator_id, allowed = await studio(session), set()
    for what in EVERYTHING:
        broadcast = await draft_broadcast(session, creator_id, None, saying(), now=NOW)
        broadcast.state = state
        await session.flush()
        with suppress(BroadcastStands):
            await _done(session, broadcast, what)
            allowed.add(what)
            continue
        assert broadcast.state is state
    assert allowed == can
