"""What a business came to, as a program reads it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Generic

from pydantic import BaseModel, ConfigDict, Field

from kit.buckets import Interval
from store.models import EnrollmentState, OrderState
from store.queries.analytics import Buyers, SoldProduct, SourceNumbers, Sum
from store.queries.funnel_numbers import FunnelNumbers
from web.api.lists import Item, ListAnswer
from web.api.order_items import STATES


class SumItem(BaseModel):
    """What came, what of it has gone back since (or was promised to, or a bank took), and the rest."""

    currency: str
    gross_minor: int
    refunded_minor: int
    net_minor: int

    @classmethod
    def all_of(cls, sums: Mapping[str, Sum], currencies: Sequence[str]) -> "list[SumItem]":
        told = ((currency, sums.get(currency, Sum())) for currency in currencies)
        return [cls(currency=name, gross_minor=s.gross, refunded_minor=s.back, net_minor=s.net) for name, s in told]


class Asked(BaseModel):
    """The time that it is about, to the instant. `to` is not in it."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True, validate_by_alias=True)

    since: datetime = Field(alias="from")
    until: datetime = Field(alias="to")


class AskedPieces(Asked):
    interval: Interval
    time_zone: str


class SalesPiece(Asked):
    orders: int
    money: list[SumItem]


class SalesItem(AskedPieces):
    """Every piece there is, with every currency that anything was sold in. Money stands where its order was paid."""

    orders: int
    money: list[SumItem]
    pieces: list[SalesPiece]


class PaymentCounts(BaseModel):
    pending: int
    completed: int
    failed: int
    refunded: int


class OrdersCount(BaseModel):
    """How many were opened, and how these stand now."""

    orders: int
    payment_status: PaymentCounts

    @classmethod
    def told(cls, states: Mapping[OrderState, int]) -> dict[str, Any]:
        counted = {str(status): sum(states.get(state, 0) for state in each) for status, each in STATES.items()}
        return {"orders": sum(states.values()), "payment_status": PaymentCounts(**counted)}


class OrdersPiece(Asked, OrdersCount):
    pass


class OrdersItem(AskedPieces, OrdersCount):
    pieces: list[OrdersPiece]


class CustomersCount(BaseModel):
    """Who paid; `new_customers` of these had paid for nothing before."""

    customers: int
    new_customers: int
    returning_customers: int

    @classmethod
    def told(cls, buyers: Buyers) -> dict[str, int]:
        return {
            "customers": buyers.buyers,
            "new_customers": buyers.new,
            "returning_customers": buyers.buyers - buyers.new,
        }


class CustomersPiece(Asked, CustomersCount):
    pass


class CustomersItem(AskedPieces, CustomersCount):
    """Over the whole everybody counts once, so that it is less than the sum of its pieces."""

    pieces: list[CustomersPiece]


class AmountItem(BaseModel):
    currency: str
    gross_minor: int


class ProductCount(BaseModel):
    """Of orders paid then; `money` is of its lines after the discount, before anything went back."""

    units: int
    orders: int
    refunded_orders: int
    money: list[AmountItem]

    @classmethod
    def told(cls, sold: SoldProduct) -> dict[str, Any]:
        money = [AmountItem(currency=currency, gross_minor=gross) for currency, gross in sold.gross.items()]
        return {"units": sold.units, "orders": sold.orders, "refunded_orders": sold.refunded_orders, "money": money}


class ProductPiece(Asked, ProductCount):
    pass


class ProductItem(ProductCount):
    """`pieces` are told where an `interval` was asked for."""

    product_id: int
    title: str
    pieces: list[ProductPiece] | None


class SourceCount(BaseModel):
    """Of the leads that came then, and whatever they have bought since."""

    leads: int
    customers: int
    orders: int
    money: list[SumItem]

    @classmethod
    def told(cls, numbers: SourceNumbers) -> dict[str, Any]:
        money = SumItem.all_of(numbers.money, list(numbers.money))
        return {"leads": numbers.leads, "customers": numbers.buyers, "orders": numbers.orders, "money": money}


class SourcePiece(Asked, SourceCount):
    pass


class SourceItem(SourceCount):
    """Where they first came from; null: nobody knows. `pieces` are told where an `interval` was asked for."""

    source: str | None
    pieces: list[SourcePiece] | None


class FunnelCount(BaseModel):
    """Of those who began it then, as they stand now; `goal`: it did for them what it is for."""

    began: int
    active: int
    held: int
    done: int
    stopped: int
    parked: int
    goal: int

    @classmethod
    def told(cls, numbers: FunnelNumbers) -> dict[str, int]:
        states = {str(state): numbers.states[state] for state in EnrollmentState}
        return {"began": numbers.began, "goal": numbers.goal, **states}


class FunnelPiece(Asked, FunnelCount):
    pass


class FunnelItem(FunnelCount):
    """`pieces` are told where an `interval` was asked for."""

    funnel: str
    pieces: list[FunnelPiece] | None


class AskedList(Asked, ListAnswer[Item], Generic[Item]):
    interval: Interval | None
    time_zone: str
