"""A draft being written: its variants, wordings, buttons and audience, and trials of it to whoever writes it."""

from typing import Any

from pydantic import TypeAdapter
from telegram import CallbackQuery
from telegram import Message as TelegramMessage

from automations.broadcast_trials import queue_trial
from bot.handlers.broadcast_lines import When, read_buttons, read_when, read_wording
from bot.handlers.broadcast_screens import card, draft_screen, variant_screen, when_screen, whom_screen, zone_of
from bot.handlers.edits import edit
from bot.numbers import read_id
from bot.turn import Turn
from domain.broadcasts.acts import (
    ShownIn,
    change_content,
    change_segment,
    draft_broadcast,
    find_own_broadcast,
    schedule_broadcast,
)
from domain.broadcasts.audience import audience_of
from domain.broadcasts.definition import (
    HEAVIEST,
    MOST_VARIANTS,
    Content,
    Variant,
    Wording,
    content_of,
)
from domain.messages.wording import Language
from domain.prompts import Prompted, ask_next
from domain.shown import showing
from store.models import Broadcast, Creator

ACTS = frozenset({"bc-new", "bc-message", "bc-variant", "bc-question", "bc-buttons", "bc-when"})
MOST_TRIALS = 10
_LANGUAGE: TypeAdapter[str] = TypeAdapter(Language)


async def change_draft(
    turn: Turn, query: CallbackQuery, creator: Creator, found: Broadcast, asked: tuple[str, list[str]]
) -> None:
    """What the buttons under a draft ask for. Raises BroadcastStands once it is no draft any more."""
    what, rest = asked
    match asked:
        case "whom", []:
            edit(turn, query, await whom_screen(turn, creator, found))
        case "everybody", []:
            await _ask_of(turn, query, found, "")
        case "seg", [name]:
            await _ask_of(turn, query, found, f"segment:{name}")
        case "when", [] | ["0" | "1"]:
            edit(turn, query, await when_screen(turn, creator, found, local=rest == ["1"]))
        case "silent" | "loud", []:
            await _change(turn, found, content_of(found).model_copy(update={"silent": what == "silent"}))
            edit(turn, query, await draft_screen(turn, found))
        case "v", [place]:
            edit(turn, query, variant_screen(turn, found, _place(turn, found, place)))
        case "try", [place, language]:
            await _try(turn, query, found, _place(turn, found, place), language)
        case (("lighter" | "heavier" | "drop"), [place]):
            await _weigh(turn, query, found, what, _place(turn, found, place))
        case _:
            await _ask(turn, found, what, rest)


async def _ask(turn: Turn, found: Broadcast, what: str, rest: list[str]) -> None:
    """What is typed or sent next."""
    data: dict[str, Any] = {}
    match what, rest:
        case "question", []:
            act = "bc-question"
        case "variant", []:
            act = "bc-variant"
        case "type", ["0" | "1" as local]:
            act, data = "bc-when", {"local": local == "1", "revision": found.revision}
        case (("edit" | "links"), [place, language]):
            act = "bc-message" if what == "edit" else "bc-buttons"
            data = {"variant": _place(turn, found, place), "language": _LANGUAGE.validate_python(language)}
        case _:
            raise turn.refusal("not-understood")
    await ask_next(turn.session, turn.person.id, act, {"broadcast": found.id, **data}, now=turn.now)
    match act:
        case "bc-question":
            turn.say("broadcast-ask-question")
        case "bc-when":
            turn.say("broadcast-when-form")
        case "bc-buttons":
            turn.say("broadcast-buttons-form")
        case _:
            turn.say("broadcast-ask-message")


async def prompted(turn: Turn, asked: Prompted, message: TelegramMessage) -> None:
    """What came after one of those had been asked for."""
    if asked.act == "bc-new":
        await _new(turn, await turn.as_creator(int(asked.data["creator"])), message)
        return
    creator, found = await own_broadcast(turn, int(asked.data["broadcast"]))
    if asked.act in {"bc-message", "bc-variant"}:
        await _take_message(turn, creator, found, asked, message)
        return
    text = (message.text or "").strip()
    if not text:
        raise turn.refusal("prompt-needs-text")
    match asked.act:
        case "bc-question":
            setup = turn.facts.published.setup(creator.id)
            await audience_of(turn.session, creator.id, text, setup, now=turn.now)
            await change_segment(turn.session, found, text)
            turn.send(await draft_screen(turn, found))
        case "bc-when":
            when = read_when(turn, f"{text} local" if asked.data["local"] else text, zone_of(turn, creator))
            await schedule(turn, found, when, revision=int(asked.data["revision"]))
            turn.send(await card(turn, creator, found))
        case "bc-buttons":
            await _take_buttons(turn, found, asked.data, text)


async def own_broadcast(turn: Turn, number: int) -> tuple[Creator, Broadcast]:
    """Of a creator that this person acts for, whichever the chat is with. Raises NoSuchBroadcast, and NoSuchRight."""
    await turn.some_creator()
    found = await find_own_broadcast(turn.session, turn.person.id, number)
    await turn.allowed(found.creator_id)
    return await turn.session.get_one(Creator, found.creator_id), found


