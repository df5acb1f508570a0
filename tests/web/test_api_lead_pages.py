"""What is kept of a lead, page by page, and what reading it costs."""

import pytest
from lead_world import BOT_ID, Desk
from web_world import NOON, Client, Site, error_of

from domain.decisions import Noted, Outcome, note_decisions
from domain.lead_acts import relay_to_creator
from domain.messages.plain import Message
from domain.outbox import queue_message
from domain.people import Profile, see_person
from store.models import Account, Lead, Membership, OutboxKind, Person, Right


@pytest.fixture
async def desk(either_site: Site, either_client: Client) -> Desk:
    return await Desk.of(either_site, either_client)


async def test_notes_are_written_read_and_removed(desk: Desk):
    path = f"/leads/{await desk.add('Zoe')}/notes"
    first = await desk.told("POST", path, {"text": " loves film "}, status=201)
    assert (first["text"], first["created_at"]) == ("loves film", "2031-05-04T12:00:00Z")
    second = await desk.told("POST", path, {"text": "calls on Monday"}, status=201)
    page = await desk.told("GET", path, params={"limit": "1"})
    assert (page["items"], page["total"], page["has_more"]) == ([second], 2, True)
    for body in ({"text": ""}, {"text": "  "}, {"text": "x" * 2001}, {"text": 5}, {"text": "a\0"}, {}):
        assert (await desk.ask("POST", path, body)).status == 422, body
    stranger = await Desk.of(desk.site, desk.client, "bob")
    theirs = f"/leads/{await stranger.add('Own')}/notes"
    for note in (f"{path}/{first['id']}", f"{theirs}/{first['id']}", f"{path}/x"):
        assert (await stranger.ask("DELETE", note)).status == 404, note
    await desk.told("DELETE", f"{path}/{first['id']}", status=204)
    response = await desk.ask("DELETE", f"{path}/{first['id']}")
    assert (response.status, (await error_of(response))["code"]) == (404, "NO_SUCH_NOTE")
    assert (await desk.told("GET", path))["items"] == [second]
    assert (await stranger.ask("GET", path)).status == 404
    assert (await stranger.ask("POST", path, {"text": "x"})).status == 404


async def test_the_timeline_tells_what_happened_page_by_page(desk: Desk):
    lead_id, other = await desk.add("Zoe"), await desk.add("Zoe again")
    desk.site.clock.pass_time(hours=1)
    await desk.told("POST", f"/leads/{other}/tags", {"tags": ["vip"]})
    desk.site.clock.pass_time(hours=1)
    await desk.told("POST", f"/leads/{other}/merge", {"into": lead_id})
    told = await desk.told("GET", f"/leads/{lead_id}/timeline")
    names = [each["name"] for each in told["items"]]
    assert (names[0], set(names), told["total"]) == ("lead.merged", {"lead.merged", "lead.tagged", "lead.added"}, 4)
    assert told["items"][1] == {
        "name": "lead.tagged",
        "subject": "",
        "data": {"tag": "vip"},
        "occurred_at": "2031-05-04T13:00:00Z",
    }
    page = await desk.told("GET", f"/leads/{lead_id}/timeline", params={"limit": "1", "offset": "1"})
    assert page["items"] == told["items"][1:2]
    stranger = await Desk.of(desk.site, desk.client, "bob")
    assert (await stranger.ask("GET", f"/leads/{lead_id}/timeline")).status == 404


async def test_decisions_about_a_lead_are_told_in_words(desk: Desk):
    lead_id = await desk.add("Zoe")
    async with desk.site.database.transaction() as session:
        for hour, outcome in enumerate((Outcome.SAID, Outcome.END)):
            noted = Noted(desk.creator_id, lead_id, "funnel:welcome", None, None, [["hi", outcome.value]])
            await note_decisions(session, [noted], now=NOON.replace(hour=hour))
    told = (await desk.told("GET", f"/leads/{lead_id}/decisions"))["items"]
    assert [(each["at"], each["about"], each["version"]) for each in told] == [
        ("2031-05-04T01:00:00Z", "funnel:welcome", None),
        ("2031-05-04T00:00:00Z", "funnel:welcome", None),
    ]
    assert all(len(each["lines"]) == 1 and "hi" in each["lines"][0] for each in told)
    for offset, items, more in ((0, told[:1], True), (1, told[1:], False), (2, [], False), (2**63 - 1, [], False)):
        params = {"limit": "1", "offset": str(offset)}
        page = await desk.told("GET", f"/leads/{lead_id}/decisions", params=params)
        assert page == {"items": items, "total": 2, "limit": 1, "offset": offset, "has_more": more}
    assert (await desk.ask("GET", f"/leads/{lead_id}/decisions", params={"limit": "101"})).status == 422
    stranger = await Desk.of(desk.site, desk.client, "bob")
    assert (await stranger.ask("GET", f"/leads/{lead_id}/decisions")).status == 404


