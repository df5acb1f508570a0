"""What is given up at any moment, by somebody who hangs up or by a time limit, harms nobody and is no error."""

import asyncio
import sys
from pathlib import Path
from subprocess import PIPE

GIVE_UP = """
import asyncio, random, sys
from sqlalchemy import text
from store.database import Database

async def main(path: str) -> None:
    database = Database("sqlite:///" + path)
    async with database.transaction() as session:
        await session.execute(text("CREATE TABLE note (id INTEGER PRIMARY KEY)"))

    async def write() -> None:
        async with database.transaction() as session:
            await session.execute(text("INSERT INTO note DEFAULT VALUES"))
            await session.execute(text("SELECT id FROM note ORDER BY id DESC LIMIT 5"))

    async def read() -> None:
        async with database.reading() as session:
            await session.execute(text("SELECT id FROM note ORDER BY id DESC LIMIT 5"))

    chance = random.Random(1)
    saved = 0
    for _ in range(300):
        reads = [asyncio.ensure_future(read()) for _ in range(3)]
        writes = [asyncio.ensure_future(write()) for _ in range(3)]
        for _ in range(chance.randrange(40)):
            await asyncio.sleep(0)
        for one in chance.sample(writes, 2) + chance.sample(reads, 2):
            one.cancel()
        await asyncio.wait(reads)
        ends = await asyncio.gather(*writes, return_exceptions=True)
        assert all(end is None or isinstance(end, asyncio.CancelledError) for end in ends), ends
        saved += ends.count(None)
    async with database.reading() as session:
        kept = (await session.execute(text("SELECT count(*) FROM note"))).scalar_one()
    # one that was given up while it was being saved may stand
    assert kept >= saved > 0, (kept, saved)
    await database.close()

asyncio.run(main(sys.argv[1]))
"""


async def test_writes_given_up_at_any_moment_leave_the_process_and_the_others_alone(tmp_path: Path) -> None:
    # in a process of its own: what this guards against ends the whole process
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", GIVE_UP, str(tmp_path / "spark.db"), stdout=PIPE, stderr=PIPE
    )
    _, told = await child.communicate()
    assert (child.returncode, told.decode()[-2000:]) == (0, "")
