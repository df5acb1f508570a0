import asyncio

import pytest
from folk import (
    NOW,
    Folk,
    a_creator,
    a_lead,
    a_product,
    an_order,
    arrives,
    count,
    money,
    notices,
    promised,
    some_folk,
    take_due,
)
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from automations.outcomes import Claimed, Told, confirm, sweep
from domain.deliveries import NotOwned, deliver_again, note_delivery
from domain.entitlements import grant, restore_order, revoke_order
from domain.messages.plain import Message
from domain.outbox import queue_message
from domain.paying import pay_order
from domain.product_files import attach_file
from domain.products import current_files, keep_upload
from store.database import Database
from store.models import (
    Creator,
    Entitlement,
    Lead,
    Order,
    OrderState,
    OutboxKind,
    OutboxMessage,
    OutboxState,
)


async def test_a_right_from_one_origin_is_granted_and_promised_once(database: Database):
    folk = await some_folk(database)
    granted = []
    for origin in ("gift", "gift", "line:7"):
        async with database.transaction() as session:
            lead = await session.get_one(Lead, folk.lead)
            granted.append(await grant(session, lead, folk.product, origin=origin, now=NOW))
    assert granted == [True, False, True]
    async with database.reading() as session:
        rows = list(await session.scalars(select(Entitlement.id).order_by(Entitlement.id)))
        assert [row.key for row in await promised(session, OutboxKind.DELIVERY)] == [f"delivery:{id_}" for id_ in rows]


async def test_ten_grants_at_once_are_one(database: Database):
    folk = await some_folk(database)

    async def one() -> bool:
        async with database.transaction() as session:
            lead = await session.get_one(Lead, folk.lead)
            return await grant(session, lead, folk.product, origin="gift", now=NOW)

    assert sorted(await asyncio.gather(*(one() for _ in range(10)))) == [False] * 9 + [True]


async def test_a_product_without_a_file_is_granted_and_the_creator_is_told(database: Database):
    folk = await some_folk(database, file=False)
    async with database.transaction() as session:
        lead = await session.get_one(Lead, folk.lead)
        await grant(session, lead, folk.product, origin="gift", now=NOW)
    async with database.reading() as session:
        assert await promised(session, OutboxKind.DELIVERY) == []
        creator, buyer = await promised(session, OutboxKind.NOTICE)
        assert "has no file yet" in creator.message["text"]
        assert "You will hear here" in buyer.message["text"]
        assert buyer.entitlement_id is None


async def an_upload(session: AsyncSession, folk: Folk, name: str) -> int:
    kept = await keep_upload(
        session,
        creator_id=folk.creator,
        bot_id=1,
        telegram_file_id=name,
        file_name=name,
        mime_type="application/zip",
        size=None,
        now=NOW,
    )
    return kept.id


async def test_a_file_attached_later_goes_to_those_who_have_had_none_and_fulfils_their_order(database: Database):
    folk = await some_folk(database, file=False)
    async with database.transaction() as session:
        order = await an_order(session, folk)
        await pay_order(session, order, money(), now=NOW)
        right = (await session.scalars(select(Entitlement.id))).one()
    async with database.transaction() as session:
        first, second = await an_upload(session, folk, "one.zip"), await an_upload(session, folk, "two.zip")
        for file_id in (first, first, second):
            await attach_file(session, folk.creator, file_id, folk.product, now=NOW)
    async with database.reading() as session:
        deliveries = await promised(session, OutboxKind.DELIVERY)
        assert [each.key for each in deliveries] == [f"delivery:{right}:{first}", f"delivery:{right}:{second}"]
        assert [each.message["file"] for each in deliveries] == [first, second]
        assert (await session.get_one(Order, order.id)).state == OrderState.PAID
    async with database.transaction() as session:
        await session.execute(update(OutboxMessage).where(OutboxMessage.key.endswith(str(first))).values(state="sent"))
        await note_delivery(session, right, now=NOW)
        assert (await session.get_one(Order, order.id, populate_existing=True)).state == OrderState.PAID
        await arrives(session, right)
        await attach_file(session, folk.creator, await an_upload(session, folk, "three.zip"), folk.product, now=NOW)
    async with database.reading() as session:
        assert len(await promised(session, OutboxKind.DELIVERY)) == 2
        assert (await session.get_one(Order, order.id)).state == OrderState.FULFILLED


