import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import unescape

from sqlalchemy.ext.asyncio import AsyncSession
from telegram import Bot, ChatMember, Update

from bot.answering import Answerable, Answering
from bot.dispatch import dispatch
from bot.handlers import channels
from bot.lanes import Lanes
from bot.reading import Incoming, Urgency, language_of_sender, profile_of, read_incoming, sender_of
from bot.refusals import refusal_text
from bot.replies import REPLIES, PreCheckoutReply, Reply, SendReply, TapReply
from bot.turn import BotFacts, Turn
from domain.messages.catalogue import say
from domain.messages.plain import Message
from domain.people import see_person
from kit.clock import Clock
from kit.errors import Refusal
from kit.log import correlated, current_correlation_id, get_logger
from kit.text import shorten
from store.database import Database, insert_once, is_unavailable
from store.database_clock import database_in
from store.models import Person, TelegramUpdate
from store.queries.people import find_person
from store.queries.updates import claim_unanswered, is_overtaken, renew_leases, save_reply

LEASE_SECONDS = 30.0
AT_ONCE = 64
REPLIES_AT_ONCE = 200
# https://core.telegram.org/bots/api#answercallbackquery
TAP_TEXT_LENGTH = 200
_TAG = re.compile(r"<[^>]+>")
_log = get_logger(__name__)


class Draining(Refusal):
    """The process is about to end and takes nothing more: Telegram gives the update again."""

    code = "draining"
    status = 503


@dataclass
class _Fresh:
    """An update to handle; `saved` is done once it is."""

    incoming: Incoming
    saved: "asyncio.Future[None]"


