"""The buttons of an idea's post: they do what whoever taps them has seen, however late that is."""

from sqlalchemy import func, select
from test_handlers_team import Office, data_of, office, text_of

from bot.replies import Reply
from domain.idea_posted import note_unposted
from store.models import Channel, IdeaPost, OutboxKind, OutboxMessage, PostState

__all__ = ["office"]


async def channels(office: Office, *titles: str) -> list[int]:
    async with office.database.transaction() as session:
        may = {"may_invite": False, "may_remove": False, "may_post": True, "seen_at": office.now}
        rows = [
            Channel(creator_id=office.creator, bot_id=1, chat_id=-100 - number, title=title, **may)
            for number, title in enumerate(titles)
        ]
        session.add_all(rows)
        await session.flush()
        return [each.id for each in rows]


async def state(office: Office) -> PostState:
    async with office.database.reading() as session:
        return (await session.scalars(select(IdeaPost.state).order_by(IdeaPost.id.desc()).limit(1))).one()


async def promised(office: Office) -> int:
    async with office.database.reading() as session:
        posts = select(func.count()).select_from(OutboxMessage).where(OutboxMessage.kind == OutboxKind.POST)
        return await session.scalar(posts) or 0


async def a_post(office: Office, text: str, number: int = 1) -> str:
    """Written by Ada; returns what its buttons begin with."""
    at = f"ipost:{office.creator}:{number}"
    await office.taps("Ada", f"{at}:write")
    assert text in text_of(await office.says("Ada", text))
    return at


def asked(replies: list[Reply]) -> str:
    """The button that says yes."""
    (yes,) = (each for each in data_of(replies) if ":now:" in each)
    assert len(yes.encode()) <= 64
    return yes


async def test_yes_means_the_post_and_the_channel_that_were_asked_about(office: Office) -> None:
    _, studio = await channels(office, "The news", "The studio")
    await office.says("Ada", "/idea add Tour")
    at = await a_post(office, "Hello")
    await office.taps("Ada", f"{at}:to:{studio - 1}")
    question = await office.taps("Ada", f"{at}:now")
    assert "The news" in text_of(question)
    yes = asked(question)
    # another channel
    await office.taps("Ada", f"{at}:to:{studio}")
    question = await office.taps("Ada", yes)
    assert "The studio" in text_of(question)
    yes = asked(question)
    # another post, whose words are its first as well
    await office.taps("Ada", f"{at}:drop")
    await a_post(office, "Something else")
    await office.taps("Ada", f"{at}:to:{studio}")
    question = await office.taps("Ada", yes)
    assert (await state(office), await promised(office)) == (PostState.DRAFT, 0)
    await office.taps("Ada", asked(question))
    assert (await state(office), await promised(office)) == (PostState.POSTING, 1)


async def test_what_has_no_channel_is_asked_for_one_before_it_goes_out(office: Office) -> None:
    await office.says("Ada", "/idea add Tour")
    at = await a_post(office, "Hello")
    await channels(office, "The news")
    question = await office.taps("Ada", f"{at}:now")
    (choice,) = (each for each in data_of(question) if ":to:" in each)
    await office.taps("Ada", choice)
    await office.taps("Ada", asked(await office.taps("Ada", f"{at}:now")))
    assert await state(office) is PostState.POSTING


async def test_trying_again_is_for_what_has_failed_and_for_nothing_that_came_of_it_since(office: Office) -> None:
    await channels(office, "The news")
    await office.says("Ada", "/idea add Tour")
    at = await a_post(office, "Hello")
    await office.taps("Ada", asked(await office.taps("Ada", f"{at}:now")))
    async with office.database.transaction() as session:
        await note_unposted(session, 1, "it may not post there", now=office.now)
    await a_post(office, "Hello again")
    await office.taps("Ada", f"{at}:when")
    await office.says("Ada", "tomorrow 18:00")
    for _ in range(2):
        # under the notice of then
        assert "Goes out on" in text_of(await office.taps("Ada", f"{at}:again"))
        assert (await state(office), await promised(office)) == (PostState.SCHEDULED, 1)
    async with office.database.transaction() as session:
        await note_unposted(session, 1, "it may not post there", now=office.now)
    await office.taps("Ada", f"{at}:again")
    assert (await state(office), await promised(office)) == (PostState.POSTING, 2)


async def test_a_post_is_moved_to_a_minute_that_another_has_by_whoever_says_so(office: Office) -> None:
    news, studio = await channels(office, "The news", "The studio")
    for number, channel in ((1, news), (2, studio)):
        await office.says("Ada", f"/idea add Tour {number}")
        at = await a_post(office, "Hello", number)
        await office.taps("Ada", f"{at}:to:{channel}")
        await office.taps("Ada", f"{at}:when")
        assert "Goes out on" in text_of(await office.says("Ada", "tomorrow 18:00"))
    warned = await office.taps("Ada", f"{at}:to:{news}")
    assert "goes into that channel at that minute too" in text_of(warned)
    assert "The studio" in text_of(await office.taps("Ada", at))
    keep = f"{at}:to:{news}:keep"
    assert keep in data_of(warned)
    assert "The news" in text_of(await office.taps("Ada", keep))
    assert await state(office) is PostState.SCHEDULED
