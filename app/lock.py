import fcntl
import os
from pathlib import Path

from kit.errors import Conflict


class StoreLock:
    """One process at a time on one SQLite file; the system frees it however that process ends."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + ".lock")
        self._handle: int | None = None

    def take(self) -> None:
        """Raises Conflict while another process holds it."""
        if not self.try_take():
            raise Conflict(
                f"another Spark is running on {self._path.with_suffix('')}: stop it first (PostgreSQL serves several)"
            )

    def try_take(self) -> bool:
        """False while another process holds it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        self._handle = handle
        return True

    def free(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
