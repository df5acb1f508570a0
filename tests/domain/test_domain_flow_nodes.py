"""What each node of a flow does, and that none of them leaves the lead standing."""

from typing import Any

import pytest
import pytest_asyncio
from conversing import Conversation, a_conversation, ask, choose, say
from folk import NOW, events, notices, promised
from sqlalchemy import select, update

from domain.flows.answers import Back, SentFile, SharedContact, Skipped, Typed
from domain.flows.given import BACK, DONE, NO
from domain.variants import add_variant
from kit.money import Money
from store.database import Database
from store.models import (
    Consent,
    Enrollment,
    Entitlement,
    FlowRunState,
    Lead,
    LeadTag,
    Order,
    OrderState,
    OutboxKind,
    Product,
    Proof,
    Shape,
    StoredFile,
    Timer,
)


@pytest_asyncio.fixture
async def chat(database: Database) -> Conversation:
    return await a_conversation(database)


async def test_a_message_carries_buttons_to_a_page_a_product_and_another_flow(chat: Conversation):
    buttons = [
        {"text": "Page", "url": "https://example.com/{{ lead.first_name }}"},
        {"text": "Pack", "product": "preset-pack"},
        {"text": "Other", "flow": "other"},
    ]
    await chat.publish({"first": [say("hello", "Hi {{ lead.first_name }}", buttons=buttons)], "other": _other("x")})
    (message,) = await chat.begun()
    page, pack, other = (button for (button,) in message.buttons)
    assert page.url == "https://example.com/Lena"
    assert pack.data == "product:1"
    assert other.data == f"begin:{chat.creator_id}:other"
    assert not message.drop_keys


async def test_a_button_to_a_product_that_is_gone_is_left_out_and_told_once(chat: Conversation):
    await chat.publish({"first": [say("hello", "Hi", buttons=[{"text": "Old", "product": "gone"}])]})
    for _ in range(2):
        (message,) = await chat.begun()
        assert (message.text, message.buttons) == ("Hi", ())
    async with chat.database.reading() as session:
        assert sum("gone" in text for text in await notices(session)) == 1


async def test_a_picture_goes_out_by_its_content_and_without_it_the_words_do(chat: Conversation):
    async with chat.database.transaction() as session:
        session.add(
            StoredFile(
                creator_id=chat.creator_id,
                shape=Shape.PHOTO,
                file_name="a.jpg",
                mime_type="image/jpeg",
                sha256="ab" * 32,
                blob="ab",
                created_at=NOW,
            )
        )
    there = say("here", "Look", photo="a.jpg", sha256="ab" * 32)
    gone = say("there", "Look there", photo="b.jpg", sha256="cd" * 32)
    await chat.publish({"first": [there, gone]})
    one, other = await chat.begun()
    assert one.file is not None
    assert (other.text, other.file) == ("Look there", None)


async def test_fields_score_stage_and_tags_are_set_on_the_way(chat: Conversation):
    await chat.publish(
        {
            "first": [
                {"key": "a", "do": "set", "field": "note", "value": "came as {{ lead.first_name }} & co"},
                {"key": "b", "do": "set", "field": "age", "value": 41.5},
                {"key": "c", "do": "set", "field": "happy", "value": True},
                {"key": "d", "do": "set", "field": "from", "value": "2031-02-03"},
                {"key": "e", "do": "set", "score": "10"},
                {"key": "f", "do": "set", "score": "-3", "stage": "customer", "language": "de"},
                {"key": "g", "do": "tag", "add": ["vip", "new"]},
                {"key": "h", "do": "tag", "remove": ["new"]},
                say("end", "{{ lead.note }} {{ lead.age }} {{ lead.happy }} {{ lead.from }}"),
            ]
        },
        tags=frozenset({"vip", "new"}),
    )
    assert await chat.begin() == ["came as Lena &amp; co 41,5 ja 3. Februar 2031"]
    lead = await chat.lead()
    assert (lead.score, lead.stage) == (7, "customer")
    async with chat.database.reading() as session:
        assert (await session.scalars(select(LeadTag.tag))).all() == ["vip"]
        assert (await chat.talk(session)).language == "de"


