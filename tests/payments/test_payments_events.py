import asyncio
from collections.abc import Sequence
from io import StringIO
from itertools import permutations
from typing import Any

import orjson
import pytest
from folk import Folk, an_order, count, events, notices, orders_of_many, some_folk, stock_of
from sqlalchemy import select, update
from stripes_words import COMPLETED, EXPIRED, FAILED, SUCCEEDED, Till, sign, word

from domain.accounts import add_account
from domain.creators import add_creator, bind_person
from domain.orders import await_payment
from domain.people import Profile, see_person
from kit.errors import Invalid
from kit.log import set_up
from payments.provider_events import MOST_ATTEMPTS
from payments.stripe_signature import BadSignature
from store.models import (
    Account,
    Entitlement,
    Lead,
    Order,
    OrderState,
    Payment,
    ProviderEvent,
    ProviderEventState,
    Role,
)

APPLIED, IGNORED, REFUSED, KEPT = (
    ProviderEventState.APPLIED,
    ProviderEventState.IGNORED,
    ProviderEventState.REFUSED,
    ProviderEventState.KEPT,
)


async def awaited(till: Till, *, stock: int | None = None) -> tuple[Folk, int]:
    """An order whose checkout is `cs_1`."""
    folk = await some_folk(till.database, stock=stock)
    async with till.database.transaction() as session:
        order_id = (await an_order(session, folk)).id
        await await_payment(session, order_id, "cs_1", "https://pay.example")
    return folk, order_id


async def handed_over(till: Till) -> tuple[int, int]:
    async with till.database.reading() as session:
        return await count(session, Payment), await count(session, Entitlement)


async def told(till: Till) -> list[str]:
    async with till.database.reading() as session:
        return await notices(session)


async def test_an_event_is_kept_first_and_applied_after(till: Till):
    _, order_id = await awaited(till)
    await till.keep(word(COMPLETED, order_id, "evt_1"))
    assert (await till.states(), await handed_over(till)) == ([KEPT], (0, 0))
    assert await till.events.apply_due() == 1
    assert (await till.states(), await handed_over(till)) == ([APPLIED], (1, 1))
    assert await till.order_state(order_id) == OrderState.PAID
    assert await till.events.apply_due() == 0


async def test_the_same_event_twice_is_one_row_and_one_payment(till: Till):
    _, order_id = await awaited(till, stock=5)
    body = word(COMPLETED, order_id, "evt_1")
    await asyncio.gather(*(till.keep(body) for _ in range(5)))
    await asyncio.gather(*(till.events.apply_due() for _ in range(5)))
    await till.hear(body)
    assert (await till.states(), await handed_over(till)) == ([APPLIED], (1, 1))


async def test_applying_the_same_words_again_is_a_no_op(till: Till):
    folk, order_id = await awaited(till, stock=5)
    await till.hear(word(COMPLETED, order_id, "evt_1"))
    async with till.database.transaction() as session:
        await session.execute(update(ProviderEvent).values(state=KEPT))
    await till.events.apply_due()
    await till.hear(word(COMPLETED, order_id, "evt_2"), word(SUCCEEDED, order_id, "evt_3"))
    assert (await till.states(), await handed_over(till)) == ([APPLIED] * 3, (1, 1))
    async with till.database.reading() as session:
        assert await stock_of(session, folk) == 4
        assert len(await notices(session)) == 1
        assert await events(session, "order.paid") == ["order.paid"]


STORIES: list[tuple[Sequence[tuple[str, str]], OrderState]] = [
    ([(COMPLETED, "paid"), (EXPIRED, "unpaid")], OrderState.PAID),
    ([(COMPLETED, "unpaid"), (SUCCEEDED, "paid"), (EXPIRED, "unpaid")], OrderState.PAID),
    ([(COMPLETED, "unpaid"), (FAILED, "unpaid"), (EXPIRED, "unpaid")], OrderState.EXPIRED),
    ([(COMPLETED, "unpaid"), (FAILED, "unpaid"), (SUCCEEDED, "paid")], OrderState.PAID),
]


@pytest.mark.parametrize(("story", "end"), STORIES)
async def test_words_in_any_order_and_doubled_come_to_the_same_end(
    till: Till, story: Sequence[tuple[str, str]], end: OrderState
):
    folk = await some_folk(till.database, stock=50)
    orderings = list(permutations(story))
    orders = await orders_of_many(till.database, folk, len(orderings))
    for order_id, ordering in zip(orders, orderings, strict=True):
        said = [
            word(kind, order_id, f"evt_{order_id}_{kind}", payment_status=status, id=f"cs_{order_id}")
            for kind, status in ordering
        ]
        # each is repeated by Stripe at once, all come again later, and once more under other ids
        again = [body.replace(b"evt_", b"evt_again_") for body in said]
        await till.hear(*(body for body in said for _ in range(2)), *reversed(said), *again)
    states = {await till.order_state(order_id) for order_id in orders}
    assert states == {end}
    bought = len(orders) if end is OrderState.PAID else 0
    assert await handed_over(till) == (bought, bought)
    async with till.database.reading() as session:
        assert await stock_of(session, folk) == 50 - bought
    assert set(await till.states()) == {APPLIED}


