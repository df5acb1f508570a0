"""One bot, two creators, one person who is a lead of both: what is one's never shows at the other's."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chaos_client import Client, Json
from chaos_facts import reading
from chaos_tour import CREATOR, add_product, buttons, checkouts, file, said
from sqlalchemy import select

from store.models import Creator, Enrollment, Entitlement, FlowRun, Lead, Order, Product

POTTER = 1002
WITHIN = 30.0


def own_words(name: str) -> Json:
    """A creator's own flow of one question, and a follow-up that comes at once."""
    nodes = [
        {"key": "ask", "do": "ask", "kind": "text", "field": "wish", "text": f"What do you wish of the {name}?"},
        {"key": "thanks", "do": "say", "text": f"The {name} thanks you for: {{{{ lead.wish }}}}."},
    ]
    follow_up = [{"key": "hello", "do": "send", "text": f"The {name} says hello."}]
    return {
        "flows": {"welcome": {"trigger": "start", "nodes": nodes}},
        "funnels": {"welcome": {"trigger": {"event": "lead.captured"}, "steps": follow_up}},
    }


def with_two_creators(config: dict[str, Any]) -> None:
    config["creators"]["studio"] |= own_words("studio")
    config["creators"]["pottery"] = {
        "name": "Pottery South",
        "fields": {"wish": {"kind": "text"}},
        **own_words("pottery"),
    }


@dataclass
class Visitor:
    client: Client
    person: int
    last: int = 0

    async def writes(self, text: str, answer: str) -> Json:
        self.last = await self.client.write(self.person, text=text)
        return await self.hears(said(answer), answer)

    async def hears(self, wanted: Callable[[Json], bool], what: str, *, after: int | None = None) -> Json:
        since = self.last if after is None else after
        return await self.client.hear(self.person, wanted, what, after=since, within=WITHIN)

    async def sees(self, command: str, answer: str) -> list[str]:
        """What the buttons offer, without prices."""
        shown = buttons(await self.writes(command, answer))
        return [each["text"].partition(" · ")[0] for each in shown if not each["data"].startswith("rate:")]

    async def buys(self, shop: str, creator: str, title: str, file_name: str) -> None:
        shown = await self.writes(shop, creator)
        (product,) = buttons(shown, "product:")
        await self.client.tap(self.person, shown, product["data"])
        card = await self.hears(said(title), f"the {title}")
        (buy,) = buttons(card, "buy:")
        await self.client.tap(self.person, card, buy["data"])
        pay = await self.hears(lambda each: bool(checkouts(each)), "the checkout")
        await self.client.post(f"/stripe/sessions/{checkouts(pay)[0]}", {"outcome": "paid"})
        await self.hears(file(file_name), file_name)


async def test_a_lead_of_two_creators_sees_each_ones_shop_funnel_and_library_apart(staged):
    stage, client = await staged(config=with_two_creators)
    await client.post("/people", {"first_name": "Pia", "id": POTTER})
    await stage.add_creator("Studio North", "studio", CREATOR)
    await stage.add_creator("Pottery South", "pottery", POTTER)
    spark = stage.spark()
    spark.start()
    await spark.ready()
    await add_product(client, '"Preset pack" 19.00 usd', "Preset pack", "preset-pack.zip", creator=CREATOR)
    await add_product(client, '"Glaze book" 7.00 usd', "Glaze book", "glaze-book.pdf", creator=POTTER)
    ann = Visitor(client, await client.add_person("Ann"))

    await ann.writes("/start studio_ad42", "What do you wish of the studio?")
    await ann.writes("/start pottery_fair", "What do you wish of the pottery?")
    await ann.hears(said("The studio says hello."), "the studio's follow-up", after=0)
    await ann.hears(said("The pottery says hello."), "the pottery's follow-up", after=0)
    # an answer goes to the creator that the chat is with; the other one's question stays open
    await ann.writes("A bowl", "The pottery thanks you for: A bowl.")
    await ann.buys("/shop", "Pottery South", "Glaze book", "glaze-book.pdf")
    assert await ann.sees("/library", "Yours") == ["Glaze book"]

    assert await ann.sees("/shop studio", "Studio North") == ["Preset pack"]
    await ann.writes("/library", "Nothing from Studio North here yet.")
    await ann.writes("Warm light", "The studio thanks you for: Warm light.")
    await ann.buys("/shop", "Studio North", "Preset pack", "preset-pack.zip")
    assert await ann.sees("/library", "Yours") == ["Preset pack", "Yours from Pottery South ›"]
    assert await ann.sees("/shop pottery", "Pottery South") == ["Glaze book"]
    assert await ann.sees("/library", "Yours") == ["Glaze book", "Yours from Studio North ›"]

    for creator, own, others in ((CREATOR, "Preset pack", "Glaze book"), (POTTER, "Glaze book", "Preset pack")):
        sale = await client.hear(creator, lambda each: "Sale" in each["text"], "the sale", within=WITHIN)
        assert own in sale["text"]
        assert not [each for each in await client.chat(creator) if others in each["text"]]
    assert (await spark.terminate())[0] == 0
    assert await everything_kept(stage.store_url) == {
        "studio": {"source": "ad42", "flows": ["done"], "follow-ups": 1, "orders": 1, "owns": ["Preset pack"]},
        "pottery": {"source": "fair", "flows": ["done"], "follow-ups": 1, "orders": 1, "owns": ["Glaze book"]},
    }


async def everything_kept(store_url: str) -> dict[str, Json]:
    """What the store holds for each creator: one lead with its own source, flow, follow-up, order and product."""
    kept: dict[str, Json] = {}
    async with reading(store_url) as session:
        for creator in await session.scalars(select(Creator)):
            (lead,) = await session.scalars(select(Lead).where(Lead.creator_id == creator.id))
            owned = select(Product.title).join(Entitlement, Entitlement.product_id == Product.id)
            kept[creator.slug] = {
                "source": lead.source,
                "flows": list(await session.scalars(select(FlowRun.state).where(FlowRun.lead_id == lead.id))),
                "follow-ups": len(
                    list(await session.scalars(select(Enrollment).where(Enrollment.creator_id == creator.id)))
                ),
                "orders": len(list(await session.scalars(select(Order).where(Order.lead_id == lead.id)))),
                "owns": list(await session.scalars(owned.where(Entitlement.lead_id == lead.id))),
            }
    return kept
