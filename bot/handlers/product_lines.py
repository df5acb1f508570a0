"""What a creator does with a product in one line: `/product 3 price 19.00 usd`. A wrong one is told the right form."""

import re

from bot.handlers.product_links import link_line
from bot.handlers.product_parts import Told, read_part, read_parts, read_price, split_words
from bot.handlers.product_screens import card_screen, channels_screen, files_screen, variant_screen, variants_screen
from bot.handlers.product_uploads import offer_upload
from bot.handlers.shop import send_card
from bot.numbers import is_id, read_id
from bot.turn import Turn
from domain.bundles import offer_after, put_in_bundle, stop_offering, take_out
from domain.deliveries import deliver_waiting
from domain.licence_keys import add_keys, read_keys
from domain.product_edits import edit_product
from domain.product_files import remove_file
from domain.products import archive_product, restore_product
from domain.prompts import ask_next
from domain.stock import set_stock
from domain.variants import add_variant, archive_variant, edit_variant, find_variant
from kit.money import Money
from store.models import Product, ProductVariant

# `/product 3 stock 50` as well as `/product stock 3 50`
VERBS = frozenset(
    {
        *("edit", "file", "files", "image", "stock", "price", "archive", "restore", "preview", "variant", "variants"),
        *("bundle", "unbundle", "after", "notafter", "link", "channel", "keys", "title", "description"),
        *("instructions", "category", "tags", "compare", "stars", "limit", "low", "from", "until", "kind", "slug"),
        *("pwyw", "protected", "makekeys", "sale", "chat", "address", "paylink", "upload"),
    }
)
_PART = re.compile(r"[a-z]+=", re.IGNORECASE)
_LEAST_WORDS = 2


async def do_line(turn: Turn, product: Product, line: str) -> None:
    """Raises Said with the right form."""
    verb, _, rest = ("edit", "", line) if _PART.match(line) else line.partition(" ")
    rest = rest.strip()
    match verb.lower():
        case "edit":
            await edit(turn, product, rest)
        case "variant" | "variants":
            await _variant(turn, product, rest)
        case "bundle" | "unbundle" | "after" | "notafter":
            await _other(turn, product, verb.lower(), rest.split())
        case "image":
            await ask_image(turn, product)
        case "file" | "files":
            await _file(turn, product, rest.split())
        case "keys":
            await keys(turn, product, rest)
        case "paylink":
            await link_line(turn, product, rest)
        case "archive" | "restore" | "preview" | "address" | "channel" | "upload" as word:
            await do_word(turn, product, word)
        case part if part in VERBS and rest:
            await set_part(turn, product, part, rest)
        case _:
            raise turn.refusal("product-form-one", product=product.id)


async def do_word(turn: Turn, product: Product, word: str) -> None:
    """What takes no words of its own."""
    match word:
        case "preview":
            await send_card(turn, product)
        case "address":
            turn.say("own-address", title=product.title, url=f"{turn.facts.link()}?start=p_{product.id}")
        case "channel":
            turn.send(await channels_screen(turn, product))
        case "upload":
            await offer_upload(turn, product)
        case "archive":
            await archive_product(turn.session, product, now=turn.now)
            turn.say("product-archived", title=product.title, product=product.id)
        case "restore":
            await restore_product(turn.session, product, now=turn.now)
            turn.say("product-restored", title=product.title)


async def set_part(turn: Turn, product: Product, part: str, text: str) -> None:
    """One part of it, as a line or a prompt gives it; the card shows what it is now."""
    told = Told()
    setup = turn.facts.published.setup(product.creator_id)
    read_part(turn, told, part, text, currency=product.currency, setup=setup)
    await save(turn, product, told)


async def edit(turn: Turn, product: Product, line: str) -> None:
    """`title="…" compare=29.00 tags=a,b`."""
    try:
        words = split_words(line)
    except ValueError:
        raise turn.refusal("product-form-edit") from None
    if not words:
        raise turn.refusal("product-form-edit")
    setup = turn.facts.published.setup(product.creator_id)
    await save(turn, product, read_parts(turn, words, currency=product.currency, setup=setup))


async def save(turn: Turn, product: Product, told: Told) -> None:
    await edit_product(turn.session, product, told.fields, now=turn.now)
    if told.sets_stock:
        await set_stock(turn.session, product, told.stock)
    turn.send(await card_screen(turn, product))


async def ask_image(turn: Turn, product: Product) -> None:
    await ask_next(turn.session, turn.person.id, "product-image", {"product": product.id}, now=turn.now)
    turn.say("product-ask-image", title=product.title)


