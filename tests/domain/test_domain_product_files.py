"""Files of products: whose they are, what is taken away, and who gets those that come later."""

import asyncio
from datetime import datetime, timedelta

import pytest
from folk import NOW, Folk, a_product, arrives, promised, some_folk
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.deliveries import note_withdrawn
from domain.downloads import NoSuchDownload, find_download, make_link, open_download
from domain.entitlements import grant
from domain.product_files import FileTaken, attach_file, remove_file
from domain.products import current_files, keep_upload
from domain.shop_setup import ShopSetup
from kit.text import CAPTION_LIMIT
from store.database import Database
from store.models import Creator, Entitlement, Lead, OutboxKind, OutboxState, Product, StoredFile

SHOP = ShopSetup()
LATER = NOW + timedelta(minutes=1)


async def sent(session: AsyncSession, folk: Folk, name: str, *, blob: str | None = None) -> int:
    kept = await keep_upload(
        session,
        creator_id=folk.creator,
        bot_id=1,
        telegram_file_id=name,
        file_name=name,
        mime_type="application/zip",
        size=7,
        now=NOW,
    )
    kept.blob = blob
    await session.flush()
    return kept.id


async def another_product(session: AsyncSession, folk: Folk) -> int:
    return (await a_product(session, await session.get_one(Creator, folk.creator), file=False)).id


async def names(session: AsyncSession, product_id: int) -> list[str]:
    return [each.file_name for each in await current_files(session, product_id)]


async def give(session: AsyncSession, folk: Folk, origin: str = "gift", *, now: datetime = NOW) -> int:
    await grant(session, await session.get_one(Lead, folk.lead), folk.product, origin=origin, now=now)
    return (await session.scalars(select(Entitlement.id).where(Entitlement.origin == origin))).one()


async def test_a_file_that_one_product_has_is_not_taken_from_it_by_another(database: Database):
    folk = await some_folk(database, file=False)
    async with database.transaction() as session:
        other = await another_product(session, folk)
        file_id = await sent(session, folk, "one.zip")
        await attach_file(session, folk.creator, file_id, folk.product, now=NOW)
        with pytest.raises(FileTaken) as refused:
            await attach_file(session, folk.creator, file_id, other, now=NOW)
        assert refused.value.why is not None
        assert refused.value.why.values == {"name": "one.zip", "title": "Preset <pack>"}
        # nor is one that was taken away from the first
        await remove_file(session, await session.get_one(Product, folk.product), file_id, now=NOW)
        with pytest.raises(FileTaken):
            await attach_file(session, folk.creator, file_id, other, now=NOW)
        assert await names(session, other) == []
        await attach_file(session, folk.creator, file_id, folk.product, now=NOW)
        assert await names(session, folk.product) == ["one.zip"]


async def test_a_file_tapped_for_two_products_at_once_is_one_s(database: Database):
    folk = await some_folk(database, file=False)
    async with database.transaction() as session:
        other = await another_product(session, folk)
        file_id = await sent(session, folk, "one.zip")

    async def attach(product_id: int) -> int:
        async with database.transaction() as session:
            try:
                await attach_file(session, folk.creator, file_id, product_id, now=NOW)
            except FileTaken:
                return 0
            return 1

    assert sum(await asyncio.gather(*(attach(each) for each in (folk.product, other) * 3))) == 3
    async with database.reading() as session:
        assert sorted([await names(session, folk.product), await names(session, other)]) == [[], ["one.zip"]]


async def test_a_link_to_a_file_that_was_taken_away_leads_nowhere_and_one_to_an_earlier_version_still_does(
    database: Database,
):
    folk = await some_folk(database, file=False)
    async with database.transaction() as session:
        product = await session.get_one(Product, folk.product)
        first, second = [await sent(session, folk, "one.zip", blob=blob) for blob in ("a" * 64, "b" * 64)]
        await attach_file(session, folk.creator, first, folk.product, now=NOW)
        right = await give(session, folk)
        older = await make_link(session, right, first, SHOP, now=NOW)
        await attach_file(session, folk.creator, second, folk.product, now=NOW)
        newer = await make_link(session, right, second, SHOP, now=NOW)
        assert older is not None
        assert newer is not None
        assert (await find_download(session, older, now=NOW)).blob == "a" * 64
        await remove_file(session, product, second, now=NOW)
    async with database.transaction() as session:
        for link in (older, newer):
            with pytest.raises(NoSuchDownload):
                await find_download(session, link, now=NOW)
            with pytest.raises(NoSuchDownload):
                await open_download(session, link, size=7, start=0, length=7, now=NOW)
        assert [await make_link(session, right, each, SHOP, now=NOW) for each in (first, second)] == [None, None]
        # what comes under that name later is another file
        third = await sent(session, folk, "one.zip", blob="c" * 64)
        await attach_file(session, folk.creator, third, folk.product, now=NOW)
        with pytest.raises(NoSuchDownload):
            await find_download(session, newer, now=NOW)
        # and one that is put back is there again
        await attach_file(session, folk.creator, second, folk.product, now=NOW)
        assert (await find_download(session, newer, now=NOW)).blob == "b" * 64


