"""What somebody has bought reaches them, each kind in its own way, stays theirs, and goes when the right goes."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from world import PersonOfTheWorld, Said, World

from domain.entitlements import restore_order, revoke_order
from domain.leads import capture_lead
from domain.orders import open_order
from domain.paying import Received, pay_order
from domain.pricing import Wish
from domain.product_files import attach_file
from domain.products import add_product
from domain.setups import CreatorSetup
from kit.money import Money
from store.models import (
    ChannelPass,
    Creator,
    DownloadLink,
    Entitlement,
    FileHandle,
    Lead,
    Order,
    OrderState,
    PassState,
    Person,
    Product,
    ProductKind,
    StoredFile,
    TelegramUpdate,
)

CHAT_RIGHTS = {"can_invite_users": True, "can_restrict_members": True, "can_manage_chat": True}


@pytest.fixture
async def lena(world: World) -> PersonOfTheWorld:
    lena = await world.person("Lena")
    await lena.say("/shop")
    await lena.hears("Studio North")
    return lena


async def offers(world: World, title: str, kind: ProductKind, **values: Any) -> int:
    """A product of the creator's."""
    async with world.spark.database.transaction() as session:
        creator = (await session.scalars(select(Creator).order_by(Creator.id).limit(1))).one()
        price = Money(500, "usd")
        product = await add_product(
            session, creator_id=creator.id, title=title, price=price, kind=kind, now=world.clock()
        )
        if values:
            await session.execute(update(Product).where(Product.id == product.id).values(**values))
        return product.id


async def buys(world: World, person: PersonOfTheWorld, product_id: int, *, quantity: int = 1) -> int:
    """Orders and pays; how money comes is told elsewhere."""
    now = world.clock()
    async with world.spark.database.transaction() as session:
        known = (await session.scalars(select(Person).where(Person.telegram_id == person.id))).one()
        product = await session.get_one(Product, product_id)
        lead, _ = await capture_lead(session, product.creator_id, known, source=None, now=now)
        wish = Wish(product, quantity=quantity)
        order = await open_order(session, lead, wish, now=now, good_for=timedelta(hours=1), setup=CreatorSetup())
        await pay_order(session, order, Received("stripe", f"pi_{order.id}", Money(order.total_minor, "usd")), now=now)
        return order.id


async def is_refunded(world: World, order_id: int, *, by: str = "refund") -> None:
    async with world.spark.database.transaction() as session:
        await revoke_order(session, order_id, by=by, now=world.clock())  # type: ignore[arg-type]


async def is_given_back(world: World, order_id: int, *, by: str) -> None:
    async with world.spark.database.transaction() as session:
        await restore_order(session, order_id, by=by, now=world.clock())  # type: ignore[arg-type]


async def order_is(world: World, order_id: int, state: OrderState) -> bool:
    async def is_so() -> bool:
        async with world.spark.database.reading() as session:
            return (await session.get_one(Order, order_id)).state == state

    return await world.until(is_so)


async def a_chat(world: World, *, kind: str = "channel", **rights: bool) -> int:
    """A channel of the creator's, with the bot as an administrator."""
    body = {"type": kind, "title": "Inner circle", "owner": world.creator.id}
    chat = (await world.control("POST", "/chats", body))["id"]
    await rights_of_bot(world, chat, **rights)
    return int(chat)


async def rights_of_bot(world: World, chat: int, status: str = "administrator", **rights: bool) -> None:
    body = {"status": status, "rights": {**CHAT_RIGHTS, **rights}} if status == "administrator" else {"status": status}
    await world.control("PUT", f"/chats/{chat}/members/bot", body)


async def status_in(world: World, chat: int, person: PersonOfTheWorld) -> str:
    members = (await world.control("GET", f"/chats/{chat}"))["members"]
    return next((each["status"] for each in members if each["user"]["id"] == person.id), "left")


async def follows(world: World, person: PersonOfTheWorld, said: Said) -> dict[str, Any]:
    link = said.button("Join")["url"]
    return await world.control("POST", f"/people/{person.id}/joins", {"invite_link": link})


async def state_of_pass(world: World, state: PassState) -> bool:
    async def is_so() -> bool:
        async with world.spark.database.reading() as session:
            return state in set(await session.scalars(select(ChannelPass.state)))

    return await world.until(is_so)


# Files --------------------------------------------------------------------------------------------------------


