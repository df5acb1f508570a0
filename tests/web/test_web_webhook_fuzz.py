"""Thousands of webhooks that nobody sent: none is taken that should not be, and none is an error of ours.

What may be taken is worked out here from Stripe's own description of its signatures, and not by Spark's code or
Stripe's library: https://docs.stripe.com/webhooks#verify-manually
"""

import asyncio
import hashlib
import hmac
import json
import random
import re
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import orjson
import pytest
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import select
from web_world import NOON, SECRET, Client, Site

from payments.provider_events import ProviderEvents
from payments.stripe_events import StripeEvents
from store.database import Database
from store.models import Entitlement, Payment, ProviderEvent, ProviderEventState

SECRETS = ("whsec_new", "whsec_old")
WINDOW = 300
AT_ONCE = 50
NOW = int(NOON.timestamp())
LETTERS = string.ascii_letters + string.digits + " =,.;:-_\"'{}[]\\/%é"
EVENT: dict[str, object] = {
    "id": "evt_1",
    "object": "event",
    "type": "checkout.session.completed",
    "livemode": False,
    "created": NOW,
    "data": {
        "object": {
            "object": "checkout.session",
            "id": "cs_1",
            "livemode": False,
            "client_reference_id": "order-1",
            "amount_total": 1900,
            "currency": "usd",
            "payment_status": "paid",
            "payment_intent": "pi_1",
        }
    },
}
ODD: tuple[object, ...] = (
    *(None, "", 0, -1, 10**30, 1e308, True, [], {}, "\x00", "\ud800", "evt_1" * 1000, [[[[]]]], {"id": {}}, "☃"),
)


@dataclass(frozen=True)
class Post:
    body: bytes
    signature: str | None


def signed(body: bytes, *, secret: str = SECRETS[0], at: int = NOW) -> Post:
    return Post(body, f"t={at},v1={digest(body, secret, at)}")


def digest(body: bytes, secret: str, at: int) -> str:
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def is_stripes(post: Post) -> bool:
    """One of the secrets signed these bytes at a time that the header tells, within five minutes of now."""
    told = post.signature or ""
    # the library reads a number as Python writes it, `1_000`; what was signed is the number
    times = {int(each) for each in re.findall(r"[0-9]{1,12}", told.replace("_", ""))}
    return any(abs(at - NOW) <= WINDOW and digest(post.body, secret, at) in told for at in times for secret in SECRETS)


def mutated(chance: random.Random) -> Post:
    """A genuine webhook with one or a few things wrong, or none of them in the end."""
    genuine = signed(orjson.dumps(EVENT), secret=chance.choice(SECRETS))
    assert genuine.signature is not None
    match chance.randrange(8):
        case 0 | 1:
            return Post(_bytes_changed(chance, genuine.body), genuine.signature)
        case 2 | 3:
            return Post(genuine.body, _letters_changed(chance, genuine.signature))
        case 4:
            return Post(genuine.body, _parts_changed(chance, genuine.signature))
        case 5:
            # a secret of somebody else's, or a time at the edge of what is taken
            at = NOW + chance.choice([-WINDOW - 1, WINDOW + 1, -WINDOW, WINDOW, -(10**9), 10**9])
            return signed(genuine.body, secret=chance.choice([*SECRETS, "", "whsec_", "whsec_new "]), at=at)
        case 6:
            return signed(json.dumps(_values_changed(chance)).encode())
        case _:
            return signed(_bytes_changed(chance, genuine.body))


def _bytes_changed(chance: random.Random, body: bytes) -> bytes:
    changed = bytearray(body)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(changed) + 1)
        match chance.randrange(5):
            case 0:
                changed[place : place + 1] = bytes([chance.randrange(256)])
            case 1:
                del changed[place : place + chance.randint(1, 40)]
            case 2:
                changed[place:place] = bytes(chance.randrange(256) for _ in range(chance.randint(1, 8)))
            case 3:
                changed[place:place] = changed[: chance.randint(0, 60)]
            case _:
                changed[place:place] = b"[" * chance.choice([1, 50, 5000])
    return bytes(changed)


def _letters_changed(chance: random.Random, header: str) -> str:
    letters = list(header)
    for _ in range(chance.randint(1, 3)):
        place = chance.randrange(len(letters))
        match chance.randrange(3):
            case 0:
                letters[place] = chance.choice(LETTERS)
            case 1:
                del letters[place]
            case _:
                letters.insert(place, chance.choice(LETTERS))
    return "".join(letters)


def _parts_changed(chance: random.Random, header: str) -> str | None:
    time, signature = header.split(",")
    return chance.choice(
        [
            None,
            *("", ",", "=", "t=", "v1=", "t=,v1=", f"{time},v1=", f"t=,{signature}", signature, time),
            *(f"{signature},{time}", f"{time},{time},{signature}", f"{time},v1={'0' * 64},{signature}"),
            *(f"{time},v0={signature[3:]}", f"{time},V1={signature[3:]}", f"t={NOW + 1},{signature}"),
            *(
                f"t={NOW - 10**6},{time},{signature}",
                f"t=x,{signature}",
                f"t=-{NOW},{signature}",
                f"{time};{signature}",
            ),
            *(f"{time},{signature.upper()}", f"t={'9' * 400},{signature}", f"t=1e9,{signature}", "," * 4000),
        ]
    )


