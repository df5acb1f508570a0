"""Outgoing webhooks: which programs of a creator's are told of their events, and the promises to tell them."""

import re
import secrets
from base64 import b64encode
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.events import KNOWN_EVENTS, record_event
from kit.addresses import is_public
from kit.errors import Conflict, Invalid, NotFound
from store.database import count_changed, insert_each_once, wake
from store.models import HOOK_MOVES, Event, Hook, HookMessage, HookState

TOPIC = "hooks"
MOST_HOOKS = 20
MOST_NAMES = 50
LONGEST_URL = 2000
# so long both sign, after a secret was changed
BOTH_SIGN = timedelta(days=1)
# what stands in `disabled_why`
BY_OWNER, GONE, FAILING = "owner", "gone", "failing"
# https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme
_SECRET_BYTES = 32
_EVERY = ".*"
_CUSTOM = "custom."
# never of the internet, whatever they resolve to: https://www.rfc-editor.org/rfc/rfc6761
_NEAR = ("localhost", "local", "internal", "intranet", "lan", "home.arpa", "invalid", "test")
_LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"(?:{_LABEL}\.)+{_LABEL}", re.ASCII)
_BY_CORE = {"synchronize_session": False}


class NoSuchHook(NotFound):
    code = "no_such_webhook"


class NoSuchDelivery(NotFound):
    code = "no_such_delivery"


class BadHook(Invalid):
    """Its address cannot be told, or there are no events of that name."""

    code = "bad_webhook"


class TooManyHooks(Conflict):
    code = "too_many_webhooks"


class DeliveryStands(Conflict):
    """It is on its way already, or its webhook is switched off."""

    code = "delivery_stands"


async def add_hook(session: AsyncSession, creator_id: int, url: str, events: Sequence[str], *, now: datetime) -> Hook:
    """Told of what happens from now on. Raises BadHook, TooManyHooks."""
    values = {"url": check_url(url), "events": check_names(events)}
    count = await session.scalar(select(func.count()).where(Hook.creator_id == creator_id, Hook.removed_at.is_(None)))
    if (count or 0) >= MOST_HOOKS:
        raise TooManyHooks(f"there are {MOST_HOOKS} webhooks already; remove one first")
    hook = Hook(creator_id=creator_id, secret=new_secret(), created_at=now, **values)
    session.add(hook)
    await session.flush()
    await _note(session, hook, "hook.added", now=now)
    return hook


async def find_hook(session: AsyncSession, creator_id: int, hook_id: int) -> Hook:
    """Raises NoSuchHook, also of one that was removed."""
    hook = await session.scalar(
        select(Hook).where(Hook.id == hook_id, Hook.creator_id == creator_id, Hook.removed_at.is_(None))
    )
    if hook is None:
        raise NoSuchHook("there is no such webhook")
    return hook


async def change_hook(
    session: AsyncSession,
    hook: Hook,
    *,
    url: str | None = None,
    events: Sequence[str] | None = None,
    enabled: bool | None = None,
    now: datetime,
) -> None:
    """What is None stays. Switched on again, or elsewhere by now, it is told at once what had been waiting.

    What was wrong with it before does not count any more. Raises BadHook.
    """
    anew = enabled is True and hook.disabled_at is not None
    if url is not None:
        anew = anew or url != hook.url
        hook.url = check_url(url)
    if events is not None:
        hook.events = check_names(events)
    if enabled is False and hook.disabled_at is None:
        hook.disabled_at, hook.disabled_why = now, BY_OWNER
    if enabled is True:
        hook.disabled_at = hook.disabled_why = None
    if anew:
        hook.failing_since = None
        await session.execute(
            update(HookMessage)
            .where(HookMessage.hook_id == hook.id, HookMessage.state == HookState.WAITING)
            .values(due_at=now, tries=0),
            execution_options=_BY_CORE,
        )
        wake(session, TOPIC)
    await session.flush()
    await _note(session, hook, "hook.changed", now=now)


async def change_secret(session: AsyncSession, hook: Hook, *, now: datetime) -> None:
    """A new one; for a day the one before signs too."""
    hook.secret, hook.older_secret, hook.older_until = new_secret(), hook.secret, now + BOTH_SIGN
    await session.flush()
    await _note(session, hook, "hook.secret_changed", now=now)


async def remove_hook(session: AsyncSession, hook: Hook, *, now: datetime) -> None:
    """What waited for it is told no more; what was told stays in the store until its time is over."""
    hook.removed_at = now
    hook.older_secret = None
    await session.flush()
    waiting = update(HookMessage).where(HookMessage.hook_id == hook.id, HookMessage.state == HookState.WAITING)
    await session.execute(waiting.values(state=HookState.FAILED, ended_at=now), execution_options=_BY_CORE)
    await _note(session, hook, "hook.removed", now=now)


