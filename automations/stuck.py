"""Enrollments that cannot go on: each stands alone with its reason, and its creator is told once an hour a funnel."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from domain.messages.catalogue import plain, plain_why, say
from domain.messages.plain import Button, Message, column
from domain.outbox import tell_creator
from kit.errors import Reason, Refusal
from kit.log import get_logger
from kit.text import shorten

REASON_LENGTH = 300
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
        return self.reason


async def tell_of_stuck(session: AsyncSession, stuck: Stuck, *, now: datetime) -> None:
    """One notice a funnel and hour, however many are stuck in it."""
    _log.warning("enrollment parked", enrollment=stuck.enrollment_id, funnel=stuck.funnel_key, step=stuck.step)

    def told(language: str) -> Message:
        named = {"funnel": stuck.funnel_key, "step": stuck.step or "-", "lead": stuck.lead_id}
        see = Button(text=plain("funnels-button-parked", language), data="fn:parked:0")
        text = say("funnel-parked", language, reason=stuck.told(language), **named)
        return Message(text=text, buttons=column(see))

    key = f"parked:{stuck.creator_id}:{stuck.funnel_key}:{now:%Y%m%d%H}"
    await tell_creator(session, told, key=key, creator_id=stuck.creator_id, now=now)
