"""Leads by the API: changing, sorting, forgetting."""

import pytest
from lead_world import Desk
from sqlalchemy import select
from web_world import Client, Site, error_of

from domain.accounts import add_account
from domain.api_keys import make_key
from domain.entitlements import grant
from domain.lead_acts import set_score
from domain.merging import merge_leads
from domain.products import add_product
from domain.reviews import answer_review, review_product
from domain.setups import CreatorSetup
from kit.money import Money
from store.models import Event, Lead, LeadNote, Membership, Product, Review, Right, Role
from web.totals import KeptTotals


@pytest.fixture
async def desk(either_site: Site, either_client: Client) -> Desk:
    desk = await Desk.of(either_site, either_client)
    either_site.published.setups[desk.creator_id] = CreatorSetup(stages=("fan",))
    return desk


async def test_a_lead_is_changed_part_by_part(desk: Desk):
    lead_id = await desk.add("Zoe", email="zoe@example.com")
    changed = await desk.told(
        "PATCH",
        f"/leads/{lead_id}",
        {"name": " Zoë  Lang ", "phone": "+49 151 23456789", "time_zone": "Berlin", "stage": "fan", "score": 7},
    )
    expected = {
        "name": "Zoë Lang",
        "email": "zoe@example.com",
        "phone": "+4915123456789",
        "phone_proof": "entered",
        "time_zone": "Europe/Berlin",
        "stage": "fan",
        "score": 7,
    }
    assert {key: changed[key] for key in expected} == expected
    # found by the new name, and with what was emptied gone
    emptied = await desk.told("PUT", f"/leads/{lead_id}", {"email": None, "time_zone": None})
    assert (emptied["email"], emptied["time_zone"], emptied["score"]) == (None, None, 7)
    found = await desk.told("GET", "/leads", params={"search": "lang"})
    assert [each["id"] for each in found["items"]] == [lead_id]
    assert await desk.told("GET", f"/leads/{lead_id}") == emptied
    # nothing named is nothing changed, and the same again is no event
    async with desk.site.database.reading() as session:
        before = (await session.scalars(select(Event.id))).all()
    assert await desk.told("PATCH", f"/leads/{lead_id}", {}) == emptied
    assert await desk.told("PATCH", f"/leads/{lead_id}", {"name": "Zoë Lang", "score": 7, "stage": "fan"}) == emptied
    async with desk.site.database.reading() as session:
        assert (await session.scalars(select(Event.id))).all() == before


async def test_a_score_and_a_stage_are_never_emptied(desk: Desk):
    path = f"/leads/{await desk.add('Zoe')}"
    before = await desk.told("PATCH", path, {"score": 7})
    response = await desk.ask("PATCH", path, {"score": None, "stage": None})
    told = await error_of(response)
    assert (response.status, set(told["fields"])) == (422, {"score", "stage"})
    assert await desk.told("GET", path) == before


async def test_what_a_lead_cannot_be_is_refused_and_changes_nothing(desk: Desk):
    other = await desk.add("Tom", email="tom@example.com")
    lead_id = await desk.add("Zoe", email="zoe@example.com")
    for body, status, fields in (
        ({"email": "nobody"}, 422, {"email"}),
        ({"phone": "12"}, 422, {"phone"}),
        ({"time_zone": "Nowhere"}, 422, {"time_zone"}),
        ({"stage": "rich"}, 422, {"stage"}),
        ({"score": "7"}, 422, {"score"}),
        ({"score": 7.0}, 422, {"score"}),
        ({"score": True}, 422, {"score"}),
        ({"score": 10**30}, 422, {"score"}),
        ({"name": "a\0b"}, 422, {"name"}),
        ({"id": 5, "tags": []}, 422, {"id", "tags"}),
        ({"name": "New", "email": "tom@example.com"}, 409, {"email"}),
    ):
        response = await desk.ask("PATCH", f"/leads/{lead_id}", body)
        assert response.status == status, (body, await response.text())
        assert set((await error_of(response)).get("fields", {})) == fields, body
    assert (await desk.told("GET", f"/leads/{lead_id}"))["name"] == "Zoe"
    stranger = await Desk.of(desk.site, desk.client, "bob")
    for method, path, body in (
        ("PATCH", f"/leads/{other}", {"name": "Mine"}),
        ("PUT", f"/leads/{other}", {"name": "Mine"}),
        ("DELETE", f"/leads/{other}", None),
        ("GET", f"/leads/{other}", None),
    ):
        assert (await stranger.ask(method, path, body)).status == 404, (method, path)
    assert (await desk.lead(other)).name == "Tom"


async def test_a_removed_lead_is_forgotten(desk: Desk):
    lead_id = await desk.add("Zoe", email="zoe@example.com")
    await desk.told("POST", f"/leads/{lead_id}/notes", {"text": "loves film"}, status=201)
    await desk.told("DELETE", f"/leads/{lead_id}", status=204)
    for method in ("GET", "DELETE"):
        response = await desk.ask(method, f"/leads/{lead_id}")
        assert (response.status, (await error_of(response))["code"]) == (404, "NO_SUCH_LEAD")
    kept = await desk.lead(lead_id)
    assert (kept.name, kept.email, kept.forgotten_at) == ("", None, desk.site.clock())
    async with desk.site.database.reading() as session:
        assert (await session.scalars(select(LeadNote))).all() == []
    # the address is free again
    await desk.told("POST", "/leads", {"email": "zoe@example.com"}, status=201)