def _values_changed(chance: random.Random) -> object:
    """Stripe's own signature under words of a shape that it never says, about an order that is not here."""
    event = orjson.loads(orjson.dumps(EVENT))
    event["id"] = f"evt_{chance.randrange(10**9)}"
    about = event["data"]["object"]
    about["client_reference_id"] = "order-of-nobody"
    place = chance.choice([event, about, event["data"]])
    key = chance.choice(list(place))
    if chance.random() < 0.3:
        del place[key]
    else:
        place[key] = chance.choice(ODD)
    return chance.choice([event, event, event, event, ODD[chance.randrange(len(ODD))]])


@pytest.fixture
async def stripe(database: Database) -> StripeEvents:
    return StripeEvents(database, lambda: NOON, SECRETS, livemode=False)


@pytest.fixture
async def wire(site: Site, stripe: StripeEvents) -> Iterator[Client]:
    """Spark's HTTP face, with what takes in Stripe's words for real behind it."""
    site.stripe = stripe  # type: ignore[assignment]  # in the place of the one that only notes what came
    async with TestClient(TestServer(site.app())) as client:
        yield client


async def post(client: Client, sent: Post) -> int:
    headers = {} if sent.signature is None else {"Stripe-Signature": sent.signature}
    async with client.post("/webhooks/stripe", data=sent.body, headers=headers) as answer:
        await answer.read()
        return answer.status


async def many(count: int, seed: int, one: Callable[[random.Random], object], send: Callable[..., object]) -> None:
    chance = random.Random(seed)
    for start in range(0, count, AT_ONCE):
        await asyncio.gather(*(send(one(chance)) for _ in range(min(AT_ONCE, count - start))))


async def none_gets_through(client: Client, stripe: StripeEvents, count: int, seed: int) -> None:
    taken, statuses = set(), set()

    async def send(sent: Post) -> None:
        status = await post(client, sent)
        statuses.add(status)
        assert status < 500, (status, sent)
        if status == 200:
            assert is_stripes(sent), sent
            taken.add(orjson.loads(sent.body)["id"])

    await many(count, seed, mutated, send)
    assert {200, 400, 422} >= statuses > {200}
    async with stripe.database.reading() as session:
        assert set(await session.scalars(select(ProviderEvent.reference))) == taken
    # what was signed but makes no sense holds up nobody, and moves no money
    events = ProviderEvents(stripe.database, stripe.clock, {"stripe": stripe})
    while await events.apply_due():
        pass
    async with stripe.database.reading() as session:
        assert (
            (await session.scalars(select(Payment))).all() == (await session.scalars(select(Entitlement))).all() == []
        )
        states = set(await session.scalars(select(ProviderEvent.state)))
        assert ProviderEventState.APPLIED not in states


async def test_no_webhook_is_taken_that_stripe_did_not_sign(wire: Client, stripe: StripeEvents):
    await none_gets_through(wire, stripe, 800, seed=4)


@pytest.mark.nightly
@pytest.mark.timeout(600)
async def test_of_ten_thousand_webhooks_none_is_taken_that_stripe_did_not_sign(wire: Client, stripe: StripeEvents):
    await none_gets_through(wire, stripe, 10_000, seed=40)


async def test_a_genuine_one_is_taken(wire: Client, stripe: StripeEvents):
    for at in (NOW - WINDOW, NOW, NOW + WINDOW):
        genuine = signed(orjson.dumps(EVENT), at=at)
        assert is_stripes(genuine)
        assert await post(wire, genuine) == 200


def wrong_secrets(chance: random.Random) -> str | None:
    """Everything but the secret itself."""
    told = chance.choice([_letters_changed(chance, SECRET), SECRET[: chance.randrange(len(SECRET))], SECRET * 2, None])
    return None if told is None or told.strip() == SECRET else told


async def telegram_lets_nobody_in(client: Client, site: Site, count: int, seed: int) -> None:
    async def send(secret: str | None) -> None:
        headers = {} if secret is None else {"X-Telegram-Bot-Api-Secret-Token": secret}
        async with client.post("/webhooks/telegram/4242", data=b'{"update_id":1}', headers=headers) as answer:
            assert answer.status == 401, (answer.status, secret)

    await many(count, seed, wrong_secrets, send)
    assert site.telegram.kept == []


async def test_no_update_is_taken_without_the_secret(client: Client, site: Site):
    await telegram_lets_nobody_in(client, site, 300, seed=4)


@pytest.mark.nightly
async def test_of_three_thousand_updates_none_is_taken_without_the_secret(client: Client, site: Site):
    await telegram_lets_nobody_in(client, site, 3_000, seed=40)
