"""Sets of lead ids that an index tells: whoever has the tag, bought the product, is in the funnel."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import aliased

from kit.money import Money
from store.kept_money import BOUGHT
from store.models import (
    Enrollment,
    EnrollmentState,
    Entitlement,
    Event,
    FlowRun,
    FlowRunState,
    FlowVersion,
    Lead,
    LeadField,
    LeadTag,
    LeadWord,
    Link,
    Order,
    OrderLine,
    Payment,
    Person,
    Touch,
)
from store.segments.conditions import Place

LeadIds = Select[int]
Holds = ColumnElement[bool]
# sorts behind whatever goes on after a beginning
_LAST = "\U0010ffff"
# whoever is held goes on later
_STANDING = (EnrollmentState.ACTIVE, EnrollmentState.HELD)
_UNDER_WAY = (FlowRunState.ACTIVE, FlowRunState.WAITING, FlowRunState.PAUSED)


def tagged(creator_id: int, tag: str | None) -> LeadIds:
    """With any tag when none is named."""
    found = select(LeadTag.lead_id).where(LeadTag.creator_id == creator_id)
    return found if tag is None else found.where(LeadTag.tag == tag)


def with_field(creator_id: int, key: str, *holds: Holds) -> LeadIds:
    return select(LeadField.lead_id).where(LeadField.creator_id == creator_id, LeadField.key == key, *holds)


def with_word(creator_id: int, beginning: str) -> LeadIds:
    """A beginning is a range of the index."""
    return select(LeadWord.lead_id).where(
        LeadWord.creator_id == creator_id, LeadWord.word >= beginning, LeadWord.word < beginning + _LAST
    )


def speaking(creator_id: int, language: str) -> LeadIds:
    lead = aliased(Lead)
    spoken = func.lower(func.coalesce(Person.language_chosen, Person.language))
    return (
        select(lead.id)
        .join(Person, Person.id == lead.person_id)
        .where(
            lead.creator_id == creator_id,
            or_(spoken == language, spoken.startswith(f"{language}-", autoescape=True)),
        )
    )


def blocking(creator_id: int) -> LeadIds:
    """Who has blocked the bot."""
    lead = aliased(Lead)
    return (
        select(lead.id)
        .join(Person, Person.id == lead.person_id)
        .where(lead.creator_id == creator_id, Person.blocked_at.is_not(None))
    )


def buyers(creator_id: int, products: Sequence[int]) -> LeadIds:
    return (
        select(Order.lead_id)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(Order.creator_id == creator_id, BOUGHT, OrderLine.product_id.in_(products))
    )


def owners(products: Sequence[int]) -> LeadIds:
    return select(Entitlement.lead_id).where(Entitlement.product_id.in_(products), Entitlement.revoked_at.is_(None))


def customers(creator_id: int) -> LeadIds:
    return select(Order.lead_id).where(Order.creator_id == creator_id, BOUGHT)


def with_orders(creator_id: int, holds: Holds) -> LeadIds:
    return customers(creator_id).group_by(Order.lead_id).having(holds)


def with_payments(creator_id: int, amount: Money, holds: Holds) -> LeadIds:
    return (
        select(Order.lead_id)
        .join(Payment, Payment.order_id == Order.id)
        .where(Order.creator_id == creator_id, Payment.currency == amount.currency)
        .group_by(Order.lead_id)
        .having(holds)
    )


def at_place(creator_id: int, place: Place, key: str) -> LeadIds:
    match place:
        case Place.IN_FUNNEL:
            return _enrolled(creator_id, key).where(Enrollment.state.in_(_STANDING))
        case Place.WAS_IN_FUNNEL:
            return _enrolled(creator_id, key)
        case Place.IN_FLOW:
            return _in_flow(creator_id, key).where(FlowRun.state.in_(_UNDER_WAY))
        case Place.FINISHED_FLOW:
            return _in_flow(creator_id, key).where(FlowRun.state == FlowRunState.DONE)


def _enrolled(creator_id: int, key: str) -> LeadIds:
    return select(Enrollment.lead_id).where(Enrollment.creator_id == creator_id, Enrollment.funnel_key == key)


def _in_flow(creator_id: int, key: str) -> LeadIds:
    return (
        select(FlowRun.lead_id)
        .join(FlowVersion, FlowVersion.id == FlowRun.version_id)
        .where(FlowVersion.creator_id == creator_id, FlowVersion.key == key)
    )


def touched(creator_id: int, link_id: int | None) -> LeadIds:
    """By any tracked link when none is named."""
    found = select(Touch.lead_id)
    if link_id is not None:
        return found.where(Touch.link_id == link_id)
    return found.join(Link, Link.id == Touch.link_id).where(Link.creator_id == creator_id)


def did(creator_id: int, event: str, *holds: Holds, since: datetime | None = None) -> tuple[LeadIds, LeadIds]:
    """Events are never rewritten: what a lead did before it was merged into another counts for that one."""
    happened = [Event.creator_id == creator_id, Event.name == event, Event.lead_id.is_not(None), *holds]
    if since is not None:
        happened.append(Event.occurred_at > since)
    merged = aliased(Lead)
    # there are few who were merged: they are asked one by one what they did
    theirs = select(Event.id).where(Event.lead_id == merged.id, *happened).exists()
    return (
        # neither column is NULL here
        select(Event.lead_id).where(*happened),  # type: ignore[return-value]
        select(merged.merged_into_id).where(merged.merged_into_id.is_not(None), theirs),
    )