@pytest.mark.parametrize(("tagged", "shown"), [(True, "for vips"), (False, "for all")])
async def test_a_branch_asks_about_the_lead_in_the_language_of_segments(
    chat: Conversation, *, tagged: bool, shown: str
):
    nodes = [
        *([{"key": "tag", "do": "tag", "add": ["vip"]}] if tagged else []),
        {"key": "which", "do": "branch", "cases": [{"when": "tag:vip", "to": "vips"}], "next": "all"},
        say("vips", "for vips", next="end"),
        say("all", "for all"),
        {"key": "end", "do": "end", "text": "bye"},
        say("never", "never said"),
    ]
    # what stands below an end is reached by nobody, and here for that
    await chat.publish({"first": nodes[:-1]})
    assert await chat.begin() == [shown, "bye"]


async def test_a_branch_whose_question_cannot_be_asked_leads_to_what_stands_below_it(chat: Conversation):
    nodes = [
        {"key": "which", "do": "branch", "cases": [{"when": "nonsense:", "to": "one"}], "next": "other"},
        say("one", "one", next="end"),
        say("other", "other"),
        {"key": "end", "do": "end"},
    ]
    await chat.publish({"first": nodes})
    assert await chat.begin() == ["other"]
    async with chat.database.reading() as session:
        assert any("which" in text for text in await notices(session))


async def test_goto_leads_elsewhere_and_a_question_met_again_is_asked_again(chat: Conversation):
    nodes = [
        ask("name"),
        choose("interest", "again", "enough"),
        {"key": "which", "do": "branch", "cases": [{"when": "field:interest=again", "to": "name"}]},
        say("end", "{{ lead.name }}"),
    ]
    await chat.publish({"first": nodes})
    assert await chat.begin() == ["name?"]
    assert await chat.answer("Ann") == ["interest?"]
    assert await chat.tap(0) == ["name?"]
    assert await chat.answer("Bea") == ["interest?"]
    assert await chat.tap(1) == ["Bea"]


async def test_an_offer_shows_the_product_with_its_price_and_a_button(database: Database):
    chat = await a_conversation(database, price=1900)
    await chat.publish({"first": [{"key": "o", "do": "offer", "product": "preset-pack", "text": "For you:"}]})
    (message,) = await chat.begun()
    assert message.text.startswith("For you:\n\n<b>Preset &lt;pack&gt;</b>")
    assert "$19.00" in message.text
    assert [button.data for row in message.buttons for button in row] == ["buy:1"]
    async with database.transaction() as session:
        await session.execute(update(Product).values(stock=0, initial=0))
    (message,) = await chat.begun()
    assert message.buttons == ()
    assert "Sold out" in message.text


async def test_what_is_no_longer_for_sale_is_passed_over_and_told_once(chat: Conversation):
    await chat.publish({"first": [{"key": "o", "do": "offer", "product": "gone"}, say("end", "bye")]})
    for _ in range(3):
        assert await chat.begin() == ["bye"]
    async with chat.database.reading() as session:
        assert sum("gone" in text for text in await notices(session)) == 1


async def test_only_a_free_product_is_given(chat: Conversation):
    await chat.publish({"first": [{"key": "g", "do": "give", "product": "preset-pack", "text": "Here"}]})
    async with chat.database.transaction() as session:
        await session.execute(update(Product).values(price_minor=100))
    await chat.begin()
    async with chat.database.transaction() as session:
        assert (await session.scalars(select(Entitlement))).all() == []
        await session.execute(update(Product).values(price_minor=0))
    await chat.begin()
    async with chat.database.reading() as session:
        assert len((await session.scalars(select(Entitlement))).all()) == 1


GIVE = {"key": "g", "do": "give", "product": "preset-pack", "text": "Here"}


async def given_out(chat: Conversation) -> tuple[int | None, int, list[OrderState], int]:
    """Of the only product: left, sold; the orders, and how many rights there are."""
    async with chat.database.reading() as session:
        product = await session.get_one(Product, 1)
        orders = [*await session.scalars(select(Order.state).order_by(Order.id))]
        return product.stock, product.sold, orders, len((await session.scalars(select(Entitlement))).all())


async def test_a_free_product_that_runs_out_is_given_no_further_than_its_stock(chat: Conversation):
    await chat.publish({"first": [GIVE, say("end", "bye")]})
    async with chat.database.transaction() as session:
        await session.execute(update(Product).values(stock=1, initial=1))
    assert await chat.begin() == ["Here", "bye"]
    assert await given_out(chat) == (0, 1, [OrderState.PAID], 1)
    for _ in range(2):
        assert await chat.begin() == ["This is sold out.", "bye"]
    assert await given_out(chat) == (0, 1, [OrderState.PAID], 1)
    async with chat.database.reading() as session:
        assert sum("sold out" in text for text in await notices(session)) == 1


