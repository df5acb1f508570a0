"""`/api/v1/leads/{lead_id}/messages`: what was said in a lead's chat, and writing to them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from domain.access import READ_DELIVERIES, Act
from domain.holding import LeadGone
from domain.lead_acts import write_to_lead
from kit.errors import Conflict, Invalid
from kit.text import TEXT_LIMIT, escape, unmarked, utf16_length
from kit.tokens import new_reference
from store.models import Lead, OutboxKind, OutboxMessage, OutboxState
from store.queries.lead_talk import is_from, talk_with, told_under
from web.api.lead_answers import NoSuchLead, held_lead, own_lead
from web.api.lists import ListAnswer
from web.api.query import ListQuery, Printable
from web.api.route import Call, NoBody, NoQuery, Route


class NoChat(Conflict):
    """The bot has no chat with this lead: they have never come to it."""

    code = "lead_without_chat"

    def __init__(self, lead_id: int) -> None:
        super().__init__(f"lead {lead_id} has no chat with the bot")


class NewMessage(BaseModel):
    """Plain text, as it shall be read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: Annotated[str, Printable, Field(min_length=1, max_length=TEXT_LIMIT)]


class MessageItem(BaseModel):
    """`text` is plain; empty for a file alone, and for what has not been put into words yet.

    What hands something over may hold a licence key: it is `withheld`, and its text empty, but for who may manage.
    """

    id: int
    # by the lead: while a person has taken the chat over
    by: Literal["bot", "lead"]
    kind: OutboxKind
    state: OutboxState
    text: str
    withheld: bool
    has_file: bool
    # when it was sent or given up, and until then when it is due
    at: datetime

    @classmethod
    def of(cls, lead: Lead, message: OutboxMessage, *, whole: bool) -> "MessageItem":
        told, theirs = message.message or {}, is_from(lead, message)
        withheld = message.kind is OutboxKind.DELIVERY and not whole
        text = "" if withheld else unmarked(str(told.get("text", "")))
        return cls(
            id=message.id,
            by="lead" if theirs else "bot",
            kind=message.kind,
            state=message.state,
            # the first line says who writes
            text=text.partition("\n")[2] if theirs else text,
            withheld=withheld,
            has_file=told.get("file") is not None,
            at=message.created_at if theirs else message.closed_at or message.due_at,
        )


async def show_messages(call: Call[ListQuery, NoBody]) -> ListAnswer[MessageItem]:
    lead = await own_lead(call)
    page = await talk_with(call.session, lead, call.query.paging())
    whole = call.caller is not None and call.caller.may(READ_DELIVERIES)
    return ListAnswer[MessageItem].of(page, lambda each: MessageItem.of(lead, each, whole=whole))


async def write(call: Call[NoQuery, NewMessage]) -> MessageItem:
    lead, text = await held_lead(call), call.body.text.strip()
    if not text or utf16_length(text) > TEXT_LIMIT:
        told = f"has between 1 and {TEXT_LIMIT} characters, as Telegram counts them"
        raise Invalid(f"the text {told}", fields={"text": told})
    key = f"written:{lead.id}:{new_reference()}"
    if not await write_to_lead(call.session, lead, escape(text), key=key, now=call.tools.clock()):
        raise NoChat(lead.id)
    return MessageItem.of(lead, await told_under(call.session, key), whole=False)


ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        "/leads/{lead_id}/messages",
        Act.SEE_LEADS,
        show_messages,
        "What was said in the lead's chat, newest first",
        {200: ListAnswer[MessageItem]},
        query=ListQuery,
        refuses=(NoSuchLead,),
        proves=(
            "test_api_lead_pages.py::test_what_was_said_in_a_chat_is_read_and_answered",
            "test_api_lead_pages.py::test_a_key_that_was_handed_over_is_read_by_who_may_manage",
        ),
    ),
    Route(
        "POST",
        "/leads/{lead_id}/messages",
        Act.WRITE_TO_LEADS,
        write,
        "Writes to a lead through the bot; it goes out by itself, and its state tells what came of it",
        {201: MessageItem},
        session="write",
        body=NewMessage,
        refuses=(NoSuchLead, LeadGone, NoChat, Invalid),
        repeatable=True,
        example={"text": "Hi Zoë, your preset pack has an update."},
        proves=(
            "test_api_lead_pages.py::test_what_was_said_in_a_chat_is_read_and_answered",
            "test_api_lead_pages.py::test_whoever_has_no_chat_cannot_be_written_to",
        ),
    ),
)
