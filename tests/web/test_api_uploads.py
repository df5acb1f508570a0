"""`/api/v1/uploads` and `/creator/upload`: what comes up is known to the store, and nothing stays of what fails."""

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import FormData
from file_desk import Desk, a_desk, a_picture
from PIL import Image
from sqlalchemy import select
from web_world import error_of

import web.multipart
from domain.loose_files import LOOSE_FOR, UploadKind, promise_upload
from store.database import Database
from store.models import Product

MB = 1 << 20


@pytest.fixture
async def desk(database: Database, tmp_path: Path) -> AsyncIterator[Desk]:
    async for desk in a_desk(database, tmp_path / "files"):
        yield desk


@pytest.fixture
async def either_desk(either_database: Database, tmp_path: Path) -> AsyncIterator[Desk]:
    async for desk in a_desk(either_database, tmp_path / "files"):
        yield desk


async def test_a_picture_is_drawn_anew_and_waits_a_day_for_a_product(either_desk: Desk):
    desk, exif = either_desk, Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "my garden"
    sent = a_picture(exif=exif)
    response = await desk.send("/uploads/images", sent, "../../me.PNG", kind="text/html")
    assert response.status == 201
    told = await response.json()
    # by its bytes, not by its name; upright, and without what it told of a garden
    assert (told["kind"], told["file_name"], told["mime_type"]) == ("image", "me.jpg", "image/jpeg")
    assert (told["width"], told["height"], told["product_id"]) == (300, 400, None)
    kept = next(path for path in desk.folder.rglob("*") if path.is_file()).read_bytes()
    assert (b"my garden" in sent, b"my garden" in kept) == (True, False)
    assert (told["size"], told["sha256"]) == (len(kept), hashlib.sha256(kept).hexdigest())
    assert Image.open(io.BytesIO(kept)).size == (300, 400)
    for moving in (a_picture("GIF", "P"), a_picture("WEBP", "RGBA")):
        assert (await desk.send("/uploads/images", moving, "a")).status == 201
    desk.site.clock.pass_time(seconds=LOOSE_FOR.total_seconds() - 1)
    await desk.tidy()
    assert desk.kept == 3
    desk.site.clock.pass_time(seconds=1)
    assert await desk.nothing_stays()
    assert (await desk.call("GET", f"/uploads/{told['id']}")).status == 404


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no JPEG"),
        (b"GIF89a" + bytes(64), "damaged"),
        (a_picture()[:400], "damaged"),
        (a_picture("PNG", "L", (8001, 5000)), "40 megapixels"),
    ],
)
async def test_what_is_no_picture_is_refused_and_leaves_nothing(desk: Desk, sent: bytes, why: str):
    response = await desk.send("/uploads/images", sent, "me.jpg", kind="image/jpeg")
    error = await error_of(response)
    assert (response.status, error["code"], why in error["message"]) == (422, "BAD_PICTURE", True)
    assert await desk.nothing_stays()


async def test_a_picture_of_more_than_20_mb_is_refused_as_it_comes(desk: Desk):
    async def endless() -> AsyncIterator[bytes]:
        yield a_picture()
        for _ in range(21):
            yield bytes(MB)

    for content in (a_picture() + bytes(21 * MB), endless()):
        response = await desk.send("/uploads/images", content, "me.jpg")
        assert (response.status, (await error_of(response))["code"]) == (413, "UPLOAD_TOO_LARGE")
    assert await desk.nothing_stays()


async def test_a_file_is_kept_as_it_came_and_a_product_takes_it(either_desk: Desk):
    desk, content = either_desk, bytes(range(256)) * 4096
    response = await desk.send("/uploads/files", content, "C:\\mine\\pack.zip")
    told = await response.json()
    assert (response.status, told["kind"], told["file_name"], told["size"]) == (201, "file", "pack.zip", MB)
    assert (told["sha256"], told["mime_type"]) == (hashlib.sha256(content).hexdigest(), "application/zip")
    assert told["width"] is told["height"] is told["product_id"] is None
    assert told["expires_at"] == (desk.site.clock() + timedelta(days=1)).isoformat().replace("+00:00", "Z")
    product = await desk.product()
    taken = await desk.call("POST", f"/products/{product}/files", json={"upload_id": told["id"]})
    assert taken.status == 201
    desk.site.clock.pass_time(days=9)
    await desk.tidy()
    shown = await (await desk.call("GET", f"/uploads/{told['id']}")).json()
    assert (shown["product_id"], shown["expires_at"], desk.kept) == (product, None, 1)


async def test_an_upload_is_its_creators_to_see_and_to_take_back(desk: Desk):
    upload = await desk.upload(b"mine")
    path = f"/uploads/{upload}"
    for method in ("GET", "DELETE"):
        response = await desk.call(method, path, by=desk.stranger)
        assert (response.status, (await error_of(response))["code"]) == (404, "NO_SUCH_UPLOAD")
        assert (await desk.call(method, "/uploads/9223372036854775808")).status == 404
    assert (await desk.call("GET", path)).status == 200
    assert (await desk.call("DELETE", path)).status == 204
    for method in ("GET", "DELETE"):
        assert (await desk.call(method, path)).status == 404
    assert await desk.nothing_stays()
    # of what a product has, the product's files are the place
    taken, product = await desk.upload(b"taken"), await desk.product()
    await desk.call("POST", f"/products/{product}/files", json={"upload_id": taken})
    response = await desk.call("DELETE", f"/uploads/{taken}")
    assert (response.status, (await error_of(response))["code"]) == (409, "UPLOAD_TAKEN")


