"""What a creator has still to bring, also for whoever has paid: a file, a link, keys, or a way into a channel."""

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum

from sqlalchemy import BigInteger, BindParameter, and_, bindparam, case, exists, func, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from store.models import BundleItem, Channel, Entitlement, FileRole, LicenceKey, Product, ProductKind, StoredFile

_FILE = exists().where(
    StoredFile.product_id == Product.id,
    StoredFile.role == FileRole.GOODS,
    StoredFile.replaced_at.is_(None),
    StoredFile.forgetting_at.is_(None),
)
_DOOR = exists().where(Channel.chat_id == Product.chat_id, Channel.may_invite)
_BARE = or_(
    and_(Product.kind == ProductKind.FILE, ~_FILE),
    and_(Product.kind == ProductKind.LINK, Product.url.is_(None)),
    and_(Product.kind == ProductKind.CHANNEL, ~_DOOR),
)
_EMPTY = and_(Product.kind == ProductKind.BUNDLE, ~exists().where(BundleItem.bundle_id == Product.id))
_KEYS = (
    select(func.count(LicenceKey.id))
    .where(LicenceKey.entitlement_id == Entitlement.id)
    .correlate(Entitlement)
    .scalar_subquery()
)
# of a right and its product: it cannot be handed over before the creator has done something about the product
WAITS_FOR_CREATOR = and_(
    Product.id == Entitlement.product_id,
    Entitlement.delivered_at.is_(None),
    Entitlement.revoked_at.is_(None),
    or_(
        _BARE,
        and_(Product.kind == ProductKind.LICENCE_KEY, Entitlement.quantity > _KEYS),
    ),
)


class Lacking(StrEnum):
    """Without it nobody gets anything: whoever buys it waits, and of an empty bundle nothing is sold."""

    FILE = "file"
    LINK = "link"
    CHANNEL = "channel"
    CONTENTS = "contents"


async def missing_of(session: AsyncSession, product_ids: Collection[int]) -> Mapping[int, Lacking]:
    """By product; those that lack nothing are left out."""
    what = case((_EMPTY, Lacking.CONTENTS.value), else_=Product.kind)
    lacking = select(Product.id, what.label("what")).where(Product.id.in_(product_ids), or_(_BARE, _EMPTY))
    return {row.id: Lacking(row.what) for row in await session.execute(lacking)}


async def is_to_come(session: AsyncSession, product_id: int) -> bool:
    """Whoever buys it now waits for its creator to bring it, or something that is in it."""
    return await session.scalar(_TO_COME, {"product_id": product_id}) is not None


_PRODUCT_ID: BindParameter[int] = bindparam("product_id", type_=BigInteger)
# its own number among those of its parts: asked for by “or”, PostgreSQL would look at each product there is
_ITSELF_AND_PARTS = union_all(
    select(_PRODUCT_ID), select(BundleItem.product_id).where(BundleItem.bundle_id == _PRODUCT_ID)
)
_TO_COME = select(Product.id).where(Product.id.in_(_ITSELF_AND_PARTS), _BARE).limit(1)


async def unready_of(session: AsyncSession, order_id: int) -> Sequence[Product]:
    """What of the order waits for the creator, each product once."""
    waiting = select(Product.id).join(Entitlement, WAITS_FOR_CREATOR).where(Entitlement.order_id == order_id)
    ids = (await session.scalars(waiting)).all()
    return (await session.scalars(select(Product).where(Product.id.in_(ids)).order_by(Product.id))).all()
