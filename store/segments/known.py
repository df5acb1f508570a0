from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from store.models import FieldKind


@dataclass(frozen=True, slots=True)
class KnownField:
    """`sealed`: only equality can be asked."""

    kind: FieldKind
    sealed: bool
    # of a choice; empty when any value may be
    options: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Known:
    """What a creator's segments may name. None where everything is allowed."""

    fields: Mapping[str, KnownField] = field(default_factory=dict)
    tags: Collection[str] | None = None
    stages: Collection[str] | None = None
    flows: Collection[str] | None = None
    funnels: Collection[str] | None = None
    events: Collection[str] | None = None
    # the creator's saved segments, by name
    segments: Mapping[str, str] = field(default_factory=dict)
    # of an amount that names none
    currency: str = "usd"
    # where a day begins and ends
    time_zone: str = "UTC"
