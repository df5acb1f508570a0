import pytest
from api_caller import Program
from web_world import BOT, NOON, Client, Site

from domain.leads import capture_lead
from domain.links import find_link, note_touch
from domain.people import Profile, see_person


@pytest.fixture
async def program(site: Site, client: Client) -> Program:
    return await Program.of(site, client)


async def test_a_link_is_made_shown_drawn_and_put_away(program: Program):
    new = {"target": "start", "title": "Instagram bio", "utm": {"source": "instagram"}}
    made = await program.told("POST", "/links", new, status=201)
    assert made["url"] == f"{BOT}?start={made['key']}"
    assert (made["title"], made["utm"], made["created_at"]) == (
        "Instagram bio",
        {"source": "instagram"},
        "2031-05-04T12:00:00Z",
    )
    second = await program.told("POST", "/links", {"title": "Second"}, status=201)
    listed = await program.told("GET", "/links?limit=1")
    assert (listed["items"], listed["total"], listed["has_more"]) == ([second], 2, True)
    picture = await program.asks("GET", f"/links/{made['id']}/qr")
    assert (picture.status, picture.content_type) == (200, "image/png")
    assert (await picture.read()).startswith(b"\x89PNG")
    for _ in range(2):
        archived = await program.told("POST", f"/links/{made['id']}/archive")
        assert archived["archived_at"] == "2031-05-04T12:00:00Z"
    assert [each["id"] for each in (await program.told("GET", "/links"))["items"]] == [second["id"]]
    assert (await program.told("GET", "/links?archived=true"))["items"] == [archived]


async def test_a_link_tells_what_it_has_brought(program: Program):
    made = await program.told("POST", "/links", {"title": "Bio"}, status=201)
    async with program.site.database.transaction() as session:
        person = await see_person(session, 4242, Profile(901, "Lena", None, "en"), now=NOON)
        link = await find_link(session, made["key"])
        for _ in range(2):
            lead, _ = await capture_lead(session, program.creator_id, person, source=None, link=link, now=NOON)
            await note_touch(session, lead, link=link, source=None, now=NOON)
    shown = await program.told("GET", f"/links/{made['id']}")
    assert shown.pop("brought") == {"leads": 1, "touches": 2, "people": 1, "orders": 0, "revenue": {}}
    assert shown == made


async def test_a_link_that_leads_nowhere_is_refused(program: Program):
    for body in (
        {"target": "flow", "name": "nothing"},
        {"target": "product", "name": "nothing"},
        {"target": "package", "name": "x"},
        {"target": "idea", "name": "9" * 50},
        {"utm": {"shape": "round"}},
        {"utm": {"source": " "}},
    ):
        assert await program.refused("POST", "/links", body) == (422, "BAD_LINK"), body
    for body in ({"target": "moon"}, {"name": 5}, {"title": "a\0b"}, {"title": "x" * 201}, {"utm": {"source": 5}}):
        assert await program.refused("POST", "/links", body) == (422, "INVALID"), body


async def test_somebody_elses_links_are_not_there(program: Program):
    made = await program.told("POST", "/links", {"title": "Bio"}, status=201)
    stranger = await Program.of(program.site, program.client, "bob")
    assert (await stranger.told("GET", "/links"))["items"] == []
    for method, path in (("GET", ""), ("GET", "/qr"), ("POST", "/archive")):
        assert (await stranger.refused(method, f"/links/{made['id']}{path}"))[0] == 404
        assert (await program.refused(method, f"/links/999{path}"))[0] == 404
        assert (await program.refused(method, f"/links/x{path}"))[0] == 404