async def test_every_file_comes_and_a_protected_one_cannot_be_passed_on(world: World, lena: PersonOfTheWorld):
    product_id = await offers(
        world, "Brush set", ProductKind.FILE, protected=True, instructions="Unzip <first> & install."
    )
    for name in ("one.zip", "two.zip"):
        await world.creator.send_file(name, name.encode())
        await attached(world, name, product_id)
    order_id = await buys(world, lena, product_id)
    first = await lena.gets_file("one.zip")
    await lena.gets_file("two.zip")
    assert "Unzip <first> & install." in first.text
    assert await order_is(world, order_id, OrderState.FULFILLED)
    sent = [call for call in await world.calls("sendDocument") if call["params"].get("protect_content")]
    assert len(sent) == 2


async def attached(world: World, name: str, product_id: int) -> None:
    """The file that the creator has sent is one of the product's."""

    async def kept() -> StoredFile | None:
        async with world.spark.database.reading() as session:
            return await session.scalar(select(StoredFile).where(StoredFile.file_name == name))

    assert await world.until(kept)
    stored = await kept()
    assert stored is not None
    async with world.spark.database.transaction() as session:
        await attach_file(session, stored.creator_id, stored.id, product_id, now=world.clock())


async def test_what_is_too_large_for_a_chat_comes_by_a_link_that_counts(world: World, lena: PersonOfTheWorld):
    product_id = await offers(world, "Raw footage", ProductKind.FILE)
    content = b"footage" * 1000
    blob = await world.spark.files.keep(content)
    async with world.spark.database.transaction() as session:
        product = await session.get_one(Product, product_id)
        session.add(
            StoredFile(
                creator_id=product.creator_id,
                product_id=product_id,
                file_name="footage.mov",
                mime_type="video/quicktime",
                # more than Telegram takes from a bot
                size=60 * 1024 * 1024,
                sha256=blob,
                blob=blob,
                created_at=world.clock(),
                attached_at=world.clock(),
            )
        )
    order_id = await buys(world, lena, product_id)
    said = await lena.hears("is too large for a chat")
    url = str(said.button("Download")["url"])
    assert url.startswith(f"{world.loaded.settings.public_url}/d/")
    async with world.spark.database.transaction() as session:
        await session.execute(update(StoredFile).where(StoredFile.blob == blob).values(size=len(content)))
    assert await fetch(world, url) == (200, content)
    async with world.spark.database.reading() as session:
        link = (await session.scalars(select(DownloadLink))).one()
        assert (link.uses, link.most_uses) == (1, 5)
    await is_refunded(world, order_id)
    assert (await fetch(world, url))[0] == 403


async def fetch(world: World, url: str) -> tuple[int, bytes]:
    async with world._http.get(url) as answer:
        return answer.status, await answer.read()


# Keys, links, services, parcels -------------------------------------------------------------------------------


async def test_keys_that_a_creator_sends_as_a_file_reach_those_who_wait(world: World, lena: PersonOfTheWorld):
    product_id = await offers(world, "Plug-in", ProductKind.LICENCE_KEY)
    order_id = await buys(world, lena, product_id, quantity=2)
    await lena.hears("You will hear here how you get it")
    await world.creator.hears("there are not enough keys left")
    await world.creator.say(f"/product {product_id} keys")
    await world.creator.hears("Plug-in")
    await world.creator.send_file("keys.txt", b"AAA-1\nBBB-2\nAAA-1\nCCC-3\n")
    told = await world.creator.hears("3 keys added")
    assert "1 was there already" in told.text
    said = await lena.hears("your 2 keys")
    assert "AAA-1" in said.text
    assert "BBB-2" in said.text
    assert await order_is(world, order_id, OrderState.FULFILLED)
    async with world.spark.database.reading() as session:
        # the list itself is kept nowhere
        names = set(await session.scalars(select(StoredFile.file_name)))
    assert "keys.txt" not in names


async def test_a_file_that_is_no_list_of_keys_adds_none_and_says_why(world: World):
    product_id = await offers(world, "Plug-in", ProductKind.LICENCE_KEY)
    await world.creator.say(f"/product {product_id} keys")
    await world.creator.hears("Plug-in")
    await world.creator.send_file("keys.txt", b"\xff\xfe\x00\x01")
    await world.creator.hears("this is no list of keys")


