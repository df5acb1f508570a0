"""The creator's list of leads: pages, filters, search, segments, tags, all in one message."""

from datetime import timedelta
from pathlib import Path

import pytest
from bot_world import hooked, tap, until_called
from leads_chat import CONFIG, answers, entered, lead_of, refused, somebody_elses, tapped, with_a_chat
from sqlalchemy import func, select
from world import World

from domain.lead_acts import tag_lead
from domain.lead_views import KEPT_FOR
from store.models import Lead, LeadView, Segment


async def views(world: World) -> int:
    async with world.spark.database.reading() as session:
        return await session.scalar(select(func.count()).select_from(LeadView)) or 0


async def tagged(world: World, numbers: list[int], tag: str) -> None:
    async with world.spark.database.transaction() as session:
        for number in numbers:
            await tag_lead(session, await session.get_one(Lead, number), tag, now=world.clock())


async def test_the_list_shows_the_newest_first_ten_a_page_in_one_message(chat: World):
    numbers = await entered(chat, *(f"Nr{each:02}" for each in range(1, 24)), source="fair")
    first = await answers(chat, "/leads")
    assert "Leads of Studio <North>: 23" in first.text
    assert f"{numbers[-1]} Nr23 · new · fair" in first.text
    assert "1–10 of 23" in first.text
    assert "‹" not in first.labels
    second = await tapped(chat, first, "›")
    assert "11–20 of 23" in second.text
    assert "Nr13 " in second.text
    assert "Nr14 " not in second.text
    third = await tapped(chat, second, "›")
    assert [f"Nr{each:02} " in third.text for each in (1, 2, 3, 4)] == [True, True, True, False]
    assert "›" not in third.labels
    assert "11–20 of 23" in (await tapped(chat, third, "‹")).text
    assert await chat.creator.count("Leads of Studio <North>") == 1


async def test_a_page_that_is_no_longer_there_is_the_last_one(chat: World):
    await entered(chat, *(f"Nr{each:02}" for each in range(1, 13)))
    second = await tapped(chat, await answers(chat, "/leads"), "›")
    assert "11–12 of 12" in second.text
    await answers(chat, "/leads")
    async with chat.spark.database.transaction() as session:
        for lead in (await session.scalars(select(Lead))).all():
            if lead.name > "Nr05":
                lead.forgotten_at = chat.clock()
    back = await tapped(chat, second, "‹")
    assert "Leads of Studio <North>: 5" in back.text
    assert "‹" not in back.labels


async def test_nobody_yet_says_how_the_first_ones_come(chat: World):
    assert "Nobody yet" in (await answers(chat, "/leads")).text
    assert "Nobody fits" in (await answers(chat, "/leads anna")).text


async def test_names_are_shown_as_they_were_typed(chat: World):
    await entered(chat, "<b>Anna</b> & co")
    await with_a_chat(chat, "<i>Lena</i>")
    shown = (await answers(chat, "/leads")).text
    assert "<b>Anna</b> & co" in shown
    assert "<i>Lena</i> · new · ad42" in shown


async def test_a_name_is_looked_for_by_how_its_words_begin(chat: World):
    anna, bert = await entered(chat, "Anna Meier", "Bert Annen")
    await with_a_chat(chat, "Lena")
    found = await answers(chat, "/leads ann")
    assert "Search: ann" in found.text
    assert f"{anna} Anna Meier" in found.text
    assert f"{bert} Bert Annen" in found.text
    assert "Lena" not in found.text
    assert "Leads of Studio <North>: 1\n" in (await answers(chat, "/leads meier an")).text
    assert "Lena" in (await answers(chat, "/leads lena")).text


async def test_an_address_or_a_number_is_looked_for_whole(chat: World):
    (anna,) = await entered(chat, "Anna", email="anna@example.com", phone="+4915123456789")
    await entered(chat, "Bert")
    for wanted in ("anna@example.com", "+49 151 23456789", f"#{anna}"):
        found = (await answers(chat, f"/leads {wanted}")).text
        assert f"{anna} Anna" in found, wanted
        assert "Bert" not in found
    assert "Nobody fits" in (await answers(chat, "/leads anna@example")).text


