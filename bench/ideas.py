"""Ideas by API beside a FastAPI and SQLModel app, and beside Spark itself where nobody else has any."""

from bench.api_compare import CONNECTIONS, PACE, PEER, PEER_IS, SPARK, STORES, Comparison, Fill, Furnished, side_by_side
from bench.ideas_asks import CREATE, idea_operations
from bench.ideas_store import furnish_ideas
from bench.report import Report
from store.database import Database

GOAL_MS = 10.0


async def run(*, quick: bool) -> Report:
    creators, each, seconds = (10, 2_000, 1.0) if quick else (50, 20_000, 3.0)
    many = await side_by_side(_fill(creators, each), seconds=seconds)
    alone = await side_by_side(_fill(1, each), seconds=seconds, sides=(SPARK,))
    return _report(many, alone, creators, each, seconds)


def _fill(creators: int, each: int) -> Fill:
    async def fill(database: Database) -> Furnished:
        ideas = await furnish_ideas(database, creators=creators, each=each)
        return Furnished(ideas.token, idea_operations(ideas))

    return fill


def _report(many: Comparison, alone: Comparison, creators: int, each: int, seconds: float) -> Report:
    rows, slowest = [], 0.0
    for store in STORES:
        for name in many.names:
            spark, peer = many.found[store, name, SPARK], many.found[store, name, PEER]
            by_itself = alone.found[store, name, SPARK]
            if name != CREATE:
                slowest = max(slowest, spark.opened.p95 * 1000)
            rows.append(
                [
                    f"{name}, {store}",
                    f"{spark.opened.p95 * 1000:,.1f}",
                    f"{by_itself.opened.p95 * 1000:,.1f}",
                    f"{peer.opened.p95 * 1000:,.1f}",
                    f"{spark.closed.per_second:,.0f}",
                    f"{peer.closed.per_second:,.0f}",
                    f"**{spark.closed.per_second / max(peer.closed.per_second, 0.01):.1f}×**",
                    str(spark.opened.failed + spark.closed.failed),
                    str(peer.opened.failed + peer.closed.failed),
                ]
            )
    return Report(
        title="Ideas: Spark beside FastAPI and SQLModel",
        what_ran=(
            f"{creators * each:,} ideas, {each:,} of them of the creator who asks; {CONNECTIONS} connections. First an "
            f"open loop of {PACE:.0f} requests a second for {seconds:.0f} s (p95, from when a request was due), then a "
            f"closed loop for {seconds:.0f} s (requests a second). Spark: `spark run`, one process; the peer: "
            f"bench/api_peer_ideas.py, {PEER_IS}, on a copy of the same database. One ran at a time, and the load was "
            "made by another process of the same machine. Alone: the same creator's ideas in a store where nobody else "
            "has any."
        ),
        columns=["asked", "p95 ms", "alone", "peer", "requests/s", "peer", "times as many", "failed", "peer"],
        rows=rows,
        notes=[
            f"The slowest read of Spark's in the open loop: {slowest:,.1f} ms at the 95th percentile; the goal is "
            f"{GOAL_MS:.0f} ms.",
            "Failed: answered otherwise than asked for, or not within 20 s, which counts as that late.",
            "The peer keeps tags as rows with an index too, and searches by ILIKE; it has no index of words, routes no "
            "events, and counts no rates.",
        ],
    )