async def test_a_link_leads_to_where_the_product_is_now(world: World, lena: PersonOfTheWorld):
    product_id = await offers(world, "Notion board", ProductKind.LINK)
    order_id = await buys(world, lena, product_id)
    await world.creator.hears("it has no link yet")
    await lena.hears("You will hear here how you get it")
    await world.creator.say(f"/product {product_id} link https://board.example/1")
    said = await lena.hears("The button opens it")
    assert said.button("Open")["url"] == "https://board.example/1"
    assert await order_is(world, order_id, OrderState.FULFILLED)
    async with world.spark.database.transaction() as session:
        await session.execute(update(Product).where(Product.id == product_id).values(url="https://board.example/2"))
    await lena.say("/library")
    await lena.tap("Notion board")
    again = await lena.hears("The button opens it", times=2)
    assert again.button("Open")["url"] == "https://board.example/2"


async def test_a_service_comes_with_the_creators_words_about_what_is_next(world: World, lena: PersonOfTheWorld):
    product_id = await offers(world, "Call", ProductKind.SERVICE, instructions="Pick a time: cal.example")
    order_id = await buys(world, lena, product_id)
    assert "Pick a time: cal.example" in (await lena.hears("Call")).text
    assert await order_is(world, order_id, OrderState.FULFILLED)


# Channels -----------------------------------------------------------------------------------------------------


async def test_the_way_into_a_channel_and_out_of_it(world: World, lena: PersonOfTheWorld):
    chat = await a_chat(world)
    await world.creator.hears("I can see “Inner circle” now")
    product_id = await offers(world, "Circle", ProductKind.CHANNEL, chat_id=chat)
    order_id = await buys(world, lena, product_id)
    said = await lena.hears("The button lets you in")
    assert (await follows(world, lena, said))["status"] == "joined"
    assert await state_of_pass(world, PassState.JOINED)
    assert await order_is(world, order_id, OrderState.FULFILLED)
    await is_refunded(world, order_id, by="dispute")
    assert await world.until(lambda: has_status(world, chat, lena, "left"))
    assert await state_of_pass(world, PassState.REMOVED)
    # the dispute is won: a new way in, and no ban in it
    await is_given_back(world, order_id, by="dispute")
    again = await lena.hears("The button lets you in", times=2)
    assert again.button("Join")["url"] != said.button("Join")["url"]
    assert (await follows(world, lena, again))["status"] == "joined"


async def has_status(world: World, chat: int, person: PersonOfTheWorld, status: str) -> bool:
    return await status_in(world, chat, person) == status


async def test_who_has_left_is_invited_again_from_the_library(world: World, lena: PersonOfTheWorld):
    chat = await a_chat(world, kind="supergroup")
    await world.creator.hears("I can see")
    product_id = await offers(world, "Circle", ProductKind.CHANNEL, chat_id=chat)
    await buys(world, lena, product_id)
    await follows(world, lena, await lena.hears("The button lets you in"))
    await world.control("PUT", f"/chats/{chat}/members/{lena.id}", {"status": "left"})
    assert await state_of_pass(world, PassState.INVITED)
    await lena.say("/library")
    await lena.tap("Circle")
    again = await lena.hears("The button lets you in", times=2)
    assert (await follows(world, lena, again))["status"] == "joined"


async def test_a_link_that_was_handed_on_puts_the_other_one_out_and_tells_the_owner(
    world: World, lena: PersonOfTheWorld
):
    chat = await a_chat(world)
    await world.creator.hears("I can see")
    product_id = await offers(world, "Circle", ProductKind.CHANNEL, chat_id=chat)
    await buys(world, lena, product_id)
    stranger = await world.person("Stranger")
    await follows(world, stranger, await lena.hears("The button lets you in"))
    await lena.hears("Somebody else came in by your link")
    assert await world.until(lambda: has_status(world, chat, stranger, "left"))
    async with world.spark.database.reading() as session:
        # nobody becomes known by coming into a channel
        assert await session.scalar(select(Person).where(Person.telegram_id == stranger.id)) is None
    await lena.say("/library")
    await lena.tap("Circle")
    await follows(world, lena, await lena.hears("The button lets you in", times=2))
    assert await status_in(world, chat, lena) == "member"


