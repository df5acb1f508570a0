"""A broadcast on the stage: drafted, worked at, and counted."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from stage import Stage

from automations.broadcasting import Broadcasting
from domain.broadcasts.acts import draft_broadcast, find_broadcast, pause_broadcast, resume_broadcast, start_broadcast
from domain.broadcasts.definition import Content, Variant, Wording
from store.models import Broadcast, BroadcastRecipient, BroadcastState, Lead
from store.queries.broadcasts import Counts, count_recipients


def saying(*texts: str) -> Content:
    """One variant for each text."""
    return Content(variants=tuple(Variant(wordings={"en": Wording(text=text)}) for text in texts))


@dataclass
class OnAir:
    """One broadcast of the stage's creator."""

    stage: Stage
    id: int
    ahead: int = 10_000

    @property
    def work_of(self) -> Broadcasting:
        return Broadcasting(self.stage.database, self.stage.clock, self.stage.published, self.ahead)

    async def work(self) -> None:
        """All that is to be done now, but for the sending."""
        while await self.work_of.work():
            pass

    async def goes_out(self) -> None:
        """Fed and sent until nothing is left now, and ended."""
        await self.work()
        while await self.stage.send():
            await self.work()
        await self.work()

    async def row(self) -> Broadcast:
        async with self.stage.database.reading() as session:
            return await session.get_one(Broadcast, self.id)

    async def find(self, session: AsyncSession) -> Broadcast:
        return await find_broadcast(session, self.stage.creator_id, self.id)

    async def state(self) -> BroadcastState:
        return (await self.row()).state

    async def counts(self) -> Counts:
        async with self.stage.database.reading() as session:
            return await count_recipients(session, self.id)

    async def recipients(self) -> list[BroadcastRecipient]:
        async with self.stage.database.reading() as session:
            asked = select(BroadcastRecipient).where(BroadcastRecipient.broadcast_id == self.id)
            return list(await session.scalars(asked.order_by(BroadcastRecipient.lead_id)))

    async def starts(self) -> None:
        async with self.stage.database.transaction() as session:
            await start_broadcast(session, await self.find(session), now=self.stage.clock())

    async def pauses(self) -> None:
        async with self.stage.database.transaction() as session:
            await pause_broadcast(session, await self.find(session), now=self.stage.clock())

    async def resumes(self) -> None:
        async with self.stage.database.transaction() as session:
            await resume_broadcast(session, await self.find(session), now=self.stage.clock())


async def drafted(stage: Stage, *texts: str, segment: str = "", **more: Any) -> OnAir:
    async with stage.database.transaction() as session:
        content = saying(*(texts or ("Hello",)))
        row = await draft_broadcast(session, stage.creator_id, None, content, segment=segment, now=stage.clock())
    return OnAir(stage, row.id, **more)


async def leads(stage: Stage, count: int) -> list[Lead]:
    return [await stage.lead(100 + number, f"Lead {number}") for number in range(count)]
