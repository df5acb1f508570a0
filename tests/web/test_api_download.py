"""`GET /api/v1/download/{product_id}`: what one owns, as /library in the chat has it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from file_desk import Desk, a_desk
from sqlalchemy import select, update
from web_world import error_of

from domain.account_leads import lead_for_account
from domain.bundles import put_in_bundle
from domain.entitlements import grant, revoke
from domain.leads import capture_lead
from domain.licence_keys import add_keys
from domain.orders import open_order
from domain.paying import Received, pay_order
from domain.people import Profile, see_person
from domain.pricing import Wish
from domain.setups import CreatorSetup
from kit.money import Money
from store.database import Database
from store.models import (
    Account,
    Channel,
    ChannelPass,
    Entitlement,
    Membership,
    PassState,
    Product,
    ProductKind,
)

DAY = 86_400


@pytest.fixture
async def desk(database: Database, tmp_path: Path) -> AsyncIterator[Desk]:
    async for desk in a_desk(database, tmp_path / "files"):
        yield desk


@pytest.fixture
async def either_desk(either_database: Database, tmp_path: Path) -> AsyncIterator[Desk]:
    async for desk in a_desk(either_database, tmp_path / "files"):
        yield desk


async def owner_of(desk: Desk, *products: int, quantity: int = 1) -> int:
    """An account that has been given these."""
    account = await desk.site.add_account()
    async with desk.site.database.transaction() as session:
        now = desk.site.clock()
        lead = await lead_for_account(session, desk.creator, await session.get_one(Account, account), now=now)
        for product in products:
            await grant(session, lead, product, origin="gift", quantity=quantity, now=now)
    return account


async def buys(desk: Desk, account: int, product: int) -> None:
    async with desk.site.database.transaction() as session:
        now = desk.site.clock()
        lead = await lead_for_account(session, desk.creator, await session.get_one(Account, account), now=now)
        wish, paid = Wish(await session.get_one(Product, product)), Received("stripe", "pi_1", Money(1900, "usd"))
        order = await open_order(
            session, lead, wish, rail="stripe", now=now, good_for=timedelta(hours=1), setup=CreatorSetup()
        )
        await pay_order(session, order, paid, now=now)


async def told(desk: Desk, by: int, product: int) -> dict[str, Any]:
    response = await desk.call("GET", f"/download/{product}", by=by)
    answer: dict[str, Any] = await response.json()
    assert response.status == 200, answer
    return answer


async def load(desk: Desk, url: str) -> tuple[int, bytes]:
    response = await desk.client.get(url.removeprefix("https://spark.example"))
    return response.status, await response.read()


async def test_an_owner_loads_every_file_by_links_that_are_counted(either_desk: Desk):
    desk, product = either_desk, await either_desk.product()
    owner = await owner_of(desk, product)
    # it is theirs, and still to come
    empty = await told(desk, owner, product)
    assert (empty["access_type"], empty["ready"], empty["download_url"], empty["files"]) == ("file", False, None, [])
    for name, content in (("a.zip", b"first"), ("b.zip", b"second")):
        await desk.send(f"/products/{product}/files", content, name)
    given = await told(desk, owner, product)
    assert (given["product_title"], given["ready"], given["expires_in"]) == ("Pack", True, 30 * DAY)
    first, second = given["files"]
    assert (first["file_name"], second["file_name"], given["download_url"]) == ("a.zip", "b.zip", first["download_url"])
    # asked again before it was used, it is the same link
    assert (await told(desk, owner, product))["download_url"] == first["download_url"]
    assert await load(desk, second["download_url"]) == (200, b"second")
    for _ in range(5):
        assert await load(desk, first["download_url"]) == (200, b"first")
    assert (await load(desk, first["download_url"]))[0] == 410
    fresh = (await told(desk, owner, product))["download_url"]
    assert (fresh == first["download_url"], await load(desk, fresh)) == (False, (200, b"first"))
    # whoever has no chat has got it by this
    async with desk.site.database.reading() as session:
        assert (await session.scalars(select(Entitlement.delivered_at))).one() == desk.site.clock()
    # and by a link that is there nobody gets what was taken back
    async with desk.site.database.transaction() as session:
        await revoke(session, (await session.scalars(select(Entitlement))).one(), by="refund", now=desk.site.clock())
    assert (await load(desk, second["download_url"]))[0] == 403


async def test_keys_addresses_channels_and_bundles_are_told_as_in_the_chat(either_desk: Desk):
    desk, now = either_desk, either_desk.site.clock()
    keys, link = await desk.product("Keys", ProductKind.LICENCE_KEY), await desk.product("Link", ProductKind.LINK)
    channel, bundle = await desk.product("Room", ProductKind.CHANNEL), await desk.product("All", ProductKind.BUNDLE)
    service = await desk.product("Call", ProductKind.SERVICE)
    async with desk.site.database.transaction() as session:
        await session.execute(update(Product).where(Product.id == link).values(url="https://example.com/members"))
        await session.execute(update(Product).where(Product.id == channel).values(chat_id=-100))
        await session.execute(update(Product).where(Product.id == service).values(instructions="Write to me."))
        whole = await session.get_one(Product, bundle)
        for part in (keys, link):
            await put_in_bundle(session, whole, part, now=now)
    owner = await owner_of(desk, channel, service)
    await buys(desk, owner, bundle)
    given = await told(desk, owner, bundle)
    assert (given["access_type"], given["download_url"]) == ("bundle", None)
    assert [each["title"] for each in given["products"]] == ["Keys", "Link"]
    # keys that have run out come later
    waits = await told(desk, owner, keys)
    assert (waits["ready"], waits["keys"]) == (False, [])
    async with desk.site.database.transaction() as session:
        await add_keys(session, await session.get_one(Product, keys), ["AAAA-1", "AAAA-2"], now=now)
    given = await told(desk, owner, keys)
    assert (given["access_type"], given["ready"], given["keys"]) == ("licence_key", True, ["AAAA-1"])
    assert (await told(desk, owner, keys))["keys"] == ["AAAA-1"]
    given = await told(desk, owner, link)
    assert (given["access_type"], given["download_url"], given["expires_in"]) == (
        "link",
        "https://example.com/members",
        None,
    )
    assert (await told(desk, owner, service))["instructions"] == "Write to me."
    # the way into a channel is made in the chat
    given = await told(desk, owner, channel)
    assert (given["ready"], given["download_url"], given["chat_url"]) == (False, None, "https://t.me/spark_bot")
    async with desk.site.database.transaction() as session:
        session.add(
            Channel(
                bot_id=1,
                chat_id=-100,
                creator_id=desk.creator,
                title="R",
                may_invite=True,
                may_remove=True,
                seen_at=now,
            )
        )
        await session.execute(
            update(ChannelPass).values(state=PassState.INVITED, invite_link="https://t.me/+abc", changed_at=now)
        )
    given = await told(desk, owner, channel)
    assert (given["access_type"], given["ready"], given["download_url"]) == ("channel", True, "https://t.me/+abc")
    desk.site.clock.pass_time(days=8)
    assert (await told(desk, owner, channel))["download_url"] is None


async def test_who_owns_nothing_and_who_owns_it_no_longer_is_refused(desk: Desk):
    product, hidden = await desk.product(), await desk.product("Hidden")
    async with desk.site.database.transaction() as session:
        await session.execute(update(Product).where(Product.id == hidden).values(active=False))
    owner = await owner_of(desk, product, hidden)
    other = await owner_of(desk)
    for by, which, status, code in (
        (other, product, 404, "NOT_BOUGHT"),
        (desk.stranger, product, 404, "NOT_BOUGHT"),
        (other, hidden, 404, "NO_SUCH_PRODUCT"),
        (owner, 99, 404, "NO_SUCH_PRODUCT"),
    ):
        response = await desk.call("GET", f"/download/{which}", by=by)
        assert (response.status, (await error_of(response))["code"]) == (status, code)
    # off sale it stays theirs
    assert (await told(desk, owner, hidden))["product_title"] == "Hidden"
    async with desk.site.database.transaction() as session:
        for right in await session.scalars(select(Entitlement).where(Entitlement.product_id == product)):
            await revoke(session, right, by="refund", now=desk.site.clock())
    response = await desk.call("GET", f"/download/{product}", by=owner)
    assert (response.status, (await error_of(response))["code"]) == (410, "TAKEN_BACK")


async def test_whoever_acts_for_the_creator_loads_their_own(either_desk: Desk):
    desk, product = either_desk, await either_desk.product()
    await desk.send(f"/products/{product}/files", b"whole")
    given = await told(desk, desk.account, product)
    assert (given["ready"], given["expires_in"]) == (True, 30 * DAY)
    assert await load(desk, given["download_url"]) == (200, b"whole")
    # as long as they act for them, and not a moment longer
    async with desk.site.database.transaction() as session:
        await session.execute(update(Membership).where(Membership.account_id == desk.account).values(owner=False))
    assert (await load(desk, given["download_url"]))[0] == 403
    assert (await desk.call("GET", f"/download/{product}")).status == 404


async def test_what_a_chat_has_bought_is_its_accounts_too(desk: Desk):
    product, account = await desk.product(), await desk.site.add_account()
    await desk.send(f"/products/{product}/files", b"whole")
    async with desk.site.database.transaction() as session:
        now = desk.site.clock()
        person = await see_person(session, 1, Profile(2001, "Lena", None, "en"), now=now)
        lead, _ = await capture_lead(session, desk.creator, person, source=None, now=now)
        await grant(session, lead, product, origin="gift", now=now)
        (await session.get_one(Account, account)).person_id = person.id
    assert await load(desk, (await told(desk, account, product))["download_url"]) == (200, b"whole")
    async with desk.site.database.reading() as session:
        # what the chat is still to get is on its way there
        assert (await session.scalars(select(Entitlement.delivered_at))).one() is None
