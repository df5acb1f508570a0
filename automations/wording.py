"""Whatever goes out, in the words that are true at this moment."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from automations.broadcast_words import BroadcastWords
from automations.composing import Composer
from automations.funnel_words import FunnelWords
from domain.definitions import Published
from domain.funnels.definition import Funnel
from domain.idea_posts import NoChannel
from domain.messages.plain import Message
from domain.shown import Showing, showing
from kit.errors import Reason
from store.models import OutboxKind
from store.queries.outbox import Candidate


def is_worded_late(row: Candidate) -> bool:
    """Whether it is put into words when it is taken; the others stand in theirs from the beginning."""
    return row.kind is OutboxKind.BROADCAST or (row.kind is OutboxKind.FUNNEL and row.enrollment_id is not None)


class Words:
    """Puts the messages of one batch into words; what they have in common is read once."""

    def __init__(
        self, session: AsyncSession, published: Published, now: datetime, rows: Sequence[Candidate] = ()
    ) -> None:
        self._published = published
        composer = Composer(session, now, rows)
        self._funnels, self._broadcasts = FunnelWords(composer), BroadcastWords(composer)
        self._showing: dict[int, Showing] = {}

    async def of(self, row: Candidate, funnel: Funnel | None) -> Message | None:
        """None when there is nothing to say any more. Raises Refusal, KeyError or ValueError where there are no words.

        `funnel` is the wording that the message is pinned to, where it is a funnel's.
        """
        if funnel is not None:
            return await self._funnels.message(row, funnel, self._by(row.creator_id))
        if row.kind is OutboxKind.BROADCAST and row.broadcast_id is not None:
            return await self._broadcasts.message(row, self._by(row.creator_id))
        if row.post_id is not None and not row.telegram_id:
            raise NoChannel("the channel is known no longer", why=Reason("refused-post-no-channel"))
        return Message.model_validate(row.message)

    def _by(self, creator_id: int) -> Showing:
        if creator_id not in self._showing:
            self._showing[creator_id] = showing(self._published, creator_id)
        return self._showing[creator_id]
