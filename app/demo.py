"""`spark demo`: everything on this machine, with the playground in the place of Telegram and Stripe."""

import os
import secrets
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import aiohttp
from aiohttp import web
from pydantic import ValidationError

from app.config_file import BadConfig
from app.lock import StoreLock
from app.parts import CannotStart
from app.process import Spark
from app.seed import seed_demo
from app.settings import Loaded, Log, load
from domain.explaining import explain
from kit.clock import MovableClock
from kit.yaml_text import Problem
from playground.server import Playground

BOT_TOKEN = "7000000001:playground-bot-token-of-the-demo"  # noqa: S105 - not a secret: for the playground on loopback
STRIPE_KEY = "sk_test_playground"
WEBHOOK_SECRET = "whsec_playground"  # noqa: S105 - not a secret: the playground's signing key
SEEDED_CREATOR = 1001
_MARK = ".spark-demo"
_STORE = "spark.db"
_LEVEL = "SPARK_LOG__LEVEL"


@dataclass(frozen=True)
class DemoOptions:
    host: str
    port: int
    data: Path
    fresh: bool
    seed: bool
    config: Path | None

    @property
    def address(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


class Demo:
    """The app and the playground in one process, each reaching the other over HTTP alone."""

    def __init__(self, options: DemoOptions, *, announce: Callable[[], None]) -> None:
        self._options = options
        self._announce = announce
        self._is_new = False
        _prepare_folder(options)
        clock = MovableClock()
        state = options.data / "playground.db"
        try:
            self.playground = Playground(
                app_url=options.address,
                public_url=options.address,
                state_path=state,
                clock=clock,
                traveller=self,
            )
        except (sqlite3.Error, OSError) as error:
            raise CannotStart(f"{state} cannot be used ({error}); begin anew with --fresh") from error
        self.loaded = _settings(options)
        self.spark = Spark(self.loaded, clock, companion=self)

    async def run(self) -> None:
        """Runs until SIGTERM or SIGINT."""
        await self.spark.run()

    def mount(self, application: web.Application) -> None:
        self.playground.mount(application)
        application.router.add_get("/playground/", _to_the_page)

    async def start(self) -> None:
        await self.playground.start()

    async def prepare(self, app: Spark) -> None:
        settings = self.loaded.settings
        slug = settings.telegram.default_creator
        config = settings.creators.get(slug or "")
        if self._options.seed and slug is not None and config is not None:
            self._is_new = await seed_demo(
                app.database,
                app.files,
                slug,
                config,
                bot_id=app.intake.bot_id,
                telegram_id=SEEDED_CREATOR,
                now=app.clock(),
            )

    async def ready(self) -> None:
        if self._is_new:
            # a bot may not write first: https://core.telegram.org/bots/features#what-features-do-bots-have
            await _say(self._options.address, SEEDED_CREATOR, "/start")
            await _open_channel(self._options.address)
        self._announce()

    async def stop(self) -> None:
        await self.playground.stop()

    async def next_due(self) -> datetime | None:
        return await self.spark.next_due()

    async def settle(self) -> None:
        await self.spark.settle()


async def _say(address: str, person: int, text: str) -> None:
    """As that person would in the chat page."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{address}/playground/api/people/{person}/messages", json={"text": text}) as answer,
    ):
        answer.raise_for_status()


async def _open_channel(address: str) -> None:
    """A channel of the creator's in which the bot may let people, for the product that sells a way into one."""
    rights = {"can_invite_users": True, "can_restrict_members": True}
    async with aiohttp.ClientSession(f"{address}/playground/api/", raise_for_status=True) as session:
        made = {"type": "channel", "title": "Inner circle", "owner": SEEDED_CREATOR}
        async with session.post("chats", json=made) as answer:
            chat = await answer.json()
        member = {"status": "administrator", "rights": rights}
        async with session.put(f"chats/{chat['id']}/members/bot", json=member):
            return


async def _to_the_page(request: web.Request) -> web.Response:
    raise web.HTTPFound("/playground")


def _prepare_folder(options: DemoOptions) -> None:
    """The demo's own folder; with `fresh`, an empty one. Raises CannotStart for a folder that is not the demo's."""
    data, mark = options.data, options.data / _MARK
    try:
        if options.fresh and data.exists():
            if not mark.exists() and any(data.iterdir()):
                raise CannotStart(f"--fresh would empty {data}, which is not a demo's folder; name another with --data")
            lock = StoreLock(data / _STORE)
            lock.take()
            lock.free()
            shutil.rmtree(data)
        data.mkdir(parents=True, exist_ok=True)
        mark.touch()
    except OSError as error:
        raise CannotStart(f"cannot write to {data} ({error.strerror}); name another folder with --data") from error


def log_level() -> str:
    """The demo's own unless it is told. Raises BadConfig, before anything is emptied, for one that is none."""
    try:
        return Log(level=os.environ.get(_LEVEL) or "WARNING").level
    except ValidationError as error:
        raise BadConfig(Problem("environment", None, _LEVEL, said) for _, said in explain(error, Log)) from None


def _settings(options: DemoOptions) -> Loaded:
    """The shipped configuration, pointed at the playground; what is set for a real bot stays out of it."""
    key_file = options.data / "secret_key"
    if not key_file.exists():
        key_file.write_text(secrets.token_urlsafe(48))
        key_file.chmod(0o600)
    ours = {
        "SPARK_TELEGRAM__TOKEN": BOT_TOKEN,
        "SPARK_TELEGRAM__BASE_URL": f"{options.address}/telegram",
        "SPARK_STRIPE__SECRET_KEY": STRIPE_KEY,
        "SPARK_STRIPE__WEBHOOK_SECRETS": WEBHOOK_SECRET,
        "SPARK_STRIPE__API_BASE": f"{options.address}/stripe",
        "SPARK_STRIPE__SUCCESS_URL": f"{options.address}/playground",
        "SPARK_STORE__URL": f"sqlite:///{options.data.absolute() / _STORE}",
        "SPARK_FILES__URL": (options.data.absolute() / "files").as_uri(),
        "SPARK_SECRET_KEY_FILE": str(key_file.absolute()),
        "SPARK_PUBLIC_URL": options.address,
        "SPARK_ACCOUNTS__SELF_REGISTER": "buyer,creator,brand",
        # several people try it from one machine
        "SPARK_RATES__SIGN_IN": "300",
        "SPARK_RATES__PUBLIC": "6000",
        "SPARK_RATES__USUAL": "60000",
        "SPARK_RATES__HEAVY": "600",
        "SPARK_HTTP__HOST": options.host,
        "SPARK_HTTP__PORT": str(options.port),
        _LEVEL: log_level(),
    }
    return load(options.config or _shipped_config(), ours)


def _shipped_config() -> Path | None:
    """config.yaml here, else the one that came with Spark."""
    for folder in (Path(), Path(__file__).parent.parent):
        if (folder / "config.yaml").exists():
            return folder / "config.yaml"
    return None
