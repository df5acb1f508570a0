"""`/api/v1/products/{id}/files` and `/image`: versions, who sees what, and how it reaches those who bought."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from file_desk import Desk, a_desk, a_picture
from sqlalchemy import Delete, Update, delete, select, update
from web_world import error_of

from domain.entitlements import grant
from domain.leads import capture_lead
from domain.people import Profile, see_person
from store.database import Database
from store.models import Account, AccountState, Membership, OutboxKind, OutboxMessage, Product


@pytest.fixture
async def desk(database: Database, tmp_path: Path) -> AsyncIterator[Desk]:
    async for desk in a_desk(database, tmp_path / "files"):
        yield desk


@pytest.fixture
async def either_desk(either_database: Database, tmp_path: Path) -> AsyncIterator[Desk]:
    async for desk in a_desk(either_database, tmp_path / "files"):
        yield desk


async def test_a_file_of_the_same_name_is_the_next_version_and_is_taken_away_again(either_desk: Desk):
    desk, product = either_desk, await either_desk.product()
    path = f"/products/{product}/files"
    first = await desk.send(path, b"one", "pack.zip")
    assert first.status == 201
    assert (await (await desk.send(path, b"help", "read.me")).json())["version"] == 1
    second = await desk.call("POST", path, json={"upload_id": await desk.upload(b"two!", "pack.zip")})
    told = await second.json()
    assert (told["file_name"], told["version"], told["size"]) == ("pack.zip", 2, 4)
    listed = await (await desk.call("GET", path, params={"limit": "1"})).json()
    assert (listed["total"], listed["has_more"], listed["items"][0]["file_name"]) == (2, True, "read.me")
    assert [each.replaced_at is None for each in await desk.rows()] == [False, True, True]
    # nobody else sees them or takes them away
    for method, where in (("GET", path), ("POST", path), ("DELETE", f"{path}/{told['id']}")):
        response = await desk.call(method, where, by=desk.stranger, json={"upload_id": 1})
        assert (response.status, (await error_of(response))["code"]) == (404, "NO_SUCH_PRODUCT")
    assert (await desk.call("DELETE", f"{path}/{told['id']}")).status == 204
    assert (await desk.call("DELETE", f"{path}/{told['id']}")).status == 404
    listed = await (await desk.call("GET", path)).json()
    assert [each["file_name"] for each in listed["items"]] == ["read.me"]
    # the version before goes with it
    assert [each.removed_at is None for each in await desk.rows()] == [False, True, False]


async def test_what_cannot_be_a_products_file_or_picture_is_refused(desk: Desk):
    product, other = await desk.product(), await desk.product("Other")
    file, image = await desk.upload(b"pack"), await desk.upload(a_picture(), "me.jpg", kind="images")
    files, picture = f"/products/{product}/files", f"/products/{product}/image"
    for method, path, upload, status, code in (
        ("POST", files, 99, 404, "NO_SUCH_UPLOAD"),
        ("PUT", picture, 99, 404, "NO_SUCH_UPLOAD"),
        ("POST", files, image, 409, "WRONG_UPLOAD"),
        ("PUT", picture, file, 409, "WRONG_UPLOAD"),
        ("PUT", "/products/99/image", image, 404, "NO_SUCH_PRODUCT"),
        ("POST", files, "1", 422, "INVALID"),
        ("POST", files, True, 422, "INVALID"),
        ("PUT", picture, 2**63, 422, "INVALID"),
    ):
        response = await desk.call(method, path, json={"upload_id": upload})
        assert (response.status, (await error_of(response))["code"]) == (status, code), (path, upload)
    assert (await desk.call("POST", files, data=b"x", headers={"Content-Type": "text/plain"})).status == 415
    # another creator's upload is none
    response = await desk.send("/uploads/files", b"theirs")
    async with desk.site.database.transaction() as session:
        theirs = (await response.json())["id"]
        row = next(each for each in await desk.rows() if each.id == theirs)
        await session.execute(update(type(row)).where(type(row).id == theirs).values(creator_id=desk.creator + 1))
    assert (await desk.call("POST", files, json={"upload_id": theirs})).status == 404
    # what one product has, no other gets
    assert (await desk.call("POST", files, json={"upload_id": file})).status == 201
    assert (await desk.call("PUT", picture, json={"upload_id": image})).status == 200
    assert (await desk.call("PUT", picture, json={"upload_id": image})).status == 200
    response = await desk.call("POST", f"/products/{other}/files", json={"upload_id": file})
    assert (response.status, (await error_of(response))["code"]) == (409, "FILE_TAKEN")
    response = await desk.call("PUT", f"/products/{other}/image", json={"upload_id": image})
    assert (response.status, (await error_of(response))["code"]) == (409, "UPLOAD_TAKEN")
    # nothing of a form that is refused stays, and what it is for is asked first
    before = desk.kept
    assert (await desk.send("/products/99/files", b"lost")).status == 404
    assert (await desk.send(picture, b"no picture", method="PUT")).status == 422
    await desk.tidy()
    assert desk.kept == before


async def test_the_picture_is_everybodys_while_the_product_is_on_sale(either_desk: Desk):
    desk, product = either_desk, await either_desk.product()
    path = f"/products/{product}/image"
    public = f"/api/v1{path}"
    assert (await desk.client.get(public)).status == 404
    told = await (await desk.send(path, a_picture(), method="PUT")).json()
    assert (told["url"], told["width"], told["height"]) == (f"https://spark.example{public}", 400, 300)
    shown = await desk.client.get(public)
    content = await shown.read()
    assert (shown.status, shown.content_type, len(content)) == (200, "image/jpeg", told["size"])
    assert shown.headers["Cache-Control"] == "public, max-age=300"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert shown.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    again = await desk.client.get(public, headers={"If-None-Match": f'"other", W/{shown.headers["ETag"]}'})
    assert (again.status, await again.read(), again.headers["ETag"]) == (304, b"", shown.headers["ETag"])
    # another takes its place, with another tag
    await desk.send(path, a_picture("PNG", "RGBA"), method="PUT")
    changed = await desk.client.get(public, headers={"If-None-Match": shown.headers["ETag"]})
    assert (changed.status, changed.content_type) == (200, "image/png")
    # off sale it is its creator's alone
    async with desk.site.database.transaction() as session:
        await session.execute(update(Product).values(active=False))
    assert (await desk.client.get(public)).status == 404
    assert (await desk.call("GET", path, by=desk.stranger)).status == 404
    own = await desk.call("GET", path)
    assert (own.status, own.headers["Cache-Control"]) == (200, "private, no-cache")
    assert (await desk.call("DELETE", path, by=desk.stranger)).status == 404
    assert (await desk.call("DELETE", path)).status == 204
    assert (await desk.call("DELETE", path)).status == 404
    assert (await desk.call("GET", path)).status == 404


async def test_what_comes_by_the_api_is_delivered_to_those_who_wait_for_it(either_desk: Desk):
    desk, product = either_desk, await either_desk.product()
    async with desk.site.database.transaction() as session:
        now = desk.site.clock()
        person = await see_person(session, 1, Profile(2001, "Lena", None, "en"), now=now)
        lead, _ = await capture_lead(session, desk.creator, person, source=None, now=now)
        await grant(session, lead, product, origin="gift", now=now)
    sent = await (await desk.send(f"/products/{product}/files", b"whole")).json()
    async with desk.site.database.reading() as session:
        promised = select(OutboxMessage).where(OutboxMessage.kind == OutboxKind.DELIVERY)
        messages = (await session.scalars(promised)).all()
    assert [each.message["file"] for each in messages] == [sent["id"]]


@pytest.mark.parametrize("path", ["/creator/upload", "/products/{}/files"])
async def test_what_took_long_to_come_is_taken_from_those_alone_who_still_may(desk: Desk, path: str):
    path = path.format(await desk.product())
    gone = delete(Membership).where(Membership.account_id == desk.account)
    closed = update(Account).where(Account.id == desk.account).values(state=AccountState.SUSPENDED)
    texts = {"title": "Pack", "price": "1900"} if path == "/creator/upload" else None
    for change, status, code in ((closed, 401, "UNAUTHORIZED"), (gone, 403, "FORBIDDEN")):

        async def slowly(change: Update | Delete) -> AsyncIterator[bytes]:
            yield b"x" * 200_000
            async with asyncio.timeout(10):
                while not await desk.rows():  # noqa: ASYNC110 - a row wakes nobody
                    await asyncio.sleep(0.01)
            async with desk.site.database.transaction() as session:
                await session.execute(change)
            yield b"the rest"

        response = await desk.send(path, slowly(change), texts=texts)
        assert (response.status, (await error_of(response))["code"]) == (status, code)
        assert await desk.nothing_stays()
        async with desk.site.database.transaction() as session:
            await session.execute(update(Account).values(state=AccountState.ACTIVE))
