"""The process dies at one exact moment, held open by the stand-ins or by the store's own lock."""

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing

import pytest
from chaos_client import Client, Json
from chaos_facts import reading
from chaos_stage import Process, Stage, until
from chaos_tour import CREATOR, GUIDE, PACK, Progress, Tour, buttons, checkouts, file, fill_shop, said
from sqlalchemy import select

from store.models import OutboxMessage, ProviderEvent, TelegramUpdate

WITHIN = 20.0
Opened = tuple[Stage, Client, Process]


@pytest.fixture
async def opened(staged: Callable[..., Awaitable[tuple[Stage, Client]]], request: pytest.FixtureRequest) -> Opened:
    stage, client = await staged(webhook=getattr(request, "param", "polling") == "webhook")
    await stage.add_creator("Studio North", "studio", CREATOR)
    spark = stage.spark()
    spark.start()
    await spark.ready()
    await fill_shop(client, stock=10)
    return stage, client, spark


async def restart(spark: Process) -> None:
    spark.kill()
    spark.start()
    await spark.ready()


async def fault(client: Client, api: str, method: str, kind: str) -> Callable[[], Awaitable[bool]]:
    """The next such call meets the fault; tells whether it has."""
    await client.post("/faults", {"api": api, "method": method, "fault": kind})

    async def met() -> bool:
        return not (await client.get("/faults"))["items"]

    return met


async def newest_update(stage: Stage) -> TelegramUpdate:
    async with reading(stage.store_url) as session:
        return (await session.scalars(select(TelegramUpdate).order_by(TelegramUpdate.id.desc()).limit(1))).one()


async def in_shop(client: Client) -> tuple[int, Json]:
    """Somebody who looks at the pack, and its message with the button to buy it."""
    person = await client.add_person("Ann")
    after = await client.write(person, text="/start ad42")
    await client.hear(person, said("What shall we call you?"), "the first question", after=after, within=WITHIN)
    after = await client.write(person, text="/shop")
    shop = await client.hear(
        person, lambda each: bool(buttons(each, "product:")), "the shop", after=after, within=WITHIN
    )
    (data,) = [each["data"] for each in buttons(shop) if each["text"].startswith("Preset pack")]
    await client.tap(person, shop, data)
    card = await client.hear(
        person, lambda each: bool(buttons(each, "buy:")), "the product", after=after, within=WITHIN
    )
    return person, card


async def files_of(client: Client, person: int) -> list[str]:
    return [each["document"]["file_name"] for each in await client.chat(person) if "document" in each]


@pytest.mark.parametrize("opened", ["polling", "webhook"], indirect=True)
async def test_a_message_that_was_received_and_not_yet_saved_is_given_again_and_answered(opened):
    stage, client, spark = opened
    person = await client.add_person("Ann")
    known = len(await client.journal("updates"))

    async def handed_over() -> bool:
        return len(await client.journal("updates")) > known

    with closing(sqlite3.connect(stage.folder / "spark.db", isolation_level=None)) as store:
        # nobody else can write: the update gets as far as the commit and no further
        store.execute("BEGIN IMMEDIATE")
        after = await client.write(person, text="/start ad42")
        await until(handed_over, "the update reaches Spark", within=WITHIN)
        spark.kill()
        store.execute("ROLLBACK")
    assert str(person) not in (await newest_update(stage)).lane
    spark.start()
    await client.hear(person, said("What shall we call you?"), "the first question", after=after, within=WITHIN)
    row = await newest_update(stage)
    assert (row.lane, row.resumed, row.error) == (f"person:{person}", 0, None)


@pytest.mark.parametrize("opened", ["polling", "webhook"], indirect=True)
async def test_a_reply_that_was_saved_and_not_yet_sent_goes_out_after_the_restart(opened):
    stage, client, spark = opened
    person = await client.add_person("Ann")
    met = await fault(client, "telegram", "sendMessage", "hang")
    after = await client.write(person, text="/start ad42")
    await until(met, "the reply is on its way", within=WITHIN)
    assert not [each for each in await client.chat(person, after=after) if each["from"] == "bot"]
    await restart(spark)
    await client.hear(person, said("What shall we call you?"), "the first question", after=after, within=WITHIN)
    assert (await newest_update(stage)).resumed == 1


