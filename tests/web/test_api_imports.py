"""Leads by CSV over the API: in, after a look and a yes, and out, piece by piece."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientPayloadError, FormData
from aiohttp.test_utils import TestClient, TestServer
from lead_world import Desk
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from web_world import Site, error_of

from automations.forgetting import Forgetting
from automations.pace import Pace
from automations.transfer_jobs import Tools
from automations.transfers import Transfers
from domain.fields import LeadFieldSpec
from domain.setups import CreatorSetup
from store.files import FileStore
from store.models import FieldKind, Membership, StoredFile
from store.queries.lead_pages import page_after
from web.api import lead_export

FILE = "Name;Mail;Remarks\nZoë;zoe@example.com;likes film\nTom;tom@example.com;\n;nobody;\n"


class Silent:
    """Telegram, which an import by the API never speaks to."""


class Importing:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        site = desk.site
        tools = Tools(site.database, site.clock, Silent(), self.files, Pace(), site.published)
        self.transfers = Transfers(tools)

    @property
    def files(self) -> FileStore:
        return FileStore(self.desk.site.files_url)

    async def works(self) -> None:
        while await self.transfers.work():
            pass

    async def send(self, content: str | bytes, **query: str) -> Any:
        headers = self.desk.site.bearer(self.desk.account_id) | {"Content-Type": "text/csv"}
        response = await self.desk.client.post("/api/v1/leads/import", headers=headers, data=content, params=query)
        assert response.status == 202, await response.text()
        return await response.json()

    async def seen(self, number: int, **query: str) -> Any:
        return await self.desk.told("GET", f"/leads/imports/{number}", params=query)

    async def names(self) -> list[str]:
        return [each["name"] for each in (await self.desk.told("GET", "/leads"))["items"]]


@pytest.fixture
async def importing(site: Site, tmp_path: Path) -> AsyncIterator[Importing]:
    site.files_url = (tmp_path / "files").as_uri()
    async with TestClient(TestServer(site.app())) as client:
        importing = Importing(await Desk.of(site, client))
        yield importing
        importing.transfers.close()


async def test_a_file_is_looked_through_and_taken_in_after_a_yes(importing: Importing):
    sent = await importing.send(FILE, name="my leads.csv")
    assert (sent["state"], sent["file_name"], sent["columns"]) == ("checking", "my leads.csv", [])
    await importing.works()
    ready = await importing.seen(sent["id"])
    counts = ("total", "rows", "added", "changed", "bad")
    assert (ready["state"], *(ready[each] for each in counts)) == ("ready", 3, 3, 2, 0, 1)
    assert ready["columns"] == [
        {"name": "Name", "field": "name"},
        {"name": "Mail", "field": "email"},
        {"name": "Remarks", "field": None},
    ]
    assert {"name", "email", "score"} <= set(ready["fields"])
    assert [each["row"] for each in ready["problems"]["items"]] == [4]
    # nobody is a lead before somebody says so
    assert await importing.names() == []
    started = await importing.desk.told("POST", f"/leads/imports/{sent['id']}/start", status=202)
    assert started["state"] == "running"
    await importing.works()
    done = await importing.seen(sent["id"])
    assert (done["state"], *(done[each] for each in counts)) == ("finished", 3, 3, 2, 0, 1)
    assert (done["ended_at"], done["why"]) == ("2031-05-04T12:00:00Z", None)
    assert await importing.names() == ["Tom", "Zoë"]
    # a day later the file and what was wrong with it are gone, and how it ended still stands there
    importing.desk.site.clock.pass_time(days=1)
    await importing.works()
    later = await importing.seen(sent["id"])
    assert (later["state"], later["added"], later["columns"], later["problems"]["total"]) == ("finished", 2, [], 0)


async def test_columns_are_given_another_meaning(importing: Importing):
    desk = importing.desk
    desk.site.published.setups[desk.creator_id] = CreatorSetup(
        fields={"remarks": LeadFieldSpec(), "n": LeadFieldSpec()}
    )
    form = FormData(quote_fields=False)
    form.add_field("note", "no file")
    form.add_field("file", FILE.encode("utf-16"), filename="C:\\x\\leads.csv", content_type="text/csv")
    sent = await desk.client.post("/api/v1/leads/import", headers=desk.site.bearer(desk.account_id), data=form)
    assert sent.status == 202, await sent.text()
    number = (await sent.json())["id"]
    assert sent.headers["Location"] == f"/api/v1/leads/imports/{number}"
    await importing.works()
    ready = await importing.seen(number)
    assert (ready["file_name"], ready["columns"][2]["field"]) == ("leads.csv", "field:remarks")
    path = f"/leads/imports/{number}/columns"
    again = await desk.told("PUT", path, {"columns": {"Remarks": "field:n", "Mail": None}})
    assert (again["state"], again["columns"][1:]) == (
        "checking",
        [{"name": "Mail", "field": None}, {"name": "Remarks", "field": "field:n"}],
    )
    await importing.works()
    assert (await importing.seen(number))["added"] == 2
    for body, wrong in (
        ({"columns": {"Nothing": "name"}}, {"Nothing"}),
        ({"columns": {"Name": "nothing", "Mail": "email"}}, {"Name"}),
        ({"columns": {}}, {"columns"}),
        ({"columns": {"Name": 5}}, {"columns.Name"}),
    ):
        response = await desk.ask("PUT", path, body)
        assert response.status == 422, body
        assert set((await error_of(response))["fields"]) == wrong, body
    await desk.told("POST", f"/leads/imports/{number}/start", status=202)
    await importing.works()
    listed = (await desk.told("GET", "/leads", params={"search": "zoe"}))["items"]
    assert (listed[0]["email"], listed[0]["fields"]) == (None, {"n": "likes film"})


async def test_what_an_import_is_not_ready_for_is_said(importing: Importing):
    desk = importing.desk
    number = (await importing.send(FILE))["id"]
    path = f"/leads/imports/{number}"
    asked = (
        ("POST", f"{path}/start", None),
        ("PUT", f"{path}/columns", {"columns": {"Name": None}}),
        ("DELETE", path, None),
    )

    async def codes() -> list[tuple[int, str]]:
        answers = [await desk.ask(method, where, body) for method, where, body in asked]
        return [(each.status, (await error_of(each))["code"]) for each in answers]

    assert await codes() == [(409, "TRANSFER_NOT_READY")] * 3
    stranger = await Desk.of(desk.site, desk.client, "bob")
    for method, where, body in (*asked, ("GET", path, None)):
        assert (await stranger.ask(method, where, body)).status == 404, where
    await importing.works()
    await desk.told("DELETE", path, status=204)
    assert await codes() == [(409, "TRANSFER_MOVED_ON")] * 3
    assert (await importing.seen(number))["state"] == "left"
    await importing.works()
    assert ((await importing.seen(number))["state"], await importing.names()) == ("left", [])
    # nobody says yes for a day
    waiting = (await importing.send(FILE))["id"]
    await importing.works()
    desk.site.clock.pass_time(days=1)
    await importing.works()
    assert (await importing.seen(waiting))["state"] == "left"
    # what cannot be read says why
    broken = (await importing.send(b"PK\x03\x04rest"))["id"]
    await importing.works()
    failed = await importing.seen(broken)
    assert failed["state"] == "failed"
    assert "workbook" in failed["why"].lower() or "xlsx" in failed["why"].lower()


async def test_rows_that_cannot_be_taken_are_told_page_by_page(importing: Importing):
    number = (await importing.send("name,email\n" + "".join(f"P{n},wrong\n" for n in range(30))))["id"]
    await importing.works()
    page = (await importing.seen(number, limit="7", offset="25"))["problems"]
    assert ([each["row"] for each in page["items"]], page["total"], page["has_more"]) == (
        [27, 28, 29, 30, 31],
        30,
        False,
    )
    assert all("email" in each["reason"] for each in page["items"])


async def test_what_is_no_file_is_refused_and_leaves_nothing(importing: Importing, tmp_path: Path):
    desk = importing.desk
    headers = desk.site.bearer(desk.account_id)
    empty, without = FormData(), FormData()
    empty.add_field("file", b"", filename="leads.csv")
    without.add_field("text", "words", content_type="text/plain")
    for data, kind, status in (
        (b"", "text/csv", 422),
        (io.BytesIO(b"x" * (desk.site.most_upload + 1)), "text/csv", 413),
        (b"{}", "application/json", 415),
        (empty, None, 422),
        (without(), None, 422),
        (b"no form", "multipart/form-data; boundary=x", 400),
    ):
        more = {} if kind is None else {"Content-Type": kind}
        response = await desk.client.post("/api/v1/leads/import", headers=headers | more, data=data)
        assert response.status == status, (kind, await response.text())

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100_000

    chunked = await desk.client.post(
        "/api/v1/leads/import", headers=headers | {"Content-Type": "text/csv"}, data=pieces()
    )
    assert chunked.status == 413
    await Forgetting(desk.site.database, desk.site.clock, FileStore(desk.site.files_url)).run()
    assert [each for each in (tmp_path / "files").rglob("*") if each.is_file()] == []


async def test_what_a_crash_leaves_of_a_file_is_known_and_goes(importing: Importing):
    site, known = importing.desk.site, list[str | None]()

    async def promised() -> list[str | None]:
        async with site.database.reading() as session:
            return list(await session.scalars(select(StoredFile.blob).where(StoredFile.loose_until.is_not(None))))

    async def slowly() -> AsyncIterator[bytes]:
        yield b"Name\n"
        async with asyncio.timeout(20):
            while not known:
                known.extend(await promised())
        yield "Zoë\n".encode()

    headers = site.bearer(importing.desk.account_id) | {"Content-Type": "text/csv"}
    sent = await importing.desk.client.post("/api/v1/leads/import", headers=headers, data=slowly())
    assert sent.status == 202, await sent.text()
    assert known[0] is not None
    assert known[0].startswith("transfers/")
    # from then on the import keeps it
    assert await promised() == []
    site.clock.pass_time(days=2)
    await Forgetting(site.database, site.clock, importing.files).run()
    await importing.works()
    assert (await importing.seen((await sent.json())["id"]))["rows"] == 1


async def test_what_is_exported_can_be_imported(importing: Importing, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lead_export, "_AT_ONCE", 2)
    desk = importing.desk
    desk.site.published.setups[desk.creator_id] = CreatorSetup(fields={"age": LeadFieldSpec(kind=FieldKind.NUMBER)})
    for name in ("=cmd()", "Zoë", "a\nb", "D", "E"):
        lead_id = await desk.add(name, email=f"p{ord(name[0])}@example.com")
        await desk.told("PUT", f"/leads/{lead_id}/fields", {"age": lead_id})
        await desk.told("POST", f"/leads/{lead_id}/tags", {"tags": ["vip"] if name != "D" else ["d", "e"]})
    response = await desk.ask("GET", "/leads/export")
    assert (response.status, response.content_type) == (200, "text/csv")
    assert response.headers["Content-Disposition"] == 'attachment; filename="leads-2031-05-04.csv"'
    text = (await response.read()).decode("utf-8")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert [row["name"] for row in rows] == ["'=cmd()", "Zoë", "a b", "D", "E"]
    some = await desk.ask("GET", "/leads/export", params={"segment": "tag:vip", "search": "zo"})
    assert (await some.text()).count("\n") == 2
    other = await Desk.of(desk.site, desk.client, "bob")
    assert (await (await other.ask("GET", "/leads/export")).text()).count("\n") == 1
    theirs = Importing(other)
    number = (await theirs.send(text))["id"]
    await theirs.works()
    assert (await theirs.seen(number))["added"] == 5
    await other.told("POST", f"/leads/imports/{number}/start", status=202)
    await theirs.works()
    assert await theirs.names() == ["E", "D", "a b", "Zoë", "=cmd()"]


async def test_a_wrong_question_is_told_before_a_file_is_begun(importing: Importing):
    response = await importing.desk.ask("GET", "/leads/export", params={"segment": "tga:x"})
    assert (response.status, (await error_of(response))["code"]) == (422, "BAD_SEGMENT")
    assert (await importing.desk.ask("GET", "/leads/export", params={"limit": "5"})).status == 422


async def test_an_export_breaks_off_with_the_right_to_it(importing: Importing, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lead_export, "_AT_ONCE", 2)
    desk = importing.desk
    for name in ("A", "B", "C"):
        await desk.add(name)

    async def and_then_they_go(session: AsyncSession, *which: Any) -> Any:
        page = await page_after(session, *which)
        async with desk.site.database.transaction() as other:
            await other.execute(delete(Membership).where(Membership.account_id == desk.account_id))
        return page

    monkeypatch.setattr(lead_export, "page_after", and_then_they_go)
    response = await desk.ask("GET", "/leads/export")
    with pytest.raises(ClientPayloadError):
        await response.read()