async def test_who_owns_something_is_removed_by_an_owner_in_person_alone_and_their_stars_stay(desk: Desk):
    lead_id, now = await desk.add("Zoe"), desk.site.clock()
    async with desk.site.database.transaction() as session:
        pack = await add_product(session, creator_id=desk.creator_id, title="Pack", price=Money(1900, "usd"), now=now)
        lead = await session.get_one(Lead, lead_id)
        await grant(session, lead, pack.id, origin="gift", now=now)
        review = await review_product(session, lead, pack.id, 1, words="Zoe says no", now=now)
        await answer_review(session, review, "Sorry, Zoe", now=now)
        helper = (await add_account(session, role=Role.CREATOR, name="Hal", now=now)).id
        rights = [str(each) for each in Right]
        session.add(Membership(account_id=helper, creator_id=desk.creator_id, owner=False, rights=rights))
        key = await make_key(
            session, desk.account_id, desk.creator_id, name="all", scopes=set(Right), expires_at=None, now=now
        )
    by_helper, by_key = desk.site.bearer(helper), {"Authorization": f"Bearer {key.secret}"}
    path = f"/leads/{lead_id}"
    for headers in ({}, by_helper, by_key):
        response = await desk.ask("DELETE", path, headers=headers)
        assert (response.status, (await error_of(response))["code"]) == (409, "LEAD_OWNS")
    for headers, code in ((by_helper, "RIGHT_MISSING"), (by_key, "SIGN_IN_NEEDED")):
        response = await desk.ask("DELETE", f"{path}?with_library=true", headers=headers)
        assert (response.status, (await error_of(response))["code"]) == (403, code)
    assert (await desk.lead(lead_id)).forgotten_at is None
    await desk.told("DELETE", f"{path}?with_library=true", status=204)
    assert (await desk.lead(lead_id)).forgotten_at is not None
    async with desk.site.database.reading() as session:
        kept = (await session.scalars(select(Review))).one()
        assert (kept.rating, kept.text, kept.answer) == (1, "", None)
        product = await session.get_one(Product, pack.id)
        assert (product.rating_sum, product.rating_count) == (1, 1)


async def test_by_the_number_of_a_merged_lead_nobody_is_forgotten(desk: Desk):
    into, other = await desk.add("Zoe"), await desk.add("Zoe again")
    async with desk.site.database.transaction() as session:
        await merge_leads(
            session, await session.get_one(Lead, into), await session.get_one(Lead, other), now=desk.site.clock()
        )
    response = await desk.ask("DELETE", f"/leads/{other}")
    assert (response.status, (await error_of(response))["code"]) == (409, "LEAD_IS_MERGED")
    assert (await desk.lead(into)).forgotten_at is None


async def test_leads_are_sorted_by_score_and_by_when_they_came(desk: Desk):
    ids = [await desk.add(name) for name in ("A", "B", "C", "D")]
    async with desk.site.database.transaction() as session:
        for lead_id, score in zip(ids, (5, 9, 5, -2), strict=True):
            await set_score(session, await session.get_one(Lead, lead_id), score, now=desk.site.clock())

    async def names(**query: str) -> str:
        return "".join(each["name"] for each in (await desk.told("GET", "/leads", params=query))["items"])

    assert await names() == "DCBA"
    assert await names(order="asc") == "ABCD"
    assert await names(sort="score") == "BCAD"
    assert await names(sort="score", order="asc", limit="3") == "DAC"
    assert await names(sort="score", segment="score>=5", offset="1") == "CA"
    for query in ({"sort": "name"}, {"order": "up"}, {"sort": ""}):
        assert (await desk.ask("GET", "/leads", params=query)).status == 422


async def test_the_total_of_a_long_list_is_counted_now_and_then():
    """Short lists are counted at each request, so that what was just entered is in them."""
    passed, counted, took = [0.0], [0], [0.0]
    totals = KeptTotals(exact_up_to=10, monotonic=lambda: passed[0])

    async def count() -> int:
        counted[0] += 1
        passed[0] += took[0]
        return size[0]

    size = [10]
    assert [await totals.of("short", count), await totals.of("short", count)] == [10, 10]
    assert counted == [2]
    size = [11]
    assert [await totals.of("long", count) for _ in range(5)] == [11] * 5
    assert counted == [3]
    size = [20]
    passed[0] = 0.9
    assert await totals.of("long", count) == 11
    passed[0] = 1.1
    assert [await totals.of("long", count) for _ in range(5)] == [20] * 5
    assert counted == [4]
    # what took a tenth of a second is good for five
    size, took[0], passed[0] = [30], 0.1, 5.0
    assert await totals.of("long", count) == 30
    size, passed[0] = [40], 9.9
    assert await totals.of("long", count) == 30
    passed[0] = 10.1
    assert await totals.of("long", count) == 40
    # it has become short
    size, passed[0] = [3], 20.0
    assert [await totals.of("long", count), await totals.of("long", count)] == [3, 3]
