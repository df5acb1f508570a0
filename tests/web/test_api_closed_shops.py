"""A business none of whose owners is active sells nothing; what is open is called off, and late money goes back."""

import pytest
from shop_world import ApiShop
from sqlalchemy import select

from domain.accounts import add_account
from domain.administration import move_account, reactivate
from domain.leads import capture_lead
from domain.leaving import delete_account
from domain.open_shops import check_open
from domain.people import Profile, see_person
from domain.pricing import NotForSale
from payments.reconciling import Reconciler
from store.models import (
    Account,
    AccountState,
    Broadcast,
    BroadcastState,
    Creator,
    Order,
    OutboxMessage,
    Product,
    Refund,
    Role,
)


async def move(shop: ApiShop, account: int, state: AccountState) -> None:
    async with shop.site.database.transaction() as session:
        now = shop.site.clock()
        if state is AccountState.DELETED:
            await delete_account(session, account, now=now)
        elif state is AccountState.ACTIVE:
            await reactivate(session, account, now=now)
        else:
            await move_account(session, account, state, by=0, now=now)


async def look_up(shop: ApiShop) -> None:
    await Reconciler(shop.site.database, shop.site.clock, shop.site.rails).look_up_due()


async def titles(shop: ApiShop) -> list[str]:
    found = await shop.get("/products", by=shop.buyer)
    assert found["total"] == len(found["items"])
    return [each["title"] for each in found["items"]]


async def test_what_is_open_is_called_off_when_its_business_closes(either_shop: ApiShop):
    shop = either_shop
    pack = await shop.add("Pack", stock=3)
    asked = await shop.done("POST", f"/purchase/{pack}", {}, by=shop.buyer, status=201)
    await shop.order({"product_id": pack})
    assert await shop.stock(pack) == (1, 2, 0)
    await move(shop, shop.seller, AccountState.DELETED)
    await look_up(shop)
    assert await shop.stock(pack) == (3, 0, 0)
    page = await shop.stage.stripe.v1.checkout.sessions.retrieve_async(asked["session_id"])
    assert page.status == "expired"


async def test_money_that_comes_to_a_closed_business_goes_back_by_itself(either_shop: ApiShop):
    shop = either_shop
    async with shop.site.database.transaction() as session:
        root = await see_person(session, 7, Profile(9001, "Root", None, "en"), now=shop.site.clock())
        admin = await add_account(session, role=Role.ADMIN, name="Root", now=shop.site.clock())
        admin.person_id = root.id
    pack = await shop.add("Pack", stock=3)
    asked = await shop.done("POST", f"/purchase/{pack}", {}, by=shop.buyer, status=201)
    await move(shop, shop.seller, AccountState.DELETED)
    # before anybody has closed the page
    await shop.stage.outcome(asked["session_id"], "paid")
    await shop.hear()
    page = await (await shop.client.get(f"/bought/{asked['session_id']}")).text()
    assert "can no longer be handed over" in page
    assert "just gone" not in page
    await shop.give_back()
    async with shop.site.database.reading() as session:
        refund = (await session.scalars(select(Refund))).one()
        assert (refund.amount_minor, await session.scalar(select(Order.total_minor))) == (1900, 1900)
        told = (await session.scalars(select(OutboxMessage).where(OutboxMessage.person_id == root.id))).one()
        assert "which is closed" in str(told.message)
    assert (await shop.stock(pack), await shop.owned()) == ((3, 0, 0), 0)


async def test_what_is_open_of_a_deleted_account_is_called_off_and_late_money_goes_back_by_itself(either_shop: ApiShop):
    shop = either_shop
    pack = await shop.add("Pack", stock=3)
    asked = await shop.done("POST", f"/purchase/{pack}", {}, by=shop.buyer, status=201)
    unasked = await shop.order({"product_id": pack}, by=shop.buyer)
    paid = await shop.done("POST", f"/purchase/{pack}", {}, by=shop.stranger, status=201)
    for buyer in (shop.buyer, shop.stranger):
        await move(shop, buyer, AccountState.DELETED)
    page = await shop.client.get(unasked["pay_url"].removeprefix(shop.site.public_url), allow_redirects=False)
    assert page.status == 409
    # before anybody has closed the page
    await shop.stage.outcome(paid["session_id"], "paid")
    await shop.hear()
    await look_up(shop)
    closed = await shop.stage.stripe.v1.checkout.sessions.retrieve_async(asked["session_id"])
    assert (closed.status, await shop.stock(pack), await shop.owned()) == ("expired", (3, 0, 0), 0)
    async with shop.site.database.reading() as session:
        refund = (await session.scalars(select(Refund))).one()
        assert (refund.order_id, refund.amount_minor) == (paid["order_id"], 1900)


