"""Who may change a lead or an order while somebody else does: rows are held until the transaction ends.

People come before leads, and leads before orders; what follows stands in docs/decisions/0016.
"""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import ColumnElement, bindparam, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.errors import NotFound, Reason
from store.database import is_postgresql
from store.models import Entitlement, Lead, Order, OutboxMessage, OutboxState, Person

# built once: it belongs to whatever a creator does with a lead
_LIVING = (
    select(Lead)
    .where(Lead.id == bindparam("lead"), Lead.merged_into_id.is_(None), Lead.forgotten_at.is_(None))
    .with_for_update(key_share=True)
    .execution_options(populate_existing=True)
)


class LeadGone(NotFound):
    """The lead was merged or forgotten a moment ago."""

    code = "lead_gone"

    def __init__(self, lead_id: int) -> None:
        super().__init__(
            f"lead {lead_id} has just been merged or forgotten", why=Reason("refused-lead-gone", lead=lead_id)
        )


async def hold_living(session: AsyncSession, lead: Lead) -> Lead:
    """The lead as it is now; nobody merges or forgets it before this transaction ends. Raises LeadGone.

    Whatever a creator does with a lead begins with it. What leads do themselves needs none: their own updates hold
    the person's row, and so do merging and forgetting.
    """
    held = await session.scalar(_LIVING, {"lead": lead.id})
    if held is None:
        raise LeadGone(lead.id)
    return held


async def hold_all_living(session: AsyncSession, lead_ids: Collection[int]) -> Sequence[Lead]:
    """Of these leads, those who were neither merged nor forgotten, held in the same way."""
    alive = (Lead.id.in_(lead_ids), Lead.merged_into_id.is_(None), Lead.forgotten_at.is_(None))
    query = select(Lead).where(*alive).order_by(Lead.id).with_for_update(key_share=True)
    return (await session.scalars(query, execution_options={"populate_existing": True})).all()


async def hold_free(session: AsyncSession, lead_ids: Collection[int]) -> dict[int, Lead]:
    """Those of these leads with whom nobody does anything at this moment, held with whoever writes from their chats.

    Nobody is waited for, so whoever holds something else already may come with this.
    """
    chats = select(Lead.person_id).where(Lead.id.in_(lead_ids), Lead.person_id.is_not(None))
    people = select(Person.id).where(Person.id.in_(chats)).order_by(Person.id)
    free = set(await session.scalars(people.with_for_update(key_share=True, skip_locked=True)))
    asked = select(Lead).where(Lead.id.in_(lead_ids)).order_by(Lead.id)
    held = asked.with_for_update(key_share=True, skip_locked=True).execution_options(populate_existing=True)
    leads = await session.scalars(held)
    return {lead.id: lead for lead in leads if lead.person_id is None or lead.person_id in free}


async def hold_what_waits(session: AsyncSession, lead_ids: Collection[int]) -> None:
    """What waits to be said to them, before what says it: so the sender comes to both."""
    waits = select(OutboxMessage.id).where(
        OutboxMessage.lead_id.in_(lead_ids), OutboxMessage.state == OutboxState.QUEUED
    )
    await session.execute(waits.order_by(OutboxMessage.id).with_for_update())


async def hold_at_hand(session: AsyncSession, lead_ids: Collection[int], writers: Mapping[int, int]) -> set[int]:
    """Of these leads those whom nobody else holds at this moment, held in the same way; it waits for nobody.

    For whoever holds already what comes later in the order. `writers` names, by lead, people who are changed too.
    """
    if not is_postgresql(session):
        return set(lead_ids)
    people = select(Person.id).where(Person.id.in_(set(writers.values()))).order_by(Person.id)
    people = people.with_for_update(key_share=True, skip_locked=True)
    theirs = set(await session.scalars(people)) if writers else set()
    wanted = [lead_id for lead_id in lead_ids if lead_id not in writers or writers[lead_id] in theirs]
    leads = select(Lead.id).where(Lead.id.in_(wanted)).order_by(Lead.id)
    return set(await session.scalars(leads.with_for_update(key_share=True, skip_locked=True)))


