"""What ideas brought: each lead and each order counts for whom it is due to, and for nobody twice."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from shop_world import ApiShop
from sqlalchemy import select, update

from domain.ideas import add_idea
from domain.leads import capture_lead
from domain.links import make_link, note_touch
from domain.setups import CreatorSetup
from store.models import Creator, Idea, Link, LinkTarget, Order, Person
from web.tools import TOOLS


def money(gross: int, back: int = 0, currency: str = "usd") -> dict[str, Any]:
    return {"currency": currency, "gross_minor": gross, "refunded_minor": back, "net_minor": gross - back}


def counts(item: dict[str, Any]) -> tuple[Any, ...]:
    """Leads, touched leads, and by first and by last touch customers, orders and what is left of the money."""
    return (
        item["leads"],
        item["touched_leads"],
        *(
            (each["customers"], each["orders"], *(sum_["net_minor"] for sum_ in each["money"]))
            for each in (item["first_touch"], item["last_touch"])
        ),
    )


@dataclass
class Studio:
    """Ada's ideas with a link each, and the people who come by them."""

    shop: ApiShop
    product: int = 0
    ideas: dict[str, Idea] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    orders: list[int] = field(default_factory=list)

    async def idea(self, title: str, *tags: str, creator: int | None = None) -> None:
        whose, now = creator or self.shop.creator, self.shop.site.clock()
        async with self.shop.site.database.transaction() as session:
            idea = await add_idea(session, creator_id=whose, title=title, tags=tags, now=now)
            self.ideas[title] = idea
            self.links[title] = await self._link(session, whose, LinkTarget.IDEA, str(idea.number))

    async def _link(self, session: Any, creator: int, target: LinkTarget, name: str) -> Link:
        return await make_link(session, creator, CreatorSetup(), target=target, name=name, now=self.shop.site.clock())

    async def comes(self, name: str, by: str = "", source: str | None = None) -> int:
        """By an idea's link, or by whatever else; the first time they become a lead."""
        now, link = self.shop.site.clock(), self.links.get(by)
        creator = self.shop.creator if link is None else link.creator_id
        async with self.shop.site.database.transaction() as session:
            person = await session.scalar(select(Person).where(Person.first_name == name))
            if person is None:
                number = len(self.people) + 1
                told = {"bot_id": 1, "telegram_id": number, "first_name": name, "language": "en"}
                person = Person(**told, created_at=now, seen_at=now)
                session.add(person)
                await session.flush()
            lead, _ = await capture_lead(session, creator, person, source=source, link=link, now=now)
            await note_touch(session, lead, link=link, source=source, now=now)
            self.people[name] = lead.id
            return lead.id

    async def buys(self, name: str, product: int | None = None) -> int:
        order = await self.shop.order({"product_id": product or self.product}, lead_id=self.people[name])
        await self.shop.pay(order["id"])
        self.orders.append(int(order["id"]))
        return self.orders[-1]

    async def refunds(self, order: int, amount: int | None = None) -> None:
        body = {} if amount is None else {"amount_minor": amount}
        await self.shop.done("POST", f"/orders/{order}/refunds", body, status=202)
        await self.shop.give_back()
        await self.shop.hear()

    def pass_time(self, **by: float) -> None:
        self.shop.site.clock.pass_time(**by)

    async def of(self, title: str) -> Any:
        return await self.shop.get(f"/{self.shop.seller}/ideas/{self.ideas[title].public_id}/results")

    async def results(self, by: str, **more: Any) -> Any:
        return await self.shop.get(f"/{self.shop.seller}/ideas/results?by={by}", **more)


async def studio_of(shop: ApiShop) -> Studio:
    studio = Studio(shop)
    studio.product = await shop.add("Pack", 1000)
    return studio


@pytest.fixture
async def studio(shop: ApiShop) -> Studio:
    return await studio_of(shop)


@pytest.fixture
async def either_studio(either_shop: ApiShop) -> Studio:
    return await studio_of(either_shop)


