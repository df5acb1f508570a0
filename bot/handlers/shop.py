from sqlalchemy import select
from telegram import CallbackQuery

from bot.numbers import read_id
from bot.replies import CheckoutReply, TapReply
from bot.turn import Turn
from domain.entitlements import deliver_again, grant
from domain.messages.catalogue import say
from domain.messages.plain import Button, Message, column
from domain.orders import open_order
from domain.people import talk_to_creator
from domain.product_card import price_of, product_card
from domain.products import NoSuchProduct
from kit.errors import Reason
from kit.text import shorten
from store.models import Creator, Entitlement, Lead, Product
from store.queries.catalogue import list_owned, list_shop

BUTTON_LENGTH = 60


async def shop(turn: Turn, arguments: str) -> None:
    """`/shop` of the creator this chat is with; `/shop SLUG` goes to another one's."""
    slug = arguments.strip().lower()
    creator = await _named(turn, slug) if slug else await turn.creator()
    await turn.lead(creator)
    products = await list_shop(turn.session, creator.id)
    if not products:
        turn.say("shop-empty", creator=creator.name)
        return
    buttons = [Button(text=_label(product, turn.person.speaks), data=f"product:{product.id}") for product in products]
    turn.send(Message(text=turn.words("shop", creator=creator.name), buttons=column(*buttons)))


async def show_product(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    product = await _on_sale(turn, arguments)
    turn.replies.append(TapReply(query_id=query.id))
    turn.send(product_card(product, turn.person.speaks))


async def buy(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """Opens an order and leads to its checkout; what is free is handed over at once."""
    product = await _on_sale(turn, arguments)
    creator = await turn.session.get_one(Creator, product.creator_id)
    lead, _ = await turn.lead(creator)
    if product.price_minor == 0:
        await _get_free(turn, query, lead, product)
        return
    if turn.facts.checkout_good_for is None:
        raise turn.refusal("payments-off")
    if product.stock == 0:
        raise turn.refusal("sold-out")
    order = await open_order(turn.session, lead, product, now=turn.now, good_for=turn.facts.checkout_good_for)
    turn.replies += [TapReply(query_id=query.id), CheckoutReply(order_id=order.id)]


async def library(turn: Turn, _arguments: str) -> None:
    creator = await turn.creator()
    lead, _ = await turn.lead(creator)
    owned = await list_owned(turn.session, lead.id)
    if not owned:
        turn.say("library-empty")
        return
    buttons = [Button(text=shorten(each.title, BUTTON_LENGTH), data=f"again:{each.entitlement_id}") for each in owned]
    turn.send(Message(text=turn.words("library"), buttons=column(*buttons)))


async def get_again(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    (entitlement_id,) = (read_id(part) for part in arguments)
    lead = await turn.session.scalar(
        select(Lead)
        .join(Entitlement, Entitlement.lead_id == Lead.id)
        .where(Entitlement.id == entitlement_id, Lead.person_id == turn.person.id)
    )
    if lead is None:
        raise turn.refusal("library-empty")
    message = await deliver_again(turn.session, lead, entitlement_id, turn.person.speaks)
    turn.replies.append(TapReply(query_id=query.id, text=turn.words("library-again")))
    turn.send(message)


async def _get_free(turn: Turn, query: CallbackQuery, lead: Lead, product: Product) -> None:
    first = await grant(turn.session, lead, product.id, origin="gift", now=turn.now)
    turn.replies.append(TapReply(query_id=query.id))
    if not first:
        entitlement_id = await turn.session.scalar(
            select(Entitlement.id).where(Entitlement.lead_id == lead.id, Entitlement.product_id == product.id)
        )
        turn.send(await deliver_again(turn.session, lead, entitlement_id or 0, turn.person.speaks))


async def _on_sale(turn: Turn, arguments: list[str]) -> Product:
    """The product behind a button, whose creator this chat is with from now on. Raises NoSuchProduct."""
    (product_id,) = (read_id(part) for part in arguments)
    product = await turn.session.get(Product, product_id)
    if product is None or not product.active:
        raise NoSuchProduct("this is no longer for sale", why=Reason("refused-not_for_sale"))
    await talk_to_creator(turn.session, turn.person, product.creator_id)
    return product


async def _named(turn: Turn, slug: str) -> Creator:
    creator = await turn.session.scalar(select(Creator).where(Creator.slug == slug))
    if creator is None:
        raise turn.refusal("shop-unknown", slug=slug)
    return creator


def _label(product: Product, language: str) -> str:
    free = product.price_minor == 0
    price = say("price-free", language) if free else price_of(product, language)
    return f"{shorten(product.title, BUTTON_LENGTH - len(price) - 3)} · {price}"
