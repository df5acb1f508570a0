"""Whether anything can be bought or seen at a business, and by whom: at one that is closed nothing is."""

from datetime import datetime

from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.pricing import NotForSale
from kit.errors import Reason
from store.models import Account, AccountState, Creator, Lead, Product
from store.queries.catalogue import is_on_sale

_KEPT_OUT = (AccountState.SUSPENDED, AccountState.BANNED)
# of a lead and its account
LEFT = Lead.person_id.is_(None) & (Account.state == AccountState.DELETED)


async def is_closed(session: AsyncSession, creator_id: int) -> bool:
    """None of its owners is active (`domain.closing`)."""
    closed = exists().where(Creator.id == creator_id, Creator.closed_at.is_not(None))
    return bool(await session.scalar(select(closed)))


async def has_left(session: AsyncSession, lead_id: int) -> bool:
    """Whether nobody could come by what is handed to them: they had an account and no chat, and have deleted it."""
    gone = exists().where(Lead.id == lead_id, LEFT, Account.id == Lead.account_id)
    return bool(await session.scalar(select(gone)))


async def is_public(session: AsyncSession, product: Product, *, now: datetime) -> bool:
    """Whether everybody may see it, with its picture and what others say of it."""
    return is_on_sale(product, now) and not await is_closed(session, product.creator_id)


async def check_open(session: AsyncSession, lead: Lead) -> None:
    """Raises NotForSale at a closed business, and to whoever's account is suspended, banned or deleted."""
    if await is_closed(session, lead.creator_id):
        raise NotForSale("this is no longer for sale")
    mine = [Account.id == lead.account_id] if lead.account_id is not None else []
    if lead.person_id is not None:
        mine.append(Account.person_id == lead.person_id)
    if not mine:
        return
    kept_out = Account.state.in_(_KEPT_OUT if lead.person_id is not None else (*_KEPT_OUT, AccountState.DELETED))
    state = await session.scalar(select(Account.state).where(or_(*mine), kept_out).limit(1))
    if state is not None:
        raise NotForSale(f"whoever this is for has an account that is {state}", why=Reason(f"refused-account_{state}"))
