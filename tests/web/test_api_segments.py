import pytest
from api_caller import Program
from web_world import NOON, Client, Site

from domain.broadcasts.acts import draft_broadcast
from domain.broadcasts.definition import Content, Variant, Wording
from domain.lead_acts import tag_lead
from domain.leads import add_lead, capture_lead
from domain.people import Profile, see_person
from domain.setups import CreatorSetup


@pytest.fixture
async def program(either_site: Site, either_client: Client) -> Program:
    program = await Program.of(either_site, either_client)
    either_site.published.setups[program.creator_id] = CreatorSetup(segments={"fans": "tag:fan"})
    return program


async def test_a_segment_is_saved_read_asked_and_dropped(program: Program):
    made = await program.told("PUT", "/segments/VIP", {"question": " tag:vip "}, status=201)
    assert made == {"key": "vip", "question": "tag:vip", "kept": "api"}
    assert await program.told("GET", "/segments/vip") == made
    changed = await program.told("PUT", "/segments/vip", {"question": "tag:vip or segment:fans"})
    assert changed["question"] == "tag:vip or segment:fans"
    listed = await program.told("GET", "/segments?limit=1&offset=1")
    assert (listed["items"], listed["total"], listed["has_more"]) == ([changed], 2, False)
    assert (await program.told("GET", "/segments"))["items"][0] == {
        "key": "fans",
        "question": "tag:fan",
        "kept": "file",
    }
    await program.told("DELETE", "/segments/vip", status=204)
    for method in ("GET", "DELETE"):
        assert await program.refused(method, "/segments/vip") == (404, "NO_SUCH_SEGMENT")


async def test_a_question_is_looked_at_and_tried_out_before_it_is_saved(program: Program):
    async with program.site.database.transaction() as session:
        person = await see_person(session, 4242, Profile(901, "Lena", None, "en"), now=NOON)
        lena, _ = await capture_lead(session, program.creator_id, person, source=None, now=NOON)
        tom = await add_lead(session, program.creator_id, name="Tom", email="tom@example.com", now=NOON)
        await add_lead(session, program.creator_id, name="Eve", email="eve@example.com", now=NOON)
        for lead in (lena, tom):
            await tag_lead(session, lead, "fan", now=NOON)
    found = await program.told("POST", "/segments/preview", {"question": "segment:fans"})
    assert found == {"met": 2, "reached": 1, "leads": [{"id": tom.id, "name": "Tom"}, {"id": lena.id, "name": "Lena"}]}
    assert await program.told("POST", "/segments/validate", {"question": "tag:fan"}) == {"valid": True, "problem": None}
    told = await program.told("POST", "/segments/validate", {"question": "tga:fan"})
    assert told == {"valid": False, "problem": "character 1: there is no condition “tga”; did you mean tag?"}
    assert await program.refused("POST", "/segments/preview", {"question": "tga:fan"}) == (422, "BAD_SEGMENT")
    for body in ({}, {"question": ""}, {"question": 5}, {"question": "x" * 2001}, {"question": "a\0"}, {"q": "x"}):
        for path in ("/segments/preview", "/segments/validate"):
            assert (await program.refused("POST", path, body))[0] == 422, body


async def test_what_cannot_be_saved_is_refused(program: Program):
    asked = {"question": "tag:vip"}
    for method in ("PUT", "DELETE"):
        assert await program.refused(method, "/segments/fans", asked) == (409, "MANAGED_BY_FILE")
        assert await program.refused(method, "/segments/9%20lives", asked) == (422, "BAD_SEGMENT_NAME")
    assert await program.refused("PUT", "/segments/vip", {"question": "segment:vip"}) == (422, "BAD_SEGMENT")
    await program.told("PUT", "/segments/vip", asked, status=201)
    async with program.site.database.transaction() as session:
        content = Content(variants=(Variant(wordings={"en": Wording(text="Hi")}),))
        await draft_broadcast(session, program.creator_id, None, content, segment="segment:vip", now=NOON)
    assert await program.refused("DELETE", "/segments/vip") == (409, "SEGMENT_IN_USE")


async def test_somebody_elses_segments_are_not_there(program: Program):
    await program.told("PUT", "/segments/vip", {"question": "tag:vip"}, status=201)
    stranger = await Program.of(program.site, program.client, "bob")
    assert (await stranger.told("GET", "/segments"))["total"] == 0
    assert (await stranger.refused("GET", "/segments/vip"))[0] == 404
    assert (await stranger.refused("DELETE", "/segments/vip"))[0] == 404
