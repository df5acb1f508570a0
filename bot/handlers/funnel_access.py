"""Whose funnels, and what belongs to them, somebody may name: by number, whatever creator the chat is with."""

from bot.turn import Turn
from domain.funnels.drafts import DraftGone, whose_draft
from domain.funnels.heads import NoSuchFunnel
from store.models import Creator, FunnelHead


async def own_funnel(turn: Turn, number: int) -> tuple[Creator, FunnelHead]:
    """A funnel of a creator that this person acts for. Raises NoSuchFunnel, and NoSuchRight."""
    await turn.some_creator()
    head = await turn.session.get(FunnelHead, number)
    if head is None or not await turn.allowed(head.creator_id):
        raise NoSuchFunnel(str(number))
    return await turn.session.get_one(Creator, head.creator_id), head


async def own_draft(turn: Turn, number: int) -> Creator:
    """The creator of theirs for whom those wordings were sent. Raises DraftGone, and NoSuchRight."""
    await turn.some_creator()
    creator_id = await whose_draft(turn.session, number)
    if creator_id is None or not await turn.allowed(creator_id):
        raise DraftGone("these wordings are gone already")
    return await turn.session.get_one(Creator, creator_id)
