"""The check of a file without touching a lead, and the import itself, batch by batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.setups import CreatorSetup
from domain.transfers.asking import KEPT_FOR
from domain.transfers.entries import Entry, read_entry
from domain.transfers.matching import Match, match_entries, refuse_repeat
from domain.transfers.problems import RowProblem
from domain.transfers.reading import Layout, Place, Row
from domain.transfers.writing import Ground, add_leads, fill_leads
from kit.errors import Conflict
from store.database import count_changed, insert_each_once
from store.models import Transfer, TransferProblem, TransferState
from store.seen import Seen


class Overtaken(Conflict):
    """Somebody else has taken these rows, or ended the transfer: nothing of this batch is kept."""

    code = "overtaken"


@dataclass
class Parsed:
    """Rows that can be read, and what is wrong with the others."""

    entries: list[Entry] = field(default_factory=list)
    problems: dict[int, RowProblem] = field(default_factory=dict)


def parse_rows(rows: Sequence[Row], layout: Layout, setup: CreatorSetup, *, now: datetime) -> Parsed:
    parsed = Parsed()
    for row in rows:
        try:
            parsed.entries.append(read_entry(row, layout, setup, now=now))
        except RowProblem as problem:
            parsed.problems[row.number] = problem
    return parsed


@dataclass
class Tally:
    """Rows so far: those to be added, those that are leads already, and those that cannot be taken."""

    rows: int = 0
    added: int = 0
    changed: int = 0
    bad: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that stand from `place` on, and where the next ones begin."""

    rows: Sequence[Row]
    parsed: Parsed
    place: Place
    after: Place


async def check_batch(session: AsyncSession, creator_id: int, parsed: Parsed, seen: Seen) -> list[Match]:
    """The rows that would be taken, each with the lead that it is already; the others join `parsed.problems`."""
    taken = []
    for match in await match_entries(session, creator_id, parsed.entries):
        refuse_repeat(match, seen)
        if match.problem is None:
            taken.append(match)
        else:
            parsed.problems[match.entry.row] = match.problem
    return taken


async def keep_problems(
    session: AsyncSession, transfer_id: int, problems: Mapping[int, RowProblem], language: str, *, late: bool = False
) -> None:
    rows = [
        {"transfer_id": transfer_id, "row": row, "reason": problem.plain(language), "late": late}
        for row, problem in sorted(problems.items())
    ]
    await insert_each_once(session, TransferProblem, rows)


async def finish_check(
    session: AsyncSession, transfer: Transfer, layout: Layout, tally: Tally, *, now: datetime
) -> bool:
    """It waits for a yes from now on; False when it was ended meanwhile."""
    done = (
        update(Transfer)
        .where(Transfer.id == transfer.id, Transfer.state == TransferState.CHECKING)
        .values(
            state=TransferState.READY,
            mapping=layout.model_dump(),
            rows=tally.rows,
            total=tally.rows,
            added=tally.added,
            changed=tally.changed,
            bad=tally.bad,
            checks=Transfer.checks + 1,
            expires_at=now + KEPT_FOR,
        )
    )
    return bool(await count_changed(session, done))


async def import_batch(session: AsyncSession, ground: Ground, batch: Batch, *, language: str) -> None:
    """These rows become leads, and the transfer goes on behind them, together or not at all. Raises Overtaken."""
    rows, parsed = batch.rows, batch.parsed
    span = (rows[0].number, rows[-1].number)
    known_bad = await session.scalars(
        select(TransferProblem.row).where(
            TransferProblem.transfer_id == ground.transfer_id, TransferProblem.row.between(*span)
        )
    )
    refused = set(known_bad)
    late = {row: problem for row, problem in parsed.problems.items() if row not in refused}
    entries = [entry for entry in parsed.entries if entry.row not in refused]
    matches: list[Match] = []
    seen: set[str] = set()
    for match in await match_entries(session, ground.creator_id, entries):
        if match.problem is None and seen.isdisjoint(match.keys):
            seen.update(match.keys)
            matches.append(match)
        else:
            late[match.entry.row] = match.problem or RowProblem("import-taken-meanwhile")
    added = [match for match in matches if match.lead_id is None]
    await add_leads(session, added, ground)
    changed, gone = await fill_leads(session, [match for match in matches if match.lead_id is not None], ground)
    for match in gone:
        late[match.entry.row] = RowProblem("import-lead-gone", lead=match.lead_id)
    await keep_problems(session, ground.transfer_id, late, language, late=True)
    move = (
        update(Transfer)
        .where(
            Transfer.id == ground.transfer_id,
            Transfer.state == TransferState.RUNNING,
            Transfer.position == batch.place.position,
        )
        .values(
            position=batch.after.position,
            next_row=batch.after.row,
            rows=Transfer.rows + len(rows),
            added=Transfer.added + len(added),
            changed=Transfer.changed + changed,
            bad=Transfer.bad + len(late),
        )
    )
    if not await count_changed(session, move):
        raise Overtaken("these rows are taken already")


async def late_problems(session: AsyncSession, transfer_id: int, most: int) -> tuple[list[tuple[int, str]], int]:
    """What the check let pass and could not be taken all the same: the first by row, and how many there are."""
    late = (TransferProblem.transfer_id == transfer_id, TransferProblem.late.is_(True))
    found = await session.execute(
        select(TransferProblem.row, TransferProblem.reason).where(*late).order_by(TransferProblem.row).limit(most)
    )
    count = await session.scalar(select(func.count()).select_from(TransferProblem).where(*late))
    return [(row.row, row.reason) for row in found], count or 0
