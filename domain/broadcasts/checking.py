"""Whether all that a broadcast names is there: what is filled in, its files, and where its buttons lead."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.broadcasts.definition import BadBroadcast, Content, Wording, check_wording
from domain.broadcasts.files import files_of
from domain.funnels.reading import surroundings
from domain.grounds import Ground, button_slips
from domain.setups import CreatorSetup
from domain.shown_files import MAY_BE_SHOWN
from domain.text_checks import Facts, check_text, facts_of
from kit.errors import Reason
from store.models import StoredFile

_LONGEST_AHEAD_DAYS = 366


async def check_content(
    session: AsyncSession, creator_id: int, content: Content, setup: CreatorSetup, *, before: Content | None = None
) -> None:
    """Raises BadBroadcast for what nobody could read, or what leads nowhere.

    A wording that stood in `before` is not asked about again: of several that need mending, one can be mended first.
    """
    new = [each for each in content.wordings if before is None or each not in before.wordings]
    for wording in new:
        check_wording(wording)
    files = files_of(content) - files_of(before)
    own = select(StoredFile.id).where(StoredFile.id.in_(files), StoredFile.creator_id == creator_id, *MAY_BE_SHOWN)
    if files and len((await session.scalars(own)).all()) < len(files):
        raise BadBroadcast("its file is gone", why=Reason("refused-broadcast-file"))
    around = await surroundings(session, creator_id, setup, "", {})
    ground = Ground(setup, None, products=around.products, codes=around.codes)
    facts = facts_of(setup, None)
    for wording in new:
        for said in _slips(wording, ground, facts):
            raise BadBroadcast(said, why=Reason("refused-broadcast-slip", error=said))


def check_time(at: datetime, *, now: datetime) -> None:
    """Raises BadBroadcast for a time that is over, or too far away."""
    if at <= now:
        raise BadBroadcast("that time is over", why=Reason("refused-broadcast-past"))
    if (at - now).days > _LONGEST_AHEAD_DAYS:
        raise BadBroadcast("a year ahead at most", why=Reason("refused-broadcast-far"))


def _slips(wording: Wording, ground: Ground, facts: Facts) -> Iterator[str]:
    texts = [wording.text, *(each.url for each in wording.buttons if each.url is not None)]
    for text in texts:
        yield from (said for _, said in check_text(text, facts))
    yield from (said for _, said in button_slips(wording.buttons, ground))
    for button in wording.buttons:
        yield from ground.code(button.code)
