"""What a creator does with a lead in one line: `/lead 12 tag vip`. A wrong one gets a line with the right form."""

import re

from bot.handlers.lead_access import called
from bot.handlers.lead_rights import do_right
from bot.handlers.lead_screens import NOWHERE, forget_screen, merge_screen, timeline_screen
from bot.turn import Turn
from domain.enrollments import enroll_lead
from domain.field_values import read_value
from domain.fields import BUILT_IN
from domain.holding import hold_living
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
from domain.leads import FieldValue, edit_lead
from domain.messages.plain import Message
from domain.shown import showing
from kit.text import escape
from kit.tokens import new_reference
from store.models import Creator, Lead, Person

_POINTS = re.compile(r"([+-]|=)?(\d{1,6})")
_TAGS_AT_ONCE = 20
_NOTHING = "-"


async def do_line(turn: Turn, creator: Creator, lead: Lead, line: str) -> None:
    """`tag vip`, `note …`, `forget` and so on. Raises Said with the right form."""
    lead = await hold_living(turn.session, lead)
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
            turn.send(await merge_screen(turn, creator, lead, rest))
        case "give" | "revoke":
            await do_right(turn, creator, lead, verb.lower(), rest)
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
            turn.send(await forget_screen(turn, lead))
        case "timeline":
            turn.send(await timeline_screen(turn, creator, lead, NOWHERE, 0))
        case _:
            raise turn.refusal("lead-form")


async def change_tags(turn: Turn, lead: Lead, tags: list[str], *, add: bool) -> None:
    if not 0 < len(tags) <= _TAGS_AT_ONCE:
        raise turn.refusal("lead-form-tag" if add else "lead-form-untag", lead=lead.id)
    name = await called(turn, lead)
    if add:
        for tag in tags:
            await tag_lead(turn.session, lead, tag, now=turn.now)
        turn.say("lead-tagged", tags=" ".join(tags), **name)
        return
    tags = list(dict.fromkeys(tags))
    absent = [tag for tag in tags if not await untag_lead(turn.session, lead, tag, now=turn.now)]
    taken = [tag for tag in tags if tag not in absent]
    lines = [turn.words("lead-untagged" if taken else "lead-not-tagged", tags=" ".join(taken or absent), **name)]
    if taken and absent:
        lines.append(turn.words("tags-absent", tags=" ".join(absent)))
    turn.send(Message(text="\n".join(lines)))


async def note(turn: Turn, lead: Lead, text: str) -> None:
    if not text:
        raise turn.refusal("lead-form-note", lead=lead.id)
    await add_note(turn.session, lead, text, now=turn.now)
    turn.say("lead-noted", **await called(turn, lead))


async def write(turn: Turn, lead: Lead, text_html: str, *, file_id: int | None = None) -> None:
    """The creator's own words, as Telegram HTML, and perhaps a file."""
    if not text_html and file_id is None:
        raise turn.refusal("lead-form-write", lead=lead.id)
    key = f"written:{lead.id}:{new_reference()}"
    sent = await write_to_lead(turn.session, lead, text_html, key=key, now=turn.now, file_id=file_id)
    if not sent:
        raise turn.refusal("lead-without-chat", **await called(turn, lead))
    person = await turn.session.get(Person, lead.person_id)
    away = person is not None and person.blocked_at is not None
    turn.say("lead-written-waits" if away else "lead-written", **await called(turn, lead))


async def stage(turn: Turn, creator: Creator, lead: Lead, wanted: str) -> None:
    stages = turn.facts.published.setup(creator.id).all_stages
    # as it is called, or as the reader's language calls it
    named = {turn.word(f"stage-{each}", each): each for each in stages} | {each: each for each in stages}
    if wanted not in named:
        told = ", ".join(turn.word(f"stage-{each}", each) for each in stages)
        raise turn.refusal("lead-form-stage", lead=lead.id, stages=told)
    chosen = named[wanted]
    await set_stage(turn.session, lead, chosen, now=turn.now)
    turn.say("lead-staged", stage=turn.word(f"stage-{chosen}", chosen), **await called(turn, lead))


async def enroll(turn: Turn, creator: Creator, lead: Lead, key: str) -> None:
    funnels = turn.facts.published.funnels.get(creator.id, {})
    if key not in funnels:
        raise turn.refusal("lead-form-enroll", lead=lead.id, funnels=", ".join(funnels) or "—")
    await enroll_in(turn, creator, lead, key)
    turn.say("lead-enrolled", funnel=key, **await called(turn, lead))


async def enroll_in(turn: Turn, creator: Creator, lead: Lead, key: str) -> None:
    """Raises NotEnrolled for a lead who cannot be written to, or has been in this one."""
    published = turn.facts.published
    version = published.funnels[creator.id][key]
    await enroll_lead(turn.session, lead, key, version, published.setup(creator.id), now=turn.now)


async def block(turn: Turn, lead: Lead, *, blocked: bool) -> None:
    await (ban_lead if blocked else unban_lead)(turn.session, lead, now=turn.now)
    turn.say("lead-banned" if blocked else "lead-unbanned", **await called(turn, lead))


async def take(turn: Turn, lead: Lead, *, taken: bool) -> None:
    if taken and lead.person_id is None:
        raise turn.refusal("lead-without-chat", **await called(turn, lead))
    await (take_over if taken else give_back)(turn.session, lead, now=turn.now)
    turn.say("lead-taken" if taken else "lead-given-back", **await called(turn, lead))


async def _score(turn: Turn, lead: Lead, text: str) -> None:
    points = _POINTS.fullmatch(text)
    if points is None:
        raise turn.refusal("lead-form-score", lead=lead.id)
    sign, amount = points[1], int(points[2])
    if sign in {"+", "-"}:
        await add_score(turn.session, lead, -amount if sign == "-" else amount, now=turn.now)
    else:
        await set_score(turn.session, lead, amount, now=turn.now)
    turn.say("lead-scored", score=lead.score, **await called(turn, lead))


async def _set(turn: Turn, creator: Creator, lead: Lead, text: str) -> None:
    """A field of every lead's, or one of the creator's own; `-` empties it."""
    key, _, value = text.partition(" ")
    key, value = key.lower(), value.strip()
    setup = turn.facts.published.setup(creator.id)
    known = [*sorted(BUILT_IN), *setup.fields]
    if not value or key not in known:
        raise turn.refusal("lead-form-set", lead=lead.id, fields=", ".join(known))
    spec = setup.spec(key)
    kept: FieldValue | None = None if value == _NOTHING else value
    if spec is not None and kept is not None:
        kept = read_value(key, value, spec, language=turn.person.speaks, today=turn.now.date())
    await edit_lead(turn.session, lead, key, kept, spec=spec, now=turn.now)
    name = showing(turn.facts.published, creator.id).name(key, turn.person.speaks)
    turn.say("lead-field-set" if kept is not None else "lead-field-emptied", field=name, **await called(turn, lead))