@dataclass
class Intake:
    """Takes Telegram's updates in: saved before they are acknowledged, once each, one person at a time."""

    database: Database
    clock: Clock
    bot: Bot
    facts: BotFacts
    answering: Answering
    secret: str = ""
    _in_hand: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._lanes: Lanes[_Fresh] = Lanes(self._do, at_once=AT_ONCE)
        # replies have lanes of their own: one that takes long holds up that person's replies and nobody's updates
        self._replies: Lanes[Answerable | TelegramUpdate] = Lanes(self._reply, at_once=REPLIES_AT_ONCE)
        self._draining = False

    @property
    def bot_id(self) -> int:
        return self.facts.bot_id

    @property
    def idle(self) -> bool:
        return self._lanes.idle and self._replies.idle

    async def receive(self, body: bytes) -> None:
        """Returns once the update is saved; raises when it is not, and Telegram has to give it again."""
        await self.submit(body)

    def submit(self, body: bytes) -> "asyncio.Future[None]":
        """Done once the update is saved. Many can be under way; each person's keep their order."""
        work = _Fresh(read_incoming(body), _future())
        if self._draining:
            work.saved.set_exception(_draining())
        else:
            self._lanes.put(work.incoming.lane, work.incoming.urgency, work)
        return work.saved

    async def resume(self, *, abandoned: bool = False) -> int:
        """Takes up the replies that a crash left unsent; returns how many."""
        async with self.database.transaction() as session:
            rows = await claim_unanswered(
                session, in_hand=self._in_hand, abandoned=abandoned, lease_seconds=LEASE_SECONDS
            )
        for row in rows:
            self._in_hand.add(row.id)
            self._replies.put(row.lane, Urgency.MESSAGE, row)
        return len(rows)

    async def keep_leases(self) -> int:
        """What this process still answers is left alone by the others."""
        if self._in_hand:
            async with self.database.transaction() as session:
                await renew_leases(session, list(self._in_hand), lease_seconds=LEASE_SECONDS)
        return 0

    async def stop(self, *, within: float) -> None:
        """Begins nothing more and finishes what is in hand; what was never begun is not acknowledged."""
        self._draining = True
        ends = asyncio.get_running_loop().time() + within
        for work in await self._lanes.stop(within=within):
            _tell(work.saved, _draining())
        await self._replies.drain(within=max(ends - asyncio.get_running_loop().time(), 0))
        await self.answering.finish()

    async def _do(self, work: _Fresh) -> None:
        with correlated(bot_id=self.bot_id):
            try:
                answerable = await self._handle(work.incoming)
            except Exception as error:  # noqa: BLE001 - handed to whoever awaits `saved`
                _tell(work.saved, error)
                return
            if answerable is not None:
                self._replies.put(work.incoming.lane, work.incoming.urgency, answerable)
            _tell(work.saved, None)

    async def _reply(self, due: Answerable | TelegramUpdate) -> None:
        """The reply to an update just handled, or to one that was handled before a crash."""
        row_id = due.row_id if isinstance(due, Answerable) else due.id
        with correlated(due.correlation_id, bot_id=self.bot_id):
            try:
                answerable = due if isinstance(due, Answerable) else await self._take_up(due)
                await self.answering.answer(answerable)
            except Exception:  # noqa: BLE001 - logged; its row stays unanswered and is taken up again
                _log.exception("reply failed", update=row_id)
            finally:
                self._in_hand.discard(row_id)

    async def _handle(self, incoming: Incoming) -> Answerable | None:
        """Saves the update with what it did and the reply it gets, all in one transaction. None for a repeat."""
        try:
            return await self._save(incoming, None)
        except Refusal as refusal:
            return await self._save(incoming, refusal)
        except Exception as error:
            if is_unavailable(error):
                raise
            _log.exception("update failed", update_id=incoming.update_id)
            return await self._save(incoming, error)

    async def _save(self, incoming: Incoming, failed: Exception | None) -> Answerable | None:
        """With `failed`, nothing of what the update asked for is done: it is kept with its error, and answered."""
        now = self.clock()
        async with self.database.transaction() as session, self.answering.noting(session):
            row_id = await self._keep(session, incoming, failed)
            if row_id is None:
                return None
            telegram_id = sender_of(incoming.raw)
            person: Person | None = None
            replies: Sequence[Reply] = []
            if failed is None:
                turn = await self._turn(session, incoming)
                if turn is not None:
                    person, replies = turn.person, turn.replies
            elif telegram_id is not None and not incoming.elsewhere:
                person = await find_person(session, self.bot_id, telegram_id)
                # of somebody whose very first update failed nothing was kept
                language = person.speaks if person else language_of_sender(incoming.raw)
                replies = self._apology(incoming, failed, language)
            reply = REPLIES.dump_python(list(replies), mode="json")
            await save_reply(session, row_id, reply, answered_at=None if replies else now)
        if not replies or telegram_id is None:
            return None
        self._in_hand.add(row_id)
        known = (person.id, person.speaks) if person else (0, "en")
        return Answerable(row_id, telegram_id, *known, replies, current_correlation_id())

    async def _keep(self, session: AsyncSession, incoming: Incoming, failed: Exception | None) -> int | None:
        is_dead = failed is not None and not isinstance(failed, Refusal)
        values: dict[str, object] = {
            "bot_id": self.bot_id,
            "update_id": incoming.update_id,
            "lane": incoming.lane,
            "body": incoming.body,
            "error": f"{type(failed).__name__}: {failed}" if is_dead else None,
            "reply": [],
            "correlation_id": current_correlation_id(),
            "lease_until": database_in(session, LEASE_SECONDS),
            "received_at": self.clock(),
        }
        return await insert_once(session, TelegramUpdate, values)

    async def _turn(self, session: AsyncSession, incoming: Incoming) -> Turn | None:
        """The update, parsed and done. Raises whatever its parsing or its handler raises."""
        if incoming.update_id is None:
            raise ValueError("an update without a number")
        parsed = Update.de_json(incoming.raw, self.bot)
        if channels.is_elsewhere(parsed):
            await channels.hear(session, self.bot_id, parsed, now=self.clock())
            return None
        user = parsed.effective_user
        if user is None or user.is_bot:
            return None
        profile = profile_of(user.id, user.first_name, user.username, user.language_code)
        member = parsed.my_chat_member
        leaves = member is not None and member.new_chat_member.status == ChatMember.BANNED
        person = await see_person(session, self.bot_id, profile, now=self.clock(), leaves=leaves)
        turn = Turn(session, self.facts, person, self.clock())
        await dispatch(turn, parsed)
        return turn

    def _apology(self, incoming: Incoming, failed: Exception, language: str) -> list[Reply]:
        """Why nothing was done: on the button for a tap, in place of a payment, as a message otherwise."""
        if isinstance(failed, Refusal):
            text = refusal_text(failed, language)
        else:
            text = say("trouble", language, reference=current_correlation_id()[:12])
        plain = shorten(unescape(_TAG.sub("", text)), TAP_TEXT_LENGTH)
        if (query_id := _query_id(incoming, "callback_query")) is not None:
            return [TapReply(query_id=query_id, text=plain)]
        if (query_id := _query_id(incoming, "pre_checkout_query")) is not None:
            return [PreCheckoutReply(query_id=query_id, text=plain)]
        return [SendReply(message=Message(text=text))]

    async def _take_up(self, row: TelegramUpdate) -> Answerable:
        """The saved reply of an update that was handled before a crash, less the questions gone on from since."""
        replies = REPLIES.validate_python(row.reply)
        telegram_id = int(row.lane.removeprefix("person:")) if row.lane.startswith("person:") else 0
        async with self.database.reading() as session:
            person = await find_person(session, self.bot_id, telegram_id)
            if await is_overtaken(session, row.id):
                replies = [each for each in replies if not (isinstance(each, SendReply) and each.question)]
        known = (person.id, person.speaks) if person else (0, "en")
        return Answerable(row.id, telegram_id, *known, replies, row.correlation_id)


def _query_id(incoming: Incoming, kind: str) -> str | None:
    query = incoming.raw.get(kind)
    return query["id"] if isinstance(query, dict) and isinstance(query.get("id"), str) else None


def _draining() -> Draining:
    return Draining("Spark is about to restart; send it again")


def _tell(saved: "asyncio.Future[None]", error: Exception | None) -> None:
    """To whoever waits for it to be saved, unless they have left: a poller or a request that was stopped."""
    if saved.done():
        return
    if error is None:
        saved.set_result(None)
    else:
        saved.set_exception(error)


def _future() -> "asyncio.Future[None]":
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    # nobody may be left to ask how it went
    future.add_done_callback(lambda done: done.cancelled() or done.exception())
    return future
