"""What was promised is not given up: how long it is tried, how often, and who hears when it did not arrive."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from stage import FakeGateway, Stage

from automations.gateway import Away, Blocked, NotNow, PutOff, Refused, SendFailure, SlowDown, Uncertain
from automations.outcomes import MOST_ATTEMPTS, MOST_UNCERTAIN
from domain.messages.plain import Message
from domain.people import Profile, see_person
from domain.products import add_product
from kit.money import Money
from store.database import insert_once
from store.models import Account, Entitlement, Lead, OutboxKind, OutboxMessage, OutboxState, Person
from store.queries.due import earliest_due, has_due

PROMISED = [OutboxKind.DELIVERY, OutboxKind.NOTICE]
CREATOR, BUYER = 1, 100


class OnlyToTheCreator(FakeGateway):
    """Fails in the same way each time for everybody but the creator; for `also_creator` for them too."""

    def __init__(self, failure: SendFailure, *, also_creator: bool = False) -> None:
        super().__init__()
        self.failure = failure
        self.also_creator = also_creator

    async def send(self, telegram_id: int, message: Message) -> int:
        if telegram_id != CREATOR or self.also_creator:
            raise self.failure
        return await super().send(telegram_id, message)


async def opened(stage: Stage) -> Lead:
    """A creator with a chat of their own, and a buyer; nothing has happened that is not looked at yet."""
    await stage.open()
    async with stage.database.transaction() as session:
        person = await see_person(session, 7, Profile(CREATOR, "Mira", None, "en"), now=stage.clock())
        await session.execute(update(Account).values(person_id=person.id))
    lead = await stage.lead(BUYER)
    await stage.look_at_events()
    return lead


async def waits_of(stage: Stage, tries: int) -> list[float]:
    """How long the first message waits after each try, until it is over or so many were made."""
    waits: list[float] = []
    for _ in range(tries):
        await stage.send()
        first = (await stage.outbox())[0]
        if first.state is not OutboxState.QUEUED:
            break
        waits.append((first.due_at - stage.clock()).total_seconds())
        stage.clock.pass_time(seconds=waits[-1])
    return waits


async def stuck(stage: Stage) -> list[OutboxMessage]:
    return [message for message in await stage.outbox() if message.key.startswith("delivery-stuck:")]


@pytest.mark.parametrize("kind", PROMISED)
async def test_however_long_telegram_is_away_a_promise_is_kept(stage: Stage, kind: OutboxKind):
    await stage.promise(await opened(stage), "one", kind)
    stage.gateway.failures = [NotNow("502")] * 40
    waits = await waits_of(stage, 40)
    assert waits[:10] == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900]
    assert set(waits[10:]) == {900}
    await stage.send()
    assert stage.gateway.sent == [(BUYER, "one")]


async def test_the_wait_stays_a_quarter_of_an_hour_after_weeks_of_tries(stage: Stage):
    await stage.promise(await opened(stage), "one")
    async with stage.database.transaction() as session:
        await session.execute(update(OutboxMessage).values(attempts=5000))
    stage.gateway.failures = [NotNow("502")]
    assert await waits_of(stage, 1) == [900]


async def test_marketing_is_given_up_at_last(stage: Stage):
    await stage.promise(await opened(stage), "one", OutboxKind.FUNNEL)
    stage.gateway.failures = [NotNow("502")] * 40
    assert len(await waits_of(stage, 40)) == MOST_ATTEMPTS - 1
    (message,) = await stage.outbox()
    assert (message.state, message.error) == (OutboxState.FAILED, "502")


@pytest.mark.parametrize("kind", PROMISED)
async def test_lost_answers_put_a_promise_off_longer_and_longer(stage: Stage, kind: OutboxKind):
    await stage.promise(await opened(stage), "one", kind)
    stage.gateway.failures = [Uncertain("no answer")] * MOST_UNCERTAIN
    assert await waits_of(stage, 40) == [5, 30, 120, 600, 3600, 3600, 3600, 3600, 3600]
    first = (await stage.outbox())[0]
    assert (first.state, first.uncertain) == (OutboxState.UNCERTAIN, 10)


async def test_a_first_kill_delays_nobody_and_a_second_one_does(stage: Stage):
    await stage.promise(await opened(stage), "one", OutboxKind.DELIVERY)
    for wait in (0, 30, 120):
        await stage.claim(most=1)
        await stage.sweep()
        (message,) = await stage.outbox()
        assert message.due_at - stage.clock() == timedelta(seconds=wait)
        stage.clock.pass_time(seconds=wait)
    await stage.send()
    assert stage.gateway.sent == [(BUYER, "one")]


@pytest.mark.parametrize(
    "failure",
    [SlowDown(3), PutOff("it goes up", 3), Away("no connection", 3), Blocked("bot was blocked by the user")],
)
async def test_being_put_off_or_blocked_is_no_try(stage: Stage, failure: SendFailure):
    await stage.promise(await opened(stage), "one", OutboxKind.DELIVERY)
    for _ in range(3):
        stage.gateway.failures = [failure]
        assert await stage.send() == 1
        async with stage.database.transaction() as session:
            await see_person(session, 7, Profile(BUYER, "Lena", None, "en"), now=stage.clock())
        stage.clock.pass_time(seconds=3)
    (message,) = await stage.outbox()
    assert (message.state, message.attempts) == (OutboxState.QUEUED, 0)
    await stage.send()
    assert (await stage.outbox())[0].attempts == 1


@pytest.mark.parametrize("failure", [SlowDown(1), PutOff("it goes up", 1), Away("no connection", 1)])
async def test_being_put_off_never_ends_marketing(stage: Stage, failure: SendFailure):
    await stage.promise(await opened(stage), "one", OutboxKind.FUNNEL)
    stage.gateway.failures = [*[failure] * (MOST_ATTEMPTS + 1), NotNow("502")]
    await waits_of(stage, MOST_ATTEMPTS + 2)
    await stage.send()
    assert stage.gateway.sent == [(BUYER, "one")]


@pytest.mark.parametrize(
    ("failure", "state"),
    [(Refused("wrong file"), OutboxState.FAILED), (Uncertain("no answer"), OutboxState.UNCERTAIN)],
)
async def test_the_creator_hears_of_a_delivery_that_is_stuck(stage: Stage, failure: SendFailure, state: OutboxState):
    lead = await opened(stage)
    async with stage.database.transaction() as session:
        product = await add_product(
            session, creator_id=stage.creator_id, title="Pack <1>", price=Money(1900, "usd"), now=stage.clock()
        )
        right = {"lead_id": lead.id, "product_id": product.id, "origin": "gift", "granted_at": stage.clock()}
        entitlement_id = await insert_once(session, Entitlement, right)
    await stage.promise(lead, "the pack", OutboxKind.DELIVERY, entitlement_id=entitlement_id)
    stage.gateway = OnlyToTheCreator(failure)
    for _ in range(MOST_UNCERTAIN + 2):
        await stage.send()
        stage.clock.pass_time(hours=1)
    (delivery,) = [message for message in await stage.outbox() if message.kind is OutboxKind.DELIVERY]
    assert delivery.state is state
    (told,) = await stuck(stage)
    assert told.key.startswith(f"delivery-stuck:{delivery.id}:")
    assert (told.kind, told.state) == (OutboxKind.NOTICE, OutboxState.SENT)
    ((chat, text),) = stage.gateway.sent
    assert chat == CREATOR
    for part in ("Pack &lt;1&gt;", "Lena", str(failure), "/library"):
        assert part in text


async def test_a_delivery_that_the_sweep_gives_up_is_told_of_once_and_may_still_be_confirmed(stage: Stage):
    await stage.promise(await opened(stage), "one", OutboxKind.DELIVERY)
    async with stage.database.transaction() as session:
        await session.execute(update(OutboxMessage).values(uncertain=MOST_UNCERTAIN - 1))
    (claimed,) = await stage.claim(most=1)
    for _ in range(2):
        await stage.sweep()
    assert [told.state for told in await stuck(stage)] == [OutboxState.QUEUED]
    await stage.confirm(claimed, 77)
    assert (await stage.outbox())[0].state is OutboxState.SENT


@pytest.mark.parametrize("failure", [Refused("wrong"), Uncertain("no answer")])
async def test_of_a_notice_or_a_follow_up_that_is_stuck_nobody_is_told(stage: Stage, failure: SendFailure):
    lead = await opened(stage)
    await stage.promise(lead, "a file", OutboxKind.DELIVERY)
    await stage.promise(lead, "a notice", OutboxKind.NOTICE)
    await stage.promise(lead, "a nudge", OutboxKind.FUNNEL)
    stage.gateway = OnlyToTheCreator(failure, also_creator=True)
    for _ in range(3 * MOST_UNCERTAIN):
        await stage.send()
        stage.clock.pass_time(hours=1)
    assert len(await stuck(stage)) == 1
    assert len(await stage.outbox()) == 4
    over = {OutboxState.FAILED, OutboxState.UNCERTAIN}
    assert {message.state for message in await stage.outbox()} <= over


async def test_what_waits_for_somebody_who_has_blocked_the_bot_is_not_what_is_next(stage: Stage):
    await stage.promise(await opened(stage), "one", OutboxKind.DELIVERY)
    async with stage.database.transaction() as session:
        await session.execute(update(OutboxMessage).values(due_at=stage.clock() + timedelta(hours=1)))
    async with stage.database.reading() as session:
        assert await earliest_due(session, after=stage.clock()) == stage.clock() + timedelta(hours=1)
    async with stage.database.transaction() as session:
        await session.execute(update(Person).values(blocked_at=stage.clock()))
    async with stage.database.reading() as session:
        assert await earliest_due(session, after=stage.clock()) is None
        assert not await has_due(session, now=stage.clock() + timedelta(hours=2))


async def test_what_is_due_already_is_not_what_is_next(stage: Stage):
    lead = await opened(stage)
    await stage.promise(lead, "now")
    stage.clock.pass_time(seconds=1)
    async with stage.database.reading() as session:
        assert await earliest_due(session, after=stage.clock()) is None
        assert await has_due(session, now=stage.clock())
    await stage.promise(lead, "later")
    async with stage.database.transaction() as session:
        later = stage.clock() + timedelta(minutes=5)
        await session.execute(update(OutboxMessage).where(OutboxMessage.key == "later").values(due_at=later))
    async with stage.database.reading() as session:
        assert await earliest_due(session, after=stage.clock()) == later
