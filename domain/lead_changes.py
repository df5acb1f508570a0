"""What a creator changes of a lead in one go: columns that every lead has, and fields of the creator's own."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from domain.field_values import take_value
from domain.lead_acts import set_score, set_stage
from domain.leads import FieldValue, edit_lead, zone_of
from domain.setups import CreatorSetup
from kit.errors import Invalid, Reason
from store.models import Lead


async def change_lead(
    session: AsyncSession, lead: Lead, changes: Mapping[str, str | int | None], setup: CreatorSetup, *, now: datetime
) -> None:
    """`name`, `email`, `phone`, `time_zone` (None empties them), `stage` and `score`, each only where it is given.

    Raises BadContact, Invalid for a stage or a time zone that is none, and LeadExists for an e-mail or a phone that
    another lead has.
    """
    stage, score = changes.get("stage"), changes.get("score")
    if stage is not None and stage not in setup.all_stages:
        told = f"use one of {', '.join(setup.all_stages)}"
        raise Invalid(f"there is no stage “{stage}”; {told}", fields={"stage": told}, why=Reason("refused-stage"))
    for field in ("name", "email", "phone", "time_zone"):
        if field in changes:
            value = changes[field]
            kept = " ".join(str(value or "").split()) or None
            if kept != (getattr(lead, field) or None):
                await edit_lead(session, lead, field, kept, spec=None, now=now)
    if stage is not None:
        await set_stage(session, lead, str(stage), now=now)
    if score is not None:
        await set_score(session, lead, int(score), now=now)


async def change_fields(
    session: AsyncSession, lead: Lead, values: Mapping[str, object], setup: CreatorSetup, *, now: datetime
) -> None:
    """Each value as its field's kind wants it; None empties it. All or none. Raises Invalid, which names what is wrong.

    Those that are not named stay as they are.
    """
    today = now.astimezone(zone_of(lead, setup)).date()
    taken: dict[str, FieldValue | None] = {}
    wrong: dict[str, str] = {}
    for key, value in values.items():
        spec = setup.spec(key)
        if spec is None:
            wrong[key] = "there is no such field"
            continue
        try:
            taken[key] = None if value is None else take_value(key, value, spec, today=today)
        except Invalid as error:
            wrong[key] = str(error)
    if wrong:
        told = "some fields are wrong: " + ", ".join(sorted(wrong))
        raise Invalid(told, fields=wrong, why=Reason("refused-fields", fields=", ".join(sorted(wrong))))
    for key, kept in taken.items():
        await edit_lead(session, lead, key, kept, spec=setup.spec(key), now=now)
