from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from domain.messages.plain import Message, Plain, Rows


class SendReply(Plain):
    """`question` marks a screen that is out of date once the person has gone on."""

    do: Literal["send"] = "send"
    message: Message
    question: bool = False


class EditReply(Plain):
    """A message of ours takes this text and these buttons; without any, its buttons go."""

    do: Literal["edit"] = "edit"
    message_id: int
    text: str
    buttons: Rows = ()


class DocumentReply(Plain):
    """A text file made for this answer alone."""

    do: Literal["document"] = "document"
    file_name: str
    content: str
    caption: str


class QrReply(Plain):
    """A picture of the QR code that opens an address, with a message under it."""

    do: Literal["qr"] = "qr"
    url: str
    message: Message


class TapReply(Plain):
    """Every tap is answered, or the button goes on turning; `text` is shown for a moment."""

    do: Literal["tap"] = "tap"
    query_id: str
    text: str | None = None


class CheckoutReply(Plain):
    """A checkout is made for the order, then its address is sent."""

    do: Literal["checkout"] = "checkout"
    order_id: int


class PreCheckoutReply(Plain):
    """A payment inside Telegram is turned away before any money moves."""

    do: Literal["pre_checkout"] = "pre_checkout"
    query_id: str
    text: str


class MenuReply(Plain):
    """This chat's command menu, in the person's language: with the creator's commands, without, or as everybody's."""

    do: Literal["menu"] = "menu"
    commands: Literal["creator", "everyone", "automatic"] = "creator"


Reply = Annotated[
    SendReply | EditReply | DocumentReply | QrReply | TapReply | CheckoutReply | PreCheckoutReply | MenuReply,
    Field(discriminator="do"),
]
REPLIES: TypeAdapter[list[Reply]] = TypeAdapter(list[Reply])
