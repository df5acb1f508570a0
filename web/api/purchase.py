"""`/api/v1/purchase`: one product, paid on the rail's own page, and what an account has bought."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictInt
from sqlalchemy.ext.asyncio import AsyncSession

from domain.access import Act
from domain.account_leads import leads_of_account
from domain.cart_acts import AlreadyOwned, Wanted, purchase
from domain.carts import NothingToPayBy
from domain.discounts import CodeRefused, NoSuchCode
from domain.limits import LimitReached
from domain.orders import CheckoutEnding, CheckoutOpen
from domain.pricing import MOST_PIECES, BadAmount, ChooseVariant, NoAddress, NotForSale
from domain.products import NoSuchProduct
from domain.stock import SoldOut
from kit.errors import Invalid, NotFound
from payments.checkout import begin_checkout
from payments.rail import RailDown, RailRefused
from payments.reconciling import Reconciler
from store.models import Account, Order
from store.queries.order_lists import UNPAID
from store.queries.purchases import Bought, OrderRow, OrdersWanted, bought_by, order_of_session, page_of_bought, rows_of
from web.api.lists import ListAnswer
from web.api.order_items import STATES, Id, LineItem, Minor, PaymentStatus, payment_status
from web.api.orders import till
from web.api.query import ListQuery, Printable, Text
from web.api.route import Answered, Call, NoBody, NoQuery, Plain, Route
from web.tools import WebTools

_LONGEST_PAGE = 2000


class BadPage(Invalid):
    """A buyer is led back to https alone, or to where this Spark is itself."""

    code = "bad_page"


class NoSuchCheckout(NotFound):
    code = "no_such_session"


def _address(text: str) -> str:
    """An address as a browser takes it, whole; which ones are taken is `_check_pages`'s."""
    if not text.isascii() or any(each <= " " or each in '<>"\\^`' for each in text):
        raise ValueError("write an address without blanks, in ASCII")
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("is no address") from None
    if parts.scheme not in {"http", "https"} or not host or parts.username is not None:
        raise ValueError("write it as https://…")
    return text


PageAddress = Annotated[str, Printable, Field(max_length=_LONGEST_PAGE), AfterValidator(_address)]


