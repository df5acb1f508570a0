from typing import Literal

from pydantic import BaseModel, ConfigDict

# https://core.telegram.org/bots/api#inlinekeyboardbutton
CALLBACK_BYTES = 64


class Plain(BaseModel):
    """Kept as JSON in the outbox and in replies, so it says all that is needed to send it later."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Button(Plain):
    """Under a message: a tap gives `data` (1 to CALLBACK_BYTES) back, or opens `url`."""

    text: str
    data: str | None = None
    url: str | None = None


Rows = tuple[tuple[Button, ...], ...]


class Opening(Plain):
    """A button whose address is made only when the message goes out, for whoever has that right.

    It leads into the product's channel, to one file of it by a signed link, or to the product's own address.
    """

    label: str
    to: Literal["channel", "file", "link"]
    entitlement: int
    file: int | None = None


class Message(Plain):
    """What a person shall read, as Telegram HTML; `file` is the id of a stored file to send with it, in its shape."""

    text: str
    buttons: Rows = ()
    # the words on a key that shares the person's own contact
    contact_key: str | None = None
    # the words on a key that shares where the person is
    location_key: str | None = None
    # further words that can be typed by pressing a key
    keys: tuple[str, ...] = ()
    # keys of an earlier question go away
    drop_keys: bool = False
    file: int | None = None
    # Telegram lets nobody pass on or save what is sent
    protected: bool = False
    # without a sound
    silent: bool = False
    opening: Opening | None = None


def column(*buttons: Button) -> Rows:
    """One button a row."""
    return tuple((button,) for button in buttons)
