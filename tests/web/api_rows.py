"""A creator with something behind every address of the API, so that each can be asked for by anybody."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from aiohttp import FormData
from api_caller import Program
from web_world import KEY, NOON, Client, Site

from domain.signing_in import ACCESS_LIFETIME, begin_in_bot, begin_session
from kit.tokens import AUDIENCE, ISSUER, sign_access_token
from store.models import (
    Account,
    Channel,
    Event,
    HookMessage,
    Invitation,
    Lead,
    Membership,
    Order,
    OrderState,
    Review,
    Right,
    Role,
)
from web.api.route import Route
from web.api.table import PREFIX

PARTS = re.compile(r"\{(\w+)\}")
CSV = b"name,email\nTom,tom@example.com\n"


@dataclass(frozen=True)
class Rows:
    """What the parts of addresses stand for; `special` are those that mean something else below their noun."""

    site: Site
    client: Client
    creator_id: int
    account_id: int
    values: Mapping[str, Any]
    special: Mapping[tuple[str, str], Any]
    refresh_token: str = ""
    _made: dict[Role, int] = field(default_factory=dict)

    def with_account(self, account_id: int) -> "Rows":
        """The same, where an address names the account that asks."""
        return replace(self, special={**self.special, ("{user_id}", "user_id"): account_id})

    async def headers_of(self, role: Role, *, anew: bool) -> Mapping[str, str]:
        """Of an account in that role, which is an owner of this creator's business where it is a creator."""
        if anew or role not in self._made:
            self._made[role] = await add_account(self.site, role)
            if role is Role.CREATOR:
                await join(self.site, self._made[role], self.creator_id, owner=True)
        return self.site.bearer(self._made[role])


def value_of(path: str, name: str, rows: Rows) -> Any:
    noun = path.removeprefix(PREFIX).split("/")[1]
    return rows.special.get((noun, name)) or rows.values[name]


def address(route: Route[Any, Any], rows: Rows) -> str:
    return PREFIX + PARTS.sub(lambda found: str(value_of(route.path, found[1], rows)), route.path)


async def add_account(site: Site, role: Role, name: str = "Somebody") -> int:
    async with site.database.transaction() as session:
        account = Account(role=role, name=name, created_at=site.clock())
        session.add(account)
        await session.flush()
        return account.id


async def script_headers(site: Site, account_id: int) -> dict[str, str]:
    """With such a token as the bot's `/token` gives."""
    async with site.database.transaction() as session:
        sign_in_id = await begin_in_bot(session, await session.get_one(Account, account_id), now=site.clock())
    token = sign_access_token(
        KEY,
        account_id=account_id,
        sign_in_id=sign_in_id,
        issuer=ISSUER,
        audience=AUDIENCE,
        now=site.clock(),
        lifetime=ACCESS_LIFETIME,
    )
    return {"Authorization": f"Bearer {token}"}


async def join(site: Site, account_id: int, creator_id: int, *rights: Right, owner: bool = False) -> None:
    async with site.database.transaction() as session:
        session.add(Membership(account_id=account_id, creator_id=creator_id, owner=owner, rights=list(rights)))


