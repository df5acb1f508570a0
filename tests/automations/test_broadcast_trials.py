"""A broadcast tried out by whoever writes it: in their words where they are a lead, and with nobody else's links."""

from stage import BOT, Stage

from automations.broadcast_trials import trial_message
from domain.broadcasts.acts import draft_broadcast
from domain.broadcasts.definition import BroadcastButton, Content, Variant, Wording
from domain.clicks import Tracker
from domain.fields import LeadFieldSpec
from domain.messages.plain import Message
from domain.pay_links import PayLinks
from domain.people import Profile, see_person
from domain.products import add_product
from domain.setups import CreatorSetup
from domain.shown import showing
from kit.money import Money

PAGE = "https://example.com/presets"
KEY = b"k" * 32


async def tried(stage: Stage, telegram_id: int) -> Message:
    """By somebody of that number, when Lena alone is a lead."""
    links = {
        "pay_links": PayLinks("https://spark.example", KEY),
        "tracker": Tracker("https://spark.example", KEY, {PAGE: 1}),
    }
    stage.published.setups[stage.creator_id] = CreatorSetup(**links)
    buttons = [{"text": "Look", "url": PAGE}, {"text": "Buy", "pay": "preset-pack"}]
    wording = Wording(
        text="For {{ lead.first_name }}{{ lead.topic }}",
        buttons=tuple(BroadcastButton.model_validate(each) for each in buttons),
    )
    async with stage.database.transaction() as session:
        await add_product(
            session, creator_id=stage.creator_id, title="Preset pack", price=Money(1900, "usd"), now=stage.clock()
        )
        content = Content(variants=(Variant(wordings={"en": wording}),))
        setup = CreatorSetup(fields={"topic": LeadFieldSpec()})
        news = await draft_broadcast(session, stage.creator_id, None, content, setup=setup, now=stage.clock())
        person = await see_person(session, BOT, Profile(telegram_id, "Ada", None, "en"), now=stage.clock())
        by = showing(stage.published, stage.creator_id)
        return await trial_message(session, news, person, by, variant=0, language="en", now=stage.clock())


async def test_a_lead_of_their_own_reads_what_is_known_of_them_with_their_links(stage: Stage):
    await stage.open()
    await stage.lead(100, "Lena")
    message = await tried(stage, 100)
    assert message.text.startswith("For Ada\n")
    assert "/stop" in message.text
    (look,), (buy,) = message.buttons
    assert str(look.url).startswith("https://spark.example/r/")
    assert str(buy.url).startswith("https://spark.example/")


async def test_somebody_who_is_no_lead_reads_of_one_and_gets_no_link_of_theirs(stage: Stage):
    await stage.open()
    await stage.lead(100, "Lena")
    message = await tried(stage, 900)
    assert message.text.startswith("For Lena\n")
    (look,), (buy,) = message.buttons
    assert look.url == PAGE
    assert (buy.url, buy.data) == (None, "product:1")
