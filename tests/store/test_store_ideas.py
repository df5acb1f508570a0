"""Lists of ideas: whatever is asked for, they answer what a plain filter of all rows would, and page by page."""

import random
import unicodedata
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from domain.idea_changes import change_idea
from domain.idea_parts import normal_tag
from domain.ideas import add_idea, delete_idea, hold_idea, move_idea
from kit.paging import Paging
from store.database import Database
from store.models import Creator, Idea, IdeaStage, Priority
from store.queries import ideas as lists
from store.queries.ideas import IdeaFilter, IdeaSort, last_number, list_ideas

NOW = datetime(2031, 5, 4, 12, tzinfo=UTC)
WORDS = (
    *("Studio", "studying", "Crème", "brûlée", "Straße", "tour", "TOURS", "best_of", "100%", "re-run", "o'clock"),
    *("привет", "Привычка", "東京旅行", "ὁδός", "Ｗｉｄｅ", "ﬁnal", "x²", "emoji🎬reel", "हिन्दी", "ไทย"),
)
ASKED = (
    *("stu", "studio tour", "creme", "CRÈME brul", "strasse", "best", "of", "100", "run", "clock o", "прив", "ПРИВЕТ"),
    *(
        "旅行",
        "東京",
        "οδος",
        "wide",
        "final",
        "x2",
        "reel",
        "हिन्दी",
        "ไทย",
        "nothing",
        "%",
        "_",
        "' OR 1=1",
        "🎬",
        "s t",
    ),
)
TAGS = ("video", "food", "straße", "写真", "how-to")


async def creators(database: Database) -> tuple[int, int]:
    async with database.transaction() as session:
        plain = {"currency": "usd", "time_zone": "UTC", "created_at": NOW}
        both = [Creator(slug=slug, name=slug, **plain) for slug in ("ada", "bob")]
        session.add_all(both)
        await session.flush()
        return both[0].id, both[1].id


async def furnish(database: Database, creator_ids: Sequence[int], many: int, chance: random.Random) -> None:
    async with database.transaction() as session:
        for number in range(many):
            idea = await add_idea(
                session,
                creator_id=creator_ids[number % len(creator_ids)],
                title=" ".join(chance.choices(WORDS, k=2)),
                notes=" ".join(chance.choices(WORDS, k=chance.randint(0, 3))),
                tags=chance.sample(TAGS, k=chance.randint(0, 3)),
                priority=chance.choice(list(Priority)),
                stage=chance.choice(list(IdeaStage)),
                due_date=chance.choice([None, date(2031, 6, chance.randint(1, 9))]),
                now=NOW + timedelta(minutes=chance.randint(0, many // 2)),
            )
            if chance.random() < 0.2:
                at = NOW + timedelta(days=1, minutes=chance.randint(0, 9))
                await change_idea(session, idea, {"title": chance.choice(WORDS), "tags": TAGS[:2]}, now=at)
                await move_idea(session, idea, chance.choice(list(IdeaStage)), now=at)


def plainly(text_: str) -> str:
    """As a person reads it: without accents, capitals and what is no letter."""
    bare = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text_).casefold())
    kept = (c for c in bare if unicodedata.category(c) not in {"Mn", "Me"})
    return "".join(c if unicodedata.category(c)[0] in "LN" or unicodedata.category(c) == "Mc" else " " for c in kept)


def is_found(idea: Idea, search: str) -> bool:
    there = plainly(f"{idea.title} {idea.notes}").split()
    asked = plainly(search).split()

    def begins(word: str, asked: str) -> bool:
        # where no spaces stand between words one begins anywhere
        return asked in word if asked[0] > "\u0e00" else word.startswith(asked)

    return bool(asked) and all(any(begins(word, each) for word in there) for each in asked)


def plain_list(ideas: Sequence[Idea], wanted: IdeaFilter) -> list[int]:
    """What must be answered: every row looked at by itself, and all of them sorted."""
    keys = {
        IdeaSort.CREATED_AT: lambda each: each.created_at,
        IdeaSort.UPDATED_AT: lambda each: each.updated_at,
        IdeaSort.TITLE: lambda each: each.title.casefold(),
        IdeaSort.PRIORITY: lambda each: list(Priority).index(each.priority),
        IdeaSort.STAGE: lambda each: list(IdeaStage).index(each.stage),
        IdeaSort.DUE_DATE: lambda each: each.due_date or date.max,
    }
    held = [
        each
        for each in ideas
        if (wanted.stage is None or each.stage == wanted.stage)
        and (wanted.priority is None or each.priority == wanted.priority)
        and (not wanted.tags or set(wanted.tags) & set(each.tags))
        and (not wanted.search or is_found(each, wanted.search))
        and (wanted.up_to is None or each.number <= wanted.up_to)
    ]
    held.sort(key=lambda each: (keys[wanted.sort](each), each.id), reverse=wanted.descending)
    if wanted.sort is IdeaSort.DUE_DATE:
        held.sort(key=lambda each: each.due_date is None)
    return [each.id for each in held]


