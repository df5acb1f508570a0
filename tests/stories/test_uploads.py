"""A creator sends up a file from a browser; buyers get it in the chat, or by a link when it is too large for one."""

import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest
from sqlalchemy import select
from world import PersonOfTheWorld, World

from domain.creators import add_creator
from domain.leads import capture_lead
from domain.orders import open_order
from domain.paying import Received, pay_order
from domain.pricing import Wish
from domain.products import add_product
from domain.setups import CreatorSetup
from kit.money import Money
from store.models import Creator, FileHandle, Person, Product, ProductKind, StoredFile

MB = 1024 * 1024
LARGE = 60 * MB


@pytest.fixture
async def product_id(world: World) -> int:
    async with world.spark.database.transaction() as session:
        creator = (await session.scalars(select(Creator).order_by(Creator.id).limit(1))).one()
        price = Money(500, "usd")
        product = await add_product(
            session, creator_id=creator.id, title="Film <cut>", price=price, kind=ProductKind.FILE, now=world.clock()
        )
        return product.id


async def a_buyer(world: World, name: str, product_id: int) -> PersonOfTheWorld:
    """Somebody who has paid for it."""
    person, now = await world.person(name), world.clock()
    await person.say("/shop")
    await person.hears("Studio North")
    async with world.spark.database.transaction() as session:
        known = (await session.scalars(select(Person).where(Person.telegram_id == person.id))).one()
        product = await session.get_one(Product, product_id)
        lead, _ = await capture_lead(session, product.creator_id, known, source=None, now=now)
        wish, setup = Wish(product, quantity=1), CreatorSetup()
        order = await open_order(session, lead, wish, now=now, good_for=timedelta(hours=1), setup=setup)
        await pay_order(session, order, Received("stripe", f"pi_{order.id}", Money(order.total_minor, "usd")), now=now)
    return person


async def the_page(world: World, product_id: int, *, times: int = 1) -> str:
    """Where the creator sends up a file; asked for by the line."""
    await world.creator.say(f"/product upload {product_id}")
    said = await world.creator.hears("the button opens a page", times=times)
    return str(said.button("Open the page")["url"])


async def send_up(world: World, url: str, name: str, pieces: AsyncIterator[bytes] | bytes) -> tuple[int, str]:
    form = aiohttp.FormData()
    form.add_field("file", pieces, filename=name, content_type="video/mp4")
    async with world._http.post(url, data=form) as answer:
        return answer.status, await answer.text()


async def a_film() -> AsyncIterator[bytes]:
    for number in range(LARGE // MB):
        yield bytes([number]) * MB


async def test_what_is_sent_up_reaches_those_who_wait_and_those_who_buy_later_in_the_chat(
    world: World, product_id: int
):
    lena = await a_buyer(world, "Lena", product_id)
    await lena.hears("You will hear here how you get it")
    await world.creator.say(f"/product {product_id} file")
    await world.creator.tap("Upload a big file")
    said = await world.creator.hears("the button opens a page")
    url = str(said.button("Open the page")["url"])
    async with world._http.get(url) as answer:
        page = await answer.text()
        assert answer.status == 200
    assert "Film &lt;cut&gt;" in page
    assert '<input type="file"' in page
    status, text = await send_up(world, url, "film.mp4", b"1" * MB)
    assert (status, "“film.mp4” has arrived" in text) == (200, True)
    told = await world.creator.hears("is now delivered with this file")
    assert f"1.0 MB, SHA-256 {hashlib.sha256(b'1' * MB).hexdigest()}" in told.text
    assert "in the chat" in told.text
    await lena.gets_file("film.mp4")
    # once
    status, text = await send_up(world, url, "other.mp4", b"2")
    assert (status, "has been used" in text) == (410, True)

    again = await the_page(world, product_id, times=2)
    assert (await send_up(world, again, "film.mp4", b"3" * MB))[0] == 200
    await world.creator.hears("is version 2 now")
    anna = await a_buyer(world, "Anna", product_id)
    await anna.gets_file("film.mp4")
    await lena.say("/library")
    await lena.hears("Yours from")
    await lena.tap("Film")
    async with world.spark.database.reading() as session:
        newest = (await session.scalars(select(StoredFile).where(StoredFile.version == 2))).one()
        assert (newest.sha256, newest.size) == (hashlib.sha256(b"3" * MB).hexdigest(), MB)
        handle = (await session.scalars(select(FileHandle).where(FileHandle.file_id == newest.id))).one()

    async def by_handle() -> bool:
        sent = [call["params"]["document"] for call in await world.calls("sendDocument")]
        return sent[-1] == handle.telegram_file_id

    assert await world.until(by_handle)


async def test_what_is_too_large_for_a_chat_is_downloaded_by_a_link_in_parts_too(world: World, product_id: int):
    url = await the_page(world, product_id)
    assert (await send_up(world, url, "film.mp4", a_film()))[0] == 200
    assert "download link" in (await world.creator.hears("is now delivered with this file")).text
    lena = await a_buyer(world, "Lena", product_id)
    link = str((await lena.hears("is too large for a chat")).button("Download")["url"])
    digest = hashlib.sha256()
    async with world._http.get(link) as answer:
        assert (answer.status, answer.content_length) == (200, LARGE)
        assert answer.content_type == "video/mp4"
        async for piece in answer.content.iter_any():
            digest.update(piece)
    async with world.spark.database.reading() as session:
        stored = (await session.scalars(select(StoredFile).where(StoredFile.file_name == "film.mp4"))).one()
    assert (stored.sha256, stored.size) == (digest.hexdigest(), LARGE)
    part = {"Range": f"bytes={7 * MB - 2}-{7 * MB + 1}"}
    async with world._http.get(link, headers=part) as answer:
        assert (answer.status, await answer.read()) == (206, b"\x06\x06\x07\x07")
    await lena.say("/library")
    await lena.hears("Yours from")
    await lena.tap("Film")
    await lena.hears("is too large for a chat", times=2)
    assert await world.calls("sendDocument") == []


async def test_a_page_is_of_its_own_creator_for_an_hour(world: World, product_id: int):
    lena = await world.person("Lena")
    await lena.say("/shop")
    await lena.hears("Studio North")
    await lena.say(f"/product upload {product_id}")
    await lena.hears("This is for creators")
    async with world.spark.database.transaction() as session:
        other = (await add_creator(session, name="Other", slug="other", now=world.clock())).creator
        theirs = await add_product(
            session, creator_id=other.id, title="Theirs", price=Money(500, "usd"), now=world.clock()
        )
    await world.creator.say(f"/product upload {theirs.id}")
    await world.creator.hears("no such product")
    url = await the_page(world, product_id)
    await world.skip(minutes=59)
    async with world._http.get(url) as answer:
        assert answer.status == 200
    await world.skip(minutes=1)
    for method in ("GET", "POST"):
        async with world._http.request(method, url) as answer:
            assert answer.status == 410
            assert "too old" in await answer.text()
