"""A creator's desk for files: a site with a folder of its own, and forms to send up."""

import io
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import ClientResponse, FormData
from aiohttp.test_utils import TestClient, TestServer
from PIL import Image
from sqlalchemy import select
from web_world import Client, Site

from automations.forgetting import Forgetting
from domain.products import add_product
from kit.money import Money
from store.database import Database
from store.files import FileStore
from store.models import ProductKind, StoredFile

UP = "/api/v1/uploads"


def a_picture(kind: str = "JPEG", mode: str = "RGB", size: tuple[int, int] = (400, 300), **more: Any) -> bytes:
    held = io.BytesIO()
    Image.new(mode, size, (255, 0, 0, 99) if mode == "RGBA" else "red").save(held, kind, **more)
    return held.getvalue()


@dataclass
class Desk:
    site: Site
    client: Client
    folder: Path
    creator: int
    account: int
    # another creator's
    stranger: int

    async def call(self, method: str, path: str, *, by: int | None = None, **more: Any) -> ClientResponse:
        headers = self.site.bearer(by or self.account) | more.pop("headers", {})
        return await self.client.request(method, f"/api/v1{path}", headers=headers, **more)

    async def send(
        self,
        path: str,
        content: bytes | AsyncIterator[bytes],
        name: str = "pack.zip",
        *,
        part: str = "file",
        texts: Mapping[str, str] | None = None,
        method: str = "POST",
        kind: str = "application/zip",
    ) -> ClientResponse:
        form = FormData(quote_fields=False)
        for key, text in (texts or {}).items():
            form.add_field(key, text)
        body = io.BytesIO(content) if isinstance(content, bytes) else content
        form.add_field(part, body, filename=name, content_type=kind)
        return await self.call(method, path, data=form)

    async def upload(self, content: bytes, name: str = "pack.zip", *, kind: str = "files") -> int:
        response = await self.send(f"/uploads/{kind}", content, name)
        assert response.status == 201, await response.text()
        upload_id: int = (await response.json())["id"]
        return upload_id

    async def product(self, title: str = "Pack", kind: ProductKind = ProductKind.FILE) -> int:
        async with self.site.database.transaction() as session:
            price, now = Money(1900, "usd"), self.site.clock()
            product = await add_product(session, creator_id=self.creator, title=title, price=price, kind=kind, now=now)
            return product.id

    async def rows(self) -> list[StoredFile]:
        async with self.site.database.reading() as session:
            return list(await session.scalars(select(StoredFile).order_by(StoredFile.id)))

    async def tidy(self) -> None:
        """The tick that removes what is to go."""
        files = FileStore(self.folder.as_uri())
        await Forgetting(self.site.database, self.site.clock, files).run()

    @property
    def kept(self) -> int:
        """How many files stand in the file store, half written or whole."""
        return sum(path.is_file() for path in self.folder.rglob("*"))

    async def nothing_stays(self) -> bool:
        await self.tidy()
        return (self.kept, await self.rows()) == (0, [])


async def a_desk(database: Database, folder: Path, *, most_upload: int = 1 << 20) -> AsyncIterator[Desk]:
    site = Site(database, files_url=folder.as_uri(), most_upload=most_upload)
    site.readiness.now_ready()
    creator, other = await site.add_creator("studio"), await site.add_creator("atelier")
    account, stranger = await site.add_account(creator), await site.add_account(other)
    async with TestClient(TestServer(site.app())) as client:
        yield Desk(site, client, folder, creator, account, stranger)
