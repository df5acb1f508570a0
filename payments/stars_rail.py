"""Payments in Telegram Stars: https://core.telegram.org/bots/payments-stars"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import select

from domain.pricing import STARS, STARS_CURRENCY
from domain.stars import Invoice, invoice_of
from kit.money import MOST_STARS
from payments.rail import Bill, Checkout, Cursor, RailRefused, Read, RefundAnswer, RefundDue, Standing
from payments.stars_words import StarsWord
from store.database import Database
from store.models import Lead, Order, Person, RefundState

NAME = STARS
PAGE = 100
# Telegram counts in whole seconds, and its clock is not ours
_SKEW = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class StarsMove:
    """A line of the bot's own list: Stars that a buyer paid, or that went back to one. `word` None: of no invoice."""

    at: datetime
    word: StarsWord | None


class StarsWire(Protocol):
    """What this rail needs of Telegram. All of it raises RailDown or RailRefused."""

    async def make_link(self, invoice: Invoice) -> str:
        """An address that opens the invoice in Telegram."""

    async def give_back(self, payer: int, charge: str) -> None:
        """Gives a whole payment back. Once it has gone back, doing so again is a no-op."""

    async def moves(self, offset: int, limit: int) -> Sequence[StarsMove]:
        """The bot's list, oldest first, from that place on."""


@dataclass
class StarsRail:
    """An invoice never expires and nobody can be asked about it: what was paid stands in the bot's own list."""

    database: Database
    wire: StarsWire

    @property
    def livemode(self) -> bool:
        """There are no Stars for trying out: a bot of Telegram's test servers has a token of its own."""
        return True

    async def make_checkout(self, bill: Bill) -> Checkout:
        if bill.money.currency != STARS_CURRENCY or not 1 <= bill.money.amount_minor <= MOST_STARS:
            raise RailRefused(f"an invoice is for 1 to {MOST_STARS} Stars")
        async with self.database.reading() as session:
            order = await session.get_one(Order, bill.order_id)
            invoice = await invoice_of(session, order)
        return Checkout(f"{NAME}:{bill.reference}", await self.wire.make_link(invoice))

    async def end_checkout(self, session_id: str) -> Standing | None:
        """Nothing to be ended: nobody pays an invoice before Spark has agreed."""
        return None

    async def look_up(self, session_id: str) -> Standing | None:
        return None

    async def refund(self, due: RefundDue) -> RefundAnswer:
        """In full only: Telegram knows no part refund. https://core.telegram.org/bots/api#refundstarpayment"""
        if not due.is_whole:
            raise RailRefused("Stars go back in full only")
        payer = await self._payer(due)
        if payer is None:
            raise RailRefused("Telegram knows no payment like this one, or not who made it")
        await self.wire.give_back(payer, due.payment_reference)
        return RefundAnswer(due.payment_reference, RefundState.DONE)

    async def events_after(self, cursor: Cursor) -> AsyncIterator[Read]:
        """`reference` counts the lines read so far. What others were paid before Spark's first order is passed over."""
        offset, read_to = int(cursor.reference or 0), cursor.read_to
        while True:
            page = await self.wire.moves(offset, PAGE)
            offset += len(page)
            words = [each.word.told() for each in page if each.word is not None and each.at >= read_to - _SKEW]
            read_to = max([read_to, *(each.at for each in page)])
            # the reader wants the newest first, as others list them
            yield Read(words[::-1], Cursor(str(offset), read_to))
            if len(page) < PAGE:
                return

    async def _payer(self, due: RefundDue) -> int | None:
        """Whose order it is paid for it; of somebody whom Spark has forgotten, Telegram's list says so."""
        async with self.database.reading() as session:
            known = await session.scalar(
                select(Person.telegram_id)
                .join(Lead, Lead.person_id == Person.id)
                .join(Order, Order.lead_id == Lead.id)
                .where(Order.id == due.order_id)
            )
        if known is not None:
            return known
        offset = 0
        while page := await self.wire.moves(offset, PAGE):
            offset += len(page)
            for each in page:
                if each.word is not None and each.word.charge == due.payment_reference:
                    return each.word.payer
        return None
