"""`/api/v1/webhooks`: programs of a creator's that are told of their events, and the log of what was told."""

import secrets
from datetime import datetime
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from automations.hooks import call_hook, secrets_of
from domain.access import Act
from domain.hooks import (
    LONGEST_URL,
    MOST_NAMES,
    BadHook,
    DeliveryStands,
    NoSuchDelivery,
    NoSuchHook,
    TooManyHooks,
    add_hook,
    change_hook,
    change_secret,
    find_hook,
    redeliver,
    remove_hook,
)
from kit.paging import Page
from store.models import Event, Hook, HookMessage, HookState, HookTry
from store.queries.hooks import delivery_of, list_deliveries, list_hooks, tries_of
from web.api.lists import ListAnswer
from web.api.query import ListQuery, Printable, Text
from web.api.route import Answered, Call, NoBody, NoQuery, Plain, Route

# what a trial call says has happened; nothing has
TRIED = "webhook.tried"
Url = Annotated[str, Printable, Field(min_length=1, max_length=LONGEST_URL)]
Names = Annotated[tuple[Text, ...], Field(max_length=MOST_NAMES)]


class NewHook(BaseModel):
    """`events` are names, and beginnings such as `order.*`; none are all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Url
    events: Names = ()


class HookChange(BaseModel):
    """What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Url | None = None
    events: Names | None = None
    enabled: StrictBool | None = None


class HookItem(BaseModel):
    """`disabled_why` is `owner`, `gone` (it answered 410) or `failing` (nobody has answered for five days)."""

    id: int
    url: str
    events: list[str]
    enabled: bool
    disabled_at: datetime | None
    disabled_why: str | None
    failing_since: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, hook: Hook) -> "HookItem":
        return cls(
            id=hook.id,
            url=hook.url,
            events=hook.events,
            enabled=hook.disabled_at is None,
            disabled_at=hook.disabled_at,
            disabled_why=hook.disabled_why,
            failing_since=hook.failing_since,
            created_at=hook.created_at,
        )


class HookWithSecret(HookItem):
    """`secret` signs its calls, and is told this once."""

    secret: str

    @classmethod
    def with_secret(cls, hook: Hook) -> "HookWithSecret":
        return cls(**HookItem.of(hook).model_dump(), secret=hook.secret)


class TryItem(BaseModel):
    """One call: the status of its answer, or why there was none."""

    at: datetime
    status: int | None
    error: str | None
    milliseconds: int

    @classmethod
    def of(cls, tried: HookTry) -> "TryItem":
        return cls(at=tried.at, status=tried.status, error=tried.error, milliseconds=tried.milliseconds)


class DeliveryItem(BaseModel):
    """`message_id` is what its calls carry as `webhook-id`; `due_at` is when a waiting one is tried next."""

    id: int
    message_id: str
    event_id: int
    type: str
    state: HookState
    due_at: datetime | None
    created_at: datetime
    ended_at: datetime | None
    tries: list[TryItem]

    @classmethod
    def of(cls, message: HookMessage, event: Event, tries: list[TryItem]) -> "DeliveryItem":
        return cls(
            id=message.id,
            message_id=f"msg_{message.id}",
            event_id=event.id,
            type=event.name,
            state=message.state,
            due_at=message.due_at if message.state is HookState.WAITING else None,
            created_at=message.created_at,
            ended_at=message.ended_at,
            tries=tries,
        )


class DeliveryQuery(ListQuery):
    state: HookState | None = None


async def show_hooks(call: Call[ListQuery, NoBody]) -> ListAnswer[HookItem]:
    return ListAnswer[HookItem].of(await list_hooks(call.session, call.creator_id, call.query.paging()), HookItem.of)


async def enter_hook(call: Call[NoQuery, NewHook]) -> HookWithSecret:
    """It is told of what happens from now on."""
    new, now = call.body, call.tools.clock()
    return HookWithSecret.with_secret(await add_hook(call.session, call.creator_id, new.url, new.events, now=now))


async def show_hook(call: Plain) -> HookItem:
    return HookItem.of(await find_hook(call.session, call.creator_id, call.number("hook_id")))


async def edit_hook(call: Call[NoQuery, HookChange]) -> HookItem:
    """Switched on again, it is told at once what had been waiting for it."""
    change = call.body
    hook = await find_hook(call.session, call.creator_id, call.number("hook_id"))
    await change_hook(
        call.session,
        hook,
        url=change.url,
        events=change.events,
        enabled=change.enabled,
        now=call.tools.clock(),
    )
    return HookItem.of(hook)


async def drop_hook(call: Plain) -> None:
    hook = await find_hook(call.session, call.creator_id, call.number("hook_id"))
    await remove_hook(call.session, hook, now=call.tools.clock())


async def rotate_secret(call: Plain) -> HookWithSecret:
    """For a day its calls carry a signature by the older one too."""
    hook = await find_hook(call.session, call.creator_id, call.number("hook_id"))
    await change_secret(call.session, hook, now=call.tools.clock())
    return HookWithSecret.with_secret(hook)


