"""A code as a buyer meets it: typed under a product's card, or brought by a link."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from telegram import CallbackQuery

from bot.handlers.edits import edit
from bot.handlers.shop import SHOWN, on_sale, read_choice, send_card, send_shop
from bot.numbers import read_id
from bot.refusals import refusal_text
from bot.replies import TapReply
from bot.turn import Turn
from domain.code_prices import discounts_of, price_by_code, told_by_code
from domain.discounts import check_code, find_code, read_code
from domain.messages.plain import Button, Message
from domain.prices_shown import price_of
from domain.pricing import Wish, rails_of
from domain.product_card import Choice
from domain.prompts import ask_next
from domain.setups import CreatorSetup
from kit.errors import Refusal
from kit.paging import Page, Paging
from kit.text import shorten
from store.models import Creator, DiscountCode, Lead, Link, Product, ProductVariant
from store.queries.catalogue import on_sale as is_sold
from store.queries.catalogue import variants_of_each

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

    A code that is not good for them now leads to the same, at the full price, and they read why.
    """
    name, _, slug = link.name.partition("/")
    creator = await turn.session.get_one(Creator, link.creator_id)
    theirs = (DiscountCode.creator_id == creator.id, DiscountCode.code == name)
    about = await turn.session.scalar(select(DiscountCode.products).where(*theirs))
    found = await _page(turn, creator, about or (), 0, slug=slug)
    only = found.items[0] if found.total == 1 else None
    code = await _good_code(turn, creator, name, only)
    if only is not None:
        await send_card(turn, only, Choice(code=None if code is None else code.code))
    elif found.total and code is not None:
        turn.send(await _screen(turn, creator, code, found))
    elif found.total:
        await send_shop(turn, creator)
    return bool(found.total)


async def turn_page(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`codes:CREATOR:PAGE:CODE`, under a list of what a code is for that has several pages."""
    number, page, name = arguments
    creator = await turn.session.get(Creator, read_id(number))
    if creator is None:
        raise turn.refusal("not-understood")
    code = await find_code(turn.session, creator.id, name)
    await _check_code(turn, creator, code)
    turn.replies.append(TapReply(query_id=query.id))
    edit(turn, query, await _screen(turn, creator, code, await _page(turn, creator, code.products, read_id(page))))


async def _good_code(turn: Turn, creator: Creator, name: str, product: Product | None) -> DiscountCode | None:
    """None where it is not good for them now, and they have read why."""
    try:
        code = await find_code(turn.session, creator.id, name)
        await _check_code(turn, creator, code, product)
    except Refusal as no:
        turn.say("coupon-not-good", code=name, why=refusal_text(no, turn.person.speaks))
        return None
    return code


async def _check_code(turn: Turn, creator: Creator, code: DiscountCode, product: Product | None = None) -> None:
    """Raises a Refusal."""
    lead, _ = await turn.lead(creator)
    setup = turn.facts.published.setup(creator.id)
    await check_code(turn.session, code, lead, product, now=turn.now, setup=setup)


async def _page(turn: Turn, creator: Creator, about: Sequence[int], page: int, *, slug: str = "") -> Page[Product]:
    """What is for sale and costs something, of those that the code is about; of the rest it takes nothing off."""
    priced = is_sold(creator.id, turn.now) & (Product.price_minor > 0)
    if slug:
        priced &= Product.slug == slug
    elif about:
        priced &= Product.id.in_(about)
    total = await turn.session.scalar(select(func.count()).select_from(Product).where(priced)) or 0
    paging = Paging(SHOWN, page * SHOWN)
    found = select(Product).where(priced).order_by(Product.id).limit(paging.limit).offset(paging.offset)
    return Page((await turn.session.scalars(found)).all(), total, paging)


async def _screen(turn: Turn, creator: Creator, code: DiscountCode, found: Page[Product]) -> Message:
    """Each with its price by the code; of what has variants their cards say it."""
    lead, _ = await turn.lead(creator)
    variants = await variants_of_each(turn.session, [each.id for each in found.items])
    rows = [(await _button(turn, lead, each, variants.get(each.id, ()), code),) for each in found.items]
    page = found.paging.offset // SHOWN
    steps = [Button(text="‹", data=f"codes:{creator.id}:{page - 1}:{code.code}")] if page else []
    if found.has_more:
        steps.append(Button(text="›", data=f"codes:{creator.id}:{page + 1}:{code.code}"))
    shown: list[tuple[Button, ...]] = [*rows, *([tuple(steps)] if steps else [])]
    return Message(text=turn.words("coupon-applied", code=code.code), buttons=tuple(shown))


async def _button(
    turn: Turn, lead: Lead, product: Product, variants: Sequence[ProductVariant], code: DiscountCode
) -> Button:
    """To the card, without the code where it is not good for them or leaves what nobody can pay."""
    choice, price = Choice(code=code.code), price_of(product, turn.person.speaks, variants)
    if not variants:
        setup, rails = _paid_by(turn, product, None)
        wish = Wish(product, code=code.code)
        by_code = await price_by_code(turn.session, lead, wish, rails, now=turn.now, setup=setup)
        if by_code is None:
            choice = Choice()
        else:
            price = told_by_code(by_code, product, turn.person.speaks)
    label = f"{shorten(product.title, LABEL_LENGTH - len(price) - 3)} · {price}"
    return Button(text=label, data=choice.behind("product", product.id))


async def _check(turn: Turn, product: Product, choice: Choice) -> None:
    """Raises a Refusal for a code that is good for them by no way to pay."""
    lead, _ = await turn.lead(await turn.session.get_one(Creator, product.creator_id))
    variant = await turn.session.get(ProductVariant, choice.variant) if choice.variant else None
    if variant is not None and variant.product_id != product.id:
        raise turn.refusal("not-understood")
    wish = Wish(product, variant, max(choice.quantity, 1), code=choice.code)
    setup, rails = _paid_by(turn, product, variant)
    await discounts_of(turn.session, lead, wish, rails, now=turn.now, setup=setup)


def _paid_by(turn: Turn, product: Product, variant: ProductVariant | None) -> tuple[CreatorSetup, tuple[str, ...]]:
    setup = turn.facts.published.setup(product.creator_id)
    return setup, rails_of(product, setup, offered=turn.facts.rails, variant=variant)
