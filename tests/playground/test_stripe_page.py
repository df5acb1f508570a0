from collections.abc import AsyncIterator
from html.parser import HTMLParser

import aiohttp
import pytest
from stripe_stage import Stage, on_stage, order

EMAIL = "jenny@example.com"


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with on_stage() as stage:
        yield stage


async def press(stage: Stage, session_id: str, action: str, **fields: str) -> tuple[aiohttp.ClientResponse, str]:
    form = {"email": EMAIL, "action": action, **fields}
    async with stage.http.post(f"/stripe/pay/{session_id}", data=form, allow_redirects=False) as answer:
        return answer, await answer.text()


class Outline(HTMLParser):
    """Checks that what is opened is closed, and keeps the addresses and buttons."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.buttons: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"meta", "input"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] == ["button"]:
            self.buttons.append(data)


async def test_the_page_shows_what_is_sold_and_what_it_costs(stage: Stage):
    session = await stage.open_session(customer_email="a@example.com")
    async with stage.http.get(session.url) as answer:
        page = await answer.text()
    assert answer.status == 200
    assert answer.headers["Content-Security-Policy"] == ("default-src 'none'; style-src 'unsafe-inline'; form-action *")
    assert "Preset pack" in page
    assert 'value="a@example.com"' in page
    assert Outline(page).buttons == [
        "Pay 19.00 USD",
        "Card is declined",
        "Pay later (asynchronous)",
        "Cancel and return",
    ]


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [(1900, "jpy", "1,900 JPY"), (12340, "kwd", "12.340 KWD"), (500_000, "isk", "5,000.00 ISK")],
)
async def test_amounts_have_as_many_decimals_as_their_currency(stage: Stage, amount: int, currency: str, shown: str):
    session = await stage.open_session(line_items=order(amount, currency)["line_items"])
    async with stage.http.get(session.url) as answer:
        assert f"Pay {shown}" in await answer.text()


async def test_paying_leads_back_with_the_session_in_the_address(stage: Stage):
    session = await stage.open_session()
    answer, _ = await press(stage, session.id, "pay")
    assert answer.status == 303
    assert answer.headers["Location"] == f"https://shop.example/thanks?session={session.id}"
    paid = await stage.stripe.v1.checkout.sessions.retrieve_async(session.id)
    assert paid.payment_status == "paid"
    assert paid.customer_details is not None
    assert paid.customer_details.email == EMAIL
    await stage.stand_in.settled()
    assert "checkout.session.completed" in stage.receiver.types()


async def test_a_second_press_pays_nothing_more(stage: Stage):
    session = await stage.open_session()
    await press(stage, session.id, "pay")
    answer, page = await press(stage, session.id, "pay")
    assert answer.status == 200
    assert "Thanks for your payment" in page
    assert len((await stage.stripe.v1.charges.list_async()).data) == 1


async def test_a_declined_card_can_be_tried_again(stage: Stage):
    session = await stage.open_session()
    answer, page = await press(stage, session.id, "decline")
    assert answer.status == 200
    assert "Your card has been declined." in page
    assert (await press(stage, session.id, "pay"))[0].status == 303


async def test_paying_later_completes_the_session_without_the_money(stage: Stage):
    session = await stage.open_session()
    assert (await press(stage, session.id, "later"))[0].status == 303
    async with stage.http.get(f"/stripe/pay/{session.id}") as answer:
        assert "Your payment is on its way" in await answer.text()


async def test_cancelling_leads_back_and_leaves_the_session_open(stage: Stage):
    session = await stage.open_session()
    answer, _ = await press(stage, session.id, "cancel", email="")
    assert (answer.status, answer.headers["Location"]) == (303, "https://shop.example/back")
    assert (await stage.stripe.v1.checkout.sessions.retrieve_async(session.id)).status == "open"


async def test_an_expired_session_says_so(stage: Stage):
    session = await stage.open_session(expires_at=stage.now + 1800)
    stage.core.clock.pass_time(minutes=30)
    async with stage.http.get(session.url) as answer:
        page = await answer.text()
    assert answer.status == 410
    assert "This page has expired" in page
    Outline(page)
    assert (await press(stage, session.id, "pay"))[0].status == 410


async def test_a_page_nobody_made_is_not_found(stage: Stage):
    async with stage.http.get("/stripe/pay/cs_x") as answer:
        assert answer.status == 404


async def test_an_email_and_the_terms_are_asked_for(stage: Stage):
    session = await stage.open_session(consent_collection={"terms_of_service": "required"})
    answer, page = await press(stage, session.id, "pay", email="nobody")
    assert answer.status == 422
    assert 'role="alert"' in page
    assert (await press(stage, session.id, "pay"))[0].status == 422
    assert (await press(stage, session.id, "pay", terms="yes"))[0].status == 303


async def test_what_people_wrote_is_shown_as_text(stage: Stage):
    evil = "<script>alert('x')</script>\"&"
    items = order()["line_items"]
    items[0]["price_data"]["product_data"]["name"] = evil
    session = await stage.open_session(
        line_items=items,
        branding_settings={"display_name": evil},
        custom_text={"submit": {"message": evil}},
    )
    async with stage.http.get(session.url) as answer:
        page = await answer.text()
    answer, again = await press(stage, session.id, "decline", email=evil)
    for shown in (page, again):
        assert "<script" not in shown
        Outline(shown)
