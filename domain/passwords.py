"""Passwords are kept as argon2id hashes, made and compared in threads of their own, two at once."""

import asyncio
import base64
import os
import sys
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from kit.errors import Invalid

# https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#argon2id
LEAST_TIME_COST, LEAST_MEMORY_KIB, LEAST_PARALLELISM = 2, 19 * 1024, 1
# https://pages.nist.gov/800-63-4/sp800-63b.html#passwordver; as typed, blanks at the ends too
LEAST_LENGTH, MOST_LENGTH = 8, 256
# more would only let whoever sends long passwords keep us busy
_AT_ONCE = 2
_NICENESS = 10
T = TypeVar("T")


class BadPassword(Invalid):
    code = "bad_password"


def check_password(password: str, *, field: str = "password") -> None:
    """Raises BadPassword for one that is too short or too long to be kept."""
    if not LEAST_LENGTH <= len(password) <= MOST_LENGTH:
        told = f"a password has {LEAST_LENGTH} to {MOST_LENGTH} characters"
        raise BadPassword(told, fields={field: told})


class Passwords:
    """To compare one takes the same time whether there is a hash to compare with or not."""

    def __init__(
        self,
        *,
        time_cost: int = LEAST_TIME_COST,
        memory_kib: int = LEAST_MEMORY_KIB,
        parallelism: int = LEAST_PARALLELISM,
        threads: Executor | None = None,
    ) -> None:
        self._hasher = PasswordHasher(time_cost, memory_kib, parallelism, type=Type.ID)
        self._threads = threads or ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="passwords", initializer=_give_way)
        # of no password: two parts that have nothing to do with each other
        salt, seal = (base64.b64encode(os.urandom(size)).rstrip(b"=").decode() for size in (16, 32))
        self._nobodys = f"$argon2id$v=19$m={memory_kib},t={time_cost},p={parallelism}${salt}${seal}"

    async def hash(self, password: str) -> str:
        """In the PHC string form, with a salt of its own."""
        return await self._in_thread(partial(self._hasher.hash, _stabilised(password)))

    async def matches(self, kept: str | None, password: str) -> bool:
        """False for None, in the same time."""
        compared = await self._in_thread(partial(self._compare, kept or self._nobodys, password))
        return compared and kept is not None

    def is_outdated(self, kept: str) -> bool:
        """True when it was made with other parameters than those of today."""
        return self._hasher.check_needs_rehash(kept)

    def _compare(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, _stabilised(password))
        except (VerificationError, InvalidHashError):
            return False

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def _stabilised(password: str) -> str:
    """The same on keyboards that write an é in one sign or in two: https://pages.nist.gov/800-63-3/sp800-63b.html#memsecretver"""
    return unicodedata.normalize("NFKC", password)


def _give_way() -> None:
    """Whoever is answered meanwhile comes first: on Linux a thread has a niceness of its own (setpriority(2))."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
