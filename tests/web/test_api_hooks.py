from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from api_caller import Program
from sqlalchemy import select, update
from standardwebhooks import Webhook
from web_world import NOON, Client, Site

from automations.hooks import Hooks
from automations.outgoing_calls import CallFailed
from automations.routing import route_events
from domain.events import record_event
from domain.hooks import MOST_HOOKS
from store.models import Event, Hook, Membership

URL = "https://crm.example/spark"


@dataclass
class Listener:
    """Answers with what stands in `answers`, one each time; None is no answer at all."""

    answers: list[int | None] = field(default_factory=list)
    told: list[tuple[str, bytes, Mapping[str, str]]] = field(default_factory=list)

    async def call(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        self.told.append((url, body, headers))
        answer = self.answers.pop(0) if self.answers else 204
        if answer is None:
            raise CallFailed("no answer within 10 seconds")
        return answer


@pytest.fixture
def listener(either_site: Site) -> Listener:
    listener = Listener()
    either_site.others["hook_caller"] = listener
    return listener


@pytest.fixture
async def program(listener: Listener, either_site: Site, either_client: Client) -> Program:
    return await Program.of(either_site, either_client)


async def happens(program: Program, subject: str, listener: Listener) -> None:
    site = program.site
    async with site.database.transaction() as session:
        await record_event(session, "order.paid", creator_id=program.creator_id, subject=subject, now=site.clock())
    async with site.database.transaction() as session:
        await route_events(session, site.published, now=site.clock())
    await tell(program, listener)


async def tell(program: Program, listener: Listener) -> None:
    hooks = Hooks(program.site.database, program.site.clock, listener, keep=NOON - NOON, chance=lambda: 0.0)
    await hooks.run()
    await hooks.settle()


async def test_a_webhook_is_made_changed_listed_and_removed(program: Program):
    made = await program.told("POST", "/webhooks", {"url": URL, "events": ["order.*", "custom.*"]}, status=201)
    secret = made.pop("secret")
    assert secret.startswith("whsec_")
    assert made == {
        "id": made["id"],
        "url": URL,
        "events": ["order.*", "custom.*"],
        "enabled": True,
        "disabled_at": None,
        "disabled_why": None,
        "failing_since": None,
        "created_at": "2031-05-04T12:00:00Z",
    }
    path = f"/webhooks/{made['id']}"
    # its secret is told once, and never shown again
    assert await program.told("GET", path) == made
    assert (await program.told("GET", "/webhooks"))["items"] == [made]
    changed = await program.told("PATCH", path, {"events": [], "enabled": False})
    assert changed == made | {
        "events": [],
        "enabled": False,
        "disabled_at": "2031-05-04T12:00:00Z",
        "disabled_why": "owner",
    }
    assert await program.told("PATCH", path, {"enabled": True, "url": f"{URL}/2"}) == made | {
        "events": [],
        "url": f"{URL}/2",
    }
    rotated = await program.told("POST", f"{path}/rotate-secret")
    assert rotated["secret"] not in {secret, ""}
    async with program.site.database.reading() as session:
        hook = (await session.scalars(select(Hook))).one()
        assert (hook.older_secret, hook.secret) == (secret, rotated["secret"])
        names = [each.name for each in await session.scalars(select(Event).order_by(Event.id))]
    assert names == ["hook.added", "hook.changed", "hook.changed", "hook.secret_changed"]
    await program.told("DELETE", path, status=204)
    for method in ("GET", "DELETE", "PATCH"):
        assert await program.refused(method, path, {}) == (404, "NO_SUCH_WEBHOOK")
    assert (await program.told("GET", "/webhooks"))["total"] == 0


async def test_a_webhook_is_tried_out(program: Program, listener: Listener):
    made = await program.told("POST", "/webhooks", {"url": URL}, status=201)
    listener.answers = [500, None]
    tried = await program.told("POST", f"/webhooks/{made['id']}/test")
    assert (tried["status"], tried["error"], tried["at"]) == (500, None, "2031-05-04T12:00:00Z")
    tried = await program.told("POST", f"/webhooks/{made['id']}/test")
    assert (tried["status"], tried["error"]) == (None, "no answer within 10 seconds")
    url, body, headers = listener.told[0]
    assert (url, orjson.loads(body)["type"]) == (URL, "webhook.tried")
    sign = Webhook(made["secret"]).sign(headers["webhook-id"], NOON, body.decode())
    assert headers["webhook-signature"] == sign
    assert (await program.told("GET", f"/webhooks/{made['id']}/deliveries"))["total"] == 0


async def test_the_log_tells_every_try_and_a_delivery_is_made_again(program: Program, listener: Listener):
    made = await program.told("POST", "/webhooks", {"url": URL, "events": ["order.paid"]}, status=201)
    listener.answers = [500]
    await happens(program, "order:1", listener)
    log = await program.told("GET", f"/webhooks/{made['id']}/deliveries")
    (first,) = log["items"]
    assert (first["type"], first["state"], first["due_at"]) == ("order.paid", "waiting", "2031-05-04T12:00:05Z")
    assert [(each["status"], each["error"]) for each in first["tries"]] == [(500, None)]
    again = f"/webhooks/deliveries/{first['id']}/redeliver"
    assert await program.refused("POST", again) == (409, "DELIVERY_STANDS")
    program.site.clock.pass_time(seconds=5)
    await tell(program, listener)
    told = await program.told("POST", again, status=202)
    assert (told["state"], told["message_id"], len(told["tries"])) == ("waiting", f"msg_{first['id']}", 2)
    await tell(program, listener)
    path = f"/webhooks/{made['id']}/deliveries"
    (delivered,) = (await program.told("GET", f"{path}?state=delivered"))["items"]
    assert [each["status"] for each in delivered["tries"]] == [500, 204, 204]
    assert {headers["webhook-id"] for _, _, headers in listener.told} == {first["message_id"]}
    assert (await program.told("GET", f"{path}?state=failed"))["items"] == []
    assert (await program.refused("GET", f"{path}?state=lost"))[0] == 422
    await program.told("PATCH", f"/webhooks/{made['id']}", {"enabled": False})
    assert await program.refused("POST", again) == (409, "DELIVERY_STANDS")


async def test_what_cannot_be_a_webhook_is_refused(program: Program):
    for url in (
        *("http://crm.example/", "ftp://crm.example/", "https://", "https://localhost/", "https://printer.local/"),
        *("https://10.0.0.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://2130706433/", "https://nas/"),
        # read as 127.0.0.1 by one reader or another, or called by nobody
        *("https://0x7f.1/", "https://127.0.0.0x1/", "https://%31%32%37.0.0.1/", "https://[v1.a]/", "https://a.1/"),
        *("https://crm..example/", "https://-crm.example/", f"https://{'a' * 64}.example/", "https://crm.example:0/"),
        *("https://a:b@crm.example/", "https://crm.example/#x", "https://crm.example:99999/", "https://[::1"),
        *(
            "https://crm.example/ä",
            "https://crm.example/a b",
            "https://169.254.169.254/latest",
            "https://x.localhost./",
        ),
    ):
        assert await program.refused("POST", "/webhooks", {"url": url}) == (422, "BAD_WEBHOOK"), url
    for events in (["order"], ["order.payed"], ["*"], [".*"], ["zebra.*"]):
        body = {"url": URL, "events": events}
        assert await program.refused("POST", "/webhooks", body) == (422, "BAD_WEBHOOK"), events
    bodies: tuple[Any, ...] = ({}, {"url": 5}, {"url": ""}, {"url": URL, "events": "order.*"}, {"url": URL, "x": 1})
    for body in (*bodies, {"url": URL + "x" * 2000}, {"url": URL, "events": ["order.paid"] * 51}):
        assert await program.refused("POST", "/webhooks", body) == (422, "INVALID"), body
    made = await program.told("POST", "/webhooks", {"url": URL}, status=201)
    assert (await program.refused("PATCH", f"/webhooks/{made['id']}", {"url": "https://10.0.0.1/"}))[0] == 422
    assert (await program.refused("PATCH", f"/webhooks/{made['id']}", {"enabled": "true"}))[0] == 422
    for _ in range(MOST_HOOKS - 1):
        await program.told("POST", "/webhooks", {"url": URL}, status=201)
    assert await program.refused("POST", "/webhooks", {"url": URL}) == (409, "TOO_MANY_WEBHOOKS")


async def test_webhooks_are_their_owners_alone(program: Program, listener: Listener):
    made = await program.told("POST", "/webhooks", {"url": URL, "events": ["order.paid"]}, status=201)
    await happens(program, "order:1", listener)
    (delivery,) = (await program.told("GET", f"/webhooks/{made['id']}/deliveries"))["items"]
    stranger = await Program.of(program.site, program.client, "bob")
    asked = [
        ("GET", f"/webhooks/{made['id']}"),
        ("PATCH", f"/webhooks/{made['id']}"),
        ("DELETE", f"/webhooks/{made['id']}"),
        ("POST", f"/webhooks/{made['id']}/rotate-secret"),
        ("POST", f"/webhooks/{made['id']}/test"),
        ("GET", f"/webhooks/{made['id']}/deliveries"),
        ("POST", f"/webhooks/deliveries/{delivery['id']}/redeliver"),
    ]
    for method, path in asked:
        assert (await stranger.refused(method, path, {}))[0] == 404, path
    assert (await stranger.told("GET", "/webhooks"))["total"] == 0
    async with program.site.database.transaction() as session:
        member = {"owner": False, "rights": ["view", "manage", "send", "money", "support"]}
        await session.execute(update(Membership).where(Membership.account_id == program.account_id).values(**member))
    for method, path in asked:
        assert (await program.refused(method, path, {}))[0] == 403, path
    assert len(listener.told) == 1
