"""A page of Stripe's that a creator posts elsewhere: paid by anybody, fetched in Telegram by whoever paid, once."""

import re
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from sqlalchemy import func, select, update
from world import World

from domain.payment_links import CannotLink, end_payment_link, open_payment_link
from domain.setups import CreatorSetup
from domain.shop_setup import ShopSetup
from kit.errors import Refusal
from payments.payment_links import make_payment_link
from payments.stripe_rail import StripeRail
from store.models import Entitlement, Lead, Order, OrderState, Payment, PaymentLink, Product, Proof, ProviderEvent
from store.models import ProviderEventState as State

PRESETS = "Preset pack"
SETUP = CreatorSetup(shop=ShopSetup())
RAILS = ("stars", "stripe")


@pytest_asyncio.fixture
async def stripe(world: World) -> AsyncIterator[StripeRail]:
    """As the application has it; the product never runs out."""
    async with world.spark.database.transaction() as session:
        await session.execute(update(Product).where(Product.title == PRESETS).values(stock=None, initial=None))
    rail = StripeRail(
        "sk_test_stories",
        api_base=f"{world.address}/stripe",
        thanks_url=f"{world.loaded.settings.public_url}/bought",
    )
    yield rail
    await rail.close()


async def a_link(world: World, stripe: StripeRail, title: str = PRESETS) -> str:
    async with world.spark.database.transaction() as session:
        product = (await session.scalars(select(Product).where(Product.title == title))).one()
        link = await open_payment_link(session, product, setup=SETUP, rails=RAILS, now=world.clock())
    return await make_payment_link(world.spark.database, stripe, link.id, setup=SETUP, now=world.clock())


async def read(url: str, **form: str) -> tuple[int, str, str]:
    """Status, text, and where it leads on to, if it does."""
    async with aiohttp.ClientSession() as http:
        method = "POST" if form else "GET"
        async with http.request(method, url, data=form or None, allow_redirects=False) as answer:
            return answer.status, await answer.text(), answer.headers.get("Location", "")


async def pay_by(url: str, email: str = "kim@example.com", choice: str = "pay") -> str:
    """Opens the link in a browser and pays; where Stripe leads on to."""
    _, _, page = await read(url)
    status, _, thanks = await read(page, email=email, outcome=choice, action=choice)
    assert status == 303, page
    return thanks


async def rows(world: World, *columns: Any) -> list[Any]:
    async with world.spark.database.reading() as session:
        return list(await session.execute(select(*columns)))


async def claim_at(world: World, thanks: str) -> str:
    """What the button of the page after the payment says to the bot."""

    async def shown() -> bool:
        return "start=claim_" in (await read(thanks))[1]

    assert await world.until(shown), (await read(thanks))[1]
    found = re.search(r"start=(claim_[A-Za-z0-9_-]+)", (await read(thanks))[1])
    assert found is not None
    return found[1]


async def test_who_paid_by_a_link_fetches_it_in_telegram_and_nobody_after_them(world: World, stripe: StripeRail):
    url = await a_link(world, stripe)
    assert await a_link(world, stripe) == url
    thanks = await pay_by(url)
    assert thanks.startswith(f"{world.loaded.settings.public_url}/bought/cs_test_")
    claim = await claim_at(world, thanks)
    kim, otto = await world.person("Kim"), await world.person("Otto")
    await kim.say(f"/start {claim}")
    await kim.gets_file("preset-pack.zip")
    await kim.hears("What you bought is yours: Preset pack")
    await otto.say(f"/start {claim}")
    await otto.hears("fetched by somebody already")
    # the page no longer shows the claim
    assert "claim_" not in (await read(thanks))[1]
    await world.settle()
    assert not any(said.file_name == "preset-pack.zip" for said in await otto.chat())
    async with world.spark.database.reading() as session:
        owner = select(Lead.id).join(Entitlement, Entitlement.lead_id == Lead.id).where(Lead.person_id.is_not(None))
        assert len(list(await session.scalars(owner))) == 1


async def test_what_was_given_back_before_it_was_fetched_is_not_called_theirs(world: World, stripe: StripeRail):
    thanks = await pay_by(await a_link(world, stripe))
    claim = await claim_at(world, thanks)
    ((payment,),) = await rows(world, Payment.reference)
    await world.control("POST", "/stripe/events", {"type": "refund", "payment_intent": payment})

    async def is_back() -> bool:
        return await rows(world, Order.state) == [(OrderState.REFUNDED,)]

    assert await world.until(is_back)
    kim = await world.person("Kim")
    await kim.say(f"/start {claim}")
    await kim.hears("Preset pack is not yours (any more): the order is refunded")
    assert await kim.count("What you bought is yours") == 0


async def test_what_was_sold_out_when_its_money_came_is_told_on_the_page_and_in_the_chat(
    world: World, stripe: StripeRail
):
    url = await a_link(world, stripe)
    async with world.spark.database.transaction() as session:
        # while the page was open
        await session.execute(update(Product).where(Product.title == PRESETS).values(stock=0, initial=0))
    thanks = await pay_by(url)
    claim = await claim_at(world, thanks)
    page = (await read(thanks))[1]
    assert "the last one had just gone" in page
    assert "Get what you bought" not in page
    kim = await world.person("Kim")
    await kim.say(f"/start {claim}")
    await kim.hears("The seller has been told and will refund or deliver it")
    assert await kim.count("is not yours") == 0


