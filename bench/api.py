"""The JSON API beside a FastAPI and SQLModel app on the same tables and data: an open loop, then a closed one."""

from bench.api_asks import operations
from bench.api_compare import CONNECTIONS, PACE, PEER, PEER_IS, SPARK, STORES, Comparison, Furnished, side_by_side
from bench.api_store import furnish
from bench.report import Report
from store.database import Database


async def run(*, quick: bool) -> Report:
    leads, products, seconds = (20_000, 5_000, 1.5) if quick else (1_000_000, 100_000, 3.0)

    async def fill(database: Database) -> Furnished:
        filled = await furnish(database, leads=leads, products=products)
        return Furnished(filled.token, operations(filled))

    return _report(await side_by_side(fill, seconds=seconds), leads, products, seconds)


def _report(told: Comparison, leads: int, products: int, seconds: float) -> Report:
    rows = []
    for store in STORES:
        for name in told.names:
            spark, peer = told.found[store, name, SPARK], told.found[store, name, PEER]
            rows.append(
                [
                    f"{name}, {store}",
                    f"{spark.opened.p95 * 1000:,.1f}",
                    f"{peer.opened.p95 * 1000:,.1f}",
                    f"{spark.closed.per_second:,.0f}",
                    f"{peer.closed.per_second:,.0f}",
                    f"**{spark.closed.per_second / max(peer.closed.per_second, 0.01):.1f}×**",
                    str(spark.opened.failed + spark.closed.failed),
                    str(peer.opened.failed + peer.closed.failed),
                ]
            )
    return Report(
        title="The JSON API: Spark beside FastAPI and SQLModel",
        what_ran=(
            f"{leads:,} leads of one creator with all that belongs to them and {products:,} products; {CONNECTIONS} "
            f"connections. First an open loop of {PACE:.0f} requests a second for {seconds:.0f} s (p95, from when a "
            f"request was due), then a closed loop for {seconds:.0f} s (requests a second). Spark: `spark run`, one "
            f"process; the peer: bench/api_peer.py, {PEER_IS}, "
            "on a copy of the same database. One ran at a time, and the load was made by "
            "another process of the same machine."
        ),
        columns=["asked", "p95 ms", "peer", "requests/s", "peer", "times as many", "failed", "peer"],
        rows=rows,
        notes=[
            "Failed: answered otherwise than asked for, or not within 20 s, which counts as that late.",
            "Spark seals e-mails and keeps digests, routes each event, and counts rates; the peer does none of these.",
        ],
    )
