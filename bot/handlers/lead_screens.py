"""The messages with buttons about one lead: the card, what its buttons ask, and what happened to the lead."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.handlers.lead_access import called, own_lead, read_number
from bot.handlers.lead_card import card_text, fitting, moment, subject_told
from bot.turn import Turn
from domain.lead_acts import count_tags
from domain.leads import zone_of
from domain.merging import standing_of
from domain.messages.plain import Button, Message
from domain.shown import showing
from kit.text import shorten
from kit.tokens import digest_of
from store.models import Creator, Lead
from store.queries.lead_card import Happened, LeadCard, count_events, lead_card, timeline

HAPPENED_A_PAGE = 15
MOST_OPTIONS = 30
LABEL_LENGTH = 40
DATA_LENGTH = 120


@dataclass(frozen=True, slots=True)
class Place:
    """The page of a list from which the card was opened, and to which it leads back."""

    view: int = 0
    page: int = 0

    def data(self, act: str, lead: Lead, extra: str | int = "") -> str:
        told = f"lead:{act}:{lead.id}:{self.view}:{self.page}"
        return f"{told}:{extra}" if extra != "" else told


NOWHERE = Place()


def mark_of(value: str) -> str:
    """What stands for a tag or a funnel behind a button, where 64 bytes have room."""
    return digest_of(value)[:12]


async def read_card(turn: Turn, creator: Creator, lead: Lead) -> LeadCard:
    """Raises Said for one that has just gone."""
    card = await lead_card(turn.session, creator.id, lead.id)
    if card is None:
        raise turn.refusal("lead-unknown", lead=lead.id)
    return card


async def card_screen(turn: Turn, creator: Creator, lead: Lead, place: Place = NOWHERE) -> Message:
    card = await read_card(turn, creator, lead)
    text = card_text(turn, card, turn.facts.published.setup(creator.id))

    def button(word: str, act: str) -> Button:
        return Button(text=turn.words(word), data=place.data(act, lead))

    rows: list[tuple[Button, ...]] = [
        (button("lead-button-tag", "tag"), button("lead-button-stage", "stage"), button("lead-button-note", "note")),
        (
            button("lead-button-enroll", "enroll"),
            button("lead-button-timeline", "timeline"),
            button("why-button", "why"),
        ),
    ]
    if lead.person_id is not None:
        taken = lead.taken_over_at is not None
        over = button("lead-button-give", "give") if taken else button("lead-button-take", "take")
        rows.append((button("lead-button-write", "write"), over))
    if card.files:
        files = turn.words("lead-button-files", count=len(card.files))
        rows.append((Button(text=files, data=place.data("files", lead)),))
    ban = button("lead-button-unblock", "unblock") if lead.banned_at else button("lead-button-block", "block")
    rows.append((ban, button("lead-button-merge", "merge"), button("lead-button-forget", "forget")))
    if place.view:
        rows.append((Button(text=turn.words("lead-button-list-back"), data=f"leads:{place.view}:{place.page}"),))
    return Message(text=text, buttons=tuple(rows))


async def tags_screen(turn: Turn, creator: Creator, lead: Lead, place: Place) -> Message:
    """The lead's tags and the most frequent ones; each is a button that gives it or takes it away."""
    card = await read_card(turn, creator, lead)
    offered = await offered_tags(turn, creator, card)
    buttons = [
        Button(
            text=("✓ " if tag in card.tags else "") + shorten(tag, LABEL_LENGTH),
            data=place.data("tag", lead, mark_of(tag)),
        )
        for tag in offered
    ]
    new = Button(text=turn.words("lead-button-new-tag"), data=place.data("newtag", lead))
    return _menu(turn, lead, place, turn.words("lead-choose-tags", **await called(turn, lead)), [*buttons, new])


async def offered_tags(turn: Turn, creator: Creator, card: LeadCard) -> list[str]:
    frequent = await count_tags(turn.session, creator.id)
    return list(dict.fromkeys([*card.tags, *frequent]))[:MOST_OPTIONS]


async def stages_screen(turn: Turn, creator: Creator, lead: Lead, place: Place) -> Message:
    buttons = [
        Button(
            text=("✓ " if each == lead.stage else "") + turn.word(f"stage-{each}", each),
            data=place.data("stage", lead, mark_of(each)),
        )
        for each in turn.facts.published.setup(creator.id).all_stages
    ]
    return _menu(turn, lead, place, turn.words("lead-choose-stage", **await called(turn, lead)), buttons)


async def funnels_screen(turn: Turn, creator: Creator, lead: Lead, place: Place) -> Message:
    published = turn.facts.published.funnels.get(creator.id, {})
    funnels = [key for key, (_, funnel) in published.items() if not funnel.names_order][:MOST_OPTIONS]
    buttons = [Button(text=each, data=place.data("enroll", lead, mark_of(each))) for each in funnels]
    words = turn.words("lead-choose-funnel" if funnels else "lead-no-funnels", **await called(turn, lead))
    return _menu(turn, lead, place, words, buttons)


