"""Ways into channels that outlive what they were made for: strangers, other channels, second orders, the forgotten."""

import asyncio
from datetime import datetime, timedelta

import pytest
from folk import NOW, Folk, some_folk
from sqlalchemy import select, update

from domain.channel_passes import (
    Removal,
    StillInside,
    begin_invite,
    claim_removals,
    give_up_removal,
    note_invite,
    settle_removal,
)
from domain.channels import Seen, move_chat, see_channel, see_join
from domain.deliveries import deliver_again
from domain.entitlements import grant, restore, revoke
from domain.forgetting import forget_lead
from store.database import Database
from store.models import ChannelPass, Entitlement, Lead, PassState, Product, ProductKind

INNER = -1002000000001
OUTER = -1002000000002
LENA = 2001
STRANGER = 6666


@pytest.fixture
async def folk(database: Database) -> Folk:
    """A product that leads into the inner channel."""
    folk = await some_folk(database, file=False)
    async with database.transaction() as session:
        for chat in (INNER, OUTER):
            seen = Seen(7000000009, chat, "Circle", may_invite=True, may_remove=True, by=1001)
            await see_channel(session, seen, now=NOW)
    await leads_into(database, folk, INNER)
    return folk


async def leads_into(database: Database, folk: Folk, chat: int) -> None:
    async with database.transaction() as session:
        product = update(Product).where(Product.id == folk.product)
        await session.execute(product.values(kind=ProductKind.CHANNEL, chat_id=chat))


async def give(database: Database, folk: Folk, origin: str = "line:1") -> int:
    async with database.transaction() as session:
        await grant(session, await session.get_one(Lead, folk.lead), folk.product, origin=origin, now=NOW)
        return (await session.scalars(select(Entitlement.id).where(Entitlement.origin == origin))).one()


async def take(database: Database, right: int) -> None:
    async with database.transaction() as session:
        await revoke(session, await session.get_one(Entitlement, right), by="refund", now=NOW)


async def goes_in(database: Database, right: int, who: int = LENA) -> int:
    async with database.transaction() as session:
        invitation = await begin_invite(session, right, now=NOW)
        assert invitation is not None
        assert await note_invite(session, invitation, f"https://t.me/+{right}", now=NOW)
        await see_join(session, invitation.chat_id, who, pass_id=invitation.pass_id, now=NOW)
        return invitation.pass_id


async def to_go_out(database: Database, *, now: datetime = NOW) -> list[Removal]:
    async with database.transaction() as session:
        return await claim_removals(session, now=now, most=10)


async def test_while_somebody_else_is_still_to_go_out_no_new_link_makes_them_be_forgotten(
    database: Database, folk: Folk
):
    right = await give(database, folk)
    pass_id = await goes_in(database, right, STRANGER)
    async with database.transaction() as session:
        with pytest.raises(StillInside):
            await begin_invite(session, right, now=NOW)
        lead = await session.get_one(Lead, folk.lead)
        with pytest.raises(StillInside):
            await deliver_again(session, lead, right, "en", now=NOW)
    assert [each.telegram_id for each in await to_go_out(database)] == [STRANGER]
    async with database.transaction() as session:
        await settle_removal(session, pass_id, now=NOW)
    assert await goes_in(database, right) == pass_id


async def test_a_link_made_while_a_stranger_came_in_is_not_noted(database: Database, folk: Folk):
    right = await give(database, folk)
    pass_id = await goes_in(database, right)
    async with database.transaction() as session:
        invitation = await begin_invite(session, right, now=NOW)
    assert invitation is not None
    async with database.transaction() as session:
        await see_join(session, INNER, STRANGER, pass_id=pass_id, now=NOW)
        assert not await note_invite(session, invitation, "https://t.me/+late", now=NOW)
    assert [each.telegram_id for each in await to_go_out(database)] == [STRANGER]


async def test_who_is_being_put_out_and_has_the_right_again_is_let_in(database: Database, folk: Folk):
    right = await give(database, folk)
    await goes_in(database, right)
    await take(database, right)
    async with database.transaction() as session:
        await restore(session, await session.get_one(Entitlement, right), now=NOW)
    await goes_in(database, right)
    assert await to_go_out(database) == []


