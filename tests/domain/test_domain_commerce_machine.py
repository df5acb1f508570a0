"""Whatever buyers, rails, banks and creators do: the stock adds up, and money and rights go together.

The rails are played here as they really behave: they never give back more than came, they pay a session or end it, and
their words may come late or twice. Everything else is Spark's own acts on a real store.
"""

import asyncio
import contextlib
import itertools
from collections import defaultdict
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from folk import GOOD_FOR, NOW, SETUP, a_creator, a_lead, a_product
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from stores import DATA_KEYS, Stores

from domain.discounts import Terms, add_code
from domain.disputes import close_dispute, open_dispute
from domain.entitlements import restore, revoke
from domain.forgetting import forget_lead
from domain.orders import (
    await_payment,
    end_unpaid,
    expire_order,
    hold_for,
    note_asked,
    note_pending,
    open_order,
    release_stale,
)
from domain.paying import Received, hand_over_anyway, pay_free, pay_order
from domain.pricing import FREE, STARS, Wish
from domain.refunds import ask_refund, fail_refund, note_refund
from domain.stock import set_stock
from kit.errors import Refusal
from kit.money import Money
from store.database import Database
from store.models import (
    Base,
    BundleItem,
    Creator,
    DiscountCode,
    DiscountUse,
    Dispute,
    DisputeState,
    Entitlement,
    Event,
    Lead,
    Order,
    OrderState,
    Payment,
    Product,
    ProductKind,
    ProductVariant,
    Refund,
    RefundState,
    Reservation,
    ReservationState,
)

T = TypeVar("T")
M = TypeVar("M", bound=Base)
BUYERS = 3
STEPS = 25
HELD_FOR = timedelta(minutes=15)
HAS_IT = (OrderState.PAID, OrderState.FULFILLED)
NEVER_PAID = (OrderState.OPEN, OrderState.AWAITING_PAYMENT, OrderState.EXPIRED, OrderState.CANCELLED)
TAKEN = (RefundState.SENT, RefundState.DONE)


