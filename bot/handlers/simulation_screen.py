"""What a funnel would do to somebody, as one message: what would be said when, and why not."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from automations.simulated import Simulation, Spoken
from bot.handlers.lead_card import fitting
from domain.messages.catalogue import say, say_why
from domain.messages.plain import Message
from domain.why import told_at, why
from kit.text import shorten, unmarked
from store.models import OutboxKind

WORDS_SHOWN = 80


def simulation_screen(key: str, simulation: Simulation, zone: ZoneInfo, language: str) -> Message:
    """The lines of the engine's own decisions, and each message between them."""
    values = {"name": key, "count": simulation.said, "until": told_at(simulation.until, zone), "zone": zone.key}
    lines = [say("simulated-title", language, **values)]
    lines += [f"⚠️ {say_why(reason, language)}" for reason in simulation.refused.values()]
    lines += _moments(simulation, zone, language)
    if simulation.cut_at is not None:
        lines.append(say("simulated-cut", language, at=told_at(simulation.cut_at, zone)))
    return Message(text=fitting([*lines, say("simulated-if", language)]))


def _moments(simulation: Simulation, zone: ZoneInfo, language: str) -> Iterator[str]:
    for moment in simulation.moments:
        if not isinstance(moment, Spoken):
            yield from (say_why(reason, language) for reason in why(moment, language, zone))
            continue
        text = shorten(" ".join(unmarked(moment.message.text).split()) or "📎", WORDS_SHOWN)
        notice = moment.kind is OutboxKind.NOTICE
        yield say("simulated-notice" if notice else "simulated-said", language, at=told_at(moment.at, zone), text=text)