class NewPurchase(BaseModel):
    """`price_minor` is what is given for one where the buyer may choose.

    `success_url` and `cancel_url` are https, or where this Spark is itself; Stripe puts the session's id in the place
    of `{CHECKOUT_SESSION_ID}`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    success_url: PageAddress | None = None
    cancel_url: PageAddress | None = None
    variant_id: Id | None = None
    quantity: Annotated[StrictInt, Field(ge=1, le=MOST_PIECES)] = 1
    code: Text | None = None
    price_minor: Minor | None = None


class PurchaseItem(BaseModel):
    """`checkout_url` is where it is paid; null once that cannot be, or need not be."""

    order_id: int
    creator: str
    payment_status: PaymentStatus
    checkout_url: str | None
    session_id: str | None
    expires_at: datetime
    lines: list[LineItem]
    total_minor: int
    tax_minor: int
    shipping_minor: int
    refunded_minor: int
    currency: str
    created_at: datetime
    paid_at: datetime | None

    @classmethod
    def of(cls, row: OrderRow) -> "PurchaseItem":
        order = row.order
        waits = order.state in UNPAID and order.pending_at is None
        return cls(
            order_id=order.id,
            creator=row.creator,
            payment_status=payment_status(order),
            checkout_url=order.checkout_url if waits else None,
            session_id=order.session_id,
            expires_at=order.expires_at,
            lines=[LineItem.of(line) for line in row.lines],
            total_minor=order.total_minor,
            tax_minor=order.tax_minor,
            shipping_minor=order.shipping_minor,
            refunded_minor=order.refunded_minor,
            currency=order.currency,
            created_at=order.created_at,
            paid_at=order.paid_at,
        )


class PurchaseStats(BaseModel):
    """One's own, from whichever creator. `spent` and `refunded` (banks too) are in minor units by currency.

    `orders` counts those that were paid for or given for nothing; `products` what is owned now.
    """

    orders: int
    pending: int
    completed: int
    failed: int
    refunded_orders: int
    products: int
    creators: int
    spent: dict[str, int]
    refunded: dict[str, int]
    first_at: datetime | None
    last_at: datetime | None

    @classmethod
    def of(cls, bought: Bought) -> "PurchaseStats":
        counted = {status: sum(bought.by_state.get(state, 0) for state in states) for status, states in STATES.items()}
        return cls(
            orders=bought.orders,
            pending=counted[PaymentStatus.PENDING],
            completed=counted[PaymentStatus.COMPLETED],
            failed=counted[PaymentStatus.FAILED],
            refunded_orders=counted[PaymentStatus.REFUNDED],
            products=bought.owned,
            creators=bought.sellers,
            spent=bought.spent,
            refunded=bought.refunded,
            first_at=bought.first_at,
            last_at=bought.last_at,
        )


class PurchasesQuery(ListQuery):
    payment_status: PaymentStatus | None = None


async def buy(call: Call[NoQuery, NewPurchase]) -> PurchaseItem | Answered:
    """The order is saved first, then its rail asked, then what that answered saved: nothing is open meanwhile."""
    tools, body = call.tools, call.body
    pages = _checked_pages(tools, body)
    wanted = Wanted(call.number("product_id"), body.variant_id, body.quantity, body.price_minor)
    async with tools.database.transaction() as session:
        account = await session.get_one(Account, call.account.id)
        order = await purchase(session, account, wanted, till(tools, body.code, pages), now=tools.clock())
    if order.state in UNPAID and order.pending_at is None:
        await tools.checkouts.make(order.id, lambda: _page(tools, order.id))
    async with tools.database.reading() as session:
        item = await _item(session, await session.get_one(Order, order.id))
    return Answered(item, 201)


async def show_session(call: Plain) -> PurchaseItem:
    return await _item(call.session, await _own(call, call.session))


async def verify(call: Plain) -> PurchaseItem:
    """As good as the rail's own event: what it says now is done, once."""
    tools = call.tools
    async with tools.database.reading() as session:
        order = await _own(call, session)
    await Reconciler(tools.database, tools.clock, tools.rails).look_now(order.id)
    async with tools.database.reading() as session:
        return await _item(session, await session.get_one(Order, order.id))


async def show_bought(call: Call[ListQuery, NoBody]) -> ListAnswer[PurchaseItem]:
    return await _list(call, OrdersWanted(STATES[PaymentStatus.COMPLETED]))


async def show_all(call: Call[PurchasesQuery, NoBody]) -> ListAnswer[PurchaseItem]:
    status = call.query.payment_status
    return await _list(call, OrdersWanted(() if status is None else STATES[status]))


async def show_stats(call: Plain) -> PurchaseStats:
    leads = await leads_of_account(call.session, call.account)
    return PurchaseStats.of(await bought_by(call.session, [lead.id for lead in leads]))


async def _list(call: Call[Any, NoBody], wanted: OrdersWanted) -> ListAnswer[PurchaseItem]:
    leads = await leads_of_account(call.session, call.account)
    page = await page_of_bought(call.session, [lead.id for lead in leads], wanted, call.query.paging())
    return ListAnswer[PurchaseItem].of(page, PurchaseItem.of)


async def _own(call: Plain, session: AsyncSession) -> Order:
    """Raises NoSuchCheckout for one that is another account's."""
    order = await order_of_session(session, call.word("session_id"))
    if order is not None:
        leads = await leads_of_account(session, call.account, order.creator_id)
        if order.lead_id in {lead.id for lead in leads}:
            return order
    raise NoSuchCheckout("there is no such session")


async def _page(tools: WebTools, order_id: int) -> str | None:
    return await begin_checkout(tools.database, tools.rails, order_id, now=tools.clock(), published=tools.published)


