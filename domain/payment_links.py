"""Pages of a rail's where anybody can buy one product, for creators to post elsewhere, and the orders they bring."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from domain.contacts import BadContact, read_email
from domain.events import record_event
from domain.identity import Contact, keep_contact
from domain.leads import add_lead
from domain.messages.catalogue import say
from domain.messages.plain import Message
from domain.messages.refusing import say_refusal
from domain.open_shops import is_public
from domain.outbox import tell_creator
from domain.pricing import STARS_CURRENCY, NotForSale, Wish, check_charge, check_on_sale, price_on
from domain.setups import CreatorSetup
from kit.errors import Conflict, Reason, Refusal
from kit.money import Money
from kit.text import sentence, unmarked
from kit.tokens import new_reference
from store.database import count_changed, insert_once, wake
from store.models import (
    BundleItem,
    Creator,
    Lead,
    Order,
    OrderLine,
    OrderState,
    PaymentLink,
    Product,
    ProductKind,
    ProductVariant,
    Proof,
)
from store.queries.catalogue import is_empty_bundle, variants_of

TOPIC = "payment_links"
SOURCE = "payment-link"
STRIPE = "stripe"
# a checkout of a link is over by then, unless the money is on its way
_CHECKOUT_LASTS = timedelta(days=1)


class CannotLink(NotForSale):
    """Only what never runs out, at a price that is fixed, is sold without asking Spark first."""

    code = "cannot_link"


class LinkEnded(Conflict):
    """It has been switched off, and is not made any more."""

    code = "link_ended"


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who paid, as they told the rail: nobody has looked whether it is true."""

    name: str = ""
    email: str | None = None

    @classmethod
    def of(cls, details: Mapping[str, Any] | None) -> "Buyer":
        told = details or {}
        return cls(str(told.get("name") or ""), told.get("email"))


async def check_linkable(
    session: AsyncSession,
    product: Product,
    variant: ProductVariant | None = None,
    *,
    setup: CreatorSetup,
    rails: Collection[str],
    now: datetime,
) -> Money:
    """What a link of it would ask for; `rails` are those that are set up here.

    Raises CannotLink with how to mend it, BadAmount for a price too small, NotForSale for a variant that is archived,
    or ChooseVariant.
    """
    number = product.id
    if STRIPE not in rails:
        raise CannotLink("Stripe is not set up here", why=Reason("refused-link-no-stripe"))
    if product.archived_at is not None:
        raise CannotLink("it is archived: restore it first", why=Reason("refused-link-archived", product=number))
    if product.currency == STARS_CURRENCY:
        raise CannotLink("it is sold for Stars alone", why=Reason("refused-link-stars", product=number))
    if STRIPE not in setup.shop.rails.get(product.kind, ()):
        raise CannotLink("this is not sold by Stripe", why=Reason("refused-link-rail", kind=product.kind))
    if not await is_public(session, product, now=now):
        raise CannotLink("it is not on sale at present", why=Reason("refused-link-off-sale", product=number))
    wish = Wish(product, variant)
    check_on_sale(wish, now=now, has_variants=bool(await variants_of(session, number)))
    price = price_on(wish, STRIPE, stars_rates=setup.shop.stars_rates)
    if await is_empty_bundle(session, product):
        raise CannotLink("nothing is in this bundle yet", why=Reason("refused-link-empty"))
    if product.pay_what_you_want or price.amount_minor == 0:
        raise CannotLink("a payment link needs a fixed price", why=Reason("refused-link-price", product=number))
    check_charge(price)
    if product.limit_per_person is not None or await _runs_out(session, product, variant):
        raise CannotLink(
            "a payment link is for what never runs out: take the limit off first",
            why=Reason("refused-link-stock", product=number),
        )
    return price


async def open_payment_link(
    session: AsyncSession,
    product: Product,
    variant: ProductVariant | None = None,
    *,
    setup: CreatorSetup,
    rails: Collection[str],
    now: datetime,
) -> PaymentLink:
    """A promise to make such a page; a living one of the same price is found again. Raises as `check_linkable`."""
    price = await check_linkable(session, product, variant, setup=setup, rails=rails, now=now)
    await session.execute(select(Product.id).where(Product.id == product.id).with_for_update())
    known = await session.scalar(
        select(PaymentLink).where(
            PaymentLink.product_id == product.id,
            PaymentLink.variant_id.is_(None) if variant is None else PaymentLink.variant_id == variant.id,
            PaymentLink.price_minor == price.amount_minor,
            PaymentLink.currency == price.currency,
            PaymentLink.ended_at.is_(None),
        )
    )
    if known is not None:
        return known
    link = PaymentLink(
        creator_id=product.creator_id,
        product_id=product.id,
        variant_id=None if variant is None else variant.id,
        rail=STRIPE,
        price_minor=price.amount_minor,
        currency=price.currency,
        created_at=now,
    )
    session.add(link)
    await session.flush()
    await _note(session, "payment_link.opened", link, now=now)
    return link


async def end_payment_link(session: AsyncSession, link_id: int, *, now: datetime) -> bool:
    """It is switched off at the rail soon after. Twice is a no-op and answers False."""
    ended = await count_changed(
        session,
        update(PaymentLink).where(PaymentLink.id == link_id, PaymentLink.ended_at.is_(None)).values(ended_at=now),
    )
    if not ended:
        return False
    link = await session.get_one(PaymentLink, link_id)
    await _note(session, "payment_link.ended", link, now=now)
    wake(session, TOPIC)
    return True


