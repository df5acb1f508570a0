"""Leads as rows of a CSV file that an import takes back."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from domain.setups import CreatorSetup
from domain.transfers.formulas import defuse
from domain.transfers.mapping import EXPORTED, own_header
from kit.money import exponent_of
from kit.text import plain_number
from store.models import FieldKind, Proof
from store.queries.lead_pages import LeadRow


def export_keys(setup: CreatorSetup, in_use: Collection[str]) -> list[str]:
    """The fields that have a column: the declared ones in their order, then what else leads have answered."""
    files = {key for key, spec in setup.fields.items() if spec.kind is FieldKind.FILE}
    declared = [key for key in setup.fields if key not in files]
    return [*declared, *sorted(set(in_use) - set(declared) - files)]


def header(keys: Sequence[str]) -> list[str]:
    return [*EXPORTED, *(own_header(key) for key in keys)]


def cells_of(row: LeadRow, keys: Sequence[str]) -> list[str]:
    """In the order of `header`. Text that a spreadsheet would take for a formula is defused; numbers stay numbers."""
    lead = row.lead
    text = (
        lead.name,
        row.first_name,
        row.username,
        lead.email,
        _verified(lead.email, lead.email_proof),
        lead.phone,
        _verified(lead.phone, lead.phone_proof),
        row.language,
        lead.time_zone,
        lead.source,
        lead.stage,
    )
    return [
        str(lead.id),
        *(defuse(each or "") for each in text),
        str(lead.score),
        defuse(", ".join(row.tags)),
        _moment(lead.consented_at),
        _moment(lead.unsubscribed_at),
        _moment(lead.created_at),
        _moment(lead.seen_at),
        str(row.orders),
        "; ".join(_amount(minor, currency) for currency, minor in row.spent.items()),
        *(_field(row.fields.get(key, ())) for key in keys),
    ]


def _field(values: Sequence[str | float]) -> str:
    if len(values) == 1 and not isinstance(values[0], str):
        return plain_number(values[0])
    return defuse(", ".join(str(each) for each in values))


def _verified(told: str | None, proof: Proof) -> str:
    return "" if told is None else "yes" if proof is Proof.VERIFIED else "no"


def _amount(minor: int, currency: str) -> str:
    return f"{Decimal(minor).scaleb(-exponent_of(currency)):f} {currency}"


def _moment(instant: datetime | None) -> str:
    return "" if instant is None else instant.astimezone(UTC).isoformat()
