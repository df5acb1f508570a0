"""Addresses at which something is paid: none is dead when it is opened, and nobody can make one."""

import asyncio
import random
import string
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from odd_bodies import ODD_BODIES
from sqlalchemy import select, update
from web_world import BOT, KEY, Client, Site

from domain.creators import add_creator, bind_person
from domain.discounts import Terms, add_code, archive_code
from domain.forgetting import forget_lead
from domain.lead_acts import ban_lead
from domain.leads import capture_lead
from domain.link_orders import MOST_OPENED
from domain.offers import order_address, product_address
from domain.order_ends import expire_order
from domain.orders import open_order
from domain.pay_links import ForOrder, ForProduct, PayLinks, UnknownLink
from domain.people import Profile, see_person
from domain.pricing import Wish
from domain.products import add_product
from domain.setups import CreatorSetup
from kit.money import Money
from payments.rail import Bill, Checkout, Cursor, RailDown, RailRefused, Read, RefundAnswer, RefundDue, Standing
from store.models import Event, Lead, Order, OrderState, OutboxMessage, Product


@dataclass
class Till:
    """A rail that makes a page for every order."""

    livemode: bool = False
    bills: list[Bill] = field(default_factory=list)
    down: bool = False
    refuses: bool = False

    async def make_checkout(self, bill: Bill) -> Checkout:
        if self.down:
            raise RailDown("not now", answered=False)
        if self.refuses:
            raise RailRefused("too little")
        self.bills.append(bill)
        return Checkout(f"cs_{bill.order_id}", f"https://pay.example/{bill.order_id}")

    async def end_checkout(self, _session_id: str) -> Standing | None:
        return None

    async def look_up(self, _session_id: str) -> Standing | None:
        return None

    async def refund(self, due: RefundDue) -> RefundAnswer:
        raise NotImplementedError(due)

    async def events_after(self, _cursor: Cursor) -> AsyncIterator[Read]:
        return
        yield


@dataclass
class Shop:
    site: Site
    till: Till
    setup: CreatorSetup
    lead_id: int
    product_id: int

    def link(self) -> str:
        address = product_address(self.setup, self.product_id, lead_id=self.lead_id, now=self.site.clock())
        return urlsplit(str(address)).path

    async def orders(self) -> list[Order]:
        async with self.site.database.reading() as session:
            return list(await session.scalars(select(Order).order_by(Order.id)))

    async def link_of(self, order_id: int) -> str:
        async with self.site.database.reading() as session:
            return urlsplit(str(await order_address(session, self.setup, order_id))).path

    async def change(self, **values: object) -> None:
        async with self.site.database.transaction() as session:
            await session.execute(update(Product).values(**values))

    async def told(self, text: str) -> int:
        """How many notices say so."""
        async with self.site.database.reading() as session:
            return sum(text in str(each.message["text"]) for each in await session.scalars(select(OutboxMessage)))

    async def end(self, order_id: int) -> None:
        async with self.site.database.transaction() as session:
            await expire_order(session, await session.get_one(Order, order_id), now=self.site.clock())


@pytest.fixture
async def shop(either_site: Site) -> Shop:
    site = either_site
    site.readiness.now_ready()
    now, till = site.clock(), Till()
    site.rails["stripe"] = till
    setup = CreatorSetup(pay_links=PayLinks(site.public_url, KEY))
    async with site.database.transaction() as session:
        made = await add_creator(session, name="Studio", slug="studio", now=now)
        creator = made.creator
        cora = await see_person(session, 1, Profile(1, "Cora", None, "en"), now=now)
        await bind_person(session, made.account.id, cora)
        person = await see_person(session, 1, Profile(2001, "Lena", None, "de"), now=now)
        lead, _ = await capture_lead(session, creator.id, person, source=None, now=now)
        product = await add_product(
            session,
            creator_id=creator.id,
            title="Preset pack",
            description="",
            price=Money(1900, "usd"),
            stock=5,
            slug="preset-pack",
            now=now,
        )
        site.published.setups[creator.id] = setup
        return Shop(site, till, setup, lead.id, product.id)


@pytest.fixture
def client(shop: Shop, either_client: Client) -> Client:
    assert shop.site.rails
    return either_client