async def test_the_search_button_takes_what_is_typed_next(chat: World):
    anna, _ = await entered(chat, "Anna", "Bert")
    listed = await tapped(chat, await answers(chat, "/leads"), "Filter")
    listed = await tapped(chat, listed, "Stage")
    listed = await tapped(chat, await tapped(chat, listed, "new"), "Show leads")
    number, data = listed.raw["message_id"], listed.button("Search")["data"]
    await chat.control("POST", f"/people/{chat.creator.id}/taps", {"message_id": number, "data": data})
    await chat.creator.hears("Whom are you looking for?")
    found = await answers(chat, "  an ")
    assert "Search: an\n" in found.text
    # the filters stay
    assert 'Filter: stage:"new"' in found.text
    assert f"{anna} Anna" in found.text
    assert "Bert" not in found.text
    everybody = await tapped(chat, found, "Clear")
    assert "Bert" in everybody.text
    assert "Clear" not in everybody.labels


async def test_several_filters_add_up_and_each_tap_changes_the_same_message(chat: World):
    anna, bert, _ = await entered(chat, "Anna", "Bert", "Carl", source="fair")
    await entered(chat, "Dora", source='a "b" <c>')
    await tagged(chat, [anna, bert], "vip")
    await answers(chat, f"/lead {bert} stage customer")
    screen = await tapped(chat, await answers(chat, "/leads"), "Filter")
    assert screen.labels == ["Stage", "Tag", "Source", "Standing", "Saved", "Show leads"]
    screen = await tapped(chat, screen, "Tag")
    assert "vip · 2" in screen.labels
    screen = await tapped(chat, screen, "vip")
    assert "✓ vip · 2" in screen.labels
    screen = await tapped(chat, await tapped(chat, screen, "‹ Filters"), "Stage")
    screen = await tapped(chat, screen, "customer")
    assert 'tag:"vip" and stage:"customer"' in screen.text
    screen = await tapped(chat, screen, "Show leads")
    assert f"{bert} Bert" in screen.text
    assert "Leads of Studio <North>: 1\n" in screen.text
    # off again
    screen = await tapped(chat, await tapped(chat, screen, "Filter"), "Stage")
    screen = await tapped(chat, await tapped(chat, screen, "✓ customer"), "Show leads")
    assert "Leads of Studio <North>: 2\n" in screen.text
    screen = await tapped(chat, await tapped(chat, await tapped(chat, screen, "Clear"), "Filter"), "Source")
    screen = await tapped(chat, await tapped(chat, screen, 'a "b" <c>'), "Show leads")
    assert "Dora" in screen.text
    assert "Leads of Studio <North>: 1\n" in screen.text
    assert await chat.creator.count("Leads of Studio <North>") == 1


async def test_what_was_typed_is_ticked_among_the_filters_and_a_tap_takes_it_off(chat: World):
    anna, bert = await entered(chat, "Anna", "Bert")
    await tagged(chat, [anna, bert], "vip")
    screen = await answers(chat, "/leads tag:VIP and stage:new and not banned and field:size<5")
    tags = await tapped(chat, await tapped(chat, screen, "Filter"), "Tag")
    # all of it is one condition, since `not` stands in it
    assert tags.labels[0] == "vip · 2"
    screen = await answers(chat, "/leads tag:VIP and stage:new AND name:anna")
    tags = await tapped(chat, await tapped(chat, screen, "Filter"), "Tag")
    assert tags.labels[0] == "✓ vip · 2"
    tags = await tapped(chat, tags, "✓ vip · 2")
    assert "Filter: stage:new and name:anna" in tags.text
    stages = await tapped(chat, await tapped(chat, tags, "‹ Filters"), "Stage")
    assert stages.labels[0] == "✓ new"
    stages = await tapped(chat, stages, "engaged")
    assert 'Filter: stage:new and name:anna and stage:"engaged"' in stages.text


