"""The screens on which a broadcast is written: its draft, its variants, whom it is for, and when it goes out."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from automations.broadcast_progress import standing_of
from bot.turn import Turn
from domain.broadcasts.audience import Reach, count_reach, first_reached
from domain.broadcasts.definition import MOST_VARIANTS, BadBroadcast, Content, Variant, content_of, variant_name
from domain.broadcasts.screens import standing_screen, to_whom, told_moment
from domain.leads import display_name
from domain.messages.as_typed import plain_fillings
from domain.messages.catalogue import plain_why
from domain.messages.plain import Button, Message
from kit.errors import Refusal
from kit.text import shorten, unmarked
from kit.zones import zone_named
from store.models import Broadcast, BroadcastState, Creator
from store.queries.broadcasts import count_broadcasts, list_broadcasts
from store.queries.leads import saved_segments
from store.segments.question import BadSegment

LISTED = 10
OFFERED_SEGMENTS = 20
IN_A_ROW = 2
WORDS_SHOWN = 80
# so many of whom it reaches are named
NAMED = 5
NAME_SHOWN = 30
REASON_SHOWN = 300
# what is offered when it is to go out: so many days ahead, at this time of day
_OFFERED_TIMES = ((0, 18), (1, 9), (1, 18), (2, 9))
_MARGIN = timedelta(minutes=5)
# other languages than those that Spark itself speaks can be typed
LANGUAGES = ("en", "de", "es", "fr", "it", "pt", "ru", "uk", "tr", "pl", "nl")
Row = tuple[Button, ...]


def zone_of(turn: Turn, creator: Creator) -> ZoneInfo:
    return zone_named(turn.facts.published.setup(creator.id).time_zone)


async def reach_of(turn: Turn, broadcast: Broadcast) -> Reach:
    """Raises BadSegment when what its question names is gone by now."""
    setup = turn.facts.published.setup(broadcast.creator_id)
    return await count_reach(turn.session, broadcast.creator_id, broadcast.segment, setup, now=turn.now)


async def list_screen(turn: Turn, creator: Creator, page: int = 0) -> Message:
    total = await count_broadcasts(turn.session, creator.id)
    # some may have gone since the button was shown
    page = min(page, max(total - 1, 0) // LISTED)
    found = await list_broadcasts(turn.session, creator.id, limit=LISTED, offset=page * LISTED)
    lines = [turn.words("broadcast-list", creator=creator.name) if found else turn.words("broadcast-none")]
    buttons = []
    for each in found:
        state = turn.word(f"broadcast-is-{each.state}", each.state)
        lines.append(turn.words("broadcast-line", number=each.id, title=each.title, state=state))
        buttons.append(Button(text=f"{each.id} · {shorten(each.title, 24)}", data=f"bc:{each.id}:show"))
    steps = [Button(text="‹", data=f"bc:list:{creator.id}:{page - 1}")] if page else []
    if (page + 1) * LISTED < total:
        steps.append(Button(text="›", data=f"bc:list:{creator.id}:{page + 1}"))
    new = Button(text=turn.words("broadcast-button-new"), data=f"bc:new:{creator.id}")
    text = "\n".join([*lines, "", turn.words("broadcast-form")])
    return Message(text=text, buttons=((new,), *_rows(buttons), *([tuple(steps)] if steps else [])))


async def card(turn: Turn, creator: Creator, broadcast: Broadcast) -> Message:
    """As it is: on its way to be sent, or how it went."""
    if broadcast.state is BroadcastState.DRAFT:
        return await draft_screen(turn, broadcast)
    standing = await standing_of(turn.session, broadcast, now=turn.now)
    return standing_screen(standing, zone_of(turn, creator), turn.person.speaks, now=turn.now)


async def draft_screen(turn: Turn, broadcast: Broadcast) -> Message:
    """Also of one that cannot go out as it is: it says why, and can be mended or discarded."""
    number, state = broadcast.id, turn.word(f"broadcast-is-{broadcast.state}", broadcast.state)
    lines = [
        turn.words("broadcast-title", number=number, title=broadcast.title, state=state),
        to_whom(broadcast, turn.person.speaks),
    ]
    away: Row = (_button(turn, number, "discard"), _list_button(turn, broadcast))
    try:
        content = content_of(broadcast)
    except BadBroadcast as bad:
        return Message(text="\n".join([*lines, _trouble(turn, bad)]), buttons=(away,))
    try:
        lines += await _reach_lines(turn, broadcast)
    except BadSegment as bad:
        lines.append(_trouble(turn, bad))
    lines += [_variant_line(turn, content, place) for place in range(len(content.variants))]
    variants = [
        Button(text=f"✏️ {variant_name(place).upper()} ×{each.weight}", data=f"bc:{number}:v:{place}")
        for place, each in enumerate(content.variants)
    ]
    if len(content.variants) < MOST_VARIANTS:
        variants.append(_button(turn, number, "variant"))
    rows: list[Row] = [
        (_button(turn, number, "whom"), _button(turn, number, "loud" if content.silent else "silent")),
        *_rows(variants),
        (_button(turn, number, "test"),),
        (_button(turn, number, "go"), _button(turn, number, "when")),
        away,
    ]
    return Message(text="\n".join(lines), buttons=tuple(rows))


def variant_screen(turn: Turn, broadcast: Broadcast, place: int) -> Message:
    content, number = content_of(broadcast), broadcast.id
    variant = content.variants[place]
    lines = [_variant_line(turn, content, place)]
    rows: list[Row] = []
    for language, wording in variant.wordings.items():
        words = shorten(unmarked(plain_fillings(wording.text)), WORDS_SHOWN)
        shown = {"language": language, "text": words or "—", "buttons": len(wording.buttons)}
        lines.append(turn.words("broadcast-wording", file="📎 " if wording.file else "", **shown))
        rows.append(
            (
                Button(text=f"✏️ {language}", data=f"bc:{number}:edit:{place}:{language}"),
                Button(text=f"🔘 {language}", data=f"bc:{number}:links:{place}:{language}"),
                Button(text=f"🧪 {language}", data=f"bc:{number}:try:{place}:{language}"),
            )
        )
    rows += _rows(
        [
            Button(text=f"➕ {language}", data=f"bc:{number}:edit:{place}:{language}")
            for language in LANGUAGES
            if language not in variant.wordings
        ],
        in_a_row=4,
    )
    if len(content.variants) > 1:
        rows.append(
            (
                Button(text="−", data=f"bc:{number}:lighter:{place}"),
                Button(text="+", data=f"bc:{number}:heavier:{place}"),
                Button(text=turn.words("broadcast-button-drop"), data=f"bc:{number}:drop:{place}"),
            )
        )
    rows.append((_button(turn, number, "show"),))
    return Message(text="\n".join([*lines, "", turn.words("broadcast-variant-help")]), buttons=tuple(rows))


async def whom_screen(turn: Turn, creator: Creator, broadcast: Broadcast) -> Message:
    number = broadcast.id
    named = {**await saved_segments(turn.session, creator.id), **turn.facts.published.setup(creator.id).segments}
    offered = [Button(text=f"👥 {name}", data=f"bc:{number}:seg:{name}") for name in sorted(named)[:OFFERED_SEGMENTS]]
    rows = [(_button(turn, number, "everybody"), _button(turn, number, "question")), *_rows(offered)]
    text = f"{to_whom(broadcast, turn.person.speaks)}\n{turn.words('broadcast-whom')}"
    return Message(text=text, buttons=(*rows, (_button(turn, number, "show"),)))


async def confirm_screen(turn: Turn, broadcast: Broadcast) -> Message:
    """Before it goes out at once."""
    reach = await reach_of(turn, broadcast)
    back = (_button(turn, broadcast.id, "show"),)
    lines = [
        turn.words("broadcast-confirm", title=broadcast.title, reached=reach.reached),
        to_whom(broadcast, turn.person.speaks),
        *await _reach_lines(turn, broadcast, reach),
    ]
    if not reach.reached:
        return Message(text="\n".join([*lines[1:], turn.words("broadcast-nobody")]), buttons=(back,))
    yes = Button(
        text=turn.words("broadcast-button-yes", reached=reach.reached),
        data=f"bc:{broadcast.id}:yes:{broadcast.revision}",
    )
    return Message(text="\n".join(lines), buttons=((yes,), back))


async def when_screen(turn: Turn, creator: Creator, broadcast: Broadcast, *, local: bool) -> Message:
    """Times to choose from, by the creator's clock or by each lead's own."""
    reach, zone, number, mark = await reach_of(turn, broadcast), zone_of(turn, creator), broadcast.id, int(local)
    rows = _rows([_time_button(turn, broadcast, at, zone, mark) for at in _offered(turn.now, zone)])
    other = Button(text=turn.words("broadcast-button-other-time"), data=f"bc:{number}:type:{mark}")
    toggle = Button(
        text=turn.words("broadcast-button-own-clock" if local else "broadcast-button-leads-clock"),
        data=f"bc:{number}:when:{1 - mark}",
    )
    text = turn.words(
        "broadcast-choose-local" if local else "broadcast-choose-time", zone=zone.key, reached=reach.reached
    )
    return Message(text=text, buttons=(*rows, (other,), (toggle,), (_button(turn, number, "show"),)))


async def line_screen(turn: Turn, broadcast: Broadcast, at: datetime, local_at: str | None, zone: ZoneInfo) -> Message:
    """After a line that named a time: what is left is to say yes."""
    reach = await reach_of(turn, broadcast)
    there = f"{at.astimezone(zone):%Y-%m-%dT%H:%M}" if local_at is None else local_at
    shown = told_moment(at, zone, turn.person.speaks)
    key = "broadcast-confirm-local" if local_at else "broadcast-confirm-at"
    yes = Button(
        text=turn.words("broadcast-button-schedule", reached=reach.reached),
        data=f"bc:{broadcast.id}:at:{broadcast.revision}:{int(local_at is not None)}:{there}",
    )
    lines = [
        turn.words(key, title=broadcast.title, at=shown),
        to_whom(broadcast, turn.person.speaks),
        *await _reach_lines(turn, broadcast, reach),
    ]
    return Message(text="\n".join(lines), buttons=((yes,), (_button(turn, broadcast.id, "show"),)))


def cancel_screen(turn: Turn, broadcast: Broadcast) -> Message:
    yes = Button(text=turn.words("broadcast-button-cancel-yes"), data=f"bc:{broadcast.id}:stop")
    back = _button(turn, broadcast.id, "show")
    return Message(text=turn.words("broadcast-cancel", title=broadcast.title), buttons=((yes,), (back,)))


def _offered(now: datetime, zone: ZoneInfo) -> list[datetime]:
    """By that zone's clock, and yet to come."""
    there = now.astimezone(zone)
    midnight = there.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    times = [midnight + timedelta(days=days, hours=hour) for days, hour in _OFFERED_TIMES]
    hour = there.replace(minute=0, second=0, microsecond=0, tzinfo=None) + timedelta(hours=2)
    return sorted({hour, *(at for at in times if at > there.replace(tzinfo=None) + _MARGIN)})


