"""A creator's shop behind the API, with Stripe's stand-in as its rail."""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from web_world import KEY, Client, Site

sys.path.insert(0, str(Path(__file__).parents[1] / "playground"))

# found by the line above
from stripe_stage import Stage, on_stage

from domain.leads import add_lead
from domain.pay_links import PayLinks
from domain.products import add_product
from domain.setups import CreatorSetup
from domain.shop_setup import ShopSetup
from domain.variants import add_variant
from kit.money import Money
from payments.provider_events import ProviderEvents
from payments.refunding import Refunding
from payments.stripe_events import StripeEvents
from payments.stripe_rail import NAME, StripeRail
from store.models import Entitlement, Membership, Order, Product, ProductKind, Right

__all__ = ["ApiShop", "Stage", "on_stage", "open_shop", "site_with_stripe"]
SECRET = "whsec_playground"


@dataclass
class ApiShop:
    """Ada sells; Lena is her lead; whoever calls says as whom."""

    site: Site
    client: Client
    stage: Stage
    creator: int
    seller: int
    buyer: int
    stranger: int
    lead: int

    async def call(self, method: str, path: str, body: Any = None, *, by: int | None = None, **headers: str) -> Any:
        """`by` is an account; the seller's unless told."""
        sent = self.site.bearer(self.seller if by is None else by) | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return await self.client.request(method, f"/api/v1{path}", headers=sent, json=body)

    async def get(self, path: str, *, by: int | None = None, **query: Any) -> Any:
        headers = self.site.bearer(self.seller if by is None else by)
        response = await self.client.get(f"/api/v1{path}", headers=headers, params=query)
        assert response.status == 200, await response.text()
        return await response.json()

    async def done(self, method: str, path: str, body: Any = None, *, by: int | None = None, status: int = 200) -> Any:
        response = await self.call(method, path, body, by=by)
        assert response.status == status, await response.text()
        return await response.json()

    async def refused(
        self, method: str, path: str, body: Any = None, *, by: int | None = None
    ) -> tuple[int, str, dict[str, str]]:
        """The status, the code and the parts that are wrong."""
        response = await self.call(method, path, body, by=by)
        error = (await response.json())["error"]
        return response.status, error["code"], error.get("fields", {})

    async def add(self, title: str, price: int = 1900, **more: Any) -> int:
        currency = more.pop("currency", "usd")
        kind, creator = more.pop("kind", ProductKind.FILE), more.pop("creator", self.creator)
        stock = more.pop("stock", None)
        async with self.site.database.transaction() as session:
            product = await add_product(
                session,
                creator_id=creator,
                title=title,
                price=Money(price, currency),
                stock=stock,
                kind=kind,
                now=self.site.clock(),
            )
            for name, value in more.items():
                setattr(product, name, value)
            return product.id

    async def add_variant(self, product_id: int, title: str, price: int, stock: int | None = None) -> int:
        async with self.site.database.transaction() as session:
            product = await session.get_one(Product, product_id)
            made = await add_variant(
                session, product, title=title, price=Money(price, "usd"), stock=stock, now=self.site.clock()
            )
            return made.id

    async def add_member(self, *rights: Right, of: int | None = None) -> int:
        """An account of a creator's team (the seller's unless told), with these rights alone."""
        account = await self.site.add_account()
        async with self.site.database.transaction() as session:
            session.add(
                Membership(
                    account_id=account,
                    creator_id=of or self.creator,
                    owner=False,
                    rights=[str(each) for each in rights],
                )
            )
        return account

    async def order(self, *lines: Mapping[str, Any], by: int | None = None, **more: Any) -> Any:
        """Opened by the seller for Lena, unless by a buyer for themselves."""
        whose = {"lead_id": self.lead} if by is None else {}
        return await self.done("POST", "/orders", {"lines": list(lines), **whose, **more}, by=by, status=201)

    async def stock(self, product_id: int) -> tuple[int | None, int, int]:
        async with self.site.database.reading() as session:
            product = await session.get_one(Product, product_id)
            return product.stock, product.reserved, product.sold

    async def pay(self, order_id: int) -> None:
        """On Stripe's page, whose address is asked for as a browser does."""
        async with self.site.database.reading() as session:
            order = await session.get_one(Order, order_id)
        address = self.site.published.setup(self.creator).pay_links
        assert address is not None
        if order.session_id is None:
            path = (await self.get(f"/orders/{order_id}"))["pay_url"].removeprefix(self.site.public_url)
            assert (await self.client.post(path, allow_redirects=False)).status == 303
            async with self.site.database.reading() as session:
                order = await session.get_one(Order, order_id)
        await self.stage.outcome(str(order.session_id), "paid")
        await self.hear()

    async def hear(self) -> None:
        """What Stripe has told by webhook arrives, and is done."""
        await self.stage.receiver.wait_for(1)
        posts, self.stage.receiver.posts[:] = list(self.stage.receiver.posts), []
        for signature, body in posts:
            headers = {"Stripe-Signature": signature}
            assert (await self.client.post("/webhooks/stripe", data=body, headers=headers)).status == 200
        await ProviderEvents(self.site.database, self.site.clock, {NAME: self.site.stripe}).apply_due()  # type: ignore[dict-item]

    async def give_back(self) -> None:
        await Refunding(self.site.database, self.site.clock, self.site.rails).refund_due()

    async def owned(self) -> int:
        """Rights that nobody has taken back."""
        async with self.site.database.reading() as session:
            count = select(func.count()).select_from(Entitlement).where(Entitlement.revoked_at.is_(None))
            return await session.scalar(count) or 0


async def open_shop(site: Site, client: Client, stage: Stage) -> ApiShop:
    """Before the first call: what the site is made of is settled by `site_with_stripe`."""
    ada = await site.add_creator("ada")
    shop = ShopSetup(shipping_countries=("DE",))
    site.published.setups[ada] = CreatorSetup(pay_links=PayLinks(site.public_url, KEY), shop=shop)
    async with site.database.transaction() as session:
        lead = await add_lead(session, ada, name="Lena", email="lena@example.com", now=site.clock())
    return ApiShop(
        site=site,
        client=client,
        stage=stage,
        creator=ada,
        seller=await site.add_account(ada),
        buyer=await site.add_account(),
        stranger=await site.add_account(await site.add_creator("bob")),
        lead=lead.id,
    )


def site_with_stripe(site: Site, stage: Stage) -> StripeRail:
    """The same clock, Stripe as its rail, and its webhook believed."""
    rail = StripeRail("sk_test_stage", api_base=f"{stage.url}/stripe", success_url="https://t.me/bot")
    # the library waits half a second and more before it asks again
    rail._http.sleep_async = _no_wait  # type: ignore[method-assign]
    site.clock = stage.core.clock
    site.readiness.now_ready()
    site.rails[NAME] = rail
    site.stripe = StripeEvents(site.database, site.clock, [SECRET], livemode=False)  # type: ignore[assignment]
    return rail


async def _no_wait(_seconds: float) -> None:
    await asyncio.sleep(0)
