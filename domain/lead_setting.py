"""What flows and funnels set of a lead: a field, the score, the stage, the language, tags."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from domain.field_values import read_value
from domain.fields import BUILT_IN
from domain.flows.nodes import Setting, Tagging
from domain.lead_acts import add_score, set_score, set_stage, tag_lead, untag_lead
from domain.leads import FieldValue, edit_lead, note_answer, zone_of
from domain.messages.templates import render_address
from domain.setups import CreatorSetup
from store.models import Lead, Person

# what a template may name, looked up when there is one
Named = Callable[[], Awaitable[Mapping[str, Mapping[str, object]]]]


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose it is that is set. Without a person there is no language to set."""

    lead: Lead
    person: Person | None
    setup: CreatorSetup
    named: Named


async def apply_setting(session: AsyncSession, whose: Whose, setting: Setting, *, now: datetime) -> None:
    """Raises a Refusal for a value that the field cannot hold."""
    lead = whose.lead
    if setting.field is not None and setting.value == "":
        await edit_lead(session, lead, setting.field, None, spec=None, now=now)
    elif setting.field is not None and setting.value is not None:
        await _set_field(session, whose, setting.field, setting.value, now=now)
    if setting.score is not None:
        told = str(setting.score)
        change = add_score if told.startswith(("+", "-")) else set_score
        await change(session, lead, int(told), now=now)
    if setting.stage is not None:
        await set_stage(session, lead, setting.stage, now=now)
    if setting.language is not None and whose.person is not None:
        whose.person.language_chosen = setting.language
        await session.flush()


async def apply_tagging(session: AsyncSession, lead: Lead, tagging: Tagging, *, now: datetime) -> None:
    for tag in tagging.add:
        await tag_lead(session, lead, tag, now=now)
    for tag in tagging.remove:
        await untag_lead(session, lead, tag, now=now)


async def _set_field(session: AsyncSession, whose: Whose, field: str, given: FieldValue, *, now: datetime) -> None:
    spec, value = whose.setup.fields.get(field), given
    if isinstance(value, str):
        value = render_address(value, await whose.named()).strip()
        if spec is not None and field not in BUILT_IN:
            today = now.astimezone(zone_of(whose.lead, whose.setup)).date()
            value = read_value(field, value, spec, language="en", today=today)
    if value != "":
        await note_answer(session, whose.lead, field, value, spec=spec, now=now)
