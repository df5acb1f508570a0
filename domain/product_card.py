"""How a product is shown to whoever may buy it, and the buttons by which they do."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from domain.code_prices import discounts_of, price_by_code, told_by_code
from domain.covers import cover_of
from domain.discounts import Discount
from domain.messages.catalogue import say
from domain.messages.plain import Button, Message
from domain.prices_shown import least_price, money_told, price_from
from domain.pricing import MOST_PIECES, Wish, most_pieces, price_on, rails_of, total_of
from domain.reviews import average_shown, rating_of
from domain.setups import CreatorSetup
from kit.errors import Refusal
from kit.money import Money, least_of
from kit.text import CAPTION_LIMIT, TEXT_LIMIT, escape, shorten, visible_length
from store.models import Lead, Product, ProductKind, ProductVariant, Stocked
from store.queries.catalogue import bundle_contents, takes_codes, variants_of
from store.queries.unready import is_to_come

FEW_LEFT = 5
PARTS_SHOWN = 10
LABEL_LENGTH = 60
PART_LENGTH = 40
# what Telegram takes behind a button: https://core.telegram.org/bots/api#inlinekeyboardbutton
MOST_DATA = 64
# in the place of a rail, where the button itself finds out which ones there are
ANY = "any"
Row = tuple[Button, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody has chosen on a card so far; `variant` 0 is none."""

    variant: int = 0
    quantity: int = 1
    code: str | None = None

    def behind(self, act: str, product_id: int, *more: str) -> str:
        """As it stands behind a button; a code for which there is no room is left out."""
        parts = [act, str(product_id), str(self.variant), str(self.quantity), *more]
        with_code = ":".join([*parts, self.code]) if self.code else ""
        data = with_code if 0 < len(with_code.encode()) <= MOST_DATA else ":".join(parts)
        plain = self.variant == 0 and self.quantity == 1 and not more and data != with_code
        return f"{act}:{product_id}" if plain else data

    def to_buy(self, product_id: int, rail: str = ANY) -> str:
        plain = self == Choice() and rail == ANY
        return f"buy:{product_id}" if plain else self.behind("buy", product_id, rail)

    def to_another(self, product_id: int) -> str:
        """Back to the variants, with the same code, on the card that is tapped."""
        return Choice(code=self.code).behind("product", product_id) if self.code else f"product:{product_id}:0:1"


@dataclass(frozen=True, slots=True)
class Offer:
    """Who looks at the card, and what can take their money. Without `rails` the button itself finds that out."""

    setup: CreatorSetup
    now: datetime
    rails: Collection[str] | None = None
    lead: Lead | None = None


@dataclass(frozen=True, slots=True)
class _Facts:
    product: Product
    variants: Sequence[ProductVariant]
    parts: Sequence[Product]
    cover_id: int | None
    has_codes: bool
    to_come: bool
    chosen: ProductVariant | None

    @property
    def goods(self) -> Stocked:
        return self.product if self.chosen is None else self.chosen

    @property
    def to_choose(self) -> bool:
        """One of the variants, before anything can be paid."""
        return bool(self.variants) and self.chosen is None

    @property
    def sold_out(self) -> bool:
        if self.to_choose:
            return all(each.stock == 0 for each in self.variants)
        return self.goods.stock == 0 or any(part.stock == 0 for part in self.parts)


@dataclass(frozen=True, slots=True)
class _ByCode:
    """What the code takes off by rail, or, before one is chosen, what each variant costs by it."""

    discounts: Mapping[str, Discount]
    variants: Mapping[int, Money]


async def product_card(
    session: AsyncSession,
    product: Product,
    language: str,
    offer: Offer,
    *,
    choice: Choice | None = None,
    above: str = "",
    below: str = "",
) -> Message:
    """Picture, words and price, with a button for each way to buy it, or to get what is free.

    `above` and `below` are Telegram HTML. A code that is not good for this buyer is left out.
    """
    choice = choice or Choice()
    facts = await _facts(session, product, choice)
    choice = replace(choice, quantity=_bounded(facts, choice.quantity))
    by_code = _ByCode(await _discounts(session, facts, offer, choice), await _by_variant(session, facts, offer, choice))
    if not by_code.discounts and not by_code.variants:
        choice = replace(choice, code=None)
    rows = _rows(facts, offer, choice, by_code, language)
    limit = TEXT_LIMIT if facts.cover_id is None else CAPTION_LIMIT
    payable = facts.to_choose or bool(_ways_to_pay(facts, offer, choice, by_code.discounts, language))
    text = _text(facts, choice, offer, language, around=(above, below), limit=limit, payable=payable)
    # a caption that Telegram would refuse goes out as a message of its own, without the picture
    cover_id = facts.cover_id if visible_length(text) <= limit else None
    return Message(text=text, buttons=tuple(rows), file=cover_id)