async def test_money_counts_though_it_is_told_before_our_own_note_of_the_session(till: Till):
    folk = await some_folk(till.database)
    async with till.database.transaction() as session:
        order_id = (await an_order(session, folk)).id
    await till.hear(word(COMPLETED, order_id, "evt_1"))
    async with till.database.transaction() as session:
        await await_payment(session, order_id, "cs_1", "https://pay.example")
    assert await till.order_state(order_id) == OrderState.PAID
    assert await handed_over(till) == (1, 1)


async def test_an_order_that_is_not_here_yet_is_tried_again_later(till: Till):
    folk = await some_folk(till.database)
    await till.hear(word(COMPLETED, 1, "evt_1"))
    (kept,) = await till.kept()
    assert (kept.state, kept.attempts) == (KEPT, 1)
    assert kept.error is not None
    assert "UnknownOrder" in kept.error
    async with till.database.transaction() as session:
        assert (await an_order(session, folk)).id == 1
    assert await till.events.apply_due() == 0
    till.clock.move_to(kept.retry_at)
    assert await till.events.apply_due() == 1
    assert (await till.states(), await handed_over(till)) == ([APPLIED], (1, 1))


async def test_an_order_that_never_comes_is_refused_in_the_end_and_holds_nobody_up(till: Till):
    _, order_id = await awaited(till)
    references = ["404", "order-7", "-1", "", "٣", "9" * 30, "9" * 5000, "1 OR 1=1"]
    for number, reference in enumerate(references):
        await till.keep(word(COMPLETED, reference, f"evt_odd_{number}", payment_intent=f"pi_odd_{number}"))
    await till.keep(word(COMPLETED, order_id, "evt_good"))
    await till.events.apply_due()
    assert await till.states() == [*[KEPT] * len(references), APPLIED]
    waits = []
    for _ in range(MOST_ATTEMPTS):
        waits.append((await till.kept())[0].retry_at - till.clock())
        till.clock.move_to((await till.kept())[0].retry_at)
        await till.events.apply_due()
    *odd, _ = await till.kept()
    assert {(row.state, row.attempts) for row in odd} == {(REFUSED, MOST_ATTEMPTS)}
    # later and later, until it is given up
    assert waits[: MOST_ATTEMPTS - 1] == sorted(set(waits[: MOST_ATTEMPTS - 1]))
    assert await handed_over(till) == (1, 1)


async def test_whoever_looks_after_the_instance_is_told_once_of_an_order_that_never_comes(till: Till):
    folk = await some_folk(till.database)
    async with till.database.transaction() as session:
        admin = await add_account(session, role=Role.ADMIN, name="Otto", now=till.clock())
        otto = await see_person(session, 1, Profile(9001, "Otto", None, "de"), now=till.clock())
        await bind_person(session, admin.id, otto)
    await till.keep(word(COMPLETED, 404, "evt_1"))

    async def is_given_up() -> None:
        for _ in range(MOST_ATTEMPTS):
            await till.events.apply_due()
            till.clock.move_to((await till.kept())[0].retry_at)
        assert await till.states() == [REFUSED]

    await is_given_up()
    (said,) = await told(till)
    assert "Stripe spricht von einer Bestellung, die hier niemand kennt" in said
    assert "evt_1" in said
    # an operator has it applied again
    async with till.database.transaction() as session:
        await session.execute(update(ProviderEvent).values(state=KEPT, attempts=0, settled_at=None))
    await is_given_up()
    assert len(await told(till)) == 1
    # where nobody is set to look after it, its only creator's people do
    async with till.database.transaction() as session:
        await session.execute(update(Account).where(Account.id == admin.id).values(role=Role.BUYER))
    await till.keep(word(COMPLETED, 405, "evt_2"))
    for _ in range(MOST_ATTEMPTS):
        await till.events.apply_due()
        till.clock.move_to((await till.kept())[1].retry_at)
    assert "Stripe tells of an order that is not known here" in (await told(till))[1]
    # and among several creators nobody's buyers are told of to another one
    async with till.database.transaction() as session:
        await add_creator(session, name="Other", slug="other", now=till.clock())
    await till.keep(word(COMPLETED, 406, "evt_3"))
    for _ in range(MOST_ATTEMPTS):
        await till.events.apply_due()
        till.clock.move_to((await till.kept())[2].retry_at)
    assert (await till.states(), len(await told(till))) == ([REFUSED] * 3, 2)
    assert folk.creator


