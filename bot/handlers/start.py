import re
from dataclasses import dataclass

from sqlalchemy import select

from bot.handlers.coupon_typed import follow_code
from bot.handlers.shop import send_card
from bot.handlers.team import join
from bot.numbers import is_id, read_id
from bot.turn import Turn
from domain.claiming import CLAIM_PREFIX, claim_order, find_claim
from domain.creators import BIND_PREFIX, bind_by_payload
from domain.definitions import FlowVersionNow
from domain.enrollments import BY_LINK, Hindrance, NotEnrolled, enroll_lead
from domain.flows.beginning import begin_flow, cancel_flow, flow_of_source, greet
from domain.flows.paused import take_up
from domain.ideas import find_idea
from domain.invitations import JOIN_PREFIX
from domain.links import find_link, note_touch
from domain.messages.catalogue import plain, say
from domain.messages.plain import Button, Message, column
from domain.open_shops import is_public
from domain.order_ends import UNDER_WAY
from domain.outbox import tell_creator
from domain.payment_links import SOURCE
from kit.text import shorten
from store.models import Creator, Lead, Link, LinkTarget, OrderState, Product, Role
from store.queries.catalogue import on_sale
from store.queries.idea_card import products_of
from store.queries.library import still_gives
from store.queries.orders import describe_order

# the address of a product, by its number
_PRODUCT = re.compile(r"p_([0-9]+)")
# Telegram lets nothing else through: https://core.telegram.org/bots/features#deep-linking
_PAYLOAD = re.compile(r"^[A-Za-z0-9_-]{1,64}$")


@dataclass(frozen=True, slots=True)
class Came:
    """To whom somebody came, and by what: a tracked link, a source, or neither."""

    creator: Creator
    link: Link | None = None
    source: str | None = None
    # one whose own address they came by
    product: Product | None = None
    # by that of one which is not for sale, or not there at all
    gone: bool = False

    @property
    def bare(self) -> bool:
        return self.link is None and self.source is None and self.product is None and not self.gone


async def start(turn: Turn, arguments: str) -> None:
    """`/start`, bare, with a link's key, a creator (`slug` or `slug_source`), a source, or one that is good once.

    Those bind an account, let somebody into a team, or fetch a purchase.
    """
    payload = arguments.strip() if _PAYLOAD.match(arguments.strip()) else ""
    if payload.startswith(BIND_PREFIX):
        creator = await bind_by_payload(turn.session, turn.person, payload, now=turn.now)
        if creator is None:
            account = await turn.account()
            turn.say("bound-admin" if account is not None and account.role is Role.ADMIN else "bound-account")
        else:
            turn.say("bound", creator=creator.name)
        await turn.show_menu()
        return
    if payload.startswith(JOIN_PREFIX):
        await join(turn, payload)
        return
    if payload.startswith(CLAIM_PREFIX):
        await _claim(turn, payload)
        return
    came = await _read_payload(turn, payload)
    own = await turn.own_creator()
    if own is not None and own.id == came.creator.id and came.bare:
        turn.say("help-creator", creator=own.name)
        await turn.show_menu()
        return
    lead, is_new = await turn.lead(came.creator, source=came.source, link=came.link)
    await note_touch(turn.session, lead, link=came.link, source=came.source, now=turn.now)
    if not turn.hushed(lead):
        await _welcome(turn, came, lead, is_new=is_new)


async def _claim(turn: Turn, payload: str) -> None:
    """What they bought outside of Telegram becomes theirs here, and is delivered, unless it is over by now."""
    order = await find_claim(turn.session, payload)
    lead, _ = await turn.lead(await turn.session.get_one(Creator, order.creator_id), source=SOURCE)
    await claim_order(turn.session, lead, order, now=turn.now)
    title = (await describe_order(turn.session, order.id)).title
    await turn.session.refresh(order)
    if await still_gives(turn.session, order.id):
        turn.say("claimed", title=title)
    elif order.state in UNDER_WAY:
        turn.say("claimed-pending", title=title)
    elif order.state == OrderState.OVERSOLD:
        turn.say("oversold-buyer", title=title)
    else:
        # given back, or blocked by a bank, before it was fetched
        turn.say("claimed-over", title=title, state=turn.word(f"order-is-{order.state}", order.state))


async def _read_payload(turn: Turn, payload: str) -> Came:
    link = await find_link(turn.session, payload) if payload else None
    if link is not None:
        return Came(await turn.session.get_one(Creator, link.creator_id), link)
    if (of_product := _PRODUCT.fullmatch(payload)) is not None:
        return await _by_product(turn, of_product[1])
    slug, _, rest = payload.partition("_")
    if slug:
        named = await turn.session.scalar(select(Creator).where(Creator.slug == slug.lower()))
        if named is not None:
            return Came(named, source=rest or None)
        # a source of the instance's own creator; somebody else's chat is left for it
        turn.person.creator_id = None
    return Came(await turn.creator(), source=payload or None)


async def _by_product(turn: Turn, number: str) -> Came:
    """What `p_12` leads to, if it is for sale."""
    product = await turn.session.get(Product, read_id(number)) if is_id(number) else None
    if product is None:
        return Came(await turn.creator(), gone=True)
    creator = await turn.session.get_one(Creator, product.creator_id)
    shown = await is_public(turn.session, product, now=turn.now)
    return Came(creator, product=product) if shown else Came(creator, gone=True)