async def test_a_grant_and_an_attachment_at_once_pass_nobody_over(database: Database):
    folk = await some_folk(database, file=False)
    async with database.transaction() as session:
        file_id = await an_upload(session, folk, "one.zip")

    async def one(origin: str) -> None:
        async with database.transaction() as session:
            lead = await session.get_one(Lead, folk.lead)
            await grant(session, lead, folk.product, origin=origin, now=NOW)

    async def attach() -> None:
        async with database.transaction() as session:
            await attach_file(session, folk.creator, file_id, folk.product, now=NOW)

    await asyncio.gather(*(one(f"line:{n}") for n in range(4)), attach(), *(one(f"line:{n}") for n in range(4, 8)))
    async with database.reading() as session:
        assert len({row.entitlement_id for row in await promised(session, OutboxKind.DELIVERY)}) == 8


async def test_what_is_owned_is_handed_over_again_with_every_file_as_it_is_now(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        lead = await session.get_one(Lead, folk.lead)
        await grant(session, lead, folk.product, origin="gift", now=NOW)
        (older,) = await current_files(session, folk.product)
        newer = await keep_upload(
            session,
            creator_id=folk.creator,
            bot_id=1,
            telegram_file_id="newer",
            file_name="v2.zip",
            mime_type="application/zip",
            size=None,
            now=NOW,
        )
        await attach_file(session, folk.creator, newer.id, folk.product, now=NOW)
        right = (await session.scalars(select(Entitlement.id))).one()
        messages = await deliver_again(session, lead, right, "en", now=NOW)
    assert [message.file for message in messages] == [older.id, newer.id]


async def test_nobody_gets_what_another_lead_owns(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        lead = await session.get_one(Lead, folk.lead)
        await grant(session, lead, folk.product, origin="gift", now=NOW)
        stranger, _ = await a_lead(session, await session.get_one(Creator, folk.creator), 2002)
        right = (await session.scalars(select(Entitlement.id))).one()
        for wrong in (right, right + 1):
            with pytest.raises(NotOwned):
                await deliver_again(session, stranger, wrong, "en", now=NOW)


async def test_a_gift_that_arrived_is_noted_and_belongs_to_no_order(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        lead = await session.get_one(Lead, folk.lead)
        await grant(session, lead, folk.product, origin="gift", now=NOW)
        right = (await session.scalars(select(Entitlement.id))).one()
        await arrives(session, right)
        await note_delivery(session, right, now=NOW)
    async with database.reading() as session:
        assert (await session.scalars(select(Entitlement.delivered_at))).one() == NOW


async def test_a_promise_under_one_key_is_made_once_and_the_first_words_stand(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        _, person = await a_lead(session, creator)
        queued = [
            await queue_message(
                session,
                Message(text=text),
                key="hello:1",
                kind=OutboxKind.NOTICE,
                creator_id=creator.id,
                person_id=person.id,
                now=NOW,
            )
            for text in ("first", "second")
        ]
    assert queued == [True, False]
    async with database.reading() as session:
        assert await notices(session) == ["first"]


async def test_everyone_who_acts_for_a_creator_is_told_once(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        await a_creator(session, "other", telegram_id=1002)
        product = await a_product(session, creator, file=False)
        lead, _ = await a_lead(session, creator)
        await grant(session, lead, product.id, origin="gift", now=NOW)
    async with database.reading() as session:
        assert await count(session, OutboxMessage, OutboxMessage.key.like("without-file:%")) == 1


async def taken(database: Database) -> list[Claimed]:
    """What the sender would deliver next; all that is merely said has gone out."""
    async with database.transaction() as session:
        said = update(OutboxMessage).where(OutboxMessage.kind == OutboxKind.NOTICE)
        await session.execute(said.values(state=OutboxState.SENT))
        return await take_due(session)


async def test_what_was_on_its_way_when_its_money_went_back_goes_out_no_more(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        order = await an_order(session, folk)
        await pay_order(session, order, money(), now=NOW)
    (claimed,) = await taken(database)
    async with database.transaction() as session:
        assert await revoke_order(session, order.id, by="refund", now=NOW) == 1
    # nobody can tell whether it went out
    async with database.transaction() as session:
        await sweep(session, now=NOW, abandoned=True)
    assert await taken(database) == []
    async with database.reading() as session:
        message = await session.get_one(OutboxMessage, claimed.id)
        assert (message.state, message.error) == (OutboxState.CANCELLED, "revoked")
    async with database.transaction() as session:
        # the bank sends the money back once more, and the goods go out by a promise of their own
        assert await restore_order(session, order.id, by="refund", now=NOW) == 1
    (again,) = await taken(database)
    assert again.id != claimed.id
    async with database.transaction() as session:
        await confirm(session, [Told(again, 7, NOW)])
    async with database.reading() as session:
        assert (await session.get_one(Order, order.id)).state == OrderState.FULFILLED