async def test_an_order_is_done_when_what_is_left_of_it_has_come_and_the_rest_was_withdrawn(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        await attach_file(session, folk.creator, await sent(session, folk, "two.zip"), folk.product, now=NOW)
        right = await give(session, folk)
        first, second = await promised(session, OutboxKind.DELIVERY)
        first.state, second.state = OutboxState.SENT, OutboxState.CANCELLED
        await session.flush()
        await note_withdrawn(session, right, now=NOW)
        assert (await session.get_one(Entitlement, right, populate_existing=True)).delivered_at == NOW


async def test_who_got_nothing_because_it_was_withdrawn_gets_what_comes_in_its_place(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        right = await give(session, folk)
        (only,) = await promised(session, OutboxKind.DELIVERY)
        only.state = OutboxState.CANCELLED
        await session.flush()
        await note_withdrawn(session, right, now=NOW)
        assert (await session.get_one(Entitlement, right, populate_existing=True)).delivered_at is None
        await attach_file(session, folk.creator, await sent(session, folk, "two.zip"), folk.product, now=NOW)
        *_, last = await promised(session, OutboxKind.DELIVERY)
        assert (last.state, last.entitlement_id) == (OutboxState.QUEUED, right)


async def test_who_waited_for_files_gets_all_of_them_with_the_creators_words_and_nobody_else_does(
    database: Database,
):
    folk = await some_folk(database, file=False)
    async with database.transaction() as session:
        await session.execute(update(Product).values(instructions="Unzip <first>."))
        waited = await give(session, folk, "line:1")
        first, second, third = [await sent(session, folk, name) for name in ("one.zip", "two.zip", "three.zip")]
        await attach_file(session, folk.creator, first, folk.product, now=LATER)
        await arrives(session, waited)
    async with database.transaction() as session:
        # this one has what there is, and finds the rest in the library
        late = await give(session, folk, "line:2", now=LATER)
        await arrives(session, late)
        for each in (second, second, third):
            await attach_file(session, folk.creator, each, folk.product, now=LATER)
        # another version is what /library has
        again = await sent(session, folk, "two.zip")
        await attach_file(session, folk.creator, again, folk.product, now=LATER)
    async with database.reading() as session:
        came = [(each.entitlement_id, each.message["file"]) for each in await promised(session, OutboxKind.DELIVERY)]
        assert came == [(waited, first), (late, first), (waited, second), (waited, third)]
        texts = [str(each.message["text"]) for each in await promised(session, OutboxKind.DELIVERY)]
        assert ["Unzip &lt;first&gt;." in each for each in texts] == [True, True, False, False]
        assert all("Preset &lt;pack&gt;" in each for each in texts)


async def test_words_too_long_for_under_a_file_go_before_the_one_that_was_waited_for(database: Database):
    folk = await some_folk(database, file=False)
    async with database.transaction() as session:
        await session.execute(update(Product).values(instructions="x" * CAPTION_LIMIT))
        await give(session, folk)
        file_id = await sent(session, folk, "one.zip")
        await attach_file(session, folk.creator, file_id, folk.product, now=NOW)
        words, file = await promised(session, OutboxKind.DELIVERY)
        assert words.message["text"].endswith("x" * CAPTION_LIMIT)
        assert (words.message.get("file"), file.message["file"]) == (None, file_id)
        assert len(file.message["text"]) < CAPTION_LIMIT


async def test_a_file_put_back_keeps_its_place_among_those_who_had_it_from_the_start(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        right = await give(session, folk)
        await arrives(session, right)
        file_id = (await session.scalars(select(StoredFile.id))).one()
        await attach_file(session, folk.creator, file_id, folk.product, now=LATER)
        await attach_file(session, folk.creator, await sent(session, folk, "two.zip"), folk.product, now=LATER)
        assert len(await promised(session, OutboxKind.DELIVERY)) == 1
