"""What creators send, without Telegram: what is kept of it, and how long a list of keys holds others up."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest
from sqlalchemy import event

sys.path.insert(0, str(Path(__file__).parents[1] / "domain"))

from folk import BOT, NOW, Folk, count, notices, some_folk

from automations.gateway import FileGateway
from automations.product_files import ProductFiles
from domain.entitlements import grant
from domain.key_files import MOST_IN_ONE, take_key_file
from domain.licence_keys import count_keys, keys_of
from domain.messages.plain import Message, Rows
from domain.products import keep_upload
from store.database import Database
from store.files import FileStore
from store.models import Entitlement, Lead, LicenceKey, Product, ProductKind, StoredFile

MANY = 1_200


@dataclass
class Sent(FileGateway):
    """What a creator has sent."""

    content: bytes

    async def send(self, telegram_id: int, message: Message) -> int:
        raise AssertionError("nothing is sent")

    async def edit(self, telegram_id: int, message_id: int, text: str, buttons: Rows = ()) -> None:
        raise AssertionError("nothing is edited")

    async def download(self, telegram_file_id: str, target: IO[bytes]) -> None:
        target.write(self.content)


class Together:
    """How many rows of keys each transaction has added."""

    def __init__(self, database: Database) -> None:
        self.counts = [0]
        engine = database.engine.sync_engine
        event.listen(engine, "before_cursor_execute", self._add)
        event.listen(engine, "commit", self._commit)

    def _add(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        self.counts[-1] += statement.startswith("INSERT INTO licence_key")

    def _commit(self, _connection: Any) -> None:
        self.counts.append(0)


@pytest.fixture
async def folk(database: Database) -> Folk:
    """A product of keys, whose first buyer waits for two."""
    folk = await some_folk(database, file=False)
    async with database.transaction() as session:
        product = await session.get_one(Product, folk.product)
        product.kind = ProductKind.LICENCE_KEY
        await session.flush()
        lead = await session.get_one(Lead, folk.lead)
        await grant(session, lead, folk.product, origin="line:1", quantity=2, now=NOW)
        stored = await keep_upload(
            session,
            creator_id=folk.creator,
            bot_id=BOT,
            telegram_file_id="keys",
            file_name="keys.txt",
            mime_type="text/plain",
            size=9,
            now=NOW,
        )
        await take_key_file(session, product, stored, now=NOW)
    return folk


def fetching(database: Database, folder: Path, content: bytes) -> ProductFiles:
    files = FileStore(f"file://{folder}/files")
    return ProductFiles(database, lambda: NOW, Sent(content), files, BOT)


async def test_a_long_list_of_keys_is_added_in_parts_and_whoever_waits_gets_the_first(
    database: Database, folk: Folk, tmp_path: Path
):
    content = "\n".join(f"KEY-{number}" for number in range(MANY)).encode()
    together = Together(database)
    assert await fetching(database, tmp_path, content).run() == 1
    assert sum(together.counts) == MANY
    assert max(together.counts) <= MOST_IN_ONE
    async with database.reading() as session:
        counts = await count_keys(session, folk.product)
        assert (counts.free, counts.given) == (MANY - 2, 2)
        right = await session.get_one(Entitlement, 1)
        assert list(await keys_of(session, right.id)) == ["KEY-0", "KEY-1"]
        assert [text for text in await notices(session) if f"{MANY} keys added" in text.replace(",", "")]
        assert await count(session, StoredFile) == 0


async def test_a_list_that_was_broken_off_is_taken_up_and_no_key_is_there_twice(
    database: Database, folk: Folk, tmp_path: Path
):
    content = "\n".join(f"KEY-{number}" for number in range(MANY)).encode()
    left = [MOST_IN_ONE + 10]

    def cut(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        adds = statement.startswith("INSERT INTO licence_key")
        left[0] -= adds
        if adds and left[0] == 0:
            raise RuntimeError("the power is gone")

    files = fetching(database, tmp_path, content)
    event.listen(database.engine.sync_engine, "before_cursor_execute", cut)
    with pytest.raises(RuntimeError):
        await files.run()
    async with database.reading() as session:
        assert await count(session, LicenceKey) == MOST_IN_ONE
    assert await files.run() == 1
    assert await files.run() == 0
    async with database.reading() as session:
        assert await count(session, LicenceKey) == MANY
        assert len([text for text in await notices(session) if "keys added" in text]) == 1
