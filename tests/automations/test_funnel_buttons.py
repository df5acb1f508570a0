"""What a follow-up says in whose language, and where its buttons lead."""

from typing import Any

from stage import Stage

from domain.products import add_product
from domain.setups import CreatorSetup
from kit.money import Money
from store.models import Lead, Person, Product

BUTTONS = [
    {"text": {"en": "Look", "de": "Ansehen"}, "url": "{{ creator.site }}?by={{ lead.first_name }}"},
    {"text": "Buy", "product": "pack"},
    {"text": {"de": "Reden", "en": "Talk"}, "flow": "hello"},
    {"text": "Gone", "product": "gone"},
]


async def _opened(stage: Stage) -> Lead:
    text = {"en": "Hi {{ lead.first_name|there }}", "de": "Hallo {{ lead.first_name|du }}"}
    step = {"key": "say", "do": "send", "text": text, "buttons": BUTTONS}
    await stage.open(hello={"trigger": {"event": "lead.captured"}, "steps": [step]})
    stage.published.setups[stage.creator_id] = CreatorSetup(language="de", values={"site": "https://s.example/"})
    async with stage.database.transaction() as session:
        await add_product(
            session,
            creator_id=stage.creator_id,
            title="Pack",
            slug="pack",
            price=Money(1900, "usd"),
            now=stage.clock(),
        )
    return await stage.lead()


async def _said(stage: Stage) -> dict[str, Any]:
    await stage.route()
    await stage.step_all()
    await stage.send_all()
    (row,) = await stage.outbox()
    assert row.message is not None
    return row.message


async def test_buttons_lead_to_a_page_a_product_and_a_flow_and_what_is_gone_is_left_out(stage: Stage):
    await _opened(stage)
    said = await _said(stage)
    (look,), (buy,), (talk,) = said["buttons"]
    assert (look["text"], look["url"]) == ("Look", "https://s.example/?by=Lena")
    async with stage.database.reading() as session:
        product = await session.get_one(Product, int(buy["data"].removeprefix("product:")))
        assert product.slug == "pack"
    assert (talk["text"], talk["data"]) == ("Talk", f"begin:{stage.creator_id}:hello")
    assert said["text"].startswith("Hi Lena")


async def test_whoever_speaks_neither_language_reads_the_creators(stage: Stage):
    lead = await _opened(stage)
    async with stage.database.transaction() as session:
        (await session.get_one(Person, lead.person_id)).language_chosen = "fr"
    said = await _said(stage)
    assert said["text"].startswith("Hallo Lena")
    assert [row[0]["text"] for row in said["buttons"]] == ["Ansehen", "Buy", "Reden"]


async def test_a_funnel_without_a_trigger_begins_by_no_event(stage: Stage):
    await stage.open(quiet={"steps": [{"key": "say", "do": "send", "text": "Hi"}]})
    await stage.lead()
    assert await stage.route() == 1
    assert await stage.enrollments() == []
