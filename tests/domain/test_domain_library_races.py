"""What is asked for again in the library at the very moment when it changes."""

import asyncio
from collections.abc import Sequence

import pytest
from folk import NOW, Folk, count, some_folk
from row_locks import until_waiting
from sqlalchemy import select, update

from domain.deliveries import NotOwned, deliver_again, deliver_waiting
from domain.entitlements import grant, revoke
from domain.licence_keys import add_keys
from domain.messages.plain import Message
from store.database import Database
from store.models import Entitlement, Lead, LicenceKey, Product, ProductKind


@pytest.fixture
async def folk(database: Database) -> Folk:
    """A product of licence keys, of which there are none yet."""
    folk = await some_folk(database, file=False)
    async with database.transaction() as session:
        await session.execute(update(Product).values(kind=ProductKind.LICENCE_KEY))
        await grant(session, await session.get_one(Lead, folk.lead), folk.product, origin="line:1", now=NOW)
    return folk


async def the_right(database: Database) -> int:
    async with database.reading() as session:
        return (await session.scalars(select(Entitlement.id))).one()


async def asks_again(database: Database, folk: Folk, right: int) -> Sequence[Message]:
    async with database.transaction() as session:
        return await deliver_again(session, await session.get_one(Lead, folk.lead), right, "en", now=NOW)


async def test_keys_that_arrive_while_the_library_is_asked_are_given_once(database: Database, folk: Folk):
    right = await the_right(database)
    async with database.transaction() as session:
        product = await session.get_one(Product, folk.product)
        await add_keys(session, product, ["one", "two"], now=NOW)
        assert await deliver_waiting(session, product, now=NOW) == 1
        asking = asyncio.create_task(asks_again(database, folk, right))
        await until_waiting(database, asking)
    (message,) = await asking
    assert "one" in message.text
    async with database.reading() as session:
        assert await count(session, LicenceKey, LicenceKey.entitlement_id == right) == 1


async def test_a_right_that_is_taken_back_while_the_library_is_asked_gets_no_key(database: Database, folk: Folk):
    right = await the_right(database)
    async with database.transaction() as session:
        await add_keys(session, await session.get_one(Product, folk.product), ["one"], now=NOW)
    async with database.transaction() as session:
        await revoke(session, await session.get_one(Entitlement, right), by="refund", now=NOW)
        asking = asyncio.create_task(asks_again(database, folk, right))
        await until_waiting(database, asking)
    with pytest.raises(NotOwned):
        await asking
    async with database.reading() as session:
        assert await count(session, LicenceKey, LicenceKey.entitlement_id.is_not(None)) == 0