async def tell_not_switched_off(session: AsyncSession, link_id: int, why: Refusal, *, now: datetime) -> None:
    """Its creator hears, once, that people can pay there still."""
    link = await session.get_one(PaymentLink, link_id)
    product = await session.get_one(Product, link.product_id)

    def told(language: str) -> Message:
        reason = sentence(unmarked(say_refusal(why, language)))
        return Message(text=say("link-stays-told", language, title=product.title, url=link.url or "", why=reason))

    await tell_creator(session, told, key=f"link-stays:{link_id}", creator_id=link.creator_id, now=now)


async def end_stale_links(session: AsyncSession, *, now: datetime) -> int:
    """Links whose product is no longer sold like that end by themselves, and their creators are told. How many.

    Of one that was never made nobody hears.
    """
    variant = aliased(ProductVariant)
    price = (PaymentLink.variant_id.is_(None) & (Product.price_minor != PaymentLink.price_minor)) | (
        PaymentLink.variant_id.is_not(None) & (variant.price_minor != PaymentLink.price_minor)
    )
    changed = or_(
        price,
        Product.currency != PaymentLink.currency,
        Product.pay_what_you_want,
        ~Product.active,
        Product.archived_at.is_not(None),
        Product.active_until <= now,
        exists().where(Creator.id == PaymentLink.creator_id, Creator.closed_at.is_not(None)),
        Product.limit_per_person.is_not(None),
        Product.stock.is_not(None) & PaymentLink.variant_id.is_(None),
        variant.stock.is_not(None),
        variant.archived_at.is_not(None),
        _has_limited_part(Product.id),
        (Product.kind == ProductKind.BUNDLE) & ~exists().where(BundleItem.bundle_id == Product.id),
        PaymentLink.variant_id.is_(None) & _has_variants(Product.id),
    )
    found = await session.execute(
        select(PaymentLink.id, PaymentLink.creator_id, PaymentLink.url, Product.title)
        .join(Product, Product.id == PaymentLink.product_id)
        .outerjoin(variant, variant.id == PaymentLink.variant_id)
        .where(PaymentLink.ended_at.is_(None), changed)
        .order_by(PaymentLink.id)
    )
    ended = 0
    for link_id, creator_id, url, title in found.all():
        if not await end_payment_link(session, link_id, now=now):
            continue
        ended += 1
        if url is None:
            continue

        def told(language: str, title: str = title) -> Message:
            return Message(text=say("link-ended-told", language, title=title))

        await tell_creator(session, told, key=f"link-ended:{link_id}", creator_id=creator_id, now=now)
    return ended


async def hold_link(session: AsyncSession, rail: str, reference: str) -> PaymentLink | None:
    """The link that a rail knows by that name; nobody else opens an order of it before this transaction ends."""
    return await session.scalar(
        select(PaymentLink).where(PaymentLink.rail == rail, PaymentLink.reference == reference).with_for_update()
    )


async def open_link_order(
    session: AsyncSession, link: PaymentLink, session_id: str, buyer: Buyer, *, now: datetime
) -> Order:
    """An order of what the link sells, for a lead of its own: nobody's library opens to whoever types their address.

    Money is never turned away, so nothing is asked of the product here: paying takes stock or is oversold. The buyer
    claims it in their chat (`domain.claiming`).
    """
    product = await session.get_one(Product, link.product_id)
    variant = None if link.variant_id is None else await session.get_one(ProductVariant, link.variant_id)
    lead = await _lead(session, link.creator_id, buyer, now=now)
    values = {
        "creator_id": link.creator_id,
        "lead_id": lead.id,
        "reference": new_reference(),
        "state": OrderState.AWAITING_PAYMENT,
        "rail": link.rail,
        "subtotal_minor": link.price_minor,
        "total_minor": link.price_minor,
        "currency": link.currency,
        "session_id": session_id,
        "expires_at": now + _CHECKOUT_LASTS,
        "look_at": now + _CHECKOUT_LASTS,
        "created_at": now,
    }
    order_id = await insert_once(session, Order, values)
    if order_id is None:
        raise RuntimeError("a checkout became an order while its link was held")
    session.add(
        OrderLine(
            order_id=order_id,
            product_id=product.id,
            variant_id=link.variant_id,
            title=Wish(product, variant).title,
            price_minor=link.price_minor,
        )
    )
    await session.flush()
    await record_event(
        session, "order.opened", creator_id=link.creator_id, lead_id=lead.id, subject=f"order:{order_id}", now=now
    )
    return await session.get_one(Order, order_id)


async def _lead(session: AsyncSession, creator_id: int, buyer: Buyer, *, now: datetime) -> Lead:
    try:
        email = read_email(buyer.email) if buyer.email else None
    except BadContact:
        email = None
    name = buyer.name or (email or "").partition("@")[0] or SOURCE
    lead = await add_lead(session, creator_id, name=name, source=SOURCE, now=now)
    if email is not None:
        await keep_contact(session, lead, Contact.EMAIL, email, proof=Proof.TYPED, now=now)
    return lead


async def _runs_out(session: AsyncSession, product: Product, variant: ProductVariant | None) -> bool:
    goods = product if variant is None else variant
    if goods.stock is not None:
        return True
    return bool(await session.scalar(select(_has_limited_part(product.id))))


async def _note(session: AsyncSession, event: str, link: PaymentLink, *, now: datetime) -> None:
    subject = f"product:{link.product_id}"
    await record_event(session, event, creator_id=link.creator_id, subject=subject, now=now, link=link.id)


def _has_variants(product_id: Any) -> Any:
    """Whether it is bought as one of several by now; the link's own join has variants of its own."""
    choice = aliased(ProductVariant)
    return exists().where(choice.product_id == product_id, choice.archived_at.is_(None))


def _has_limited_part(bundle_id: Any) -> Any:
    """Whether something in a bundle runs out."""
    part = aliased(Product)
    return exists().where(BundleItem.bundle_id == bundle_id, part.id == BundleItem.product_id, part.stock.is_not(None))
