"""Ideas of many creators for the benchmark, made by the database itself: everything follows from an idea's number."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from bench.api_store import count_on, owner_of
from store.database import Database
from store.models import Creator, Idea

WORDS = 2_000
TAGS = 100
_NOW = datetime(2031, 5, 4, 12, tzinfo=UTC)
_NOTES = "Show the new lights and ask what they would like to see"
_COLUMNS = (
    "id, creator_id, public_id, number, title, title_key, notes, stage, stage_place, stage_at, priority, "
    "priority_place, tags, due_date, created_at, updated_at"
)


@dataclass(frozen=True)
class Ideas:
    """Whose ideas are asked for, how many they have, and as whom."""

    account_id: int
    token: str
    own: int


async def furnish_ideas(database: Database, *, creators: int, each: int) -> Ideas:
    """So many creators have so many ideas each, evenly mixed; the first of them asks."""
    async with database.transaction() as session:
        plain = {"name": "C", "currency": "usd", "time_zone": "UTC", "created_at": _NOW}
        session.add_all(Creator(id=number, slug=f"c{number}", **plain) for number in range(1, creators + 1))
    await count_on(database, Creator)
    async with database.transaction() as session:
        for statement in _statements(creators, each, of_sqlite=database.is_sqlite):
            await session.execute(text(statement))
    await count_on(database, Idea)
    if not database.is_sqlite:
        # by itself it comes to that after a while; SQLite never does
        async with database.engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            await connection.execute(text("VACUUM ANALYZE"))
    account_id, token = await owner_of(database, 1)
    return Ideas(account_id, token, each)


def _statements(creators: int, each: int, *, of_sqlite: bool) -> list[str]:
    """`k` is an idea's number among its creator's, from 1."""
    many = creators * each
    if of_sqlite:
        numbers = f"WITH RECURSIVE n(id) AS (SELECT 0 UNION ALL SELECT id + 1 FROM n WHERE id < {many - 1}) "
        public_id, tags = "printf('%032x', id)", "json_array('tag' || (k % {0}), iif(k % 4 = 0, 'video', 'text'))"
        instant = f"{(_NOW - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)} - {{0}} * 1000000"
        day = "date('2031-05-04', '+' || (k % 365) || ' days')"
    else:
        numbers = f"WITH n(id) AS (SELECT generate_series(0, {many - 1})) "
        public_id = "lpad(to_hex(id), 32, '0')::uuid"
        tags = "jsonb_build_array('tag' || (k % {0}), CASE k % 4 WHEN 0 THEN 'video' ELSE 'text' END)"
        instant = f"timestamptz '{_NOW.isoformat()}' - {{0}} * interval '1 second'"
        day = "date '2031-05-04' + (k % 365)::int"
    first, second = f"(k * 7 % {WORDS})", f"(k * 13 % {WORDS})"
    title = f"'word' || {first} || ' word' || {second} || ' number' || k"
    ends = [
        f"'word' || {first}",
        f"'word' || {second}",
        "'number' || k",
        *(f"'{word}'" for word in _NOTES.lower().split()),
    ]
    words = [f"c || 'x' || {end}" for end in ends]
    rows = f"SELECT id + 1 AS id, id % {creators} + 1 AS c, id / {creators} + 1 AS k FROM n"
    idea = (
        f"INSERT INTO idea ({_COLUMNS}) {numbers} SELECT id, c, {public_id}, k, {title}, {title}, '{_NOTES}', "
        "CASE k % 4 WHEN 0 THEN 'idea' WHEN 1 THEN 'outline' WHEN 2 THEN 'draft' ELSE 'published' END, k % 4, "
        f"{instant.format('k')}, CASE k % 3 WHEN 0 THEN 'high' WHEN 1 THEN 'medium' ELSE 'low' END, k % 3, "
        f"{tags.format(TAGS)}, CASE k % 2 WHEN 0 THEN {day} END, {instant.format('k * 97')}, "
        f"{instant.format('(k * 31 % 100000)')} FROM ({rows}) AS made"
    )
    tag = (
        f"INSERT INTO idea_tag (idea_id, tag, creator_id) {numbers} "
        f"SELECT id, 'tag' || (k % {TAGS}), c FROM ({rows}) AS made UNION ALL "
        f"SELECT id, CASE k % 4 WHEN 0 THEN 'video' ELSE 'text' END, c FROM ({rows}) AS made"
    )
    if of_sqlite:
        line = " || ' ' || ".join(words)
        found = f"INSERT INTO idea_search (rowid, words) {numbers} SELECT id, {line} FROM ({rows})"
    else:
        array = f"array_to_tsvector(ARRAY[{', '.join(words)}])"
        found = f"INSERT INTO idea_search (idea_id, words) {numbers} SELECT id, {array} FROM ({rows}) AS made"
    count = f"INSERT INTO idea_count (creator_id, last) SELECT id, {each} FROM creator"
    return [idea, tag, found, count]
