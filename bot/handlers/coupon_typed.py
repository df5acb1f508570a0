"""A code as a buyer meets it: typed under a product's card, or brought by a link."""

from dataclasses import replace
from typing import Any

from sqlalchemy import select
from telegram import CallbackQuery

from bot.handlers.shop import SHOWN, on_sale, read_choice, send_card
from bot.replies import TapReply
from bot.turn import Turn
from domain.discounts import NoSuchCode, apply_code, find_code, read_code
from domain.messages.plain import Button, Message, column
from domain.pricing import Wish, price_on, rails_of, total_of
from domain.product_card import Choice, price_of
from domain.prompts import ask_next
from kit.text import shorten
from store.models import Creator, Link, Product, ProductVariant
from store.queries.catalogue import on_sale as is_sold

LABEL_LENGTH = 60


async def tap(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`code:PRODUCT`, `code:PRODUCT:VARIANT:QUANTITY`: the code is typed next."""
    product_id, choice = read_choice(arguments)
    product = await on_sale(turn, product_id)
    turn.replies.append(TapReply(query_id=query.id))
    data = {"product": product.id, "variant": choice.variant, "quantity": choice.quantity}
    await ask_next(turn.session, turn.person.id, "code", data, now=turn.now)
    turn.say("coupon-ask-code", title=product.title)


async def take_code(turn: Turn, data: dict[str, Any], text: str) -> None:
    """The card again, with what the code takes off. Raises a Refusal for one that is not good for them."""
    product = await on_sale(turn, int(data["product"]))
    choice = Choice(int(data["variant"]), int(data["quantity"]), read_code(text))
    await _check(turn, product, choice)
    await send_card(turn, product, choice)


async def follow_code(turn: Turn, link: Link) -> bool:
    """Where a link with a code leads: to the one product that it is for, else to all of them. False: to nothing now."""
    name, _, slug = link.name.partition("/")
    try:
        code = await find_code(turn.session, link.creator_id, name)
    except NoSuchCode:
        return False
    late = code.ends_at is not None and code.ends_at <= turn.now
    if code.archived_at is not None or late:
        turn.say("coupon-over", code=code.code)
        return False
    query = select(Product).where(is_sold(link.creator_id, turn.now)).order_by(Product.id)
    if slug:
        query = query.where(Product.slug == slug)
    elif code.products:
        query = query.where(Product.id.in_(code.products))
    products = (await turn.session.scalars(query.limit(SHOWN))).all()
    choice = Choice(code=code.code)
    if len(products) == 1:
        await send_card(turn, products[0], choice)
        return True
    if products:
        buttons = [
            Button(text=_label(turn, each), data=choice.behind("product", each.id))
            for each in products
            if each.price_minor
        ]
        turn.send(Message(text=turn.words("coupon-applied", code=code.code), buttons=column(*buttons)))
    return bool(products)


async def _check(turn: Turn, product: Product, choice: Choice) -> None:
    lead, _ = await turn.lead(await turn.session.get_one(Creator, product.creator_id))
    variant = await turn.session.get(ProductVariant, choice.variant) if choice.variant else None
    if variant is not None and variant.product_id != product.id:
        raise turn.refusal("not-understood")
    wish = Wish(product, variant, max(choice.quantity, 1), code=choice.code)
    setup = turn.facts.published.setup(product.creator_id)
    rails = rails_of(product, setup, offered=turn.facts.rails, variant=variant)
    unit = price_on(replace(wish, code=None), rails[0] if rails else "", stars_rates=setup.shop.stars_rates)
    await apply_code(turn.session, lead, wish, total_of(unit, wish.quantity), now=turn.now, setup=setup)


def _label(turn: Turn, product: Product) -> str:
    price = price_of(product, turn.person.speaks)
    return f"{shorten(product.title, LABEL_LENGTH - len(price) - 3)} · {price}"
