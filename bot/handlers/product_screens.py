"""What a creator sees of their products: the list, the card of one, and the screens behind its buttons."""

from collections.abc import Sequence

from bot.handlers.product_links import link_row
from bot.handlers.product_warnings import warnings
from bot.turn import Turn
from domain.covers import cover_of
from domain.messages.catalogue import plain
from domain.messages.plain import Button, Message
from domain.prices_shown import stars_asked
from domain.products import current_files
from kit.money import Money
from kit.paging import Paging
from kit.text import TEXT_LIMIT, escape, pages, shorten
from kit.zones import zone_named
from store.models import Creator, Product, ProductKind, ProductVariant, Stocked, StoredFile
from store.queries.catalogue import (
    bundle_contents,
    channels_of,
    list_products,
    offered_after,
    variants_of,
    variants_of_each,
)
from store.queries.unready import Lacking, missing_of

SHOWN = 10
IN_A_ROW = 5
LABEL_LENGTH = 50
TITLE_LENGTH = 60
NAME_LENGTH = 40
DESCRIPTION_SHOWN = 700
Row = tuple[Button, ...]
# parts that are asked for by a prompt, and those that are on or off
ASKED = (
    *("title", "description", "price", "compare", "stars", "stock", "low", "limit", "category", "tags"),
    *("from", "until", "link", "instructions", "slug"),
)
FLIPPED = ("pwyw", "protected", "makekeys", "sale")


async def list_screen(turn: Turn, creator: Creator, page: int, *, archived: bool = False) -> Message:
    """Newest first; the number of each is a button that opens its card."""
    found = await list_products(turn.session, creator.id, Paging(SHOWN, page * SHOWN), archived=archived)
    new = Button(text=turn.words("button-product-new"), data="products:new")
    if not found.total and not archived:
        return Message(text=turn.words("product-none"), buttons=((new,),))
    where = "archived" if archived else "page"
    head = "product-list-archived" if archived else "product-list"
    lines = [turn.words(head, creator=creator.name)]
    variants = await variants_of_each(turn.session, [each.id for each in found.items])
    lines += [
        turn.words("product-line", product=each.id, **shown(turn, each, variants.get(each.id, ())))
        for each in found.items
    ]
    numbers = [Button(text=str(each.id), data=f"products:{each.id}") for each in found.items]
    rows: list[Row] = [tuple(numbers[at : at + IN_A_ROW]) for at in range(0, len(numbers), IN_A_ROW)]
    steps = [Button(text="‹", data=f"products:{where}:{page - 1}")] if page else []
    if found.has_more:
        steps.append(Button(text="›", data=f"products:{where}:{page + 1}"))
    if steps:
        rows.append(tuple(steps))
    other = "product-button-living" if archived else "product-button-archived"
    rows.append((new, Button(text=turn.words(other), data=f"products:{'page' if archived else 'archived'}:0")))
    return Message(text="\n".join(lines), buttons=tuple(rows))


def shown(turn: Turn, product: Product, variants: Sequence[ProductVariant] = ()) -> dict[str, object]:
    """The values by which a line names a product."""
    counts = [each.stock for each in variants] if variants else [product.stock]
    left = sum(each for each in counts if each is not None)
    stock = turn.words("stock-unlimited") if None in counts else turn.words("stock-left", stock=left)
    return {
        "title": shorten(product.title, TITLE_LENGTH * 4),
        "price": price_told(turn, product, product),
        "stock": stock,
    }


def price_told(turn: Turn, product: Product, goods: Stocked) -> str:
    if goods.price_minor == 0:
        return turn.words("price-own") if product.pay_what_you_want else turn.words("price-free")
    price = Money(goods.price_minor, product.currency).format(turn.person.speaks)
    return turn.words("price-from", price=price) if product.pay_what_you_want else price


