"""Files of leads on their way out while somebody in them is forgotten."""

import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select, update
from test_transfer_ticks import NOW, Stage

from domain.forgetting import forget_lead
from domain.leads import add_lead
from domain.transfers.asking import begin_export
from store.database import Database
from store.models import Lead, OutboxMessage, OutboxState, StoredFile, Transfer, TransferState

NAME = "leads-studio-2031-05-04.csv"


@pytest.fixture
async def stage(database: Database, tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(database, tmp_path)
    await stage.set_up()
    yield stage
    stage.anew()


async def _exported(stage: Stage, *names: str) -> int:
    """Asked for, and not begun yet."""
    async with stage.database.transaction() as session:
        for name in names:
            await add_lead(session, stage.creator_id, name=name, now=NOW)
        asked = await begin_export(
            session, stage.creator_id, stage.person_id, question='name:"Z"', file_name=NAME, now=NOW
        )
        return asked.id


async def _forgotten(stage: Stage, name: str) -> None:
    async with stage.database.transaction() as session:
        await forget_lead(session, (await session.scalars(select(Lead).where(Lead.name == name))).one(), now=NOW)


async def _on_its_way(stage: Stage) -> list[list[str]]:
    """The leads in the one file that is still to be sent."""
    async with stage.database.reading() as session:
        waiting = await session.scalars(select(OutboxMessage).where(OutboxMessage.state == OutboxState.QUEUED))
        (file_id,) = [each.message["file"] for each in waiting if each.message.get("file")]
        stored = await session.get_one(StoredFile, file_id)
    content = io.BytesIO()
    await stage.files.read_into(stored.blob, content)
    return list(csv.reader(io.StringIO(content.getvalue().decode("utf-8-sig"))))[1:]


async def _states(stage: Stage) -> list[TransferState]:
    async with stage.database.reading() as session:
        return list(await session.scalars(select(Transfer.state).order_by(Transfer.id)))


async def test_an_export_that_waits_to_be_sent_is_made_anew_without_them(stage: Stage):
    await _exported(stage, "Zora", "Zwiebel")
    await stage.works()
    assert len(await _on_its_way(stage)) == 2
    await _forgotten(stage, "Zwiebel")
    await stage.works()
    assert ["Zora" in row for row in await _on_its_way(stage)] == [True]
    assert await _states(stage) == [TransferState.DONE, TransferState.CLEARING]


async def test_an_export_in_the_middle_is_made_anew_without_them(stage: Stage):
    await _exported(stage, "Zora", "Zwiebel")
    # the leads are written to the disk, and the end is still to come
    await stage.works(steps=1)
    await _forgotten(stage, "Zwiebel")
    await stage.works()
    assert ["Zora" in row for row in await _on_its_way(stage)] == [True]
    assert await _states(stage) == [TransferState.DONE, TransferState.CLEARING]


async def test_an_export_that_went_out_is_not_sent_again_and_leaves_nothing(stage: Stage):
    number = await _exported(stage, "Zora", "Zwiebel")
    await stage.works()
    async with stage.database.transaction() as session:
        await session.execute(update(OutboxMessage).values(state=OutboxState.SENT, closed_at=NOW))
    await _forgotten(stage, "Zwiebel")
    await stage.works()
    assert await _states(stage) == [TransferState.DONE]
    done = await stage.transfer(number)
    assert (done.file_name, done.question, done.files) == ("", None, [])
