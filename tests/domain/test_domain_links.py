from dataclasses import replace

import pytest
from folk import NOW, Folk, a_creator, an_order, events, money, some_folk
from sqlalchemy import func, select, update

from domain.ideas import add_idea
from domain.links import archive_link, find_link, link_source, make_link, note_touch, own_link
from domain.paying import pay_order
from domain.setups import CreatorSetup
from kit.errors import Invalid, NotFound
from store.database import Database
from store.models import Lead, Link, LinkTarget, Product, Touch
from store.queries.links import link_result, list_links

SETUP = CreatorSetup(flows=frozenset({"welcome"}), funnels=frozenset({"nurture"}))


async def _link(database: Database, folk: Folk, target: LinkTarget, name: str, **more: object) -> Link:
    async with database.transaction() as session:
        return await make_link(session, folk.creator, SETUP, target=target, name=name, now=NOW, **more)  # type: ignore[arg-type]


async def test_a_link_has_a_short_opaque_key_that_starts_it_and_a_title(database: Database):
    folk = await some_folk(database)
    made = await _link(database, folk, LinkTarget.FLOW, "welcome", title="  Insta   bio ", utm={"source": "instagram"})
    assert made.key.isalnum()
    assert len(made.key) <= 64
    assert made.title == "Insta bio"
    async with database.reading() as session:
        found = await find_link(session, made.key)
        assert found is not None
        assert (found.id, found.utm) == (made.id, {"source": "instagram"})
        assert link_source(found) == "instagram"
        assert await find_link(session, "nothing") is None


async def test_a_link_leads_to_a_flow_product_funnel_or_idea_that_is_there(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        idea = await add_idea(session, creator_id=folk.creator, title="Studio tour", now=NOW)
        slug = await session.scalar(select(Product.slug).where(Product.id == folk.product))
    assert (await _link(database, folk, LinkTarget.START, "")).title == "Start"
    assert (await _link(database, folk, LinkTarget.FUNNEL, "nurture")).title == "nurture"
    assert (await _link(database, folk, LinkTarget.PRODUCT, str(slug))).title == "Preset <pack>"
    assert (await _link(database, folk, LinkTarget.IDEA, str(idea.number))).title == "Studio tour"


@pytest.mark.parametrize(
    ("target", "name", "said"),
    [
        (LinkTarget.FLOW, "welcom", "there are: welcome"),
        (LinkTarget.FUNNEL, "other", "there are: nurture"),
        (LinkTarget.PRODUCT, "gone", "no product “gone”"),
        (LinkTarget.IDEA, "77", "no idea “77”"),
        (LinkTarget.IDEA, "9" * 30, "no idea"),
        (LinkTarget.PACKAGE, "gold", "no package “gold”"),
    ],
)
async def test_a_link_to_nowhere_is_refused_with_what_there_is(
    database: Database, target: LinkTarget, name: str, said: str
):
    folk = await some_folk(database)
    with pytest.raises(Invalid, match=said):
        await _link(database, folk, target, name)
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Link)) == 0


@pytest.mark.parametrize("utm", [{"sauce": "x"}, {"source": "x" * 101}, {"source": ""}, {"source": "a\nb"}])
async def test_a_utm_field_that_is_none_is_refused(database: Database, utm: dict[str, str]):
    folk = await some_folk(database)
    with pytest.raises(Invalid, match="utm_source"):
        await _link(database, folk, LinkTarget.START, "", utm=utm)


async def test_every_touch_is_kept_and_counted_with_what_it_brought(database: Database):
    folk = await some_folk(database)
    made = await _link(database, folk, LinkTarget.START, "", title="Card")
    async with database.transaction() as session:
        lead = await session.get_one(Lead, folk.lead)
        await note_touch(session, lead, link=None, source=None, now=NOW)
        await note_touch(session, lead, link=None, source="ad42", now=NOW)
        for _ in range(2):
            await note_touch(session, lead, link=made, source=None, now=NOW)
        await session.execute(update(Lead).where(Lead.id == lead.id).values(link_id=made.id))
        order = await an_order(session, folk)
        await pay_order(session, order, money(), now=NOW)
    async with database.reading() as session:
        touched = (await session.execute(select(Touch.source, Touch.link_id).order_by(Touch.id))).all()
        assert [tuple(row) for row in touched] == [("ad42", None), ("card", made.id), ("card", made.id)]
        assert (await events(session, "lead.touched")) == ["lead.touched"] * 3
        result = await link_result(session, made.id)
    assert (result.first_leads, result.touches, result.touched_leads) == (1, 2, 1)
    assert (result.orders, result.revenue) == (1, {"usd": 1900})


async def test_a_link_put_away_starts_nothing_and_is_not_listed_but_stays_to_be_looked_at(database: Database):
    folk = await some_folk(database)
    made = await _link(database, folk, LinkTarget.START, "")
    async with database.transaction() as session:
        link = await own_link(session, folk.creator, made.id)
        assert await archive_link(session, link, now=NOW)
        assert not await archive_link(session, link, now=NOW)
    async with database.reading() as session:
        # whoever still comes by it is counted
        assert await find_link(session, made.key) is not None
        assert await list_links(session, folk.creator, limit=10) == []
        assert (await own_link(session, folk.creator, made.id)).archived_at == NOW


async def test_another_creators_link_is_not_found(database: Database):
    folk = await some_folk(database)
    made = await _link(database, folk, LinkTarget.START, "")
    async with database.transaction() as session:
        other = await a_creator(session, "other", telegram_id=1002)
        with pytest.raises(NotFound, match=f"no link {made.id}"):
            await own_link(session, other.id, made.id)


def test_a_setup_without_clicks_leads_no_link_through_spark():
    assert SETUP.tracker is None
    assert replace(SETUP, track_clicks=True).tracker is None
