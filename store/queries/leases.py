from datetime import datetime

from sqlalchemy import delete, or_, select, type_coerce
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from store.database import database_in, database_now, is_postgresql
from store.models import Instant, Lease


async def take_lease(session: AsyncSession, name: str, holder: str, *, seconds: float) -> bool:
    """True when `holder` has it for so long from now, by the database's clock; taking it again renews it."""
    dialect = postgresql if is_postgresql(session) else sqlite
    until = database_in(session, seconds)
    statement = (
        dialect.insert(Lease)
        .values(name=name, holder=holder, expires_at=until)
        .on_conflict_do_update(
            index_elements=["name"],
            set_={"holder": holder, "expires_at": until},
            where=or_(Lease.holder == holder, Lease.expires_at < database_now()),
        )
        .returning(Lease.holder)
    )
    return (await session.execute(statement)).scalar_one_or_none() == holder


async def give_back_lease(session: AsyncSession, name: str, holder: str) -> None:
    await session.execute(delete(Lease).where(Lease.name == name, Lease.holder == holder))


async def clear_leases(session: AsyncSession) -> None:
    """Where only one process can be at work, whatever an earlier one held is free."""
    await session.execute(delete(Lease))


async def database_time(session: AsyncSession) -> datetime:
    """The clock that leases go by."""
    told = await session.execute(select(type_coerce(database_now(), Instant)))
    now: datetime = told.scalar_one()
    return now