async def test_a_lost_right_is_told_at_once_and_who_waited_goes_in_and_out_once_it_is_back(
    world: World, lena: PersonOfTheWorld
):
    anna = await world.person("Anna")
    await anna.say("/shop")
    await anna.hears("Studio North")
    chat = await a_chat(world)
    await world.creator.hears("I can see")
    product_id = await offers(world, "Circle", ProductKind.CHANNEL, chat_id=chat)
    lenas = await buys(world, lena, product_id)
    await follows(world, lena, await lena.hears("The button lets you in"))
    assert await state_of_pass(world, PassState.JOINED)
    await rights_of_bot(world, chat, status="member")
    told = await world.creator.hears("I have lost rights in “Inner circle”")
    assert "no longer let people in" in told.text
    await buys(world, anna, product_id)
    await anna.hears("You will hear here how you get it")
    await is_refunded(world, lenas)
    await world.skip(minutes=10)
    assert await status_in(world, chat, lena) == "member"
    await rights_of_bot(world, chat)
    await follows(world, anna, await anna.hears("The button lets you in"))
    assert await world.until(lambda: has_status(world, chat, lena, "left"))
    assert await status_in(world, chat, anna) == "member"


async def test_while_telegram_makes_no_link_the_creator_is_told_and_it_is_tried_again(
    world: World, lena: PersonOfTheWorld
):
    chat = await a_chat(world)
    await world.creator.hears("I can see")
    product_id = await offers(world, "Circle", ProductKind.CHANNEL, chat_id=chat)
    await world.control(
        "POST", "/faults", {"api": "telegram", "method": "createChatInviteLink", "fault": "403", "times": 2}
    )
    await buys(world, lena, product_id)
    await world.creator.hears("Telegram gives me no invite link")
    await world.skip(minutes=2)
    await lena.hears("The button lets you in")
    assert await world.creator.count("Telegram gives me no invite link") == 1


async def test_putting_somebody_out_is_tried_until_it_works(world: World, lena: PersonOfTheWorld):
    chat = await a_chat(world)
    await world.creator.hears("I can see")
    product_id = await offers(world, "Circle", ProductKind.CHANNEL, chat_id=chat)
    order_id = await buys(world, lena, product_id)
    await follows(world, lena, await lena.hears("The button lets you in"))
    assert await state_of_pass(world, PassState.JOINED)
    await world.control("POST", "/faults", {"api": "telegram", "method": "banChatMember", "fault": "500", "times": 3})
    await is_refunded(world, order_id)
    await world.skip(minutes=5)
    assert await status_in(world, chat, lena) == "left"
    assert await state_of_pass(world, PassState.REMOVED)


async def test_an_administrator_is_not_put_out_and_the_creator_is_asked_to(world: World, lena: PersonOfTheWorld):
    chat = await a_chat(world)
    await world.creator.hears("I can see")
    product_id = await offers(world, "Circle", ProductKind.CHANNEL, chat_id=chat)
    order_id = await buys(world, lena, product_id)
    await follows(world, lena, await lena.hears("The button lets you in"))
    assert await state_of_pass(world, PassState.JOINED)
    await world.control("PUT", f"/chats/{chat}/members/{lena.id}", {"status": "administrator"})
    await is_refunded(world, order_id)
    await world.creator.hears("I cannot remove them")
    assert await state_of_pass(world, PassState.FAILED)


async def test_what_people_write_in_a_group_is_kept_nowhere_and_nobody_is_answered(
    world: World, lena: PersonOfTheWorld
):
    chat = await a_chat(world, kind="supergroup")
    await world.creator.hears("I can see")
    mallory = await world.person("Mallory")
    await world.control("PUT", f"/chats/{chat}/members/{mallory.id}", {"status": "member"})
    await world.control("POST", f"/people/{mallory.id}/messages", {"chat_id": chat, "text": "/start between ourselves"})

    async def taken_in() -> bool:
        """Their coming, Telegram's message about it, and their own."""
        async with world.spark.database.reading() as session:
            theirs = select(func.count()).where(TelegramUpdate.lane == f"chat:{chat}")
            return await session.scalar(theirs) == 4

    assert await world.until(taken_in)
    await lena.say("/library")
    await lena.hears("Nothing here yet")
    async with world.spark.database.reading() as session:
        assert await session.scalar(select(Person).where(Person.telegram_id == mallory.id)) is None
        bodies = list(await session.scalars(select(TelegramUpdate.body)))
        assert any("/library" in body for body in bodies)
        assert not any("between ourselves" in body for body in bodies)
    assert not [said for said in await mallory.chat() if said.by_bot]


# The library --------------------------------------------------------------------------------------------------


