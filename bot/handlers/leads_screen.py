"""The list of leads as one message: who is on the page, and the buttons that change what it shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_

from bot.turn import Turn
from domain.lead_acts import count_tags
from domain.lead_views import Wanted, wanted_by
from domain.messages.catalogue import plain
from domain.messages.plain import Button, Message
from domain.setups import CreatorSetup
from kit.text import shorten
from kit.tokens import digest_of
from store.models import Creator, Lead, LeadView
from store.queries.lead_lists import Face, count_sources, faces_of
from store.queries.leads import count_leads, page_of_leads, saved_segments, search, where
from store.segments.sounding import meant_condition

PAGE = 10
IN_A_ROW = 5
MOST_OPTIONS = 30
LABEL_LENGTH = 40
NAME_LENGTH = 60
QUESTION_LENGTH = 500
KINDS = ("stage", "tag", "source", "standing", "saved")
STANDINGS = ("subscribed", "unsubscribed", "consented", "blocked", "banned", "taken_over")


async def condition_of(turn: Turn, creator: Creator, wanted: Wanted) -> ColumnElement[bool]:
    """Who is on the list. Raises BadSegment when it names what is no longer there."""
    known = turn.facts.published.setup(creator.id).known(await saved_segments(turn.session, creator.id))
    meet = await where(turn.session, creator.id, wanted.question or "all", known, now=turn.now)
    if not wanted.search:
        return meet
    return and_(meet, await search(turn.session, creator.id, wanted.search))


async def list_screen(turn: Turn, creator: Creator, view: LeadView, page: int) -> Message:
    wanted = wanted_by(view)
    condition = await condition_of(turn, creator, wanted)
    total = await count_leads(turn.session, creator.id, condition)
    # leads may have gone since the button was shown
    page = min(page, max(total - 1, 0) // PAGE)
    leads = await page_of_leads(turn.session, creator.id, condition, limit=PAGE, offset=page * PAGE)
    faces = await faces_of(turn.session, leads)
    lines = [turn.words("leads-title", creator=creator.name, total=total), *_told(turn, wanted), ""]
    lines += [_line(turn, each, faces) for each in leads]
    if not leads:
        lines.append(_nobody(turn, wanted))
    elif total > PAGE:
        first = page * PAGE + 1
        lines += ["", turn.words("leads-range", first=first, last=first + len(leads) - 1, total=total)]
    numbers = [Button(text=str(each.id), data=f"lead:show:{each.id}:{view.id}:{page}") for each in leads]
    steps = [Button(text="‹", data=f"leads:{view.id}:{page - 1}")] if page else []
    if (page + 1) * PAGE < total:
        steps.append(Button(text="›", data=f"leads:{view.id}:{page + 1}"))
    change = [
        Button(text=turn.words("leads-button-filter"), data=f"leads:{view.id}:filter"),
        Button(text=turn.words("leads-button-search"), data=f"leads:{view.id}:search"),
    ]
    if wanted != Wanted():
        change.append(Button(text=turn.words("leads-button-clear"), data=f"leads:{view.id}:clear"))
    if leads and not wanted.search:
        # an export asks by segment, and a search is none
        change.append(Button(text=turn.words("leads-button-export"), data=f"leads:{view.id}:export"))
    rows = [tuple(numbers[at : at + IN_A_ROW]) for at in range(0, len(numbers), IN_A_ROW)]
    rows += [tuple(each) for each in (steps, change) if each]
    return Message(text="\n".join(lines), buttons=tuple(rows))


def filter_screen(turn: Turn, creator: Creator, view: LeadView) -> Message:
    """By what the list can be narrowed."""
    lines = [turn.words("leads-filter", creator=creator.name), *_told(turn, wanted_by(view))]
    buttons = [Button(text=turn.words(f"leads-by-{kind}"), data=f"leads:{view.id}:{kind}") for kind in KINDS]
    back = Button(text=turn.words("leads-button-done"), data=f"leads:{view.id}:0")
    return Message(text="\n".join(lines), buttons=(*((each,) for each in buttons), (back,)))


@dataclass(frozen=True, slots=True)
class Option:
    """Something to filter by: the condition in the segment language, and the words on its button."""

    condition: str
    label: str

    @property
    def mark(self) -> str:
        """What stands for it behind a button, where 64 bytes have room."""
        return digest_of(self.condition)[:12]


async def options(turn: Turn, creator: Creator, kind: str) -> Sequence[Option]:
    setup = turn.facts.published.setup(creator.id)
    match kind:
        case "stage":
            return [Option(f"stage:{quoted(each)}", turn.word(f"stage-{each}", each)) for each in setup.all_stages]
        case "tag":
            tags = list((await count_tags(turn.session, creator.id)).items())[:MOST_OPTIONS]
            return [Option(f"tag:{quoted(tag)}", f"{tag} · {count}") for tag, count in tags]
        case "source":
            sources = await count_sources(turn.session, creator.id, limit=MOST_OPTIONS)
            return [Option(f"source:{quoted(source)}", f"{source} · {count}") for source, count in sources.items()]
        case "standing":
            return [Option(each, turn.words(f"leads-are-{each.replace('_', '-')}")) for each in STANDINGS]
        case "saved":
            return [Option(f"segment:{each}", each) for each in await _segments(turn, creator, setup)]
        case _:
            raise turn.refusal("not-understood")


async def options_screen(turn: Turn, creator: Creator, view: LeadView, kind: str) -> Message:
    """The values of one kind of filter, each a button that switches it on or off."""
    wanted = wanted_by(view)
    found = await options(turn, creator, kind)
    buttons = [
        Button(
            text=("✓ " if wanted.asks(each.condition) else "") + shorten(each.label, LABEL_LENGTH),
            data=f"leads:{view.id}:{kind}:{each.mark}",
        )
        for each in found
    ]
    pairs: list[tuple[Button, ...]] = [tuple(buttons[at : at + 2]) for at in range(0, len(buttons), 2)]
    back = (
        Button(text=turn.words("leads-button-back"), data=f"leads:{view.id}:filter"),
        Button(text=turn.words("leads-button-done"), data=f"leads:{view.id}:0"),
    )
    lines = [turn.words(f"leads-by-{kind}"), *_told(turn, wanted)]
    if not found:
        lines.append(turn.words("leads-no-options"))
    return Message(text="\n".join(lines), buttons=(*pairs, back))


def name_of(turn: Turn, lead: Lead, face: Face | None) -> str:
    """The name that the lead gave, else their Telegram name, else their number; not yet escaped."""
    name = lead.name or (face.first_name if face else "")
    return shorten(name, NAME_LENGTH) if name else plain("leads-nameless", turn.person.speaks, lead=lead.id)


def quoted(value: str) -> str:
    """As the segment language takes any word."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


