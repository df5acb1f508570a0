from datetime import timedelta

from bot.turn import Turn
from kit.tokens import AUDIENCE, ISSUER, sign_access_token

TOKEN_LIFETIME = timedelta(minutes=15)


async def help_(turn: Turn, _arguments: str) -> None:
    turn.say("help")
    own = await turn.own_creator()
    if own is not None:
        turn.say("help-creator", creator=own.name)


async def privacy(turn: Turn, _arguments: str) -> None:
    turn.say("privacy", creator=(await turn.creator()).name)


async def terms(turn: Turn, _arguments: str) -> None:
    turn.say("terms", creator=(await turn.creator()).name)


async def paysupport(turn: Turn, _arguments: str) -> None:
    turn.say("paysupport", creator=(await turn.creator()).name)


async def token(turn: Turn, _arguments: str) -> None:
    """A short-lived access token for scripts, for those who act for a creator."""
    await turn.as_creator()
    account = await turn.account()
    if account is None:
        raise turn.refusal("creators-only")
    signed = sign_access_token(
        turn.facts.access_key,
        account_id=account.id,
        issuer=ISSUER,
        audience=AUDIENCE,
        now=turn.now,
        lifetime=TOKEN_LIFETIME,
    )
    turn.say("token", token=signed, account=account.id, minutes=int(TOKEN_LIFETIME.total_seconds() // 60))
