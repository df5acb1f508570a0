"""What somebody has paid for, and its creator has still to bring: a file, a link, keys, or a way into a channel."""

from collections.abc import Sequence

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from store.models import Channel, Entitlement, FileRole, LicenceKey, Product, ProductKind, StoredFile

_FILE = exists().where(
    StoredFile.product_id == Product.id,
    StoredFile.role == FileRole.GOODS,
    StoredFile.replaced_at.is_(None),
    StoredFile.forgetting_at.is_(None),
)
_DOOR = exists().where(Channel.chat_id == Product.chat_id, Channel.may_invite)
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
        and_(Product.kind == ProductKind.FILE, ~_FILE),
        and_(Product.kind == ProductKind.LINK, Product.url.is_(None)),
        and_(Product.kind == ProductKind.CHANNEL, ~_DOOR),
        and_(Product.kind == ProductKind.LICENCE_KEY, Entitlement.quantity > _KEYS),
    ),
)


async def unready_of(session: AsyncSession, order_id: int) -> Sequence[Product]:
    """What of the order waits for the creator, each product once."""
    waiting = select(Product.id).join(Entitlement, WAITS_FOR_CREATOR).where(Entitlement.order_id == order_id)
    ids = (await session.scalars(waiting)).all()
    return (await session.scalars(select(Product).where(Product.id.in_(ids)).order_by(Product.id))).all()
