import pytest
from api_caller import Program
from sqlalchemy import update
from test_api_broadcasts import HELLO, a_lead
from web_world import Client, Site

from automations.broadcasting import Broadcasting
from domain.setups import CreatorSetup
from store.models import Membership, OutboxMessage, OutboxState


@pytest.fixture
async def program(either_site: Site, either_client: Client) -> Program:
    program = await Program.of(either_site, either_client)
    either_site.published.setups[program.creator_id] = CreatorSetup(time_zone="Europe/Berlin")
    return program


async def draft(program: Program) -> str:
    made = await program.told("POST", "/broadcasts", HELLO, status=201)
    return f"/broadcasts/{made['id']}"


async def test_a_broadcast_goes_out_pauses_goes_on_and_is_counted(program: Program):
    for number in range(3):
        await a_lead(program, number=901 + number)
    path, site = await draft(program), program.site
    assert await program.refused("POST", f"{path}/send", {"revision": 7}) == (409, "BROADCAST_CHANGED")
    assert (await program.told("POST", f"{path}/send", {"revision": 0}))["state"] == "starting"
    # a second time is refused, and nobody gets it twice
    assert await program.refused("POST", f"{path}/send", {}) == (409, "BROADCAST_STANDS")
    assert await program.refused("DELETE", path) == (409, "BROADCAST_STANDS")
    broadcasting = Broadcasting(site.database, site.clock, site.published, 10)
    while await broadcasting.work():
        pass
    assert (await program.told("POST", f"{path}/pause"))["state"] == "paused"
    assert await program.refused("POST", f"{path}/pause") == (409, "BROADCAST_STANDS")
    assert (await program.told("POST", f"{path}/resume"))["state"] == "running"
    while await broadcasting.work():
        pass
    async with site.database.transaction() as session:
        sent = {"state": OutboxState.SENT, "closed_at": site.clock()}
        await session.execute(update(OutboxMessage).where(OutboxMessage.id == 1).values(**sent))
    told = await program.told("GET", f"{path}/statistics")
    assert (told["audience"], told["state"]) == (3, "running")
    assert sum(told["counts"].values()) == 3
    (variant,) = told["variants"]
    assert (variant["variant"], variant["orders"], variant["money"]) == ("a", 0, {})
    assert (await program.told("POST", f"{path}/cancel"))["state"] == "cancelled"
    for what in ("cancel", "resume", "pause", "unschedule"):
        assert await program.refused("POST", f"{path}/{what}") == (409, "BROADCAST_STANDS"), what


async def test_a_broadcast_is_timed_by_an_instant_or_by_each_leads_own_clock(program: Program):
    path = await draft(program)
    timed = await program.told("POST", f"{path}/schedule", {"at": "2031-05-05T11:00:00+02:00"})
    assert (timed["state"], timed["starts_at"]) == ("scheduled", "2031-05-05T09:00:00Z")
    assert (await program.told("POST", f"{path}/unschedule"))["state"] == "draft"
    timed = await program.told("POST", f"{path}/schedule", {"local_at": "2031-05-06T10:00", "revision": 0})
    # when the first clock of the world shows that
    assert (timed["local_at"], timed["starts_at"]) == ("2031-05-06T10:00", "2031-05-05T20:00:00Z")
    assert (await program.told("POST", f"{path}/send", {}))["state"] == "starting"
    path = await draft(program)
    for body in ({"at": "2031-05-04T12:00:00Z"}, {"at": "2033-05-04T12:00:00Z"}, {"local_at": "2031-05-04T13:00"}):
        assert await program.refused("POST", f"{path}/schedule", body) == (422, "BAD_BROADCAST"), body
    for body in (
        {},
        {"at": "tomorrow"},
        {"at": "2031-05-05T09:00:00"},
        {"at": 1935745200},
        {"local_at": "2031-02-30T10:00"},
        {"local_at": "2031-05-06 10:00"},
        {"at": "2031-05-05T09:00:00Z", "local_at": "2031-05-06T10:00"},
        {"at": "2031-05-05T09:00:00Z", "revision": -1},
    ):
        assert await program.refused("POST", f"{path}/schedule", body) == (422, "INVALID"), body


async def test_who_writes_one_may_not_send_it(program: Program):
    async def rights(*rights: str) -> None:
        async with program.site.database.transaction() as session:
            own = update(Membership).where(Membership.account_id == program.account_id)
            await session.execute(own.values(owner=False, rights=list(rights)))

    path = await draft(program)
    await rights("view", "manage")
    when = {"at": "2031-06-01T00:00:00Z"}
    for what, body in (("send", {}), ("schedule", when), ("resume", None)):
        assert await program.refused("POST", f"{path}/{what}", body) == (403, "RIGHT_MISSING"), what
    await rights("view", "send")
    assert await program.refused("PATCH", path, {"text": "x"}) == (403, "RIGHT_MISSING")
    await program.told("POST", f"{path}/schedule", when)
    # either of them may stop it
    await program.told("POST", f"{path}/unschedule")
    await program.told("POST", f"{path}/send", {})
    await rights("manage")
    await program.told("POST", f"{path}/pause")
    await rights("view")
    assert await program.refused("POST", f"{path}/cancel") == (403, "RIGHT_MISSING")
