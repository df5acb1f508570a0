"""A creator's account at the API, with some leads to work on."""

from typing import Any, Self

from aiohttp import ClientResponse
from sqlalchemy import event
from web_world import NOON, Client, Site

from domain.leads import add_lead, capture_lead
from domain.people import Profile, see_person
from store.database import Database
from store.models import Lead

BOT_ID = 4242


class Desk:
    """One creator's account, and what it asks of the API."""

    def __init__(self, site: Site, client: Client, creator_id: int, account_id: int) -> None:
        self.site, self.client = site, client
        self.creator_id, self.account_id = creator_id, account_id

    @classmethod
    async def of(cls, site: Site, client: Client, slug: str = "ada") -> "Desk":
        creator_id = await site.add_creator(slug)
        return cls(site, client, creator_id, await site.add_account(creator_id))

    async def ask(self, method: str, path: str, body: Any = None, **more: Any) -> ClientResponse:
        headers = self.site.bearer(self.account_id) | more.pop("headers", {})
        if body is not None:
            more["json"] = body
        return await self.client.request(method, f"/api/v1{path}", headers=headers, **more)

    async def told(self, method: str, path: str, body: Any = None, *, status: int = 200, **more: Any) -> Any:
        """What is answered, which has to be of that status."""
        response = await self.ask(method, path, body, **more)
        assert response.status == status, (method, path, response.status, await response.text())
        return await response.json() if status != 204 else None

    async def add(self, name: str, **given: Any) -> int:
        async with self.site.database.transaction() as session:
            return (await add_lead(session, self.creator_id, name=name, now=self.site.clock(), **given)).id

    async def capture(self, first_name: str, telegram_id: int) -> int:
        """Somebody who has come to the bot, and has a chat with it."""
        async with self.site.database.transaction() as session:
            person = await see_person(session, BOT_ID, Profile(telegram_id, first_name, None, "en"), now=NOON)
            lead, _ = await capture_lead(session, self.creator_id, person, source=None, now=NOON)
            return lead.id

    async def lead(self, lead_id: int) -> Lead:
        async with self.site.database.reading() as session:
            return await session.get_one(Lead, lead_id)


class Counted:
    """How many statements the store is asked for inside `with`."""

    def __init__(self, database: Database) -> None:
        # on PostgreSQL the one that reads is the other with options, and is heard with it
        others = [database._read_engine.sync_engine] if database.is_sqlite else []
        self._engines, self.statements = [database.engine.sync_engine, *others], list[str]()
        # of each, with what stands for its marks
        self.asked: list[tuple[str, Any]] = []

    def __enter__(self) -> Self:
        for engine in self._engines:
            event.listen(engine, "before_cursor_execute", self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for engine in self._engines:
            event.remove(engine, "before_cursor_execute", self._note)

    def _note(self, _connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        self.statements.append(statement)
        self.asked.append((statement, parameters))