async def _segments(turn: Turn, creator: Creator, setup: CreatorSetup) -> Sequence[str]:
    saved: Mapping[str, str] = await saved_segments(turn.session, creator.id)
    return sorted({*saved, *setup.segments})[:MOST_OPTIONS]


def _told(turn: Turn, wanted: Wanted) -> list[str]:
    """What the list is narrowed to."""
    told = []
    if wanted.search:
        told.append(turn.words("leads-searched", text=shorten(wanted.search, QUESTION_LENGTH)))
    if wanted.question:
        told.append(turn.words("leads-filtered", question=shorten(wanted.question, QUESTION_LENGTH)))
    return told


def _nobody(turn: Turn, wanted: Wanted) -> str:
    """Nobody is on the list; a word that was looked for as a name may have been meant as a condition."""
    meant = meant_condition(wanted.search)
    if meant is not None:
        return turn.words("leads-nobody-called", text=shorten(wanted.search, NAME_LENGTH), form=meant)
    return turn.words("leads-nobody" if wanted != Wanted() else "leads-none")


def _line(turn: Turn, lead: Lead, faces: Mapping[int, Face]) -> str:
    face = faces.get(lead.id)
    username = f" @{face.username}" if face and face.username else ""
    return turn.words(
        "leads-line",
        lead=lead.id,
        name=name_of(turn, lead, face) + username,
        stage=turn.word(f"stage-{lead.stage}", lead.stage),
        source=shorten(lead.source or "—", LABEL_LENGTH),
    )
