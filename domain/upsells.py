"""What else somebody who has just bought may want: one message after the delivery, to whoever may be marketed to."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.consent import may_market
from domain.entitlements import owns
from domain.messages.catalogue import say
from domain.messages.plain import Button, Message, column
from domain.outbox import queue_message
from domain.product_card import Choice, price_of
from domain.setups import CreatorSetup
from kit.text import shorten
from store.models import Lead, OrderLine, OutboxKind, Person, Product
from store.queries.catalogue import Offered, is_on_sale, offered_after

MOST_OFFERED = 3
_LABEL = 60


async def offer_more(session: AsyncSession, lead: Lead, order_id: int, setup: CreatorSetup, *, now: datetime) -> bool:
    """Offers what goes with that order, once: only what is on sale and not theirs. False when nothing is said."""
    if lead.person_id is None or not may_market(lead, setup):
        return False
    person = await session.get_one(Person, lead.person_id)
    if person.blocked_at is not None:
        return False
    offered = await _offered(session, lead, order_id, now=now)
    if not offered:
        return False
    buttons = (
        Button(text=_label(each.product, person.speaks), data=Choice(code=each.code).behind("product", each.product.id))
        for each in offered
    )
    text = f"{say('upsell', person.speaks)}\n\n{say('way-out', person.speaks)}"
    return await queue_message(
        session,
        Message(text=text, buttons=column(*buttons)),
        key=f"upsell:{order_id}",
        kind=OutboxKind.FUNNEL,
        creator_id=lead.creator_id,
        person_id=person.id,
        lead_id=lead.id,
        now=now,
    )


async def _offered(session: AsyncSession, lead: Lead, order_id: int, *, now: datetime) -> list[Offered]:
    bought = await session.scalars(
        select(OrderLine.product_id).where(OrderLine.order_id == order_id).order_by(OrderLine.id)
    )
    found: dict[int, Offered] = {}
    for product_id in dict.fromkeys(bought):
        for each in await offered_after(session, product_id):
            product = each.product
            if product.id in found or not is_on_sale(product, now) or product.stock == 0:
                continue
            if not await owns(session, lead.id, product.id):
                found[product.id] = each
    return list(found.values())[:MOST_OFFERED]


def _label(product: Product, language: str) -> str:
    price = price_of(product, language)
    return f"{shorten(product.title, _LABEL - len(price) - 3)} · {price}"