async def test_standings_and_saved_segments_are_filters_too(chat: World):
    anna, _ = await entered(chat, "Anna", "Bert")
    lena, _ = await with_a_chat(chat)
    await lena.say("/stop")
    await lena.hears("no more follow-ups")
    await answers(chat, f"/lead {anna} stage engaged")
    screen = await tapped(chat, await tapped(chat, await answers(chat, "/leads"), "Filter"), "Standing")
    screen = await tapped(chat, await tapped(chat, screen, "wants none"), "Show leads")
    assert "Leads of Studio <North>: 1\n" in screen.text
    assert "Lena" in screen.text
    screen = await tapped(chat, await tapped(chat, await tapped(chat, screen, "Clear"), "Filter"), "Saved")
    screen = await tapped(chat, await tapped(chat, screen, "curious"), "Show leads")
    assert "Filter: segment:curious" in screen.text
    assert "Anna" in screen.text
    assert "Leads of Studio <North>: 1\n" in screen.text


async def test_a_segment_is_asked_in_one_line(chat: World):
    anna, bert, _ = await entered(chat, "Anna", "Bert", "Carl")
    await tagged(chat, [anna, bert], "vip")
    await answers(chat, f"/lead {anna} set size 12")
    found = await answers(chat, "/leads tag:vip and field:size>=10")
    assert "Leads of Studio <North>: 1\n" in found.text
    assert f"{anna} Anna" in found.text
    either = await tapped(chat, await answers(chat, "/leads tag:vip or name:carl"), "Filter")
    either = await tapped(chat, await tapped(chat, either, "Stage"), "new")
    assert '(tag:vip or name:carl) and stage:"new"' in either.text
    assert "Leads of Studio <North>: 3\n" in (await tapped(chat, either, "Show leads")).text


WRONG = [
    ("/leads tag:", "a value comes next"),
    ("/leads tagg:vip", "tag"),
    ("/leads field:colour=red", "colour"),
    ("/leads (tag:vip", "character"),
    ("/leads segment:nobody", "nobody"),
    ("/leads random 110%", "“110%” is no share: write it like random 10%"),
    ("/leads random 10", "“10” is no share: write it like random 10%"),
    ("/leads random", "random needs a value: write random 10%"),
    ("/leads not", "the end cannot stand here: a condition comes next"),
    ("/leads blocked and", "the end cannot stand here: a condition comes next"),
    ("/leads anna or", "a condition comes next"),
    ("/leads anna and blocked", "there is no condition “anna”"),
    ("/leads Tag vip", "or write “Tag:vip”"),
    ("/leads in-funnel nurture", "or write “in-funnel:nurture”"),
    ('/leads "Preset', "this quotation mark is never closed"),
    ("/leads 10%", "there is no condition “10%”"),
    ("/leads save", "Like this: /leads anna"),
    ("/leads save big", "Like this: /leads anna"),
    ("/leads save 9lives tag:vip", "letter first"),
    ("/leads save curious tag:vip", "stands in the configuration"),
    ("/leads save big tag:", "a value comes next"),
    ("/leads drop", "Like this: /leads anna"),
    ("/leads drop nothing", "no saved segment “nothing”"),
]


async def test_a_wrong_line_gets_one_that_says_what_is_wrong(chat: World):
    for line, told in WRONG:
        said = (await answers(chat, line)).text
        assert told.casefold() in said.casefold(), (line, said)
        assert "\n" not in said
    async with chat.spark.database.reading() as session:
        assert (await session.scalars(select(Segment.id))).all() == []
    assert await views(chat) == 0


async def test_a_word_near_a_condition_is_looked_for_as_a_name_and_says_how_a_segment_is_written(chat: World):
    numbers = await entered(chat, "Scorah", "Anna and Tom")
    for word, form in (("clickd", "clicked"), ("spnt", "spent>=50usd"), ("taken-ovr", "taken_over")):
        said = (await answers(chat, f"/leads {word}")).text
        assert f"Nobody is called “{word}”. Did you mean /leads {form}?" in said
        assert "like /leads tag:vip and last_seen<30d" in said
    # whoever is called so is found, and nothing more is said
    assert f"{numbers[0]} Scorah" in (await answers(chat, "/leads scora")).text
    assert f"{numbers[1]} Anna and Tom" in (await answers(chat, "/leads anna and tom")).text
    assert "Nobody fits." in (await answers(chat, "/leads xaver")).text


