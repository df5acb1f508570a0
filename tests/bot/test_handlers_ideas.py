"""An idea in the chat: how it is kept, its card, and what buttons and lines do, all in the same message."""

from datetime import date

import pytest
from ideas_chat import idea_of, kept, typed
from leads_chat import answers, refused, tapped, the_creator
from sqlalchemy import insert, select
from world import World

from bot.handlers.idea_access import Place
from domain.idea_changes import set_products
from domain.ideas import delete_idea, move_idea
from domain.messages.plain import CALLBACK_BYTES
from domain.products import add_product
from kit.money import Money
from store.models import Idea, IdeaStage, Lead, Link, LinkTarget, Prompt
from store.queries.idea_card import FEW


@pytest.fixture
def store_url(sqlite_url: str) -> str:
    """What a store does differently is the acts' and lists' own tests' business."""
    return sqlite_url


async def test_an_idea_is_kept_in_one_line_or_by_a_short_flow_and_its_card_has_all_of_it(chat: World):
    added = await answers(chat, "/idea add Studio tour #Video !high due:fri")
    # the day after the morning of Tuesday, the 3rd of November
    assert added.text == "💡 Idea 1: Studio tour #video !high due 2026-11-06"
    card = await tapped(chat, await tapped(chat, added, "Move"), "‹ Idea")
    assert card.text == ("💡 Idea 1: Studio tour\n💡 idea · priority: high\n#video\nDue: Fri, Nov 6, 2026 (in 3 days)")
    assert "What is the idea?" in (await answers(chat, "/idea add")).text
    second = await answers(chat, "Behind the <scenes> due:in 2 weeks")
    assert second.text == "💡 Idea 2: Behind the <scenes> due 2026-11-17"
    assert "Move" in second.labels
    # what cannot be meant is told, and the question stays open
    await answers(chat, "/idea add")
    assert (await answers(chat, "Tour due:soon")).text.startswith("“soon” is no day that I know")
    assert (await answers(chat, "Tour due:soon-ish in 3")).text.startswith("“soon-ish” is no day")
    assert (await answers(chat, "Third due:heute")).text == "💡 Idea 3: Third due 2026-11-03"
    async with chat.spark.database.reading() as session:
        assert (await session.scalars(select(Prompt))).all() == []


async def test_days_are_the_creators_own(chat: World):
    # half past eleven at night in London is the next day in Berlin
    await chat.skip(hours=14, minutes=30)
    assert (await answers(chat, "/idea add Tour due:today")).text.endswith("due 2026-11-04")
    card = await answers(chat, "/idea 1")
    assert "Due: Wed, Nov 4, 2026 (today)" in card.text
    # the buttons mean the day on which they are tapped
    asked = await tapped(chat, card, "Due")
    await chat.skip(days=2)
    assert "Due: Sat, Nov 7, 2026 (tomorrow)" in (await tapped(chat, asked, "Tomorrow")).text
    await chat.skip(days=4)
    assert "⏰ Overdue: Sat, Nov 7, 2026 (3 days ago)" in (await answers(chat, "/idea 1")).text


async def test_a_card_is_changed_in_place_by_its_buttons(chat: World):
    await kept(chat, "Tour", tags=("video",))
    card = await answers(chat, "/idea 1")
    card = await tapped(chat, await tapped(chat, card, "Move"), "draft")
    assert card.text.splitlines()[1:] == ["📝 draft · priority: medium", "#video", "idea → draft (Nov 3)"]
    card = await tapped(chat, await tapped(chat, card, "Priority"), "high")
    assert "priority: high" in card.text
    card = await tapped(chat, await tapped(chat, card, "Due"), "Next week")
    assert "Due: Mon, Nov 9, 2026 (in 6 days)" in card.text
    card = await tapped(chat, await tapped(chat, card, "Due"), "No day")
    assert "Due" not in card.text
    card = await typed(chat, await tapped(chat, await tapped(chat, card, "Due"), "Other"), "in 3 Tagen")
    assert "Due: Fri, Nov 6, 2026 (in 3 days)" in card.text
    tags = await tapped(chat, card, "Tags")
    tags = await tapped(chat, tags, "✓ #video")
    assert "#video" not in tags.labels
    asked = await tapped(chat, tags, "New tag")
    card = await typed(chat, asked, "#Berlin, tour -video")
    assert "#berlin #tour" in card.text
    notes = await tapped(chat, card, "Notes")
    assert "No notes yet." in notes.text
    card = await typed(chat, await tapped(chat, notes, "Write"), "First <line>\nsecond line")
    assert card.text.endswith("\n\nFirst <line>\nsecond line")
    card = await typed(chat, await tapped(chat, card, "Title"), "Big tour")
    assert card.text.startswith("💡 Idea 1: Big tour")
    card = await tapped(chat, await tapped(chat, card, "Notes"), "Empty")
    assert "second line" not in card.text
    # whoever goes back is asked for nothing any more
    card = await tapped(chat, await tapped(chat, card, "Title"), "‹ Idea")
    await chat.creator.say("Hello")
    idea = await idea_of(chat, 1)
    assert idea is not None
    assert (idea.title, idea.tags, idea.due_date) == ("Big tour", ["berlin", "tour"], date(2026, 11, 6))


