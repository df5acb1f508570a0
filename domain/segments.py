"""Saved segments: questions about leads that a creator has given a name."""

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.events import record_event
from domain.messages.catalogue import plain_why
from domain.segment_uses import MOST_TOLD, names_segment, uses_of
from domain.setups import CreatorSetup
from kit.errors import Conflict, Invalid, NotFound, Reason
from store.database import count_changed, insert_once
from store.models import Segment
from store.queries.leads import saved_segments, where

MOST_SEGMENTS = 200
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")


class ManagedByFile(Conflict):
    """The name stands in the configuration, and only there can it be changed."""

    code = "managed_by_file"


class BadSegmentName(Invalid):
    code = "bad_segment_name"


class SegmentInUse(Conflict):
    code = "segment_in_use"


class NoSuchSegment(NotFound):
    code = "no_such_segment"


async def save_segment(
    session: AsyncSession, creator_id: int, setup: CreatorSetup, name: str, question: str, *, now: datetime
) -> str:
    """The name under which it is kept; one that was there before asks this from now on.

    Raises ManagedByFile for a name of the file's, and BadSegment for what cannot be asked of the leads as they are.
    """
    key = _own(setup, name)
    saved = await saved_segments(session, creator_id)
    if key not in saved and len(saved) >= MOST_SEGMENTS:
        raise SegmentInUse(
            f"there are {MOST_SEGMENTS} saved segments already; drop one first",
            why=Reason("refused-many-segments", most=MOST_SEGMENTS),
        )
    # with itself among those it may name, so that a circle is seen, through others too
    known = setup.known({**saved, key: question})
    await where(session, creator_id, f"segment:{key}", known, now=now)
    values = {"creator_id": creator_id, "key": key, "question": question, "created_at": now}
    if await insert_once(session, Segment, values) is None:
        kept = select(Segment).where(Segment.creator_id == creator_id, Segment.key == key)
        (await session.scalars(kept)).one().question = question
        await session.flush()
    await record_event(session, "segment.saved", creator_id=creator_id, subject=f"segment:{key}", now=now)
    return key


async def find_segment(session: AsyncSession, creator_id: int, setup: CreatorSetup, name: str) -> tuple[str, str]:
    """Its name as it is kept, and what it asks: one of the file's, or one that was saved. Raises NoSuchSegment."""
    key = name.strip().casefold()
    question = {**await saved_segments(session, creator_id), **setup.segments}.get(key)
    if question is None:
        raise NoSuchSegment(f"there is no saved segment “{key}”", why=Reason("refused-no-segment", name=key))
    return key, question


async def drop_segment(session: AsyncSession, creator_id: int, setup: CreatorSetup, name: str) -> None:
    """Raises ManagedByFile, NoSuchSegment, and SegmentInUse while something asks it by its name."""
    key = _own(setup, name)
    saved = await saved_segments(session, creator_id)
    if key in saved:
        others = {**saved, **setup.segments}.items()
        users = sorted(other for other, asked in others if other != key and names_segment(asked, key))
        used = [Reason("segment-used-by-segment", name=each) for each in users]
        _refuse_in_use(key, used + await uses_of(session, creator_id, key))
    gone = delete(Segment).where(Segment.creator_id == creator_id, Segment.key == key)
    if not await count_changed(session, gone):
        raise NoSuchSegment(f"there is no saved segment “{key}”", why=Reason("refused-no-segment", name=key))


def _refuse_in_use(key: str, used: Sequence[Reason]) -> None:
    if used:
        told, *more = used[:MOST_TOLD]
        for each in more:
            told = Reason("segment-used-by-both", first=told, then=each)
        why = Reason("refused-segment-in-use", name=key, users=told)
        raise SegmentInUse(plain_why(why), why=why)


def _own(setup: CreatorSetup, name: str) -> str:
    key = name.strip().casefold()
    if not _NAME.fullmatch(key):
        raise BadSegmentName(
            "a segment's name is up to 40 letters, digits, hyphens and underscores, a letter first",
            fields={"name": "is no name of a segment"},
            why=Reason("refused-segment-name"),
        )
    if key in setup.segments:
        raise ManagedByFile(
            f"“{key}” stands in the configuration, so it is changed there",
            why=Reason("refused-managed-by-file", name=key),
        )
    return key