async def card_screen(turn: Turn, product: Product) -> Message:
    """All that stands on a product, and the buttons that change it."""
    files, variants = await current_files(turn.session, product.id), await variants_of(turn.session, product.id)
    setup = turn.facts.published.setup(product.creator_id)
    lines = [
        turn.words(
            "own-product", product=product.id, title=product.title, kind=turn.word(f"kind-{product.kind}", product.kind)
        ),
        *_state(turn, product),
        turn.words("own-price", price=price_told(turn, product, product), stars=stars_asked(product, setup)),
        *await warnings(turn, product),
        *_more_lines(turn, product),
        *[_variant_line(turn, product, each) for each in variants],
        *([] if variants else [_stock_line(turn, product)]),
        *[turn.words("own-file", name=shorten(each.file_name, NAME_LENGTH), version=each.version) for each in files],
        *await _contents(turn, product),
        *await _missing(turn, product),
    ]
    if product.description:
        lines += ["", escape(shorten(product.description, DESCRIPTION_SHOWN))]
    rows = [
        _asks(turn, product, "title", "description"),
        _asks(turn, product, *(["price"] if not variants else []), "stock"),
    ]
    rows += [
        (_button(turn, product, "image"), *_goods_button(turn, product)),
        (_button(turn, product, "variants"), _button(turn, product, "more"))
        if product.kind != ProductKind.BUNDLE
        else (_button(turn, product, "more"),),
        (_button(turn, product, "preview"), _button(turn, product, "address")),
        *await link_row(turn, product),
        (
            _button(turn, product, "restore" if product.archived_at else "archive"),
            Button(text=turn.words("button-list"), data="products:page:0"),
        ),
    ]
    return Message(text=_fitting(lines), buttons=tuple(rows))


async def _missing(turn: Turn, product: Product) -> list[str]:
    """What buyers wait for; that a bundle is empty stands where its contents do."""
    what = (await missing_of(turn.session, [product.id])).get(product.id, Lacking.CONTENTS)
    return [] if what is Lacking.CONTENTS else [turn.words(f"own-missing-{what}")]


def more_screen(turn: Turn, product: Product) -> Message:
    """The parts that are set less often."""
    rows = [
        _asks(turn, product, "category", "tags"),
        _asks(turn, product, "compare", "stars"),
        _asks(turn, product, "limit", "low"),
        _asks(turn, product, "from", "until"),
        _asks(turn, product, "instructions", "slug"),
        (_flip(turn, product, "pwyw"), _flip(turn, product, "sale")),
    ]
    if product.kind in {ProductKind.FILE, ProductKind.BUNDLE}:
        rows.append((_flip(turn, product, "protected"),))
    if product.kind == ProductKind.LICENCE_KEY:
        rows.append((_flip(turn, product, "makekeys"),))
    rows += [(_button(turn, product, "after"),), (_back(turn, product),)]
    return Message(text=turn.words("own-more", title=product.title), buttons=tuple(rows))


async def files_screen(turn: Turn, product: Product) -> Message:
    """What buyers get; each can be taken away, and a next one added."""
    files, cover = await current_files(turn.session, product.id), await cover_of(turn.session, product.id)
    lines = [turn.words("own-files" if files else "own-files-none", title=product.title)]
    lines += [_file_line(turn, each) for each in files]
    rows: list[Row] = [
        (
            Button(
                text=plain("button-drop-file", turn.person.speaks, name=shorten(each.file_name, NAME_LENGTH)),
                data=f"products:{product.id}:drop:{each.id}",
            ),
        )
        for each in files
    ]
    if cover is not None:
        rows.append((_button(turn, product, "nocover"),))
    rows += [(_button(turn, product, "addfile"), _button(turn, product, "upload")), (_back(turn, product),)]
    return Message(text="\n".join(lines), buttons=tuple(rows))


