from babel.core import Locale
from telegram import CallbackQuery
from telegram import Message as TelegramMessage

from bot.replies import EditReply, TapReply
from bot.turn import Turn
from domain.flows.paused import current_screen
from domain.flows.talk import Talk
from domain.leads import find_lead
from domain.messages.catalogue import LANGUAGES, spoken
from domain.messages.plain import Button, Message, column
from domain.people import choose_language
from kit.text import sentence

AUTOMATIC = "auto"


async def language(turn: Turn, arguments: str) -> None:
    """Bare, the languages as buttons; `/language de` changes to it, `/language auto` follows Telegram again."""
    wanted = arguments.strip().lower()
    if not wanted:
        buttons = [Button(text=own_name(each), data=f"language:{each}") for each in sorted(LANGUAGES)]
        buttons.append(Button(text=turn.words("language-automatic"), data=f"language:{AUTOMATIC}"))
        text = turn.words("language-which", name=own_name(spoken(turn.person.speaks)))
        turn.send(Message(text=text, buttons=column(*buttons)))
        return
    if not await _choose(turn, wanted):
        listed = ", ".join(f"{own_name(each)} ({each})" for each in sorted(LANGUAGES))
        raise turn.refusal("language-form", languages=listed)
    turn.send(Message(text=_changed(turn, wanted)))
    await _repeat_question(turn)


async def tap(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`language:CODE` or `language:auto`: the list of languages makes room for the answer."""
    (wanted,) = arguments
    if not await _choose(turn, wanted):
        raise turn.refusal("not-understood")
    turn.replies.append(TapReply(query_id=query.id))
    text = _changed(turn, wanted)
    if isinstance(query.message, TelegramMessage):
        turn.replies.append(EditReply(message_id=query.message.message_id, text=text))
    else:
        # too old for Telegram to say which message it was
        turn.send(Message(text=text))
    await _repeat_question(turn)


def own_name(code: str) -> str:
    """What a language calls itself: `Deutsch`."""
    return sentence(Locale.parse(code).get_display_name(code))


async def _choose(turn: Turn, wanted: str) -> bool:
    """False for a language that Spark does not speak."""
    if wanted not in {*LANGUAGES, AUTOMATIC}:
        return False
    await choose_language(turn.session, turn.person, None if wanted == AUTOMATIC else wanted)
    await turn.show_menu("automatic" if wanted == AUTOMATIC else "everyone")
    return True


def _changed(turn: Turn, wanted: str) -> str:
    """Said in the new language already."""
    if wanted == AUTOMATIC:
        return turn.words("language-follows")
    return turn.words("language-changed", name=own_name(wanted))


async def _repeat_question(turn: Turn) -> None:
    """The question that is open, in the language that now counts."""
    creator = await turn.creator()
    lead = await find_lead(turn.session, creator.id, turn.person.id)
    if lead is None or lead.taken_over_at is not None or lead.banned_at is not None:
        return
    talk = Talk(lead, turn.person, turn.facts.published)
    turn.show(await current_screen(turn.session, talk, now=turn.now))