async def test_a_free_product_with_a_limit_is_given_no_further_and_nobody_is_blamed(chat: Conversation):
    await chat.publish({"first": [GIVE, say("end", "bye")]})
    async with chat.database.transaction() as session:
        await session.execute(update(Product).values(limit_per_person=2))
    for _ in range(2):
        assert await chat.begin() == ["Here", "bye"]
    assert await chat.begin() == ["Each person may buy 2 of this at most.", "bye"]
    assert (await given_out(chat))[2:] == ([OrderState.PAID] * 2, 2)
    async with chat.database.reading() as session:
        assert not any("cannot do" in text for text in await notices(session))


async def test_of_a_free_product_in_several_variants_the_lead_chooses_one(chat: Conversation):
    await chat.publish({"first": [{"key": "g", "do": "give", "product": "preset-pack", "text": "Here"}]})
    async with chat.database.transaction() as session:
        product = await session.get_one(Product, 1)
        for title in ("Small", "Large"):
            await add_variant(session, product, title=title, price=Money(0, "usd"), stock=3, now=NOW)
    words, card = await chat.begun()
    assert words.text == "Here"
    assert [button.text.partition(" ")[0] for (button,) in card.buttons[:2]] == ["Small", "Large"]
    assert (await given_out(chat))[2:] == ([], 0)


async def test_a_lead_is_enrolled_once_however_often_they_come_by(chat: Conversation):
    funnel = {"trigger": {"event": "flow.finished"}, "steps": [{"key": "hi", "do": "send", "text": "Hi"}]}
    nodes = [{"key": "e", "do": "enroll", "funnel": "care"}, say("end", "bye")]
    await chat.publish({"first": nodes}, funnels={"care": funnel})
    assert await chat.begin() == ["bye"]
    assert await chat.begin() == ["bye"]
    # what the end of the flow begins is the same follow-up
    await chat.route()
    async with chat.database.reading() as session:
        enrolled = (await session.scalars(select(Enrollment))).all()
        assert [each.subject for each in enrolled] == [""]
        assert len((await session.execute(select(Timer.enrollment_id))).all()) == 1
        assert not any("cannot do" in text for text in await notices(session))


async def test_whoever_wants_no_follow_ups_passes_by_and_a_missing_consent_is_told(chat: Conversation):
    funnel = {"steps": [{"key": "hi", "do": "send", "text": "Hi"}]}
    nodes = [{"key": "e", "do": "enroll", "funnel": "care"}, say("end", "bye")]
    await chat.publish({"first": nodes}, funnels={"care": funnel}, consent_required=True)
    await chat.change(unsubscribed_at=NOW)
    assert await chat.begin() == ["bye"]
    async with chat.database.reading() as session:
        assert not any("cannot do" in text for text in await notices(session))
    await chat.change(unsubscribed_at=None)
    assert await chat.begin() == ["bye"]
    assert await chat.begin() == ["bye"]
    async with chat.database.reading() as session:
        (told,) = [text for text in await notices(session) if "cannot do" in text]
        assert f"lead {chat.lead_id} has not given the consent" in told
        assert (await session.scalars(select(Enrollment))).all() == []


async def test_consent_is_kept_in_the_words_that_were_shown(chat: Conversation):
    consent = {
        "key": "c",
        "do": "consent",
        "version": "v1",
        "text": {"en": "May {{ creator.name }} write to you?", "de": "Dürfen wir?"},
        "otherwise": "no",
    }
    await chat.publish(
        {"first": [consent, say("yes", "thanks", next="end"), say("no", "fine"), {"key": "end", "do": "end"}]}
    )
    assert await chat.begin() == ["May Studio write to you?"]
    assert await chat.tap(NO) == ["fine"]
    async with chat.database.reading() as session:
        assert (await session.scalars(select(Consent))).all() == []
    await chat.begin()
    assert await chat.answer("yes") == ["thanks"]
    async with chat.database.reading() as session:
        (kept,) = (await session.scalars(select(Consent))).all()
        assert (kept.text, kept.version, kept.channel) == ("May Studio write to you?", "v1", "telegram")
    assert (await chat.lead()).consented_at == NOW
    # given once, it is not asked for again
    assert await chat.begin() == ["thanks"]


