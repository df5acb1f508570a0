"""Payment links at their rail: made when a creator asks for one, switched off when they end."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import select, update

from domain.payment_links import TOPIC, LinkEnded, end_payment_link, end_stale_links, tell_not_switched_off
from domain.setups import CreatorSetup
from kit.clock import Clock
from kit.errors import Refusal
from kit.log import get_logger
from kit.money import Money
from payments.rail import Checkout, RailDown, RailRefused
from store.database import Database, wake
from store.models import Creator, PaymentLink, Product, ProductVariant
from store.queries.catalogue import goes_by_post

# a rail that cannot be reached is given so long before the creator hears that a link could not be switched off
PATIENCE = timedelta(minutes=5)
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a link sells. `key` is its own: asking twice makes one link."""

    link_id: int
    key: str
    title: str
    money: Money
    tax: bool = False
    ships_to: tuple[str, ...] = ()


class LinkRail(Protocol):
    """A rail that has pages which anybody can open. Both raise RailDown and RailRefused."""

    async def make_link(self, offer: Offer) -> Checkout:
        """The same offer again gives the same link."""

    async def end_link(self, reference: str) -> None:
        """Nobody can pay there any more. Twice is a no-op."""


async def make_payment_link(
    database: Database, rail: LinkRail, link_id: int, *, setup: CreatorSetup, now: datetime
) -> str:
    """The address of a link that was promised (`domain.payment_links.open_payment_link`). Asking again is safe.

    Raises LinkEnded, RailRefused, and RailDown. What the rail would only say again ends the promise: the next wish is
    a new one.
    """
    async with database.reading() as session:
        link = await session.get_one(PaymentLink, link_id)
        if link.ended_at is not None:
            raise LinkEnded("this payment link has been switched off")
        if link.url is not None:
            return link.url
        product = await session.get_one(Product, link.product_id)
        variant = None if link.variant_id is None else await session.get_one(ProductVariant, link.variant_id)
        slug = await session.scalar(select(Creator.slug).where(Creator.id == link.creator_id))
        sent = await goes_by_post(session, product)
    offer = Offer(
        link_id=link_id,
        # another store on the same account may have a link of this number
        key=f"{slug}:{link_id}:{int(link.created_at.timestamp() * 1000)}",
        title=product.title if variant is None else f"{product.title} ({variant.title})",
        money=Money(link.price_minor, link.currency),
        tax=setup.shop.tax,
        ships_to=tuple(setup.shop.shipping_countries) if sent else (),
    )
    try:
        made = await rail.make_link(offer)
    except (RailDown, RailRefused) as refusal:
        if isinstance(refusal, RailRefused) or refusal.answered:
            async with database.transaction() as session:
                await end_payment_link(session, link_id, now=now)
        raise
    kept = update(PaymentLink).where(PaymentLink.id == link_id).values(reference=made.session_id, url=made.url)
    async with database.transaction() as session:
        ended = (await session.scalars(kept.returning(PaymentLink.ended_at))).one() is not None
        if ended:
            wake(session, TOPIC)
    if ended:
        # while it was being made: the tick switches it off
        raise LinkEnded("this payment link has been switched off")
    return made.url


@dataclass
class PaymentLinks:
    """Ends the links of what is no longer sold like that, and switches off at the rail what has ended."""

    database: Database
    clock: Clock
    rail: LinkRail

    async def work(self) -> int:
        now = self.clock()
        async with self.database.transaction() as session:
            await end_stale_links(session, now=now)
        async with self.database.reading() as session:
            ended = select(PaymentLink).where(
                PaymentLink.ended_at.is_not(None),
                PaymentLink.switched_off_at.is_(None),
                PaymentLink.reference.is_not(None),
            )
            found = await session.scalars(ended.order_by(PaymentLink.id).limit(20))
            links = [(link.id, link.reference, link.ended_at) for link in found if link.reference is not None]
        done = 0
        for link_id, reference, ended_at in links:
            try:
                await self.rail.end_link(reference)
            except Refusal as refusal:
                _log.warning("a payment link could not be switched off yet", link=link_id, reason=str(refusal))
                if isinstance(refusal, RailRefused) or (ended_at is not None and now - ended_at >= PATIENCE):
                    async with self.database.transaction() as session:
                        await tell_not_switched_off(session, link_id, refusal, now=now)
                continue
            async with self.database.transaction() as session:
                await session.execute(update(PaymentLink).where(PaymentLink.id == link_id).values(switched_off_at=now))
            done += 1
        return done
