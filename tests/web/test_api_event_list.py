from aiohttp.test_utils import TestClient, TestServer
from api_caller import Program
from web_world import Client, Site

from domain.events import record_event
from domain.leads import add_lead
from web.totals import KeptTotals


async def test_the_trail_is_told_newest_first_and_narrowed(either_site: Site, either_client: Client):
    site, program = either_site, await Program.of(either_site, either_client)
    stranger = await Program.of(either_site, either_client, "bob")
    async with site.database.transaction() as session:
        lead = await add_lead(session, program.creator_id, name="Lena", email="lena@example.com", now=site.clock())
    for name, subject in (("order.opened", "order:1"), ("order.paid", "order:1"), ("orders.odd", "order:2")):
        site.clock.pass_time(hours=1)
        async with site.database.transaction() as session:
            told = {"lead_id": lead.id, "subject": subject, "currency": "usd"}
            await record_event(session, name, creator_id=program.creator_id, now=site.clock(), **told)
            await record_event(session, "idea.added", creator_id=stranger.creator_id, now=site.clock())

    async def names(**query: str) -> list[str]:
        body = await program.told("GET", "/events", params=query)
        assert body["total"] >= len(body["items"])
        return [each["name"] for each in body["items"]]

    assert await names() == ["orders.odd", "order.paid", "order.opened", "lead.added"]
    newest, *_ = (await program.told("GET", "/events?limit=1"))["items"]
    assert newest == {
        "id": newest["id"],
        "name": "orders.odd",
        "lead_id": lead.id,
        "subject": "order:2",
        "data": {"currency": "usd"},
        "occurred_at": "2031-05-04T15:00:00Z",
    }
    assert await names(limit="1", offset="1") == ["order.paid"]
    assert await names(name="order.paid") == ["order.paid"]
    assert await names(name="order.*") == ["order.paid", "order.opened"]
    assert await names(subject="order:1") == ["order.paid", "order.opened"]
    assert len(await names(lead_id=str(lead.id))) == 4
    span = {"from": "2031-05-04T13:00:00Z", "to": "2031-05-04T16:00:00+01:00"}
    assert await names(**span) == ["order.paid", "order.opened"]
    assert await names(lead_id=str(2**63 - 1)) == []
    # what is another creator's is not told
    assert [each["name"] for each in (await stranger.told("GET", "/events"))["items"]] == ["idea.added"] * 3


async def test_a_question_that_cannot_be_asked_is_refused(site: Site, client: Client):
    program = await Program.of(site, client)
    for query in (
        {"lead_id": "x"},
        {"lead_id": str(2**63)},
        {"lead_id": "0"},
        {"name": "x" * 201},
        {"subject": "a\0b"},
        {"from": "yesterday"},
        {"to": "0001-01-01T00:00:00+14:00"},
        {"since": "2031-05-04T13:00:00Z"},
        {"limit": "101"},
    ):
        assert (await program.refused("GET", "/events", params=query))[0] == 422, query


async def test_a_long_trail_is_counted_once_a_second(site: Site):
    site.others["totals"] = KeptTotals(exact_up_to=3, monotonic=lambda: site.clock().timestamp())
    async with TestClient(TestServer(site.app())) as client:
        program, stranger = await Program.of(site, client), await Program.of(site, client, "bob")

        async def totals() -> list[int]:
            asked = [(program, {}), (program, {"name": "order.*"}), (stranger, {})]
            return [(await each.told("GET", "/events", params=query))["total"] for each, query in asked]

        async def happens() -> None:
            async with site.database.transaction() as session:
                for name in ("order.paid", "idea.added"):
                    await record_event(session, name, creator_id=program.creator_id, now=site.clock())

        await happens()
        assert await totals() == [2, 1, 0]
        await happens()
        assert await totals() == [4, 2, 0]
        await happens()
        # what is short is counted at each request
        assert await totals() == [4, 3, 0]
        site.clock.pass_time(seconds=1)
        assert await totals() == [6, 3, 0]