async def test_a_choice_of_several_is_marked_in_place_and_done_looks_at_how_many(chat: Conversation):
    await chat.publish({"first": [choose("topics", "a", "b", "c", many=True, least=1, most=2), say("end", "bye")]})
    await chat.begin()
    assert (await chat.tapped(DONE)).told == "Please mark at least one."
    redrawn = (await chat.tapped(0)).redrawn
    assert redrawn is not None
    assert [row[0].text for row in redrawn.buttons[:3]] == ["✓ A", "B", "C"]
    await chat.tapped(2)
    unmarked = (await chat.tapped(0)).redrawn
    assert unmarked is not None
    assert [row[0].text for row in unmarked.buttons[:3]] == ["A", "B", "✓ C"]
    await chat.tapped(0)
    assert await chat.known() == {}
    assert await chat.tap(DONE) == ["bye"]
    assert await chat.known() == {"topics": "a, c"}


async def test_a_choice_leads_where_it_says(chat: Conversation):
    options: list[dict[str, Any]] = [
        {"value": "a", "label": "A", "next": "left"},
        {"value": "b", "label": "B"},
    ]
    pick = {"key": "interest", "do": "choose", "field": "interest", "text": "?", "options": options, "again": True}
    await chat.publish(
        {
            "first": [
                {**pick, "next": "right"},
                say("left", "left", next="end"),
                say("right", "right"),
                {"key": "end", "do": "end"},
            ]
        }
    )
    await chat.begin()
    assert await chat.tap(0) == ["left"]
    await chat.begin()
    assert await chat.tap(1) == ["right"]


async def test_the_way_back_asks_the_earlier_question_and_takes_its_new_answer(chat: Conversation):
    await chat.publish(
        {
            "first": [
                ask("name"),
                ask("note", back=True),
                choose("interest", "a", back=True),
                say("end", "{{ lead.name }} {{ lead.note }}"),
            ]
        }
    )
    await chat.begin()
    await chat.answer("Ann")
    assert await chat.answer("nothing") == ["interest?"]
    assert await chat.tap(BACK) == ["note?"]
    assert await chat.answer(Back()) == ["name?"]
    assert await chat.answer("Bea") == ["note?"]
    assert await chat.answer("something") == ["interest?"]
    assert await chat.tap(0) == ["Bea something"]
    assert await chat.known() == {"name": "Bea", "note": "something", "interest": "a"}


async def test_there_is_no_way_back_from_the_first_question_nor_where_none_is_offered(chat: Conversation):
    await chat.publish({"first": [ask("name", back=True), ask("note")]})
    await chat.begin()
    for _ in range(2):
        (why,) = await chat.answer(Back())
        assert "no question before this one" in why
        await chat.begin()
    assert await chat.answer("Ann") == ["note?"]
    (why,) = await chat.answer(Back())
    assert "no way back" in why
    assert (await chat.active()).node == "note"


async def test_skipping_goes_on_and_what_may_not_be_skipped_says_so(chat: Conversation):
    await chat.publish({"first": [ask("name", optional=True), ask("note")]})
    await chat.begin()
    assert await chat.answer(Skipped()) == ["note?"]
    (why,) = await chat.answer(Skipped())
    assert "cannot be skipped" in why
    assert await chat.known() == {}


async def test_wrong_answers_are_told_why_so_often_and_then_the_way_out_is_taken(chat: Conversation):
    await chat.publish(
        {
            "first": [
                ask("email", kind="email", tries=2, otherwise="out"),
                say("end", "in", next="done"),
                say("out", "out"),
                {"key": "done", "do": "end"},
            ]
        }
    )
    await chat.begin()
    for _ in range(2):
        (why,) = await chat.answer("none")
        assert "e-mail" in why
    assert await chat.answer("none") == ["out"]


async def test_without_a_way_out_the_conversation_ends_kindly_and_the_creator_hears(chat: Conversation):
    await chat.publish({"first": [ask("email", kind="email", tries=1)]})
    await chat.begin()
    await chat.answer("none")
    (kind,) = await chat.answer("none")
    assert "let us leave it here" in kind
    assert (await chat.run("first")).state == FlowRunState.EXPIRED
    async with chat.database.reading() as session:
        assert any("could not answer" in text for text in await notices(session))
        assert await events(session, "flow.expired", "flow.cancelled") == ["flow.expired"]


async def test_a_file_is_kept_as_this_leads_answer(chat: Conversation):
    await chat.publish({"first": [ask("note", kind="file"), say("end", "got it")]})
    await chat.begin()
    sent = SentFile("handle-of-telegram", Shape.DOCUMENT, "cv.pdf", "application/pdf", 12)
    assert await chat.answer(sent) == ["got it"]
    async with chat.database.reading() as session:
        stored = (await session.scalars(select(StoredFile).where(StoredFile.lead_id == chat.lead_id))).one()
        assert stored.file_name == "cv.pdf"
    assert await chat.known() == {"note": str(stored.id)}