MISFITS: list[dict[str, Any]] = [
    {"amount_total": 1899},
    {"amount_total": 1901},
    {"amount_total": 0, "payment_status": "no_payment_required"},
    {"currency": "eur"},
    {"currency": "jpy"},
    {"id": "cs_other"},
    {"livemode": True},
    {"livemode": True, "told_live": False},
    {"told_live": True},
]


async def test_money_that_does_not_fit_its_order_hands_over_nothing_and_the_creator_is_told(till: Till):
    _, order_id = await awaited(till, stock=1)
    for number, changes in enumerate(MISFITS):
        body = word(COMPLETED, order_id, f"evt_odd_{number}", **changes)
        await till.hear(body, body)
    kept = await till.kept()
    assert [row.state for row in kept] == [REFUSED] * len(MISFITS)
    assert all(f"order {order_id} expects" in (row.error or "") for row in kept)
    assert (await till.order_state(order_id), await handed_over(till)) == (OrderState.AWAITING_PAYMENT, (0, 0))
    heard = await told(till)
    assert len(heard) == len(MISFITS)
    assert all("does not fit it, so nothing was delivered" in notice for notice in heard)
    await till.hear(word(COMPLETED, order_id, "evt_good"))
    assert (await till.order_state(order_id), await handed_over(till)) == (OrderState.PAID, (1, 1))


def amounts(subtotal: int, total: int, *, tax: int = 0, shipping: int = 0, discount: int = 0) -> dict[str, Any]:
    """As Stripe tells them of a session."""
    details = {"amount_discount": discount, "amount_shipping": shipping, "amount_tax": tax}
    return {"amount_subtotal": subtotal, "amount_total": total, "total_details": details}


@pytest.mark.parametrize(
    ("told_of", "tax", "shipping"),
    [
        (amounts(1900, 2761, tax=361, shipping=500), 361, 500),
        # tax that the prices hold is no more money
        (amounts(1900, 1900, tax=303), 0, 0),
        (amounts(1900, 2480, tax=383, shipping=500), 80, 500),
        (amounts(1900, 1900), 0, 0),
    ],
)
async def test_tax_and_shipping_on_top_of_the_price_are_taken(
    till: Till, told_of: dict[str, Any], tax: int, shipping: int
):
    _, order_id = await awaited(till, stock=1)
    await till.hear(word(COMPLETED, order_id, "evt_1", **told_of))
    assert await till.states() == [APPLIED]
    async with till.database.reading() as session:
        order = await session.get_one(Order, order_id)
        assert (order.state, order.total_minor) == (OrderState.PAID, 1900)
        assert (order.tax_minor, order.shipping_minor) == (tax, shipping)
        payment = (await session.scalars(select(Payment))).one()
        assert payment.amount_minor == told_of["amount_total"]


async def test_amounts_that_do_not_add_up_hand_over_nothing(till: Till):
    _, order_id = await awaited(till, stock=1)
    wrong = [
        # more came than price, tax and shipping, or less
        amounts(1900, 2762, tax=361, shipping=500),
        amounts(1900, 2399, tax=361, shipping=500),
        amounts(1900, 1901),
        # the price is another one, however the sum comes about
        amounts(1400, 1900, shipping=500),
        amounts(2400, 1900, discount=500),
        amounts(1900, 1900, discount=361, tax=361),
        amounts(1900, 1800, shipping=-100),
        amounts(1900, 1800, tax=-100),
    ]
    for number, told_of in enumerate(wrong):
        await till.hear(word(COMPLETED, order_id, f"evt_{number}", **told_of))
    assert await till.states() == [REFUSED] * len(wrong)
    assert (await till.order_state(order_id), await handed_over(till)) == (OrderState.AWAITING_PAYMENT, (0, 0))


async def test_the_end_of_another_checkout_does_not_end_an_order(till: Till):
    _, order_id = await awaited(till)
    others: list[dict[str, Any]] = [{"id": "cs_other"}, {"livemode": True}]
    for kind in (EXPIRED, FAILED):
        for number, changes in enumerate(others):
            await till.hear(word(kind, order_id, f"evt_{kind}_{number}", payment_status="unpaid", **changes))
    assert await till.states() == [IGNORED] * 4
    assert await till.order_state(order_id) == OrderState.AWAITING_PAYMENT