async def test_a_link_leads_to_a_checkout_that_is_made_when_it_is_opened(shop: Shop, client: Client):
    path = shop.link()
    assert await shop.orders() == []
    for _ in range(2):
        response = await client.post(path, allow_redirects=False)
        assert (response.status, response.headers["Location"]) == (303, "https://pay.example/1")
        assert (response.headers["Cache-Control"], response.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    (order,) = await shop.orders()
    assert (order.state, order.lead_id, order.total_minor) == (OrderState.AWAITING_PAYMENT, shop.lead_id, 1900)
    assert [bill.money for bill in shop.till.bills] == [Money(1900, "usd")]


async def test_the_link_of_an_order_that_is_over_leads_to_a_fresh_one_at_todays_price(shop: Shop, client: Client):
    await client.post(shop.link(), allow_redirects=False)
    path = await shop.link_of(1)
    assert (await client.post(path, allow_redirects=False)).headers["Location"] == "https://pay.example/1"
    await shop.end(1)
    await shop.change(price_minor=2100)
    assert (await client.post(path, allow_redirects=False)).headers["Location"] == "https://pay.example/2"
    assert [each.total_minor for each in await shop.orders()] == [1900, 2100]


async def test_the_link_of_an_order_whose_code_is_over_leads_to_what_it_costs_without(shop: Shop, client: Client):
    now = shop.site.clock()
    async with shop.site.database.transaction() as session:
        lead = await session.get_one(Lead, shop.lead_id)
        code = await add_code(session, lead.creator_id, "SPRING", Terms(percent=50), now=now, setup=shop.setup)
        wish = Wish(await session.get_one(Product, shop.product_id), code="SPRING")
        await open_order(session, lead, wish, now=now, good_for=timedelta(hours=1), setup=shop.setup)
    await shop.end(1)
    path = await shop.link_of(1)
    async with shop.site.database.transaction() as session:
        await archive_code(session, lead.creator_id, code.id, now=now)
    response = await client.post(path, allow_redirects=False)
    assert (response.status, response.headers["Location"]) == (303, f"{BOT}?start=p_{shop.product_id}")
    assert len(await shop.orders()) == 1


@pytest.mark.parametrize("state", [OrderState.PAID, OrderState.FULFILLED, OrderState.REFUNDED])
async def test_what_is_paid_already_says_so_and_leads_to_the_chat(shop: Shop, client: Client, state: OrderState):
    await client.post(shop.link(), allow_redirects=False)
    async with shop.site.database.transaction() as session:
        await session.execute(update(Order).values(state=state))
    response = await client.post(await shop.link_of(1), allow_redirects=False)
    page = await response.text()
    assert (response.status, response.content_type) == (410, "text/html")
    # Lena reads German
    assert "Das ist schon bezahlt" in page
    assert f'href="{BOT}"' in page
    assert len(await shop.orders()) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [({"stock": 0, "initial": 0}, "ausverkauft"), ({"active": False}, "nicht mehr")],
)
async def test_what_cannot_be_had_says_so_on_a_plain_page(
    shop: Shop, client: Client, change: dict[str, object], said: str
):
    path = shop.link()
    await shop.change(**change)
    response = await client.post(path, allow_redirects=False)
    page = await response.text()
    assert (response.status, response.content_type) == (409, "text/html")
    assert said in page
    assert f'href="{BOT}"' in page
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert await shop.orders() == []


async def test_a_link_is_over_when_its_time_is(shop: Shop, client: Client):
    path = shop.link()
    shop.site.clock.pass_time(days=30)
    assert (await client.post(path, allow_redirects=False)).status == 303
    shop.site.clock.pass_time(seconds=1)
    response = await client.post(path, allow_redirects=False)
    assert (response.status, response.content_type) == (410, "text/html")


async def test_whoever_only_looks_orders_nothing(shop: Shop, client: Client):
    """Drawers of pictures, fetchers ahead and mail filters come with any name, so no name is asked for."""
    path = shop.link()
    for _ in range(2):
        assert (await client.head(path, allow_redirects=False)).status == 200
        response = await client.get(path, allow_redirects=False)
        page = await response.text()
        assert (response.status, response.content_type) == (200, "text/html")
        # Lena reads German
        assert "<h1>Preset pack</h1>" in page
        assert '<form method="post"><button type="submit">Weiter zum Bezahlen</button></form>' in page
        # browsers hold a form's redirects against it
        assert "form-action *" in response.headers["Content-Security-Policy"]
    assert (await shop.orders(), shop.till.bills) == ([], [])
    # nor does one who looks at the link of an order: while it has a page they are led there, and no new one is made
    await client.post(path, allow_redirects=False)
    response = await client.get(await shop.link_of(1), allow_redirects=False)
    assert (response.status, response.headers["Location"]) == (303, "https://pay.example/1")
    await shop.end(1)
    assert (await client.get(await shop.link_of(1), allow_redirects=False)).status == 200
    assert (len(await shop.orders()), len(shop.till.bills)) == (1, 1)