async def variants_screen(turn: Turn, product: Product) -> Message:
    variants = await variants_of(turn.session, product.id)
    lines = [turn.words("own-variants" if variants else "own-variants-none", title=product.title)]
    lines += [_variant_line(turn, product, each) for each in variants]
    rows: list[Row] = [
        (Button(text=shorten(each.title, LABEL_LENGTH), data=f"products:{product.id}:variant:{each.id}"),)
        for each in variants
    ]
    rows += [(_button(turn, product, "addvariant"), _back(turn, product))]
    return Message(text="\n".join(lines), buttons=tuple(rows))


def variant_screen(turn: Turn, product: Product, variant: ProductVariant) -> Message:
    asks = [
        Button(text=turn.words(f"part-{part}"), data=f"products:{product.id}:vask:{variant.id}:{part}")
        for part in ("title", "price", "stock", "stars")
    ]
    rows: list[Row] = [tuple(asks[:2]), tuple(asks[2:])]
    rows.append(
        (
            Button(text=turn.words("button-archive"), data=f"products:{product.id}:vdrop:{variant.id}"),
            Button(text=turn.words("button-back"), data=f"products:{product.id}:variants"),
        )
    )
    lines = [turn.words("own-variant-of", title=product.title), _variant_line(turn, product, variant)]
    return Message(text="\n".join(lines), buttons=tuple(rows))


async def contents_screen(turn: Turn, product: Product, creator: Creator, page: int) -> Message:
    """The creator's products, with a mark at those in the bundle; a tap puts one in or takes it out."""
    held = {each.id for each in await bundle_contents(turn.session, product.id)}
    return await _choose(turn, product, creator, held, page, what="contents")


async def after_screen(turn: Turn, product: Product, creator: Creator, page: int) -> Message:
    """The creator's products, with a mark at those that are offered to whoever has bought this one."""
    offered = {each.product.id for each in await offered_after(turn.session, product.id)}
    return await _choose(turn, product, creator, offered, page, what="after")


async def channels_screen(turn: Turn, product: Product) -> Message:
    """Where the bot may let people in; one of these is what the product sells."""
    channels = await channels_of(turn.session, product.creator_id)
    rows: list[Row] = [
        (
            Button(
                text=("✓ " if each.chat_id == product.chat_id else "") + shorten(each.title, LABEL_LENGTH),
                data=f"products:{product.id}:chat:{each.id}",
            ),
        )
        for each in channels
    ]
    key = "own-channels" if channels else "own-channels-none"
    return Message(text=turn.words(key, title=product.title), buttons=(*rows, (_back(turn, product),)))


async def _choose(turn: Turn, product: Product, creator: Creator, held: set[int], page: int, *, what: str) -> Message:
    found = await list_products(turn.session, creator.id, Paging(SHOWN, page * SHOWN), archived=False)
    rows: list[Row] = [
        (
            Button(
                text=("✓ " if each.id in held else "") + shorten(each.title, LABEL_LENGTH),
                data=f"products:{product.id}:{what}:{page}:{each.id}",
            ),
        )
        for each in found.items
        if each.id != product.id
    ]
    steps = [Button(text="‹", data=f"products:{product.id}:{what}:{page - 1}")] if page else []
    if found.has_more:
        steps.append(Button(text="›", data=f"products:{product.id}:{what}:{page + 1}"))
    rows += [tuple(steps)] if steps else []
    rows.append((_back(turn, product),))
    return Message(text=turn.words(f"own-choose-{what}", title=product.title), buttons=tuple(rows))


def _state(turn: Turn, product: Product) -> list[str]:
    if product.archived_at is not None:
        return [turn.words("own-archived")]
    lines = [] if product.active else [turn.words("own-off-sale")]
    zone = zone_named(turn.facts.published.setup(product.creator_id).time_zone)
    for key, at in (("own-from", product.active_from), ("own-until", product.active_until)):
        if at is not None:
            lines.append(turn.words(key, at=f"{at.astimezone(zone):%Y-%m-%d %H:%M}"))
    return lines


