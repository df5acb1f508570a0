"""A process that says what is due in a store, each message as a line of its own; run by a test and stopped by it."""

import asyncio
import sys
from datetime import UTC, datetime

from automations.pace import Pace
from automations.sender import Sender
from domain.definitions import Published
from domain.messages.plain import Message
from store.database import Database


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class Lines:
    """Says each message as a line."""

    async def send(self, telegram_id: int, message: Message) -> int:
        tell(f"said {message.text}")
        return telegram_id


async def main(url: str, key: str, holder: str) -> None:
    database = Database(url, data_keys=(key,))
    sender = Sender(
        database, lambda: datetime.now(UTC), Lines(), Pace(), Published(), again=lambda _: None, bot_id=7, holder=holder
    )
    was = False
    while True:
        await sender.send_due()
        if sender.leads != was:
            was = sender.leads
            tell("speaks" if was else "stands by")
        await asyncio.sleep(0.1)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