async def test_who_presses_has_clicked_and_whoever_only_looks_has_not(shop: Shop, client: Client):
    async def clicks() -> list[tuple[int | None, str]]:
        async with shop.site.database.reading() as session:
            told = select(Event).where(Event.name == "link.clicked").order_by(Event.id)
            return [(each.lead_id, each.subject) for each in await session.scalars(told)]

    pressed = (shop.lead_id, f"product:{shop.product_id}")
    await client.get(shop.link(), allow_redirects=False)
    assert await clicks() == []
    await client.post(shop.link(), allow_redirects=False)
    assert await clicks() == [pressed]
    # the page of an order that is open already
    await client.get(await shop.link_of(1), allow_redirects=False)
    await client.post(await shop.link_of(1), allow_redirects=False)
    assert await clicks() == [pressed, pressed]
    anybody = urlsplit(str(product_address(shop.setup, shop.product_id, now=shop.site.clock()))).path
    await client.post(anybody, allow_redirects=False)
    assert await clicks() == [pressed, pressed]


async def test_whoever_looks_hears_at_once_that_it_is_paid_or_over(shop: Shop, client: Client):
    await client.post(shop.link(), allow_redirects=False)
    async with shop.site.database.transaction() as session:
        await session.execute(update(Order).values(state=OrderState.PAID))
    assert (await client.get(await shop.link_of(1), allow_redirects=False)).status == 410
    async with shop.site.database.transaction() as session:
        await session.execute(update(Lead).values(banned_at=shop.site.clock()))
    assert (await client.get(shop.link(), allow_redirects=False)).status == 410


async def test_what_the_rail_refuses_is_not_tried_without_end_and_told_once_a_day(shop: Shop, client: Client):
    shop.till.refuses = True
    path = shop.link()
    answers = [(await client.post(path, allow_redirects=False)).status for _ in range(MOST_OPENED + 5)]
    assert answers == [400] * MOST_OPENED + [429] * 5
    assert len(await shop.orders()) == MOST_OPENED
    assert await shop.told("would not make a checkout") == 1
    shop.site.clock.pass_time(hours=24)
    assert (await client.post(path, allow_redirects=False)).status == 400
    assert await shop.told("would not make a checkout") == 2
    shop.till.refuses = False
    assert (await client.post(path, allow_redirects=False)).status == 303


async def test_two_hundred_quick_openings_ask_the_rail_once(shop: Shop, client: Client):
    path = shop.link()
    answers = await asyncio.gather(*(client.post(path, allow_redirects=False) for _ in range(200)))
    # a number may have been taken by one that was not the first
    (order,) = await shop.orders()
    page = f"https://pay.example/{order.id}"
    assert {(each.status, each.headers.get("Location")) for each in answers} == {(303, page)}
    # and one after the other, for as long as the page is good
    again = await shop.link_of(order.id)
    for _ in range(5):
        shop.site.clock.pass_time(hours=4)
        assert (await client.get(again, allow_redirects=False)).headers["Location"] == page
    assert len(shop.till.bills) == 1
    assert len(await shop.orders()) == 1


async def test_while_the_rail_is_down_all_who_open_it_at_once_hear_so_and_the_next_one_pays(shop: Shop, client: Client):
    path = shop.link()
    shop.till.down = True
    answers = await asyncio.gather(*(client.post(path, allow_redirects=False) for _ in range(20)))
    assert {each.status for each in answers} == {503}
    shop.till.down = False
    # a number may have been taken by one that was not the first
    (order,) = await shop.orders()
    page = f"https://pay.example/{order.id}"
    assert (await client.post(path, allow_redirects=False)).headers["Location"] == page


async def test_a_link_for_nobody_in_particular_leads_to_the_product_in_the_chat(shop: Shop, client: Client):
    address = product_address(shop.setup, shop.product_id, now=shop.site.clock())
    response = await client.get(urlsplit(str(address)).path, allow_redirects=False)
    assert (response.status, response.headers["Location"]) == (303, f"{BOT}?start=p_{shop.product_id}")
    assert await shop.orders() == []


async def test_while_the_rail_is_down_the_page_says_so_and_the_next_opening_pays(shop: Shop, client: Client):
    path = shop.link()
    shop.till.down = True
    response = await client.post(path, allow_redirects=False)
    assert (response.status, response.content_type) == (503, "text/html")
    shop.till.down = False
    assert (await client.post(path, allow_redirects=False)).headers["Location"] == "https://pay.example/1"
    assert len(await shop.orders()) == 1


