import pytest
from aiohttp.test_utils import TestClient, TestServer
from web_world import Client, Site, error_of

from store.database import Database


async def test_the_root_says_what_this_is(client: Client):
    assert (await (await client.get("/")).json())["name"] == "Spark"


@pytest.mark.parametrize(
    ("path", "status"), [("/health", "healthy"), ("/health/db", "healthy"), ("/health/ready", "ready")]
)
async def test_all_is_well_when_it_is(client: Client, path: str, status: str):
    response = await client.get(path)
    assert (response.status, await response.json()) == (200, {"status": status})
    head = await client.head(path)
    assert (head.status, await head.read()) == (200, b"")


@pytest.mark.parametrize("reason", ["migrating", "draining"])
async def test_it_is_not_ready_while_it_is_not(site: Site, client: Client, reason: str):
    site.readiness.not_ready(reason)
    response = await client.get("/health/ready")
    error = await error_of(response)
    assert (response.status, error["code"]) == (503, "NOT_READY")
    assert reason in error["message"]
    assert response.headers["Retry-After"] == "2"
    assert (await client.head("/health/ready")).status == 503
    assert (await client.get("/health")).status == 200


async def test_a_fresh_process_is_starting(database: Database):
    async with TestClient(TestServer(Site(database).app())) as client:
        error = await error_of(await client.get("/health/ready"))
    assert "starting" in error["message"]


async def test_without_its_store_it_is_alive_but_not_ready():
    away = Database("postgresql://nobody@127.0.0.1:1/spark")
    site = Site(away)
    site.readiness.now_ready()
    async with TestClient(TestServer(site.app())) as client:
        assert (await client.get("/health")).status == 200
        for path, code in [("/health/db", "STORE_UNAVAILABLE"), ("/health/ready", "NOT_READY")]:
            response = await client.get(path)
            assert (response.status, (await error_of(response))["code"]) == (503, code)
        headers = site.bearer(1)
        # whose session cannot be written down either
        site.holders.clear()
        ideas = await client.get("/api/v1/1/ideas", headers=headers)
        assert (ideas.status, (await error_of(ideas))["code"]) == (503, "STORE_UNAVAILABLE")
    await away.close()


async def test_metrics_count_by_template_and_not_by_what_callers_invent(client: Client):
    await client.get("/api/v1/1/ideas")
    await client.get("/api/v1/2/ideas")
    await client.get("/invented/by/a/caller")
    await client.request("INVENTED", "/health")
    response = await client.get("/metrics")
    text = await response.text()
    assert response.content_type == "text/plain"
    ideas = 'method="GET",route="/api/v1/{user_id}/ideas"'
    assert f'spark_http_requests_total{{{ideas},status="401"}} 2.0' in text
    assert f"spark_http_request_duration_seconds_count{{{ideas}}} 2.0" in text
    assert "process_cpu_seconds_total" in text
    assert "invented" not in text.lower()


async def test_two_applications_in_one_process_count_apart(site: Site):
    async with TestClient(TestServer(site.app())) as first, TestClient(TestServer(site.app())) as second:
        await first.get("/nothing/here")
        assert 'status="404"' not in await (await second.get("/metrics")).text()
