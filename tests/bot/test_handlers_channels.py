"""A group's new number, by whichever of Telegram's two messages tells of it first, once or several times."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from telegram import Update

from bot.handlers.channels import hear
from domain.creators import add_creator
from domain.products import add_product
from kit.money import Money
from store.database import Database
from store.models import Channel, Product, ProductKind

NOW = datetime(2031, 5, 4, 12, 0, tzinfo=UTC)
BOT = 7000000009
GROUP, SUPERGROUP = -4000001, -1000000000001
TO = (GROUP, "group", {"migrate_to_chat_id": SUPERGROUP})
FROM = (SUPERGROUP, "supergroup", {"migrate_from_chat_id": GROUP})


def told(chat_id: int, kind: str, word: dict[str, Any]) -> Update:
    chat = {"id": chat_id, "type": kind, "title": "Circle"}
    message = {"message_id": 1, "date": int(NOW.timestamp()), "chat": chat, **word}
    update = Update.de_json({"update_id": 1, "message": message}, None)
    assert update is not None
    return update


@pytest.fixture
async def group(database: Database) -> int:
    """The id of the creator whose group it is, into which a product lets people."""
    async with database.transaction() as session:
        creator = (await add_creator(session, name="Studio", slug="studio", now=NOW)).creator
        more = {"title": "Circle", "price": Money(500, "usd"), "kind": ProductKind.CHANNEL}
        product = await add_product(session, creator_id=creator.id, now=NOW, **more)
        product.chat_id = GROUP
        session.add(a_channel(GROUP, creator.id, may=True))
        return creator.id


def a_channel(chat_id: int, creator_id: int | None, *, may: bool) -> Channel:
    rights = {"may_invite": may, "may_remove": may}
    return Channel(bot_id=BOT, chat_id=chat_id, creator_id=creator_id, title="Circle", seen_at=NOW, **rights)


async def hears(database: Database, *words: tuple[int, str, dict[str, Any]]) -> None:
    for word in words:
        async with database.transaction() as session:
            await hear(session, BOT, told(*word), now=NOW)


async def stands(database: Database) -> tuple[list[int | None], list[tuple[int, int | None, bool]]]:
    """Where the product leads, and what the bot knows of its chats."""
    async with database.reading() as session:
        chats = await session.scalars(select(Channel).order_by(Channel.chat_id))
        known = [(each.chat_id, each.creator_id, each.may_invite) for each in chats]
        return list(await session.scalars(select(Product.chat_id))), known


@pytest.mark.parametrize("words", [[TO], [FROM], [TO, FROM], [FROM, TO], [TO, TO]])
async def test_either_word_moves_all_to_the_new_number(database: Database, group: int, words: list[Any]):
    await hears(database, *words)
    assert await stands(database) == ([SUPERGROUP], [(SUPERGROUP, group, True)])


async def test_what_is_known_of_the_new_one_already_stays_with_its_creator(database: Database, group: int):
    async with database.transaction() as session:
        session.add(a_channel(SUPERGROUP, None, may=False))
    await hears(database, FROM)
    # what Telegram has told of the bot there is newer than what it may do in the old one
    assert await stands(database) == ([SUPERGROUP], [(SUPERGROUP, group, False)])


async def test_both_words_at_once_move_it_once(database: Database, group: int):
    await asyncio.gather(*(hears(database, word) for word in (TO, FROM) * 4))
    assert await stands(database) == ([SUPERGROUP], [(SUPERGROUP, group, True)])