class Commerce(RuleBasedStateMachine):
    """A shop with a pack of which two are left, a variant of it, a bundle with it, and a code that takes half off."""

    orders = Bundle("orders")
    payments = Bundle("payments")
    refunds = Bundle("refunds")
    disputes = Bundle("disputes")

    def __init__(self, stores: Stores, folder: Path) -> None:
        super().__init__()
        path = folder / f"shop-{next(_NUMBERS)}.db"
        self.runner = asyncio.Runner()
        self.path = path
        self.database = Database(stores.sqlite(path), data_keys=DATA_KEYS)
        self.now = NOW
        self.names = (f"ref_{number}" for number in itertools.count())
        # what each payment's rail has given back, by the payment's id
        self.given_back: dict[int, int] = {}

    def do(self, acting: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(acting)

    def teardown(self) -> None:
        try:
            self.do(self._close())
        finally:
            self.do(self.database.close())
            self.runner.close()
            self.path.unlink()

    @initialize()
    def set_up(self) -> None:
        self.do(self._set_up())

    async def _set_up(self) -> None:
        async with self.database.transaction() as session:
            creator = await a_creator(session)
            self.leads = [(await a_lead(session, creator, 2001 + each))[0].id for each in range(BUYERS)]
            pack = await a_product(session, creator, stock=2)
            other = await a_product(session, creator, stock=3)
            bundle = await a_product(session, creator, file=False)
            await session.execute(update(Product).values(price_stars=50))
            await session.execute(update(Product).where(Product.id == pack.id).values(kind=ProductKind.SERVICE))
            await session.execute(update(Product).where(Product.id == bundle.id).values(kind=ProductKind.BUNDLE))
            session.add_all(BundleItem(bundle_id=bundle.id, product_id=each.id) for each in (pack, other))
            variant = ProductVariant(
                product_id=other.id, title="Large", price_minor=2900, price_stars=80, stock=1, initial=1, created_at=NOW
            )
            session.add(variant)
            await session.flush()
            terms = [Terms(percent=50, most_uses=2, most_per_person=1), Terms(percent=100)]
            for name, each in zip(("HALF", "ALL"), terms, strict=True):
                await add_code(session, creator.id, name, each, now=NOW, setup=SETUP)
            self.goods = [(pack.id, None), (other.id, variant.id), (bundle.id, None)]

    # What buyers and their rails do -----------------------------------------------------------------------------

    @rule(
        target=orders,
        buyer=st.integers(0, BUYERS - 1),
        what=st.integers(0, 2),
        quantity=st.sampled_from([1, 1, 1, 2]),
        rail=st.sampled_from(["stripe", "stripe", STARS]),
        code=st.sampled_from([None, None, "HALF", "ALL"]),
    )
    def order(self, buyer: int, what: int, quantity: int, rail: str, code: str | None) -> Any:
        found = self.do(self._order(buyer, what, quantity, rail, code))
        return multiple() if found is None else found

    async def _order(self, buyer: int, what: int, quantity: int, rail: str, code: str | None) -> int | None:
        product_id, variant_id = self.goods[what]
        with contextlib.suppress(Refusal):
            async with self.database.transaction() as session:
                lead = await session.get_one(Lead, self.leads[buyer])
                variant = None if variant_id is None else await session.get_one(ProductVariant, variant_id)
                wish = Wish(await session.get_one(Product, product_id), variant, quantity, code=code)
                order = await open_order(session, lead, wish, rail=rail, now=self.now, good_for=GOOD_FOR, setup=SETUP)
                if order.rail == FREE:
                    await pay_free(session, order, now=self.now)
                elif rail == "stripe" and await note_asked(session, order.id):
                    await await_payment(session, order.id, f"cs_{order.id}", "https://pay.example")
                return order.id
        return None

    @rule(
        target=payments,
        buyer=st.integers(0, BUYERS - 1),
        what=st.integers(0, 2),
        rail=st.sampled_from(["stripe", STARS]),
    )
    def buy(self, buyer: int, what: int, rail: str) -> Any:
        """All at once, so that there is something to give back."""
        order_id = self.do(self._order(buyer, what, 1, rail, None))
        paid = None if order_id is None else self.do(self._pay(order_id))
        return multiple() if paid is None else paid

    @rule(target=payments, order_id=orders)
    def pay(self, order_id: int) -> Any:
        """By Stripe at any time, as a word may come late; by Stars only after Spark has agreed, or long after it."""
        paid = self.do(self._pay(order_id))
        return multiple() if paid is None else paid

    async def _pay(self, order_id: int) -> int | None:
        async with self.database.transaction() as session:
            order = await session.get_one(Order, order_id)
            if order.rail == FREE:
                return None
            received = Received(order.rail, next(self.names), Money(order.total_minor, order.currency))
            await pay_order(session, order, received, now=self.now)
            await pay_order(session, order, received, now=self.now)
            paid = select(Payment.id).where(Payment.reference == received.reference)
            return (await session.scalars(paid)).one()

    @rule(order_id=orders)
    def agree_to_stars(self, order_id: int) -> None:
        self.do(self._act_on(order_id, self._agree))

    async def _agree(self, session: AsyncSession, order: Order) -> None:
        if order.rail == STARS:
            await hold_for(session, order, until=self.now + HELD_FOR, now=self.now)

    @rule(order_id=orders)
    def say_pending(self, order_id: int) -> None:
        self.do(self._act_on(order_id, lambda session, order: note_pending(session, order, now=self.now)))

    @rule(order_id=orders)
    def end_session(self, order_id: int) -> None:
        self.do(self._act_on(order_id, lambda session, order: expire_order(session, order, now=self.now)))

    @rule(order_id=orders)
    def call_off(self, order_id: int) -> None:
        self.do(self._act_on(order_id, lambda session, order: end_unpaid(session, order, now=self.now)))

    @rule(minutes=st.sampled_from([1, 20, 200]))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        self.do(self._release())

    async def _release(self) -> None:
        async with self.database.transaction() as session:
            await release_stale(session, now=self.now)

    # Money that goes back ---------------------------------------------------------------------------------------

    @rule(target=refunds, order_id=orders, part=st.sampled_from([None, None, 500]), revokes=st.booleans())
    def ask_for_refund(self, order_id: int, part: int | None, *, revokes: bool) -> Any:
        return multiple(*self.do(self._ask(order_id, part, revokes=revokes)))

    async def _ask(self, order_id: int, part: int | None, *, revokes: bool) -> list[int]:
        with contextlib.suppress(Refusal):
            async with self.database.transaction() as session:
                order = await session.get_one(Order, order_id)
                asked = await ask_refund(
                    session, order, amount_minor=part, reason="asked", revokes=revokes, now=self.now
                )
                return [each.id for each in asked]
        return []

    @rule(payment_id=payments, revokes=st.booleans())
    def give_all_back(self, payment_id: int, *, revokes: bool) -> None:
        """Asked for and answered at once."""
        for refund_id in self.do(self._ask(self.do(self._order_of(payment_id)), None, revokes=revokes)):
            self.do(self._answer(refund_id, RefundState.DONE))

    async def _order_of(self, payment_id: int) -> int:
        async with self.database.reading() as session:
            return (await session.get_one(Payment, payment_id)).order_id

    @rule(refund_id=refunds, state=st.sampled_from([RefundState.SENT, RefundState.DONE, RefundState.FAILED]))
    def answer_refund(self, refund_id: int, state: RefundState) -> None:
        self.do(self._answer(refund_id, state))

    async def _answer(self, refund_id: int, state: RefundState) -> None:
        """What the rail has no more money for it turns down, whatever it was about to say."""
        async with self.database.transaction() as session:
            refund = await session.get_one(Refund, refund_id)
            payment = await session.get_one(Payment, refund.payment_id)
            if refund.state == RefundState.ASKED:
                if self.given_back.get(payment.id, 0) + refund.amount_minor > payment.amount_minor:
                    await fail_refund(session, refund, "nothing is left there", now=self.now)
                    return
                if state is not RefundState.FAILED:
                    self.given_back[payment.id] = self.given_back.get(payment.id, 0) + refund.amount_minor
            elif state is RefundState.FAILED and refund.state in TAKEN:
                self.given_back[payment.id] -= refund.amount_minor
            await note_refund(
                session,
                payment,
                reference=refund.reference or f"re_{refund_id}",
                amount_minor=refund.amount_minor,
                state=state,
                refund_id=refund_id,
                now=self.now,
            )

    @rule(target=refunds, payment_id=payments, whole=st.booleans())
    def refund_at_the_dashboard(self, payment_id: int, *, whole: bool) -> Any:
        made = self.do(self._at_dashboard(payment_id, whole=whole))
        return multiple() if made is None else made

    async def _at_dashboard(self, payment_id: int, *, whole: bool) -> int | None:
        async with self.database.transaction() as session:
            payment = await session.get_one(Payment, payment_id)
            left = payment.amount_minor - self.given_back.get(payment_id, 0)
            amount = left if whole else min(left, 300)
            if payment.rail == STARS or not amount:
                return None
            self.given_back[payment_id] = self.given_back.get(payment_id, 0) + amount
            name = next(self.names)
            for _ in range(2):
                await note_refund(
                    session,
                    payment,
                    reference=name,
                    amount_minor=amount,
                    state=RefundState.DONE,
                    refund_id=None,
                    now=self.now,
                )
            return (await session.scalars(select(Refund.id).where(Refund.reference == name))).one()

    # Banks ------------------------------------------------------------------------------------------------------

    @rule(target=disputes, payment_id=payments)
    def dispute(self, payment_id: int) -> Any:
        name = self.do(self._dispute(payment_id))
        return multiple() if name is None else name

    async def _dispute(self, payment_id: int) -> str | None:
        """A payment is disputed once, for what of it has not gone back."""
        async with self.database.transaction() as session:
            payment = await session.get_one(Payment, payment_id)
            left = payment.amount_minor - self.given_back.get(payment_id, 0)
            name = f"dp_{payment_id}"
            known = await session.scalar(select(Dispute.id).where(Dispute.reference == name))
            if payment.rail == STARS or not left or known is not None:
                return None
            # the bank has the money from now on
            self.given_back[payment_id] = payment.amount_minor
            await open_dispute(
                session, payment, reference=name, amount=Money(left, payment.currency), reason="general", now=self.now
            )
            return name

    @rule(name=consumes(disputes), won=st.booleans())
    def decide(self, name: str, *, won: bool) -> None:
        self.do(self._decide(name, won=won))

    async def _decide(self, name: str, *, won: bool) -> None:
        async with self.database.transaction() as session:
            payment = await session.get_one(Payment, int(name.removeprefix("dp_")))
            await close_dispute(session, payment, reference=name, won=won, now=self.now)
            await close_dispute(session, payment, reference=name, won=not won, now=self.now)
            if won:
                dispute = (await session.scalars(select(Dispute).where(Dispute.reference == name))).one()
                self.given_back[int(name.removeprefix("dp_"))] -= dispute.amount_minor

    # The creator ------------------------------------------------------------------------------------------------

    @rule(order_id=orders)
    def hand_over(self, order_id: int) -> None:
        with contextlib.suppress(Refusal):
            self.do(self._act_on(order_id, lambda session, order: hand_over_anyway(session, order, now=self.now)))

    @rule(order_id=orders, back=st.booleans())
    def take_or_give_by_hand(self, order_id: int, *, back: bool) -> None:
        self.do(self._act_on(order_id, lambda session, order: self._by_hand(session, order, back=back)))

    async def _by_hand(self, session: AsyncSession, order: Order, *, back: bool) -> None:
        for each in (await session.scalars(select(Entitlement).where(Entitlement.order_id == order.id))).all():
            if not back:
                await revoke(session, each, by="hand", reason="a reason", now=self.now)
            elif each.revoked_by == "hand" and order.state not in {OrderState.REFUNDED, OrderState.DISPUTED}:
                await restore(session, each, reason="a reason", now=self.now)

    @rule(what=st.integers(0, 2), stock=st.integers(0, 3))
    def restock(self, what: int, stock: int) -> None:
        self.do(self._restock(what, stock))

    async def _restock(self, what: int, stock: int) -> None:
        product_id, variant_id = self.goods[what]
        async with self.database.transaction() as session:
            product = await session.get_one(Product, product_id)
            goods = product if variant_id is None else await session.get_one(ProductVariant, variant_id)
            # the bundle itself stays unlimited
            if product.kind != ProductKind.BUNDLE:
                await set_stock(session, goods, stock)

    @rule(buyer=st.integers(0, BUYERS - 1))
    def forget(self, buyer: int) -> None:
        self.do(self._forget(buyer))

    async def _forget(self, buyer: int) -> None:
        """Somebody else comes in their place."""
        async with self.database.transaction() as session:
            gone = await session.get_one(Lead, self.leads[buyer])
            creator = await session.get_one(Creator, gone.creator_id)
            await forget_lead(session, gone, now=self.now)
            fresh, _ = await a_lead(session, creator, 3001 + gone.id)
            self.leads[buyer] = fresh.id

    async def _act_on(self, order_id: int, act: Any) -> None:
        async with self.database.transaction() as session:
            await act(session, await session.get_one(Order, order_id))

    # What holds at every moment ---------------------------------------------------------------------------------

    @invariant()
    def all_is_well(self) -> None:
        self.do(self._look())

    async def _look(self) -> None:
        async with self.database.reading() as session:
            await _stock_adds_up(session)
            await _money_and_rights_go_together(session)
            used = await _by(session, DiscountUse, lambda each: each.discount_code_id)
            for code in (await session.scalars(select(DiscountCode))).all():
                assert code.uses == len(used[code.id])

    async def _close(self) -> None:
        """Once every rail has said its last word, nothing is held any more."""
        async with self.database.transaction() as session:
            for order in (await session.scalars(select(Order).order_by(Order.id))).all():
                await expire_order(session, order, now=self.now)
            await release_stale(session, now=self.now + timedelta(days=1))
        await self._look()
        async with self.database.reading() as session:
            held = select(func.count()).where(Reservation.state == ReservationState.HELD)
            assert await session.scalar(held) == 0, "something is held for nobody"


_NUMBERS = itertools.count()


async def _by(session: AsyncSession, model: type[M], key: Callable[[M], object]) -> dict[object, list[M]]:
    """All rows, by what they belong to."""
    found: dict[object, list[M]] = defaultdict(list)
    for each in (await session.scalars(select(model))).all():
        found[key(each)].append(each)
    return found


async def _stock_adds_up(session: AsyncSession) -> None:
    kept = await _by(session, Reservation, lambda each: (each.product_id, each.variant_id, each.state))
    products = [(each.id, None, each) for each in (await session.scalars(select(Product))).all()]
    variants = [(each.product_id, each.id, each) for each in (await session.scalars(select(ProductVariant))).all()]
    for product_id, variant_id, goods in (*products, *variants):
        if goods.stock is not None:
            assert goods.stock >= 0
            assert goods.stock + goods.reserved + goods.sold == goods.initial
        counted = [
            sum(each.quantity for each in kept[product_id, variant_id, state])
            for state in (ReservationState.HELD, ReservationState.SOLD)
        ]
        assert [goods.reserved, goods.sold] == counted, (product_id, variant_id)


async def _money_and_rights_go_together(session: AsyncSession) -> None:
    payments = await _by(session, Payment, lambda each: each.order_id)
    refunds = await _by(session, Refund, lambda each: each.order_id)
    disputes = await _by(session, Dispute, lambda each: each.order_id)
    rights = await _by(session, Entitlement, lambda each: each.order_id)
    told = await _by(session, Event, lambda each: (each.name, each.subject))
    for order in (await session.scalars(select(Order))).all():
        of_it = (payments[order.id], refunds[order.id], disputes[order.id], rights[order.id])
        _order_is_right(order, *of_it, extra=len(told["order.oversold", f"order:{order.id}"]))


def _order_is_right(
    order: Order,
    payments: list[Payment],
    refunds: list[Refund],
    disputes: list[Dispute],
    rights: list[Entitlement],
    *,
    extra: int,
) -> None:
    gone = [each for each in refunds if each.state in TAKEN]
    for payment in payments:
        back = sum(each.amount_minor for each in gone if each.payment_id == payment.id)
        assert back <= payment.amount_minor, "more went back than came"
    assert order.refunded_minor == sum(each.amount_minor for each in gone)
    kept = sum(each.amount_minor for each in payments) - order.refunded_minor
    kept -= sum(each.amount_minor for each in disputes if each.state != DisputeState.WON)
    held = any(each.revoked_at is None for each in rights)
    by_hand = any(each.revoked_by == "hand" for each in rights)
    assert not held or order.rail == FREE or kept > 0, "a right without money"
    if order.state in NEVER_PAID:
        assert not payments, "money that nobody sees"
    if order.state in HAS_IT:
        assert kept >= order.total_minor, "paid, and the money is not there"
        assert held or by_hand, "money without a right"
    on_its_way = sum(each.amount_minor for each in refunds if each.state == RefundState.ASKED)
    if kept - on_its_way > 0 and not held and not by_hand:
        # a person sees each of these, and can settle it
        seen = {OrderState.OVERSOLD, OrderState.PARTLY_REFUNDED, OrderState.DISPUTED}
        assert order.state in seen, f"money without a right in {order.state}"
    # each payment but the one that bought it was told to somebody
    assert len(payments) - 1 <= extra, "paid twice, and nobody was told"


def run(stores: Stores, folder: Path, runs: int, **more: Any) -> None:
    run_state_machine_as_test(
        lambda: Commerce(stores, folder),
        settings=settings(
            max_examples=runs,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            **more,
        ),
    )


def test_money_stock_and_rights_go_together_whatever_is_done(stores: Stores, tmp_path: Path):
    run(stores, tmp_path, 10)


@pytest.mark.parametrize(
    ("guard", "seen"),
    [
        ("domain.order_standing.revoke_order", "a right without money"),
        ("domain.order_standing.restore_order", "money without a right"),
        ("domain.order_ends.let_go", "held for nobody"),
        ("domain.paying._paid_twice", "nobody was told"),
    ],
)
@pytest.mark.nightly
@pytest.mark.timeout(900)
def test_with_a_guard_taken_away_it_is_seen(stores, tmp_path: Path, monkeypatch, guard: str, seen: str):
    async def nothing(*_args: object, **_named: object) -> None:
        """What the guard would have done is left out."""

    monkeypatch.setattr(guard, nothing)
    with pytest.raises((AssertionError, ExceptionGroup), match=seen):
        run(stores, tmp_path, 200, phases=[Phase.generate], report_multiple_bugs=False, derandomize=True)


@pytest.mark.nightly
@pytest.mark.timeout(7200)
def test_money_stock_and_rights_go_together_in_two_thousand_runs(stores: Stores, tmp_path: Path):
    run(stores, tmp_path, 2000)