async def test_the_library_shows_page_by_page_what_is_owned_and_not_what_was_taken_back(
    world: World, lena: PersonOfTheWorld
):
    taken = await buys(world, lena, await offers(world, "Taken back", ProductKind.SERVICE))
    for number in range(10):
        await buys(world, lena, await offers(world, f"Call {number}", ProductKind.SERVICE))
    await is_refunded(world, taken)
    await lena.hears("Call 9 is yours")
    await lena.say("/library")
    first = await lena.hears("Yours from Studio North")
    assert first.labels[::2] == [*(f"Call {number}" for number in range(9, 1, -1)), "›"]
    await lena.tap("›")

    async def turned() -> bool:
        return (await lena.hears("Yours from")).labels[::2] == ["Call 1", "Call 0", "‹"]

    assert await world.until(turned)
    await lena.tap("Call 0")
    await lena.hears("Call 0", times=2)


async def test_what_has_been_taken_back_is_not_had_again_by_an_old_button(world: World, lena: PersonOfTheWorld):
    order_id = await buys(world, lena, await offers(world, "Call", ProductKind.SERVICE))
    await lena.say("/library")
    await lena.hears("Yours")
    await is_refunded(world, order_id)
    heard = await lena.count("is yours")
    await lena.tap("Call")
    await world.settle()
    assert await lena.count("is yours") == heard


async def test_kept_by_handle_at_any_size(world: World, lena: PersonOfTheWorld):
    """What came by Telegram goes by Telegram: 2 GB have a handle as well as 2 MB."""
    product_id = await offers(world, "Film", ProductKind.FILE)
    await world.creator.send_file("film.mp4", b"film")

    async def kept() -> StoredFile | None:
        async with world.spark.database.reading() as session:
            return await session.scalar(select(StoredFile).where(StoredFile.file_name == "film.mp4"))

    assert await world.until(kept)
    async with world.spark.database.transaction() as session:
        await session.execute(
            update(StoredFile).where(StoredFile.file_name == "film.mp4").values(size=2_000_000_000, fetch_at=None)
        )
    await attached(world, "film.mp4", product_id)
    await buys(world, lena, product_id)
    await lena.gets_file("film.mp4")


async def test_bytes_go_up_once_and_telegrams_handle_serves_from_then_on(world: World, lena: PersonOfTheWorld):
    blob = await world.spark.files.keep(b"notes")
    product_id = await offers(world, "Notes", ProductKind.FILE)
    async with world.spark.database.transaction() as session:
        product = await session.get_one(Product, product_id)
        stored = StoredFile(
            creator_id=product.creator_id,
            file_name="notes.txt",
            mime_type="text/plain",
            size=5,
            sha256=blob,
            blob=blob,
            created_at=world.clock(),
        )
        session.add(stored)
        await session.flush()
        await attach_file(session, product.creator_id, stored.id, product_id, now=world.clock())
    anna = await world.person("Anna")
    await anna.say("/shop")
    await anna.hears("Studio North")
    for person in (lena, anna):
        await buys(world, person, product_id)
        await person.gets_file("notes.txt")
    first, second = [call["params"]["document"] for call in await world.calls("sendDocument")]
    async with world.spark.database.reading() as session:
        handle = (await session.scalars(select(FileHandle).where(FileHandle.file_id == stored.id))).one()
    assert second == handle.telegram_file_id != first


async def test_a_creator_gives_and_takes_by_hand_with_a_reason(world: World, lena: PersonOfTheWorld):
    product_id = await offers(world, "Call", ProductKind.SERVICE)
    async with world.spark.database.reading() as session:
        theirs = select(Lead.id).join(Person, Person.id == Lead.person_id).where(Person.telegram_id == lena.id)
        lead_id = (await session.scalars(theirs)).one()
    await world.creator.say(f"/lead {lead_id} give {product_id}")
    await world.creator.hears("and the reason")
    await world.creator.say(f"/lead {lead_id} give {product_id} Won the raffle")
    await world.creator.hears("Lena has “Call” now")
    await lena.hears("Call is yours")
    await world.creator.say(f"/lead {lead_id} give {product_id} Once more")
    await world.creator.hears("They have it already")
    await world.creator.say(f"/lead {lead_id} revoke {product_id} A mistake")
    await world.creator.hears("Lena does not have “Call” any more")
    await lena.say("/library")
    await lena.hears("Nothing here yet")
    await world.creator.say(f"/lead {lead_id} give {product_id} It was none")
    await lena.hears("Call is yours", times=2)
    async with world.spark.database.reading() as session:
        right = (await session.scalars(select(Entitlement))).one()
        assert (right.reason, right.revoked_at, right.revoked_by) == ("It was none", None, None)
