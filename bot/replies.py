from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from domain.messages.plain import Message, Plain, Rows
from store.models import Shape


class SendReply(Plain):
    """`question` marks a screen that is out of date once the person has gone on."""

    do: Literal["send"] = "send"
    message: Message
    question: bool = False


class EditReply(Plain):
    """A message of ours takes this text and these buttons; without any, its buttons go.

    `caption` says that the text stands under a picture or a file, which stays.
    """

    do: Literal["edit"] = "edit"
    message_id: int
    text: str
    buttons: Rows = ()
    caption: bool = False


class DocumentReply(Plain):
    """A text file made for this answer alone."""

    do: Literal["document"] = "document"
    file_name: str
    content: str
    caption: str


class HeldReply(Plain):
    """What somebody once sent to this bot, by Telegram's own name for it, with a message under it."""

    do: Literal["held"] = "held"
    telegram_file_id: str
    shape: Shape
    message: Message


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


class PayLinkReply(Plain):
    """The rail makes the payment link that was promised, then its address is sent."""

    do: Literal["pay_link"] = "pay_link"
    link_id: int


class CallOffReply(Plain):
    """The rail is asked to take nothing more for the order, which then ends; what came of it is sent."""

    do: Literal["call_off"] = "call_off"
    order_id: int


class PreCheckoutReply(Plain):
    """A payment inside Telegram may go on, or is turned away with `text` before any money moves."""

    do: Literal["pre_checkout"] = "pre_checkout"
    query_id: str
    text: str | None = None


class FunnelFileReply(Plain):
    """Wordings of funnels that somebody has sent, as a file or typed, are looked through, and what is found is sent."""

    do: Literal["funnel_file"] = "funnel_file"
    creator_id: int
    file_name: str = ""
    telegram_file_id: str | None = None
    text: str = ""


class ResumingReply(Plain):
    """What it would mean to let a paused funnel go on is worked out, and shown in that message."""

    do: Literal["resuming"] = "resuming"
    creator_id: int
    funnel_id: int
    message_id: int | None = None


class StatsReply(Plain):
    """What became of the last days is added up, and shown in that message."""

    do: Literal["stats"] = "stats"
    creator_id: int
    days: int
    message_id: int | None = None


class IdeaResultsReply(Plain):
    """What ideas brought is added up, and shown in that message: all of them in one way, or the one of that `number`.

    `view` is the list that its card was opened from, and `page` the page of whichever list.
    """

    do: Literal["idea_results"] = "idea_results"
    creator_id: int
    by: str = "idea"
    number: int | None = None
    view: int = 0
    page: int = 0
    message_id: int | None = None


class SimulateReply(Plain):
    """What a funnel, or with none all of them, would do is found out and sent.

    To that lead, to a sample, or with neither to one who comes just now.
    """

    do: Literal["simulate"] = "simulate"
    creator_id: int
    funnel_key: str | None = None
    lead_id: int | None = None
    sample: int = 0
    days: int


class MenuReply(Plain):
    """This chat's command menu, in the person's language: with the creator's commands, without, or as everybody's.

    `admin`: with those of whoever looks after the instance.
    """

    do: Literal["menu"] = "menu"
    commands: Literal["creator", "everyone", "automatic"] = "creator"
    admin: bool = False


Reply = Annotated[
    SendReply
    | EditReply
    | DocumentReply
    | HeldReply
    | QrReply
    | TapReply
    | CheckoutReply
    | PayLinkReply
    | CallOffReply
    | PreCheckoutReply
    | FunnelFileReply
    | ResumingReply
    | StatsReply
    | IdeaResultsReply
    | SimulateReply
    | MenuReply,
    Field(discriminator="do"),
]
REPLIES: TypeAdapter[list[Reply]] = TypeAdapter(list[Reply])