@pytest.mark.parametrize(
    ("status", "code", "headers", "body"),
    [
        (415, "NO_UPLOAD", {"Content-Type": "application/json"}, b"{}"),
        (415, "NO_UPLOAD", {}, b""),
        (400, "UPLOAD_BROKEN", {"Content-Type": "multipart/form-data"}, b"--x--\r\n"),
        (400, "UPLOAD_BROKEN", {"Content-Type": "multipart/form-data; boundary=x"}, b"no boundary at all"),
        (422, "NO_UPLOAD", {"Content-Type": "multipart/form-data; boundary=x"}, b"--x--\r\n"),
        (
            422,
            "NO_UPLOAD",
            {"Content-Type": "multipart/form-data; boundary=x"},
            b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nno file\r\n--x--\r\n',
        ),
        (
            422,
            "INVALID",
            {"Content-Type": "multipart/form-data; boundary=x"},
            b'--x\r\nContent-Disposition: form-data; name="f\xffle"\r\n\r\nno file\r\n--x--\r\n',
        ),
        (
            400,
            "UPLOAD_BROKEN",
            {"Content-Type": "multipart/form-data; boundary=x"},
            b"--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y--\r\n--x--\r\n",
        ),
        # a name that cannot be read
        (
            400,
            "UPLOAD_BROKEN",
            {"Content-Type": "multipart/form-data; boundary=x"},
            b'--x\r\nContent-Disposition: form-data; name="file"; filename*0=it\'s\r\n\r\nabc\r\n--x--\r\n',
        ),
    ],
)
async def test_what_is_no_form_with_one_file_is_refused_and_leaves_nothing(
    desk: Desk, status: int, code: str, headers: dict[str, str], body: bytes
):
    for kind in ("files", "images"):
        response = await desk.call("POST", f"/uploads/{kind}", data=body, headers=headers)
        assert response.status == status, await response.text()
        assert (await error_of(response))["code"] == code
    assert await desk.nothing_stays()


async def test_empty_ones_twice_the_same_and_other_parts_are_refused(desk: Desk):
    empty = await desk.send("/uploads/files", b"")
    assert (empty.status, (await error_of(empty))["fields"]) == (422, {"file": "is empty"})
    other = await desk.send("/uploads/files", b"x", part="document")
    assert (other.status, (await error_of(other))["fields"]) == (422, {"document": "there is no such part here"})
    one = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    twice = await desk.call("POST", "/uploads/files", data=one * 2 + b"--x--\r\n", headers=headers)
    assert (twice.status, (await error_of(twice))["fields"]) == (422, {"file": "give it once"})
    assert await desk.nothing_stays()


async def until(desk: Desk, kept: int) -> None:
    async with asyncio.timeout(10):
        while desk.kept != kept:  # noqa: ASYNC110 - the disk wakes nobody
            await asyncio.sleep(0.01)


async def test_of_a_body_that_is_cut_off_or_too_large_nothing_stays(database: Database, tmp_path: Path):
    async for desk in a_desk(database, tmp_path / "files", most_upload=16 * MB):
        large = await desk.send("/uploads/files", bytes(16 * MB + 1))
        assert (large.status, (await error_of(large))["code"]) == (413, "UPLOAD_TOO_LARGE")
        token = desk.site.bearer(desk.account)["Authorization"]
        await desk.site.open_sessions()
        head = f"POST /api/v1/uploads/files HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n"
        head += f"Content-Length: {15 * MB}\r\nContent-Type: multipart/form-data; boundary=b\r\n\r\n"
        part = '--b\r\nContent-Disposition: form-data; name="file"; filename="film.mp4"\r\n\r\n'
        _, writer = await asyncio.open_connection(desk.client.host, desk.client.port)
        writer.write(head.encode() + part.encode() + b"x" * 12 * MB)
        await writer.drain()
        # some of it has come as far as the disk
        await until(desk, 1)
        writer.transport.abort()
        await until(desk, 0)
        async with asyncio.timeout(10):
            while not await desk.nothing_stays():  # noqa: ASYNC110 - nor does the tick
                await asyncio.sleep(0.01)