async def timeline_screen(turn: Turn, creator: Creator, lead: Lead, place: Place, page: int) -> Message:
    """What happened to the lead, newest first, in the lead's own time."""
    card = await read_card(turn, creator, lead)
    total = await count_events(turn.session, card.lead_ids)
    page = min(page, max(total - 1, 0) // HAPPENED_A_PAGE)
    happened = await timeline(turn.session, card.lead_ids, limit=HAPPENED_A_PAGE, offset=page * HAPPENED_A_PAGE)
    zone = zone_of(lead, turn.facts.published.setup(creator.id))
    lines = [turn.words("timeline-title", total=total, zone=zone.key, **await called(turn, lead)), ""]
    lines += [
        turn.words(
            "timeline-line",
            at=moment(turn, each.occurred_at, zone),
            name=turn.word(f"event-{each.name}", each.name),
            about=_about(turn, creator, each),
        )
        for each in happened
    ]
    steps = [Button(text="‹", data=place.data("timeline", lead, page - 1))] if page else []
    if (page + 1) * HAPPENED_A_PAGE < total:
        steps.append(Button(text="›", data=place.data("timeline", lead, page + 1)))
    rows = [tuple(steps)] if steps else []
    return Message(text=fitting(lines), buttons=(*rows, (_back(turn, lead, place),)))


async def forget_screen(turn: Turn, lead: Lead, place: Place = NOWHERE) -> Message:
    """Asks before it is done: there is no way back."""
    yes = Button(text=turn.words("lead-button-forget-yes"), data=place.data("forget", lead, "yes"))
    return Message(
        text=turn.words("lead-forget-asked", **await called(turn, lead)),
        buttons=((yes,), (_back(turn, lead, place),)),
    )


async def forget_owner_screen(turn: Turn, lead: Lead, place: Place, *, may: bool) -> Message:
    """They own something, which would go too: `may` those say so who own the business."""
    text = turn.words("refused-lead_owns")
    back = (_back(turn, lead, place),)
    if not may:
        return Message(text=f"{text}\n\n{turn.words('refused-owner-only')}", buttons=(back,))
    yes = Button(text=turn.words("lead-button-forget-library"), data=place.data("forget", lead, "library"))
    return Message(text=text, buttons=((yes,), back))


async def merge_screen(turn: Turn, creator: Creator, lead: Lead, text: str) -> Message:
    """Asks before the lead of that number becomes a part of this one. Raises Said for a number that cannot be it."""
    number = read_number(text)
    if number is None:
        raise turn.refusal("lead-form-merge", lead=lead.id)
    owner, other = await own_lead(turn, number)
    if other.id == lead.id or owner.id != creator.id:
        raise turn.refusal("lead-form-merge", lead=lead.id)
    into, gone = await called(turn, lead), await called(turn, other)
    yes = turn.words("lead-button-merge-yes", lead=lead.id, other=other.id)
    asked = turn.words("lead-merge-asked", other=gone["lead"], other_name=gone["name"], **into)
    return Message(
        text="\n".join([asked, *_taken_over(turn, lead, other)]),
        buttons=(
            (Button(text=yes, data=NOWHERE.data("merge", lead, other.id)),),
            (_back(turn, lead, NOWHERE),),
        ),
    )


def _taken_over(turn: Turn, lead: Lead, other: Lead) -> Iterator[str]:
    """What of the other one's standing will be this lead's, and what will not."""
    numbers = {"lead": lead.id, "other": other.id}
    then = standing_of(lead, other)
    if lead.person_id is None and other.person_id is not None:
        yield turn.words("lead-merge-chat-taken" if then.taken_over_at else "lead-merge-chat", **numbers)
    if other.banned_at is not None and lead.banned_at is None:
        yield turn.words("lead-merge-not-blocked" if then.banned_at is None else "lead-merge-blocked", **numbers)
    if other.unsubscribed_at is not None and lead.unsubscribed_at is None:
        yield turn.words("lead-merge-unsubscribed", **numbers)


def _menu(turn: Turn, lead: Lead, place: Place, text: str, buttons: list[Button]) -> Message:
    """Two a row, and the way back to the card."""
    rows = [tuple(buttons[at : at + 2]) for at in range(0, len(buttons), 2)]
    return Message(text=text, buttons=(*rows, (_back(turn, lead, place),)))


def _back(turn: Turn, lead: Lead, place: Place) -> Button:
    return Button(text=turn.words("lead-button-card"), data=place.data("show", lead))


def _about(turn: Turn, creator: Creator, happened: Happened) -> str:
    data = [_datum(turn, creator, key, value) for key, value in happened.data.items() if value is not None]
    # the flow's name says more than the number of its run
    subject = "" if "flow" in happened.data else subject_told(turn, happened.subject)
    return shorten(" · ".join(each for each in (subject, ", ".join(data)) if each), DATA_LENGTH)


def _datum(turn: Turn, creator: Creator, key: str, value: object) -> str:
    match key:
        case "stage":
            return turn.word(f"stage-{value}", str(value))
        case "field":
            return showing(turn.facts.published, creator.id).name(str(value), turn.person.speaks)
        case "tag":
            return f"#{value}"
        case "flow" | "source" | "score":
            return str(value)
    return f"{key}={value}"
