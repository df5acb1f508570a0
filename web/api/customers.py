"""`/api/v1/customers`: the leads who have paid for something."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy import true

from domain.access import Act
from kit.errors import NotFound
from kit.paging import Page
from store.queries.customers import CustomerRow, page_of_customers, rows_of_customers
from store.queries.leads import find_living_lead, search
from web.api.lists import ListAnswer
from web.api.query import ListQuery, Text
from web.api.route import Call, NoBody, Plain, Route


class NoSuchCustomer(NotFound):
    """Nobody of that number has paid for anything."""

    code = "no_such_customer"


class CustomerQuery(ListQuery):
    """`search` as for leads: by name, or by a whole e-mail address or telephone number."""

    search: Text = ""


class CustomerItem(BaseModel):
    """`id` is the lead's. `spent` is what came and is still there, in minor units by currency."""

    id: int
    name: str
    email: str | None
    phone: str | None
    source: str | None
    stage: str
    orders: int
    spent: dict[str, int]
    first_order_at: datetime | None
    last_order_at: datetime | None

    @classmethod
    def of(cls, row: CustomerRow) -> "CustomerItem":
        lead = row.lead
        return cls(
            id=lead.id,
            name=lead.name,
            email=lead.email,
            phone=lead.phone,
            source=lead.source,
            stage=lead.stage,
            orders=row.orders,
            spent=row.spent,
            first_order_at=row.first_at,
            last_order_at=row.last_at,
        )


async def show_customers(call: Call[CustomerQuery, NoBody]) -> ListAnswer[CustomerItem]:
    session, creator_id, wanted, paging = call.session, call.creator_id, call.query.search.strip(), call.query.paging()
    condition = await search(session, creator_id, wanted) if wanted else true()
    rows, count = await page_of_customers(session, creator_id, condition, paging)
    total = await call.tools.totals.of(("customers", creator_id, wanted), count)
    return ListAnswer[CustomerItem].of(Page(rows, total, paging), CustomerItem.of)


async def show_customer(call: Plain) -> CustomerItem:
    lead = await find_living_lead(call.session, call.creator_id, call.number("lead_id"))
    rows = await rows_of_customers(call.session, call.creator_id, [lead] if lead is not None else [])
    if not rows or not rows[0].orders:
        raise NoSuchCustomer("there is no such customer")
    return CustomerItem.of(rows[0])


ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        "/customers",
        Act.SEE_LEADS,
        show_customers,
        "The leads who have paid for something, newest first",
        {200: ListAnswer[CustomerItem]},
        query=CustomerQuery,
        proves=(
            "test_api_customers.py::test_whoever_has_paid_is_a_customer_with_what_they_spent",
            "test_api_customers.py::test_of_a_long_list_of_orders_or_customers_the_total_is_a_second_old_at_most",
        ),
    ),
    Route(
        "GET",
        "/customers/{lead_id}",
        Act.SEE_LEADS,
        show_customer,
        "One of them, by their number as a lead",
        {200: CustomerItem},
        refuses=(NoSuchCustomer,),
        proves=("test_api_customers.py::test_another_creators_customer_is_not_there",),
    ),
)
