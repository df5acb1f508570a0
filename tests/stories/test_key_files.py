"""Lists of licence keys as creators really have them: every editor's line ends, a mark at the start, repeats."""

import base64
import io

import orjson
import pytest
from sqlalchemy import func, select
from world import World

from domain.key_files import MOST_BYTES
from domain.licence_keys import KEY_LENGTH, MOST_AT_ONCE
from domain.products import add_product
from kit.money import Money
from store.models import Creator, LicenceKey, ProductKind, StoredFile


@pytest.fixture
async def plug_in(world: World) -> int:
    async with world.spark.database.transaction() as session:
        creator = (await session.scalars(select(Creator).order_by(Creator.id).limit(1))).one()
        more = {"title": "Plug-in", "price": Money(500, "usd"), "kind": ProductKind.LICENCE_KEY}
        return (await add_product(session, creator_id=creator.id, now=world.clock(), **more)).id


async def sends(world: World, product_id: int, content: bytes, name: str = "keys.txt") -> None:
    asked = await world.creator.count("Plug-in")
    await world.creator.say(f"/product {product_id} keys")
    await world.creator.hears("Plug-in", times=asked + 1)
    await world.creator.send_file(name, content)


async def uploads(world: World, content: bytes) -> None:
    """The same for what is too large to be sent in one piece."""
    document = {
        "file_name": "keys.txt",
        "mime_type": "text/plain",
        "content_base64": base64.b64encode(content).decode(),
    }
    body = io.BytesIO(orjson.dumps({"document": document}))
    address = f"{world.address}/playground/api/people/{world.creator.id}/messages"
    async with world._http.post(address, data=body, headers={"Content-Type": "application/json"}) as answer:
        assert answer.status == 200, await answer.text()


async def keys(world: World) -> list[str]:
    async with world.spark.database.reading() as session:
        return list(await session.scalars(select(LicenceKey.key).order_by(LicenceKey.id)))


async def lists_kept(world: World) -> int:
    """Files of keys that still stand somewhere."""
    async with world.spark.database.reading() as session:
        theirs = select(func.count()).where(StoredFile.file_name.startswith("keys"))
        return await session.scalar(theirs) or 0


async def test_a_list_from_any_editor_is_read_line_by_line(world: World, plug_in: int):
    content = '\ufeffAAA-1\r\n\r\n  BBB-2 \rCCC-3\n\n"DDD-4"\r\nAAA-1\nÄÖ-5\r\n   \r\n'.encode()
    await sends(world, plug_in, content)
    told = await world.creator.hears("5 keys added")
    assert "1 was there already" in told.text
    assert await keys(world) == ["AAA-1", "BBB-2", "CCC-3", "DDD-4", "ÄÖ-5"]
    # the same list again, with one more at its end
    await sends(world, plug_in, content + b"EEE-6")
    told = await world.creator.hears("1 key added")
    assert "6 were there already" in told.text
    assert (await keys(world))[5:] == ["EEE-6"]
    assert await lists_kept(world) == 0


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"PK\x03\x04\x14\x00\x00\x00\x08\x00\xff\xfe", "this is no list of keys"),
        ("AAA-1\nBBB-2\n".encode("utf-16"), "this is no list of keys"),
        (b"AAA-1\nBBB\x00-2\n", "key 2 cannot be one"),
        (b"AAA-1\n" + b"B" * (KEY_LENGTH + 1), "key 2 cannot be one"),
        (b"\xef\xbb\xbf\r\n \r\n", f"send between 1 and {MOST_AT_ONCE} keys"),
        (b"\n".join(b"K-%d" % number for number in range(MOST_AT_ONCE + 1)), f"send between 1 and {MOST_AT_ONCE} keys"),
    ],
    ids=["zip", "utf-16", "nul", "long", "blank", "many"],
)
async def test_what_is_no_list_of_keys_adds_none_of_them_and_says_why(
    world: World, plug_in: int, content: bytes, why: str
):
    await sends(world, plug_in, content)
    await world.creator.hears(why)
    assert await keys(world) == []
    assert await lists_kept(world) == 0


async def test_a_list_that_is_too_large_is_not_even_fetched(world: World, plug_in: int):
    await world.creator.say(f"/product {plug_in} keys")
    await world.creator.hears("Plug-in")
    await uploads(world, b"A" * (MOST_BYTES + 1))
    await world.creator.hears("has up to 12 MB")
    await world.settle()
    assert await keys(world) == []
    assert await world.calls("getFile") == []
    # the question stands: a smaller one is taken
    await world.creator.send_file("keys.txt", b"AAA-1")
    await world.creator.hears("1 key added")
    assert await keys(world) == ["AAA-1"]