async def test_with_the_right_they_go_out_of_the_channel_that_the_product_led_into_before_too(
    database: Database, folk: Folk
):
    right = await give(database, folk)
    await goes_in(database, right)
    await leads_into(database, folk, OUTER)
    await goes_in(database, right)
    await take(database, right)
    removals = await to_go_out(database)
    assert sorted((each.chat_id, each.telegram_id) for each in removals) == [(OUTER, LENA), (INNER, LENA)]


async def test_a_group_that_becomes_one_that_is_known_already_leaves_one_pass(database: Database, folk: Folk):
    right = await give(database, folk)
    await goes_in(database, right)
    await leads_into(database, folk, OUTER)
    await goes_in(database, right)
    async with database.transaction() as session:
        await move_chat(session, INNER, OUTER, now=NOW)
        assert list(await session.scalars(select(ChannelPass.chat_id))) == [OUTER]
    await take(database, right)
    assert [(each.chat_id, each.telegram_id) for each in await to_go_out(database)] == [(OUTER, LENA)]


async def test_a_second_order_that_nobody_has_been_invited_by_yet_keeps_them_in(database: Database, folk: Folk):
    first, second = await give(database, folk), await give(database, folk, "line:2")
    await goes_in(database, first)
    await take(database, first)
    assert await to_go_out(database) == []
    await take(database, second)
    async with database.transaction() as session:
        states = set(await session.scalars(select(ChannelPass.state)))
    assert states == {PassState.REMOVED, PassState.REMOVING}


async def test_a_second_right_whose_link_a_stranger_used_keeps_its_owner_in(database: Database, folk: Folk):
    first, second = await give(database, folk), await give(database, folk, "line:2")
    await goes_in(database, first)
    await goes_in(database, second, STRANGER)
    await take(database, first)
    assert [each.telegram_id for each in await to_go_out(database)] == [STRANGER]


async def test_who_is_forgotten_goes_out_and_is_known_no_more_once_they_are(database: Database, folk: Folk):
    right = await give(database, folk)
    pass_id = await goes_in(database, right)
    async with database.transaction() as session:
        await forget_lead(session, await session.get_one(Lead, folk.lead), now=NOW)
    # a refund afterwards changes nothing about it
    await take(database, right)
    assert [(each.chat_id, each.telegram_id) for each in await to_go_out(database)] == [(INNER, LENA)]
    async with database.transaction() as session:
        await settle_removal(session, pass_id, now=NOW)
        held = await session.get_one(ChannelPass, pass_id, populate_existing=True)
        assert (held.state, held.telegram_id, held.invite_link) == (PassState.REMOVED, None, None)


async def test_a_link_that_the_forgotten_have_not_used_is_closed(database: Database, folk: Folk):
    right = await give(database, folk)
    async with database.transaction() as session:
        invitation = await begin_invite(session, right, now=NOW)
        assert invitation is not None
        await note_invite(session, invitation, "https://t.me/+unused", now=NOW)
        await forget_lead(session, await session.get_one(Lead, folk.lead), now=NOW)
    assert [each.invite_link for each in await to_go_out(database)] == ["https://t.me/+unused"]


async def test_the_forgotten_whom_nobody_can_put_out_are_known_no_more(database: Database, folk: Folk):
    right = await give(database, folk)
    pass_id = await goes_in(database, right)
    async with database.transaction() as session:
        await forget_lead(session, await session.get_one(Lead, folk.lead), now=NOW)
        assert await give_up_removal(session, pass_id, "user is an administrator", now=NOW)
        held = await session.get_one(ChannelPass, pass_id, populate_existing=True)
        assert (held.state, held.telegram_id, held.invite_link) == (PassState.FAILED, None, None)


async def test_invitations_and_a_stranger_at_once_lose_nobody(database: Database, folk: Folk):
    right = await give(database, folk)
    pass_id = await goes_in(database, right)

    async def invite(number: int) -> None:
        async with database.transaction() as session:
            try:
                invitation = await begin_invite(session, right, now=NOW)
            except StillInside:
                return
        if invitation is not None:
            async with database.transaction() as session:
                await note_invite(session, invitation, f"https://t.me/+{number}", now=NOW)

    async def stranger() -> None:
        async with database.transaction() as session:
            await see_join(session, INNER, STRANGER, pass_id=pass_id, now=NOW)

    await asyncio.gather(*(invite(number) for number in range(3)), stranger(), *(invite(n) for n in range(3, 6)))
    assert [each.telegram_id for each in await to_go_out(database, now=NOW + timedelta(minutes=1))] == [STRANGER]
