"""What the owner of a product gets, by its kind."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.channel_passes import may_invite, promise_pass
from domain.licence_keys import claim_keys, keys_of
from domain.messages.catalogue import plain, say
from domain.messages.plain import Message, Opening
from domain.outbox import Told
from domain.products import current_files
from kit.text import CAPTION_LIMIT, escape, visible_length
from store.models import Entitlement, FileHandle, Order, Product, ProductKind, StoredFile

# what a bot can send up into a chat: https://core.telegram.org/bots/api#sending-files
MOST_SENT = 50 * 1024 * 1024


async def make_ready(session: AsyncSession, product: Product, entitlement: Entitlement, *, now: datetime) -> bool:
    """Whether it can be handed over now. Keys are put by for this right as far as there are any. Twice is the same."""
    match product.kind:
        case ProductKind.FILE:
            return bool(await current_files(session, product.id))
        case ProductKind.LICENCE_KEY:
            return await claim_keys(session, product, entitlement, now=now)
        case ProductKind.LINK:
            return product.url is not None
        case ProductKind.CHANNEL:
            if product.chat_id is None:
                return False
            await promise_pass(session, entitlement, product.chat_id, now=now)
            return await may_invite(session, product.chat_id)
        case ProductKind.SERVICE | ProductKind.PHYSICAL | ProductKind.BUNDLE:
            return True


async def goods_of(
    session: AsyncSession, product: Product, entitlement: Entitlement, language: str
) -> Sequence[Message]:
    """The messages that hand it over, of what is ready."""
    match product.kind:
        case ProductKind.FILE:
            files = await current_files(session, product.id)
            return await _files(session, product, entitlement, files, language)
        case ProductKind.LICENCE_KEY:
            keys = await keys_of(session, entitlement.id)
            shown = "\n".join(f"<code>{escape(key)}</code>" for key in keys)
            head = say("delivery-keys", language, title=product.title, count=len(keys))
            return [Message(text=_with_instructions(f"{head}\n{shown}", product))]
        case ProductKind.LINK:
            opening = Opening(label=plain("button-open", language), to="link", entitlement=entitlement.id)
            return [Message(text=_said("delivery-link", product, language), opening=opening)]
        case ProductKind.CHANNEL:
            opening = Opening(label=plain("button-join", language), to="channel", entitlement=entitlement.id)
            return [Message(text=_said("delivery-channel", product, language), opening=opening)]
        case ProductKind.PHYSICAL:
            shipped = await _is_shipped(session, entitlement)
            return [Message(text=_said("delivery-shipped" if shipped else "delivery-by-post", product, language))]
        case ProductKind.SERVICE | ProductKind.BUNDLE:
            # who reads no instructions hears how they come by it
            unsaid = product.kind == ProductKind.SERVICE and not product.instructions
            key = "delivery-service-to-come" if unsaid else "delivery-service"
            return [Message(text=_said(key, product, language))]


async def file_messages(
    session: AsyncSession,
    product: Product,
    entitlement: Entitlement,
    stored: StoredFile,
    language: str,
    *,
    first: bool,
) -> Sequence[Message]:
    """One file that has come later; with the creator's own words where it is the first that they get."""
    if first:
        return await _files(session, product, entitlement, [stored], language)
    text = say("delivery", language, title=product.title)
    return [await _file(session, product, entitlement, stored, language, text=text)]


async def _file(
    session: AsyncSession,
    product: Product,
    entitlement: Entitlement,
    stored: StoredFile,
    language: str,
    *,
    text: str,
) -> Message:
    """In the chat where Telegram takes it, else behind a link of its own."""
    held = await session.scalar(select(exists().where(FileHandle.file_id == stored.id)))
    if held or stored.blob is None or (stored.size or 0) <= MOST_SENT:
        return Message(text=text, file=stored.id, protected=product.protected)
    by_link = say("delivery-by-link", language, name=stored.file_name)
    opening = Opening(label=plain("button-download", language), to="file", entitlement=entitlement.id, file=stored.id)
    return Message(text=f"{text}\n\n{by_link}" if text else by_link, opening=opening)


def to_come(product: Product, language: str) -> Message:
    """It is theirs, and cannot be handed over yet."""
    return Message(text=say("delivery-to-come", language, title=product.title))


def come_to_nothing(product: Product) -> Told:
    """What the creator has to bring, so that it can be handed over."""

    def told(language: str) -> Message:
        values = {"title": product.title, "product": product.id}
        match product.kind:
            case ProductKind.LICENCE_KEY:
                text = say("delivery-without-key", language, **values)
            case ProductKind.LINK:
                text = say("delivery-without-link", language, **values)
            case ProductKind.CHANNEL:
                text = say("delivery-without-channel", language, **values)
            case _:
                text = say("delivery-without-file", language, **values)
        return Message(text=text)

    return told


async def _files(
    session: AsyncSession, product: Product, entitlement: Entitlement, files: Sequence[StoredFile], language: str
) -> Sequence[Message]:
    """Words and all files; words that are too long for under a file go first."""
    words = _said("delivery", product, language)
    messages: list[Message] = []
    if visible_length(words) > CAPTION_LIMIT:
        messages, words = [Message(text=words)], ""
    for number, stored in enumerate(files):
        text = "" if number else words
        messages.append(await _file(session, product, entitlement, stored, language, text=text))
    return messages


async def _is_shipped(session: AsyncSession, entitlement: Entitlement) -> bool:
    sent = exists().where(Order.id == entitlement.order_id, Order.shipped_at.is_not(None))
    return bool(await session.scalar(select(sent)))


def _said(key: str, product: Product, language: str) -> str:
    return _with_instructions(say(key, language, title=product.title), product)


def _with_instructions(text: str, product: Product) -> str:
    return f"{text}\n\n{escape(product.instructions)}" if product.instructions else text
