import asyncio
from datetime import datetime, timedelta
from typing import Protocol

from playground.core import Core, Traveller
from playground.refusal import ControlRefusal

_ROUNDS = 2  # settling one may give another something to do

_STRIDE = timedelta(hours=1)


class Settling(Protocol):
    async def settled(self) -> None: ...


class Timed(Settling, Protocol):
    def next_due(self) -> datetime | None: ...

    async def fire_due(self) -> None: ...


class ClockWalk:
    """Moves the clock from one due time to the next, so that each thing happens at its own time."""

    def __init__(self, core: Core, telegram: Settling, stripe: Timed) -> None:
        self._core = core
        self._telegram = telegram
        self._stripe = stripe
        self._walking = asyncio.Lock()

    @property
    def can_advance(self) -> bool:
        return self._core.traveller is not None

    async def next_due(self) -> datetime | None:
        """The next instant at which something happens by itself, among the app and the stand-ins."""
        due = self._stripe.next_due()
        if self._core.traveller is not None:
            app_due = await self._core.traveller.next_due()
            due = min((one for one in (due, app_due) if one is not None), default=None)
        return due

    async def advance(self, length: timedelta) -> None:
        """Returns once everything that became due on the way has been dealt with."""
        traveller = self._traveller()
        async with self._walking:
            await self._walk(traveller, self._core.clock() + length)

    async def advance_to_next(self) -> None:
        """Walks to the next due time; when nothing is waited for, it stays where it is."""
        traveller = self._traveller()
        async with self._walking:
            await self._settle(traveller)
            due = await self.next_due()
            if due is not None:
                await self._walk(traveller, due)

    def _traveller(self) -> Traveller:
        if self._core.traveller is None:
            raise ControlRefusal(
                409, "CANNOT_ADVANCE", "the app runs by itself here, so the clock cannot be moved: use spark demo"
            )
        return self._core.traveller

    async def _walk(self, traveller: Traveller, target: datetime) -> None:
        await self._settle(traveller)
        while (now := self._core.clock()) < target:
            due = await self.next_due()
            if due is None:
                step = target
            elif due > now:
                step = min(due, target)
            else:  # it is not done at its time, and must not hide what comes after it
                step = min(now + _STRIDE, target)
            self._core.clock.move_to(step)
            self._core.save_clock()
            self._core.changes.tell()
            await self._settle(traveller)

    async def _settle(self, traveller: Traveller) -> None:
        for _ in range(_ROUNDS):
            await self._stripe.fire_due()
            await self._stripe.settled()
            await self._telegram.settled()
            await traveller.settle()
