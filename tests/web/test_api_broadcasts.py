import pytest
from api_caller import Program
from sqlalchemy import select, update
from web_world import NOON, Client, Site

from domain.broadcasts.acts import MOST_DRAFTS
from domain.leads import capture_lead
from domain.people import Profile, see_person
from store.models import Account, OutboxMessage

HELLO = {"text": "Hello {{ lead.first_name }}", "segment": ""}


@pytest.fixture
async def program(site: Site, client: Client) -> Program:
    return await Program.of(site, client)


async def a_lead(program: Program, name: str = "Lena", number: int = 901) -> int:
    async with program.site.database.transaction() as session:
        person = await see_person(session, 4242, Profile(number, name, None, "en"), now=NOON)
        await capture_lead(session, program.creator_id, person, source=None, now=NOON)
        return person.id


async def test_a_broadcast_is_written_changed_copied_and_thrown_away(program: Program):
    made = await program.told("POST", "/broadcasts", {"text": "<b>Spring</b> is here", "segment": "all"}, status=201)
    assert made == made | {
        "title": "Spring is here",
        "state": "draft",
        "segment": "all",
        "revision": 0,
        "content": {"variants": [{"wordings": {"en": {"text": "<b>Spring</b> is here"}}}]},
    }
    path = f"/broadcasts/{made['id']}"
    assert await program.told("GET", path) == made
    variants = [
        {"weight": 3, "wordings": {"en": {"text": "Hi", "buttons": [{"text": "Look", "url": "https://a.example"}]}}},
        {"wordings": {"en": {"text": "Hello"}, "de": {"text": "Hallo"}}},
    ]
    changed = await program.told("PATCH", path, {"content": {"variants": variants, "silent": True}, "revision": 0})
    assert (changed["content"], changed["revision"]) == ({"variants": variants, "silent": True}, 1)
    # what was read can be sent back, and is the same
    again = await program.told("PATCH", path, {"content": changed["content"], "segment": "tag:vip", "revision": 1})
    assert (again["content"], again["segment"], again["revision"]) == (changed["content"], "tag:vip", 3)
    assert await program.refused("PATCH", path, {"text": "Late", "revision": 1}) == (409, "BROADCAST_CHANGED")
    copied = await program.told("POST", f"{path}/copy", status=201)
    assert (copied["content"], copied["segment"], copied["state"]) == (changed["content"], "tag:vip", "draft")
    listed = await program.told("GET", "/broadcasts?limit=1")
    assert listed["items"] == [{name: value for name, value in copied.items() if name != "content"}]
    assert (listed["total"], listed["has_more"]) == (2, True)
    await program.told("DELETE", path, status=204)
    assert (await program.told("GET", "/broadcasts"))["total"] == 1
    assert await program.refused("DELETE", path) == (409, "BROADCAST_STANDS")
    assert await program.refused("PATCH", path, {"text": "Late"}) == (409, "BROADCAST_STANDS")