async def test_long_notes_are_cut_on_the_card_and_stand_whole_behind_their_button(chat: World):
    notes = "🌍" * 3999 + "Ω"
    await kept(chat, "T" * 200, notes=notes, tags=[f"{'𝔞' * 60}{each}" for each in range(20)])
    card = await answers(chat, "/idea 1")
    assert "🌍…" in card.text
    first = await tapped(chat, card, "Notes")
    second = await tapped(chat, first, "›")
    third = await tapped(chat, second, "›")
    shown = [each.text.partition("\n\n")[2] for each in (first, second, third)]
    assert "".join(shown) == notes
    assert "›" not in third.labels
    await kept(chat, *["𝔞" * 200] * 10, tags=[f"{'𝔞' * 60}{each}" for each in range(20)])
    assert (await answers(chat, "/idea list")).text.startswith("All ideas: 11\n\n11. 𝔞𝔞")
    # whatever the numbers grow to, a button has room for them
    longest = Place(10**9, 10**4).data("product", Idea(creator_id=10**7, number=10**6), f"{10**4}:{10**9}")
    assert len(longest) <= CALLBACK_BYTES


async def test_a_card_adds_up_what_few_have_brought_and_leaves_many_to_the_results(chat: World):
    await kept(chat, "Tour", stage=IdeaStage.PUBLISHED)
    await tapped(chat, await tapped(chat, await answers(chat, "/idea 1"), "Link"), "Make the link")
    creator = await the_creator(chat)

    async def come(people: int) -> None:
        async with chat.spark.database.transaction() as session:
            link_id = (await session.scalars(select(Link.id))).one()
            same = {"creator_id": creator.id, "name": "", "link_id": link_id, "created_at": chat.clock()}
            await session.execute(insert(Lead), [same] * people)

    await come(FEW)
    assert f"📈 New leads: {FEW} · their orders: 0 (–)" in (await answers(chat, "/idea 1")).text
    await come(1)
    card = await answers(chat, "/idea 1")
    assert f"📈 More than {FEW} visits by its links: “Results”" in card.text
    assert f"New leads by its links: {FEW + 1}" in (await tapped(chat, card, "Results")).text


async def test_an_idea_gets_its_tracked_link_its_products_and_its_funnel(chat: World):
    await kept(chat, "Tour")
    creator = await the_creator(chat)
    async with chat.spark.database.transaction() as session:
        for title in ("Pack", "Course"):
            price = Money(1900, "usd")
            await add_product(session, creator_id=creator.id, title=title, price=price, stock=None, now=chat.clock())
    screen = await tapped(chat, await answers(chat, "/idea 1"), "Link")
    assert "no tracked link yet" in screen.text
    screen = await tapped(chat, screen, "Make the link")
    async with chat.spark.database.reading() as session:
        link = (await session.scalars(select(Link))).one()
    assert (link.target, link.name, link.title) == (LinkTarget.IDEA, "1", "Tour")
    assert f"?start={link.key}" in screen.text
    assert "Make the link" not in screen.labels
    screen = await tapped(chat, screen, "Products")
    screen = await tapped(chat, await tapped(chat, screen, "Pack"), "Course")
    assert ("✓ Pack" in screen.labels, "✓ Course" in screen.labels) == (True, True)
    screen = await tapped(chat, await tapped(chat, screen, "✓ Pack"), "Back")
    assert "Sells: Course" in screen.text
    screen = await tapped(chat, await tapped(chat, screen, "Funnel"), "nurture")
    assert "Funnel: nurture" in screen.text
    card = await tapped(chat, screen, "‹ Idea")
    assert card.text.splitlines()[2:5] == [
        "Sells: Course",
        "Funnel: nurture",
        f"🔗 {screen.text.partition('link: ')[2].splitlines()[0]}",
    ]
    screen = await tapped(chat, await tapped(chat, await tapped(chat, card, "Link"), "Funnel"), "✓ nurture")
    assert "Funnel: —" in screen.text
    # a second one is not made
    assert link.key in (await answers(chat, "/idea 1 link")).text


async def test_lines_about_one_idea_answer_with_its_card(chat: World):
    await kept(chat, "Tour")
    assert "🧭 outline" in (await answers(chat, "/idea 1 outline")).text
    assert "idea → outline (Nov 3) → draft (Nov 3)" in (await answers(chat, "/idea #1 Entwurf")).text
    assert "Due: Fri" in (await answers(chat, "/idea 1 due fri")).text
    assert "Due" not in (await answers(chat, "/idea 1 due none")).text
    marked = (await answers(chat, "/idea 1 #b #a !low due:tomorrow")).text
    assert marked.splitlines()[1:4] == [
        "📝 draft · priority: low",
        "#a #b",
        "Due: Wed, Nov 4, 2026 (tomorrow)",
    ]
    assert "#b\n" in (await answers(chat, "/idea 1 -#a")).text
    assert (await answers(chat, "/idea 1 notes two\nlines")).text.endswith("\n\ntwo\nlines")
    assert "lines" not in (await answers(chat, "/idea 1 notes -")).text
    assert (await answers(chat, "/idea 1 title New  name")).text.startswith("💡 Idea 1: New name")
    for wrong in ("/idea 1 urgent", "/idea 1 !urgent", "/idea 1 title", "/idea 1 New title #a"):
        assert (await answers(chat, wrong)).text.startswith("Like this: /idea 1, /idea 1 draft"), wrong
    assert "“soon” is no day" in (await answers(chat, "/idea 1 due soon")).text
    assert "no idea 7" in (await answers(chat, "/idea 7")).text
    assert "no idea 7" in (await answers(chat, "/idea 7 draft")).text


