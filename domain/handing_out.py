"""What the owner of a product gets of it outside the chat, and what its creator has of their own."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, String, cast, exists, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.account_leads import leads_of_account
from domain.channel_passes import INVITE_GOOD_FOR
from domain.deliveries import note_delivery
from domain.downloads import make_link, make_own_link
from domain.goods import make_ready
from domain.holding import hold_orders_of_rights
from domain.licence_keys import keys_of
from domain.open_shops import is_public
from domain.products import NoSuchProduct, current_files, hold_product
from domain.shop_setup import ShopSetup
from kit.errors import Conflict, NotFound
from store.models import (
    Account,
    ChannelPass,
    Entitlement,
    Lead,
    OrderLine,
    PassState,
    Product,
    ProductKind,
    StoredFile,
)

# handing these over needs no more than to tell them
_TOLD = frozenset({ProductKind.FILE, ProductKind.LICENCE_KEY, ProductKind.LINK})


class NotBought(NotFound):
    """It is for sale, and nothing of it is theirs."""

    code = "not_bought"


class TakenBack(Conflict):
    """It was theirs, and the right to it is gone."""

    code = "taken_back"
    status = 410


@dataclass(frozen=True, slots=True)
class FileLink:
    """A file, and the link that leads to it; None for what only Telegram holds."""

    stored: StoredFile
    link_id: int | None


@dataclass(slots=True)
class HandedOut:
    """`ready` is False while something of it is still to come."""

    product: Product
    ready: bool = True
    files: Sequence[FileLink] = ()
    keys: list[str] = field(default_factory=list)
    # where a link leads, or the way into a channel
    address: str | None = None
    # of a bundle, what is theirs of it
    parts: Sequence[Product] = ()


async def hand_out(
    session: AsyncSession, account: Account, product_id: int, shop: ShopSetup, *, acts_for: bool, now: datetime
) -> HandedOut:
    """All of it, as it is now. Whoever acts for its creator has the files and the address without a right.

    What somebody without a chat is told here has been delivered. Raises NoSuchProduct, NotBought or TakenBack.
    """
    product = await session.get(Product, product_id)
    if product is None:
        raise NoSuchProduct("there is no such product")
    leads = await leads_of_account(session, account, product.creator_id)
    rights = await _rights(session, leads, product)
    living = [right for right in rights if right.revoked_at is None]
    if living and product.kind == ProductKind.BUNDLE:
        return HandedOut(product, parts=await _parts(session, living))
    if living:
        return await _to_owner(session, leads, product, living, shop, now=now)
    if acts_for:
        files = await current_files(session, product.id)
        links = [FileLink(each, await make_own_link(session, account.id, each.id, shop, now=now)) for each in files]
        return HandedOut(product, files=links, address=product.url)
    if rights:
        raise TakenBack("the right to it has been taken back")
    if not await is_public(session, product, now=now):
        raise NoSuchProduct("there is no such product")
    raise NotBought("buy it first")


async def _rights(session: AsyncSession, leads: Sequence[Lead], product: Product) -> Sequence[Entitlement]:
    """The rights to it, or to what a bundle gave, the newest first."""
    what: ColumnElement[bool] = Entitlement.product_id == product.id
    if product.kind == ProductKind.BUNDLE:
        # as domain.entitlements and domain.paying say where a part's right came from
        line = literal("line:") + cast(OrderLine.id, String) + ":%"
        of_line = exists().where(
            OrderLine.order_id == Entitlement.order_id,
            OrderLine.product_id == product.id,
            Entitlement.origin.like(line),
        )
        given = (Entitlement.origin == f"gift:{product.id}", Entitlement.origin.like(f"hand:%:{product.id}"))
        what = or_(of_line, *given)
    query = select(Entitlement).where(Entitlement.lead_id.in_([lead.id for lead in leads]), what)
    return (await session.scalars(query.order_by(Entitlement.id.desc()))).all()


async def _parts(session: AsyncSession, rights: Sequence[Entitlement]) -> Sequence[Product]:
    ids = {right.product_id for right in rights}
    return (await session.scalars(select(Product).where(Product.id.in_(ids)).order_by(Product.id))).all()


async def _to_owner(
    session: AsyncSession,
    leads: Sequence[Lead],
    product: Product,
    rights: Sequence[Entitlement],
    shop: ShopSetup,
    *,
    now: datetime,
) -> HandedOut:
    await hold_orders_of_rights(session, [right.id for right in rights])
    # keys that arrive, or a right that goes, at this very moment take turns with us
    await hold_product(session, product.id)
    for right in rights:
        await session.refresh(right)
    rights = [right for right in rights if right.revoked_at is None]
    if not rights:
        raise TakenBack("the right to it has been taken back")
    ready = [right for right in rights if await make_ready(session, product, right, now=now)]
    given = HandedOut(product, ready=len(ready) == len(rights))
    match product.kind:
        case ProductKind.FILE:
            newest, files = rights[0].id, await current_files(session, product.id)
            given.files = [FileLink(each, await make_link(session, newest, each.id, shop, now=now)) for each in files]
        case ProductKind.LICENCE_KEY:
            # what was bought several times has keys of its own each
            given.keys = [key for right in reversed(ready) for key in await keys_of(session, right.id)]
        case ProductKind.LINK:
            given.address = product.url
        case ProductKind.CHANNEL:
            given.address = await _way_in(session, product, rights, now=now)
        case ProductKind.SERVICE | ProductKind.PHYSICAL | ProductKind.BUNDLE:
            pass
    without_chat = {lead.id for lead in leads if lead.person_id is None}
    told = product.kind in _TOLD and not any(each.link_id is None for each in given.files)
    for right in ready:
        if told and right.lead_id in without_chat:
            await note_delivery(session, right.id, now=now)
    return given


async def _way_in(
    session: AsyncSession, product: Product, rights: Sequence[Entitlement], *, now: datetime
) -> str | None:
    """The invitation that the bot has made and that nobody has used yet; the chat makes another one."""
    invited = select(ChannelPass.invite_link).where(
        ChannelPass.entitlement_id.in_([right.id for right in rights]),
        ChannelPass.chat_id == product.chat_id,
        ChannelPass.state == PassState.INVITED,
        ChannelPass.changed_at > now - INVITE_GOOD_FOR,
    )
    return await session.scalar(invited.order_by(ChannelPass.id.desc()).limit(1))