def any_filter(chance: random.Random) -> IdeaFilter:
    def perhaps(*values: object) -> object:
        return chance.choice([None, None, *values])

    return IdeaFilter(
        stage=perhaps(*IdeaStage),  # type: ignore[arg-type]
        priority=perhaps(*Priority),  # type: ignore[arg-type]
        tags=tuple(normal_tag(each) for each in chance.choices((*TAGS, "none"), k=chance.choice([0, 0, 1, 2]))),
        search=chance.choice(["", "", *ASKED]),
        sort=chance.choice(list(IdeaSort)),
        descending=chance.random() < 0.5,
        up_to=chance.choice([None, None, 0, 17, 60]),
    )


async def test_any_list_is_what_a_plain_filter_of_all_rows_gives(database: Database, monkeypatch: pytest.MonkeyPatch):
    chance = random.Random(7)
    ada, bob = await creators(database)
    await furnish(database, (ada, bob), 160, chance)
    async with database.reading() as session:
        rows = (await session.scalars(Idea.__table__.select().with_only_columns(Idea.id))).all()
        everything = [await session.get_one(Idea, each) for each in rows]
    ideas = {creator: [each for each in everything if each.creator_id == creator] for creator in (ada, bob)}
    filters = [IdeaFilter(search=each) for each in ASKED]
    filters += [IdeaFilter(sort=sort, descending=down) for sort in IdeaSort for down in (True, False)]
    filters += [any_filter(chance) for _ in range(150)]
    found = 0
    async with database.reading() as session:
        for wanted in filters:
            # the way for few and the way for many
            monkeypatch.setattr(lists, "NARROW", chance.choice([0, 1000]))
            creator = chance.choice([ada, bob])
            expected = plain_list(ideas[creator], wanted)
            limit, offset = chance.randint(1, 30), chance.choice([0, 0, 5, 20, 90])
            page = await list_ideas(session, creator, wanted, Paging(limit, offset))
            assert [each.id for each in page.items] == expected[offset : offset + limit], wanted
            assert page.total == len(expected), wanted
            found += bool(expected)
    assert found > 80


async def test_pages_neither_skip_nor_repeat_while_ideas_are_added(database: Database):
    chance = random.Random(11)
    ada, bob = await creators(database)
    await furnish(database, (ada, bob), 50, chance)
    for sort, descending in ((sort, down) for sort in IdeaSort for down in (True, False)):
        async with database.reading() as session:
            last = await last_number(session, ada)
            there = (await list_ideas(session, ada, IdeaFilter(up_to=last), Paging(100))).items
        wanted = IdeaFilter(sort=sort, descending=descending, up_to=last)
        seen: list[int] = []
        more = True
        while more:
            async with database.reading() as session:
                page = await list_ideas(session, ada, wanted, Paging(9, len(seen)))
            seen += [each.id for each in page.items]
            more = page.has_more
            # somewhere before, between and behind what was read
            await furnish(database, (ada, bob), 2, chance)
        assert seen == plain_list(there, wanted)


async def test_oldest_first_nothing_moves_while_ideas_are_added(database: Database):
    ada, _ = await creators(database)
    seen: list[int] = []
    for hour in range(6):
        async with database.transaction() as session:
            for minute in range(3):
                at = NOW + timedelta(hours=hour, minutes=minute)
                await add_idea(session, creator_id=ada, title=f"{hour} {minute}", now=at)
        async with database.reading() as session:
            page = await list_ideas(session, ada, IdeaFilter(descending=False), Paging(2, len(seen)))
        seen += [each.number for each in page.items]
    assert seen == list(range(1, 13))


async def test_search_follows_each_change_in_its_transaction(database: Database):
    ada, bob = await creators(database)

    async def found(search: str, creator_id: int = ada) -> list[int]:
        page = await list_ideas(session, creator_id, IdeaFilter(search=search), Paging())
        return [each.number for each in page.items]

    async with database.transaction() as session:
        idea = await add_idea(session, creator_id=ada, title="Studio tour", notes="mit Café", now=NOW)
        assert await found("tou cafe") == await found("CAFÉ") == [1]
        assert await found("studio", bob) == await found("our") == await found("studio nothing") == []
        await change_idea(session, idea, {"title": "Apfelkuchen"}, now=NOW)
        assert (await found("studio"), await found("apfel cafe")) == ([], [1])
        await delete_idea(session, await hold_idea(session, ada, number=1), now=NOW)
        assert await found("apfel") == []


async def test_words_of_any_script_are_found_as_they_were_written(database: Database):
    chance = random.Random(5)
    letters = [c for c in map(chr, range(0x20, 0x30000)) if unicodedata.category(c)[0] in "LNMSP"]
    ada, _ = await creators(database)
    async with database.transaction() as session:
        for number in range(1, 61):
            title = f"t{number} " + "".join(chance.choices(letters, k=30))
            await add_idea(session, creator_id=ada, title=title, notes=" ".join(chance.choices(letters, k=20)), now=NOW)
            page = await list_ideas(session, ada, IdeaFilter(search=title), Paging())
            assert [each.number for each in page.items] == [number], title
        # as many words as a question can have
        many = await add_idea(session, creator_id=ada, title="Many", notes=" ".join("abcdefghij" * 10), now=NOW)
        search = " ".join(dict.fromkeys("abcdefghij" * 10))
        assert (await list_ideas(session, ada, IdeaFilter(search=search), Paging())).items == [many]
        alone = " ".join(f"{number}"[:1] + chr(97 + number % 26) for number in range(70))
        assert (await list_ideas(session, ada, IdeaFilter(search=alone), Paging())).items == []