async def schedule(turn: Turn, found: Broadcast, when: When, *, revision: int, shown_in: ShownIn | None = None) -> None:
    """As it was at that revision. Raises what keeps it from being scheduled."""
    await schedule_broadcast(
        turn.session,
        found,
        when.at,
        local_at=when.local_at,
        setup=turn.facts.published.setup(found.creator_id),
        revision=revision,
        shown_in=shown_in,
        now=turn.now,
    )


async def send_trials(turn: Turn, query: CallbackQuery, found: Broadcast) -> None:
    """Every wording of it, to whoever asked; of very many the first, and how many there are."""
    all_of_them = [
        (place, language) for place, variant in enumerate(content_of(found).variants) for language in variant.wordings
    ]
    for place, language in all_of_them[:MOST_TRIALS]:
        await _try(turn, query, found, place, language)
    if len(all_of_them) > MOST_TRIALS:
        turn.say("broadcast-trials-cut", sent=MOST_TRIALS, all=len(all_of_them))


async def _try(turn: Turn, query: CallbackQuery, found: Broadcast, place: int, language: str) -> None:
    if language not in content_of(found).variants[place].wordings:
        raise turn.refusal("not-understood")
    by = showing(turn.facts.published, found.creator_id)
    await queue_trial(
        turn.session,
        found,
        turn.person,
        by,
        variant=place,
        language=language,
        asked_as=query.id,
        now=turn.now,
    )


async def _new(turn: Turn, creator: Creator, message: TelegramMessage) -> None:
    wording = await read_wording(turn, creator, message)
    setup = turn.facts.published.setup(creator.id)
    content = Content(variants=(Variant(wordings={setup.language: wording}),))
    drafted = await draft_broadcast(turn.session, creator.id, turn.person.id, content, setup=setup, now=turn.now)
    turn.send(await draft_screen(turn, drafted))


async def _take_message(
    turn: Turn, creator: Creator, found: Broadcast, asked: Prompted, message: TelegramMessage
) -> None:
    """A new variant in the creator's language, or a wording of one; its buttons stay."""
    content, wording = content_of(found), await read_wording(turn, creator, message)
    if asked.act == "bc-variant":
        if len(content.variants) >= MOST_VARIANTS:
            raise turn.refusal("not-understood")
        language = turn.facts.published.setup(creator.id).language
        added = Variant(wordings={language: wording})
        content = content.model_copy(update={"variants": (*content.variants, added)})
        place = len(content.variants) - 1
    else:
        place, language = _place(turn, found, str(asked.data["variant"])), str(asked.data["language"])
        content = _worded(content, place, language, wording, keeps_buttons=True)
    await _change(turn, found, content)
    turn.send(variant_screen(turn, found, place))


async def _take_buttons(turn: Turn, found: Broadcast, data: dict[str, Any], text: str) -> None:
    content = content_of(found)
    place, language = _place(turn, found, str(data["variant"])), str(data["language"])
    wording = content.variants[place].wordings.get(language)
    if wording is None:
        raise turn.refusal("not-understood")
    changed = wording.model_copy(update={"buttons": read_buttons(turn, text)})
    await _change(turn, found, _worded(content, place, language, changed))
    turn.send(variant_screen(turn, found, place))


async def _ask_of(turn: Turn, query: CallbackQuery, found: Broadcast, question: str) -> None:
    """The question was checked when it was saved; what it names may be gone since."""
    setup = turn.facts.published.setup(found.creator_id)
    await audience_of(turn.session, found.creator_id, question, setup, now=turn.now)
    await change_segment(turn.session, found, question)
    edit(turn, query, await draft_screen(turn, found))


async def _weigh(turn: Turn, query: CallbackQuery, found: Broadcast, what: str, place: int) -> None:
    content = content_of(found)
    if what == "drop":
        if len(content.variants) == 1:
            raise turn.refusal("not-understood")
        left = tuple(each for number, each in enumerate(content.variants) if number != place)
        await _change(turn, found, content.model_copy(update={"variants": left}))
        edit(turn, query, await draft_screen(turn, found))
        return
    variant = content.variants[place]
    weight = min(max(variant.weight + (1 if what == "heavier" else -1), 1), HEAVIEST)
    changed = content.with_variant(place, variant.model_copy(update={"weight": weight}))
    await _change(turn, found, changed)
    edit(turn, query, variant_screen(turn, found, place))


async def _change(turn: Turn, found: Broadcast, content: Content) -> None:
    await change_content(turn.session, found, content, setup=turn.facts.published.setup(found.creator_id))


def _worded(content: Content, place: int, language: str, wording: Wording, *, keeps_buttons: bool = False) -> Content:
    variant = content.variants[place]
    before = variant.wordings.get(language)
    if keeps_buttons and before is not None:
        wording = wording.model_copy(update={"buttons": before.buttons})
    return content.with_variant(place, variant.model_copy(update={"wordings": {**variant.wordings, language: wording}}))


def _place(turn: Turn, found: Broadcast, text: str) -> int:
    place = read_id(text)
    if place >= len(content_of(found).variants):
        raise turn.refusal("not-understood")
    return place
