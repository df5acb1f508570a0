"""`/api/v1/funnels/{key}/start`, `/leave` and `/simulate`: who begins one by hand, and what it would do to them.

`/api/v1/funnels/simulate` is the same look ahead at all of them together.
"""

from typing import Annotated, Self

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, StrictInt, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from automations.simulated import MOST_ASKED_DECISIONS, MOST_ASKED_LEADS, MOST_DAYS, Wish
from automations.simulating import simulate
from domain.enrollments import begin_for_segment, end_enrollments, enroll_lead
from domain.funnels.heads import FunnelStands, find_funnel
from domain.funnels.moving import wordings
from domain.holding import hold_living
from domain.starting_many import count_startable
from kit.errors import NotFound
from kit.zones import zone_named
from store.models import RUNS, Lead
from store.queries.funnel_views import under_way_of
from store.queries.leads import find_living_lead
from web.answers import answer
from web.api.body import read_json
from web.api.funnel_answers import SimulationAnswer
from web.api.query import Printable
from web.auth import sign_in
from web.tools import TOOLS

# why somebody is through who was taken out of it
TAKEN_OUT = "by hand"
Number = Annotated[StrictInt, Field(ge=1, lt=2**63)]


class Start(BaseModel):
    """One lead, or everybody in a segment, once `confirmed`: without that they are only counted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lead_id: Number | None = None
    segment: Annotated[str, Printable, Field(min_length=1, max_length=2000)] | None = None
    confirmed: bool = False

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.lead_id is None) == (self.segment is None):
            raise ValueError("give lead_id or segment")
        return self


class Leave(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    lead_id: Number


class ToSimulate(BaseModel):
    """One lead, a sample of all, or with neither a lead who comes just now."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lead_id: Number | None = None
    sample: Annotated[StrictInt, Field(ge=0, le=MOST_ASKED_LEADS)] = 0
    days: Annotated[StrictInt, Field(ge=1, le=MOST_DAYS)] = 30

    @model_validator(mode="after")
    def _not_both(self) -> Self:
        if self.lead_id is not None and self.sample:
            raise ValueError("give lead_id or sample")
        return self


async def start(request: web.Request) -> web.Response:
    """201 with the lead's enrollment; of a segment 200 with how many there are, or 202 once they are to begin."""
    tools, key = request.app[TOOLS], request.match_info["key"]
    async with tools.database.reading() as session:
        await sign_in(request, session)
    given, now = await read_json(request, Start), tools.clock()
    async with tools.database.transaction() as session:
        creator_id = (await sign_in(request, session)).acting_for()
        head = await find_funnel(session, creator_id, key)
        if head.state not in RUNS or head.version_id is None:
            raise FunnelStands(head.key, head.state)
        setup = tools.published.setup(creator_id)
        funnel = (await wordings(session, [head.version_id])).get(head.version_id)
        if funnel is None:
            raise FunnelStands(head.key, head.state)
        if given.segment is not None:
            count = await count_startable(session, head, funnel, given.segment, setup=setup, now=now)
            if given.confirmed:
                await begin_for_segment(session, creator_id, head.key, given.segment, now=now)
            told = {"met": count.met, "reached": count.reached, "begin": count.begin, "begins": given.confirmed}
            return answer(told, status=202 if given.confirmed else 200)
        lead = await _lead(session, creator_id, given.lead_id or 0)
        enrollment_id = await enroll_lead(session, lead, head.key, (head.version_id, funnel), setup, now=now)
    return answer({"enrollment_id": enrollment_id, "lead_id": lead.id}, status=201)


async def leave(request: web.Request) -> web.Response:
    """With whatever of it is still unsent; `ended` is how many were not over."""
    tools, key = request.app[TOOLS], request.match_info["key"]
    async with tools.database.reading() as session:
        await sign_in(request, session)
    given = await read_json(request, Leave)
    async with tools.database.transaction() as session:
        creator_id = (await sign_in(request, session)).acting_for()
        head = await find_funnel(session, creator_id, key)
        lead = await _lead(session, creator_id, given.lead_id)
        ids = await under_way_of(session, lead.id, head.key)
        ended = await end_enrollments(session, ids, TAKEN_OUT, now=tools.clock())
    return answer({"lead_id": lead.id, "ended": ended})


async def foresee(request: web.Request) -> web.Response:
    """What one funnel would send when and why not, or with no name all of them; nothing is sent or changed."""
    tools, key = request.app[TOOLS], request.match_info.get("key")
    async with tools.database.reading() as session:
        await sign_in(request, session)
    given = await read_json(request, ToSimulate)
    async with tools.database.reading() as session:
        creator_id = (await sign_in(request, session)).acting_for()
        if key is not None:
            await find_funnel(session, creator_id, key)
    wish = Wish(
        creator_id,
        key,
        given.lead_id,
        sample=given.sample,
        days=given.days,
        most_decisions=MOST_ASKED_DECISIONS,
    )
    simulation = await simulate(tools.database, tools.published, wish, now=tools.clock())
    return answer(SimulationAnswer.of(simulation, zone_named(tools.published.setup(creator_id).time_zone)))


async def _lead(session: AsyncSession, creator_id: int, number: int) -> Lead:
    lead = await find_living_lead(session, creator_id, number)
    if lead is None:
        raise NotFound("there is no such lead")
    return await hold_living(session, lead)
