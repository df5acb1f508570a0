"""Payment links of a product: pages of Stripe's that a creator posts elsewhere, by buttons and by one line."""

from collections.abc import Sequence

from telegram import CallbackQuery

from bot.handlers.edits import edit
from bot.handlers.product_access import own_variant
from bot.handlers.product_parts import split_words
from bot.numbers import read_id
from bot.replies import PayLinkReply
from bot.turn import Turn
from domain.messages.plain import Button, Message
from domain.payment_links import check_linkable, end_payment_link, open_payment_link
from domain.variants import find_variant
from kit.errors import Refusal
from kit.text import TEXT_LIMIT, pages, shorten
from store.models import Product, ProductVariant
from store.queries.catalogue import variants_of
from store.queries.payment_links import LinkShown, living_links

LABEL_LENGTH = 40
TITLE_LENGTH = 60
_OFF = frozenset({"off", "aus"})
Row = tuple[Button, ...]


async def link_row(turn: Turn, product: Product) -> Sequence[Row]:
    """The way to its payment links from its card, where it has one or can have one."""
    if not await living_links(turn.session, product.id) and not await _linkable(turn, product):
        return ()
    return ((Button(text=turn.words("button-paylinks"), data=f"products:{product.id}:paylink"),),)


async def tap_links(turn: Turn, query: CallbackQuery, product: Product, act: list[str]) -> None:
    """`paylink`, `paylink:make:VARIANT` with 0 for none, `paylink:off:LINK` asks, and `paylink:end:LINK` does it."""
    match act:
        case []:
            edit(turn, query, await _screen(turn, product))
        case ["make", number]:
            variant_id = read_id(number)
            await _make(turn, product, await own_variant(turn, product, variant_id) if variant_id else None)
        case ["off", number]:
            edit(turn, query, _asked(turn, product, await _own_link(turn, product, read_id(number))))
        case ["end", number]:
            link = await _own_link(turn, product, read_id(number))
            edit(turn, query, await _end(turn, product, [link]))
        case _:
            raise turn.refusal("not-understood")


async def link_line(turn: Turn, product: Product, rest: str) -> None:
    """`paylink` makes it or shows it again, `paylink "Large"` that of a variant, `off` behind either ends it."""
    try:
        words = split_words(rest)
    except ValueError:
        raise turn.refusal("product-form-paylink", product=product.id) from None
    ends = bool(words) and words[-1].casefold() in _OFF
    name = " ".join(words[:-1] if ends else words)
    variants = await variants_of(turn.session, product.id)
    if name and not variants:
        raise turn.refusal("product-form-paylink", product=product.id)
    variant = await find_variant(turn.session, product, name) if name else None
    if ends:
        links = await living_links(turn.session, product.id)
        chosen = [each for each in links if variant is None or each.variant_id == variant.id]
        if not chosen:
            raise turn.refusal("refused-no-paylink", title=product.title)
        turn.send(await _end(turn, product, chosen))
    elif variants and variant is None:
        turn.send(await _screen(turn, product))
    else:
        await _make(turn, product, variant)


async def _make(turn: Turn, product: Product, variant: ProductVariant | None) -> None:
    """The promise is saved with this turn; the reply has it kept."""
    setup, rails = turn.facts.published.setup(product.creator_id), turn.facts.rails
    link = await open_payment_link(turn.session, product, variant, setup=setup, rails=rails, now=turn.now)
    turn.replies.append(PayLinkReply(link_id=link.id))


async def _end(turn: Turn, product: Product, links: Sequence[LinkShown]) -> Message:
    for link in links:
        await end_payment_link(turn.session, link.id, now=turn.now)
    title = links[0].title if len(links) == 1 else product.title
    return Message(text=turn.words("paylink-ended", title=title), buttons=((_card(turn, product),),))


async def _screen(turn: Turn, product: Product) -> Message:
    """Each link with its address, and a button for each that is there or can be. Raises why there can be none."""
    links = [each for each in await living_links(turn.session, product.id) if each.url is not None]
    linked = {each.variant_id for each in links}
    free = [each for each in await _linkable(turn, product) if (None if each is None else each.id) not in linked]
    if not links and not free:
        await _why_not(turn, product)
    lines = [turn.words("own-paylinks", title=product.title)]
    lines += [_line(turn, each) for each in links]
    rows: list[Row] = [
        (
            Button(
                text=_label(turn, "button-paylink-off", each.title if each.variant_id else None),
                data=f"products:{product.id}:paylink:off:{each.id}",
            ),
        )
        for each in links
    ]
    rows += [
        (
            Button(
                text=_label(turn, "button-paylink-make", None if each is None else each.title),
                data=f"products:{product.id}:paylink:make:{0 if each is None else each.id}",
            ),
        )
        for each in free
    ]
    return Message(text=pages("\n".join(lines), TEXT_LIMIT)[0], buttons=(*rows, (_card(turn, product),)))


async def _linkable(turn: Turn, product: Product) -> list[ProductVariant | None]:
    """Of which choices a link can be made; of what has none, the product itself."""
    choices: Sequence[ProductVariant | None] = await variants_of(turn.session, product.id) or [None]
    return [each for each in choices if await _refusal(turn, product, each) is None]


async def _why_not(turn: Turn, product: Product) -> None:
    choices: Sequence[ProductVariant | None] = await variants_of(turn.session, product.id) or [None]
    refusal = await _refusal(turn, product, choices[0])
    if refusal is not None:
        raise refusal


async def _refusal(turn: Turn, product: Product, variant: ProductVariant | None) -> Refusal | None:
    setup, rails = turn.facts.published.setup(product.creator_id), turn.facts.rails
    try:
        await check_linkable(turn.session, product, variant, setup=setup, rails=rails, now=turn.now)
    except Refusal as refusal:
        return refusal
    return None


async def _own_link(turn: Turn, product: Product, link_id: int) -> LinkShown:
    """Raises Said for one of another product, and for one that is switched off already."""
    links = await living_links(turn.session, product.id)
    found = next((each for each in links if each.id == link_id), None)
    if found is None:
        raise turn.refusal("refused-no-paylink", title=product.title)
    return found


def _asked(turn: Turn, product: Product, link: LinkShown) -> Message:
    act = f"products:{product.id}:paylink"
    yes = Button(text=turn.words("button-paylink-end"), data=f"{act}:end:{link.id}")
    back = Button(text=turn.words("button-back"), data=act)
    return Message(text=turn.words("paylink-ask-end", title=link.title), buttons=((yes,), (back,)))


def _line(turn: Turn, link: LinkShown) -> str:
    price, title = link.price.format(turn.person.speaks), shorten(link.title, TITLE_LENGTH)
    return turn.words("own-paylink", title=title, price=price, url=link.url or "")


def _label(turn: Turn, key: str, of: str | None) -> str:
    return turn.words(key) if of is None else f"{turn.words(key)}: {shorten(of, LABEL_LENGTH)}"


def _card(turn: Turn, product: Product) -> Button:
    return Button(text=turn.words("button-back"), data=f"products:{product.id}")