async def test_what_cannot_be_said_is_refused(program: Program):
    for body in (
        {"text": "<b>open"},
        {"text": "{{ order.total }}"},
        {"text": " "},
        {"text": "x" * 4999},
        {"content": {"variants": [{"wordings": {"en": {"text": "x", "file": 9}}}]}},
        {"content": {"variants": [{"wordings": {"en": {"text": "x", "buttons": [{"text": "a", "product": "no"}]}}}]}},
    ):
        assert await program.refused("POST", "/broadcasts", body) == (422, "BAD_BROADCAST"), body
    for body in (
        {},
        {"text": "x", "content": {"variants": []}},
        {"text": "x", "segment": 5},
        {"text": "a\0b"},
        {"content": {"variants": []}},
        {"content": {"variants": [{"weight": "2", "wordings": {"en": {"text": "x"}}}]}},
        {"content": {"variants": [{"weight": True, "wordings": {"en": {"text": "x"}}}]}},
        {"content": {"variants": [{"wordings": {"en": {"text": "x", "file": 2**63}}}]}},
        {"content": {"variants": [{"wordings": {"en": {"text": "a\0b"}}}]}},
        {"content": {"variants": [{"wordings": {"en": {"text": "x"}}}], "silent": "yes"}},
        {"content": "x"},
        {"text": "x", "state": "running"},
    ):
        assert await program.refused("POST", "/broadcasts", body) == (422, "INVALID"), body
    assert await program.refused("POST", "/broadcasts", {"text": "x", "segment": "tga:x"}) == (422, "BAD_SEGMENT")
    made = await program.told("POST", "/broadcasts", HELLO, status=201)
    path = f"/broadcasts/{made['id']}"
    assert await program.refused("PATCH", path, {"segment": "tga:x"}) == (422, "BAD_SEGMENT")
    assert await program.refused("PATCH", path, {"text": "<b>open"}) == (422, "BAD_BROADCAST")
    assert await program.refused("PATCH", path, {"revision": "0"}) == (422, "INVALID")
    assert await program.told("GET", path) == made
    for _ in range(MOST_DRAFTS - 1):
        await program.told("POST", "/broadcasts", HELLO, status=201)
    assert await program.refused("POST", "/broadcasts", HELLO) == (409, "TOO_MANY_DRAFTS")


async def test_a_broadcast_is_checked_shown_and_tried_out_by_oneself(program: Program):
    assert await program.told("POST", "/broadcasts/check", {"text": "<b>open"}) == {
        "valid": False,
        "problem": (await program.told("POST", "/broadcasts/check", {"text": "<b>open"}))["problem"],
        "met": 0,
        "reached": 0,
    }
    made = await program.told("POST", "/broadcasts", HELLO, status=201)
    path = f"/broadcasts/{made['id']}"
    person_id = await a_lead(program)
    assert await program.told("POST", "/broadcasts/check", HELLO) == {
        "valid": True,
        "problem": None,
        "met": 1,
        "reached": 1,
    }
    shown = await program.told("POST", f"{path}/preview")
    (message,) = shown["messages"]
    assert (message["variant"], message["language"]) == ("a", "en")
    # as whoever asks would read it
    assert message["text"].startswith("Hello Ada")
    assert (shown["met"], shown["reached"]) == (1, 1)
    assert await program.refused("POST", f"{path}/trial") == (409, "NO_CHAT")
    async with program.site.database.transaction() as session:
        own = update(Account).where(Account.id == program.account_id)
        await session.execute(own.values(person_id=person_id))
    tried = await program.told("POST", f"{path}/trial", status=202)
    assert tried["messages"][0]["text"].startswith("Hello Lena")
    async with program.site.database.reading() as session:
        (queued,) = (await session.scalars(select(OutboxMessage))).all()
    assert (queued.kind, queued.person_id) == ("trial", person_id)
    assert (await program.told("GET", path))["state"] == "draft"


async def test_somebody_elses_broadcasts_are_not_there(program: Program):
    made = await program.told("POST", "/broadcasts", HELLO, status=201)
    stranger = await Program.of(program.site, program.client, "bob")
    assert (await stranger.told("GET", "/broadcasts"))["total"] == 0
    when = {"at": "2031-06-01T00:00:00Z"}
    for method, what, body in (
        ("GET", "", None),
        ("PATCH", "", {"text": "x"}),
        ("DELETE", "", None),
        ("GET", "/statistics", None),
        ("POST", "/send", {}),
        ("POST", "/schedule", when),
        *(
            ("POST", f"/{each}", None)
            for each in ("copy", "preview", "trial", "unschedule", "pause", "resume", "cancel")
        ),
    ):
        told = await stranger.refused(method, f"/broadcasts/{made['id']}{what}", body)
        assert told == (404, "NO_SUCH_BROADCAST"), what
        assert (await program.refused(method, f"/broadcasts/999{what}", body))[0] == 404, what
        assert (await program.refused(method, f"/broadcasts/x{what}", body))[0] == 404, what
