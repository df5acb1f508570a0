"""What another program of a creator's tells of a lead: events of its own, which begin, end and wake follow-ups."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.contacts import read_email
from domain.fields import LARGEST_NUMBER
from domain.identity import Contact, owner_of
from kit.errors import Conflict, Invalid, NotFound, Reason
from store.database import insert_once, wake
from store.models import Event, Lead
from store.queries.leads import find_living_lead

MOST_DATA = 20
LONGEST_VALUE = 200
_NAME = re.compile(r"custom\.[a-z][a-z0-9_]{0,59}")
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
Data = Mapping[str, str | int | float | bool]


class BadEvent(Invalid):
    code = "bad_event"


class NoSuchLead(NotFound):
    code = "no_such_lead"


class ToldOtherwise(Conflict):
    """Something else was told under the same name."""

    code = "told_otherwise"


async def lead_told_of(
    session: AsyncSession, creator_id: int, *, lead_id: int | None = None, email: str | None = None
) -> Lead:
    """The lead of that number, or the one to whom the e-mail belongs; what was only typed belongs to nobody.

    Raises NoSuchLead, and Invalid for what is no e-mail.
    """
    if email is not None:
        lead = await owner_of(session, creator_id, Contact.EMAIL, read_email(email))
    else:
        lead = await find_living_lead(session, creator_id, lead_id or 0)
    if lead is None:
        raise NoSuchLead("there is no such lead", why=Reason("refused-no-such-lead"))
    return lead


async def tell_event(
    session: AsyncSession, lead: Lead, name: str, data: Data, *, told_as: str | None, now: datetime
) -> tuple[Event, bool]:
    """The event, and whether it is new: under one `told_as` the same is told once, whoever repeats it.

    Raises BadEvent, and ToldOtherwise where something else was told under that name.
    """
    _check(name, data)
    values: dict[str, Any] = {
        "creator_id": lead.creator_id,
        "lead_id": lead.id,
        "name": name,
        "subject": "",
        "data": dict(data),
        "told_as": told_as,
        "occurred_at": now,
    }
    event_id = await insert_once(session, Event, values)
    if event_id is not None:
        wake(session, "events")
        return await session.get_one(Event, event_id), True
    known = select(Event).where(Event.creator_id == lead.creator_id, Event.told_as == told_as)
    event = (await session.scalars(known)).one()
    same = await find_living_lead(session, lead.creator_id, event.lead_id or 0)
    if same is None or same.id != lead.id or event.name != name or event.data != dict(data):
        raise ToldOtherwise(
            "this idempotency key was used for another event; take a new one", why=Reason("refused-told-otherwise")
        )
    return event, False


def _check(name: str, data: Data) -> None:
    wrong: dict[str, str] = {}
    if not _NAME.fullmatch(name):
        wrong["name"] = "is custom. and up to 60 small letters, digits and underscores, a letter first"
    if len(data) > MOST_DATA:
        wrong["data"] = f"holds {MOST_DATA} values at most"
    for key, value in data.items():
        if not _KEY.fullmatch(key):
            wrong["data"] = "has names of up to 40 small letters, digits and underscores, a letter first"
        elif isinstance(value, str) and len(value) > LONGEST_VALUE:
            wrong[f"data.{key}"] = f"is longer than {LONGEST_VALUE} characters"
        elif isinstance(value, int | float) and not -LARGEST_NUMBER <= value <= LARGEST_NUMBER:
            wrong[f"data.{key}"] = "is no number that every program keeps"
    if wrong:
        raise BadEvent(
            "some parts are wrong: " + ", ".join(sorted(wrong)), fields=wrong, why=Reason("refused-bad-event")
        )
