"""What things cost on each rail, and which rails may take the money."""

from datetime import timedelta

import pytest
from folk import NOW

from domain.pricing import (
    FREE,
    BadAmount,
    ChooseVariant,
    NotForSale,
    Wish,
    check_on_sale,
    price_on,
    rails_of,
    total_of,
)
from domain.setups import CreatorSetup
from domain.shop_setup import ShopSetup
from kit.money import MOST_MINOR, MOST_STARS, Money
from store.models import Product, ProductKind, ProductVariant

BOTH = ("stars", "stripe")


def a_thing(**columns: object) -> Product:
    usual: dict[str, object] = {
        "id": 1,
        "title": "Pack",
        "kind": ProductKind.FILE,
        "price_minor": 1900,
        "currency": "usd",
        "active": True,
        "pay_what_you_want": False,
    }
    return Product(**{**usual, **columns})


def price(product: Product, rail: str, rates: dict[str, str] | None = None, **wish: int) -> Money:
    return price_on(Wish(product, **wish), rail, stars_rates=rates or {})


def test_money_is_asked_for_as_the_creator_has_set_it():
    assert price(a_thing(), "stripe") == Money(1900, "usd")


@pytest.mark.parametrize(
    ("currency", "minor", "rate", "stars"),
    [
        ("usd", 1900, "77", 1463),
        # a part of a Star is a Star
        ("usd", 1901, "77", 1464),
        ("usd", 1, "77", 1),
        # no hundredths in a yen, thousandths in a dinar
        ("jpy", 100, "0.5", 50),
        ("kwd", 1500, "250.5", 376),
    ],
)
def test_stars_are_converted_at_the_creators_rate_and_rounded_up(currency: str, minor: int, rate: str, stars: int):
    product = a_thing(price_minor=minor, currency=currency)
    assert price(product, "stars", {currency: rate}) == Money(stars, "xtr")


def test_a_price_in_stars_that_is_set_counts_more_than_the_rate():
    assert price(a_thing(price_stars=999), "stars", {"usd": "77"}) == Money(999, "xtr")


def test_without_price_or_rate_nothing_is_sold_for_stars():
    with pytest.raises(NotForSale):
        price(a_thing(), "stars", {"eur": "80"})


def test_what_is_priced_in_stars_is_sold_for_stars_alone():
    product = a_thing(currency="xtr", price_minor=250)
    assert price(product, "stars") == Money(250, "xtr")
    with pytest.raises(NotForSale):
        price(product, "stripe")


def test_a_variant_has_a_price_of_its_own():
    product, variant = a_thing(), ProductVariant(id=5, product_id=1, title="Team", price_minor=4900, price_stars=3000)
    wish = Wish(product, variant)
    assert price_on(wish, "stripe", stars_rates={}) == Money(4900, "usd")
    assert price_on(wish, "stars", stars_rates={}) == Money(3000, "xtr")
    assert wish.title == "Pack (Team)"


def test_who_may_choose_gives_the_least_or_more():
    product = a_thing(pay_what_you_want=True, price_minor=500, price_stars=400)
    assert price(product, "stripe") == Money(500, "usd")
    assert price(product, "stripe", amount_minor=1250) == Money(1250, "usd")
    # in the same proportion
    assert price(product, "stars", amount_minor=1250) == Money(1000, "xtr")
    for wrong in (499, MOST_MINOR + 1):
        with pytest.raises(BadAmount):
            price(product, "stripe", amount_minor=wrong)


def test_an_amount_that_nobody_may_choose_is_not_heard():
    assert price(a_thing(), "stripe", amount_minor=1) == Money(1900, "usd")


def test_what_one_may_give_nothing_for_is_free_until_one_gives_something():
    product = a_thing(pay_what_you_want=True, price_minor=0)
    assert price(product, "stars", amount_minor=0) == Money(0, "xtr")
    assert price(product, "stars", {"usd": "77"}, amount_minor=100) == Money(77, "xtr")