async def _facts(session: AsyncSession, product: Product, choice: Choice) -> _Facts:
    cover = await cover_of(session, product.id)
    variants = await variants_of(session, product.id)
    return _Facts(
        product,
        variants,
        await bundle_contents(session, product.id) if product.kind == ProductKind.BUNDLE else (),
        None if cover is None else cover.id,
        await takes_codes(session, product.creator_id),
        await is_to_come(session, product.id),
        next((each for each in variants if each.id == choice.variant), None),
    )


def _bounded(facts: _Facts, quantity: int) -> int:
    product = facts.product
    bounds = [most_pieces(product), product.limit_per_person, facts.goods.stock]
    return max(1, min(quantity, *(each for each in bounds if each is not None)))


async def _discounts(session: AsyncSession, facts: _Facts, offer: Offer, choice: Choice) -> Mapping[str, Discount]:
    """By rail, what the code takes off; nothing without one, or where it is not good."""
    if choice.code is None or offer.lead is None or facts.to_choose:
        return {}
    wish, rails = _wish(facts, choice), _rails(facts, offer, facts.chosen)
    try:
        return await discounts_of(session, offer.lead, wish, rails, now=offer.now, setup=offer.setup)
    except Refusal:
        # said when they try to buy by it; the card shows what it costs
        return {}


async def _by_variant(session: AsyncSession, facts: _Facts, offer: Offer, choice: Choice) -> Mapping[int, Money]:
    """Before one is chosen: what each costs by the code, of those that can be paid by it."""
    if choice.code is None or offer.lead is None or not facts.to_choose:
        return {}
    found = {}
    for each in (one for one in facts.variants if one.stock != 0):
        wish, rails = Wish(facts.product, each, code=choice.code), _rails(facts, offer, each)
        price = await price_by_code(session, offer.lead, wish, rails, now=offer.now, setup=offer.setup)
        if price is not None:
            found[each.id] = price
    return found


def _rails(facts: _Facts, offer: Offer, variant: ProductVariant | None) -> tuple[str, ...]:
    return () if offer.rails is None else rails_of(facts.product, offer.setup, offered=offer.rails, variant=variant)


def _wish(facts: _Facts, choice: Choice) -> Wish:
    return Wish(facts.product, facts.chosen, choice.quantity, code=choice.code)


def _rows(facts: _Facts, offer: Offer, choice: Choice, by_code: _ByCode, language: str) -> list[Row]:
    """The ways to buy it, where there are any left, and to what others say of it."""
    product = facts.product
    if facts.to_choose:
        rows: list[Row] = [
            (_to_variant(product, each, choice, by_code.variants.get(each.id), language),)
            for each in facts.variants
            if each.stock != 0
        ]
    else:
        rows = _rows_to_buy(facts, offer, choice, by_code.discounts, language)
    if product.rating_count:
        label = say("button-reviews", language, count=product.rating_count)
        rows.append((Button(text=label, data=f"reviews:{product.id}"),))
    return rows


def _rows_to_buy(
    facts: _Facts, offer: Offer, choice: Choice, discounts: Mapping[str, Discount], language: str
) -> list[Row]:
    product = facts.product
    rows = [] if facts.sold_out else _ways_to_pay(facts, offer, choice, discounts, language)
    if rows and _bounded(facts, MOST_PIECES) > 1:
        rows.append(_counter(facts, choice))
    if facts.variants:
        label = say("button-other-variant", language)
        rows.append((Button(text=label, data=choice.to_another(product.id)),))
    if rows and facts.has_codes and choice.code is None and product.price_minor and offer.lead is not None:
        rows.append((Button(text=say("button-code", language), data=choice.behind("code", product.id)),))
    return rows


def _ways_to_pay(
    facts: _Facts, offer: Offer, choice: Choice, discounts: Mapping[str, Discount], language: str
) -> list[Row]:
    product = facts.product
    if product.kind == ProductKind.BUNDLE and not facts.parts:
        return []
    if facts.goods.price_minor == 0 and not product.pay_what_you_want:
        return [(Button(text=say("button-get", language), data=choice.to_buy(product.id)),)]
    if offer.rails is None:
        unit = Money(facts.goods.price_minor, product.currency)
        return [(_buy(product, unit, choice.to_buy(product.id), language),)]
    rows: list[Row] = []
    for rail in _rails(facts, offer, facts.chosen):
        try:
            unit = price_on(_wish(facts, choice), rail, stars_rates=offer.setup.shop.stars_rates)
            total = total_of(unit, choice.quantity)
        except Refusal:
            # a variant without a price in Stars, or too many for one payment
            continue
        off = discounts.get(rail, Discount()).amount_minor
        asked = replace(total, amount_minor=total.amount_minor - off)
        if total.amount_minor and not asked.amount_minor:
            # what a code pays in full asks no rail
            return [(Button(text=say("button-get", language), data=choice.to_buy(product.id, rail)),)]
        if asked.amount_minor < least_of(asked.currency) and not product.pay_what_you_want:
            continue
        rows.append((_buy(product, asked, choice.to_buy(product.id, rail), language),))
    return rows