async def rows_of(site: Site, client: Client, slug: str) -> Rows:
    owner = await Program.of(site, client, slug)
    product = await _made(owner, "/products", {"title": "Preset pack", "price_minor": 1900, "category": "presets"})
    other = await _made(owner, "/products", {"title": "Course", "price_minor": 4900})
    bundle = await _made(owner, "/products", {"title": "Both", "price_minor": 5900, "kind": "bundle"})
    at = f"/products/{product}"
    await owner.told("PUT", f"/products/{bundle}/bundle/{other}")
    lead = await _made(owner, "/leads", {"name": "Lena", "email": f"lena@{slug}.example.com"})
    definition = {"trigger": {"event": "lead.captured"}, "steps": [{"key": "hi", "do": "send", "text": "Hi"}]}
    await owner.told("PUT", "/funnels/care", {"definition": definition}, status=201)
    await owner.told("PUT", "/segments/fans", {"question": "tag:fan"}, status=201)
    ideas = f"/{owner.account_id}/ideas"
    idea = await _made(owner, ideas, {"title": "Studio tour"})
    await owner.told("PATCH", f"{ideas}/{idea}", {"stage": "outline"})
    file = await _sent(owner, f"{at}/files", "guide.pdf", b"%PDF-1.7")
    values = {
        "product_id": product,
        "item_id": other,
        "offered_id": other,
        "variant_id": await _made(owner, f"{at}/variants", {"title": "Large", "price_minor": 2900}),
        "category": "presets",
        "file_id": file,
        "upload_id": await _sent(owner, "/uploads/files", "loose.pdf", b"%PDF-1.7"),
        "lead_id": lead,
        "idea_id": idea,
        "check_id": await _made(owner, f"{ideas}/{idea}/checklist", {"what": "Charge the camera"}),
        "note_id": await _made(owner, f"/leads/{lead}/notes", {"text": "Met at the fair"}),
        "import_id": await _made(owner, "/leads/import", None, data=CSV, headers={"Content-Type": "text/csv"}),
        "key": "care",
        "slug": slug,
        "broadcast_id": await _made(owner, "/broadcasts", {"text": "Hello"}),
        "link_id": await _made(owner, "/links", {"target": "start", "title": "Bio"}),
        "code_id": await _made(owner, "/codes", {"code": "SPRING", "percent": 20}),
        "hook_id": (hook := await _made(owner, "/webhooks", {"url": "https://crm.example.com/spark"})),
        "key_id": await _made(owner, "/api-keys", {"name": "Shop", "scopes": ["view"]}),
        "invitation_id": await _made(owner, "/invitations", {"rights": ["view"]}),
    }
    member = await add_account(site, Role.BUYER, "Noor")
    await join(site, member, owner.creator_id, Right.VIEW)
    async with site.database.transaction() as session:
        may = {"may_invite": False, "may_remove": False, "may_post": True}
        session.add(
            Channel(
                bot_id=1, chat_id=-owner.creator_id, creator_id=owner.creator_id, title="The news", seen_at=NOON, **may
            )
        )
    await owner.told("PUT", f"{ideas}/{idea}/post", {"text": "Hello"})
    async with site.database.transaction() as session:
        buyer = Account(role=Role.BUYER, name="Zoe", created_at=NOON)
        session.add(buyer)
        await session.flush()
        bought_by = Lead(creator_id=owner.creator_id, name="Zoe", account_id=buyer.id, created_at=NOON)
        session.add(bought_by)
        await session.flush()
        order = Order(
            creator_id=owner.creator_id,
            lead_id=bought_by.id,
            reference=f"reference-{slug}",
            session_id=f"cs_test_{slug}",
            state=OrderState.PAID,
            subtotal_minor=1900,
            total_minor=1900,
            currency="usd",
            expires_at=NOON,
            created_at=NOON,
            paid_at=NOON,
        )
        event = Event(creator_id=owner.creator_id, name="product.added", subject="", data={}, occurred_at=NOON)
        review = Review(
            creator_id=owner.creator_id,
            lead_id=bought_by.id,
            product_id=product,
            rating=5,
            text="Lovely",
            created_at=NOON,
        )
        asked = Invitation(
            creator_id=None,
            role=Role.AGENT,
            rights=[],
            note="",
            digest=f"of-{slug}",
            made_by_id=owner.account_id,
            created_at=NOON,
            expires_at=NOON,
        )
        session.add_all([order, event, review, asked])
        await session.flush()
        delivery = HookMessage(hook_id=hook, event_id=event.id, due_at=NOON, created_at=NOON)
        session.add(delivery)
        account = await session.get_one(Account, owner.account_id)
        signed_in = await begin_session(session, account, way="password", now=NOON)
        await session.flush()
        special = {
            ("{user_id}", "user_id"): owner.account_id,
            ("auth", "session_id"): signed_in.sign_in_id,
            ("purchase", "session_id"): order.session_id,
            ("admin", "account_id"): member,
            ("admin", "invitation_id"): asked.id,
            ("team", "account_id"): member,
            ("segments", "key"): "fans",
        }
        made = {"order_id": order.id, "delivery_id": delivery.id, "review_id": review.id}
    return Rows(
        site,
        client,
        owner.creator_id,
        owner.account_id,
        values | made,
        special,
        refresh_token=signed_in.refresh_token,
    )


async def _made(owner: Program, path: str, body: Any, **more: Any) -> int:
    response = await owner.asks("POST", path, body, **more)
    assert response.status in {201, 202}, (path, response.status, await response.text())
    made = await response.json()
    number: int = made["id"] if "id" in made else made["key"]["id"]
    return number


async def _sent(owner: Program, path: str, name: str, content: bytes) -> int:
    form = FormData()
    form.add_field("file", content, filename=name, content_type="application/pdf")
    return await _made(owner, path, None, data=form)
