"""One of several planners at work on one PostgreSQL: `python -m bench.engine_planner URL DUE_BY BEGIN_AT`."""

import asyncio
import json
import sys
import time
from datetime import UTC, datetime

from bench.engine_steps import plan_all
from bench.engine_store import opened
from domain.definitions import publish


async def main(url: str, due_by: float, begin_at: float) -> None:
    now = datetime.fromtimestamp(due_by, UTC)
    async with opened(url) as database:
        async with database.transaction() as session:
            published = await publish(session, {}, {}, now=now)
        await asyncio.sleep(max(begin_at - time.time(), 0))
        began = time.time()
        done, _ = await plan_all(database, published, now)
        print(json.dumps({"done": done, "began": began, "ended": time.time()}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2]), float(sys.argv[3])))