async def test_a_typed_address_opens_nobody_elses_library(world: World, stripe: StripeRail):
    lena = await world.person("Lena")
    await lena.answers_welcome()
    await lena.gets_file("starter-guide.pdf")
    thanks = await pay_by(await a_link(world, stripe), "lena@example.com")
    await claim_at(world, thanks)
    await world.settle()
    assert not any(said.file_name == "preset-pack.zip" for said in await lena.chat())
    leads = await rows(world, Lead.id, Lead.email, Lead.email_proof, Lead.person_id)
    (bought,) = [lead for lead in leads if lead.person_id is None]
    assert (bought.email, bought.email_proof) == ("lena@example.com", Proof.TYPED)
    ((lead_id, state),) = await rows(world, Order.lead_id, Order.state)
    assert (lead_id, state) == (bought.id, OrderState.PAID)


@pytest.mark.parametrize("ending", ["async_paid", "async_failed"])
async def test_slow_money_of_a_link_is_waited_for(world: World, stripe: StripeRail, ending: str):
    thanks = await pay_by(await a_link(world, stripe), choice="later")
    claim = await claim_at(world, thanks)
    kim = await world.person("Kim")
    await kim.say(f"/start {claim}")
    await kim.hears("is on its way")
    await world.settle()
    assert not any(said.file_name == "preset-pack.zip" for said in await kim.chat())
    await world.pay(thanks.rsplit("/", 1)[-1], ending)
    await world.settle()
    ((state,),) = await rows(world, Order.state)
    if ending == "async_paid":
        await kim.gets_file("preset-pack.zip")
    else:
        assert state == OrderState.EXPIRED
        await kim.hears("did not go through")


async def test_every_word_about_one_checkout_of_a_link_is_one_order(world: World, stripe: StripeRail):
    url = await a_link(world, stripe)
    _, _, page = await read(url)
    session_id = page.rsplit("/", 1)[-1]
    await world.pay(session_id, "async_pending", deliver="twice")
    await world.pay(session_id, "async_paid", deliver="twice")
    await world.settle()
    assert [state for (state,) in await rows(world, Order.state)] == [OrderState.PAID]
    assert await rows(world, func.count(Entitlement.id)) == [(1,)]


async def test_a_link_whose_price_was_changed_at_stripe_delivers_nothing_and_is_told(world: World, stripe: StripeRail):
    url = await a_link(world, stripe)
    async with world.spark.database.transaction() as session:
        # as if the link asked for another price than the one it was made for
        await session.execute(update(PaymentLink).values(price_minor=2900))
        await session.execute(update(Product).where(Product.title == PRESETS).values(price_minor=2900))
    await pay_by(url)
    await world.creator.hears("does not fit its price")
    await world.settle()
    assert await rows(world, Order.id) == []
    assert State.REFUSED in {state for (state,) in await rows(world, ProviderEvent.state)}


async def test_an_ended_link_takes_no_money_and_so_does_one_whose_product_changed(world: World, stripe: StripeRail):
    first = await a_link(world, stripe)
    async with world.spark.database.transaction() as session:
        (link_id,) = await session.scalars(select(PaymentLink.id))
        assert await end_payment_link(session, link_id, now=world.clock())
        assert not await end_payment_link(session, link_id, now=world.clock())
    await world.settle()
    second = await a_link(world, stripe)
    assert second != first
    async with world.spark.database.transaction() as session:
        await session.execute(update(Product).where(Product.title == PRESETS).values(price_minor=2100))
    await world.settle()
    await world.creator.hears("The payment link of “Preset pack” has been switched off")
    for url in (first, second):
        _, _, leads_to = await read(url)
        assert not leads_to


@pytest.mark.usefixtures("stripe")
async def test_only_what_never_runs_out_has_a_link(world: World):
    changes: list[dict[str, Any]] = [
        {"stock": 5, "initial": 5},
        {"price_minor": 0},
        {"pay_what_you_want": True},
        {"limit_per_person": 1},
        {"active": False},
    ]
    for change in changes:
        async with world.spark.database.transaction() as session:
            product = (await session.scalars(select(Product).where(Product.title == PRESETS))).one()
            before = {name: getattr(product, name) for name in change}
            for name, value in change.items():
                setattr(product, name, value)
            await session.flush()
            with pytest.raises(Refusal):
                await open_payment_link(session, product, setup=SETUP, rails=RAILS, now=world.clock())
            for name, value in before.items():
                setattr(product, name, value)
    async with world.spark.database.transaction() as session:
        product = (await session.scalars(select(Product).where(Product.title == PRESETS))).one()
        stars_only = CreatorSetup(shop=ShopSetup(rails={"file": ("stars",)}))
        with pytest.raises(CannotLink):
            await open_payment_link(session, product, setup=stars_only, rails=RAILS, now=world.clock())


async def test_a_page_of_no_purchase_says_so_and_one_that_waits_looks_again(world: World):
    address = f"{world.loaded.settings.public_url}/bought"
    for odd in ("cs_", "x", "cs_test_%00" + "a" * 20, "9" * 300, "cs_test_" + "ä" * 20):
        status, text, _ = await read(f"{address}/{odd}")
        assert (status, "There is no purchase" in text) == (404, True)
    status, text, _ = await read(f"{address}/cs_test_{'a' * 58}")
    assert status == 200
    assert 'http-equiv="refresh"' in text
    kim = await world.person("Kim")
    for odd in ("claim_", "claim_nobody-knows-this"):
        await kim.say(f"/start {odd}")
    await kim.hears("There is no purchase behind this link", times=2)


async def test_without_a_webhook_the_page_after_the_payment_has_it_looked_up(world: World, stripe: StripeRail):
    url = await a_link(world, stripe)
    _, _, page = await read(url)
    session_id = page.rsplit("/", 1)[-1]
    await world.pay(session_id, deliver="never")
    world.clock.pass_time(seconds=30)
    assert await claim_at(world, f"{world.loaded.settings.public_url}/bought/{session_id}")
