"""The one voice of a bot: takes what is due, says it to Telegram, and notes what came of it."""

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress

from automations.gateway import Away, Gateway, PutOff, SendFailure, SlowDown, Uncertain
from automations.outcomes import Chance, Claimed, Told, close_failed, confirm
from automations.pace import Pace
from automations.setting_aside import set_aside
from automations.taking import Taken, Taking, keep_taken
from domain.definitions import Published
from domain.step_counts import count_steps
from kit.clock import Clock
from kit.log import correlated, get_logger
from store.database import Database, is_unavailable
from store.queries.leases import end_if_it_stands_still, give_back_lease, hold_lease, lead_by_lease

# what is being said is another's to say only so long after its process was last heard of; told again so often, since
# a large file may take longer
LEASE_SECONDS = 120
_KEPT_AFTER = 30.0
# a call that has not ended by then may never end, and nothing else reaches its chat meanwhile
LONGEST_CALL = 900.0
# so many are being said at once, and taken at once, at most
MOST_AT_ONCE = 500
MOST_TAKEN = 250
# who speaks for the bot: over so soon after its holder was last heard of, and told again so often
SPEAKS_SECONDS = 3.5
RENEWED_AFTER = 1.0
# of the one process that a SQLite file has, which nobody takes it from: each renewal waits for the disk
ALONE_SECONDS = 30.0
ALONE_RENEWED_AFTER = 10.0
# what is heard of a call is written down, again and again after so many seconds while that fails; then it is
# uncertain what came of it
_NOTED_AGAIN_AFTER = (0.2, 1.0, 3.0, 10.0, 30.0, 60.0)
# how long a round waits for room among the calls under way
_PATIENCE = 0.5
# whoever stands by asks for the lease no more often than that
_ASKED_AFTER = 0.4
_log = get_logger(__name__)


class _Passed(Exception):
    """The lease has passed to another process: nothing that was taken under it counts."""


