"""What a creator does with a lead in one line: `/lead 12 tag vip`. A wrong one gets a line with the right form."""

import re

from bot.handlers.lead_card import ask_forget, ask_merge, send_timeline
from bot.turn import Turn
from domain.consent import may_market
from domain.enrollments import enroll_lead
from domain.field_values import read_value
from domain.fields import BUILT_IN, LeadFieldSpec
from domain.lead_acts import (
    add_note,
    add_score,
    ban_lead,
    give_back,
    set_score,
    set_stage,
    tag_lead,
    take_over,
    unban_lead,
    untag_lead,
    write_to_lead,
)
from domain.leads import display_name, edit_lead
from kit.text import escape
from kit.tokens import new_reference
from store.models import Creator, Lead

_POINTS = re.compile(r"([+-]|=)?(\d{1,6})")
_TAGS_AT_ONCE = 20


async def do_line(turn: Turn, creator: Creator, lead: Lead, line: str) -> None:
    """`tag vip`, `note …`, `forget` and so on. Raises Said with the right form."""
    verb, _, rest = line.partition(" ")
    rest = rest.strip()
    match verb.lower():
        case "tag" | "untag":
            await change_tags(turn, lead, rest.split(), add=verb.lower() == "tag")
        case "note":
            await note(turn, lead, rest)
        case "write":
            await write(turn, lead, escape(rest))
        case "stage":
            await stage(turn, creator, lead, rest.lower())
        case "score":
            await _score(turn, lead, rest)
        case "set":
            await _set(turn, creator, lead, rest)
        case "enroll":
            await enroll(turn, creator, lead, rest)
        case "merge":
            await ask_merge(turn, creator, lead, rest)
        case _:
            await _do_word(turn, creator, lead, line.lower())


async def _do_word(turn: Turn, creator: Creator, lead: Lead, word: str) -> None:
    """What takes no words of its own."""
    match word:
        case "block" | "unblock":
            await block(turn, lead, blocked=word == "block")
        case "take" | "back":
            await take(turn, lead, taken=word == "take")
        case "forget":
            await ask_forget(turn, lead)
        case "timeline":
            await send_timeline(turn, creator, lead)
        case _:
            raise turn.refusal("lead-form")


async def change_tags(turn: Turn, lead: Lead, tags: list[str], *, add: bool) -> None:
    if not 0 < len(tags) <= _TAGS_AT_ONCE:
        raise turn.refusal("lead-form-tag" if add else "lead-form-untag")
    for tag in tags:
        await (tag_lead if add else untag_lead)(turn.session, lead, tag, now=turn.now)
    told = "lead-tagged" if add else "lead-untagged"
    turn.say(told, tags=" ".join(tags), **await called(turn, lead))


async def note(turn: Turn, lead: Lead, text: str) -> None:
    if not text:
        raise turn.refusal("lead-form-note")
    await add_note(turn.session, lead, text, now=turn.now)
    turn.say("lead-noted", **await called(turn, lead))


async def write(turn: Turn, lead: Lead, text_html: str, *, file_id: int | None = None) -> None:
    """The creator's own words, as Telegram HTML, and perhaps a file."""
    if not text_html and file_id is None:
        raise turn.refusal("lead-form-write")
    key = f"written:{lead.id}:{new_reference()}"
    sent = await write_to_lead(turn.session, lead, text_html, key=key, now=turn.now, file_id=file_id)
    if not sent:
        raise turn.refusal("lead-without-chat", **await called(turn, lead))
    turn.say("lead-written", **await called(turn, lead))


async def stage(turn: Turn, creator: Creator, lead: Lead, wanted: str) -> None:
    stages = turn.facts.published.setup(creator.id).all_stages
    if wanted not in stages:
        raise turn.refusal("lead-form-stage", stages=", ".join(stages))
    await set_stage(turn.session, lead, wanted, now=turn.now)
    turn.say("lead-staged", stage=wanted, **await called(turn, lead))


async def enroll(turn: Turn, creator: Creator, lead: Lead, key: str) -> None:
    setup = turn.facts.published.setup(creator.id)
    funnels = turn.facts.published.funnels.get(creator.id, {})
    if key not in funnels:
        raise turn.refusal("lead-form-enroll", funnels=", ".join(funnels) or "—")
    if not may_market(lead, setup):
        raise turn.refusal("lead-no-marketing", **await called(turn, lead))
    version_id, _ = funnels[key]
    if not await enroll_lead(turn.session, lead, key, version_id, subject="", now=turn.now):
        raise turn.refusal("lead-in-funnel", funnel=key, **await called(turn, lead))
    turn.say("lead-enrolled", funnel=key, **await called(turn, lead))


async def block(turn: Turn, lead: Lead, *, blocked: bool) -> None:
    await (ban_lead if blocked else unban_lead)(turn.session, lead, now=turn.now)
    turn.say("lead-banned" if blocked else "lead-unbanned", **await called(turn, lead))


async def take(turn: Turn, lead: Lead, *, taken: bool) -> None:
    if taken and lead.person_id is None:
        raise turn.refusal("lead-without-chat", **await called(turn, lead))
    await (take_over if taken else give_back)(turn.session, lead, now=turn.now)
    turn.say("lead-taken" if taken else "lead-given-back", **await called(turn, lead))


async def called(turn: Turn, lead: Lead) -> dict[str, object]:
    """How a line names the lead."""
    return {"lead": lead.id, "name": await display_name(turn.session, lead)}


async def _score(turn: Turn, lead: Lead, text: str) -> None:
    points = _POINTS.fullmatch(text)
    if points is None:
        raise turn.refusal("lead-form-score")
    sign, amount = points[1], int(points[2])
    if sign in {"+", "-"}:
        await add_score(turn.session, lead, -amount if sign == "-" else amount, now=turn.now)
    else:
        await set_score(turn.session, lead, amount, now=turn.now)
    turn.say("lead-scored", score=lead.score, **await called(turn, lead))


async def _set(turn: Turn, creator: Creator, lead: Lead, text: str) -> None:
    """A field of every lead's, by the rules for those, or one of the creator's own."""
    key, _, value = text.partition(" ")
    key, value = key.lower(), value.strip()
    fields = turn.facts.published.setup(creator.id).fields
    if not value or key not in {*BUILT_IN, *fields}:
        raise turn.refusal("lead-form-set", fields=", ".join([*sorted(BUILT_IN), *fields]))
    spec: LeadFieldSpec | None = None if key in BUILT_IN else fields[key]
    read = value if spec is None else read_value(key, value, spec, language=turn.person.speaks, today=turn.now.date())
    await edit_lead(turn.session, lead, key, read, spec=spec, now=turn.now)
    turn.say("lead-field-set", field=key, **await called(turn, lead))