async def try_out(call: Plain) -> TryItem:
    """One call, made now and past whatever waits, with `type` `webhook.tried`; it is not written down."""
    now = call.tools.clock()
    async with call.tools.database.reading() as session:
        hook = await find_hook(session, call.creator_id, call.number("hook_id"))
        signing = secrets_of(hook, now=now)
    data = {"event_id": None, "creator_id": call.creator_id, "lead_id": None, "subject": f"hook:{hook.id}"}
    body = orjson.dumps({"type": TRIED, "timestamp": now, "data": data}, option=orjson.OPT_UTC_Z)
    call_id = f"try_{secrets.token_hex(8)}"
    outcome = await call_hook(call.tools.hook_caller, hook.url, signing, call_id, body, now=now)
    return TryItem(at=now, status=outcome.status, error=outcome.error, milliseconds=outcome.milliseconds)


async def show_deliveries(call: Call[DeliveryQuery, NoBody]) -> ListAnswer[DeliveryItem]:
    hook = await find_hook(call.session, call.creator_id, call.number("hook_id"))
    page = await list_deliveries(call.session, hook.id, call.query.paging(), state=call.query.state)
    tries = await tries_of(call.session, [message.id for message, _ in page.items])
    items = [
        DeliveryItem.of(message, event, [TryItem.of(each) for each in tries[message.id]])
        for message, event in page.items
    ]
    return ListAnswer[DeliveryItem].of(Page(items, page.total, page.paging), lambda item: item)


async def deliver_again(call: Plain) -> Answered:
    """Under the same id, and ahead of what waits."""
    message_id = call.number("delivery_id")
    message = await redeliver(call.session, call.creator_id, message_id, now=call.tools.clock())
    tries = await tries_of(call.session, [message.id])
    event = await delivery_of(call.session, message)
    item = DeliveryItem.of(message, event, [TryItem.of(each) for each in tries[message.id]])
    return Answered(item, status=202)


_KEEPING = "test_api_hooks.py::test_a_webhook_is_made_changed_listed_and_removed"
_WRONG = "test_api_hooks.py::test_what_cannot_be_a_webhook_is_refused"
_STRANGER = "test_api_hooks.py::test_webhooks_are_their_owners_alone"
_LOG = "test_api_hooks.py::test_the_log_tells_every_try_and_a_delivery_is_made_again"

ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        "/webhooks",
        Act.WATCH_HOOKS,
        show_hooks,
        "Programs that are told of events, the oldest first",
        {200: ListAnswer[HookItem]},
        query=ListQuery,
        proves=(_KEEPING,),
    ),
    Route(
        "POST",
        "/webhooks",
        Act.WIRE_HOOKS,
        enter_hook,
        "Has a program told of events",
        {201: HookWithSecret},
        session="write",
        body=NewHook,
        refuses=(BadHook, TooManyHooks),
        repeatable=True,
        example={"url": "https://crm.example.com/spark", "events": ["order.*", "lead.captured"]},
        proves=(_KEEPING, _WRONG),
    ),
    Route(
        "GET",
        "/webhooks/{hook_id}",
        Act.WATCH_HOOKS,
        show_hook,
        "One webhook",
        {200: HookItem},
        refuses=(NoSuchHook,),
        proves=(_KEEPING, _STRANGER),
    ),
    Route(
        "PATCH",
        "/webhooks/{hook_id}",
        Act.WIRE_HOOKS,
        edit_hook,
        "Changes a webhook, or switches it off or on",
        {200: HookItem},
        session="write",
        body=HookChange,
        refuses=(NoSuchHook, BadHook),
        example={"enabled": True},
        proves=(_KEEPING, _WRONG, _STRANGER),
    ),
    Route(
        "DELETE",
        "/webhooks/{hook_id}",
        Act.WIRE_HOOKS,
        drop_hook,
        "Removes a webhook, and what waits for it",
        {204: None},
        session="write",
        refuses=(NoSuchHook,),
        proves=(_KEEPING, _STRANGER),
    ),
    Route(
        "POST",
        "/webhooks/{hook_id}/rotate-secret",
        Act.WIRE_HOOKS,
        rotate_secret,
        "Gives a webhook a new secret",
        {200: HookWithSecret},
        session="write",
        refuses=(NoSuchHook,),
        proves=(_KEEPING, _STRANGER),
    ),
    Route(
        "POST",
        "/webhooks/{hook_id}/test",
        Act.WATCH_HOOKS,
        try_out,
        "Calls a webhook now, to see what it answers",
        {200: TryItem},
        session="none",
        refuses=(NoSuchHook,),
        rate="heavy",
        proves=("test_api_hooks.py::test_a_webhook_is_tried_out", _STRANGER),
    ),
    Route(
        "GET",
        "/webhooks/{hook_id}/deliveries",
        Act.WATCH_HOOKS,
        show_deliveries,
        "What was told, and each try, the newest first",
        {200: ListAnswer[DeliveryItem]},
        query=DeliveryQuery,
        refuses=(NoSuchHook,),
        proves=(_LOG, _STRANGER),
    ),
    Route(
        "POST",
        "/webhooks/deliveries/{delivery_id}/redeliver",
        Act.WATCH_HOOKS,
        deliver_again,
        "Tells one again",
        {202: DeliveryItem},
        session="write",
        refuses=(NoSuchDelivery, DeliveryStands),
        proves=(_LOG, _STRANGER),
    ),
)