def test_rails_are_those_of_the_kind_that_are_there_and_have_a_price():
    rated = CreatorSetup(shop=ShopSetup(stars_rates={"usd": "77"}))
    assert rails_of(a_thing(), rated, offered=BOTH) == BOTH
    assert rails_of(a_thing(), CreatorSetup(), offered=BOTH) == ("stripe",)
    assert rails_of(a_thing(price_stars=5), CreatorSetup(), offered=BOTH) == BOTH
    assert rails_of(a_thing(), rated, offered=["stripe"]) == ("stripe",)
    assert rails_of(a_thing(kind=ProductKind.SERVICE), rated, offered=BOTH) == ("stripe",)
    assert rails_of(a_thing(currency="xtr"), rated, offered=BOTH) == ("stars",)
    assert rails_of(a_thing(price_minor=0), rated, offered=BOTH) == (FREE,)
    assert rails_of(a_thing(price_minor=0, pay_what_you_want=True), rated, offered=BOTH) == BOTH


def test_one_payment_has_a_limit():
    assert total_of(Money(1900, "usd"), 3) == Money(5700, "usd")
    with pytest.raises(BadAmount):
        total_of(Money(MOST_MINOR, "usd"), 2)


def test_an_invoice_in_stars_has_a_smaller_one():
    assert total_of(Money(MOST_STARS // 2, "xtr"), 2) == Money(MOST_STARS, "xtr")
    for unit, quantity in ((MOST_STARS // 2 + 1, 2), (MOST_STARS + 1, 1), (102, 99)):
        with pytest.raises(BadAmount):
            total_of(Money(unit, "xtr"), quantity)
    with pytest.raises(BadAmount):
        price(a_thing(currency="xtr", price_minor=1, pay_what_you_want=True), "stars", amount_minor=MOST_STARS + 1)


def test_what_costs_more_stars_than_an_invoice_takes_is_not_offered_for_them():
    rated = CreatorSetup(shop=ShopSetup(stars_rates={"usd": "77"}))
    # 129.87 USD are 10,000 Stars
    assert rails_of(a_thing(price_minor=12_987), rated, offered=BOTH) == BOTH
    assert rails_of(a_thing(price_minor=12_988), rated, offered=BOTH) == ("stripe",)
    assert rails_of(a_thing(price_minor=12_988, price_stars=MOST_STARS), rated, offered=BOTH) == BOTH
    assert rails_of(a_thing(price_stars=MOST_STARS + 1), rated, offered=BOTH) == ("stripe",)
    assert rails_of(a_thing(currency="xtr", price_minor=MOST_STARS + 1), rated, offered=BOTH) == ()


@pytest.mark.parametrize(
    "columns",
    [
        {"active": False},
        {"archived_at": NOW},
        {"active_from": NOW + timedelta(seconds=1)},
        {"active_until": NOW},
    ],
)
def test_what_is_not_on_sale_now_is_not_sold(columns: dict[str, object]):
    with pytest.raises(NotForSale):
        check_on_sale(Wish(a_thing(**columns)), now=NOW, has_variants=False)


def test_between_its_dates_it_is_sold():
    product = a_thing(active_from=NOW, active_until=NOW + timedelta(seconds=1))
    check_on_sale(Wish(product), now=NOW, has_variants=False)


def test_one_of_several_variants_has_to_be_chosen_and_be_there():
    product = a_thing()
    with pytest.raises(ChooseVariant):
        check_on_sale(Wish(product), now=NOW, has_variants=True)
    check_on_sale(Wish(product, ProductVariant(product_id=1)), now=NOW, has_variants=True)
    for gone in (ProductVariant(product_id=1, archived_at=NOW), ProductVariant(product_id=2)):
        with pytest.raises(NotForSale):
            check_on_sale(Wish(product, gone), now=NOW, has_variants=True)


@pytest.mark.parametrize("kind", ProductKind)
def test_several_are_bought_of_what_makes_sense_several_times_and_no_more_than_a_shelf(kind: ProductKind):
    counted = kind in {ProductKind.LICENCE_KEY, ProductKind.SERVICE, ProductKind.PHYSICAL}
    for product, most in ((a_thing(kind=kind), 20 if counted else 1), (a_thing(kind=kind, pay_what_you_want=True), 1)):
        for good in (1, most):
            check_on_sale(Wish(product, quantity=good), now=NOW, has_variants=False)
        for wrong in (-1, 0, most + 1):
            with pytest.raises(BadAmount):
                check_on_sale(Wish(product, quantity=wrong), now=NOW, has_variants=False)
