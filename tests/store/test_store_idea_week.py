"""What moved in a week, however often."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import insert

from domain.creators import add_creator
from domain.ideas import add_idea, move_idea
from store.database import Database
from store.models import Idea, IdeaMove, IdeaStage
from store.queries.idea_week import moved_between

MONDAY = datetime(2026, 11, 2, 8, tzinfo=UTC)


async def test_what_moved_in_a_week_is_told_from_its_beginning_to_its_end_however_often_others_moved(
    database: Database,
):
    async with database.transaction() as session:
        creator = (await add_creator(session, name="Ada", slug="ada", now=MONDAY)).creator
        creator_id = creator.id

        async def an_idea(title: str) -> Idea:
            return await add_idea(session, creator_id=creator_id, title=title, now=MONDAY)

        ideas = [await an_idea(title) for title in ("Tour", "Restless", "Back again", "Light", "Before")]
        tour, restless, back, light, before = ideas
        await move_idea(session, before, IdeaStage.DRAFT, now=MONDAY - timedelta(seconds=1))
        await move_idea(session, tour, IdeaStage.OUTLINE, now=MONDAY)
        await move_idea(session, back, IdeaStage.OUTLINE, now=MONDAY)
        await session.flush()
        there_and_back = [(IdeaStage.IDEA, IdeaStage.DRAFT), (IdeaStage.DRAFT, IdeaStage.IDEA)] * 200
        same = {"idea_id": restless.id, "creator_id": creator_id}
        moves = [
            {**same, "before": one, "stage": other, "moved_at": MONDAY + timedelta(minutes=number)}
            for number, (one, other) in enumerate(there_and_back)
        ]
        await session.execute(insert(IdeaMove), moves)
        for number, (idea, stage) in enumerate(
            [(back, IdeaStage.IDEA), (tour, IdeaStage.DRAFT), (light, IdeaStage.PUBLISHED)]
        ):
            await move_idea(session, idea, stage, now=MONDAY + timedelta(days=1, hours=number))
        await move_idea(session, tour, IdeaStage.PUBLISHED, now=MONDAY + timedelta(days=7))
    async with database.reading() as session:
        moved, count = await moved_between(session, creator_id, MONDAY, MONDAY + timedelta(days=7), most=8)
        assert [(each.idea.title, each.before, each.stage) for each in moved] == [
            ("Light", IdeaStage.IDEA, IdeaStage.PUBLISHED),
            ("Tour", IdeaStage.IDEA, IdeaStage.DRAFT),
        ]
        assert count == 2
        moved, count = await moved_between(session, creator_id, MONDAY, MONDAY + timedelta(days=7), most=1)
        assert ([each.idea.title for each in moved], count) == (["Light"], 2)
        assert await moved_between(session, creator_id + 1, MONDAY, MONDAY + timedelta(days=7), most=8) == ([], 0)
