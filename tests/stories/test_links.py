"""Where leads come from, and what they click."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from sqlalchemy import select
from world import PersonOfTheWorld, World, a_world, begin_studio

from domain.creators import add_creator
from domain.links import archive_link, make_link
from store.models import Event, Lead, LinkTarget, Touch

CONFIG = """
telegram:
  default_creator: studio
creators:
  studio:
    name: Studio North
    track_clicks: true
    flows:
      welcome:
        trigger: start
        nodes:
          - {key: hi, do: say, text: 'Hello! <a href="https://example.com/a?b=1&amp;c=2">Look here</a>',
             buttons: [{text: Our page, url: 'https://example.com/page'}]}
      talk:
        trigger: {source: talk}
        nodes:
          - {key: topic, do: ask, kind: text, field: name, text: What is it about?}
    funnels:
      lessons:
        trigger: {event: lead.captured}
        steps:
          - {key: a-day, do: wait, time: 1d}
          - {key: first, do: send, text: Here is lesson one}
      news:
        steps:
          - {key: a-day, do: wait, time: 1d}
          - {key: first, do: send, text: The news}
"""


@pytest_asyncio.fixture
async def studio(store_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(store_url, tmp_path, CONFIG) as world:
        await begin_studio(world)
        yield world


async def _key(creator: PersonOfTheWorld, command: str, title: str) -> str:
    """Makes a link, and reads its key under the picture of its QR code."""
    await creator.say(command)
    said = await creator.hears(title)
    assert said.raw["photo"]
    return said.text.rpartition("?start=")[2].split()[0]


async def test_a_link_leads_to_its_product_and_counts_the_lead_and_every_later_touch(studio: World):
    cora, lena = studio.creator, await studio.person("Lena")
    key = await _key(cora, '/link product preset-pack "Story of May" utm_source=instagram', "Story of May")
    other = await _key(cora, "/link start Card", "Card")
    await lena.say(f"/start {key}")
    card = await lena.hears("Preset pack")
    assert "Buy for" in card.labels[0]
    await lena.say(f"/start {other}")
    await lena.hears("Hello!")
    async with studio.spark.database.reading() as session:
        lead = (await session.scalars(select(Lead).join(Touch, Touch.lead_id == Lead.id).limit(1))).one()
        touches = (await session.scalars(select(Touch.source).order_by(Touch.id))).all()
    assert lead.source == "instagram"
    assert touches == ["instagram", "card"]
    await cora.say("/link 1")
    assert "1 new lead, opened once by 1 person" in (await cora.hears("1 new lead")).text
    await cora.say("/link 2")
    await cora.hears("0 new leads, opened once by 1 person")


async def test_a_link_to_a_flow_begins_it_and_one_put_away_is_a_plain_start(studio: World):
    cora, lena = studio.creator, await studio.person("Lena")
    key = await _key(cora, "/link flow talk", "talk")
    await lena.say(f"/start {key}")
    await lena.hears("What is it about?")
    await lena.say("Light")
    await cora.tap("Put away")
    await cora.hears("is put away")
    otto = await studio.person("Otto")
    await otto.say(f"/start {key}")
    await otto.hears("Hello!")
    assert await otto.count("What is it about?") == 0
    # where they came from is counted as ever
    async with studio.spark.database.reading() as session:
        sources = list(await session.scalars(select(Lead.source).order_by(Lead.id)))
        touches = list(await session.scalars(select(Touch.source).order_by(Touch.id)))
    assert sources == ["talk", "talk"]
    assert touches == ["talk", "talk"]


async def test_a_link_put_away_still_leads_to_its_own_creator(studio: World):
    async with studio.spark.database.transaction() as session:
        other = (await add_creator(session, name="Atelier", slug="atelier", now=studio.clock())).creator
        setup = studio.spark.intake.facts.published.setup(other.id)
        link = await make_link(
            session, other.id, setup, target=LinkTarget.START, name="", title="Card", now=studio.clock()
        )
        assert await archive_link(session, link, now=studio.clock())
    lena = await studio.person("Lena")
    await lena.say(f"/start {link.key}")
    await lena.hears("Atelier")
    async with studio.spark.database.reading() as session:
        lead = (await session.scalars(select(Lead))).one()
    assert (lead.creator_id, lead.source) == (other.id, "card")


async def test_a_link_is_made_by_buttons_too(studio: World):
    cora = studio.creator
    await cora.say("/link")
    await cora.hears("No links yet")
    await cora.tap("New link")
    await cora.tap("product")
    await cora.tap("Video course")
    said = await cora.hears("Video course")
    assert "product video-course" in said.text
    await cora.say("/link")
    assert (await cora.hears("Your links")).labels[0] == "1. Video course"


async def test_a_wrong_link_gets_one_line_with_the_right_form(studio: World):
    cora, lena = studio.creator, await studio.person("Lena")
    for wrong, said in (
        ("/link nonsense", "Like this: /link flow"),
        ('/link flow "open', "Like this: /link flow"),
        ("/link flow", "Like this: /link flow"),
        ("/link flow nowhere", "There is no flow “nowhere”; there are: talk, welcome"),
        ("/link product x utm_sauce=1", "You have no product “x”"),
        ("/link 99", "You have no link 99"),
        ("/link package gold", "You have no package “gold”"),
        ("/link flow welcome bar=2", "Like this: /link flow"),
        ("/link flow welcome Bio titel=Bio", "Like this: /link flow"),
        ("/link start bar=2", "Like this: /link flow"),
        ("/link flow welcome Bio title=Bio", "Like this: /link flow"),
        ("/link flow welcome title=", "Like this: /link flow"),
        ("/link flow welcome title=A title=B", "Like this: /link flow"),
        ("/link flow welcome utm_source=a UTM_source=b", "Like this: /link flow"),
        ("/link flow welcome utm_source=", "utm_source needs a value, like utm_source=instagram"),
        ("/link flow welcome utm_sauce=1", "utm_sauce is none of utm_source"),
    ):
        before = await cora.count(said)
        await cora.say(wrong)
        await cora.hears(said, times=before + 1)
    await cora.say("/link")
    await cora.hears("No links yet")
    await cora.say('/link flow talk title="A b" UTM_Source=instagram')
    assert "utm_source: instagram" in (await cora.hears("🔗 A b (link 1)")).text
    await lena.say("/link flow talk")
    await lena.hears("This is for creators")


async def test_clicks_are_counted_where_the_creator_wants_it_and_lead_on(studio: World):
    lena = await studio.person("Lena")
    await lena.say("/start")
    said = await lena.hears("Look here")
    through = said.button("Our page")["url"]
    public = studio.loaded.settings.public_url
    assert through.startswith(f"{public}/r/")
    async with studio._http.get(through, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (302, "https://example.com/page")
    async with studio.spark.database.reading() as session:
        clicks = (await session.execute(select(Event.lead_id, Event.subject).where(Event.name == "link.clicked"))).all()
    assert len(clicks) == 1
    assert clicks[0].subject.startswith("url:")


async def test_whoever_comes_by_the_link_of_a_funnel_goes_through_it_once(studio: World):
    cora, lena = studio.creator, await studio.person("Lena")
    keys = [await _key(cora, f"/link funnel lessons {title}", title) for title in ("Bio", "Card")]
    for key in keys:
        await lena.say(f"/start {key}")
    await lena.hears("Hello!")
    await studio.skip(days=1)
    await lena.hears("Here is lesson one")
    await lena.say(f"/start {keys[0]}")
    await studio.skip(days=3)
    assert await lena.count("Here is lesson one") == 1


async def test_whoever_wants_no_follow_ups_is_asked_when_they_come_by_the_link_of_one(studio: World):
    cora, lena = studio.creator, await studio.person("Lena")
    key = await _key(cora, "/link funnel news", "news")
    await lena.say("/language de")
    await lena.say("/stop")
    await lena.hears("keine Nachrichten mehr")
    await lena.say(f"/start {key}")
    await lena.hears("bekommst du nur, wenn du das sagst")
    await studio.skip(days=2)
    assert await lena.count("The news") == 0
    await lena.tap("Ja, schickt mir Nachrichten")
    await lena.hears("erreichen dich jetzt")
    await studio.skip(days=1)
    await lena.hears("The news")
