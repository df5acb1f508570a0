"""What else somebody who has just bought may want: one message after the delivery, to whoever may be marketed to."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.code_prices import price_by_code, told_by_code
from domain.consent import may_market
from domain.entitlements import owns
from domain.messages.catalogue import plain, say
from domain.messages.plain import Button, Message, column
from domain.outbox import queue_message
from domain.prices_shown import price_of
from domain.pricing import Wish, rails_of
from domain.product_card import Choice
from domain.setups import CreatorSetup
from kit.money import Money
from kit.text import shorten
from store.models import Lead, OrderLine, OutboxKind, Person
from store.queries.catalogue import Offered, are_any_left, is_on_sale, offered_after, variants_of

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
    buttons = [await _button(session, lead, each, person.speaks, setup, now=now) for each in offered]
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
            if product.id in found or not is_on_sale(product, now) or not await are_any_left(session, product):
                continue
            if not await owns(session, lead.id, product.id):
                found[product.id] = each
    return list(found.values())[:MOST_OFFERED]


async def _button(
    session: AsyncSession, lead: Lead, offered: Offered, language: str, setup: CreatorSetup, *, now: datetime
) -> Button:
    """To the card, with what it costs them; a code by which they cannot have it takes nothing off."""
    product, code = offered.product, offered.code
    variants = await variants_of(session, product.id)
    price, by_code = price_of(product, language, variants), None
    if code is not None:
        wishes = [Wish(product, each, code=code) for each in variants or (None,)]
        by_code = await _by_code(session, lead, wishes, setup, now=now)
    if by_code is None:
        code = None
    elif variants or not product.price_minor:
        price = plain("upsell-code", language, price=price, code=code)
    else:
        price = plain("upsell-price", language, price=told_by_code(by_code, product, language), before=price)
    text = f"{shorten(product.title, _LABEL - len(price) - 3)} · {price}"
    return Button(text=text, data=Choice(code=code).behind("product", product.id))


async def _by_code(
    session: AsyncSession, lead: Lead, wishes: Sequence[Wish], setup: CreatorSetup, *, now: datetime
) -> Money | None:
    """What the first of them that can be paid by its code costs; None where none can."""
    for wish in wishes:
        offered = setup.shop.rails.get(wish.product.kind, ())
        rails = rails_of(wish.product, setup, offered=offered, variant=wish.variant)
        price = await price_by_code(session, lead, wish, rails, now=now, setup=setup)
        if price is not None:
            return price
    return None
