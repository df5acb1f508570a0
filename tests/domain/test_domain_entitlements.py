"""Rights: granted once, taken back, given back, and what of it others keep."""

import asyncio
from datetime import timedelta

import pytest
from folk import NOW, Folk, a_creator, a_lead, a_product, an_order, arrives, events, money, notices, promised, some_folk
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.channel_passes import begin_invite, claim_removals, note_invite, settle_removal
from domain.channels import Seen, see_channel, see_join
from domain.deliveries import NotOwned, deliver_again, deliver_waiting
from domain.entitlements import grant, owns, restore, restore_order, revoke, revoke_order
from domain.licence_keys import GROUP_LENGTH, GROUPS, LETTERS, add_keys, count_keys, keys_of, new_key, read_keys
from domain.paying import pay_order
from domain.shipping import NothingToShip, ship_order
from kit.errors import Invalid
from store.database import Database
from store.models import (
    BundleItem,
    ChannelPass,
    Entitlement,
    Lead,
    LicenceKey,
    Order,
    OrderState,
    OutboxKind,
    OutboxState,
    PassState,
    Product,
    ProductKind,
)

CHAT = -1002000000001


async def owner(session: AsyncSession, folk: Folk) -> Lead:
    return await session.get_one(Lead, folk.lead)


async def become(database: Database, folk: Folk, kind: ProductKind, **values: object) -> None:
    async with database.transaction() as session:
        await session.execute(update(Product).where(Product.id == folk.product).values(kind=kind, **values))


async def give(database: Database, folk: Folk, origin: str = "gift", *, quantity: int = 1) -> int:
    """Grants the product and returns the right."""
    async with database.transaction() as session:
        await grant(session, await owner(session, folk), folk.product, origin=origin, quantity=quantity, now=NOW)
        return (await session.scalars(select(Entitlement.id).where(Entitlement.origin == origin))).one()


async def take(database: Database, right: int, by: str = "hand") -> bool:
    async with database.transaction() as session:
        return await revoke(session, await session.get_one(Entitlement, right), by=by, now=NOW)  # type: ignore[arg-type]


async def open_channel(database: Database, folk: Folk, **rights: bool) -> None:
    seen = Seen(7000000009, CHAT, "Inner circle", **{"may_invite": True, "may_remove": True, **rights}, by=1001)
    async with database.transaction() as session:
        await see_channel(session, seen, now=NOW)


async def test_what_is_taken_back_is_owned_no_more_and_what_was_on_its_way_does_not_go_out(database: Database):
    folk = await some_folk(database)
    right = await give(database, folk)
    assert await take(database, right)
    assert not await take(database, right)
    async with database.transaction() as session:
        assert not await owns(session, folk.lead, folk.product)
        with pytest.raises(NotOwned):
            await deliver_again(session, await owner(session, folk), right, "en", now=NOW)
        assert [row.state for row in await promised(session, OutboxKind.DELIVERY)] == [OutboxState.CANCELLED]
        assert await events(session, "entitlement.revoked") == ["entitlement.revoked"]


async def test_what_is_given_back_is_handed_over_once_more(database: Database):
    folk = await some_folk(database)
    right = await give(database, folk)
    await take(database, right)
    async with database.transaction() as session:
        entitlement = await session.get_one(Entitlement, right)
        assert await restore(session, entitlement, reason="a mistake", now=NOW)
        assert not await restore(session, entitlement, now=NOW)
        assert await owns(session, folk.lead, folk.product)
        assert entitlement.reason == "a mistake"
        states = [row.state for row in await promised(session, OutboxKind.DELIVERY)]
        assert states == [OutboxState.CANCELLED, OutboxState.QUEUED]


