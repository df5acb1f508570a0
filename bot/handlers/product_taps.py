"""The buttons under a product's card: `products:ID`, then what to do with it."""

from telegram import CallbackQuery

from bot.handlers.edits import edit
from bot.handlers.product_access import own_variant
from bot.handlers.product_lines import ask_file, ask_image, do_word, keys
from bot.handlers.product_links import tap_links
from bot.handlers.product_screens import (
    ASKED,
    FLIPPED,
    after_screen,
    card_screen,
    channels_screen,
    contents_screen,
    files_screen,
    more_screen,
    variant_screen,
    variants_screen,
)
from bot.numbers import read_id
from bot.turn import Turn
from domain.bundles import offer_after, put_in_bundle, stop_offering, take_out
from domain.covers import drop_cover
from domain.messages.plain import Message
from domain.product_checks import ProductFields
from domain.product_edits import edit_product
from domain.product_files import remove_file
from domain.prompts import ask_next
from domain.variants import archive_variant
from store.models import Creator, Product
from store.queries.catalogue import bundle_contents, channels_of, offered_after

VARIANT_PARTS = frozenset({"title", "price", "stock", "stars"})


async def tap_product(turn: Turn, query: CallbackQuery, product: Product, act: list[str]) -> None:
    if act[:1] == ["paylink"]:
        await tap_links(turn, query, product, act[1:])
        return
    screen = await _screen(turn, product, act)
    if screen is None:
        screen = await _change(turn, product, act)
    if screen is None:
        await _begin(turn, product, act)
    else:
        edit(turn, query, screen)


async def _screen(turn: Turn, product: Product, act: list[str]) -> Message | None:
    """What only shows something else; None for what does more."""
    match act:
        case []:
            return await card_screen(turn, product)
        case ["more"]:
            return more_screen(turn, product)
        case ["files"]:
            return await files_screen(turn, product)
        case ["variants"]:
            return await variants_screen(turn, product)
        case ["variant", number]:
            return variant_screen(turn, product, await own_variant(turn, product, read_id(number)))
        case ["channel"]:
            return await channels_screen(turn, product)
        case ["contents" | "after" as what, page]:
            return await _chooser(turn, product, what, read_id(page))
    return None


async def _change(turn: Turn, product: Product, act: list[str]) -> Message | None:
    """What changes something at once, and the screen that shows it; None for what does neither."""
    match act:
        case ["flip", part] if part in FLIPPED:
            await edit_product(turn.session, product, _flipped(product, part), now=turn.now)
            return more_screen(turn, product)
        case ["drop", number]:
            await remove_file(turn.session, product, read_id(number), now=turn.now)
            return await files_screen(turn, product)
        case ["nocover"]:
            await drop_cover(turn.session, product, now=turn.now)
            return await files_screen(turn, product)
        case ["vdrop", number]:
            variant = await own_variant(turn, product, read_id(number))
            await archive_variant(turn.session, product, variant, now=turn.now)
            return await variants_screen(turn, product)
        case ["chat", number]:
            await _choose_channel(turn, product, read_id(number))
            return await card_screen(turn, product)
        case ["contents" | "after" as what, page, other]:
            await _toggle(turn, product, what, read_id(other))
            return await _chooser(turn, product, what, read_id(page))
        case ["archive" | "restore" as word]:
            await do_word(turn, product, word)
            return await card_screen(turn, product)
    return None


async def _begin(turn: Turn, product: Product, act: list[str]) -> None:
    """What asks for something, or sends something else."""
    match act:
        case ["ask", part] if part in ASKED:
            data = {"product": product.id, "part": part}
            await ask_next(turn.session, turn.person.id, "product-part", data, now=turn.now)
            turn.say(f"product-ask-{part}", title=product.title, currency=product.currency.upper())
        case ["vask", number, part] if part in VARIANT_PARTS:
            variant = await own_variant(turn, product, read_id(number))
            data = {"product": product.id, "variant": variant.id, "part": part}
            await ask_next(turn.session, turn.person.id, "variant-part", data, now=turn.now)
            turn.say(f"product-ask-{part}", title=variant.title, currency=product.currency.upper())
        case ["addvariant"]:
            await ask_next(turn.session, turn.person.id, "variant-new", {"product": product.id}, now=turn.now)
            turn.say("product-ask-variant", title=product.title)
        case ["image"]:
            await ask_image(turn, product)
        case ["addfile"]:
            await ask_file(turn, product)
        case ["keys"]:
            await keys(turn, product, "")
        case ["preview" | "address" | "upload" as word]:
            await do_word(turn, product, word)
        case _:
            raise turn.refusal("not-understood")


async def _chooser(turn: Turn, product: Product, what: str, page: int) -> Message:
    creator = await turn.session.get_one(Creator, product.creator_id)
    screen = contents_screen if what == "contents" else after_screen
    return await screen(turn, product, creator, page)


async def _toggle(turn: Turn, product: Product, what: str, other: int) -> None:
    session, now = turn.session, turn.now
    if what == "contents":
        held = {each.id for each in await bundle_contents(session, product.id)}
        await (take_out if other in held else put_in_bundle)(session, product, other, now=now)
        return
    offered = {each.product.id for each in await offered_after(session, product.id)}
    await (stop_offering if other in offered else offer_after)(session, product, other, now=now)


async def _choose_channel(turn: Turn, product: Product, number: int) -> None:
    chosen = next((each for each in await channels_of(turn.session, product.creator_id) if each.id == number), None)
    if chosen is None:
        raise turn.refusal("refused-channel")
    await edit_product(turn.session, product, {"chat_id": chosen.chat_id}, now=turn.now)


def _flipped(product: Product, part: str) -> ProductFields:
    match part:
        case "pwyw":
            return {"pay_what_you_want": not product.pay_what_you_want}
        case "protected":
            return {"protected": not product.protected}
        case "makekeys":
            return {"makes_keys": not product.makes_keys}
        case _:
            return {"active": not product.active}
