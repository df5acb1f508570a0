"""Who does what only one process may do, by the database's own clock."""

from datetime import datetime

from sqlalchemy import case, func, or_, select, type_coerce, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from store.database import count_changed, is_postgresql
from store.database_clock import database_in, database_now
from store.models import Instant, Lease

# one that is over
_GONE = -1.0


async def take_lease(session: AsyncSession, name: str, holder: str, *, seconds: float) -> bool:
    """True when `holder` has it for so long from now, by the database's clock; taking it again renews it."""
    return await lead_by_lease(session, name, holder, seconds=seconds) is not None


async def lead_by_lease(session: AsyncSession, name: str, holder: str, *, seconds: float) -> int | None:
    """The same, and the lease's epoch: it counts the holders, so that an earlier one is known by its own."""
    # asked first: an INSERT that meets the row holds it, even where it changes nothing, and its holder would wait
    others = select(Lease.name).where(Lease.name == name, Lease.holder != holder, Lease.expires_at >= database_now())
    if await session.scalar(others) is not None:
        return None
    dialect = postgresql if is_postgresql(session) else sqlite
    until = database_in(session, seconds)
    statement = (
        dialect.insert(Lease)
        .values(name=name, holder=holder, expires_at=until)
        .on_conflict_do_update(
            index_elements=["name"],
            set_={
                "holder": holder,
                "expires_at": until,
                "epoch": case((Lease.holder == holder, Lease.epoch), else_=Lease.epoch + 1),
            },
            where=or_(Lease.holder == holder, Lease.expires_at < database_now()),
        )
        .returning(Lease.epoch)
    )
    epoch: int | None = (await session.execute(statement)).scalar_one_or_none()
    return epoch


async def hold_lease(session: AsyncSession, name: str, holder: str, epoch: int, *, seconds: float) -> bool:
    """Renews it and keeps others from taking it until the transaction ends; False when it has passed to another.

    What a transaction does as the holder it may do only after a True, or it must be taken back.
    """
    return bool(
        await count_changed(
            session,
            update(Lease)
            .where(Lease.name == name, Lease.holder == holder, Lease.epoch == epoch)
            .values(expires_at=database_in(session, seconds))
            .execution_options(synchronize_session=False),
        )
    )


async def end_if_it_stands_still(session: AsyncSession, *, seconds: float) -> None:
    """A transaction whose process is stopped in the middle ends after so long, and nobody waits for what it holds.

    https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-IDLE-IN-TRANSACTION-SESSION-TIMEOUT; on
    SQLite there is no other process.
    """
    if is_postgresql(session):
        limit = str(int(seconds * 1000))
        await session.execute(select(func.set_config("idle_in_transaction_session_timeout", limit, True)))


async def give_back_lease(session: AsyncSession, name: str, holder: str) -> None:
    await session.execute(
        update(Lease)
        .where(Lease.name == name, Lease.holder == holder)
        .values(expires_at=database_in(session, _GONE))
        .execution_options(synchronize_session=False)
    )


async def clear_leases(session: AsyncSession) -> None:
    """Where only one process can be at work, whatever an earlier one held is free. Epochs go on counting."""
    await session.execute(
        update(Lease).values(expires_at=database_in(session, _GONE)).execution_options(synchronize_session=False)
    )


async def database_time(session: AsyncSession) -> datetime:
    """The clock that leases go by."""
    told = await session.execute(select(type_coerce(database_now(), Instant)))
    now: datetime = told.scalar_one()
    return now
