"""`/api/v1/funnels/{key}/start`, `/leave` and `/simulate`: who begins one by hand, and what it would do to them.

`/api/v1/funnels/simulate` is the same look ahead at all of them together.
"""

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StrictInt, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from automations.simulated import MOST_ASKED_DECISIONS, MOST_ASKED_LEADS, MOST_DAYS, BadSimulation, Wish
from automations.simulating import simulate
from domain.access import Act
from domain.enrollments import NotEnrolled, begin_for_segment, end_enrollments, enroll_lead
from domain.funnels.heads import FunnelStands, NoSuchFunnel, find_funnel
from domain.funnels.moving import wordings
from domain.holding import LeadGone, hold_living
from domain.starting_many import NeedsOrder, count_startable
from kit.zones import zone_named
from store.models import RUNS, Lead
from store.queries.funnel_views import under_way_of
from store.segments.question import BadSegment
from web.api.funnel_answers import SimulationAnswer
from web.api.lead_answers import NoSuchLead, lead_of
from web.api.query import Printable
from web.api.route import Answered, Call, NoQuery, Route

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


class Begun(BaseModel):
    lead_id: int
    enrollment_id: int


class Beginners(BaseModel):
    """Of a segment: how many leads it meets, how many of them can be written to, and how many of those begin."""

    met: int
    reached: int
    begin: int
    # they are to begin; False when they were only counted
    begins: bool


class Left(BaseModel):
    """`ended` is how many enrollments were not over."""

    lead_id: int
    ended: int


async def start(call: Call[NoQuery, Start]) -> Answered:
    """201 with the lead's enrollment; of a segment 200 with how many there are, or 202 once they are to begin."""
    session, creator_id, given, now = call.session, call.creator_id, call.body, call.tools.clock()
    head = await find_funnel(session, creator_id, call.word("key"))
    if head.state not in RUNS or head.version_id is None:
        raise FunnelStands(head.key, head.state)
    setup = call.tools.published.setup(creator_id)
    funnel = (await wordings(session, [head.version_id])).get(head.version_id)
    if funnel is None:
        raise FunnelStands(head.key, head.state)
    if given.segment is not None:
        count = await count_startable(session, head, funnel, given.segment, setup=setup, now=now)
        if given.confirmed:
            await begin_for_segment(session, creator_id, head.key, given.segment, now=now)
        told = Beginners(met=count.met, reached=count.reached, begin=count.begin, begins=given.confirmed)
        return Answered(told, status=202 if given.confirmed else 200)
    lead = await _lead(session, creator_id, given.lead_id or 0)
    enrollment_id = await enroll_lead(session, lead, head.key, (head.version_id, funnel), setup, now=now)
    return Answered(Begun(lead_id=lead.id, enrollment_id=enrollment_id), status=201)


async def leave(call: Call[NoQuery, Leave]) -> Left:
    """With whatever of it is still unsent."""
    head = await find_funnel(call.session, call.creator_id, call.word("key"))
    lead = await _lead(call.session, call.creator_id, call.body.lead_id)
    ids = await under_way_of(call.session, lead.id, head.key)
    ended = await end_enrollments(call.session, ids, TAKEN_OUT, now=call.tools.clock())
    return Left(lead_id=lead.id, ended=ended)


async def foresee(call: Call[NoQuery, ToSimulate]) -> SimulationAnswer:
    """What one funnel would send when and why not, or with no name all of them; nothing is sent or changed."""
    tools, given = call.tools, call.body
    key = call.word("key") if "key" in call.request.match_info else None
    if key is not None:
        async with tools.database.reading() as session:
            await find_funnel(session, call.creator_id, key)
    wish = Wish(
        call.creator_id,
        key,
        given.lead_id,
        sample=given.sample,
        days=given.days,
        most_decisions=MOST_ASKED_DECISIONS,
    )
    simulation = await simulate(tools.database, tools.published, wish, now=tools.clock())
    return SimulationAnswer.of(simulation, zone_named(tools.published.setup(call.creator_id).time_zone))


async def _lead(session: AsyncSession, creator_id: int, number: int) -> Lead:
    return await hold_living(session, await lead_of(session, creator_id, number))


ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "POST",
        "/funnels/simulate",
        Act.SEE_FUNNELS,
        foresee,
        "What all funnels together would send, and when",
        {200: SimulationAnswer},
        session="none",
        body=ToSimulate,
        refuses=(BadSimulation, NoSuchLead),
        rate="heavy",
        example={"sample": 20, "days": 30},
        proves=("test_web_funnels.py::test_a_sample_and_everything_together_are_simulated_too",),
    ),
    Route(
        "POST",
        "/funnels/{key}/simulate",
        Act.SEE_FUNNELS,
        foresee,
        "What one funnel would send, and when",
        {200: SimulationAnswer},
        session="none",
        body=ToSimulate,
        refuses=(BadSimulation, NoSuchFunnel, NoSuchLead),
        rate="heavy",
        example={"days": 30},
        proves=("test_web_funnels.py::test_a_simulation_tells_what_would_be_sent_and_changes_nothing",),
    ),
    Route(
        "POST",
        "/funnels/{key}/start",
        Act.RUN_FUNNELS,
        start,
        "One lead begins, or everybody in a segment",
        {201: Begun, 200: Beginners, 202: Beginners},
        session="write",
        body=Start,
        refuses=(NoSuchFunnel, FunnelStands, NotEnrolled, NeedsOrder, BadSegment, NoSuchLead, LeadGone),
        repeatable=True,
        example={"lead_id": 7},
        proves=("test_web_funnels.py::test_a_lead_and_a_segment_begin_and_a_lead_leaves",),
    ),
    Route(
        "POST",
        "/funnels/{key}/leave",
        Act.STOP_FUNNELS,
        leave,
        "Takes a lead out",
        {200: Left},
        session="write",
        body=Leave,
        refuses=(NoSuchFunnel, NoSuchLead, LeadGone),
        repeatable=True,
        example={"lead_id": 7},
        proves=("test_web_funnels.py::test_a_lead_and_a_segment_begin_and_a_lead_leaves",),
    ),
)