async def test_a_deleted_idea_is_gone_and_its_buttons_say_so(chat: World):
    await kept(chat, "Tour", "Other")
    old = await answers(chat, "/idea 2")
    asked = await tapped(chat, await answers(chat, "/idea 2"), "Delete")
    assert "There is no way back" in asked.text
    kept_after_all = await tapped(chat, asked, "‹ Idea")
    gone = await tapped(chat, await tapped(chat, kept_after_all, "Delete"), "Yes, delete it")
    assert gone.text == "Idea 2 has been deleted."
    assert await idea_of(chat, 2) is None
    # its number is never given again, so that its buttons are about no other one
    assert (await answers(chat, "/idea add Next")).text == "💡 Idea 3: Next"
    for label in ("Move", "Priority", "Due", "Tags", "Notes", "Title", "Link", "Delete"):
        assert "no idea 2" in await refused(chat, old, label), label
    assert "All" in " ".join((await tapped(chat, gone, "‹ Ideas")).labels)


async def test_what_was_asked_for_is_refused_when_the_idea_has_gone_meanwhile(chat: World):
    await kept(chat, "Tour")
    await tapped(chat, await answers(chat, "/idea 1"), "Title")
    async with chat.spark.database.transaction() as session:
        idea = (await session.scalars(select(Idea))).one()
        await delete_idea(session, idea, now=chat.clock())
    assert "no idea 1" in (await answers(chat, "Big tour")).text


async def test_what_changed_meanwhile_is_shown_by_the_next_tap(chat: World):
    await kept(chat, "Tour")
    asked = await tapped(chat, await answers(chat, "/idea 1"), "Priority")
    async with chat.spark.database.transaction() as session:
        idea = (await session.scalars(select(Idea))).one()
        await move_idea(session, idea, IdeaStage.PUBLISHED, now=chat.clock())
    card = await tapped(chat, asked, "high")
    assert "📣 published · priority: high" in card.text


async def test_whoever_comes_by_an_ideas_link_gets_to_what_it_sells(chat: World):
    await kept(chat, "Secret working title")
    link = (await answers(chat, "/idea 1 link")).text.partition("start=")[2].split()[0]
    creator = await the_creator(chat)
    lena = await chat.person("Lena")
    await lena.say(f"/start {link}")
    # it sells nothing yet: everybody's welcome
    await lena.hears("What shall we call you?")
    async with chat.spark.database.transaction() as session:
        price = Money(1900, "usd")
        goods = [
            await add_product(session, creator_id=creator.id, title=title, price=price, stock=None, now=chat.clock())
            for title in ("Pack", "Course")
        ]
        idea = (await session.scalars(select(Idea))).one()
        await set_products(session, idea, [goods[0].id], now=chat.clock())
    await lena.say(f"/start {link}")
    assert "Buy" in " ".join((await lena.hears("Pack")).labels)
    async with chat.spark.database.transaction() as session:
        idea = (await session.scalars(select(Idea))).one()
        await set_products(session, idea, [each.id for each in goods], now=chat.clock())
    mia = await chat.person("Mia")
    await mia.say(f"/start {link}")
    assert (await mia.hears("Here is what it is about:")).labels == ["Pack", "Course"]
    await mia.tap("Course")
    await mia.hears("Course")
    assert not await mia.count("Secret") + await lena.count("Secret")


async def test_a_german_creator_reads_and_types_german(chat: World):
    await kept(chat, "Tour", due_date=date(2026, 11, 6))
    await chat.creator.say("/language de")
    await chat.creator.hears("Deutsch")
    card = await answers(chat, "/idea 1 !hoch #Video fällig:übermorgen")
    assert card.text == "💡 Idee 1: Tour\n💡 Idee · Priorität: hoch\n#video\nFällig: Do., 5. Nov. 2026 (in 2 Tagen)"
    added = await answers(chat, "/idea add Licht #Video !hoch fällig:übermorgen")
    assert added.text == "💡 Idee 2: Licht #video !hoch fällig 2026-11-05"
    asked = await tapped(chat, await tapped(chat, card, "Fällig"), "Anderer")
    assert "Fällig: Di., 1. Dez. 2026 (in 28 Tagen)" in (await typed(chat, asked, "1.12.")).text
    assert (await answers(chat, "/idea 1 bald")).text.startswith("So geht es: /idea 1")
    assert (await answers(chat, "/idea 9")).text.startswith("Eine Idee 9 gibt es hier nicht")
