"""Which way a lead goes where a flow asks about them."""

from domain.flows.nodes import AnyNode, BranchNode
from domain.flows.way import Way
from kit.errors import Invalid
from store.queries.leads import lead_matches, saved_segments, where


async def branch(way: Way, node: BranchNode) -> AnyNode | None:
    """The first case that holds, else what stands below. A question that cannot be asked holds for nobody.

    Raises KeyError for a case that leads nowhere.
    """
    lead, session = way.talk.lead, way.session
    await session.flush()
    known = way.talk.setup.known(await saved_segments(session, lead.creator_id))
    for case in node.cases:
        try:
            condition = await where(session, lead.creator_id, case.when, known, now=way.now)
        except Invalid as error:
            await way.stumbled(node, error)
            continue
        if await lead_matches(session, lead.id, condition):
            return way.flow.node(case.to)
    return way.flow.below(node)
