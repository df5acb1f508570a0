"""`spark`: the command line. Errors are one line on stderr that says how to mend it."""

import asyncio
import gc
import ipaddress
import logging
import sqlite3
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from app.account_commands import accounts
from kit import log
from kit.errors import Refusal

# the parent of all that is said of wrong usage; newer Typers carry a click of their own, without a public name
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]
FAILED = 1
BAD_USAGE = 2
_out = Console(highlight=False, emoji=False, soft_wrap=True)
_err = Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
creators = typer.Typer(no_args_is_help=True, help="Creators: whose business the bot is.")
cli.add_typer(creators, name="creator")
cli.add_typer(accounts, name="account")

Config = Annotated[Path | None, typer.Option("--config", help="The settings file; config.yaml when it is there.")]


def main() -> None:
    """The console script. Exit codes: 0 done, 1 it failed, 2 bad usage or bad config."""
    # what is imported stays: looking for garbage in it would be a quarter of each start
    gc.set_threshold(100_000)
    from app.config_file import BadConfig

    try:
        code = cli(standalone_mode=False)
    except _UsageError as error:
        _refuse(_usage(error), BAD_USAGE)
    except BadConfig as bad:
        _refuse(str(bad), BAD_USAGE)
    except Refusal as refusal:
        _refuse(str(refusal), BAD_USAGE if refusal.code == "bad_usage" else FAILED)
    except typer.Abort:
        _refuse("stopped", FAILED)
    except Exception as error:
        from sqlalchemy.exc import DBAPIError

        if not isinstance(error, OSError | DBAPIError | sqlite3.Error):
            raise
        # the last net; what is mended by a setting has been told by then in its own words
        logging.getLogger(__name__).debug("what ended the command", exc_info=True)
        told = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        _refuse(f"{type(error).__name__}: {told}; `spark doctor` asks whether all is well", FAILED)
    else:
        sys.exit(code if isinstance(code, int) else 0)


def _usage(error: Exception) -> str:
    """What is wrong with the words typed, and whose help tells more; nothing when the help itself was shown."""
    told = " ".join(error.format_message().split()) if hasattr(error, "format_message") else str(error)
    if not told:
        return ""
    command = getattr(getattr(error, "ctx", None), "command_path", "spark")
    return f"{command}: {told[0].lower()}{told[1:].rstrip('.')}; see {command} --help"