async def test_whoever_was_never_here_is_not_among_those_seen_lately(chat: World):
    (anna,) = await entered(chat, "Anna")
    _, lena = await with_a_chat(chat, "Lena")
    lately = (await answers(chat, "/leads last_seen<30d")).text
    assert f"{lena} Lena" in lately
    assert "Anna" not in lately
    others = (await answers(chat, "/leads not last_seen<30d")).text
    assert f"{anna} Anna" in others
    assert "Lena" not in others
    assert "Nobody fits." in (await answers(chat, "/leads last_seen>1m")).text
    assert (
        "Known since Nov 3, 2026, 10:00 AM, last here Nov 3, 2026, 10:00 AM"
        in (await answers(chat, f"/lead {lena}")).text
    )
    assert "never here" in (await answers(chat, f"/lead {anna}")).text


async def test_what_is_shown_can_be_saved_under_a_name_and_dropped(chat: World):
    numbers = await entered(chat, "Anna", "Bert", "Carl")
    await tagged(chat, numbers[:2], "vip")
    await answers(chat, "/leads tag:vip")
    assert (await answers(chat, "/leads save Insiders")).text == "Saved as segment:insiders: 2 leads at present."
    assert "1 lead at present" in (await answers(chat, "/leads save one name:anna and segment:insiders")).text
    assert "Leads of Studio <North>: 2\n" in (await answers(chat, "/leads segment:insiders")).text
    assert "is used by the segment “one”" in (await answers(chat, "/leads drop insiders")).text
    await answers(chat, "/leads drop one")
    assert "no longer saved" in (await answers(chat, "/leads drop insiders")).text
    await answers(chat, "/leads anna")
    assert "A search cannot be saved" in (await answers(chat, "/leads save annas")).text


async def test_what_is_shown_can_be_exported(chat: World):
    anna, _ = await entered(chat, "Anna", "Bert")
    await tagged(chat, [anna], "vip")
    listed = await answers(chat, "/leads tag:vip")
    body = {"message_id": listed.raw["message_id"], "data": listed.button("Export")["data"]}
    await chat.control("POST", f"/people/{chat.creator.id}/taps", body)
    sent = await chat.creator.gets_file("leads-studio-2026-11-03.csv")
    assert sent.by_bot
    assert "Export" not in (await answers(chat, "/leads anna")).labels


async def test_nobody_sees_the_leads_of_another_creator(chat: World):
    secret = await somebody_elses(chat)
    await entered(chat, "Anna")
    for line in ("/leads", "/leads secret", f"/leads #{secret}", "/leads source:ad42", "/leads all"):
        assert "Secret" not in (await answers(chat, line)).text, line


async def test_a_list_and_a_card_belong_to_those_who_act_for_the_creator(store_url: str, tmp_path: Path):
    async with hooked(store_url, tmp_path, CONFIG) as hook:
        world = hook.world
        (anna,) = await entered(world, "Anna")
        await world.creator.say("/leads")
        await world.creator.hears("Leads of Studio <North>: 1")
        lena = await world.person("Lena")
        for number, data in enumerate(
            ("leads:1:0", "leads:1:clear", f"lead:show:{anna}", f"lead:forget:{anna}:0:0:yes")
        ):
            await hook.post(tap(900_000 + number, lena.id, data, query_id=str(number)))
        told = [each["params"].get("text", "") for each in await until_called(world, "answerCallbackQuery", 4)]
        assert sum("This list is too old" in each for each in told) == 2
        assert sum(f"There is no lead {anna}" in each for each in told) == 2
        assert (await lead_of(world, anna)).name == "Anna"