async def disable_hook(session: AsyncSession, hook_id: int, why: str, *, now: datetime) -> bool:
    """By Spark itself; True for who does it first."""
    disable = update(Hook).where(Hook.id == hook_id, Hook.disabled_at.is_(None), Hook.removed_at.is_(None))
    if not await count_changed(session, disable.values(disabled_at=now, disabled_why=why)):
        return False
    hook = await session.get_one(Hook, hook_id, populate_existing=True)
    await _note(session, hook, "hook.disabled", now=now)
    return True


async def promise_to_hooks(session: AsyncSession, events: Collection[Event], *, now: datetime) -> None:
    """Each of the events to each webhook that asked for it, once, however often this is done.

    One narrow read where nobody has asked for any.
    """
    asked = select(Hook.id, Hook.creator_id, Hook.events).where(
        Hook.creator_id.in_({event.creator_id for event in events}),
        Hook.removed_at.is_(None),
        Hook.disabled_at.is_(None),
    )
    hooks = (await session.execute(asked)).all()
    rows = [
        {
            "hook_id": hook.id,
            "event_id": event.id,
            "state": HookState.WAITING,
            "tries": 0,
            "due_at": now,
            "created_at": now,
        }
        for hook in hooks
        for event in events
        if event.creator_id == hook.creator_id and asks_for(hook.events, event.name)
    ]
    if rows:
        await insert_each_once(session, HookMessage, rows)
        wake(session, TOPIC)


async def redeliver(session: AsyncSession, creator_id: int, message_id: int, *, now: datetime) -> HookMessage:
    """Tells it again, under the same id, ahead of whatever waits. Raises NoSuchDelivery, DeliveryStands."""
    found = (
        await session.execute(
            select(HookMessage, Hook)
            .join(Hook, Hook.id == HookMessage.hook_id)
            .where(HookMessage.id == message_id, Hook.creator_id == creator_id, Hook.removed_at.is_(None))
        )
    ).one_or_none()
    if found is None:
        raise NoSuchDelivery("there is no such delivery")
    message, hook = found
    if hook.disabled_at is not None:
        raise DeliveryStands("the webhook is switched off; switch it on first")
    again = update(HookMessage).where(
        HookMessage.id == message_id, HookMessage.state.in_(HOOK_MOVES.sources(HookState.WAITING))
    )
    values = {"state": HookState.WAITING, "tries": 0, "due_at": now, "ended_at": None}
    if not await count_changed(session, again.values(values).execution_options(**_BY_CORE)):
        raise DeliveryStands("it waits to be delivered already")
    wake(session, TOPIC)
    await session.refresh(message)
    return message


def asks_for(names: Sequence[object], name: str) -> bool:
    """None are all."""
    return not names or any(
        each == name or (isinstance(each, str) and each.endswith(_EVERY) and name.startswith(each[:-1]))
        for each in names
    )


def check_names(names: Sequence[str]) -> list[str]:
    """Each once, in their order. Raises BadHook for what is no event's name, and no beginning of any."""
    if len(names) > MOST_NAMES:
        raise BadHook(f"{MOST_NAMES} names at most", fields={"events": f"holds more than {MOST_NAMES}"})
    for name in names:
        beginning = name.removesuffix("*")
        known = name.startswith(_CUSTOM) or (
            any(each.startswith(beginning) for each in KNOWN_EVENTS) if name.endswith(_EVERY) else name in KNOWN_EVENTS
        )
        if not known or name == _EVERY:
            raise BadHook(f"there are no events called “{name}”", fields={"events": f"“{name}” is no event's name"})
    return list(dict.fromkeys(names))


def check_url(url: str) -> str:
    """Returns it unchanged. Raises BadHook for what is no address of the open internet that is called by https.

    What its name stands for is looked at anew at each call.
    """

    def refuse(why: str) -> BadHook:
        return BadHook(f"its address {why}", fields={"url": why})

    if len(url) > LONGEST_URL or not (url.isascii() and url.isprintable()) or " " in url:
        raise refuse(f"is one line of up to {LONGEST_URL} plain characters")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise refuse("cannot be read") from None
    if parts.scheme != "https" or not host or port == 0:
        raise refuse("begins with https:// and a name")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise refuse("names nobody, and has no fragment")
    name = host.rstrip(".")
    last = name.rpartition(".")[2]
    # what ends in a number is one, as in `127.0x1`: https://url.spec.whatwg.org/#ends-in-a-number-checker
    if ":" in host or "[" in parts.netloc or last[:1].isdecimal():
        if not is_public(host):
            raise refuse("is not on the public internet")
    elif not _HOST.fullmatch(name):
        raise refuse("has no name that can be called")
    elif any(name == each or name.endswith(f".{each}") for each in _NEAR):
        raise refuse("is not on the public internet")
    return url


def new_secret() -> str:
    return f"whsec_{b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()}"


async def _note(session: AsyncSession, hook: Hook, name: str, *, now: datetime) -> None:
    await record_event(session, name, creator_id=hook.creator_id, subject=f"hook:{hook.id}", now=now)