def _time_button(turn: Turn, broadcast: Broadcast, at: datetime, zone: ZoneInfo, mark: int) -> Button:
    shown = told_moment(at.replace(tzinfo=zone), zone, turn.person.speaks)
    return Button(text=shown, data=f"bc:{broadcast.id}:at:{broadcast.revision}:{mark}:{at:%Y-%m-%dT%H:%M}")


async def _reach_lines(turn: Turn, broadcast: Broadcast, reach: Reach | None = None) -> list[str]:
    """How many it reaches now, and who the first of them are. Raises BadSegment."""
    reach = reach or await reach_of(turn, broadcast)
    setup = turn.facts.published.setup(broadcast.creator_id)
    asked = (broadcast.creator_id, broadcast.segment, setup)
    first = await first_reached(turn.session, *asked, most=NAMED, now=turn.now)
    names = [shorten((await display_name(turn.session, each))(turn.person.speaks), NAME_SHOWN) for each in first]
    others = reach.met - reach.reached
    lines = [turn.words("broadcast-reach", reached=reach.reached, met=reach.met, others=others)]
    if names:
        lines.append(turn.words("broadcast-first", names=", ".join(names), others=reach.reached - len(names)))
    return lines


def _trouble(turn: Turn, refusal: Refusal) -> str:
    why = "" if refusal.why is None else plain_why(refusal.why, turn.person.speaks)
    return turn.words("broadcast-trouble", reason=shorten(why, REASON_SHOWN))


def _list_button(turn: Turn, broadcast: Broadcast) -> Button:
    return Button(text=turn.words("broadcast-button-list"), data=f"bc:list:{broadcast.creator_id}")


def _variant_line(turn: Turn, content: Content, place: int) -> str:
    variant: Variant = content.variants[place]
    share = round(100 * variant.weight / sum(content.weights))
    return turn.words(
        "broadcast-variant",
        name=variant_name(place).upper(),
        weight=variant.weight,
        share=share,
        languages=", ".join(variant.wordings),
    )


def _button(turn: Turn, number: int, what: str) -> Button:
    return Button(text=turn.words(f"broadcast-button-{what}"), data=f"bc:{number}:{what}")


def _rows(buttons: list[Button], *, in_a_row: int = IN_A_ROW) -> list[Row]:
    return [tuple(buttons[at : at + in_a_row]) for at in range(0, len(buttons), in_a_row)]