def _more_lines(turn: Turn, product: Product) -> list[str]:
    lines = []
    if product.compare_at_minor is not None:
        before = Money(product.compare_at_minor, product.currency).format(turn.person.speaks)
        lines.append(turn.words("own-compare", before=before))
    if product.limit_per_person is not None:
        lines.append(turn.words("own-limit", limit=product.limit_per_person))
    if product.category:
        lines.append(turn.words("own-category", category=product.category))
    if product.tags:
        lines.append(turn.words("own-tags", tags=" ".join(f"#{tag}" for tag in product.tags)))
    if product.url:
        lines.append(turn.words("own-link", url=shorten(product.url, 200)))
    if product.instructions:
        lines.append(turn.words("own-instructions", text=shorten(product.instructions, 200)))
    return lines


def _stock_line(turn: Turn, goods: Product) -> str:
    if goods.stock is None:
        return turn.words("own-stock-unlimited", sold=goods.sold)
    return turn.words("own-stock", stock=goods.stock, reserved=goods.reserved, sold=goods.sold)


def _variant_line(turn: Turn, product: Product, each: ProductVariant) -> str:
    stock = turn.words("stock-unlimited") if each.stock is None else turn.words("stock-left", stock=each.stock)
    return turn.words(
        "own-variant", variant=each.id, title=each.title, price=price_told(turn, product, each), stock=stock
    )


def _file_line(turn: Turn, each: StoredFile) -> str:
    size = "?" if each.size is None else f"{each.size / 1_000_000:.1f}"
    key = "own-file-held" if each.sha256 is not None else "own-file-fetching" if each.fetch_at else "own-file-by-handle"
    digest = (each.sha256 or "")[:12]
    return turn.words(key, name=shorten(each.file_name, NAME_LENGTH), version=each.version, size=size, digest=digest)


async def _contents(turn: Turn, product: Product) -> list[str]:
    lines = []
    if product.kind == ProductKind.BUNDLE:
        held = await bundle_contents(turn.session, product.id)
        lines.append(turn.words("own-bundle" if held else "own-bundle-empty"))
        lines += [turn.words("own-part", product=each.id, title=shorten(each.title, TITLE_LENGTH)) for each in held]
    for each in await offered_after(turn.session, product.id):
        title = shorten(each.product.title, TITLE_LENGTH)
        lines.append(turn.words("own-after", product=each.product.id, title=title, code=each.code or ""))
    return lines


def _goods_button(turn: Turn, product: Product) -> Sequence[Button]:
    """What is handed over, by kind."""
    match product.kind:
        case ProductKind.FILE:
            return [_button(turn, product, "files")]
        case ProductKind.LINK:
            return _asks(turn, product, "link")
        case ProductKind.CHANNEL:
            return [_button(turn, product, "channel")]
        case ProductKind.LICENCE_KEY:
            return [_button(turn, product, "keys")]
        case ProductKind.BUNDLE:
            return [Button(text=turn.words("button-contents"), data=f"products:{product.id}:contents:0")]
        case _:
            return _asks(turn, product, "instructions")


def _asks(turn: Turn, product: Product, *parts: str) -> Row:
    return tuple(Button(text=turn.words(f"part-{part}"), data=f"products:{product.id}:ask:{part}") for part in parts)


def _flip(turn: Turn, product: Product, part: str) -> Button:
    on = {
        "pwyw": product.pay_what_you_want,
        "protected": product.protected,
        "makekeys": product.makes_keys,
        "sale": product.active,
    }[part]
    return Button(text=("✓ " if on else "○ ") + turn.words(f"part-{part}"), data=f"products:{product.id}:flip:{part}")


def _button(turn: Turn, product: Product, what: str) -> Button:
    data = f"products:{product.id}:{what}" + (":0" if what == "after" else "")
    return Button(text=turn.words(f"button-{what}"), data=data)


def _back(turn: Turn, product: Product) -> Button:
    return Button(text=turn.words("button-back"), data=f"products:{product.id}")


def _fitting(lines: Sequence[str]) -> str:
    return pages("\n".join(lines), TEXT_LIMIT)[0]
