"""Answers that have to be worked out or fetched first: done after the update's transaction, on their own."""

import asyncio
import io
from dataclasses import dataclass

from automations.gateway import Refused
from automations.proposing import around, propose
from automations.resuming import foresee_resuming
from automations.simulated import MOST_ASKED_DECISIONS, Wish
from automations.simulating import simulate
from bot.gateway import TelegramGateway
from bot.handlers.funnel_proposals import nothing_new, problems_screen, proposal_screen, whole_change
from bot.handlers.funnel_resuming import resuming_screen
from bot.handlers.idea_results_screen import results_screen
from bot.handlers.simulation_screen import simulation_screen
from bot.handlers.stats_screen import stats_screen
from bot.replies import FunnelFileReply, IdeaResultsReply, ResumingReply, SimulateReply, StatsReply
from domain.definitions import Published
from domain.funnels.drafts import keep_draft
from domain.funnels.heads import NoSuchFunnel
from domain.funnels.moving import wordings
from domain.funnels.reading import read_funnels
from domain.messages.catalogue import say
from domain.messages.plain import Message
from kit.clock import Clock
from kit.zones import zone_named
from store.database import Database
from store.models import Creator
from store.queries.funnel_views import funnel_by_id
from store.queries.stats import read_stats

LookUp = FunnelFileReply | ResumingReply | StatsReply | IdeaResultsReply | SimulateReply


@dataclass(frozen=True, slots=True)
class Found:
    """A screen, in place of that message where there is one, and perhaps a text file that goes before it."""

    screen: Message
    message_id: int | None = None
    file_name: str = ""
    content: str = ""


@dataclass
class Lookups:
    database: Database
    clock: Clock
    gateway: TelegramGateway
    published: Published

    async def find(self, reply: LookUp, language: str) -> Found:
        """Raises Refusal, and SendFailure where a file cannot be fetched now."""
        match reply:
            case FunnelFileReply():
                return await self._funnels(reply, language)
            case ResumingReply():
                return await self._resuming(reply, language)
            case StatsReply():
                return await self._stats(reply, language)
            case IdeaResultsReply():
                return await self._idea_results(reply, language)
            case SimulateReply():
                return await self._simulate(reply, language)

    async def _funnels(self, reply: FunnelFileReply, language: str) -> Found:
        """Good wordings are kept until they are confirmed; of bad ones nothing is."""
        text: str | bytes = reply.text
        if reply.telegram_file_id is not None:
            fetched = io.BytesIO()
            try:
                await self.gateway.download(reply.telegram_file_id, fetched)
            except Refused:
                return Found(Message(text=say("funnels-file-gone", language)))
            text = fetched.getvalue()
        now = self.clock()
        async with self.database.reading() as session:
            creator = await session.get_one(Creator, reply.creator_id)
            ground = await around(session, self.published, creator)
        # seconds of a large file, in which everybody else goes on
        read = await asyncio.to_thread(read_funnels, text, ground, file=reply.file_name)
        if read.problems:
            return Found(problems_screen(read.problems, language))
        async with self.database.reading() as session:
            proposed = await propose(session, self.published, creator.id, read.funnels, now=now)
        same = nothing_new(proposed, language)
        if same is not None:
            return Found(same)
        async with self.database.transaction() as session:
            bases = {each.key: each.base for each in proposed}
            draft = await keep_draft(session, creator.id, read.funnels, bases, now=now)
        screen, whole = proposal_screen(proposed, draft.number, language)
        if whole:
            return Found(screen)
        return Found(screen, file_name="changes.txt", content=whole_change(proposed))

    async def _resuming(self, reply: ResumingReply, language: str) -> Found:
        async with self.database.reading() as session:
            head = await funnel_by_id(session, reply.creator_id, reply.funnel_id)
            if head is None:
                raise NoSuchFunnel(str(reply.funnel_id))
            foreseen = await foresee_resuming(session, self.published, head, now=self.clock())
            present = (await wordings(session, [head.version_id])).get(head.version_id) if head.version_id else None
        usual = None if present is None else present.late
        return Found(resuming_screen(head, foreseen, usual, language), reply.message_id)

    async def _stats(self, reply: StatsReply, language: str) -> Found:
        async with self.database.reading() as session:
            creator = await session.get_one(Creator, reply.creator_id)
            zone = self.published.setup(creator.id).time_zone
            stats = await read_stats(session, creator.id, zone, reply.days, now=self.clock())
        return Found(stats_screen(creator, stats, language), reply.message_id)

    async def _idea_results(self, reply: IdeaResultsReply, language: str) -> Found:
        zone = self.published.setup(reply.creator_id).time_zone
        async with self.database.reading() as session:
            screen = await results_screen(session, reply, zone, language, now=self.clock())
        return Found(screen, reply.message_id)

    async def _simulate(self, reply: SimulateReply, language: str) -> Found:
        wish = Wish(
            reply.creator_id,
            reply.funnel_key,
            reply.lead_id,
            sample=reply.sample,
            days=reply.days,
            most_decisions=MOST_ASKED_DECISIONS,
        )
        simulation = await simulate(self.database, self.published, wish, now=self.clock())
        zone = zone_named(self.published.setup(reply.creator_id).time_zone)
        return Found(simulation_screen(simulation, zone, language))