async def ask_file(turn: Turn, product: Product) -> None:
    await ask_next(turn.session, turn.person.id, "product-file", {"product": product.id}, now=turn.now)
    turn.say("product-ask-file", title=product.title)


async def keys(turn: Turn, product: Product, text: str) -> None:
    """Licence keys, one on each line; without any they are asked for."""
    if not text:
        await ask_next(turn.session, turn.person.id, "product-keys", {"product": product.id}, now=turn.now)
        turn.say("product-ask-keys", title=product.title)
        return
    added = await add_keys(turn.session, product, read_keys(text), now=turn.now)
    await deliver_waiting(turn.session, product, now=turn.now)
    turn.say("product-keys-added", title=product.title, added=added.added, doubled=added.doubled)


async def _file(turn: Turn, product: Product, words: list[str]) -> None:
    match [word.lower() for word in words]:
        case []:
            turn.send(await files_screen(turn, product))
        case ["add"]:
            await ask_file(turn, product)
        case ["drop", number] if is_id(number):
            gone = await remove_file(turn.session, product, read_id(number), now=turn.now)
            turn.say("product-file-dropped", name=gone.file_name, title=product.title)
        case _:
            raise turn.refusal("product-form-file", product=product.id)


async def _other(turn: Turn, product: Product, verb: str, words: list[str]) -> None:
    """Another product put into a bundle or taken out of it, offered afterwards or no longer."""
    if not words or not is_id(words[0]):
        raise turn.refusal("product-form-other", product=product.id)
    number = read_id(words[0])
    match verb:
        case "bundle":
            for each in words:
                if not is_id(each):
                    raise turn.refusal("product-form-other", product=product.id)
                await put_in_bundle(turn.session, product, read_id(each), now=turn.now)
        case "unbundle":
            await take_out(turn.session, product, number, now=turn.now)
        case "after":
            code = words[1] if len(words) > 1 else None
            await offer_after(turn.session, product, number, code=code, now=turn.now)
        case "notafter":
            await stop_offering(turn.session, product, number, now=turn.now)
    turn.send(await card_screen(turn, product))


async def _variant(turn: Turn, product: Product, rest: str) -> None:
    """`variant add "Large" 25.00 stock=10`, `variant "Large" price=25.00 stock=5`, `variant "Large" archive`."""
    try:
        words = split_words(rest)
    except ValueError:
        raise turn.refusal("product-form-variant", product=product.id) from None
    match words:
        case []:
            turn.send(await variants_screen(turn, product))
        case ["add", *more]:
            await add_choice(turn, product, more)
        case [name, "archive"]:
            await archive_variant(turn.session, product, await find_variant(turn.session, product, name), now=turn.now)
            turn.send(await variants_screen(turn, product))
        case [name, *parts] if parts:
            await edit_choice(turn, product, await find_variant(turn.session, product, name), parts)
        case _:
            raise turn.refusal("product-form-variant", product=product.id)


async def add_choice(turn: Turn, product: Product, words: list[str]) -> None:
    """`Large 25.00 stock=10 stars=300`; without quotes the title ends where the price begins."""
    options = [word for word in words if "=" in word]
    bare = [word for word in words if "=" not in word]
    if len(bare) > _LEAST_WORDS and bare[-1].casefold() == product.currency:
        bare = bare[:-1]
    if len(bare) < _LEAST_WORDS:
        raise turn.refusal("product-form-variant", product=product.id)
    price = read_price(turn, bare[-1], product.currency)
    told = _variant_parts(turn, product, options)
    await add_variant(
        turn.session,
        product,
        title=" ".join(bare[:-1]),
        price=price,
        stock=told.stock,
        price_stars=told.fields.get("price_stars"),
        now=turn.now,
    )
    turn.send(await variants_screen(turn, product))


async def edit_choice(turn: Turn, product: Product, variant: ProductVariant, parts: list[str]) -> None:
    told = _variant_parts(turn, product, parts)
    price = None
    if "price_minor" in told.fields:
        price = Money(told.fields["price_minor"], told.fields["currency"])
    await edit_variant(
        turn.session,
        product,
        variant,
        title=told.fields.get("title"),
        price=price,
        price_stars=told.fields.get("price_stars"),
        drop_stars="price_stars" in told.fields,
        now=turn.now,
    )
    if told.sets_stock:
        await set_stock(turn.session, variant, told.stock)
    turn.send(variant_screen(turn, product, variant))


def _variant_parts(turn: Turn, product: Product, parts: list[str]) -> Told:
    told = read_parts(turn, parts, currency=product.currency, setup=turn.facts.published.setup(product.creator_id))
    if not told.fields.keys() <= {"title", "price_minor", "currency", "price_stars"}:
        raise turn.refusal("product-form-variant", product=product.id)
    return told
