"""The files of broadcasts: what was sent up for something to take is kept once a broadcast says it."""

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.broadcasts.definition import BadBroadcast, Content
from domain.shown_files import MAY_BE_SHOWN
from kit.errors import Reason
from store.database import count_changed
from store.models import StoredFile


def files_of(content: Content | None) -> set[int]:
    return set() if content is None else {each.file for each in content.wordings if each.file is not None}


async def take_files(
    session: AsyncSession, creator_id: int, content: Content, *, before: Content | None = None
) -> None:
    """Those that are new in it, beside `before`, goes out with it: sent up, whole, and nothing else's.

    What else is stored, such as a lead's answer, an export of leads or what buyers pay for, is for nobody else to
    read. Raises BadBroadcast.
    """
    for file_id in sorted(files_of(content) - files_of(before)):
        free = (StoredFile.id == file_id, StoredFile.creator_id == creator_id, StoredFile.product_id.is_(None))
        taken = update(StoredFile).where(*free, StoredFile.loose_until.is_not(None), *MAY_BE_SHOWN)
        if not await count_changed(session, taken.values(loose_until=None)):
            raise BadBroadcast("its file is gone", why=Reason("refused-broadcast-file"))
