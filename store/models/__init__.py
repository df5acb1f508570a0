"""The tables. Importing this package knows them all."""

from store.models.base import Base, Instant, Moves
from store.models.catalogue import FileHandle, Product, ProductKind, StoredFile
from store.models.engine import (
    OUTBOX_MOVES,
    Enrollment,
    EnrollmentState,
    Event,
    FunnelVersion,
    Lease,
    OutboxKind,
    OutboxMessage,
    OutboxState,
    Timer,
)
from store.models.ideas import Idea, IdeaStage, Priority
from store.models.intake import TelegramUpdate
from store.models.leads import FlowRun, FlowRunState, FlowVersion, Lead, LeadField, LeadStage
from store.models.orders import (
    ORDER_MOVES,
    Entitlement,
    Order,
    OrderLine,
    OrderState,
    Payment,
    ProviderEvent,
    ProviderEventState,
)
from store.models.people import Account, BindToken, Creator, Membership, Person, Role

__all__ = [
    "ORDER_MOVES",
    "OUTBOX_MOVES",
    "Account",
    "Base",
    "BindToken",
    "Creator",
    "Enrollment",
    "EnrollmentState",
    "Entitlement",
    "Event",
    "FileHandle",
    "FlowRun",
    "FlowRunState",
    "FlowVersion",
    "FunnelVersion",
    "Idea",
    "IdeaStage",
    "Instant",
    "Lead",
    "LeadField",
    "LeadStage",
    "Lease",
    "Membership",
    "Moves",
    "Order",
    "OrderLine",
    "OrderState",
    "OutboxKind",
    "OutboxMessage",
    "OutboxState",
    "Payment",
    "Person",
    "Priority",
    "Product",
    "ProductKind",
    "ProviderEvent",
    "ProviderEventState",
    "Role",
    "StoredFile",
    "TelegramUpdate",
    "Timer",
]