async def test_a_dispute_that_is_won_brings_back_only_what_the_dispute_took(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        order = await an_order(session, folk)
        await pay_order(session, order, money(), now=NOW)
    for by, back in (("dispute", 1), ("hand", 0), ("refund", 0)):
        async with database.transaction() as session:
            await revoke_order(session, order.id, by=by, now=NOW)
            assert await restore_order(session, order.id, by="dispute", now=NOW) == back
            await restore_order(session, order.id, by=by, now=NOW)
            assert await owns(session, folk.lead, folk.product)


async def test_a_refund_during_a_dispute_takes_for_good_what_the_dispute_had_taken(database: Database):
    folk = await some_folk(database)
    right = await give(database, folk)
    assert await take(database, right, "dispute")
    assert not await take(database, right, "refund")
    async with database.reading() as session:
        assert (await session.get_one(Entitlement, right)).revoked_by == "refund"
    # and a dispute takes nothing from a refund
    assert not await take(database, right, "dispute")
    async with database.reading() as session:
        assert (await session.get_one(Entitlement, right)).revoked_by == "refund"


async def test_a_bundle_given_by_hand_gives_what_is_in_it(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        lead = await owner(session, folk)
        creator_id = lead.creator_id
        product = await session.get_one(Product, folk.product)
        bundle = Product(
            creator_id=creator_id,
            slug="all",
            title="All",
            description="",
            kind=ProductKind.BUNDLE,
            price_minor=100,
            currency="usd",
            created_at=NOW,
        )
        session.add(bundle)
        await session.flush()
        session.add(BundleItem(bundle_id=bundle.id, product_id=product.id))
        await session.flush()
        assert await grant(session, lead, bundle.id, origin="hand:1", now=NOW)
        assert not await grant(session, lead, bundle.id, origin="hand:1", now=NOW)
        assert await owns(session, folk.lead, folk.product)
        assert not await owns(session, folk.lead, bundle.id)


# Licence keys -------------------------------------------------------------------------------------------------


async def test_each_piece_gets_a_key_of_its_own_and_none_is_given_twice(database: Database):
    folk = await some_folk(database, file=False)
    await become(database, folk, ProductKind.LICENCE_KEY)
    async with database.transaction() as session:
        product = await session.get_one(Product, folk.product)
        added = await add_keys(session, product, read_keys("one\ntwo\r\nthree\n\ntwo\n"), now=NOW)
        assert (added.added, added.doubled) == (3, 1)
    first, second = await give(database, folk, "line:1"), await give(database, folk, "line:2", quantity=2)
    async with database.reading() as session:
        assert list(await keys_of(session, first)) == ["one"]
        assert list(await keys_of(session, second)) == ["two", "three"]
        texts = [str(row.message["text"]) for row in await promised(session, OutboxKind.DELIVERY)]
        assert "<code>one</code>" in texts[0]
        assert "your 2 keys" in texts[1]


async def test_out_of_keys_the_creator_is_told_and_who_waits_gets_theirs_in_order(database: Database):
    folk = await some_folk(database, file=False)
    await become(database, folk, ProductKind.LICENCE_KEY)
    async with database.transaction() as session:
        product = await session.get_one(Product, folk.product)
        await add_keys(session, product, ["one"], now=NOW)
    two, single = await give(database, folk, "line:1", quantity=2), await give(database, folk, "line:2")
    async with database.reading() as session:
        assert await promised(session, OutboxKind.DELIVERY) == []
        told = await notices(session)
        assert sum("not enough keys left" in text for text in told) == 2
        assert sum("You will hear here" in text for text in told) == 2
    async with database.transaction() as session:
        product = await session.get_one(Product, folk.product)
        await add_keys(session, product, ["two"], now=NOW)
        assert await deliver_waiting(session, product, now=NOW) == 1
        # who bought two had the first put by
        assert list(await keys_of(session, two)) == ["one", "two"]
        await add_keys(session, product, ["three"], now=NOW)
        assert await deliver_waiting(session, product, now=NOW + timedelta(minutes=1)) == 1
        assert list(await keys_of(session, single)) == ["three"]


async def test_thirty_who_buy_at_once_share_twenty_keys_without_one_given_twice(database: Database):
    folk = await some_folk(database, file=False)
    await become(database, folk, ProductKind.LICENCE_KEY)
    async with database.transaction() as session:
        product = await session.get_one(Product, folk.product)
        await add_keys(session, product, [f"key {number}" for number in range(20)], now=NOW)

    async def buy(number: int) -> int:
        return await give(database, folk, f"line:{number}")

    rights = await asyncio.gather(*(buy(number) for number in range(30)))
    async with database.reading() as session:
        given = [key for right in rights for key in await keys_of(session, right)]
        assert sorted(given) == sorted(f"key {number}" for number in range(20))
        assert len(await promised(session, OutboxKind.DELIVERY)) == 20
        counts = await count_keys(session, folk.product)
        assert (counts.free, counts.given) == (0, 20)


async def test_keys_that_arrive_while_somebody_buys_pass_nobody_over(database: Database):
    folk = await some_folk(database, file=False)
    await become(database, folk, ProductKind.LICENCE_KEY)

    async def stock_up() -> None:
        async with database.transaction() as session:
            product = await session.get_one(Product, folk.product)
            await add_keys(session, product, [f"key {number}" for number in range(8)], now=NOW)
            await deliver_waiting(session, product, now=NOW)

    buyers = [give(database, folk, f"line:{number}") for number in range(8)]
    await asyncio.gather(*buyers[:4], stock_up(), *buyers[4:])
    async with database.reading() as session:
        assert len(await promised(session, OutboxKind.DELIVERY)) == 8


async def test_a_voided_key_goes_to_nobody_else_and_comes_back_with_the_right(database: Database):
    folk = await some_folk(database, file=False)
    await become(database, folk, ProductKind.LICENCE_KEY)
    async with database.transaction() as session:
        await add_keys(session, await session.get_one(Product, folk.product), ["one"], now=NOW)
    right = await give(database, folk, "line:1")
    await take(database, right, "refund")
    other = await give(database, folk, "line:2")
    async with database.transaction() as session:
        assert list(await keys_of(session, other)) == []
        counts = await count_keys(session, folk.product)
        assert (counts.free, counts.given, counts.voided) == (0, 1, 1)
        await restore(session, await session.get_one(Entitlement, right), now=NOW)
        assert list(await keys_of(session, right)) == ["one"]
        assert (await session.scalars(select(LicenceKey.voided_at))).one() is None


async def test_keys_are_made_when_the_uploaded_ones_are_used_up(database: Database):
    folk = await some_folk(database, file=False)
    await become(database, folk, ProductKind.LICENCE_KEY, makes_keys=True)
    async with database.transaction() as session:
        await add_keys(session, await session.get_one(Product, folk.product), ["uploaded"], now=NOW)
    right = await give(database, folk, "line:1", quantity=3)
    async with database.reading() as session:
        first, *made = await keys_of(session, right)
        assert first == "uploaded"
        assert len(set(made)) == 2
        for key in made:
            groups = key.split("-")
            assert [len(group) for group in groups] == [GROUP_LENGTH] * GROUPS
            assert set("".join(groups)) <= set(LETTERS)


def test_made_keys_have_no_letters_that_are_taken_for_others():
    assert not set(LETTERS) & set("0O1IL2Z5S8BUV")
    assert len({new_key() for _ in range(1000)}) == 1000


@pytest.mark.parametrize("text", ["", "\n \n", "k" * 501, "a\x00b", "\n".join(["k"] * 20_001)])
def test_what_is_no_list_of_keys_is_refused(text: str):
    with pytest.raises(Invalid):
        read_keys(text)


async def test_keys_stand_sealed_in_the_store(database: Database):
    folk = await some_folk(database, file=False)
    async with database.transaction() as session:
        await add_keys(session, await session.get_one(Product, folk.product), ["PLAIN-KEY"], now=NOW)
    async with database.reading() as session:
        connection = await session.connection()
        raw = (await connection.exec_driver_sql("SELECT key, digest FROM licence_key")).one()
        assert "PLAIN-KEY" not in "".join(raw)


# Channels -----------------------------------------------------------------------------------------------------


async def joined(database: Database, right: int, telegram_id: int = 2001) -> int:
    """Invites the owner, who comes in; returns the pass."""
    async with database.transaction() as session:
        invitation = await begin_invite(session, right, now=NOW)
        assert invitation is not None
        assert await note_invite(session, invitation, f"https://t.me/+{right}", now=NOW)
        await see_join(session, CHAT, telegram_id, pass_id=invitation.pass_id, now=NOW)
        return invitation.pass_id


async def state_of(database: Database, pass_id: int) -> PassState:
    async with database.reading() as session:
        return (await session.get_one(ChannelPass, pass_id)).state


async def test_who_loses_the_right_goes_out_and_is_invited_again_when_it_is_back(database: Database):
    folk = await some_folk(database, file=False)
    await become(database, folk, ProductKind.CHANNEL, chat_id=CHAT)
    await open_channel(database, folk)
    right = await give(database, folk)
    pass_id = await joined(database, right)
    assert await state_of(database, pass_id) == PassState.JOINED
    await take(database, right, "refund")
    async with database.transaction() as session:
        (removal,) = await claim_removals(session, now=NOW, most=10)
        assert (removal.chat_id, removal.telegram_id) == (CHAT, 2001)
        # another process leaves it alone for a while
        assert await claim_removals(session, now=NOW, most=10) == []
        assert await settle_removal(session, pass_id, now=NOW)
    assert await state_of(database, pass_id) == PassState.REMOVED
    async with database.transaction() as session:
        assert await begin_invite(session, right, now=NOW) is None
        await restore(session, await session.get_one(Entitlement, right), now=NOW)
    assert await joined(database, right) == pass_id
    assert await state_of(database, pass_id) == PassState.JOINED


async def test_nobody_goes_out_whom_another_right_lets_in(database: Database):
    folk = await some_folk(database, file=False)
    await become(database, folk, ProductKind.CHANNEL, chat_id=CHAT)
    await open_channel(database, folk)
    first, second = await give(database, folk, "line:1"), await give(database, folk, "line:2")
    pass_id = await joined(database, first)
    await take(database, first, "refund")
    async with database.transaction() as session:
        await begin_invite(session, second, now=NOW)
        await session.execute(update(ChannelPass).values(telegram_id=2001))
        assert await claim_removals(session, now=NOW, most=10) == []
        assert await owns(session, folk.lead, folk.product)
    assert await state_of(database, pass_id) == PassState.REMOVED
    await take(database, second, "refund")
    async with database.transaction() as session:
        assert [each.telegram_id for each in await claim_removals(session, now=NOW, most=10)] == [2001]


async def test_of_two_rights_taken_at_once_none_keeps_the_access(database: Database):
    folk = await some_folk(database, file=False)
    await become(database, folk, ProductKind.CHANNEL, chat_id=CHAT)
    await open_channel(database, folk)
    rights = [await give(database, folk, f"line:{number}") for number in range(2)]
    for right in rights:
        await joined(database, right)
    await asyncio.gather(*(take(database, right, "refund") for right in rights))
    async with database.transaction() as session:
        assert not await owns(session, folk.lead, folk.product)
        removals = await claim_removals(session, now=NOW, most=10)
        assert {each.telegram_id for each in removals} == {2001}


async def test_a_link_that_was_handed_on_lets_nobody_stay(database: Database):
    folk = await some_folk(database, file=False)
    await become(database, folk, ProductKind.CHANNEL, chat_id=CHAT)
    await open_channel(database, folk)
    right = await give(database, folk)
    pass_id = await joined(database, right, telegram_id=6666)
    async with database.transaction() as session:
        (removal,) = await claim_removals(session, now=NOW, most=10)
        assert removal.telegram_id == 6666
        await settle_removal(session, pass_id, now=NOW)
        assert "Somebody else came in by your link" in "".join(await notices(session))
    # its owner gets in after all, and out again when the right goes
    await joined(database, right)
    assert await state_of(database, pass_id) == PassState.JOINED
    await take(database, right)
    async with database.transaction() as session:
        assert [each.telegram_id for each in await claim_removals(session, now=NOW, most=10)] == [2001]


async def test_a_link_from_before_lets_nobody_back_in(database: Database):
    folk = await some_folk(database, file=False)
    await become(database, folk, ProductKind.CHANNEL, chat_id=CHAT)
    await open_channel(database, folk)
    right = await give(database, folk)
    pass_id = await joined(database, right)
    await take(database, right)
    async with database.transaction() as session:
        await claim_removals(session, now=NOW, most=10)
        await settle_removal(session, pass_id, now=NOW)
        await see_join(session, CHAT, 2001, pass_id=pass_id, now=NOW)
        assert [each.telegram_id for each in await claim_removals(session, now=NOW, most=10)] == [2001]


async def test_an_invite_made_while_the_right_was_taken_back_is_not_noted(database: Database):
    folk = await some_folk(database, file=False)
    await become(database, folk, ProductKind.CHANNEL, chat_id=CHAT)
    await open_channel(database, folk)
    right = await give(database, folk)
    async with database.transaction() as session:
        invitation = await begin_invite(session, right, now=NOW)
    assert invitation is not None
    await take(database, right)
    async with database.transaction() as session:
        assert not await note_invite(session, invitation, "https://t.me/+late", now=NOW)


async def test_without_the_right_to_invite_it_is_to_come_and_goes_out_once_there_is_one(database: Database):
    folk = await some_folk(database, file=False)
    await become(database, folk, ProductKind.CHANNEL, chat_id=CHAT)
    await give(database, folk)
    async with database.reading() as session:
        told = await notices(session)
        assert any("I cannot let them in" in text for text in told)
        assert any("You will hear here" in text for text in told)
        assert await promised(session, OutboxKind.DELIVERY) == []
    await open_channel(database, folk)
    async with database.reading() as session:
        (delivery,) = await promised(session, OutboxKind.DELIVERY)
        assert delivery.message["opening"]["to"] == "channel"


async def test_a_right_that_the_bot_loses_in_a_channel_is_told_at_once_and_told_once(database: Database):
    folk = await some_folk(database)
    await open_channel(database, folk)
    await open_channel(database, folk)
    async with database.reading() as session:
        assert sum("I can see “Inner circle” now" in text for text in await notices(session)) == 1
    await open_channel(database, folk, may_remove=False)
    await open_channel(database, folk, may_remove=False)
    async with database.reading() as session:
        lost = [text for text in await notices(session) if "I have lost rights in “Inner circle”" in text]
        assert len(lost) == 1
        assert "still let people in" in lost[0]
        assert "no longer remove them" in lost[0]
        assert await events(session, "channel.lost") == ["channel.lost"]


# By post ------------------------------------------------------------------------------------------------------


async def test_what_goes_by_post_is_there_when_it_is_sent_off(database: Database):
    folk = await some_folk(database, file=False)
    await become(database, folk, ProductKind.PHYSICAL)
    async with database.transaction() as session:
        order = await an_order(session, folk)
        await pay_order(session, order, money(), now=NOW)
        assert order.state == OrderState.PAID
    async with database.transaction() as session:
        order = await session.get_one(Order, order.id)
        await ship_order(session, order, "DHL <00340>", now=NOW)
        assert (order.state, order.shipped_at) == (OrderState.FULFILLED, NOW)
        with pytest.raises(NothingToShip):
            await ship_order(session, order, "", now=NOW)
    async with database.reading() as session:
        told = await notices(session)
        assert any("hear here when it is on its way" in text for text in told)
        assert any("is on its way to you: DHL &lt;00340&gt;" in text for text in told)
        assert await events(session, "order.shipped", "order.fulfilled") == ["order.fulfilled", "order.shipped"]


async def test_nothing_is_sent_off_of_an_order_without_a_parcel(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        order = await an_order(session, folk)
        await pay_order(session, order, money(), now=NOW)
        with pytest.raises(NothingToShip):
            await ship_order(session, order, "", now=NOW)


async def test_an_order_is_fulfilled_without_what_was_taken_back(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        order = await an_order(session, folk)
        await pay_order(session, order, money(), now=NOW)
        right = (await session.scalars(select(Entitlement.id))).one()
        other = await a_product(session, await a_creator(session, "second", telegram_id=1002), price=0)
        lead = await owner(session, folk)
        await grant(session, lead, other.id, origin="line:99", order_id=order.id, now=NOW)
        extra = await session.scalar(select(func.max(Entitlement.id)))
        await revoke(session, await session.get_one(Entitlement, extra or 0), by="hand", now=NOW)
        await arrives(session, right)
    async with database.reading() as session:
        assert (await session.get_one(Order, order.id)).state == OrderState.FULFILLED


async def test_what_a_stranger_asks_for_again_is_not_theirs(database: Database):
    folk = await some_folk(database)
    right = await give(database, folk)
    async with database.transaction() as session:
        creator = await a_creator(session, "third", telegram_id=1003)
        stranger, _ = await a_lead(session, creator, 2002)
        with pytest.raises(NotOwned):
            await deliver_again(session, stranger, right, "en", now=NOW)