@cli.command()
def demo(
    *,
    host: Annotated[str, typer.Option(help="A loopback address.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8080,
    data: Annotated[Path, typer.Option(help="Where the demo keeps everything.")] = Path("data/demo"),
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin with an empty folder.")] = False,
    no_seed: Annotated[bool, typer.Option("--no-seed", help="Without the example creator.")] = False,
    config: Config = None,
) -> None:
    """Try Spark on this machine, no accounts needed."""
    _only_loopback(host)
    from app.demo import Demo, DemoOptions, log_level

    options = DemoOptions(host, port, data, fresh, not no_seed, config)
    log.set_up(level=log_level())

    async def running() -> None:
        await Demo(options, announce=lambda: _welcome(options.address)).run()

    asyncio.run(running())


@cli.command()
def run(
    *,
    config: Config = None,
    role: Annotated[str, typer.Option(help="all, web (webhooks and API) or worker (engine and polling).")] = "all",
) -> None:
    """Run the bot: the real thing."""
    from app.parts import Role
    from app.process import Spark
    from app.settings import load

    if role not in set(Role):
        _refuse(f"--role {role} is not one of {', '.join(Role)}", BAD_USAGE)
    loaded = load(config)
    log.set_up(level=loaded.settings.log.level)
    logger = log.get_logger(__name__)
    for disabled in loaded.disabled:
        for problem in disabled.problems:
            logger.warning("left out until mended", kind=disabled.kind, problem=str(problem))
    for problem in loaded.problems:
        logger.warning("setting ignored", problem=str(problem))

    async def running() -> None:
        from kit.clock import SystemClock

        await Spark(loaded, SystemClock(), role=Role(role)).run()

    asyncio.run(running())


@cli.command()
def playground(
    *,
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8090,
    app: Annotated[str, typer.Option(help="Where Spark listens.")] = "http://127.0.0.1:8080",
    state: Annotated[
        Path | None, typer.Option(help="A file to keep everything in; none forgets it at the end.")
    ] = None,
) -> None:
    """The stand-ins of Telegram and Stripe alone, so that `spark run` can be tried, killed and restarted."""
    from app.playground import serve_playground

    log.set_up(level="WARNING")
    asyncio.run(serve_playground(port, app.rstrip("/"), state, announce=lambda told: _out.print(told, markup=False)))


@cli.command()
def check(*, config: Config = None) -> None:
    """Check the settings, flows and funnels: file:line: key: what is wrong."""
    from app.config_check import report

    code, lines = report(config)
    for line in lines:
        (_err if code else _out).print(line, markup=False)
    raise typer.Exit(code)


@cli.command()
def plan(*, config: Config = None) -> None:
    """What the funnels of the file would mean for those who are under way; changes nothing."""
    from app.planning import plan_store

    for line in asyncio.run(plan_store(config)):
        _out.print(line, markup=False)


@cli.command("apply")
def apply_funnels(
    *,
    policy: Annotated[
        str,
        typer.Option(
            help="keep: they end with the wording they began with; move: they go on in the new one; move-or-end."
        ),
    ],
    funnel: Annotated[
        list[str] | None, typer.Option(help="Only this one, as CREATOR/FUNNEL; may be given several times.")
    ] = None,
    config: Config = None,
) -> None:
    """Let the funnels of the file be the present ones, and those under way stay, move or end. Can be done again."""
    from app.planning import apply_store
    from domain.funnels.moving import Policy

    if policy not in set(Policy):
        _refuse(f"--policy {policy} is not one of {', '.join(Policy)}", BAD_USAGE)
    told = apply_store(config, Policy(policy), funnel or (), tell=lambda line: _err.print(line, markup=False))
    for line in asyncio.run(told):
        _out.print(line, markup=False)


@cli.command()
def simulate(
    funnel: Annotated[
        str | None, typer.Argument(help="FUNNEL or CREATOR/FUNNEL; without one, all that is under way or begins.")
    ] = None,
    *,
    lead: Annotated[int | None, typer.Option(min=1, help="This lead, as they stand.")] = None,
    sample: Annotated[int | None, typer.Option(min=1, help="So many of the leads, spread over all of them.")] = None,
    ghost: Annotated[bool, typer.Option("--ghost", help="A lead who comes just now; so it is with neither.")] = False,
    days: Annotated[int, typer.Option(min=1, help="How far to look ahead.")] = 30,
    creator: Annotated[str | None, typer.Option(help="Whose, by their slug.")] = None,
    language: Annotated[str, typer.Option(help="en or de.")] = "en",
    config: Config = None,
) -> None:
    """Show what would be sent when, and why not: on a virtual clock against the real store, sending nothing."""
    from app.foresight import simulate_store

    if (lead is not None) + (sample is not None) + ghost > 1:
        _refuse("--lead, --sample and --ghost exclude each other", BAD_USAGE)
    told = simulate_store(config, funnel, creator=creator, lead=lead, sample=sample or 0, days=days, language=language)
    for line in asyncio.run(told):
        _out.print(line, markup=False)


@cli.command("why")
def tell_why(
    *,
    lead: Annotated[int, typer.Option(min=1, help="Whose number stands on their card.")],
    funnel: Annotated[str | None, typer.Option(help="Only of this one.")] = None,
    most: Annotated[int, typer.Option(min=1, max=10_000, help="So many of the latest decisions.")] = 200,
    language: Annotated[str, typer.Option(help="en or de.")] = "en",
    config: Config = None,
) -> None:
    """Show every decision about a lead that is kept: what was decided, by which rule and version, and what it saw."""
    from app.foresight import why_store

    for line in asyncio.run(why_store(config, lead, funnel=funnel, most=most, language=language)):
        _out.print(line, markup=False)


@cli.command()
def migrate(*, config: Config = None) -> None:
    """Bring the store to the newest schema; `run` and `demo` do it by themselves."""
    from app.operate import migrate_store

    asyncio.run(migrate_store(config))
    _out.print("the store has the newest schema")


@cli.command()
def reseal(*, config: Config = None) -> None:
    """Seal everything under the first of SPARK_DATA_KEYS, while Spark runs; the older keys can be dropped then."""
    from app.operate import reseal_store

    done = asyncio.run(reseal_store(config, tell=lambda count: _err.print(f"{count} …", markup=False)))
    _out.print(f"{done} values were sealed anew; everything is under the first key")


@cli.command()
def doctor(*, config: Config = None) -> None:
    """Ask Telegram, Stripe, the store and the clock whether all is well."""
    from app.doctor import examine

    findings = asyncio.run(examine(config))
    for finding in findings:
        mark = "ok " if finding.well else "BAD"
        (_out if finding.well else _err).print(f"{mark} {finding.what}: {finding.told}", markup=False)
    raise typer.Exit(0 if all(finding.well for finding in findings) else FAILED)


@creators.command("add")
def creator_add(
    *,
    name: Annotated[str, typer.Option(help="As people shall read it.")],
    slug: Annotated[str, typer.Option(help="Short, for links and config.yaml: lower-case letters, digits, hyphens.")],
    email: Annotated[str | None, typer.Option()] = None,
    telegram_id: Annotated[
        int | None, typer.Option(min=1, help="The creator's own Telegram id, if it is known.")
    ] = None,
    config: Config = None,
) -> None:
    """Add a creator, with a one-time link that binds their Telegram."""
    from app.operate import add_creator_to_store

    for line in asyncio.run(add_creator_to_store(config, name=name, slug=slug, email=email, telegram_id=telegram_id)):
        _out.print(line, markup=False)


@creators.command("link")
def creator_link(
    *, slug: Annotated[str, typer.Option(help="Whose; `spark creator list` shows them.")], config: Config = None
) -> None:
    """Make a fresh one-time link that binds a creator's Telegram, when it was lost or the Telegram id was wrong."""
    from app.operate import link_creator_of_store

    for line in asyncio.run(link_creator_of_store(config, slug=slug)):
        _out.print(line, markup=False)


@creators.command("list")
def creator_list(*, config: Config = None) -> None:
    """Show the creators of this store."""
    from app.operate import list_creators_of_store

    for line in asyncio.run(list_creators_of_store(config)):
        _out.print(line, markup=False)


def _only_loopback(host: str) -> None:
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        _refuse(f"--host {host}: the demo has no locks on its doors, so it listens on 127.0.0.1 only", BAD_USAGE)


def _refuse(message: str, code: int) -> None:
    if message:
        _err.print(message, markup=False)
    raise SystemExit(code)


def _welcome(address: str) -> None:
    _out.print(
        f"""
Spark is running. Open the chat page: {address}/playground

  1  As Lena, tap the deep link [bold]ad42[/bold], answer the questions, get the guide.
  2  /shop, buy the preset pack, pay on the checkout page; the file arrives in the chat. /library keeps it.
  3  As Cora, the creator, see the lead and the sale. Try
     /product add "Sound pack" 9.00 usd stock=20    /product list
     /idea add Studio tour #video !high             /idea list
     /leads    /lead 1    /export    /link flow book-session "Instagram bio"
     /funnels    /funnels simulate welcome 1    /broadcast all Hello!    /stats
  4  Skip a day: the follow-up arrives. Leave a checkout unpaid and skip an hour: the reminder does.

Ctrl-C stops it; everything is kept until `spark demo --fresh`.""",
    )
