"""The data keys, at start and when they are changed."""

from collections.abc import AsyncIterator

from app.parts import CannotStart
from app.settings import Settings
from kit.keyring import CannotUnseal
from store.database import Database
from store.sealing import count_under_older_keys, open_with_data_keys, reseal, retire_older_keys, use_data_keys

_NONE_OPENS = (
    "the store holds data that none of the keys opens; "
    "put the key that it was sealed with into SPARK_DATA_KEYS, after the new one "
    "(without data keys it was SPARK_SECRET_KEY)"
)


async def check_keys(database: Database) -> None:
    """Raises CannotStart when something here was sealed under a key that is missing."""
    try:
        async with database.transaction() as session:
            await use_data_keys(session)
    except CannotUnseal:
        raise CannotStart(_NONE_OPENS) from None


async def seal_anew(database: Database) -> AsyncIterator[int]:
    """Seals everything under the first key, in batches, and tells how much is done. Raises CannotStart when a running
    Spark still seals under an older one.
    """
    async for done in reseal(database):
        yield done
    async with database.transaction() as session:
        if await retire_older_keys(session):
            raise CannotStart("some rows were written under an older key meanwhile; restart Spark, then reseal again")


async def told_of_keys(database: Database, settings: Settings) -> tuple[bool, str]:
    """For `spark doctor`: whether all is well with the keys, and what could be better."""
    try:
        async with database.reading() as session:
            await open_with_data_keys(session)
            older = await count_under_older_keys(session)
    except CannotUnseal:
        return False, _NONE_OPENS
    if older:
        return True, f"{older} values are sealed under older keys; `spark reseal` seals them under the first"
    if not settings.data_keys:
        return True, "sealed with a key made from SPARK_SECRET_KEY; set SPARK_DATA_KEYS to keep the two apart"
    return True, "everything is sealed under the first of SPARK_DATA_KEYS"