async def _year_of_sales(studio: Studio) -> None:
    """Lena buys twice and Max once, who first came by the tour; Pia once, who came by the reel at last."""
    shop = studio.shop
    await studio.idea("Tour", "video")
    await studio.idea("Reel", "video", "food")
    await studio.idea("Nothing", "video")
    for name in ("Lena", "Max"):
        await studio.comes(name, "Tour")
    await studio.comes("Pia", source="ad42")
    studio.pass_time(hours=1)
    await studio.comes("Pia", "Reel")
    part_back = await studio.buys("Lena")
    studio.pass_time(hours=1)
    await studio.comes("Lena", "Reel")
    await studio.comes("Lena", "Reel")
    await studio.comes("Max", source="ad42")
    studio.pass_time(hours=1)
    for name in ("Lena", "Max"):
        await studio.buys(name)
    all_back = await studio.buys("Pia")
    studio.pass_time(hours=1)
    # too late to count for what is paid
    await studio.comes("Pia", "Tour")
    # neither what is not paid nor what costs nothing is a sale
    await shop.order({"product_id": studio.product}, lead_id=studio.people["Lena"])
    gift = await shop.add("Gift", 0)
    await shop.order({"product_id": gift}, lead_id=studio.people["Lena"])
    await studio.refunds(part_back, 400)
    await studio.refunds(all_back)


async def test_what_an_idea_brought_is_told_by_first_and_by_last_touch(either_studio: Studio):
    studio = either_studio
    shop = studio.shop
    await _year_of_sales(studio)
    tour = await studio.of("Tour")
    assert tour == {
        "id": str(studio.ideas["Tour"].public_id),
        "number": 1,
        "title": "Tour",
        "leads": 2,
        "touched_leads": 3,
        "first_touch": {"customers": 2, "orders": 3, "money": [money(3000, 400)]},
        "last_touch": {"customers": 1, "orders": 1, "money": [money(1000, 400)]},
    }
    assert counts(await studio.of("Reel")) == (0, 2, (0, 0), (2, 2, 1000))
    assert counts(await studio.of("Nothing")) == (0, 0, (0, 0), (0, 0))
    studio.pass_time(minutes=1)
    told = await studio.results("idea")
    assert [(each["title"], *counts(each)) for each in told["items"]] == [
        ("Reel", 0, 2, (0, 0), (2, 2, 1000)),
        ("Tour", 2, 3, (2, 3, 2600), (1, 1, 600)),
    ]
    assert {name: told[name] for name in ("by", "time_zone", "total", "limit", "offset", "has_more")} == {
        "by": "idea",
        "time_zone": "UTC",
        "total": 2,
        "limit": 20,
        "offset": 0,
        "has_more": False,
    }
    page = await studio.results("idea", limit=1, offset=1)
    assert ([each["title"] for each in page["items"]], page["total"], page["has_more"]) == (["Tour"], 2, False)
    # the link that an idea names is its own too, and nothing is counted twice for it
    async with shop.site.database.transaction() as session:
        for title, link in (("Nothing", "Reel"), ("Reel", "Reel")):
            await session.execute(
                update(Idea).where(Idea.id == studio.ideas[title].id).values(link_id=studio.links[link].id)
            )
    assert counts(await studio.of("Nothing")) == counts(await studio.of("Reel")) == (0, 2, (0, 0), (2, 2, 1000))
    # somebody who is forgotten is counted no more, as with sources
    assert (await shop.call("DELETE", f"/leads/{studio.people['Max']}?with_library=true")).status == 204
    assert counts(await studio.of("Tour")) == (1, 2, (1, 2, 1600), (1, 1, 600))