async def hold_family(session: AsyncSession, lead: Lead) -> tuple[list[int], list[int]]:
    """The ids of all that is this lead and not forgotten yet, and of the people; nobody else changes them meanwhile.

    Held one after the other, by number, as merging does: those who write, the rows, what is paid.
    """
    while True:
        root = select(func.coalesce(Lead.merged_into_id, Lead.id)).where(Lead.id == lead.id).scalar_subquery()
        of_family = or_(Lead.id == root, Lead.merged_into_id == root)
        people = await _hold_people(session, of_family)
        held = await _hold_leads(session, of_family)
        await _hold_orders(session, of_family)
        # whom one waited for may have merged them: then they are another family now
        current = (await session.execute(select(Lead.id, Lead.person_id, Lead.forgotten_at).where(of_family))).all()
        theirs = {row.person_id for row in current} - {None}
        if {row.id for row in current} <= set(held) and theirs <= set(people):
            return sorted(row.id for row in current if row.forgotten_at is None), sorted(theirs)


async def hold_both(session: AsyncSession, into: Lead, other: Lead) -> None:
    """Nobody else changes the two from here on: first who writes from their chats, then the rows, then who pays."""
    # whoever notes something about them meanwhile need not wait: they may hold what comes further down
    both = select(Lead).where(Lead.id.in_({into.id, other.id})).order_by(Lead.id).with_for_update(key_share=True)
    people: set[int | None] = set()
    held = False
    while not held:
        people |= {lead.person_id for lead in (into, other)} - {None}
        await session.execute(
            select(Person.id).where(Person.id.in_(people)).order_by(Person.id).with_for_update(key_share=True)
        )
        (await session.scalars(both, execution_options={"populate_existing": True})).all()
        await session.execute(select(Order.id).where(Order.lead_id == other.id).order_by(Order.id).with_for_update())
        # one of the two may have got a chat from a merge that was waited for
        held = people >= {lead.person_id for lead in (into, other)} - {None}


async def hold_order(session: AsyncSession, order_id: int) -> Order | None:
    """The order as it is now, with its lead; None where there is none. Money that comes begins with it.

    The lead first: that is how its own buyer comes to it, whose tap is noted with the lead.
    """
    lead_id = await session.scalar(select(Order.lead_id).where(Order.id == order_id))
    query = select(Order).where(Order.id == order_id).with_for_update().execution_options(populate_existing=True)
    while True:
        await session.execute(select(Lead.id).where(Lead.id == lead_id).with_for_update(key_share=True))
        order = await session.scalar(query)
        if order is None or order.lead_id == lead_id:
            return order
        # they have become a part of another, by whom one waited for
        lead_id = order.lead_id


async def hold_order_of_right(session: AsyncSession, entitlement_id: int) -> None:
    """The order that gave the right, before anything is noted of the right or of its deliveries."""
    await hold_orders_of_rights(session, [entitlement_id])


async def hold_orders_of_rights(session: AsyncSession, entitlement_ids: Collection[int]) -> None:
    """The same of several, by number."""
    if not entitlement_ids:
        return
    order_ids = select(Entitlement.order_id).where(Entitlement.id.in_(entitlement_ids))
    await session.execute(
        select(Order.id).where(Order.id.in_(order_ids)).order_by(Order.id).with_for_update(key_share=True)
    )


async def _hold_people(session: AsyncSession, of_family: ColumnElement[bool]) -> Sequence[int]:
    people = select(Lead.person_id).where(of_family, Lead.person_id.is_not(None))
    query = select(Person.id).where(Person.id.in_(people)).order_by(Person.id).with_for_update(key_share=True)
    return (await session.scalars(query)).all()


async def _hold_orders(session: AsyncSession, of_family: ColumnElement[bool]) -> None:
    theirs = Order.lead_id.in_(select(Lead.id).where(of_family))
    await session.execute(select(Order.id).where(theirs).order_by(Order.id).with_for_update(key_share=True))


async def _hold_leads(session: AsyncSession, of_family: ColumnElement[bool]) -> Sequence[int]:
    query = select(Lead.id).where(of_family).order_by(Lead.id).with_for_update(key_share=True)
    return (await session.scalars(query)).all()
