"""Two processes on one PostgreSQL, of which one is stopped for longer than its lease."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from stage import Stage
from stores import DATA_KEYS

from automations.sender import SPEAKS_SECONDS
from store.models import OutboxState

ROOT = Path(__file__).parents[2]


class Process:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.said: list[str] = []

    async def line(self, beginning: str) -> str:
        """Waits until it says a line that begins so."""
        assert self._process.stdout is not None
        async with asyncio.timeout(30):
            while True:
                line = (await self._process.stdout.readline()).decode().strip()
                assert line or self._process.returncode is None, "it ended"
                if line.startswith("said "):
                    self.said.append(line.removeprefix("said "))
                if line.startswith(beginning):
                    return line

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)


@asynccontextmanager
async def a_process(stage: Stage, holder: str) -> AsyncIterator[Process]:
    url = stage.database.url.render_as_string(hide_password=False).replace("+asyncpg", "")
    program = (sys.executable, str(Path(__file__).with_name("sender_process.py")), url, DATA_KEYS[0], holder)
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.PIPE, cwd=ROOT, env=environ)
    try:
        yield Process(process)
    finally:
        process.kill()
        await process.wait()


@pytest.mark.nightly
async def test_one_that_is_stopped_is_followed_within_five_seconds_and_says_nothing_once_it_goes_on(stage: Stage):
    if stage.database.is_sqlite:
        # one process a file
        return
    await stage.open()
    async with a_process(stage, "first") as first:
        await first.line("speaks")
        async with a_process(stage, "second") as second:
            await stage.promise(await stage.lead(100), "before")
            await first.line("said before")
            first.signal(signal.SIGSTOP)
            stopped_at = time.monotonic()
            await stage.promise(await stage.lead(200), "meanwhile")
            await second.line("said meanwhile")
            assert time.monotonic() - stopped_at < SPEAKS_SECONDS + 1.5
            first.signal(signal.SIGCONT)
            await first.line("stands by")
            await stage.promise(await stage.lead(300), "after")
            await second.line("said after")
            assert first.said == ["before"]
    # what the first had said before it was stopped may not be noted
    assert {message.state for message in await stage.outbox()} <= {OutboxState.SENT, OutboxState.SENDING}
