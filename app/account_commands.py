"""`spark account …`: what an operator does with accounts."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

accounts = typer.Typer(no_args_is_help=True, help="People who sign in: administrators, agents, and all others.")
_out = Console(highlight=False, emoji=False, soft_wrap=True)
Config = Annotated[Path | None, typer.Option("--config", help="The settings file; config.yaml when it is there.")]
_ROLES = ("admin", "agent", "brand", "buyer")


@accounts.command("add")
def account_add(
    *,
    role: Annotated[str, typer.Option(help="admin, agent, brand or buyer; creators by `spark creator add`.")],
    name: Annotated[str | None, typer.Option(help="Who it is, for others.")] = None,
    email: Annotated[str | None, typer.Option(help="What they sign in with; you vouch that it is theirs.")] = None,
    telegram_id: Annotated[int | None, typer.Option(min=1, help="Their own Telegram id, if it is known.")] = None,
    config: Config = None,
) -> None:
    """Add an account, with one-time links: to bind their Telegram, and to set the password."""
    from app.operate_accounts import add_account_to_store
    from app.parts import BadUsage
    from store.models import Role

    if role not in _ROLES:
        told = f"--role {role}: use {', '.join(_ROLES)}; a creator is added by `spark creator add`"
        raise BadUsage(f"spark account add: {told}; see spark account add --help")
    if email is None and role != "admin":
        raise BadUsage("spark account add: without --email nobody could sign in; see spark account add --help")
    lines = add_account_to_store(config, role=Role(role), name=name, email=email, telegram_id=telegram_id)
    for line in asyncio.run(lines):
        _out.print(line, markup=False)


@accounts.command("password")
def account_password(
    *, email: Annotated[str, typer.Option(help="Whose account it is.")], config: Config = None
) -> None:
    """Make a one-time link by which somebody sets another password, when theirs was lost."""
    from app.operate_accounts import link_password_of_store

    for line in asyncio.run(link_password_of_store(config, email=email)):
        _out.print(line, markup=False)
