"""A row as the lead that it means."""

from dataclasses import dataclass, field
from datetime import datetime

from domain.fields import LeadFieldSpec
from domain.leads import FieldValue
from domain.setups import CreatorSetup
from domain.transfers import cells
from domain.transfers.formulas import rearm
from domain.transfers.mapping import NUMBER, OWN, TELEGRAM_NAME, USERNAME
from domain.transfers.problems import RowProblem
from domain.transfers.reading import Layout, Row

_MOST_DIGITS = 18


@dataclass
class Entry:
    """What one row tells of a lead; what it does not tell is None or empty."""

    row: int
    number: int | None = None
    name: str = ""
    # as Telegram told them when it was exported
    telegram_name: str = ""
    username: str = ""
    email: str | None = None
    phone: str | None = None
    source: str | None = None
    tags: tuple[str, ...] = ()
    stage: str | None = None
    score: int | None = None
    time_zone: str | None = None
    consented_at: datetime | None = None
    unsubscribed_at: datetime | None = None
    fields: dict[str, FieldValue] = field(default_factory=dict)

    @property
    def is_nobody(self) -> bool:
        """Nothing in it says who it is, but perhaps the number of a lead."""
        return not self.name and self.email is None and self.phone is None


def read_entry(row: Row, layout: Layout, setup: CreatorSetup, *, now: datetime) -> Entry:
    """Raises RowProblem, with the name of the column, for a row that cannot be taken."""
    if row.problem is not None:
        raise row.problem
    entry = Entry(row.number)
    parts = {"first_name": "", "last_name": ""}
    for column, target, cell in zip(layout.columns, layout.fields, row.cells, strict=True):
        text = rearm(cell).strip()
        if target is None or not text:
            continue
        try:
            if target in parts:
                parts[target] = text
            else:
                _read(entry, target, text, setup, now=now)
        except RowProblem as problem:
            raise RowProblem(problem.key, **{**problem.values, "column": column}) from None
    if not entry.name and any(parts.values()):
        entry.name = cells.name(" ".join(parts.values()))
    if entry.is_nobody and entry.number is None:
        raise RowProblem("import-nobody")
    return entry


def _read(entry: Entry, target: str, text: str, setup: CreatorSetup, *, now: datetime) -> None:
    match target:
        case "name" | "email" | "phone" | "source" | "time_zone" | "tags" | "score":
            _read_plain(entry, target, text)
        case "stage":
            entry.stage = cells.stage(text, setup.all_stages)
        case "consent":
            entry.consented_at = cells.moment(text, now)
        case "unsubscribed":
            entry.unsubscribed_at = cells.moment(text, now)
        case _ if target == NUMBER:
            # another program's numbers are no numbers of ours
            entry.number = int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None
        case _ if target == TELEGRAM_NAME:
            entry.telegram_name = " ".join(text.split())
        case _ if target == USERNAME:
            entry.username = text
        case _:
            key = target.removeprefix(OWN)
            entry.fields[key] = cells.value(text, setup.fields.get(key) or LeadFieldSpec())


def _read_plain(entry: Entry, target: str, text: str) -> None:
    match target:
        case "name":
            entry.name = cells.name(text)
        case "email":
            entry.email = cells.email(text)
        case "phone":
            entry.phone = cells.phone(text)
        case "source":
            entry.source = cells.source(text)
        case "time_zone":
            entry.time_zone = cells.time_zone(text)
        case "tags":
            entry.tags = cells.tags(text)
        case "score":
            entry.score = cells.score(text)
