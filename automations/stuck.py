"""Enrollments that cannot go on: each stands alone with its reason, and its creator is told once an hour a funnel."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from domain.messages.catalogue import plain, plain_why, say, word_for_reason
from domain.messages.plain import Button, Message, column
from domain.outbox import tell_creator
from kit.errors import Reason, Refusal
from kit.log import get_logger
from kit.text import shorten

REASON_LENGTH = 300
# what went wrong is ours and no word of a creator's: the log has it, by the number
OUR_MISTAKE = "a mistake of ours"
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Stuck:
    """Which enrollment cannot go on, at which step, and why."""

    enrollment_id: int
    creator_id: int
    lead_id: int
    funnel_key: str
    step: str
    error: Exception | str

    @property
    def reason(self) -> str:
        """In English, as it is kept."""
        return shorten(str(self.error), REASON_LENGTH)

    def told(self, language: str) -> str:
        match self.error:
            case Refusal(why=Reason() as why):
                return shorten(plain_why(why, language), REASON_LENGTH)
        return word_for_reason(self.reason, language)


class OfFunnel(Protocol):
    """A message, which may be one of a funnel's."""

    @property
    def enrollment_id(self) -> int | None: ...
    @property
    def creator_id(self) -> int: ...
    @property
    def lead_id(self) -> int | None: ...
    @property
    def funnel_key(self) -> str | None: ...
    @property
    def step(self) -> str | None: ...


def stuck_at(message: OfFunnel, error: Exception | str) -> Stuck | None:
    """Who cannot go on for want of it; None for a message of no funnel's."""
    if message.enrollment_id is None or message.lead_id is None:
        return None
    place = (message.funnel_key or "", message.step or "")
    return Stuck(message.enrollment_id, message.creator_id, message.lead_id, *place, error)


async def tell_of_stuck(session: AsyncSession, stuck: Stuck, *, now: datetime) -> None:
    """One notice a funnel and hour, however many are stuck in it."""
    _log.warning("enrollment parked", enrollment=stuck.enrollment_id, funnel=stuck.funnel_key, step=stuck.step)

    def told(language: str) -> Message:
        named = {"funnel": stuck.funnel_key, "step": stuck.step or "-", "lead": stuck.lead_id}
        see = Button(text=plain("funnels-button-parked", language), data=f"fn:parked:{stuck.creator_id}:0")
        text = say("funnel-parked", language, reason=stuck.told(language), **named)
        return Message(text=text, buttons=column(see))

    key = f"parked:{stuck.creator_id}:{stuck.funnel_key}:{now:%Y%m%d%H}"
    await tell_creator(session, told, key=key, creator_id=stuck.creator_id, now=now)