async def test_a_misfit_holds_up_nobody_behind_it(till: Till):
    _, order_id = await awaited(till)
    await till.keep(word(COMPLETED, order_id, "evt_1", amount_total=1))
    await till.keep(word(COMPLETED, order_id, "evt_2"))
    await till.events.apply_due()
    assert await till.states() == [REFUSED, APPLIED]


async def test_an_upper_case_currency_is_the_same_currency(till: Till):
    _, order_id = await awaited(till)
    await till.hear(word(COMPLETED, order_id, "evt_1", currency="USD"))
    assert await till.order_state(order_id) == OrderState.PAID


async def test_what_is_not_about_our_orders_is_kept_and_ignored(till: Till):
    nothing = {"amount_total": None, "currency": None, "payment_intent": None}
    await till.hear(
        word("charge.succeeded", 1, "evt_1"),
        word("invoice.paid", None, "evt_2"),
        word(COMPLETED, None, "evt_3"),
        word(COMPLETED, None, "evt_4", **nothing),
    )
    assert await till.states() == [IGNORED] * 4


async def test_the_sessions_of_another_shop_on_the_same_account_are_ignored_at_once(till: Till):
    _, order_id = await awaited(till)
    theirs: list[dict[str, Any]] = [
        {"client_reference_id": "cart-77", "metadata": {"order": "cart-77", "order_id": "77"}},
        {"client_reference_id": "cart-78", "metadata": {}},
        {"client_reference_id": "cart-79", "metadata": None, "amount_total": None},
    ]
    for number, changes in enumerate(theirs):
        await till.hear(word(COMPLETED, 77, f"evt_{number}", **changes))
    assert await till.states() == [IGNORED] * len(theirs)
    assert [row.body for row in await till.kept()] == ["{}"] * len(theirs)
    # one of ours from before sessions were marked is known by its reference
    await till.hear(word(COMPLETED, order_id, "evt_ours", metadata={"order_id": str(order_id)}))
    assert await till.order_state(order_id) == OrderState.PAID


async def test_a_session_of_no_shape_is_refused_at_once_and_holds_up_nobody(till: Till):
    _, order_id = await awaited(till)
    await till.keep(word(COMPLETED, order_id, "evt_1", amount_total="1900"))
    await till.keep(word(COMPLETED, order_id, "evt_2"))
    await till.events.apply_due()
    assert await till.states() == [REFUSED, APPLIED]
    odd, _ = await till.kept()
    assert odd.settled_at == till.clock()


async def test_what_cannot_be_read_leaves_no_trace_of_the_buyer(till: Till):
    _, order_id = await awaited(till)
    told = orjson.loads(word(COMPLETED, order_id, "evt_1"))
    del told["data"]["object"]["amount_total"]
    told["data"]["object"] = {"customer_details": {"name": "Ada Lovelace"}, **told["data"]["object"]}
    written = StringIO()
    set_up(level="DEBUG", stream=written)
    try:
        await till.hear(orjson.dumps(told))
    finally:
        set_up()
    (kept,) = await till.kept()
    assert (kept.state, await handed_over(till)) == (REFUSED, (0, 0))
    assert kept.error is not None
    assert "amount_total" in kept.error
    assert "amount_total" in written.getvalue()
    for text in (kept.error, written.getvalue()):
        assert "Lovelace" not in text
        assert "input_value" not in text


async def test_what_is_no_event_is_refused_and_not_kept(till: Till):
    for body in (b"{}", b'{"id": 7}', b'{"id": "evt_1", "type": "x", "livemode": "no", "data": {}}', b'{"id": null}'):
        with pytest.raises(Invalid):
            await till.keep(body)
    assert await till.kept() == []


async def test_what_nobody_signed_is_not_kept(till: Till):
    body = word(COMPLETED, 1, "evt_1")
    for header in (None, "", sign(body, till.clock(), secret="whsec_other")):
        with pytest.raises(BadSignature):
            await till.stripe.keep(body, header)
    assert await till.kept() == []


async def test_a_signed_body_that_is_replayed_much_later_is_refused(till: Till):
    body = word(COMPLETED, 1, "evt_1")
    header = sign(body, till.clock())
    till.clock.pass_time(minutes=6)
    with pytest.raises(BadSignature):
        await till.stripe.keep(body, header)


async def test_a_sale_names_its_buyer_as_text(till: Till):
    folk, order_id = await awaited(till)
    async with till.database.transaction() as session:
        await session.execute(update(Lead).where(Lead.id == folk.lead).values(name="<b>Tom</b>"))
    await till.hear(word(COMPLETED, order_id, "evt_1"))
    assert "to &lt;b&gt;Tom&lt;/b&gt;" in (await told(till))[0]
    async with till.database.reading() as session:
        assert (await session.get_one(Order, order_id)).paid_at == till.clock()
