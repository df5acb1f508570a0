"""What the nodes do that ask nothing. Each raises what it raises: the walk tells the creator, and goes on."""

from sqlalchemy import select

from domain.definitions import media_file
from domain.enrollments import BY_FLOW, Hindrance, NotEnrolled, enroll_lead
from domain.flows.nodes import (
    AnyNode,
    EnrollNode,
    FlowButton,
    GiveNode,
    OfferNode,
    SayNode,
    SetNode,
    TagNode,
)
from domain.flows.way import Way
from domain.free_goods import get_free
from domain.lead_setting import Whose, apply_setting, apply_tagging
from domain.messages.catalogue import say
from domain.messages.plain import Button, Message, column
from domain.messages.refusing import say_refusal
from domain.messages.templates import render_address
from domain.offers import pay_button
from domain.orders import CheckoutEnding, CheckoutOpen, LimitReached
from domain.outbox import tell_creator
from domain.pricing import ChooseVariant, Wish
from domain.product_card import Offer, product_card
from kit.errors import Conflict, NotFound, Reason
from store.models import Product
from store.queries.catalogue import on_sale


class Missing(NotFound):
    """Something that the flow speaks of is not there any more."""

    code = "missing"


async def do_node(way: Way, node: AnyNode) -> None:
    """Raises a Refusal, ValueError or LookupError when it cannot be done."""
    match node:
        case SayNode():
            await _say(way, node)
        case SetNode():
            talk = way.talk
            whose = Whose(talk.lead, talk.person, talk.setup, way.facts)
            await apply_setting(way.session, whose, node, now=way.now)
            way.learned()
        case TagNode():
            await apply_tagging(way.session, way.talk.lead, node, now=way.now)
        case OfferNode():
            await _offer(way, node)
        case GiveNode():
            await _give(way, node)
        case EnrollNode(funnel=key):
            await _enroll(way, key)


async def _say(way: Way, node: SayNode) -> None:
    text = way.talk.words(node.text, await way.facts()) if node.text is not None else ""
    buttons = [button for each in node.buttons if (button := await _button(way, node, each)) is not None]
    file_id = await _media(way, node) if node.media is not None else None
    if text or file_id is not None:
        way.say(Message(text=text, buttons=column(*buttons), drop_keys=not buttons, file=file_id))


async def _button(way: Way, node: SayNode, button: FlowButton) -> Button | None:
    """None, and the creator is told, for one that leads nowhere: the message goes out without it."""
    label = way.talk.label(button.text)
    try:
        if button.url is not None:
            url = render_address(way.talk.label(button.url), await way.facts())
            return Button(text=label, url=url) if url.strip() else None
        if button.product is not None:
            return Button(text=label, data=f"product:{(await _on_sale(way, button.product)).id}")
        if button.pay is not None:
            product = await _on_sale(way, button.pay)
            return pay_button(label, way.talk.setup, product.id, way.talk.lead.id, now=way.now)
    except (NotFound, ValueError) as error:
        await way.stumbled(node, error)
        return None
    return Button(text=label, data=f"begin:{way.talk.lead.creator_id}:{button.flow}")


async def _media(way: Way, node: SayNode) -> int | None:
    lead = way.talk.lead
    file_id = await media_file(way.session, lead.creator_id, node.sha256, node.shape) if node.sha256 else None
    if file_id is None:
        # the words go out without it
        await way.stumbled(node, Reason("stumbled-media", media=node.media))
    return file_id


async def _offer(way: Way, node: OfferNode) -> None:
    product = await _on_sale(way, node.product)
    above = way.talk.words(node.text, await way.facts()) if node.text is not None else ""
    offer = Offer(way.talk.setup, way.now)
    way.say(await product_card(way.session, product, way.talk.language, offer, above=above))


async def _give(way: Way, node: GiveNode) -> None:
    """Only what is free is given: a product that got a price since is left to the shop.

    Who cannot have it hears why; that it is sold out is told to the creator too.
    """
    lead = way.talk.lead
    words = Message(text=way.talk.words(node.text, await way.facts()), drop_keys=True)
    product = await _find(way, node.product)
    if product is not None and product.price_minor == 0:
        await _hand_over(way, product, words)
        return
    way.say(words)

    def missing(language: str) -> Message:
        return Message(text=say("gift-missing", language, slug=node.product))

    key = f"gift-missing:{lead.creator_id}:{node.product}"
    await tell_creator(way.session, missing, key=key, creator_id=lead.creator_id, now=way.now)


async def _hand_over(way: Way, product: Product, words: Message) -> None:
    talk = way.talk
    try:
        await get_free(way.session, talk.lead, Wish(product), setup=talk.setup, now=way.now)
    except ChooseVariant:
        way.say(words)
        way.say(await product_card(way.session, product, talk.language, Offer(talk.setup, way.now)))
    except (LimitReached, CheckoutOpen, CheckoutEnding) as refusal:
        # by the lead's own doing it is no mistake of the flow's
        way.say(Message(text=say_refusal(refusal, talk.language), drop_keys=True))
    except Conflict as refusal:
        way.say(Message(text=say_refusal(refusal, talk.language), drop_keys=True))
        raise
    else:
        way.say(words)


async def _enroll(way: Way, key: str) -> None:
    lead = way.talk.lead
    found = way.talk.published.funnels.get(lead.creator_id, {}).get(key)
    if found is None:
        raise Missing(f"there is no funnel “{key}” any more", why=Reason("stumbled-funnel", name=key))
    try:
        await enroll_lead(way.session, lead, key, found, way.talk.setup, begun_by=BY_FLOW, now=way.now)
    except NotEnrolled as no:
        # by the lead's own doing it is no mistake of the flow's
        if no.hindrance in {Hindrance.NO_CONSENT, Hindrance.NEEDS_ORDER}:
            raise


async def _on_sale(way: Way, slug: str) -> Product:
    product = await _find(way, slug)
    if product is None:
        raise Missing(f"no product “{slug}” is for sale", why=Reason("stumbled-product", name=slug))
    return product


async def _find(way: Way, slug: str) -> Product | None:
    query = select(Product).where(on_sale(way.talk.lead.creator_id, way.now), Product.slug == slug)
    return (await way.session.scalars(query)).one_or_none()
