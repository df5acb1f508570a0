"""The breaker: a message that makes people block the bot is stopped by itself, and the creator is told.

A step is looked at over its last sends. It is stopped when of at least LEAST_SENDS of them

- at least MOST_BLOCKED in a hundred were followed by a block, and at least LEAST_BLOCKS were. Of marketing that people
  asked for, well under one in a hundred leaves with each message (mail providers ask for under 0.3 complaints in a
  hundred, and call for action at that: https://support.google.com/a/answer/81126); five in a hundred is no accident,
  and with fewer than five of them it may be one;
- and that is JUMP times what it was before these, so that a funnel whose readers always left at this rate, and whose
  creator has started it again, is not stopped each day anew.

The looks follow each other: once there are MOST_SENDS in one, the next begins, so that a step that went well for a year
is stopped as soon as a new one.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.funnels.heads import stop_step
from domain.messages.catalogue import plain, say
from domain.messages.plain import Button, Message, column
from domain.outbox import tell_creator
from domain.step_counts import Counted, Measure, count_steps
from kit.log import get_logger
from store.models import FunnelHead, StepCount

LEAST_SENDS = 50
MOST_SENDS = 200
LEAST_BLOCKS = 5
# in a hundred
MOST_BLOCKED = 5
JUMP = 3
_log = get_logger(__name__)
_LOOKED_AT = (Measure.SENT, Measure.BLOCKED, Measure.SEEN_SENT, Measure.SEEN_BLOCKED)


@dataclass(frozen=True, slots=True)
class Look:
    """What came of a step: in all, and by the beginning of the present look."""

    sent: int
    blocked: int
    seen_sent: int
    seen_blocked: int

    @property
    def last_sent(self) -> int:
        return self.sent - self.seen_sent

    @property
    def last_blocked(self) -> int:
        return self.blocked - self.seen_blocked

    @property
    def has_jumped(self) -> bool:
        if self.last_sent < LEAST_SENDS or self.last_blocked < LEAST_BLOCKS:
            return False
        many = self.last_blocked * 100 >= MOST_BLOCKED * self.last_sent
        # in whole numbers, with nothing to divide by where nothing was before
        more = self.last_blocked * self.seen_sent >= JUMP * self.seen_blocked * self.last_sent
        return many and more


async def stop_what_is_blocked(session: AsyncSession, *, now: datetime) -> int:
    """Stops the steps whose block rate has jumped; returns how many. Each is told once to the creator."""
    stopped, over = 0, Counter[Counted]()
    for (creator_id, about, step), look in (await _looks(session)).items():
        if look.last_sent < LEAST_SENDS:
            continue
        if look.has_jumped:
            stopped += await _stop(session, creator_id, about.partition(":")[2], step, look, now=now)
        elif look.last_sent < MOST_SENDS:
            continue
        over[Counted(creator_id, about, step, "", Measure.SEEN_SENT)] = look.last_sent
        over[Counted(creator_id, about, step, "", Measure.SEEN_BLOCKED)] = look.last_blocked
    if over:
        await count_steps(session, over)
    return stopped


async def _looks(session: AsyncSession) -> Mapping[tuple[int, str, str], Look]:
    """Of every step of a funnel that has sent enough, over all arms that lead there."""
    asked = (
        select(StepCount.creator_id, StepCount.about, StepCount.step, StepCount.measure, func.sum(StepCount.count))
        .where(StepCount.measure.in_(_LOOKED_AT), StepCount.about.startswith("funnel:"))
        .group_by(StepCount.creator_id, StepCount.about, StepCount.step, StepCount.measure)
    )
    counts: defaultdict[tuple[int, str, str], dict[str, int]] = defaultdict(dict)
    for creator_id, about, step, measure, count in await session.execute(asked):
        counts[creator_id, about, step][measure] = int(count)
    return {key: Look(*(found.get(measure, 0) for measure in _LOOKED_AT)) for key, found in counts.items()}


async def _stop(session: AsyncSession, creator_id: int, key: str, step: str, look: Look, *, now: datetime) -> bool:
    head = await session.scalar(select(FunnelHead).where(FunnelHead.creator_id == creator_id, FunnelHead.key == key))
    if head is None or not await stop_step(session, head, step, now=now):
        return False
    _log.warning("step stopped by itself", funnel=key, step=step, sent=look.last_sent, blocked=look.last_blocked)

    def told(language: str) -> Message:
        shown = {"funnel": key, "step": step, "sent": look.last_sent, "blocked": look.last_blocked}
        again = Button(text=plain("breaker-start", language), data=f"fn:{head.id}:go:{step}")
        return Message(text=say("breaker-stopped", language, **shown), buttons=column(again))

    await tell_creator(session, told, key=f"breaker:{head.id}:{step}:{look.sent}", creator_id=creator_id, now=now)
    return True