class Sender:
    """Speaks whatever Spark says unasked: claims rows (committed), calls Telegram, closes the rows.

    Of all processes one does so, under a lease with an epoch. What it takes, it takes in a transaction that holds
    the lease: one that was stopped for longer than that takes nothing any more. Yet what it hears of calls that it
    has made counts whenever it comes.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        gateway: Gateway,
        pace: Pace,
        published: Published,
        *,
        again: Callable[[float], None],
        bot_id: int = 0,
        holder: str = "this process",
        chance: Chance = random.random,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._clock = clock
        self._gateway = gateway
        self._pace = pace
        self._taking = Taking(published)
        # asks to be run again after so many seconds, when the pace has room
        self._again = again
        self._lease = f"sender:{bot_id}"
        self._holder = holder
        self._chance = chance
        self._monotonic = monotonic
        alone = database.is_sqlite
        self._speaks_seconds = ALONE_SECONDS if alone else SPEAKS_SECONDS
        self._renewed_after = ALONE_RENEWED_AFTER if alone else RENEWED_AFTER
        self._epoch: int | None = None
        self._renewed_at = 0.0
        self._asked_at = -_ASKED_AFTER
        self._under_way: dict[asyncio.Task[None], Claimed] = {}
        self._kept_at = 0.0
        self._told: list[Told] = []
        self._some_room = asyncio.Event()

    @property
    def busy(self) -> bool:
        return bool(self._under_way or self._told)

    @property
    def leads(self) -> bool:
        return self._epoch is not None

    async def send_due(self) -> int:
        """Notes what has been said and starts saying what is due, as far as the pace allows.

        Returns how many messages it noted, took, and put off or closed: asked again, it goes on.
        """
        await self._keep_what_takes_long()
        if self._epoch is None and not await self._lead():
            return await self._save()
        await self._wait_for_room()
        room = max(min(self._pace.room(), MOST_AT_ONCE - len(self._under_way), MOST_TAKEN), 0)
        resting = self._pace.resting()
        told, self._told = self._told, []
        try:
            taken = await self._take_turns(told, room, resting)
        except _Passed:
            _log.info("sender stands by")
            self._epoch, taken = None, Taken()
            self._told = told + self._told
            await self._save()
        except BaseException as error:
            # it was what is to be taken that failed; what has been said is noted all the same
            self._told = told + self._told
            await self._save()
            if not self._taking.looked_at or not isinstance(error, Exception) or is_unavailable(error):
                raise
            _log.exception("taking failed, now one by one")
            taken = await self._one_by_one(room)
        else:
            self._say(taken)
        if room <= 0:
            self._again(self._pace.seconds_to_room())
        elif resting or taken.claimed:
            self._again(1.0)
        return len(taken.claimed) + taken.settled + len(told)

    async def _one_by_one(self, room: int) -> Taken:
        """What fails a whole batch is one of it: the others are said, and that one is set aside with its reason."""
        all_of_it = Taken()
        for _ in range(room):
            try:
                taken = await self._take_turns([], 1, self._pace.resting())
            except _Passed:
                # told by the next round
                break
            except Exception as error:
                if not self._taking.looked_at or is_unavailable(error):
                    raise
                _log.exception("a message cannot be taken", messages=self._taking.looked_at)
                async with self._database.transaction() as session:
                    aside = await set_aside(session, self._taking.looked_at, now=self._clock())
                taken = Taken(settled=aside)
            if not (taken.claimed or taken.settled):
                break
            self._say(taken)
            all_of_it.claimed += taken.claimed
            all_of_it.settled += taken.settled
        return all_of_it

    def _say(self, taken: Taken) -> None:
        for each in taken.claimed:
            self._pace.spend(each.telegram_id)
            task = asyncio.create_task(self._send(each))
            self._under_way[task] = each
            task.add_done_callback(self._done)

    async def finish(self, seconds: float) -> None:
        """Waits for the messages in hand, at most so long; what is cut off is swept up as uncertain."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._under_way:
                    await asyncio.wait(set(self._under_way))
        await self._save()

    async def give_way(self) -> None:
        """Another process speaks from now on, at once."""
        if self._epoch is not None:
            self._epoch = None
            async with self._database.transaction() as session:
                await give_back_lease(session, self._lease, self._holder)

    async def _keep_what_takes_long(self) -> None:
        """Whoever speaks by now: swept up before it is said and noted, it would be said once more beside that."""
        if not self.busy or self._monotonic() - self._kept_at <= _KEPT_AFTER:
            return
        # where it fails, the lease outlasts some tries more
        self._kept_at = self._monotonic()
        try:
            async with self._database.transaction() as session:
                claimed = [*self._under_way.values(), *(told.claimed for told in self._told)]
                await keep_taken(session, claimed, seconds=LEASE_SECONDS)
        except Exception:  # noqa: BLE001 - logged; the next tick renews the lease again
            _log.exception("what takes long is not kept")

    async def _wait_for_room(self) -> None:
        """Room for a good part of a batch, unless Telegram keeps all calls waiting."""
        if len(self._under_way) > MOST_AT_ONCE - MOST_TAKEN:
            self._some_room.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._some_room.wait(), _PATIENCE)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._under_way.pop(task, None)
        if len(self._under_way) <= MOST_AT_ONCE - MOST_TAKEN:
            self._some_room.set()

    async def _take_turns(self, told: list[Told], room: int, resting: list[int]) -> Taken:
        """One transaction: what was said is noted, and what is due is taken."""
        epoch = self._epoch or 0
        self._taking.looked_at = ()
        due_for_renewal = self._monotonic() - self._renewed_at > self._renewed_after
        if not (told or room or due_for_renewal):
            return Taken()
        async with self._database.transaction() as session:
            await end_if_it_stands_still(session, seconds=self._speaks_seconds / 2)
            # those first: what they hold, whoever holds an order waits for before they come to what is queued
            counted = await confirm(session, told)
            taken = (
                await self._taking.take(
                    session,
                    room=room,
                    resting=resting,
                    lease_seconds=LEASE_SECONDS,
                    now=self._clock(),
                )
                if room
                else Taken()
            )
            await count_steps(session, counted)
            # last, since others wait for it: a process that is stopped right here keeps it for no longer than that
            if taken.claimed or taken.settled or due_for_renewal:
                holds = await hold_lease(session, self._lease, self._holder, epoch, seconds=self._speaks_seconds)
                if not holds:
                    raise _Passed
                self._renewed_at = self._monotonic()
        return taken

    async def _lead(self) -> bool:
        """Whether this process speaks from now on; asked by those who stand by whenever there is something to say."""
        if self._monotonic() - self._asked_at < _ASKED_AFTER:
            return False
        self._asked_at = self._monotonic()
        async with self._database.transaction() as session:
            epoch = await lead_by_lease(session, self._lease, self._holder, seconds=self._speaks_seconds)
        if epoch is not None and epoch > 1:
            self._pace.begin_slowly()
        if epoch is not None:
            _log.info("sender speaks", epoch=epoch)
            self._taking.speaks_since = self._clock()
        self._epoch, self._renewed_at = epoch, self._monotonic()
        return epoch is not None

    async def _save(self) -> int:
        """Notes what has been said, and nothing else; returns how much that was. It is kept until that is done."""
        told = list(self._told)
        if told:
            async with self._database.transaction() as session:
                await count_steps(session, await confirm(session, told))
            self._told = self._told[len(told) :]
        return len(told)

    async def _send(self, claimed: Claimed) -> None:
        with correlated(outbox=claimed.id):
            try:
                await self._try(claimed)
            except Exception:  # noqa: BLE001 - logged; the sweep closes its row, which stays in `sending`
                _log.exception("sending failed", kind=claimed.kind)
            self._again(0)

    async def _try(self, claimed: Claimed) -> None:
        try:
            message_id = await self._call(claimed)
        except SendFailure as failure:
            match failure:
                case SlowDown(seconds=seconds):
                    self._pace.rest(claimed.telegram_id, seconds)
                    self._pace.rest_all(seconds)
                case Away(seconds=seconds):
                    self._pace.rest_all(seconds)
                case PutOff():
                    # Telegram has heard nothing of it
                    self._pace.give_back()
            _log.warning("not sent", kind=claimed.kind, attempts=claimed.attempts, reason=str(failure))
            await self._note(claimed, failure)
            return
        told = Told(claimed, message_id, self._clock())
        if claimed.entitlement_id is None:
            self._told.append(told)
        else:
            # the buyer has it: that changes the order too, and is noted by itself
            await self._note(claimed, told)

    async def _call(self, claimed: Claimed) -> int:
        """Raises a SendFailure: of a call that does not end, Uncertain."""
        try:
            async with asyncio.timeout(LONGEST_CALL):
                return await self._gateway.send(claimed.telegram_id, claimed.message)
        except TimeoutError as error:
            raise Uncertain("Timed out") from error

    async def _note(self, claimed: Claimed, heard: Told | SendFailure) -> None:
        """What is known is kept until it is saved: forgotten, it would be uncertain, and sent again or lost."""
        for seconds in _NOTED_AGAIN_AFTER:
            try:
                await self._note_once(claimed, heard)
            except Exception as error:  # noqa: BLE001 - logged, and tried again until it is noted
                _log.warning("not noted, again soon", seconds=seconds, error=type(error).__name__)
            else:
                return
            await asyncio.sleep(seconds)
        await self._note_once(claimed, heard)

    async def _note_once(self, claimed: Claimed, heard: Told | SendFailure) -> None:
        async with self._database.transaction() as session:
            if isinstance(heard, Told):
                await count_steps(session, await confirm(session, [heard]))
            else:
                await close_failed(session, claimed, heard, now=self._clock(), chance=self._chance)