async def test_a_reply_that_was_sent_and_not_yet_noted_comes_again_and_its_row_owns_up_to_it(opened):
    stage, client, spark = opened
    person = await client.add_person("Ann")
    with closing(sqlite3.connect(stage.folder / "spark.db", isolation_level=None)) as store:
        met = await fault(client, "telegram", "sendMessage", "429")
        after = await client.write(person, text="/start ad42")
        # Telegram asks for a second's patience, in which the store is taken away: the note cannot be saved
        await until(met, "Telegram asks to wait", within=WITHIN)
        store.execute("BEGIN IMMEDIATE")
        await client.hear(person, said("What shall we call you?"), "the question", after=after, within=WITHIN)
        spark.kill()
        store.execute("ROLLBACK")
    spark.start()

    async def asked_twice() -> bool:
        texts = [each["text"] for each in await client.chat(person, after=after)]
        return texts.count("What shall we call you?") == 2

    await until(asked_twice, "the current question is shown again", within=WITHIN)
    assert (await newest_update(stage)).resumed == 1


async def test_a_checkout_that_was_being_made_is_the_same_one_after_the_restart(opened):
    _stage, client, spark = opened
    person, card = await in_shop(client)
    # Stripe makes the session, and the answer never arrives
    met = await fault(client, "stripe", "POST /v1/checkout/sessions", "hang")
    (buy,) = buttons(card, "buy:")
    await client.tap(person, card, buy["data"])
    await until(met, "Stripe is asked", within=WITHIN)
    await restart(spark)
    after = card["message_id"]
    paid = await client.hear(person, lambda each: bool(checkouts(each)), "the checkout", after=after, within=WITHIN)
    sessions = (await client.get("/stripe/sessions"))["items"]
    assert [each["id"] for each in sessions] == checkouts(paid)


async def test_a_delivery_cut_off_in_the_middle_goes_out_again_and_says_that_it_is_uncertain(opened):
    stage, client, spark = opened
    person, card = await in_shop(client)
    (buy,) = buttons(card, "buy:")
    await client.tap(person, card, buy["data"])
    after = card["message_id"]
    paying = await client.hear(person, lambda each: bool(checkouts(each)), "the checkout", after=after, within=WITHIN)
    met = await fault(client, "telegram", "sendDocument", "hang")
    await client.post(f"/stripe/sessions/{checkouts(paying)[0]}", {"outcome": "paid"})
    await until(met, "the delivery is on its way", within=WITHIN)
    await restart(spark)
    await client.hear(person, file(PACK), "what was paid for", after=after, within=WITHIN)
    async with reading(stage.store_url) as session:
        promised = select(OutboxMessage).where(OutboxMessage.key.startswith("delivery:"))
        assert [row.uncertain for row in await session.scalars(promised)] == [1]
    assert await files_of(client, person) == [PACK]


async def test_a_payment_told_while_spark_is_dead_is_delivered_once_it_is_back(opened):
    stage, client, spark = opened
    person, card = await in_shop(client)
    (buy,) = buttons(card, "buy:")
    await client.tap(person, card, buy["data"])
    after = card["message_id"]
    paying = await client.hear(person, lambda each: bool(checkouts(each)), "the checkout", after=after, within=WITHIN)
    spark.kill()
    body = {"outcome": "paid", "deliver": "twice"}
    await client.post(f"/stripe/sessions/{checkouts(paying)[0]}", body)
    spark.start()
    await client.hear(person, file(PACK), "what was paid for", after=after, within=WITHIN)
    async with reading(stage.store_url) as session:
        told = list(await session.scalars(select(ProviderEvent.kind)))
    assert told.count("checkout.session.completed") == 1
    assert await files_of(client, person) == [PACK]


async def test_whoever_is_in_the_middle_of_the_flow_goes_on_where_they_were(opened, dice):
    _stage, client, spark = opened
    tour = Tour(client, Progress(), 1, WITHIN, dice, person=await client.add_person("Ann"))
    await tour._write("/start ad42", said("What shall we call you?"), "the first question")
    await restart(spark)
    await tour._write("Ann", said("Good to have you here, Ann."), "the second question")
    await restart(spark)
    await tour._write("ann@example.com", said("And a phone number"), "the third question")
    choice = await tour._give_phone()
    await restart(spark)
    after = await tour._tap(choice, "Video lessons")
    await tour._hear(file(GUIDE), "the starter guide", after)