async def test_the_shop_of_a_suspended_owner_is_closed_until_they_are_back(either_shop: ApiShop):
    shop = either_shop
    pack = await shop.add("Pack", category="film")
    member = await shop.add_member()
    await shop.done("PUT", "/profile/creator", {"public": True})
    for number in (1, 2):
        await shop.done("POST", "/broadcasts", {"text": "Hi", "segment": "all"}, status=201)
        await shop.done("POST", f"/broadcasts/{number}/schedule", {"at": "2027-01-01T12:00:00Z"})
    await shop.done("POST", "/broadcasts/2/unschedule")
    await shop.done("POST", "/broadcasts/2/send", {})
    shown = ("/products/categories", "/platform/categories/stats", "/platform/recent", "/profile/creators")
    assert [(await shop.get(each, by=shop.buyer))["total"] for each in shown] == [1, 1, 1, 1]
    waiting = await shop.order({"product_id": pack}, by=shop.buyer)
    assert await titles(shop) == ["Pack"]
    for state in (AccountState.SUSPENDED, AccountState.BANNED):
        await move(shop, shop.seller, state)
        assert await titles(shop) == []
        assert [(await shop.get(each, by=shop.buyer))["total"] for each in shown] == [0, 0, 0, 0]
        for each in (f"/products/{pack}", "/profile/creators/ada"):
            assert (await shop.call("GET", each, by=shop.buyer)).status == 404
        for each in (f"/products/{pack}/reviews", f"/products/{pack}/image"):
            assert (await shop.refused("GET", each, by=shop.buyer))[1] == "NO_SUCH_PRODUCT"
        for path, body in (("/orders", {"lines": [{"product_id": pack}]}), (f"/purchase/{pack}", {})):
            assert (await shop.refused("POST", path, body, by=shop.buyer))[:2] == (409, "NOT_FOR_SALE")
        page = await shop.client.post(waiting["pay_url"].removeprefix(shop.site.public_url), allow_redirects=False)
        assert page.status == 409
        async with shop.site.database.reading() as session:
            held = (await session.scalars(select(Broadcast.state).order_by(Broadcast.id))).all()
            assert held == [BroadcastState.DRAFT, BroadcastState.PAUSED]
    await move(shop, shop.seller, AccountState.ACTIVE)
    assert await titles(shop) == ["Pack"]
    await shop.done("POST", f"/purchase/{pack}", {}, by=shop.buyer, status=201)
    # with another owner who is active it stays open, and a member's right is none
    await move(shop, member, AccountState.SUSPENDED)
    second = await shop.site.add_account(shop.creator)
    await move(shop, shop.seller, AccountState.SUSPENDED)
    assert await titles(shop) == ["Pack"]
    await move(shop, second, AccountState.SUSPENDED)
    assert await titles(shop) == []


async def test_whoever_is_banned_orders_nothing_in_the_chat_either(either_shop: ApiShop):
    shop = either_shop
    now = shop.site.clock()
    async with shop.site.database.transaction() as session:
        person = await see_person(session, 7, Profile(2001, "Lena", None, "en"), now=now)
        lead, _ = await capture_lead(session, shop.creator, person, source="", now=now)
        (await session.get_one(Account, shop.buyer)).person_id = person.id
        await check_open(session, lead)
    for state, why in ((AccountState.SUSPENDED, "suspended"), (AccountState.BANNED, "banned")):
        await move(shop, shop.buyer, state)
        async with shop.site.database.transaction() as session:
            with pytest.raises(NotForSale) as refused:
                await check_open(session, lead)
            assert refused.value.why is not None
            assert refused.value.why.key == f"refused-account_{why}"
    async with shop.site.database.reading() as session:
        assert await session.scalar(select(Creator.closed_at).where(Creator.id == shop.creator)) is None
        assert (await session.scalars(select(Product))).all() == []