async def test_a_link_with_a_code_takes_it_off_as_long_as_it_is_good(shop: Shop, client: Client):
    now, setup = shop.site.clock(), shop.setup
    async with shop.site.database.transaction() as session:
        product = await session.get_one(Product, shop.product_id)
        code = await add_code(session, product.creator_id, "SPRING20", Terms(percent=20), now=now, setup=setup)

    def link(code_id: int) -> str:
        told = {"lead_id": shop.lead_id, "code_id": code_id, "good_for": timedelta(hours=2), "now": now}
        return urlsplit(str(product_address(setup, shop.product_id, **told))).path

    assert (await client.get(link(code.id), allow_redirects=False)).status == 200
    assert (await client.post(link(code.id), allow_redirects=False)).status == 303
    assert [order.total_minor for order in await shop.orders()] == [1520]
    assert (await client.post(link(code.id + 1), allow_redirects=False)).status == 404
    await shop.end((await shop.orders())[0].id)
    async with shop.site.database.transaction() as session:
        await archive_code(session, product.creator_id, code.id, now=now)
    # the card in the chat says what it costs without: nobody is asked for more than was promised
    response = await client.post(link(code.id), allow_redirects=False)
    assert (response.status, response.headers["Location"]) == (303, f"{BOT}?start=p_{shop.product_id}")
    assert len(await shop.orders()) == 1
    shop.site.clock.pass_time(hours=3)
    assert (await client.post(link(code.id), allow_redirects=False)).status == 410


async def test_a_forgotten_buyer_s_link_is_over(shop: Shop, client: Client):
    path = shop.link()
    async with shop.site.database.transaction() as session:
        await forget_lead(session, await session.get_one(Lead, shop.lead_id), now=shop.site.clock())
    assert (await client.post(path, allow_redirects=False)).status == 410
    assert await shop.orders() == []


@pytest.mark.parametrize("gone", ["forgotten", "banned"])
async def test_nobody_pays_an_order_under_way_for_somebody_who_is_not_served_any_more(
    shop: Shop, client: Client, gone: str
):
    await client.post(shop.link(), allow_redirects=False)
    path = await shop.link_of(1)
    async with shop.site.database.transaction() as session:
        lead = await session.get_one(Lead, shop.lead_id)
        await (forget_lead if gone == "forgotten" else ban_lead)(session, lead, now=shop.site.clock())
    response = await client.post(path, allow_redirects=False)
    assert response.status == 410
    assert len(shop.till.bills) == 1


async def test_no_changed_token_is_taken(shop: Shop, client: Client):
    links, now, dice = PayLinks(shop.site.public_url, KEY), shop.site.clock(), random.Random(4)
    good = [
        links.address(what, until=now + timedelta(days=1)).rsplit("/", 1)[1]
        for what in (ForOrder(1), ForProduct(12, 3, 45), ForProduct(7), ForProduct(12, 3, 45, 6))
    ]
    letters = string.ascii_lowercase + string.digits + "-"
    for number in range(10_000):
        token = list(good[number % len(good)])
        place = dice.randrange(len(token))
        match dice.randrange(3):
            case 0:
                token[place] = dice.choice(letters)
            case 1:
                del token[place]
            case _:
                token.insert(place, dice.choice(letters))
        changed = "".join(token)
        if changed not in good:
            with pytest.raises(UnknownLink):
                links.read(changed, now=now)
    response = await client.get(f"/pay/{good[0]}x", allow_redirects=False)
    assert (response.status, response.content_type) == (404, "text/html")


async def test_while_not_ready_nothing_is_ordered(shop: Shop, client: Client):
    shop.site.readiness.not_ready("migrating")
    for path in (shop.link(), "/pay/x"):
        assert (await client.post(path, allow_redirects=False)).status == 503
    assert await shop.orders() == []


async def test_a_body_that_is_no_form_of_ours_is_shown_the_page_again(shop: Shop, client: Client):
    path = shop.link()
    for kind, body in ODD_BODIES:
        response = await client.post(path, data=body, headers={"Content-Type": kind}, allow_redirects=False)
        assert (response.status, "Weiter zum Bezahlen" in await response.text()) == (422, True), (kind, body)
    assert (await client.post(path, data=b"x" * 20_000, allow_redirects=False)).status == 413
    assert await shop.orders() == []
    # our page's own words are read whatever is said of them
    sent = b"shown=1900+usd"
    odd = {"Content-Type": "application/x-www-form-urlencoded; charset=nope"}
    assert (await client.post(path, data=sent, headers=odd, allow_redirects=False)).status == 303
