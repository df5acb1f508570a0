import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from automations.gateway import Blocked, NotNow, SendFailure, SlowDown, Uncertain
from automations.pace import Pace
from bot.commands import Menu
from bot.gateway import TelegramGateway
from bot.lookups import LookUp, Lookups
from bot.refusals import refusal_text
from bot.replies import (
    CallOffReply,
    CheckoutReply,
    DocumentReply,
    EditReply,
    FunnelFileReply,
    HeldReply,
    IdeaResultsReply,
    MenuReply,
    PayLinkReply,
    PreCheckoutReply,
    QrReply,
    Reply,
    ResumingReply,
    SendReply,
    SimulateReply,
    StatsReply,
    TapReply,
)
from bot.stars import TelegramStars
from domain.definitions import Published
from domain.messages.catalogue import say
from domain.messages.plain import Button, Message, column
from domain.order_words import tell_of_call_off
from domain.people import note_block
from kit.clock import Clock
from kit.errors import Refusal
from kit.log import get_logger
from kit.text import unmarked
from payments.checkout import RailOff, begin_checkout, call_off
from payments.payment_links import LinkRail, make_payment_link
from payments.rail import RailDown, RailRefused, Rails
from payments.stars_invoices import begin_invoice
from store.database import Database
from store.queries.orders import describe_order
from store.queries.payment_links import describe_link
from store.queries.updates import note_answered

# Telegram asks for seconds when one chat is written to too fast; for longer waits the reply is taken up later
LONGEST_WAIT = 20.0
TRIES = 4
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Answerable:
    """A saved update whose reply shall go out."""

    row_id: int
    telegram_id: int
    person_id: int
    language: str
    replies: Sequence[Reply]
    correlation_id: str