async def test_who_falls_silent_is_waited_for_no_longer(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(web.multipart, "SILENCE_SECONDS", 0.2)

    async def stops() -> AsyncIterator[bytes]:
        yield b"x" * 100_000
        await asyncio.sleep(1)

    response = await desk.send("/uploads/files", stops())
    assert (response.status, (await error_of(response))["code"]) == (400, "UPLOAD_BROKEN")
    assert await desk.nothing_stays()


async def test_what_the_file_store_does_not_take_is_told_and_can_be_sent_again(desk: Desk):
    in_the_way = desk.folder / "uploads"
    in_the_way.write_bytes(b"")
    for kind, content in (("files", b"whole"), ("images", a_picture())):
        response = await desk.send(f"/uploads/{kind}", content)
        assert (response.status, (await error_of(response))["code"]) == (507, "NO_ROOM")
    in_the_way.unlink()
    assert await desk.nothing_stays()
    assert await desk.upload(b"whole")


async def test_a_product_comes_with_its_file_and_its_picture_in_one_go(either_desk: Desk):
    desk = either_desk
    texts = {
        "title": "Preset pack",
        "description": "Warm.",
        "price": "1900",
        "category": "Presets",
        "tags": "Warm, film",
    }
    form = FormData()
    # in whatever order they come
    form.add_field("file", b"presets", filename="pack.zip", content_type="application/zip")
    form.add_field("image", a_picture(), filename="cover.png")
    for name, text in texts.items():
        form.add_field(name, text)
    response = await desk.call("POST", "/creator/upload", data=form)
    told = await response.json()
    assert response.status == 201, told
    assert (told["title"], told["price_minor"], told["currency"], told["kind"]) == ("Preset pack", 1900, "usd", "file")
    assert (told["category"], told["tags"], told["active"]) == ("Presets", ["warm", "film"], True)
    assert told["missing"] is None
    assert (told["file"]["file_name"], told["file"]["version"]) == ("pack.zip", 1)
    assert told["image_url"] == f"https://spark.example/api/v1/products/{told['id']}/image"
    picture = await desk.client.get(f"/api/v1/products/{told['id']}/image")
    assert (picture.status, picture.content_type) == (200, "image/jpeg")
    # the day after it is all still there
    desk.site.clock.pass_time(days=2)
    await desk.tidy()
    assert (desk.kept, {each.product_id for each in await desk.rows()}) == (2, {told["id"]})


async def test_of_a_product_that_is_refused_nothing_stays(desk: Desk):
    good = {"title": "Pack", "price": "1900"}
    for texts, wrong in (
        (good | {"price": "19.00"}, {"price"}),
        (good | {"price": "-1", "currency": "dollars"}, {"price", "currency"}),
        (good | {"price": "9" * 19}, {"price"}),
        ({"price": "1900"}, {"title"}),
        (good | {"title": " "}, {"title"}),
        (good | {"title": "a\0b"}, {"title"}),
        (good | {"currency": "zzz"}, {"currency"}),
        (good | {"tags": "no tag!"}, {"tags"}),
        (good | {"stock": "5"}, {"stock"}),
        (good | {"description": "x" * 20_000}, {"description"}),
    ):
        response = await desk.send("/creator/upload", b"presets", texts=texts)
        assert (response.status, set((await error_of(response))["fields"])) == (422, wrong), texts
    # without its file, and with a picture that is none
    for part, content, code in (("image", a_picture(), "NO_UPLOAD"), ("image", b"none", "BAD_PICTURE")):
        response = await desk.send("/creator/upload", content, texts=good, part=part)
        assert (response.status, (await error_of(response))["code"]) == (422, code)
    async with desk.site.database.reading() as session:
        assert (await session.scalars(select(Product))).all() == []
    assert await desk.nothing_stays()


async def test_what_a_crash_leaves_half_way_goes_the_day_after(desk: Desk):
    async with desk.site.database.transaction() as session:
        promised = await promise_upload(session, desk.creator, UploadKind.FILE, now=desk.site.clock())
    (desk.folder / "uploads").mkdir()
    (desk.folder / promised.blob).write_bytes(b"all of it, and nobody was told")
    # nobody finds it, by its number either
    product = await desk.product()
    assert (await desk.call("GET", f"/uploads/{promised.upload_id}")).status == 404
    for path in (f"/products/{product}/files", f"/products/{product}/image"):
        method = "PUT" if path.endswith("image") else "POST"
        assert (await desk.call(method, path, json={"upload_id": promised.upload_id})).status == 404
    desk.site.clock.pass_time(days=1)
    assert await desk.nothing_stays()


async def test_of_those_who_take_one_upload_at_once_one_has_it(either_desk: Desk):
    desk = either_desk
    products = [await desk.product(f"Pack {number}") for number in range(4)]
    file, image = await desk.upload(b"one"), await desk.upload(a_picture(), "me.jpg", kind="images")
    for method, path, upload, refused in (("POST", "files", file, 409), ("PUT", "image", image, 409)):
        answers = await asyncio.gather(
            *(desk.call(method, f"/products/{each}/{path}", json={"upload_id": upload}) for each in products)
        )
        good = 201 if path == "files" else 200
        assert sorted(answer.status for answer in answers) == [good, refused, refused, refused]
    # and what is taken back at that moment is either taken or gone
    last = await desk.upload(b"last")
    taken, gone = await asyncio.gather(
        desk.call("POST", f"/products/{products[0]}/files", json={"upload_id": last}),
        desk.call("DELETE", f"/uploads/{last}"),
    )
    assert (taken.status, gone.status) in {(201, 409), (404, 204)}
    await desk.tidy()
    assert (await desk.rows())[-1].id == (last if taken.status == 201 else image)
