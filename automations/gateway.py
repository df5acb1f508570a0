"""What the engine needs of Telegram: one way to send, and the ways in which that can fail."""

from typing import IO, Protocol

from domain.messages.plain import Message, Rows


class Gateway(Protocol):
    async def send(self, telegram_id: int, message: Message) -> int:
        """Sends to one chat and returns Telegram's message id. Raises a SendFailure and nothing else."""


class FileGateway(Gateway, Protocol):
    """What transfers need besides: a file that was sent, and a message of ours that changes as they go on."""

    async def edit(self, telegram_id: int, message_id: int, text: str, buttons: Rows = ()) -> None:
        """One that is gone or the same is left alone. Raises a SendFailure."""

    async def download(self, telegram_file_id: str, target: IO[bytes]) -> None:
        """Appends the file to an open one. Raises a SendFailure."""


class SendFailure(Exception):
    """The message was not, or perhaps not, sent."""


class Blocked(SendFailure):
    """The person has blocked the bot or is gone: nothing can be sent until they write again."""


class SlowDown(SendFailure):
    """Telegram asks to wait `seconds`; nothing was sent."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Telegram asks to wait {seconds} s")
        self.seconds = seconds


class NotNow(SendFailure):
    """Telegram could not be reached or failed on its side; nothing was sent, and a later try may succeed."""


class PutOff(NotNow):
    """Nothing was tried: it goes out after so many seconds, and that was no try of this message."""

    def __init__(self, reason: str, seconds: float) -> None:
        super().__init__(reason)
        self.seconds = seconds


class Away(PutOff):
    """Telegram cannot be reached from here, or does not let the bot in: no message is to blame, and all wait."""


class Refused(SendFailure):
    """Telegram will never take this message as it is."""


class Withdrawn(Refused):
    """What the message hands over has been taken away meanwhile: nothing was sent, and nobody waits for it."""


class Moved(Refused):
    """The chat goes by the number `to` now, as a group does that has become a supergroup; nothing was done."""

    def __init__(self, to: int) -> None:
        super().__init__(f"the chat goes by another number now, {to}")
        self.to = to


class Uncertain(SendFailure):
    """The call ended without an answer: it may have been sent."""