async def test_a_shared_contact_is_verified_and_its_keys_go_away(chat: Conversation):
    await chat.publish({"first": [ask("phone", kind="phone"), choose("interest", "a")]})
    await chat.begin()
    assert await chat.answer(SharedContact("+4915123456789", own=True)) == ["Thank you!", "interest?"]
    assert (await chat.lead()).phone_proof == Proof.VERIFIED


async def test_a_person_takes_over_and_what_stands_below_waits_for_the_chat_to_be_given_back(chat: Conversation):
    await chat.publish(
        {"first": [{"key": "h", "do": "handover", "text": "A person comes"}, say("after", "Back again"), ask("name")]}
    )
    assert await chat.begin() == ["A person comes"]
    assert (await chat.lead()).taken_over_at == NOW
    assert (await chat.run("first")).state == FlowRunState.PAUSED
    async with chat.database.reading() as session:
        assert any("waits for a person" in text for text in await notices(session))
    await chat.tick()
    assert await chat.unasked() == []
    await chat.change(taken_over_at=None)
    await chat.happens("lead.given_back")
    await chat.tick()
    assert await chat.unasked() == ["Back again", "name?"]
    assert (await chat.run("first")).state == FlowRunState.ACTIVE


@pytest.mark.parametrize("text", ["{{ 1 / 0 }}", "{{ lead.name + 1 }}"])
async def test_a_text_that_cannot_be_filled_in_is_left_out_and_the_creator_told_once(chat: Conversation, text: str):
    await chat.publish({"first": [say("broken", text), {**ask("name"), "text": text}, say("end", "bye")]})
    for _ in range(2):
        assert await chat.begin() == ["bye"]
    async with chat.database.reading() as session:
        told = [text for text in await notices(session) if "cannot do" in text]
    assert len(told) == 2
    assert (await chat.run("first")).state == FlowRunState.DONE


async def test_a_question_that_can_no_longer_be_shown_is_gone_past(chat: Conversation):
    await chat.publish({"first": [{**ask("name"), "text": "{{ 1 / lead.score }}?"}, say("end", "bye")]})
    await chat.change(score=2)
    assert await chat.begin() == ["0.5?"]
    await chat.change(score=0)
    assert await chat.screen() == ["bye"]
    assert (await chat.run("first")).state == FlowRunState.DONE


async def test_a_typed_number_is_kept_as_one(chat: Conversation):
    await chat.publish(
        {
            "first": [
                ask("age", kind="number"),
                {"key": "b", "do": "branch", "cases": [{"when": "field:age>=18", "to": "old"}], "next": "young"},
                say("old", "old", next="end"),
                say("young", "young"),
                {"key": "end", "do": "end"},
            ]
        }
    )
    await chat.begin()
    assert await chat.answer("42") == ["old"]


async def test_whoever_speaks_german_is_asked_in_german_where_the_flow_does(chat: Conversation):
    await chat.publish(
        {"first": [{**ask("name"), "text": {"en": "Name?", "de": "Wie heißt du?"}}, say("end", "Only English")]}
    )
    async with chat.database.transaction() as session:
        (await chat.talk(session)).person.language_chosen = "de"
    assert await chat.begin() == ["Wie heißt du?"]
    assert await chat.answer("Ann") == ["Only English"]


async def test_the_creator_hears_of_a_new_lead_once_and_then_of_what_was_answered_anew(chat: Conversation):
    await chat.publish({"first": [ask("name")], "second": _other("note")})
    await chat.begin()
    await chat.answer("Ann")
    await chat.begin("second")
    await chat.answer("hello")
    async with chat.database.reading() as session:
        new, told = await notices(session)
    assert "New lead" in new
    assert "name: Ann" in new
    assert "New lead" not in told
    assert "note: hello" in told
    assert "name: Ann" not in told


async def test_what_is_said_goes_to_the_lead_of_the_run_and_nobody_else(chat: Conversation):
    await chat.publish({"first": [ask("name"), say("end", "{{ lead.name }}")]})
    await chat.begin()
    await chat.answer(Typed("<i>Ann</i>"))
    async with chat.database.reading() as session:
        assert {row.lead_id for row in await promised(session, OutboxKind.NOTICE)} == {chat.lead_id}
        assert (await session.get_one(Lead, chat.lead_id)).name == "<i>Ann</i>"


def _other(field: str) -> dict[str, Any]:
    return {"trigger": {"source": "other"}, "nodes": [ask(field)]}
