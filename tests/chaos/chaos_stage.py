"""Real processes: one playground that stays, and `spark run` that is killed and started again."""

import asyncio
import os
import shutil
import socket
import time
from collections.abc import Awaitable, Callable
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from nursery import NURSERY, be_spark, open_nursery
from stores import DATA_KEYS

ROOT = Path(__file__).parents[2]
TOKEN = "7000000002:any-token-of-this-form"
WEBHOOK_SECRETS = "whsec_of_the_chaos"
LOOK_EVERY = 0.02
TERM_SECONDS = 10.0


async def until(met: Callable[[], Awaitable[bool]], what: str, *, within: float) -> None:
    """Returns once the condition is met; fails with `what` after so many seconds."""
    try:
        async with asyncio.timeout(within):
            while not await met():  # noqa: ASYNC110 - what is awaited happens in another process
                await asyncio.sleep(LOOK_EVERY)
    except TimeoutError:
        raise AssertionError(f"not within {within} s: {what}") from None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def write_config(folder: Path, change: Callable[[dict[str, Any]], None] | None = None) -> Path:
    """The shipped configuration, changed where a test needs it."""
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    if change is not None:
        change(config)
    # what it includes stands beside it
    shutil.copytree(ROOT / "flows", folder / "flows", dirs_exist_ok=True)
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    return path


class Process:
    """A command that can be killed and started again; its words go to a file."""

    def __init__(self, name: str, folder: Path, command: list[str], environ: dict[str, str], url: str) -> None:
        self.url = url
        self.log = folder / f"{name}.log"
        self._name = name
        self._folder = folder
        self._command = command
        self._environ = environ
        self._process: ForkServerProcess | None = None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.is_alive()

    def start(self) -> None:
        open_nursery()
        given = (self._command, self._environ, str(self._folder), str(self.log))
        self._process = NURSERY.Process(target=be_spark, args=given, daemon=True)
        self._process.start()

    async def done(self, *, within: float) -> int | None:
        """Its exit code; None when it has not ended by then."""
        assert self._process is not None
        await asyncio.to_thread(self._process.join, within)
        return self._process.exitcode

    async def answers(self, path: str, *, within: float = 40) -> None:
        """Returns once GET `path` is a 200; fails at once when the process has ended by itself."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:

            async def met() -> bool:
                assert self.is_running, f"{self._name} ended by itself:\n{self.last_words()}"
                try:
                    async with session.get(self.url + path) as answer:
                        return answer.status == 200
                except (aiohttp.ClientError, TimeoutError):
                    return False

            await until(met, f"{self._name} answers {path}:\n{self.last_words()}", within=within)

    async def ready(self) -> None:
        await self.answers("/health/ready")

    def kill(self) -> None:
        """SIGKILL: no code of the process runs after this."""
        if self._process is not None:
            self._process.kill()
            self._process.join()

    async def terminate(self) -> tuple[int, float]:
        """SIGTERM; returns the exit code and how many seconds it took. Fails after twice the time allowed."""
        assert self._process is not None
        begun = time.monotonic()
        self._process.terminate()
        code = await self.done(within=2 * TERM_SECONDS)
        if code is None:
            self.kill()
            raise AssertionError(f"{self._name} outlived SIGTERM:\n{self.last_words()}")
        return code, time.monotonic() - begun

    def last_words(self, lines: int = 30) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""

    def complaints(self) -> list[str]:
        """What the process itself called an error."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return [line for line in lines if '"level":"error"' in line.replace(" ", "") or line.startswith("Traceback")]


class Stage:
    """One playground, one store, and the Spark processes of a test. Everything ends with it."""

    def __init__(
        self,
        folder: Path,
        *,
        config: Callable[[dict[str, Any]], None] | None = None,
        store_url: str | None = None,
        webhook: bool = False,
    ) -> None:
        self.folder = folder
        self.store_url = store_url or f"sqlite:///{folder / 'spark.db'}"
        self._ports = [free_port() for _ in range(4)]
        self._config = write_config(folder, config)
        self._processes: list[Process] = []
        self.playground_url = f"http://127.0.0.1:{self._ports[0]}"
        self.app_url = f"http://127.0.0.1:{self._ports[1]}"
        outside = {name: value for name, value in os.environ.items() if not name.startswith("SPARK_")}
        self._environ = {
            **outside,
            "SPARK_TELEGRAM__TOKEN": TOKEN,
            "SPARK_TELEGRAM__BASE_URL": f"{self.playground_url}/telegram",
            "SPARK_STRIPE__SECRET_KEY": "sk_test_playground",
            "SPARK_STRIPE__API_BASE": f"{self.playground_url}/stripe",
            "SPARK_STRIPE__WEBHOOK_SECRETS": WEBHOOK_SECRETS,
            "SPARK_DATA_KEYS": DATA_KEYS[0],
            "SPARK_SECRET_KEY": "any-thirty-two-characters-or-more",
            "SPARK_STORE__URL": self.store_url,
            "SPARK_FILES__URL": (folder / "files").as_uri(),
            "SPARK_PUBLIC_URL": self.app_url,
            "SPARK_LOG__LEVEL": "WARNING",
        }
        if webhook:
            self._environ |= {"SPARK_TELEGRAM__INTAKE": "webhook", "SPARK_TELEGRAM__WEBHOOK_SECRET": "chaos-secret"}

    async def start_playground(self) -> None:
        command = ["playground", "--port", str(self._ports[0]), "--app", self.app_url]
        state = ["--state", str(self.folder / "playground.db")]
        playground = self._process("playground", [*command, *state], self._environ, self.playground_url)
        playground.start()
        await playground.answers("/playground/api/clock")

    async def add_creator(self, name: str, slug: str, telegram_id: int) -> None:
        given = ["--name", name, "--slug", slug, "--telegram-id", str(telegram_id)]
        command = ["creator", "add", *given, "--config", str(self._config)]
        adding = self._process(f"add-{slug}", command, self._environ, self.app_url)
        adding.start()
        assert await adding.done(within=60) == 0, adding.last_words()

    def spark(self, role: str = "all", *, number: int = 0) -> Process:
        """A `spark run`, not yet started; `number` 0 is the one that webhooks reach."""
        port = self._ports[1 + number]
        environ = {**self._environ, "SPARK_HTTP__PORT": str(port)}
        command = ["run", "--config", str(self._config), "--role", role]
        return self._process(f"spark-{role}-{number}", command, environ, f"http://127.0.0.1:{port}")

    def _process(self, name: str, command: list[str], environ: dict[str, str], url: str) -> Process:
        process = Process(name, self.folder, command, environ, url)
        self._processes.append(process)
        return process

    def end(self) -> None:
        for process in reversed(self._processes):
            process.kill()
