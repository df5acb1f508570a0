"""Choices of one product (a size, a licence), each with a price and stock of its own.

A product that has any is bought as one of them, and its own price is the least of theirs.
"""

from datetime import datetime

from sqlalchemy import exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.events import record_event
from domain.product_checks import check_amounts, check_charged
from domain.products import hold_product
from domain.stock import check_stock, set_stock
from kit.errors import Conflict, Invalid, NotFound, Reason
from kit.money import MOST_STARS, Money
from store.database import count_changed, insert_once
from store.models import BundleItem, Product, ProductKind, ProductVariant

TITLE_LENGTH = 60
MOST_VARIANTS = 30


class NoSuchVariant(NotFound):
    code = "no_such_variant"


class BadVariant(Conflict):
    code = "bad_variant"


async def add_variant(
    session: AsyncSession,
    product: Product,
    *,
    title: str,
    price: Money,
    now: datetime,
    stock: int | None = None,
    price_stars: int | None = None,
) -> ProductVariant:
    """One more choice, on sale from now on. One of that title that was archived comes back with these values.

    Raises Invalid, or BadVariant where the product can have none.
    """
    title = _read_title(title)
    check_stock(stock)
    _check_stars(price_stars)
    await hold_product(session, product.id)
    await _check_fits(session, product, price)
    check_charged(price, price_stars=price_stars, pay_what_you_want=product.pay_what_you_want)
    values = {
        "product_id": product.id,
        "title": title,
        "price_minor": price.amount_minor,
        "price_stars": price_stars,
        "stock": stock,
        "initial": stock,
        "created_at": now,
    }
    variant_id = await insert_once(session, ProductVariant, values)
    if variant_id is None:
        variant = await _named(session, product, title)
        if variant.archived_at is None:
            raise BadVariant(f"there is a variant “{title}” already", why=Reason("refused-variant-taken", title=title))
        variant.archived_at, variant.price_minor, variant.price_stars = None, price.amount_minor, price_stars
        await session.flush()
        await set_stock(session, variant, stock)
    else:
        variant = await session.get_one(ProductVariant, variant_id)
    await _settle(session, product, "variant.added", variant, now=now)
    return variant


async def edit_variant(
    session: AsyncSession,
    product: Product,
    variant: ProductVariant,
    *,
    now: datetime,
    title: str | None = None,
    price: Money | None = None,
    price_stars: int | None = None,
    drop_stars: bool = False,
) -> None:
    """What is given changes. Orders that are open keep the price they were opened with. Raises Invalid, BadVariant."""
    await hold_product(session, product.id)
    if title is not None:
        title = _read_title(title)
        other = select(ProductVariant.id).where(
            ProductVariant.product_id == product.id, ProductVariant.title == title, ProductVariant.id != variant.id
        )
        if await session.scalar(other) is not None:
            raise BadVariant(f"there is a variant “{title}” already", why=Reason("refused-variant-taken", title=title))
        variant.title = title
    if price is not None:
        _check_price(product, price)
        variant.price_minor = price.amount_minor
    if price_stars is not None or drop_stars:
        _check_stars(price_stars)
        variant.price_stars = price_stars
    if price is not None or drop_stars:
        asked = Money(variant.price_minor, product.currency)
        check_charged(asked, price_stars=variant.price_stars, pay_what_you_want=product.pay_what_you_want)
    await session.flush()
    await _settle(session, product, "variant.edited", variant, now=now)


async def archive_variant(session: AsyncSession, product: Product, variant: ProductVariant, *, now: datetime) -> None:
    """No longer a choice; whoever owns it keeps it. Twice is a no-op."""
    await hold_product(session, product.id)
    archive = update(ProductVariant).where(ProductVariant.id == variant.id, ProductVariant.archived_at.is_(None))
    if await count_changed(session, archive.values(archived_at=now)):
        await session.refresh(variant)
        await _settle(session, product, "variant.archived", variant, now=now)


