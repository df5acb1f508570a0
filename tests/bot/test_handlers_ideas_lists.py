"""The board of ideas and its lists: each button changes the same message."""

from datetime import date

import pytest
from ideas_chat import kept, typed
from leads_chat import answers, message, refused, tapped
from world import World

from store.models import IdeaStage


async def test_the_board_counts_by_stage_and_its_lists_are_paged_in_place(chat: World):
    nothing = await answers(chat, "/idea")
    assert "No ideas yet" in nothing.text
    assert nothing.labels == ["➕ New"]
    first = await typed(chat, await tapped(chat, nothing, "➕ New"), "Idea 0 #video !high")
    assert first.text == "💡 Idea 1: Idea 0 #video !high"
    await kept(chat, *(f"Idea {each}" for each in range(1, 12)), tags=("tour",))
    await kept(chat, "Ready", stage=IdeaStage.DRAFT)
    board = await tapped(chat, await tapped(chat, first, "‹ Ideas"), "‹ Board")
    assert board.text == "💡 Ideas of Studio <North>: 13\n💡 idea: 12\n🧭 outline: 0\n📝 draft: 1\n📣 published: 0"
    shown = await tapped(chat, board, "idea · 12")
    assert shown.text.startswith("💡 idea: 12\n\n12. Idea 11 · #tour\n11. Idea 10 · #tour")
    assert shown.labels[:10] == [str(each) for each in range(12, 2, -1)]
    # a page stands still while more is added
    await kept(chat, "Meanwhile")
    last = await tapped(chat, shown, "›")
    assert last.text == "💡 idea: 12\n\n2. Idea 1 · #tour\n1. Idea 0 · !high · #video"
    card = await tapped(chat, last, "2")
    assert card.text.startswith("💡 Idea 2: Idea 1")
    # back to the page from which it was opened
    assert (await tapped(chat, card, "‹ Ideas")).text == last.text
    everything = await answers(chat, "/idea list")
    assert everything.text.startswith(
        "All ideas: 14\n\n14. Meanwhile · idea\n13. Ready · draft\n12. Idea 11 · idea · #tour"
    )


async def test_lists_are_searched_filtered_and_sorted_by_buttons(chat: World):
    await kept(chat, "Zebra crossing", tags=("street",), due_date=date(2026, 12, 1))
    await kept(chat, "Apple pie", notes="with a zebra on top", tags=("food", "video"))
    await kept(chat, "Mango", tags=("food",))
    assert (await answers(chat, "/idea 1 !low")).text.splitlines()[1] == "💡 idea · priority: low"
    found = await answers(chat, "/idea find zeb")
    assert found.text == (
        "All ideas: 2\nSearch: zeb\n\n2. Apple pie · idea · #food #video\n"
        "1. Zebra crossing · idea · !low · Tue, Dec 1, 2026 · #street"
    )
    everything = await tapped(chat, found, "Clear")
    assert everything.text.startswith("All ideas: 3\n\n3. Mango")
    ordered = await tapped(chat, await tapped(chat, everything, "Sort"), "Title")
    assert "✓ Title ↑" in ordered.labels
    assert [line[0] for line in (await tapped(chat, ordered, "Show ideas")).text.splitlines()[2:]] == ["2", "3", "1"]
    turned = await tapped(chat, await tapped(chat, await message(chat, ordered.raw["message_id"]), "Sort"), "Title")
    assert "✓ Title ↓" in turned.labels
    filtering = await tapped(chat, await tapped(chat, turned, "Show ideas"), "Filter")
    food = await tapped(chat, filtering, "#food")
    assert "Any of #food" in food.text
    both = await tapped(chat, food, "medium")
    assert "✓ #food" in both.labels
    assert (await tapped(chat, both, "Show ideas")).text == (
        "All ideas: 2\nPriority: medium\nAny of #food\n\n3. Mango · idea · #food\n2. Apple pie · idea · #food #video"
    )
    searching = await tapped(chat, await message(chat, both.raw["message_id"]), "Search")
    assert "Which words" in searching.text
    narrowed = await typed(chat, searching, "PIE")
    assert narrowed.text.splitlines()[0] == "All ideas: 1"
    assert "No idea fits." in (await answers(chat, "/idea find nothing of this")).text


async def test_a_list_that_is_too_old_says_how_to_open_a_new_one(chat: World):
    board = await answers(chat, "/idea list")
    await chat.skip(days=31)
    await answers(chat, "/idea")
    assert "too old; /idea" in await refused(chat, board, "Filter")


@pytest.mark.parametrize("line", ["/idea nonsense", "/idea list all", "/idea find"])
async def test_a_line_that_means_nothing_gets_the_right_form(chat: World, line: str):
    assert (await answers(chat, line)).text.startswith("Like this: /idea add Studio tour")