async def test_what_was_said_in_a_chat_is_read_and_answered(desk: Desk):
    lead_id = await desk.capture("Lena", 1001)
    path = f"/leads/{lead_id}/messages"
    written = await desk.told("POST", path, {"text": "Hi <Lena> & co"}, status=201)
    assert {key: written[key] for key in ("by", "kind", "state", "text", "has_file")} == {
        "by": "bot",
        "kind": "notice",
        "state": "queued",
        "text": "Hi <Lena> & co",
        "has_file": False,
    }
    another = await desk.site.add_account(desk.creator_id)
    async with desk.site.database.transaction() as session:
        # two who act for the creator are told of each message that she writes
        for telegram_id, account_id in ((1, desk.account_id), (2, another)):
            person = await see_person(session, BOT_ID, Profile(telegram_id, "Ada", None, "en"), now=NOON)
            (await session.get_one(Account, account_id)).person_id = person.id
        lead = await session.get_one(Lead, lead_id)
        lena = await session.get_one(Person, lead.person_id)
        for number, text in enumerate(("Is <it> ready?\nReally?", "Hello?")):
            await relay_to_creator(session, lead, lena, text, key=f"relay:{lead_id}:{number}", now=NOON)
    told = await desk.told("GET", path)
    assert [(each["by"], each["text"]) for each in told["items"]] == [
        ("lead", "Hello?"),
        ("lead", "Is <it> ready?\nReally?"),
        ("bot", "Hi <Lena> & co"),
    ]
    assert told["total"] == 3
    for body in ({"text": ""}, {"text": "  "}, {"text": "😀" * 2049}, {"text": "x" * 4097}, {"text": None}, {}):
        assert (await desk.ask("POST", path, body)).status == 422, body
    stranger = await Desk.of(desk.site, desk.client, "bob")
    assert (await stranger.ask("GET", path)).status == 404
    assert (await stranger.ask("POST", path, {"text": "Hi"})).status == 404


async def test_a_key_that_was_handed_over_is_read_by_who_may_manage(desk: Desk):
    lead_id = await desk.capture("Lena", 1001)
    async with desk.site.database.transaction() as session:
        lead = await session.get_one(Lead, lead_id)
        for kind, text in ((OutboxKind.DELIVERY, "Your key:\n<code>AAAA-1111</code>"), (OutboxKind.NOTICE, "Thanks")):
            await queue_message(
                session,
                Message(text=text),
                key=text,
                kind=kind,
                creator_id=desk.creator_id,
                person_id=lead.person_id or 0,
                lead_id=lead_id,
                now=NOON,
            )
    for rights, expected in (
        ([Right.VIEW], [("Thanks", False), ("", True)]),
        ([Right.VIEW, Right.SUPPORT, Right.MONEY, Right.SEND], [("Thanks", False), ("", True)]),
        ([Right.VIEW, Right.MANAGE], [("Thanks", False), ("Your key:\nAAAA-1111", False)]),
    ):
        account_id = await desk.site.add_account()
        async with desk.site.database.transaction() as session:
            member = {"creator_id": desk.creator_id, "owner": False, "rights": [str(each) for each in rights]}
            session.add(Membership(account_id=account_id, **member))
        told = await Desk(desk.site, desk.client, desk.creator_id, account_id).told("GET", f"/leads/{lead_id}/messages")
        assert [(each["text"], each["withheld"]) for each in told["items"]] == expected
    assert "AAAA-1111" in str(await desk.told("GET", f"/leads/{lead_id}/messages"))


async def test_whoever_has_no_chat_cannot_be_written_to(desk: Desk):
    path = f"/leads/{await desk.add('Zoe')}/messages"
    response = await desk.ask("POST", path, {"text": "Hi"})
    assert (response.status, (await error_of(response))["code"]) == (409, "LEAD_WITHOUT_CHAT")
    assert (await desk.told("GET", path))["items"] == []
