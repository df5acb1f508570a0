"""From a card to an order: which variant, how many, by which rail, and what somebody gives who may choose."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select
from telegram import CallbackQuery

from bot.handlers.shop import on_sale, send_card
from bot.numbers import read_id
from bot.replies import CheckoutReply, TapReply
from bot.sums import no_sum, read_sum
from bot.turn import Turn
from domain.code_prices import price_by_code
from domain.deliveries import deliver_again
from domain.entitlements import owned_already
from domain.free_goods import get_free
from domain.messages.plain import Button, Message, column
from domain.orders import CheckoutOpen, open_order
from domain.paying import pay_free
from domain.pricing import FREE, STARS, Wish, rail_for_address, rails_of
from domain.product_card import ANY, Choice
from domain.prompts import ask_next
from kit.money import Money
from store.models import Creator, Entitlement, Lead, Order, Product, ProductVariant
from store.queries.catalogue import goes_by_post, variants_of
from store.queries.orders import describe_order

# how long an invoice can be paid where no other rail says how long
_GOOD_FOR = timedelta(days=1)


async def buy(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`buy:PRODUCT`, or `buy:PRODUCT:VARIANT:QUANTITY:RAIL[:CODE]`: opens an order and leads to its checkout.

    What is free is handed over at once. Where something is still to be chosen, that is asked first.
    """
    product_id, choice, rail = _read(arguments)
    product = await on_sale(turn, product_id)
    lead, _ = await turn.lead(await turn.session.get_one(Creator, product.creator_id))
    turn.replies.append(TapReply(query_id=query.id))
    variants = await variants_of(turn.session, product.id)
    variant = next((each for each in variants if each.id == choice.variant), None)
    if variants and variant is None:
        await send_card(turn, product, Choice(code=choice.code))
        return
    if await owned_already(turn.session, lead.id, product, variant.id if variant else None) is not None:
        # by a button from before they had it
        await send_card(turn, product, choice)
        return
    goods = variant or product
    if goods.price_minor == 0 and not product.pay_what_you_want:
        if await goes_by_post(turn.session, product):
            setup = turn.facts.published.setup(product.creator_id)
            await _order(turn, lead, Wish(product, variant, choice.quantity), rail_for_address(product, setup))
            return
        await _get_free(turn, lead, product, variant, choice)
        return
    rails = _rails(turn, product, variant)
    if rail == ANY and len(rails) > 1:
        await send_card(turn, product, choice)
        return
    if rail not in rails and rail != ANY:
        raise turn.refusal("payments-off")
    rail = rails[0] if rail == ANY else rail
    wish = Wish(product, variant, choice.quantity, code=choice.code)
    if product.pay_what_you_want and not await _is_paid_by_code(turn, lead, wish, rail):
        await _ask_amount(turn, product, variant, choice, rail)
        return
    await _order(turn, lead, wish, rail)


async def name_price(turn: Turn, data: dict[str, Any], text: str) -> None:
    """The amount that somebody typed who may choose it. Raises Invalid for anything but a sum of its currency."""
    product = await on_sale(turn, int(data["product"]))
    lead, _ = await turn.lead(await turn.session.get_one(Creator, product.creator_id))
    variant = await turn.session.get(ProductVariant, data["variant"]) if data["variant"] else None
    found = read_sum(text, product.currency)
    if found is None or found.rest:
        raise no_sum(text.strip(), product.currency)
    wish = Wish(product, variant, amount_minor=found.money.amount_minor, code=data.get("code"))
    await _order(turn, lead, wish, str(data["rail"]))


def _read(arguments: list[str]) -> tuple[int, Choice, str]:
    match arguments:
        case [product]:
            return read_id(product), Choice(), ANY
        case [product, variant, quantity, rail, *code]:
            choice = Choice(read_id(variant), read_id(quantity), code[0] if code else None)
            return read_id(product), choice, rail
        case _:
            raise ValueError("not a button of ours")


def _rails(turn: Turn, product: Product, variant: ProductVariant | None) -> tuple[str, ...]:
    """Raises Said when nothing here takes money for it."""
    setup = turn.facts.published.setup(product.creator_id)
    rails = rails_of(product, setup, offered=turn.facts.rails, variant=variant)
    if not rails:
        raise turn.refusal("payments-off")
    return rails


async def _ask_amount(turn: Turn, product: Product, variant: ProductVariant | None, choice: Choice, rail: str) -> None:
    least = Money((variant or product).price_minor, product.currency)
    data = {"product": product.id, "variant": choice.variant, "rail": rail, "code": choice.code}
    await ask_next(turn.session, turn.person.id, "own-price", data, now=turn.now)
    told = {"title": product.title, "currency": product.currency.upper()}
    if least.amount_minor:
        turn.say("shop-ask-amount-from", least=least.format(turn.person.speaks), **told)
    else:
        turn.say("shop-ask-amount", **told)


async def _is_paid_by_code(turn: Turn, lead: Lead, wish: Wish, rail: str) -> bool:
    """Whether the code takes off all that is asked at least, so that nobody need be asked what they give."""
    if wish.code is None or wish.goods.price_minor == 0:
        return False
    setup = turn.facts.published.setup(lead.creator_id)
    left = await price_by_code(turn.session, lead, wish, (rail,), now=turn.now, setup=setup)
    return left is not None and left.amount_minor == 0


async def _order(turn: Turn, lead: Lead, wish: Wish, rail: str) -> None:
    good_for = turn.facts.checkout_good_for
    if good_for is None:
        if rail != STARS:
            raise turn.refusal("payments-off")
        good_for = _GOOD_FOR
    setup = turn.facts.published.setup(lead.creator_id)
    try:
        order = await open_order(turn.session, lead, wish, rail=rail, now=turn.now, good_for=good_for, setup=setup)
    except CheckoutOpen as other:
        await _tell_of_open(turn, other.order_id)
        return
    await _go_on(turn, order)


async def _go_on(turn: Turn, order: Order) -> None:
    if order.rail == FREE:
        # what is delivered follows by itself
        await pay_free(turn.session, order, now=turn.now)
        return
    turn.replies.append(CheckoutReply(order_id=order.id))


async def _tell_of_open(turn: Turn, order_id: int) -> None:
    """Somebody wants it otherwise than in the checkout that they have open: they choose."""
    order = await describe_order(turn.session, order_id)
    buttons = column(
        Button(text=turn.words("button-pay-open"), data=f"order:pay:{order_id}"),
        Button(text=turn.words("button-call-off"), data=f"order:off:{order_id}"),
    )
    total = order.total.format(turn.person.speaks)
    turn.send(Message(text=turn.words("shop-checkout-open", title=order.title, total=total), buttons=buttons))


async def _get_free(turn: Turn, lead: Lead, product: Product, variant: ProductVariant | None, choice: Choice) -> None:
    """A gift without limit is no order: getting it again is getting it again."""
    wish, setup = Wish(product, variant, choice.quantity), turn.facts.published.setup(lead.creator_id)
    try:
        got = await get_free(turn.session, lead, wish, setup=setup, now=turn.now)
    except CheckoutOpen as other:
        await _tell_of_open(turn, other.order_id)
        return
    if not got:
        entitlement_id = await turn.session.scalar(
            select(Entitlement.id).where(
                Entitlement.lead_id == lead.id, Entitlement.product_id == product.id, Entitlement.origin == "gift"
            )
        )
        language = turn.person.speaks
        for message in await deliver_again(turn.session, lead, entitlement_id or 0, language, now=turn.now):
            turn.send(message)
