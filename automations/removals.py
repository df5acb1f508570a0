"""Whoever has lost the right to a channel or group goes out of it."""

from dataclasses import dataclass
from typing import Protocol

from automations.gateway import Moved, Refused, SendFailure
from domain.channel_passes import Removal, claim_removals, give_up_removal, put_off_removal, settle_removal
from domain.channels import move_chat, tell_of_stuck_removal
from kit.clock import Clock
from kit.log import get_logger
from store.database import Database

BATCH = 20
# Telegram's words for somebody who is not in there
_OUT_ALREADY = ("user not found", "participant_id_invalid", "user_not_participant", "user_id_invalid")
# and for a right that the bot may be given back
_NO_RIGHT = ("not enough rights", "chat_admin_required")
_log = get_logger(__name__)


class Doors(Protocol):
    """What is needed of Telegram."""

    async def put_out(self, chat_id: int, telegram_id: int) -> None:
        """Out, and free to come in again by an invitation. Raises a SendFailure."""

    async def close(self, chat_id: int, invite_link: str) -> None:
        """The link lets nobody in any more; one that is gone already is a no-op. Raises a SendFailure."""


@dataclass
class Removals:
    """Putting somebody out twice, as two processes may, comes to the same."""

    database: Database
    clock: Clock
    doors: Doors

    async def run(self) -> int:
        """Puts some of those out who are due; returns how many were dealt with."""
        async with self.database.transaction() as session:
            claimed = await claim_removals(session, now=self.clock(), most=BATCH)
        for removal in claimed:
            await self._put_out(removal)
        return len(claimed)

    async def _put_out(self, removal: Removal) -> None:
        try:
            if removal.invite_link is not None:
                await self.doors.close(removal.chat_id, removal.invite_link)
            await self.doors.put_out(removal.chat_id, removal.telegram_id)
        except Moved as moved:
            async with self.database.transaction() as session:
                await move_chat(session, removal.chat_id, moved.to, now=self.clock())
            return
        except SendFailure as failure:
            await self._failed(removal, failure)
            return
        async with self.database.transaction() as session:
            await settle_removal(session, removal.pass_id, now=self.clock())

    async def _failed(self, removal: Removal, failure: SendFailure) -> None:
        told, now = str(failure), self.clock()
        words = told.casefold()
        async with self.database.transaction() as session:
            if any(each in words for each in _OUT_ALREADY):
                await settle_removal(session, removal.pass_id, now=now)
                return
            _log.warning("somebody was not put out of a channel", channel_pass=removal.pass_id, reason=told)
            for_good = isinstance(failure, Refused) and not any(each in words for each in _NO_RIGHT)
            if for_good:
                stuck = await give_up_removal(session, removal.pass_id, told, now=now)
            else:
                stuck = not await put_off_removal(session, removal.pass_id, told, now=now)
            if stuck:
                await tell_of_stuck_removal(session, removal.pass_id, told, now=now)
