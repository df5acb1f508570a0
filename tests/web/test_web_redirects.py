import pytest
from sqlalchemy import select
from web_world import KEY, Client, Site, error_of

from domain.clicks import Tracker, know_addresses
from store.database import Database
from store.models import Event, Lead

PAGE = "https://example.com/a?b=1&c=2"


async def _link(site: Site) -> str:
    creator_id = await site.add_creator("studio")
    async with site.database.transaction() as session:
        now = site.clock()
        session.add(Lead(id=12, creator_id=creator_id, name="", dice=0, score=0, seen_at=now, created_at=now))
        await session.flush()
        ids = await know_addresses(session, creator_id, [PAGE], now=now)
    return Tracker(site.public_url, KEY, ids).through(PAGE, 12).removeprefix(site.public_url)


async def _clicks(database: Database) -> list[tuple[int | None, str]]:
    async with database.reading() as session:
        rows = await session.execute(select(Event.lead_id, Event.subject).where(Event.name == "link.clicked"))
        return [(row.lead_id, row.subject) for row in rows]


async def test_a_counted_link_leads_on_and_is_kept(either_site: Site, either_client: Client):
    path = await _link(either_site)
    either_site.readiness.now_ready()
    response = await either_client.get(path, allow_redirects=False)
    assert (response.status, response.headers["Location"]) == (302, PAGE)
    assert response.headers["Cache-Control"] == "no-store"
    assert await _clicks(either_site.database) == [(12, "url:1")]


@pytest.mark.parametrize(
    "agent", ["TelegramBot (like TwitterBot)", "facebookexternalhit/1.1", "SomeCrawler/2", "Viber/20"]
)
async def test_whoever_only_looks_is_led_on_and_not_counted(site: Site, client: Client, agent: str):
    path = await _link(site)
    response = await client.get(path, allow_redirects=False, headers={"User-Agent": agent})
    assert (response.status, response.headers["Location"]) == (302, PAGE)
    assert (await client.head(path, allow_redirects=False)).status == 302
    assert await _clicks(site.database) == []


@pytest.mark.parametrize("ahead", [{"Sec-Purpose": "prefetch;prerender"}, {"Purpose": "prefetch"}])
async def test_a_page_that_is_fetched_ahead_is_not_clicked(site: Site, client: Client, ahead: dict[str, str]):
    path = await _link(site)
    assert (await client.get(path, allow_redirects=False, headers=ahead)).status == 302
    assert await _clicks(site.database) == []


async def test_a_link_that_was_not_made_here_leads_nowhere(site: Site, client: Client):
    path = await _link(site)
    for wrong in (path[:-1] + ("0" if path[-1] != "0" else "1"), "/r/1-12", "/r/x", path.replace("-12-", "-13-")):
        response = await client.get(wrong, allow_redirects=False)
        assert (response.status, (await error_of(response))["code"]) == (404, "NOT_FOUND")
    assert await _clicks(site.database) == []


async def test_while_not_ready_nobody_is_counted_or_sent_astray(site: Site, client: Client):
    path = await _link(site)
    site.readiness.not_ready("migrating")
    response = await client.get(path, allow_redirects=False)
    assert response.status == 503