async def test_old_lists_go_and_their_buttons_say_so(chat: World):
    await entered(chat, *(f"Nr{each:02}" for each in range(1, 13)))
    old = await answers(chat, "/leads")
    chat.clock.pass_time(days=KEPT_FOR / timedelta(days=1), seconds=1)
    await answers(chat, "/leads")
    assert await views(chat) == 1
    assert await refused(chat, old, "›") == "This list is too old; /leads shows a new one"


async def test_a_list_whose_question_can_no_longer_be_asked_can_be_cleared(chat: World):
    await entered(chat, *(f"Nr{each:02}" for each in range(1, 13)))
    await answers(chat, "/leads save soon stage:new")
    listed = await answers(chat, "/leads segment:soon")
    await answers(chat, "/leads drop soon")
    assert "soon" in await refused(chat, listed, "›")
    assert "1–10 of 12" in (await tapped(chat, listed, "Clear")).text


async def test_what_a_button_carries_is_small_enough_for_telegram(chat: World):
    numbers = await entered(chat, "Anna", source="s" * 64)
    await tagged(chat, numbers, "ü" * 40)
    screen = await answers(chat, "/leads")
    for path in (["Filter", "Tag"], ["Filter", "Source"], [str(numbers[0]), "Tag"]):
        at = screen
        for label in path:
            at = await tapped(chat, at, label)
        for row in at.raw["buttons"]:
            assert all(1 <= len(button["data"].encode()) <= 64 for button in row)
        screen = await answers(chat, "/leads")


async def test_tags_are_listed_with_how_many_have_them(chat: World):
    assert "No tags yet" in (await answers(chat, "/tag")).text
    anna, bert = await entered(chat, "Anna", "Bert")
    await tagged(chat, [anna, bert], "vip")
    await tagged(chat, [bert], "old")
    listed = await answers(chat, "/tag")
    assert listed.labels == ["vip · 2", "old · 1"]
    data = {"message_id": listed.raw["message_id"], "data": listed.button("old")["data"]}
    await chat.control("POST", f"/people/{chat.creator.id}/taps", data)
    assert 'Filter: tag:"old"' in (await chat.creator.hears("Leads of Studio <North>: 1")).text
    assert (await answers(chat, f"/tag {bert} NEW -old")).text == f"Bert (lead {bert}) is now tagged: new vip"
    assert "Nobody has that tag" in await refused(chat, listed, "old")
    assert "Leads of Studio <North>: 1\n" in (await answers(chat, "/tag new")).text


async def test_a_tag_that_was_not_there_is_not_said_to_be_taken_away(chat: World):
    (anna,) = await entered(chat, "Anna")
    said = (await answers(chat, f"/tag {anna} new -vip -old")).text
    assert said == f"Anna (lead {anna}) is now tagged: new\nThese were not there: vip old"
    assert (await answers(chat, f"/tag {anna} -new")).text == f"Anna (lead {anna}) has no tags now."
    assert (await answers(chat, f"/lead {anna} untag vip")).text == f"Anna (lead {anna}) was not tagged: vip"
    await answers(chat, f"/lead {anna} tag vip new")
    assert (await answers(chat, f"/lead {anna} untag vip old")).text == (
        f"Anna (lead {anna}) is no longer tagged: vip\nThese were not there: old"
    )
    assert (await answers(chat, "/tag unknown")).text == "There is no tag “unknown”; /tag lists them."


@pytest.mark.parametrize("line", ["/tag 12", "/tag vip old", "/tag vip -old"])
async def test_a_wrong_tag_line_shows_the_right_form(chat: World, line: str):
    assert (await answers(chat, line)).text.startswith("Like this: /tag 12 vip -old")


@pytest.mark.parametrize("line", ["/leads", "/leads anna", "/lead", "/lead 1", "/lead add Anna", "/tag", "/tag 1 vip"])
async def test_leads_are_for_creators_only(chat: World, line: str):
    await entered(chat, "Anna")
    lena, _ = await with_a_chat(chat)
    said = await answers(chat, line, who=lena)
    assert said.text == "This is for creators."
