"""What was sent to the bot for an idea, or as one: a message passed on, a photo, a voice note, a link."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.idea_origins import digest_of_origin
from domain.idea_parts import no_such_idea
from domain.idea_posts import find_post, hold_queued
from domain.ideas import add_idea, delete_idea, hold_again
from kit.errors import Conflict, Reason
from store.database import count_changed, insert_once
from store.models import AttachmentKind, Idea, IdeaAttachment

MOST_ATTACHMENTS = 50
MOST_LINKS = 10
_IN_ALBUM = (
    select(Idea)
    .join(IdeaAttachment, IdeaAttachment.idea_id == Idea.id)
    .where(
        IdeaAttachment.chat_id == bindparam("chat"),
        IdeaAttachment.album == bindparam("album"),
        IdeaAttachment.album.is_not(None),
        Idea.creator_id == bindparam("creator"),
    )
    .order_by(IdeaAttachment.id.desc())
    .limit(1)
)


class TooManyAttachments(Conflict):
    code = "too_many_attachments"


class IdeaWorkedOn(Conflict):
    """It is more by now than what was sent: whoever wants it gone deletes it."""

    code = "idea_worked_on"


@dataclass(frozen=True, slots=True)
class Sent:
    """One message, as it is kept: `words` are what was written, or stood beside the file; `links` what they lead to."""

    kind: AttachmentKind
    telegram_file_id: str | None = None
    file_name: str | None = None
    words: str | None = None
    forwarded_from: str | None = None
    # their Telegram id, where Telegram tells it
    origin: int | None = None
    links: tuple[str, ...] = ()
    chat_id: int | None = None
    message_id: int | None = None
    # what Telegram calls the group of pictures in which it came
    album: str | None = None


@dataclass(frozen=True, slots=True)
class Captured:
    idea: Idea
    # nobody has seen it yet: the further pictures of an album, and what comes twice, are of one that is there
    new: bool


async def capture_idea(
    session: AsyncSession, sent: Sent, *, creator_id: int, title: str, public_id: UUID, now: datetime
) -> Captured:
    """What was sent becomes an idea, or belongs to the one that the first of its album has become.

    The same `public_id` again is a no-op.
    """
    known = await idea_of_album(session, sent, creator_id=creator_id)
    if known is not None:
        await _keep(session, known, sent, now=now)
        return Captured(known, new=False)
    idea = await add_idea(session, creator_id=creator_id, title=title, public_id=public_id, now=now)
    return Captured(idea, new=await _keep(session, idea, sent, now=now))


async def idea_of_album(session: AsyncSession, sent: Sent, *, creator_id: int) -> Idea | None:
    """What the first of its album has become."""
    if sent.album is None:
        return None
    asked = {"chat": sent.chat_id, "album": sent.album, "creator": creator_id}
    return await session.scalar(_IN_ALBUM, asked)


async def attach(session: AsyncSession, idea: Idea, sent: Sent, *, now: datetime) -> bool:
    """Keeps what was sent for it. False for what it has already. Raises TooManyAttachments."""
    await hold_again(session, idea)
    if await count_attachments(session, idea.id) >= MOST_ATTACHMENTS:
        why = Reason("refused-idea-attachments", most=MOST_ATTACHMENTS)
        raise TooManyAttachments(f"an idea has at most {MOST_ATTACHMENTS} attachments", why=why)
    if not await _keep(session, idea, sent, now=now):
        return False
    idea.updated_at = now
    return True


async def pass_on(session: AsyncSession, idea: Idea, other: Idea, *, now: datetime) -> None:
    """What an idea came from belongs to another one of the same creator instead, and it is gone.

    Raises IdeaWorkedOn, NoSuchIdea and TooManyAttachments.
    """
    if other.id == idea.id or other.creator_id != idea.creator_id:
        raise no_such_idea(other.number)
    await hold_queued(session, idea)
    for each in sorted((idea, other), key=lambda held: held.id):
        await hold_again(session, each)
    await _must_be_untouched(session, idea)
    of_both = [await count_attachments(session, each.id) for each in (idea, other)]
    if sum(of_both) > MOST_ATTACHMENTS:
        why = Reason("refused-idea-attachments", most=MOST_ATTACHMENTS)
        raise TooManyAttachments(f"an idea has at most {MOST_ATTACHMENTS} attachments", why=why)
    moves = update(IdeaAttachment).where(IdeaAttachment.idea_id == idea.id).values(idea_id=other.id)
    await session.execute(moves.execution_options(synchronize_session=False))
    other.updated_at = now
    await delete_idea(session, idea, now=now)


async def undo_capture(session: AsyncSession, idea: Idea, *, now: datetime) -> None:
    """As if it had not been sent. Raises IdeaWorkedOn and NoSuchIdea."""
    await hold_queued(session, idea)
    await hold_again(session, idea)
    await _must_be_untouched(session, idea)
    await delete_idea(session, idea, now=now)


async def is_untouched(session: AsyncSession, idea: Idea) -> bool:
    """Whether it is still what was sent, and nothing is to be posted of it or has been."""
    return idea.updated_at == idea.created_at and await find_post(session, idea) is None


async def list_attachments(session: AsyncSession, idea_id: int) -> Sequence[IdeaAttachment]:
    """In the order in which they came."""
    of_idea = select(IdeaAttachment).where(IdeaAttachment.idea_id == idea_id)
    return (await session.scalars(of_idea.order_by(IdeaAttachment.id))).all()


async def count_attachments(session: AsyncSession, idea_id: int) -> int:
    of_idea = select(func.count()).select_from(IdeaAttachment).where(IdeaAttachment.idea_id == idea_id)
    return await session.scalar(of_idea) or 0


async def remove_attachment(session: AsyncSession, idea: Idea, attachment_id: int, *, now: datetime) -> bool:
    """False when it is gone already."""
    this = delete(IdeaAttachment).where(IdeaAttachment.id == attachment_id, IdeaAttachment.idea_id == idea.id)
    if not await count_changed(session, this):
        return False
    idea.updated_at = now
    return True


async def _keep(session: AsyncSession, idea: Idea, sent: Sent, *, now: datetime) -> bool:
    """The message, and a row for each further link in it, as long as there is room."""
    if await count_attachments(session, idea.id) >= MOST_ATTACHMENTS:
        return False
    origin = None if sent.origin is None else await digest_of_origin(session, sent.origin)
    row = {
        "idea_id": idea.id,
        "kind": sent.kind,
        "chat_id": sent.chat_id,
        "message_id": sent.message_id,
        "album": sent.album,
        "telegram_file_id": sent.telegram_file_id,
        "file_name": sent.file_name,
        "words": sent.words,
        "forwarded_from": sent.forwarded_from,
        "origin_digest": origin,
        "created_at": now,
    }
    if sent.message_id is None and await _has_file(session, idea, sent):
        return False
    if await insert_once(session, IdeaAttachment, row) is None:
        return False
    links = [each for each in sent.links if each != sent.words][:MOST_LINKS]
    session.add_all(
        IdeaAttachment(idea_id=idea.id, kind=AttachmentKind.LINK, words=each, origin_digest=origin, created_at=now)
        for each in links
    )
    await session.flush()
    return True


async def _has_file(session: AsyncSession, idea: Idea, sent: Sent) -> bool:
    same = select(IdeaAttachment.id).where(
        IdeaAttachment.idea_id == idea.id, IdeaAttachment.telegram_file_id == sent.telegram_file_id
    )
    return await session.scalar(same.limit(1)) is not None


async def _must_be_untouched(session: AsyncSession, idea: Idea) -> None:
    if not await is_untouched(session, idea):
        why = Reason("refused-idea-worked-on", idea=str(idea.number))
        raise IdeaWorkedOn(f"idea {idea.number} has been worked on; delete it if it is to go", why=why)