@dataclass
class Answering:
    """Carries out the replies that a handled update decided, after its transaction."""

    database: Database
    clock: Clock
    gateway: TelegramGateway
    pace: Pace
    rails: Rails
    menu: Menu = field(default_factory=Menu)
    published: Published = field(default_factory=Published)
    # where payment links are made; None when that rail is not set up here
    links: LinkRail | None = None
    stars: TelegramStars = field(init=False)
    lookups: Lookups = field(init=False)
    _noted: list[int] = field(default_factory=list)
    _noting: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self.stars = TelegramStars(self.gateway.bot)
        self.lookups = Lookups(self.database, self.clock, self.gateway, self.published)

    async def answer(self, answerable: Answerable) -> bool:
        """True when all of it has gone out, or never can; False leaves it to be taken up later."""
        for reply in answerable.replies:
            try:
                await self._patiently(answerable, reply)
            except Blocked:
                async with self.database.transaction() as session:
                    await note_block(session, answerable.person_id, now=self.clock())
                break
            except (SlowDown, NotNow, Uncertain) as failure:
                _log.warning("reply waits", update=answerable.row_id, reason=str(failure))
                return False
            except SendFailure as failure:
                # Telegram will never take this one; the others may still help
                _log.error("reply refused", update=answerable.row_id, reason=str(failure))
                await self._apologise(answerable)
        self.note(answerable.row_id)
        return True

    async def _apologise(self, answerable: Answerable) -> None:
        """Nobody is left in silence because of a text that Telegram does not take."""
        text = say("trouble", answerable.language, reference=answerable.correlation_id[:12])
        with suppress(SendFailure):
            await self._send(answerable, Message(text=text))

    def note(self, row_id: int) -> None:
        """The row is answered; many of these are saved together, as soon as the store is free."""
        self._noted.append(row_id)
        if self._noting is None or self._noting.done():
            self._noting = asyncio.create_task(self._save_notes())

    @asynccontextmanager
    async def noting(self, session: AsyncSession) -> AsyncIterator[None]:
        """Saves what is noted so far along with a transaction that is open anyway.

        The sooner a reply is known to have gone out, the fewer go out again after a crash.
        """
        ids, self._noted = self._noted, []
        try:
            if ids:
                await note_answered(session, ids, now=self.clock())
            yield
        except BaseException:
            self._noted += ids
            raise

    async def finish(self) -> None:
        """Returns once every note is saved."""
        while self._noting is not None and not self._noting.done():
            await asyncio.wait([self._noting])

    async def _save_notes(self) -> None:
        while self._noted:
            try:
                async with self.database.transaction() as session, self.noting(session):
                    pass
            except DBAPIError as error:
                # the next reply's note tries again, for all of them
                _log.warning("replies not noted yet", reason=type(error).__name__)
                return

    async def _patiently(self, answerable: Answerable, reply: Reply) -> None:
        for tries_left in range(TRIES - 1, -1, -1):
            try:
                await self._carry_out(answerable, reply)
                return
            except SlowDown as failure:
                # what nobody waits for gives way
                self.pace.rest_all(failure.seconds)
                if not tries_left or failure.seconds > LONGEST_WAIT:
                    raise
                await asyncio.sleep(failure.seconds)
            except NotNow:
                if not tries_left:
                    raise
                await asyncio.sleep(0.2 * 4 ** (TRIES - 1 - tries_left))

    async def _carry_out(self, answerable: Answerable, reply: Reply) -> None:
        match reply:
            case SendReply(message=message):
                await self._send(answerable, message)
            case EditReply(message_id=message_id, text=text, buttons=buttons, caption=caption):
                await self.gateway.edit(answerable.telegram_id, message_id, text, buttons, caption=caption)
            case DocumentReply() | HeldReply() | QrReply():
                self.pace.spend(answerable.telegram_id)
                await self._send_file(answerable.telegram_id, reply)
            case TapReply(query_id=query_id, text=text):
                await self.gateway.answer_tap(query_id, text)
            case PreCheckoutReply(query_id=query_id, text=text):
                await self.stars.answer_pre_checkout(query_id, text)
            case FunnelFileReply() | ResumingReply() | StatsReply() | IdeaResultsReply() | SimulateReply():
                await self._look_up(answerable, reply)
            case MenuReply(commands=commands, admin=admin):
                await self.menu.show_own(
                    self.gateway.bot, answerable.telegram_id, commands, answerable.language, admin=admin
                )
            case CheckoutReply() | CallOffReply() | PayLinkReply():
                await self._ask_rail(answerable, reply)

    async def _send_file(self, telegram_id: int, reply: DocumentReply | HeldReply | QrReply) -> None:
        match reply:
            case DocumentReply(file_name=file_name, content=content, caption=caption):
                await self.gateway.send_document(telegram_id, file_name, content.encode(), caption)
            case HeldReply(telegram_file_id=held, shape=shape, message=message):
                await self.gateway.send_held(telegram_id, held, shape, message)
            case QrReply(url=url, message=message):
                await self.gateway.send_qr(telegram_id, url, message)

    async def _ask_rail(self, answerable: Answerable, reply: CheckoutReply | CallOffReply | PayLinkReply) -> None:
        if isinstance(reply, CallOffReply):
            await self._send(answerable, await self._call_off(answerable, reply.order_id))
            return
        if isinstance(reply, PayLinkReply):
            await self._send(answerable, await self._pay_link(answerable.language, reply.link_id))
            return
        invoice = await begin_invoice(self.database, reply.order_id, now=self.clock())
        if invoice is None:
            await self._send(answerable, await self._checkout(answerable, reply.order_id))
            return
        self.pace.spend(answerable.telegram_id)
        await self.stars.send_invoice(answerable.telegram_id, invoice)

    async def _look_up(self, answerable: Answerable, reply: LookUp) -> None:
        try:
            found = await self.lookups.find(reply, answerable.language)
        except Refusal as refusal:
            await self._send(answerable, Message(text=refusal_text(refusal, answerable.language)))
            return
        if found.content:
            self.pace.spend(answerable.telegram_id)
            content = found.content.encode()
            await self.gateway.send_document(answerable.telegram_id, found.file_name, content, "")
        if found.message_id is None:
            await self._send(answerable, found.screen)
        else:
            screen = found.screen
            await self.gateway.edit(answerable.telegram_id, found.message_id, screen.text, screen.buttons)

    async def _send(self, answerable: Answerable, message: Message) -> None:
        self.pace.spend(answerable.telegram_id)
        await self.gateway.send(answerable.telegram_id, message)

    async def _checkout(self, answerable: Answerable, order_id: int) -> Message:
        """The page to pay on, or why there is none; the wish can be repeated with the same button."""
        language = answerable.language
        try:
            url = await begin_checkout(self.database, self.rails, order_id, now=self.clock(), published=self.published)
        except Refusal as refusal:
            return Message(text=refusal_text(refusal, language))
        async with self.database.reading() as session:
            order = await describe_order(session, order_id)
        if url is None:
            text = "payment-pending" if order.pending else "pay-settled"
            return Message(text=say(text, language, title=order.title))
        if order.total.amount_minor:
            text, label = "pay-here", say("button-pay", language, price=order.total.format(language))
        else:
            text, label = "address-here", say("button-say-address", language)
        return Message(text=say(text, language, title=order.title), buttons=column(Button(text=label, url=url)))

    async def _pay_link(self, language: str, link_id: int) -> Message:
        """The page to post elsewhere, or why there is none; the button under that tries again."""
        async with self.database.reading() as session:
            link = await describe_link(session, link_id)
        setup, title, act = self.published.setup(link.creator_id), link.title, f"products:{link.product_id}:paylink"
        try:
            if self.links is None:
                raise RailOff("payments are not set up here yet")
            url = await make_payment_link(self.database, self.links, link_id, setup=setup, now=self.clock())
        except Refusal as refusal:
            text = say("paylink-failed", language, title=title, why=unmarked(refusal_text(refusal, language)))
            again = Button(text=say("button-try-again", language), data=f"{act}:make:{link.variant_id or 0}")
            return Message(text=text, buttons=column(again))
        off = Button(text=say("button-paylink-off", language), data=f"{act}:off:{link_id}")
        text = say("paylink-made", language, title=title, price=link.price.format(language), url=url)
        return Message(text=text, buttons=column(off))

    async def _call_off(self, answerable: Answerable, order_id: int) -> Message:
        """What came of it: it may have been paid this very moment."""
        language = answerable.language
        try:
            ended = await call_off(self.database, self.rails, order_id, now=self.clock(), published=self.published)
            text = "order-called-off" if ended else "order-not-called-off"
        except RailRefused:
            ended, text = False, "order-not-called-off"
        except RailDown:
            ended, text = False, "order-call-off-later"
        async with self.database.transaction() as session:
            order = await describe_order(session, order_id)
            if order.cancelled:
                # after a crash in between it had ended before
                ended, text = True, "order-called-off"
            if ended:
                await tell_of_call_off(session, order_id, answerable.person_id, now=self.clock())
        see = Button(text=say("order-button-see", language), data=f"order:show:{order_id}")
        return Message(text=say(text, language, title=order.title), buttons=column(see))
