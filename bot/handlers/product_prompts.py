"""What a creator types or sends after the card of a product has asked for it."""

from telegram import Message as TelegramMessage

from bot.handlers.product_access import own_product, own_variant
from bot.handlers.product_adding import add_in_line
from bot.handlers.product_lines import add_choice, edit_choice, keys, set_part
from bot.handlers.product_parts import split_words
from bot.handlers.product_screens import card_screen
from bot.sent_files import keep_sent
from bot.turn import Turn
from domain.covers import take_cover
from domain.key_files import take_key_file
from domain.product_files import attach_file
from domain.products import MOST_FETCHED
from domain.prompts import Prompted
from store.models import Creator, FileRole, Product, ProductKind, Shape, StoredFile

ACTS = frozenset(
    {
        *("product-new", "product-part", "product-image", "product-file", "product-keys", "variant-new"),
        "variant-part",
    }
)


async def prompted(turn: Turn, asked: Prompted, message: TelegramMessage) -> None:
    if asked.act in {"product-image", "product-file"}:
        await _take_file(turn, asked, message)
        return
    if asked.act == "product-keys" and message.document is not None:
        await _take_keys(turn, asked, message)
        return
    text = (message.text or "").strip()
    if not text:
        raise turn.refusal("prompt-needs-text")
    if asked.act == "product-new":
        await add_in_line(turn, await turn.as_creator(), text, kind=ProductKind(asked.data["kind"]))
        return
    _, product = await own_product(turn, int(asked.data["product"]))
    match asked.act:
        case "product-part":
            await set_part(turn, product, str(asked.data["part"]), text)
        case "product-keys":
            await keys(turn, product, text)
        case "variant-new":
            await add_choice(turn, product, _words(turn, product, text))
        case "variant-part":
            variant = await own_variant(turn, product, int(asked.data["variant"]))
            await edit_choice(turn, product, variant, [f"{asked.data['part']}={text}"])


def _words(turn: Turn, product: Product, text: str) -> list[str]:
    try:
        return split_words(text)
    except ValueError:
        raise turn.refusal("product-form-variant", product=product.id) from None


async def _take_file(turn: Turn, asked: Prompted, message: TelegramMessage) -> None:
    creator, product = await own_product(turn, int(asked.data["product"]))
    image = asked.act == "product-image"
    stored = await keep_sent(turn, creator, message, FileRole.COVER if image else FileRole.GOODS)
    if stored is None or (image and stored.shape not in {Shape.PHOTO, Shape.DOCUMENT}):
        raise turn.refusal("prompt-needs-picture" if image else "prompt-needs-file")
    if image:
        await use_cover(turn, creator, stored, product)
    else:
        await use_file(turn, creator, stored, product)


async def _take_keys(turn: Turn, asked: Prompted, message: TelegramMessage) -> None:
    """A list of licence keys as a text file."""
    creator, product = await own_product(turn, int(asked.data["product"]))
    stored = await keep_sent(turn, creator, message)
    if stored is not None:
        await take_key_file(turn.session, product, stored, now=turn.now)
        turn.say("keys-taken", title=product.title)


async def use_cover(turn: Turn, creator: Creator, stored: StoredFile, product: Product) -> None:
    await take_cover(turn.session, creator.id, stored.id, product.id, now=turn.now)
    turn.say("cover-taken", title=product.title)


async def use_file(turn: Turn, creator: Creator, stored: StoredFile, product: Product) -> None:
    """Says what buyers get from now on, and what a file too large for bots to fetch lacks."""
    await attach_file(turn.session, creator.id, stored.id, product.id, now=turn.now)
    await turn.session.refresh(stored)
    key = "file-attached" if stored.version == 1 else "file-attached-version"
    turn.say(key, title=product.title, name=stored.file_name, version=stored.version)
    if stored.size is not None and stored.size > MOST_FETCHED:
        turn.say("file-too-big-to-fetch", name=stored.file_name, most=MOST_FETCHED >> 20)
    if product.kind not in {ProductKind.FILE, ProductKind.BUNDLE}:
        turn.send(await card_screen(turn, product))