def _buy(product: Product, price: Money, data: str, language: str) -> Button:
    told = price.format(language)
    if product.pay_what_you_want:
        key = "button-buy-own" if price.amount_minor == 0 else "button-buy-from"
        return Button(text=say(key, language, price=told), data=data)
    return Button(text=say("button-buy", language, price=told), data=data)


def _counter(facts: _Facts, choice: Choice) -> Row:
    """Fewer, how many, more; at an end the button leads to where it is."""
    fewer, more = (_bounded(facts, choice.quantity + step) for step in (-1, 1))
    return tuple(
        Button(text=text, data=replace(choice, quantity=quantity).behind("product", facts.product.id))
        for text, quantity in (("−", fewer), (f"× {choice.quantity}", choice.quantity), ("+", more))
    )


def _to_variant(
    product: Product, variant: ProductVariant, choice: Choice, by_code: Money | None, language: str
) -> Button:
    """With the code where it makes a price that can be paid."""
    price = _variant_price(product, variant, language) if by_code is None else told_by_code(by_code, product, language)
    then = Choice(variant.id, code=None if by_code is None else choice.code)
    label = f"{shorten(variant.title, LABEL_LENGTH - len(price) - 3)} · {price}"
    return Button(text=label, data=then.behind("product", product.id))


def _variant_price(product: Product, variant: ProductVariant, language: str) -> str:
    free = variant.price_minor == 0 and not product.pay_what_you_want
    return say("price-free", language) if free else money_told(product, variant, language)


def _text(
    facts: _Facts,
    choice: Choice,
    offer: Offer,
    language: str,
    *,
    around: tuple[str, str],
    limit: int,
    payable: bool,
) -> str:
    """All that is known of it; of a long description as much as there is room for."""
    product = facts.product
    title = product.title if facts.chosen is None else f"{product.title} · {facts.chosen.title}"
    head = say("card-title-of", language, title=title)
    tail = [_price_line(facts, language), *_lines(facts, choice, offer, language)]
    if not payable and not facts.sold_out:
        tail.append(say("card-not-now", language))
    above, below = around
    without = "\n\n".join(part for part in (above, "\n".join([head, "", *tail]), below) if part)
    room = limit - visible_length(without) - 2
    described = escape(shorten(product.description, room)) if product.description and room > PART_LENGTH else ""
    body = [head, *([described, ""] if described else []), *tail]
    return "\n\n".join(part for part in (above, "\n".join(body), below) if part)


def _price_line(facts: _Facts, language: str) -> str:
    product = facts.product
    goods, several = least_price(product, facts.variants) if facts.chosen is None else (facts.chosen, False)
    price = money_told(product, goods, language)
    if product.pay_what_you_want:
        return say("price-own", language) if goods.price_minor == 0 else say("price-own-from", language, price=price)
    if goods.price_minor == 0:
        return say("price-free", language)
    if several:
        price = price_from(product, goods, language)
    compare = product.compare_at_minor
    if compare is not None and compare > goods.price_minor:
        before = Money(compare, product.currency).format(language)
        return say("price-before", language, price=price, before=before)
    return say("price-line", language, price=price)


def _lines(facts: _Facts, choice: Choice, offer: Offer, language: str) -> list[str]:
    product, stock = facts.product, facts.goods.stock
    lines = []
    if (rating := rating_of(product)) is not None:
        lines.append(say("card-rating", language, average=average_shown(rating[0], language), count=rating[1]))
    if facts.parts:
        lines.append(say("card-in-bundle", language))
        lines += [
            say("card-part", language, title=shorten(each.title, PART_LENGTH)) for each in facts.parts[:PARTS_SHOWN]
        ]
        if len(facts.parts) > PARTS_SHOWN:
            lines.append(say("card-more-parts", language, count=len(facts.parts) - PARTS_SHOWN))
    if choice.code is not None:
        lines.append(say("card-code", language, code=choice.code))
    if facts.to_come:
        lines.append(say("card-to-come", language))
    if facts.sold_out:
        lines.append(say("sold-out", language))
    elif stock is not None and stock <= FEW_LEFT and not (facts.variants and facts.chosen is None):
        lines.append(say("card-few-left", language, stock=stock))
    if product.active_until is not None and product.active_until > offer.now:
        lines.append(say("card-until", language, day=product.active_until.date().isoformat()))
    return lines
