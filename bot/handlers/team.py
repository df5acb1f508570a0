"""`/team`: who acts for a creator and what they may, in one line or by buttons; inviting somebody, and leaving."""

from collections.abc import Collection

from telegram import CallbackQuery

from bot.handlers.edits import edit
from bot.handlers.lead_access import read_number
from bot.handlers.team_screens import (
    RIGHTS,
    invite_screen,
    leave_screen,
    mask_of,
    member_screen,
    remove_screen,
    rights_of,
    rights_told,
    team_screen,
)
from bot.numbers import read_id
from bot.replies import TapReply
from bot.turn import Turn
from domain.invitations import Joined, accept_as_person, invite_to_team, revoke_invitation
from domain.messages.catalogue import say
from domain.messages.plain import Message
from domain.outbox import tell_creator
from domain.teams import find_member, give_rights, remove_member
from kit.text import shorten
from store.models import Account, Creator, Right

NAME_LENGTH = 64
_FOR = frozenset({"for", "für"})


async def team(turn: Turn, arguments: str) -> None:
    """`/team`, `/team invite manage send for Noor`, `/team rights 3 view`, `/team owner 3`, `/team remove 3`."""
    creator = await turn.as_creator()
    words = arguments.split()
    match [words[0].lower(), *words[1:]] if words else []:
        case [] | ["list"]:
            turn.send(await team_screen(turn, creator))
        case ["invite"]:
            turn.send(invite_screen(turn, creator, frozenset()))
        case ["invite", *told]:
            rights, note = _read_invited(turn, told)
            await _invite(turn, creator, rights, note)
        case ["rights", number, *told] if told:
            await _change(turn, creator, _member(turn, number), _read_rights(turn, told))
        case ["owner", number]:
            await _change(turn, creator, _member(turn, number), frozenset(), owner=True)
        case ["remove", number]:
            turn.send(await remove_screen(turn, creator, _member(turn, number)))
        case ["revoke", number]:
            await _revoke(turn, creator, _member(turn, number))
        case ["leave"]:
            turn.send(leave_screen(turn, creator))
        case _:
            raise turn.refusal("team-form")


