"""Two leads who are one person become one, with the history of both."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, exists, select, union, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from domain.code_uses import move_uses
from domain.consent import unsubscribe
from domain.deliveries import hand_over
from domain.events import record_event
from domain.holding import hold_both
from domain.lead_words import keep_words, keep_words_of
from domain.merging_ways import move_enrollments, move_flow_runs, move_places
from domain.products import hold_products
from domain.reviews import move_reviews
from kit.errors import Conflict, Reason
from kit.text import plain_number
from store.database import insert_each_once
from store.models import (
    Consent,
    Decision,
    Entitlement,
    Event,
    Lead,
    LeadField,
    LeadNote,
    LeadStage,
    LeadTag,
    Order,
    OrderLine,
    OutboxMessage,
    OutgoingCall,
    Proof,
    RailCustomer,
    Review,
    StoredFile,
    Ticket,
    Touch,
)

# the rows are read anew afterwards
_BY_CORE = {"synchronize_session": False}
_SURER = (Proof.TYPED, Proof.ENTERED, Proof.VERIFIED)
_AFTER = (LeadStage.NEW, LeadStage.ENGAGED, LeadStage.CUSTOMER)


class CannotMerge(Conflict):
    code = "cannot_merge"


@dataclass(frozen=True, slots=True)
class Standing:
    """What of a lead says whether the bot answers them."""

    banned_at: datetime | None
    taken_over_at: datetime | None


def standing_of(into: Lead, other: Lead) -> Standing:
    """How `into` stands once `other` is a part of it: one with a chat as before, else as either of the two does."""
    if into.person_id is not None:
        return Standing(into.banned_at, into.taken_over_at)
    return Standing(into.banned_at or other.banned_at, into.taken_over_at or other.taken_over_at)


async def merge_leads(session: AsyncSession, into: Lead, other: Lead, *, now: datetime) -> None:
    """`other` becomes a part of `into`, and its number leads there from now on.

    What both have told stays as `into` has it, an e-mail or phone as the surer of the two; what does not fit beside it
    is kept in a note. Orders, rights, follow-ups, tags, touches, notes, consents, files, tickets and messages move; a
    no to marketing of either holds for both, and `standing_of` says whose block does. Raises CannotMerge for leads of
    two creators, for two who have a Telegram chat or an account each, and for one that was merged or forgotten before.
    """
    await hold_both(session, into, other)
    _check(into, other)
    waiting = await _undelivered(session, into, other)
    await _hold_goods(session, into, other, waiting)
    apart = await _move_fields(session, into, other)
    await _move_orders(session, into, other)
    await _move_entitlements(session, into, other)
    await move_uses(session, into.id, other.id)
    await move_reviews(session, into, other)
    await _move_customers(session, into, other)
    await move_enrollments(session, into, other, now=now)
    await move_places(session, into, other)
    await move_flow_runs(session, into, other, now=now)
    await _move_tags(session, into, other)
    for model in (LeadNote, Consent, Touch, StoredFile, OutboxMessage, OutgoingCall, Decision, Ticket):
        await session.execute(update(model).where(model.lead_id == other.id).values(lead_id=into.id))
    # what is not looked at yet is about the one who is left; what was looked at stays as it was told
    await session.execute(
        update(Event).where(Event.lead_id == other.id, Event.routed_at.is_(None)).values(lead_id=into.id)
    )
    apart += await _become_one(session, into, other)
    if apart:
        note = LeadNote(creator_id=into.creator_id, lead_id=into.id, text="\n".join(apart), created_at=now)
        session.add(note)
        await session.flush()
    if other.unsubscribed_at is not None or into.unsubscribed_at is not None:
        await unsubscribe(session, into, now=now)
    await keep_words(session, other.id, other.creator_id, [])
    await keep_words_of(session, into)
    now_theirs = select(Entitlement.id).where(Entitlement.id.in_(waiting), Entitlement.lead_id == into.id)
    for entitlement_id in list(await session.scalars(now_theirs.order_by(Entitlement.id))):
        await hand_over(session, into, entitlement_id, now=now)
    await record_event(
        session, "lead.merged", creator_id=into.creator_id, lead_id=into.id, subject=f"lead:{other.id}", now=now
    )


def _check(into: Lead, other: Lead) -> None:
    if into.id == other.id:
        raise CannotMerge("a lead cannot be merged with itself", why=Reason("refused-merge-itself"))
    if into.creator_id != other.creator_id:
        raise CannotMerge("these are leads of two creators", why=Reason("refused-merge-creators"))
    for lead in (into, other):
        if lead.merged_into_id is not None:
            raise CannotMerge(
                f"lead {lead.id} was merged into lead {lead.merged_into_id} before",
                why=Reason("refused-merged-before", lead=lead.id, into=lead.merged_into_id),
            )
        if lead.forgotten_at is not None:
            raise CannotMerge(f"lead {lead.id} has been forgotten", why=Reason("refused-merge-forgotten", lead=lead.id))
    if into.person_id is not None and other.person_id is not None:
        raise CannotMerge(
            f"leads {into.id} and {other.id} have a Telegram chat each, so they are two people",
            why=Reason("refused-merge-chats", lead=into.id, other=other.id),
        )
    if None not in {into.account_id, other.account_id} and into.account_id != other.account_id:
        raise CannotMerge(
            f"leads {into.id} and {other.id} are customers with an account each, so they are two people",
            why=Reason("refused-merge-accounts", lead=into.id, other=other.id),
        )


async def _undelivered(session: AsyncSession, into: Lead, other: Lead) -> list[int]:
    """What one of the two has a right to and never got, having no chat, while the other has one."""
    chatless = [lead.id for lead in (into, other) if lead.person_id is None]
    if len(chatless) != 1:
        return []
    rights = select(Entitlement.id).where(Entitlement.lead_id == chatless[0], Entitlement.delivered_at.is_(None))
    return list(await session.scalars(rights.order_by(Entitlement.id)))


async def _hold_goods(session: AsyncSession, into: Lead, other: Lead, waiting: Sequence[int]) -> None:
    """The products that are handed over, and those whose reviews are counted anew."""
    given = select(Entitlement.product_id).where(Entitlement.id.in_(waiting))
    reviewed = select(Review.product_id).where(Review.lead_id.in_([into.id, other.id]))
    await hold_products(session, await session.scalars(union(given, reviewed)))


async def _move_fields(session: AsyncSession, into: Lead, other: Lead) -> list[str]:
    """Returns the answers that do not fit, since `into` has given others."""
    rows = await session.execute(
        select(LeadField.lead_id, LeadField.key, LeadField.value, LeadField.number, LeadField.sealed)
        .where(LeadField.lead_id.in_([into.id, other.id]))
        .order_by(LeadField.key, LeadField.item)
    )
    kept: dict[str, list[str]] = {}
    told: dict[str, list[str]] = {}
    for row in rows:
        shown = row.sealed if row.sealed is not None else row.value
        answers = kept if row.lead_id == into.id else told
        answers.setdefault(row.key, []).append(plain_number(row.number or 0) if shown is None else shown)
    theirs = LeadField.lead_id == other.id
    await session.execute(delete(LeadField).where(theirs, LeadField.key.in_(kept)), execution_options=_BY_CORE)
    await session.execute(update(LeadField).where(theirs).values(lead_id=into.id), execution_options=_BY_CORE)
    return [
        _apart(other, key, ", ".join(values)) for key, values in told.items() if key in kept and values != kept[key]
    ]


def _apart(other: Lead, key: str, value: str) -> str:
    return f"#{other.id} {key}: {value}"


async def _move_orders(session: AsyncSession, into: Lead, other: Lead) -> None:
    """An order under way stays the one that the next wish for its product finds, unless there is one already."""
    open_ones = await session.execute(
        select(Order.id, OrderLine.product_id)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(Order.lead_id == other.id, Order.open_key.is_not(None))
        .order_by(Order.id)
    )
    for order_id, product_id in open_ones.all():
        key = f"{into.id}:{product_id}"
        taken = await session.scalar(select(Order.id).where(Order.open_key == key))
        await session.execute(update(Order).where(Order.id == order_id).values(open_key=None if taken else key))
    await session.execute(update(Order).where(Order.lead_id == other.id).values(lead_id=into.id))


async def _move_entitlements(session: AsyncSession, into: Lead, other: Lead) -> None:
    """A gift that both have got stays with each."""
    theirs = aliased(Entitlement)
    same = exists().where(
        theirs.lead_id == into.id, theirs.product_id == Entitlement.product_id, theirs.origin == Entitlement.origin
    )
    moved = list(await session.scalars(select(Entitlement.id).where(Entitlement.lead_id == other.id, ~same)))
    await session.execute(update(Entitlement).where(Entitlement.id.in_(moved)).values(lead_id=into.id))


async def _move_customers(session: AsyncSession, into: Lead, other: Lead) -> None:
    """A rail knows each by one name: that of `into`, where it has one."""
    ours = aliased(RailCustomer)
    both = exists().where(ours.lead_id == into.id, ours.rail == RailCustomer.rail)
    theirs = RailCustomer.lead_id == other.id
    rails = list(await session.scalars(select(RailCustomer.rail).where(theirs, ~both)))
    moved = update(RailCustomer).where(theirs, RailCustomer.rail.in_(rails)).values(lead_id=into.id)
    await session.execute(moved, execution_options=_BY_CORE)
    await session.execute(delete(RailCustomer).where(theirs), execution_options=_BY_CORE)


async def _move_tags(session: AsyncSession, into: Lead, other: Lead) -> None:
    rows = await session.execute(select(LeadTag.tag, LeadTag.tagged_at).where(LeadTag.lead_id == other.id))
    tags = [{"tag": row.tag, "tagged_at": row.tagged_at} for row in rows]
    ours = {"lead_id": into.id, "creator_id": into.creator_id}
    await insert_each_once(session, LeadTag, [{**tag, **ours} for tag in tags])
    await session.execute(delete(LeadTag).where(LeadTag.lead_id == other.id))


async def _become_one(session: AsyncSession, into: Lead, other: Lead) -> list[str]:
    """The two rows; returns what `other` had told otherwise."""
    apart: list[str] = []
    standing = standing_of(into, other)
    values: dict[str, object] = {
        "person_id": into.person_id or other.person_id,
        "account_id": into.account_id or other.account_id,
        "name": into.name or other.name,
        "time_zone": into.time_zone or other.time_zone,
        "stage": _stage(into, other),
        "score": into.score + other.score,
        "consented_at": into.consented_at or (other.consented_at if into.unsubscribed_at is None else None),
        "banned_at": standing.banned_at,
        "taken_over_at": standing.taken_over_at,
        "seen_at": max((at for at in (into.seen_at, other.seen_at) if at is not None), default=None),
        "created_at": min(into.created_at, other.created_at),
    }
    # first source wins: ads are paid by it
    earlier, later = sorted((into, other), key=lambda lead: (lead.created_at, lead.id))
    first = later if earlier.source is None and earlier.link_id is None else earlier
    values |= {"source": first.source, "link_id": first.link_id}
    for contact in ("email", "phone"):
        ours, theirs = _contact(into, contact), _contact(other, contact)
        kept, left = (theirs, ours) if _surer(theirs, ours) else (ours, theirs)
        values |= {contact: kept.value, f"{contact}_digest": kept.digest, f"{contact}_proof": kept.proof}
        if left.value is not None and left.digest != kept.digest:
            apart.append(_apart(other if left is theirs else into, contact, left.value))
    if other.name not in {"", values["name"]}:
        apart.append(_apart(other, "name", other.name))
    emptied = dict.fromkeys(("person_id", "account_id", "email", "email_digest", "phone", "phone_digest", "time_zone"))
    # the keys are free before they are taken: each stands with one lead only
    await session.execute(
        update(Lead).where(Lead.id == other.id).values(**emptied, name="", merged_into_id=into.id),
        execution_options=_BY_CORE,
    )
    # those merged into it before lead straight on
    await session.execute(
        update(Lead).where(Lead.merged_into_id == other.id).values(merged_into_id=into.id), execution_options=_BY_CORE
    )
    await session.execute(update(Lead).where(Lead.id == into.id).values(**values), execution_options=_BY_CORE)
    await session.refresh(into)
    await session.refresh(other)
    return apart


@dataclass(frozen=True, slots=True)
class _Contact:
    value: str | None
    digest: str | None
    proof: Proof


def _contact(lead: Lead, contact: str) -> _Contact:
    if contact == "email":
        return _Contact(lead.email, lead.email_digest, lead.email_proof)
    return _Contact(lead.phone, lead.phone_digest, lead.phone_proof)


def _surer(theirs: _Contact, ours: _Contact) -> bool:
    """What somebody has proved, or a creator has entered, stays rather than what was only typed."""
    if theirs.value is None or ours.value is None:
        return ours.value is None
    return _SURER.index(theirs.proof) > _SURER.index(ours.proof)


def _stage(into: Lead, other: Lead) -> str:
    """Of the two, the one further on; a stage of the creator's own counts for more than Spark's first ones."""
    reached = [stage for stage in (into.stage, other.stage) if stage not in set(_AFTER)]
    if LeadStage.CUSTOMER in {into.stage, other.stage} or not reached:
        return max((each for each in (into.stage, other.stage) if each in set(_AFTER)), key=_place)
    return reached[0]


def _place(stage: str) -> int:
    return [str(each) for each in _AFTER].index(stage)