async def test_results_are_told_by_tag_and_by_month_of_the_creators_clock(either_studio: Studio):
    studio = either_studio
    shop = studio.shop
    await _year_of_sales(studio)
    async with shop.site.database.transaction() as session:
        await session.execute(update(Creator).values(time_zone="America/New_York"))
    tags = await studio.results("tag")
    assert [(each["tag"], *counts(each)) for each in tags["items"]] == [
        # whoever came by two ideas of a tag is one customer of it
        ("video", 2, 3, (2, 3, 2600), (2, 3, 1600)),
        ("food", 0, 2, (0, 0), (2, 2, 1000)),
    ]
    # on the last evening of November there, and in December by UTC
    async with shop.site.database.transaction() as session:
        paid = datetime.fromisoformat("2026-12-01T03:00:00+00:00")
        await session.execute(update(Order).where(Order.id == studio.orders[-1]).values(paid_at=paid))
    asked = {"from": "2026-10-01", "to": "2026-12-31"}
    for more, expected in (
        ({}, [("2026-10-01T04:00:00Z", 0, 0), ("2026-11-01T04:00:00Z", 2, 3), ("2026-12-01T05:00:00Z", 0, 0)]),
        (
            {"time_zone": "UTC"},
            [("2026-10-01T00:00:00Z", 0, 0), ("2026-11-01T00:00:00Z", 2, 2), ("2026-12-01T00:00:00Z", 0, 1)],
        ),
    ):
        months = await studio.results("month", **asked, **more)
        told = [(each["from"], each["leads"], each["last_touch"]["orders"]) for each in months["items"]]
        assert (told, months["total"]) == (expected, 3)
    second = await studio.results("month", **asked, limit=1, offset=1)
    assert counts(second["items"][0]) == (2, 3, (2, 3, 2600), (2, 3, 1600))
    december = await studio.results("idea", time_zone="UTC", **{"from": "2026-12-01", "to": "2026-12-31"})
    assert [(each["title"], *counts(each)) for each in december["items"]] == [("Tour", 0, 0, (0, 0), (1, 1, 0))]
    # the last year unless told, which is told in whole months but the first and the last
    assert len((await studio.results("month"))["items"]) == 13


async def test_results_are_ones_own_and_asked_for_rightly(studio: Studio):
    shop = studio.shop
    await _year_of_sales(studio)
    idea = studio.ideas["Tour"].public_id
    at = f"/{shop.stranger}/ideas"
    # another creator's first idea has the same number, and none of what this one brought
    bob = (await shop.get("/auth/me", by=shop.stranger))["creators"][0]["creator_id"]
    await studio.idea("Other", "video", creator=bob)
    told = await shop.get(f"{at}/{studio.ideas['Other'].public_id}/results", by=shop.stranger)
    assert (told["number"], *counts(told)) == (1, 0, 0, (0, 0), (0, 0))
    assert (await shop.get(f"{at}/results?by=tag", by=shop.stranger))["items"] == []
    assert await shop.refused("GET", f"{at}/{idea}/results", by=shop.stranger) == (404, "NO_SUCH_IDEA", {})
    for path in (f"/{shop.seller}/ideas/results", f"/{shop.seller}/ideas/{idea}/results", f"{at}/results"):
        who = shop.seller if path.startswith(at) else shop.stranger
        assert (await shop.refused("GET", path, by=who))[:2] == (403, "FORBIDDEN")
    mine = f"/{shop.seller}/ideas"
    for path in (f"{mine}/x/results", f"{mine}/{idea}0/results", f"{mine}/1/results"):
        assert (await shop.refused("GET", path))[:2] == (404, "NO_SUCH_IDEA")
    for asked, wrong in (
        ("by=week", {"by"}),
        ("from=2026-12-01&to=2026-11-01", {"from"}),
        ("time_zone=X", {"time_zone"}),
    ):
        status, code, fields = await shop.refused("GET", f"{mine}/results?{asked}")
        assert (status, code in {"INVALID", "BAD_PERIOD"}, set(fields)) == (422, True, wrong)
    assert (await shop.refused("GET", f"{mine}/results?from=1980-01-01&to=2190-01-01&by=month"))[1] == "BAD_PERIOD"
    # of a large business they are worked out once a minute at most
    application = shop.client.app
    assert application is not None
    application[TOOLS].own_answers.exact_up_to = 1
    before = await studio.of("Tour"), await studio.results("tag")
    studio.pass_time(seconds=1)
    await studio.buys("Lena")
    assert (await studio.of("Tour"), await studio.results("tag")) == before
    assert counts(await studio.of("Reel"))[3] == (2, 3, 2000)