async def _welcome(turn: Turn, came: Came, lead: Lead, *, is_new: bool) -> None:
    """What the link or source leads to, else what everybody gets."""
    if came.product is not None:
        await send_card(turn, came.product)
        return
    if came.gone:
        turn.say("product-gone")
        if not is_new:
            return
    flow = _flow_of(turn, came)
    if flow is not None:
        turn.show(await begin_flow(turn.session, turn.talk(lead), flow, now=turn.now))
        return
    if came.link is not None and await _follow(turn, came.link, lead, is_new=is_new):
        return
    shown = await greet(turn.session, turn.talk(lead), now=turn.now)
    if shown is not None:
        turn.show(shown)
    elif turn.facts.published.start_flow(came.creator.id) is not None:
        turn.say("welcome-back")
    else:
        turn.say("welcome", creator=came.creator.name)
        if is_new:
            await _tell_of_lead(turn, lead)


def _flow_of(turn: Turn, came: Came) -> FlowVersionNow | None:
    published, creator_id = turn.facts.published, came.creator.id
    if came.link is not None and came.link.target == LinkTarget.FLOW and came.link.archived_at is None:
        return published.flow(creator_id, came.link.name)
    return flow_of_source(published, creator_id, came.source) if came.source is not None else None


async def _follow(turn: Turn, link: Link, lead: Lead, *, is_new: bool) -> bool:
    """False when one is greeted: the link leads to nothing of its own, or was put away.

    Of a product that is gone people are told; only those who are new are greeted then.
    """
    if link.archived_at is not None:
        return False
    match link.target:
        case LinkTarget.PRODUCT:
            query = select(Product).where(on_sale(link.creator_id, turn.now), Product.slug == link.name)
            product = (await turn.session.scalars(query)).one_or_none()
            if product is None:
                turn.say("product-gone")
                return not is_new
            await send_card(turn, product)
            return True
        case LinkTarget.COUPON:
            return await follow_code(turn, link)
        case LinkTarget.FUNNEL:
            await _enroll(turn, lead, link.name)
        case LinkTarget.IDEA:
            return await _follow_idea(turn, link, lead)
    return False


async def _follow_idea(turn: Turn, link: Link, lead: Lead) -> bool:
    """To its funnel, and to what it is to sell. False where it sells nothing: one is greeted then."""
    idea = await find_idea(turn.session, link.creator_id, int(link.name))
    if idea is None:
        return False
    if idea.funnel_key is not None:
        await _enroll(turn, lead, idea.funnel_key)
    goods = await products_of(turn.session, idea.id, on_sale(link.creator_id, turn.now))
    if len(goods) == 1:
        await send_card(turn, goods[0])
    elif goods:
        buttons = [Button(text=shorten(each.title, 64), data=f"product:{each.id}") for each in goods]
        turn.send(Message(text=turn.words("idea-sells"), buttons=column(*buttons)))
    return bool(goods)


async def _enroll(turn: Turn, lead: Lead, key: str) -> None:
    """Whoever comes by a link and has said no to follow-ups, or not yes, can say yes now."""
    published = turn.facts.published
    funnel = published.funnels.get(lead.creator_id, {}).get(key)
    if funnel is None:
        return
    try:
        await enroll_lead(
            turn.session, lead, key, funnel, published.setup(lead.creator_id), begun_by=BY_LINK, now=turn.now
        )
    except NotEnrolled as no:
        if no.hindrance in {Hindrance.UNSUBSCRIBED, Hindrance.NO_CONSENT}:
            creator = await turn.session.get_one(Creator, lead.creator_id)
            yes = Button(text=turn.words("button-follow-ups"), data=f"subscribe:{creator.id}:{key}")
            turn.send(Message(text=turn.words("follow-ups-asked", creator=creator.name), buttons=column(yes)))


async def _tell_of_lead(turn: Turn, lead: Lead) -> None:
    first_name = shorten(turn.person.first_name, 64)

    def told(language: str) -> Message:
        head = say("lead-told", language, lead=lead.id, source=lead.source or "—")
        return Message(
            text=f"{head}\n{say('lead-answer', language, field=plain('field-name', language), value=first_name)}"
        )

    key = f"lead-told:lead:{lead.id}"
    await tell_creator(turn.session, told, key=key, creator_id=lead.creator_id, lead_id=lead.id, now=turn.now)


async def cancel(turn: Turn, _arguments: str) -> None:
    """Ends the conversation under way, or one that waits; what it had interrupted is offered again."""
    creator = await turn.creator()
    lead, _ = await turn.lead(creator)
    cancelled = await cancel_flow(turn.session, turn.talk(lead), now=turn.now)
    text = turn.words("nothing-to-cancel" if cancelled is None else "flow-cancelled")
    if cancelled is not None and cancelled.waits:
        text = turn.words("flow-cancelled-waits", title=cancelled.title)
    turn.send(Message(text=text, drop_keys=True))
    if cancelled is not None and lead.banned_at is None:
        turn.show(await take_up(turn.session, turn.talk(lead), now=turn.now))
