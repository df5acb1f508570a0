from bot.turn import Turn
from domain.leads import display_name
from domain.messages.catalogue import say
from domain.messages.plain import Message
from domain.outbox import tell_creator
from domain.signing_in import ACCESS_LIFETIME, begin_in_bot
from kit.text import shorten
from kit.tokens import AUDIENCE, ISSUER, sign_access_token

# leaves room for the words around it in one message
MOST_SAID = 3000


async def help_(turn: Turn, _arguments: str) -> None:
    turn.say("help")
    own = await turn.own_creator()
    if own is not None:
        turn.say("help-creator", creator=own.name)


async def paysupport(turn: Turn, arguments: str) -> None:
    """`/paysupport WHAT HAPPENED` reaches the creator; bare, it says how: https://core.telegram.org/bots/payments-stars"""
    creator = await turn.creator()
    if not arguments.strip():
        turn.say("paysupport", creator=creator.name)
        return
    lead, _ = await turn.lead(creator)
    name, text = await display_name(turn.session, lead), shorten(arguments.strip(), MOST_SAID)
    chat = turn.person.telegram_id

    def told(language: str) -> Message:
        return Message(
            text=say("paysupport-told", language, lead=name(language), number=lead.id, telegram=chat, text=text)
        )

    key = f"paysupport:{turn.person.id}:{turn.now.isoformat()}"
    await tell_creator(turn.session, told, key=key, creator_id=creator.id, lead_id=lead.id, now=turn.now)
    turn.say("paysupport-sent", creator=creator.name)


async def token(turn: Turn, _arguments: str) -> None:
    """A short-lived access token for scripts, for those who act for a creator."""
    await turn.as_creator()
    account = await turn.account()
    if account is None:
        raise turn.refusal("creators-only")
    sign_in_id = await begin_in_bot(turn.session, account, now=turn.now)
    signed = sign_access_token(
        turn.facts.access_key,
        account_id=account.id,
        sign_in_id=sign_in_id,
        issuer=ISSUER,
        audience=AUDIENCE,
        now=turn.now,
        lifetime=ACCESS_LIFETIME,
    )
    turn.say("token", token=signed, account=account.id, minutes=int(ACCESS_LIFETIME.total_seconds() // 60))
