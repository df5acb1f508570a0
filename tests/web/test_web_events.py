from typing import Any

import pytest
from sqlalchemy import select, update
from web_world import NOON, Client, Site, error_of

from domain.leads import add_lead
from domain.merging import merge_leads
from store.models import Event, Lead, Proof


class Teller:
    """One creator's other program."""

    def __init__(self, site: Site, client: Client, account_id: int, leads: list[int]) -> None:
        self.site, self.client, self.account_id = site, client, account_id
        self.lena, self.tom, self.stranger = leads

    async def tells(self, body: Any, key: str | None = None) -> Any:
        headers = self.site.bearer(self.account_id) | ({} if key is None else {"Idempotency-Key": key})
        return await self.client.post("/api/v1/events", headers=headers, json=body)

    async def events(self) -> list[tuple[int | None, str, dict[str, Any]]]:
        async with self.site.database.reading() as session:
            rows = await session.scalars(select(Event).where(Event.name.startswith("custom.")).order_by(Event.id))
            return [(row.lead_id, row.name, row.data) for row in rows]


@pytest.fixture
async def teller(either_site: Site, either_client: Client) -> Teller:
    site = either_site
    ada, bob = await site.add_creator("ada"), await site.add_creator("bob")
    async with site.database.transaction() as session:
        leads = [
            (await add_lead(session, creator, name=name, email=email, now=NOON)).id
            for creator, name, email in (
                (ada, "Lena", "lena@example.com"),
                (ada, "Tom", "tom@example.com"),
                (bob, "Eve", "eve@example.com"),
            )
        ]
    return Teller(site, either_client, await site.add_account(ada), leads)


async def test_an_event_of_a_lead_by_number_or_e_mail(teller: Teller):
    response = await teller.tells(
        {"name": "custom.signed_up", "lead_id": teller.lena, "data": {"plan": "pro", "seats": 3}}
    )
    body = await response.json()
    assert response.status == 201
    assert body.pop("id") > 0
    assert body == {
        "name": "custom.signed_up",
        "lead_id": teller.lena,
        "data": {"plan": "pro", "seats": 3},
        "occurred_at": "2031-05-04T12:00:00Z",
    }
    assert (await teller.tells({"name": "custom.came", "email": " TOM@example.com "})).status == 201
    assert await teller.events() == [
        (teller.lena, "custom.signed_up", {"plan": "pro", "seats": 3}),
        (teller.tom, "custom.came", {}),
    ]


async def test_the_same_told_again_under_one_key_is_told_once(teller: Teller):
    told = {"name": "custom.signed_up", "lead_id": teller.lena, "data": {"plan": "pro"}}
    first, again = await teller.tells(told, "k-1"), await teller.tells(told, "k-1")
    assert (first.status, again.status) == (201, 200)
    assert await first.json() == await again.json()
    assert len(await teller.events()) == 1
    # without a key, each is one of its own
    await teller.tells(told)
    await teller.tells(told)
    assert len(await teller.events()) == 3


@pytest.mark.parametrize(
    "other", [{"name": "custom.left"}, {"data": {"plan": "free"}}, {"lead_id": None, "email": "tom@example.com"}]
)
async def test_another_event_under_a_used_key_is_a_conflict(teller: Teller, other: dict[str, Any]):
    told = {"name": "custom.signed_up", "lead_id": teller.lena, "data": {"plan": "pro"}}
    await teller.tells(told, "k-1")
    response = await teller.tells(told | other, "k-1")
    assert (response.status, (await error_of(response))["code"]) == (409, "TOLD_OTHERWISE")
    assert len(await teller.events()) == 1


async def test_a_key_stays_good_when_its_lead_becomes_a_part_of_another(teller: Teller):
    told = {"name": "custom.signed_up", "lead_id": teller.tom}
    await teller.tells(told, "k-1")
    async with teller.site.database.transaction() as session:
        into, other = await session.get_one(Lead, teller.lena), await session.get_one(Lead, teller.tom)
        await merge_leads(session, into, other, now=NOON)
    assert (await teller.tells(told, "k-1")).status == 200


async def test_an_e_mail_that_was_only_typed_belongs_to_nobody(teller: Teller):
    async with teller.site.database.transaction() as session:
        await session.execute(update(Lead).where(Lead.id == teller.tom).values(email_proof=Proof.TYPED))
    assert (await teller.tells({"name": "custom.came", "email": "tom@example.com"})).status == 404


async def test_a_lead_of_somebody_else_is_no_lead(teller: Teller):
    assert (await teller.tells({"name": "custom.came", "lead_id": teller.stranger})).status == 404
    assert (await teller.tells({"name": "custom.came", "email": "eve@example.com"})).status == 404


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"name": "order.paid"}, "name"),
        ({"name": "custom.Signed"}, "name"),
        ({"name": "custom."}, "name"),
        ({"name": "custom.x", "data": {str(number): 1 for number in range(3)}}, "data"),
        ({"name": "custom.x", "data": {f"k{number}": 1 for number in range(21)}}, "data"),
        ({"name": "custom.x", "data": {"k": "x" * 201}}, "data.k"),
        ({"name": "custom.x", "data": {"k": 2**60}}, "data.k"),
        ({"name": "custom.x", "data": {"k": {"deep": 1}}}, "data.k"),
        ({"name": "custom.x", "data": {"k": None}}, "data.k"),
        ({"name": "custom.x", "data": {"k": "\0"}}, "data.k"),
        ({"name": "custom.x", "extra": 1}, "extra"),
        ({"name": "custom.x", "lead_id": "7"}, "lead_id"),
        ({"name": "custom.x", "lead_id": 2**63}, "lead_id"),
    ],
)
async def test_what_cannot_be_an_event_is_refused_with_the_part_that_is_wrong(
    teller: Teller, body: dict[str, Any], wrong: str
):
    response = await teller.tells({"lead_id": teller.lena} | body)
    assert response.status == 422, await response.text()
    assert any(field.startswith(wrong) for field in (await error_of(response))["fields"])
    assert await teller.events() == []


@pytest.mark.parametrize("value", [["x"], {"deep": 1}, None])
async def test_a_value_that_is_wrong_is_told_once_and_under_its_name(teller: Teller, value: object):
    response = await teller.tells({"name": "custom.x", "lead_id": teller.lena, "data": {"plan": value}})
    assert (await error_of(response))["fields"] == {"data.plan": "is neither a text nor a number, true or false"}


@pytest.mark.parametrize("whose", [{}, {"lead_id": 1, "email": "lena@example.com"}])
async def test_it_is_of_exactly_one_lead(teller: Teller, whose: dict[str, Any]):
    assert (await teller.tells({"name": "custom.x"} | whose)).status == 422


@pytest.mark.parametrize("key", ["", "x" * 256, "ü"])
async def test_a_key_that_cannot_be_read_is_refused(teller: Teller, key: str):
    assert (await teller.tells({"name": "custom.x", "lead_id": teller.lena}, key)).status == 422


async def test_nobody_tells_anything_without_signing_in(teller: Teller):
    response = await teller.client.post("/api/v1/events", json={"name": "custom.x", "lead_id": teller.lena})
    assert response.status == 401
    assert await teller.events() == []
