"""A jump of the machine's clock is noticed and told: what is due hangs on it."""

from dataclasses import dataclass, field

from sqlalchemy import delete, insert

from kit.clock_watch import ClockWatch
from kit.log import get_logger
from store.database import Database
from store.database_clock import database_in, database_now
from store.models import ClockJump

_KEPT_SECONDS = 90.0 * 24 * 3600
_log = get_logger(__name__)


@dataclass
class ClockJumps:
    """Of this process's own machine. A clock that the demo moves by hand stands upon it, and is not looked at."""

    database: Database
    watch: ClockWatch = field(default_factory=ClockWatch)

    async def look(self) -> int:
        """Logs it, and keeps it where `spark doctor` sees it."""
        jump = self.watch.look()
        if jump is not None:
            seconds = round(jump.total_seconds())
            _log.warning("the clock has jumped", seconds=seconds)
            async with self.database.transaction() as session:
                old = ClockJump.noticed_at < database_in(session, -_KEPT_SECONDS)
                await session.execute(delete(ClockJump).where(old))
                await session.execute(insert(ClockJump).values(noticed_at=database_now(), seconds=seconds))
        return 0