async def tap(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`team:list:CREATOR`, `leave:CREATOR`, `leave:CREATOR:yes`, `invite:CREATOR:MASK`, `make:CREATOR:MASK`,
    `member:CREATOR:ACCOUNT`, `right:CREATOR:ACCOUNT:RIGHT`, `remove:CREATOR:ACCOUNT`, `gone:…`, `revoke:CREATOR:ID`.
    """
    what, number, *rest = arguments
    creator = await turn.as_creator(read_id(number))
    turn.replies.append(TapReply(query_id=query.id))
    match what, rest:
        case "make", [mask]:
            await _invite(turn, creator, rights_of(read_id(mask)), "")
        case "revoke", [invitation]:
            await _revoke(turn, creator, read_id(invitation))
        case _:
            edit(turn, query, await _screen(turn, creator, what, rest))


async def _screen(turn: Turn, creator: Creator, what: str, rest: list[str]) -> Message:
    """What the message becomes, once that is done which the button says."""
    match what, rest:
        case "list", []:
            return await team_screen(turn, creator)
        case "leave", []:
            return leave_screen(turn, creator)
        case "leave", ["yes"]:
            return await _leave(turn, creator)
        case "invite", [mask]:
            return invite_screen(turn, creator, rights_of(read_id(mask)))
        case "member", [account]:
            return member_screen(turn, creator, await find_member(turn.session, creator.id, read_id(account)))
        case "right", [account, right] if right in RIGHTS:
            return await _flip(turn, creator, read_id(account), Right(right))
        case "remove", [account]:
            return await remove_screen(turn, creator, read_id(account))
        case "gone", [account]:
            return await _remove(turn, creator, read_id(account))
    raise turn.refusal("not-understood")


async def join(turn: Turn, payload: str) -> None:
    """Somebody came by the link of an invitation."""
    joined = await accept_as_person(turn.session, turn.person, payload, now=turn.now)
    if joined.creator is None:
        turn.say(f"joined-as-{joined.role}")
    else:
        turn.say("team-joined", creator=joined.creator.name, rights=rights_told(joined.rights, turn.person.speaks))
        await _tell_owners(turn, joined, joined.creator)
    await turn.show_menu()


async def _tell_owners(turn: Turn, joined: Joined, creator: Creator) -> None:
    name = shorten(turn.person.first_name, NAME_LENGTH)

    def told(language: str) -> Message:
        return Message(text=say("team-joined-told", language, name=name, rights=rights_told(joined.rights, language)))

    key = f"team-joined:{creator.id}:{turn.person.id}:{turn.now.isoformat()}"
    await tell_creator(turn.session, told, key=key, creator_id=creator.id, now=turn.now, alone=True)


async def _invite(turn: Turn, creator: Creator, rights: Collection[Right], note: str) -> None:
    account = await _own_account(turn)
    made = await invite_to_team(turn.session, creator.id, account.id, rights, note=note, now=turn.now)
    url = f"{turn.facts.link()}?start={made.payload}"
    told = rights_told(rights_of(mask_of(made.invitation.rights)), turn.person.speaks)
    turn.say("team-invite", creator=creator.name, rights=told, url=url)


async def _change(
    turn: Turn, creator: Creator, account_id: int, rights: Collection[Right], *, owner: bool = False
) -> None:
    changed = await give_rights(turn.session, creator.id, account_id, rights, owner=owner, now=turn.now)
    turn.send(member_screen(turn, creator, changed))


async def _flip(turn: Turn, creator: Creator, account_id: int, right: Right) -> Message:
    """The last right of somebody is not taken by a tap: they are taken out of the team."""
    member = await find_member(turn.session, creator.id, account_id)
    if not member.owner:
        changed = member.rights ^ {right}
        member = await give_rights(turn.session, creator.id, account_id, changed, now=turn.now)
    return member_screen(turn, creator, member)


async def _remove(turn: Turn, creator: Creator, account_id: int) -> Message:
    member = await find_member(turn.session, creator.id, account_id)
    await remove_member(turn.session, creator.id, account_id, now=turn.now)
    return Message(text=turn.words("team-removed", name=shorten(member.name, NAME_LENGTH)))


async def _leave(turn: Turn, creator: Creator) -> Message:
    account = await _own_account(turn)
    await remove_member(turn.session, creator.id, account.id, now=turn.now)
    await turn.show_menu()
    return Message(text=turn.words("team-left", creator=creator.name))


async def _revoke(turn: Turn, creator: Creator, invitation_id: int) -> None:
    await revoke_invitation(turn.session, creator.id, invitation_id, now=turn.now)
    turn.say("team-revoked", number=invitation_id)


async def _own_account(turn: Turn) -> Account:
    account = await turn.account()
    if account is None:
        raise turn.refusal("creators-only")
    return account


def _member(turn: Turn, text: str) -> int:
    number = read_number(text)
    if number is None:
        raise turn.refusal("team-form")
    return number


def _read_invited(turn: Turn, words: list[str]) -> tuple[frozenset[Right], str]:
    """The rights, and after `for` whom it is for."""
    at = next((place for place, word in enumerate(words) if word.lower() in _FOR), len(words))
    return _read_rights(turn, words[:at]), " ".join(words[at + 1 :])


def _read_rights(turn: Turn, words: list[str]) -> frozenset[Right]:
    """As they are called here or in the reader's language. Raises Said."""
    named = {turn.words(f"right-{each}").lower(): each for each in Right} | {each.value: each for each in Right}
    told = [word.lower().strip(",") for word in words]
    if not told or any(word not in named for word in told):
        raise turn.refusal("team-form")
    return frozenset(named[word] for word in told)
