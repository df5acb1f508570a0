"""What has happened and is not looked at yet; whose it is, is told by one number."""

from collections.abc import Collection

import orjson
from sqlalchemy import ARRAY, BigInteger, ColumnElement, Select, exists, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from store.database import is_postgresql
from store.models import Event, Lead, OutboxMessage

# the lead's number, or one below zero for what happened to nobody
WHOSE: ColumnElement[int] = func.coalesce(Event.lead_id, -Event.id)


def unrouted_of_all_but(session: AsyncSession, aside: Collection[int]) -> ColumnElement[bool]:
    unrouted = Event.routed_at.is_(None)
    return unrouted & WHOSE.not_in(_listed(session, aside)) if aside else unrouted


def unrouted_of(whose: int) -> ColumnElement[bool]:
    """Of one alone, in the words of an index."""
    return Event.routed_at.is_(None) & (Event.lead_id == whose if whose > 0 else Event.id == -whose)


def has_unrouted(message: type[OutboxMessage]) -> ColumnElement[bool]:
    """Something of its person's is not looked at yet: no follow-up goes before that, and nothing behind one."""
    return exists().where(Lead.person_id == message.person_id, Event.lead_id == Lead.id, Event.routed_at.is_(None))


def _listed(session: AsyncSession, numbers: Collection[int]) -> Select[int]:
    """In one parameter, since no database takes any number of them."""
    if is_postgresql(session):
        return select(func.unnest(literal(list(numbers), ARRAY(BigInteger))))
    each = func.json_each(orjson.dumps(list(numbers)).decode()).table_valued("value")
    return select(each.c.value)
