"""What `spark doctor` says of the ways to be paid."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from app.doctor import proxy_finding, rails_finding, stripe_finding
from app.settings import Settings
from domain.creators import add_creator
from domain.leads import add_lead
from domain.orders import open_order
from domain.pricing import Wish
from domain.products import add_product
from domain.setups import CreatorSetup
from kit.money import Money
from store.database import Database
from store.models import Order, ProviderEvent, RailCursor
from store.queries.rails import rail_lag

NOW = datetime(2031, 5, 4, 12, 0, tzinfo=UTC)
A_DAY = timedelta(days=1)


async def test_without_a_stripe_key_doctor_says_that_stars_are_taken_all_the_same():
    found = await stripe_finding(Settings())
    assert (found.what, found.well) == ("stripe", True)
    assert found.told == (
        "not set up, so only what is sold for Telegram Stars, and what is free, can be had; "
        "SPARK_STRIPE__SECRET_KEY sets it up"
    )


async def test_stripe_without_a_webhook_secret_is_not_well():
    found = await stripe_finding(Settings.model_validate({"stripe": {"secret_key": "sk_test_1"}}))
    assert (found.well, found.told) == (False, "no webhook secret; set SPARK_STRIPE__WEBHOOK_SECRETS")


def test_a_proxy_that_is_not_trusted_is_warned_of():
    def told(public_url: str, **http: object) -> str:
        found = proxy_finding(Settings.model_validate({"public_url": public_url, "http": http}))
        assert found.well
        return found.told

    assert "warning: " in told("https://spark.example.com")
    assert "SPARK_HTTP__TRUSTED_PROXIES=127.0.0.1" in told("https://spark.example.com", host="localhost")
    for public_url, http in (
        ("https://spark.example.com", {"trusted_proxies": ["127.0.0.1"]}),
        ("https://spark.example.com", {"host": "0.0.0.0"}),
        ("http://127.0.0.1:8080", {}),
    ):
        assert "warning" not in told(public_url, **http), public_url


async def rails_told(database: Database, now: datetime = NOW) -> tuple[bool, str]:
    async with database.reading() as session:
        found = rails_finding(await rail_lag(session, now=now))
    assert found.what == "rails"
    return found.well, found.told


async def test_the_rails_line_counts_what_waits_and_says_for_how_long(database: Database):
    nothing = "0 events to apply, 0 orders to look up, 0 refunds to make"
    assert await rails_told(database) == (True, nothing)
    async with database.transaction() as session:
        creator = (await add_creator(session, name="Studio", slug="studio", now=NOW)).creator
        lead = await add_lead(session, creator.id, name="Lena", now=NOW)
        product = await add_product(
            session, creator_id=creator.id, title="Preset pack", price=Money(1900, "usd"), now=NOW
        )
        order = await open_order(session, lead, Wish(product), good_for=A_DAY, setup=CreatorSetup(), now=NOW)
        await session.execute(update(Order).where(Order.id == order.id).values(look_at=NOW + timedelta(minutes=2)))
        session.add(RailCursor(rail="stars", checked_at=None))
        session.add(RailCursor(rail="stripe", checked_at=NOW))
        session.add(ProviderEvent(rail="stripe", reference="evt_1", kind="x", body="{}", retry_at=NOW, received_at=NOW))
    read = "list of stars not read yet, list of stripe read"
    soon = await rails_told(database, NOW + timedelta(minutes=1))
    told = "1 events to apply, 0 orders to look up, 0 refunds to make, the oldest for 1 min"
    assert soon == (True, f"{told}, {read} 1 min ago")
    well, told = await rails_told(database, NOW + timedelta(minutes=90))
    assert not well
    counts = "1 events to apply, 1 orders to look up, 0 refunds to make, the oldest for 1 h 30 min"
    mend = "is `spark run` at work, and can it reach the rails?"
    assert told == f"{counts}, {read} 1 h 30 min ago; {mend}"


async def test_a_list_that_nobody_has_read_for_long_is_not_well_though_nothing_waits(database: Database):
    async with database.transaction() as session:
        session.add(RailCursor(rail="stripe", checked_at=NOW))
    assert (await rails_told(database, NOW + timedelta(minutes=30)))[0]
    assert not (await rails_told(database, NOW + timedelta(minutes=31)))[0]
