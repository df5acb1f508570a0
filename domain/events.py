from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from store.database import wake
from store.models import Event

# everything that is recorded, and so can be asked for by segments, flows and funnels
KNOWN_EVENTS = frozenset(
    {
        "api_key.made",
        "api_key.revoked",
        "broadcast.cancelled",
        "broadcast.done",
        "broadcast.drafted",
        "broadcast.paused",
        "broadcast.resumed",
        "broadcast.scheduled",
        "broadcast.started",
        "bundle.emptied",
        "bundle.filled",
        "channel.found",
        "channel.lost",
        "checkout.abandoned",
        "consent.given",
        "consent.withdrawn",
        "coupon.added",
        "dispute.lost",
        "dispute.opened",
        "dispute.won",
        "entitlement.restored",
        "entitlement.revoked",
        "flow.cancelled",
        "flow.expired",
        "flow.finished",
        "flow.paused",
        "flow.resumed",
        "flow.saved",
        "funnel.archived",
        "funnel.disabled",
        "funnel.moved",
        "funnel.paused",
        "funnel.resumed",
        "funnel.saved",
        "funnel.step_started",
        "funnel.step_stopped",
        "hook.added",
        "hook.changed",
        "hook.disabled",
        "hook.removed",
        "hook.secret_changed",
        "idea.added",
        "idea.changed",
        "idea.deleted",
        "idea.due",
        "idea.moved",
        "idea.post_failed",
        "idea.post_scheduled",
        "idea.post_uncertain",
        "idea.posted",
        "keys.added",
        "lead.added",
        "lead.answered",
        "lead.banned",
        "lead.blocked",
        "lead.captured",
        "lead.duplicate",
        "lead.field_changed",
        "lead.filled_in",
        "lead.forgotten",
        "lead.given_back",
        "lead.imported",
        "lead.merged",
        "lead.note_removed",
        "lead.noted",
        "lead.score_changed",
        "lead.stage_changed",
        "lead.subscribed",
        "lead.tagged",
        "lead.taken_over",
        "lead.touched",
        "lead.unbanned",
        "lead.unblocked",
        "lead.unsubscribed",
        "lead.untagged",
        "lead.written_to",
        "lead.wrote",
        "link.clicked",
        "link.made",
        "message.settled",
        "order.cancelled",
        "order.changed",
        "order.expired",
        "order.fulfilled",
        "order.opened",
        "order.oversold",
        "order.paid",
        "order.partly_refunded",
        "order.pending",
        "order.refunded",
        "order.shipped",
        "payment_link.ended",
        "payment_link.opened",
        "product.added",
        "product.archived",
        "product.edited",
        "product.restored",
        "review.answered",
        "review.changed",
        "review.hidden",
        "review.published",
        "review.removed",
        "review.reported",
        "review.shown",
        "segment.saved",
        "team.changed",
        "team.invited",
        "team.joined",
        "team.left",
        "ticket.opened",
        "ticket.reopened",
        "ticket.solved",
        "upsell.added",
        "upsell.removed",
        "variant.added",
        "variant.archived",
        "variant.edited",
    }
)
# what a creator does, or what comes of it: no lead is in it, so that nobody begins by it
_OF_CREATORS = frozenset(
    {"broadcast", "bundle", "channel", "coupon", "funnel", "hook", "idea", "keys", "payment_link", "product", "segment"}
    | {"api_key", "team", "upsell", "variant"}
)
LEADLESS = frozenset(name for name in KNOWN_EVENTS if name.partition(".")[0] in _OF_CREATORS) | {
    "link.made",
    "flow.paused",
    "flow.resumed",
    "flow.saved",
}
# yet a funnel's trigger may name these: everybody in its `when` begins
FOR_SEGMENTS = frozenset({"idea.due"})
_RECORD = insert(Event.__table__)  # type: ignore[arg-type]  # declared as any FromClause, and a table it is


async def record_event(
    session: AsyncSession,
    name: str,
    *,
    creator_id: int,
    now: datetime,
    lead_id: int | None = None,
    subject: str = "",
    **data: Any,
) -> None:
    """A fact in the past tense, saved with the act that made it true. `data` holds no personal data."""
    values = {
        "creator_id": creator_id,
        "lead_id": lead_id,
        "name": name,
        "subject": subject,
        "data": data,
        "occurred_at": now,
    }
    await session.execute(_RECORD, values)
    wake(session, "events")
