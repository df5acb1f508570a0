"""A code as a buyer meets it: typed under a product's card, or brought by a link."""

from dataclasses import replace
from typing import Any

from sqlalchemy import func, select
from telegram import CallbackQuery

from bot.handlers.edits import edit
from bot.handlers.shop import SHOWN, on_sale, read_choice, send_card, send_shop
from bot.numbers import read_id
from bot.replies import TapReply
from bot.turn import Turn
from domain.discounts import Discount, NoSuchCode, apply_code, find_code, read_code
from domain.messages.plain import Button, Message
from domain.prices_shown import prices_in_list
from domain.pricing import Wish, price_on, rails_of, total_of
from domain.product_card import Choice
from domain.prompts import ask_next
from kit.errors import Refusal
from kit.money import Money
from kit.paging import Page, Paging
from kit.text import shorten
from store.models import Creator, DiscountCode, Lead, Link, Product, ProductVariant
from store.queries.catalogue import on_sale as is_sold
from store.queries.catalogue import variants_of

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
    """Where a link with a code leads: to the one product that it is for, else to all of them. False: to nothing now.

    A code that is over leads to the same, at the full price.
    """
    name, _, slug = link.name.partition("/")
    try:
        code = await find_code(turn.session, link.creator_id, name)
    except NoSuchCode:
        code = None
    is_over = code is None or code.archived_at is not None or (code.ends_at is not None and code.ends_at <= turn.now)
    if is_over:
        turn.say("coupon-over", code=name)
    creator = await turn.session.get_one(Creator, link.creator_id)
    found = await _page(turn, creator, code, 0, slug=slug)
    if found.total == 1:
        await send_card(turn, found.items[0], Choice(code=None if code is None or is_over else code.code))
    elif found.total and (code is None or is_over):
        await send_shop(turn, creator)
    elif found.total and code is not None:
        turn.send(await _screen(turn, creator, code, found))
    return bool(found.total)


async def turn_page(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`codes:CREATOR:PAGE:CODE`, under a list of what a code is for that has several pages."""
    number, page, name = arguments
    creator = await turn.session.get(Creator, read_id(number))
    if creator is None:
        raise turn.refusal("not-understood")
    code = await find_code(turn.session, creator.id, name)
    turn.replies.append(TapReply(query_id=query.id))
    edit(turn, query, await _screen(turn, creator, code, await _page(turn, creator, code, read_id(page))))


async def _page(turn: Turn, creator: Creator, code: DiscountCode | None, page: int, *, slug: str = "") -> Page[Product]:
    """What is for sale and costs something; of the rest no code takes anything off."""
    priced = is_sold(creator.id, turn.now) & (Product.price_minor > 0)
    if slug:
        priced &= Product.slug == slug
    elif code is not None and code.products:
        priced &= Product.id.in_(code.products)
    total = await turn.session.scalar(select(func.count()).select_from(Product).where(priced)) or 0
    paging = Paging(SHOWN, page * SHOWN)
    found = select(Product).where(priced).order_by(Product.id).limit(paging.limit).offset(paging.offset)
    return Page((await turn.session.scalars(found)).all(), total, paging)


async def _screen(turn: Turn, creator: Creator, code: DiscountCode, found: Page[Product]) -> Message:
    """Each with its price by the code, as far as that is known before anything is chosen."""
    choice = Choice(code=code.code)
    lead, _ = await turn.lead(creator)
    usual = await prices_in_list(turn.session, found.items, turn.person.speaks)
    rows: list[tuple[Button, ...]] = []
    for each in found.items:
        price = await _price_by_code(turn, lead, each, choice) or usual[each.id]
        label = f"{shorten(each.title, LABEL_LENGTH - len(price) - 3)} · {price}"
        rows.append((Button(text=label, data=choice.behind("product", each.id)),))
    page = found.paging.offset // SHOWN
    steps = [Button(text="‹", data=f"codes:{creator.id}:{page - 1}:{code.code}")] if page else []
    if found.has_more:
        steps.append(Button(text="›", data=f"codes:{creator.id}:{page + 1}:{code.code}"))
    if steps:
        rows.append(tuple(steps))
    return Message(text=turn.words("coupon-applied", code=code.code), buttons=tuple(rows))


async def _price_by_code(turn: Turn, lead: Lead, product: Product, choice: Choice) -> str | None:
    """None where it depends on what is chosen, or the code is not good for them."""
    if product.pay_what_you_want or await variants_of(turn.session, product.id):
        return None
    try:
        asked, discount = await _by_code(turn, lead, product, None, choice)
    except Refusal:
        return None
    return replace(asked, amount_minor=asked.amount_minor - discount.amount_minor).format(turn.person.speaks)


async def _check(turn: Turn, product: Product, choice: Choice) -> None:
    lead, _ = await turn.lead(await turn.session.get_one(Creator, product.creator_id))
    variant = await turn.session.get(ProductVariant, choice.variant) if choice.variant else None
    if variant is not None and variant.product_id != product.id:
        raise turn.refusal("not-understood")
    await _by_code(turn, lead, product, variant, choice)


async def _by_code(
    turn: Turn, lead: Lead, product: Product, variant: ProductVariant | None, choice: Choice
) -> tuple[Money, Discount]:
    """What it costs, and what the code takes off that. Raises a Refusal for one that is not good for them."""
    wish = Wish(product, variant, max(choice.quantity, 1), code=choice.code)
    setup = turn.facts.published.setup(product.creator_id)
    rails = rails_of(product, setup, offered=turn.facts.rails, variant=variant)
    unit = price_on(replace(wish, code=None), rails[0] if rails else "", stars_rates=setup.shop.stars_rates)
    asked = total_of(unit, wish.quantity)
    return asked, await apply_code(turn.session, lead, wish, asked, now=turn.now, setup=setup)