async def find_variant(session: AsyncSession, product: Product, text: str) -> ProductVariant:
    """By its title, however it is written, or else by its number; one that is archived too. Raises NoSuchVariant."""
    wanted = text.strip()
    all_of_it = (await session.scalars(select(ProductVariant).where(ProductVariant.product_id == product.id))).all()
    # a size may be a number as well
    titled = [each for each in all_of_it if each.title.casefold() == wanted.casefold()]
    for each in (*titled, *(each for each in all_of_it if str(each.id) == wanted)):
        return each
    raise NoSuchVariant(f"there is no variant “{wanted}” of it", why=Reason("refused-no-variant", title=wanted))


async def variant_of(session: AsyncSession, product: Product, variant_id: int) -> ProductVariant:
    """By its number, archived or not. Raises NoSuchVariant for another product's."""
    query = select(ProductVariant).where(ProductVariant.id == variant_id, ProductVariant.product_id == product.id)
    variant = await session.scalar(query)
    if variant is None:
        title = str(variant_id)
        raise NoSuchVariant("there is no such variant of it", why=Reason("refused-no-variant", title=title))
    return variant


async def _named(session: AsyncSession, product: Product, title: str) -> ProductVariant:
    query = select(ProductVariant).where(ProductVariant.product_id == product.id, ProductVariant.title == title)
    return (await session.scalars(query)).one()


async def _check_fits(session: AsyncSession, product: Product, price: Money) -> None:
    if product.kind == ProductKind.BUNDLE:
        raise BadVariant("a bundle has no variants", why=Reason("refused-bundle-variants"))
    if await session.scalar(select(exists().where(BundleItem.product_id == product.id))):
        raise BadVariant("it is in a bundle, and so has no variants", why=Reason("refused-variant-in-bundle"))
    living = (ProductVariant.product_id == product.id, ProductVariant.archived_at.is_(None))
    if (await session.scalar(select(func.count()).select_from(ProductVariant).where(*living)) or 0) >= MOST_VARIANTS:
        raise BadVariant(
            f"a product has up to {MOST_VARIANTS} variants", why=Reason("refused-many-variants", most=MOST_VARIANTS)
        )
    _check_price(product, price)


def _check_price(product: Product, price: Money) -> None:
    check_amounts(price.amount_minor, price.currency, None)
    if price.currency != product.currency:
        raise BadVariant(
            f"its price is in {product.currency.upper()}",
            why=Reason("refused-variant-currency", currency=product.currency.upper()),
        )
    if not product.pay_what_you_want and (price.amount_minor == 0) != (product.price_minor == 0):
        # a product is free or it is sold: that decides how it is handed over
        raise BadVariant("all variants of a product are free, or none is", why=Reason("refused-variant-free"))


async def _settle(
    session: AsyncSession, product: Product, event: str, variant: ProductVariant, *, now: datetime
) -> None:
    """The product's own price is the least of its variants'; without any left it stays as it was."""
    least = await session.scalar(
        select(func.min(ProductVariant.price_minor)).where(
            ProductVariant.product_id == product.id, ProductVariant.archived_at.is_(None)
        )
    )
    if least is not None:
        await session.execute(update(Product).where(Product.id == product.id).values(price_minor=least))
        await session.refresh(product)
    await record_event(
        session,
        event,
        creator_id=product.creator_id,
        subject=f"product:{product.id}",
        now=now,
        variant=variant.id,
    )


def _read_title(text: str) -> str:
    title = " ".join(text.split())
    if not 1 <= len(title) <= TITLE_LENGTH:
        raise Invalid(
            f"a variant's title has 1 to {TITLE_LENGTH} characters",
            fields={"title": title[:50]},
            why=Reason("refused-title", most=TITLE_LENGTH),
        )
    return title


def _check_stars(stars: int | None) -> None:
    if stars is not None and not 1 <= stars <= MOST_STARS:
        raise Invalid(
            f"stars is a number from 1 to {MOST_STARS}",
            fields={"stars": str(stars)},
            why=Reason("refused-number", least=1, most=MOST_STARS),
        )