async def _item(session: AsyncSession, order: Order) -> PurchaseItem:
    (row,) = await rows_of(session, [order])
    return PurchaseItem.of(row)


def _checked_pages(tools: WebTools, body: NewPurchase) -> dict[str, str]:
    """Raises BadPage: nobody is led from a payment page to where others can read along."""
    pages = {"success": body.success_url, "cancel": body.cancel_url}
    own = urlsplit(tools.public_url)
    wrong = {}
    for name, page in pages.items():
        if page is not None:
            parts = urlsplit(page)
            same = (parts.scheme, parts.hostname, parts.port) == (own.scheme, own.hostname, own.port)
            if parts.scheme != "https" and not same:
                wrong[f"{name}_url"] = "use https, or this Spark's own address"
    if wrong:
        raise BadPage("some addresses cannot be come back to: " + ", ".join(sorted(wrong)), fields=wrong)
    return {name: page for name, page in pages.items() if page is not None}


_TEST = "test_api_purchase.py::test_"
ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "POST",
        "/purchase/{product_id}",
        Act.BUY,
        buy,
        "Orders a product, with the page where it is paid",
        {201: PurchaseItem},
        session="none",
        body=NewPurchase,
        refuses=(
            NoSuchProduct,
            NotForSale,
            ChooseVariant,
            BadAmount,
            BadPage,
            NoSuchCode,
            CodeRefused,
            SoldOut,
            LimitReached,
            NoAddress,
            AlreadyOwned,
            CheckoutOpen,
            CheckoutEnding,
            NothingToPayBy,
            RailDown,
            RailRefused,
        ),
        repeatable=True,
        example={"success_url": "https://shop.example/thanks", "cancel_url": "https://shop.example/back"},
        proves=(
            f"{_TEST}what_is_bought_by_the_api_is_paid_at_stripe_and_owned",
            f"{_TEST}what_is_free_is_theirs_at_once",
            f"{_TEST}a_purchase_that_is_sent_again_under_its_key_is_the_same",
            f"{_TEST}what_cannot_be_bought_says_why",
        ),
    ),
    Route(
        "GET",
        "/purchase/session/{session_id}",
        Act.SEE_PURCHASES,
        show_session,
        "How the purchase of a checkout session stands",
        {200: PurchaseItem},
        refuses=(NoSuchCheckout,),
        proves=(f"{_TEST}another_accounts_session_is_not_there",),
    ),
    Route(
        "GET",
        "/purchase/mypurchases",
        Act.SEE_PURCHASES,
        show_bought,
        "What one has bought and not been paid back, newest first",
        {200: ListAnswer[PurchaseItem]},
        query=ListQuery,
        proves=(f"{_TEST}purchases_are_listed_with_their_payment_status",),
    ),
    Route(
        "GET",
        "/purchase/mypurchases/all",
        Act.SEE_PURCHASES,
        show_all,
        "Every purchase that one has begun, whatever came of it, newest first",
        {200: ListAnswer[PurchaseItem]},
        query=PurchasesQuery,
        proves=(f"{_TEST}purchases_are_listed_with_their_payment_status",),
    ),
    Route(
        "GET",
        "/purchase/stats",
        Act.SEE_PURCHASES,
        show_stats,
        "What came of all that one has bought",
        {200: PurchaseStats},
        proves=(
            f"{_TEST}purchases_are_listed_with_their_payment_status",
            f"{_TEST}what_a_bank_takes_back_is_told_as_paid_back_on_both_sides",
        ),
    ),
    Route(
        "POST",
        "/purchase/verify/{session_id}",
        Act.SEE_PURCHASES,
        verify,
        "Asks the rail how it stands, and does what it says",
        {200: PurchaseItem},
        session="none",
        rate="heavy",
        refuses=(NoSuchCheckout, RailDown, RailRefused),
        proves=(
            f"{_TEST}what_stripe_never_told_is_asked_for",
            f"{_TEST}another_accounts_session_is_not_there",
        ),
    ),
)
