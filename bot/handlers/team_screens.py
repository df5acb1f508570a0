"""What `/team` shows: who is in it, what each may, and what an invitation would give."""

from collections.abc import Callable, Collection

from bot.turn import Turn
from domain.access import Act, read_rights
from domain.invitations import list_invitations
from domain.messages.catalogue import plain
from domain.messages.plain import Button, Message
from domain.teams import Member, find_member, list_members
from kit.paging import MOST, Paging
from kit.text import shorten
from store.models import AccountState, Creator, Invitation, Right

RIGHTS = frozenset(Right)
NAME_LENGTH = 64
LABEL_LENGTH = 40
IN_A_ROW = 2
# more members and invitations than this are there by the API
SHOWN = Paging(MOST)
Row = tuple[Button, ...]


def rights_told(rights: Collection[Right], language: str) -> str:
    return ", ".join(plain(f"right-{each}", language) for each in Right if each in rights)


def mask_of(rights: Collection[object]) -> int:
    """Rights as one number, for a button."""
    given = read_rights(rights)
    return sum(1 << place for place, each in enumerate(Right) if each in given)


def rights_of(mask: int) -> frozenset[Right]:
    return frozenset(each for place, each in enumerate(Right) if mask >> place & 1)


async def team_screen(turn: Turn, creator: Creator) -> Message:
    """Open invitations are for those who may make them."""
    members = await list_members(turn.session, creator.id, SHOWN)
    lines = [turn.words("team-title", creator=creator.name), *(_line(turn, each) for each in members.items)]
    buttons = [
        Button(text=shorten(each.name, LABEL_LENGTH) or str(each.account_id), data=_data("member", creator, each))
        for each in members.items
    ]
    rows: list[Row] = [tuple(buttons[at : at + IN_A_ROW]) for at in range(0, len(buttons), IN_A_ROW)]
    if await turn.may(Act.LEAD_TEAM, creator.id):
        open_ones = await list_invitations(turn.session, creator.id, SHOWN, open_only=True, now=turn.now)
        lines += [_invited(turn, each) for each in open_ones.items]
        lines += ["", turn.words("team-form")]
        rows += [
            (Button(text=turn.words("team-button-revoke", number=each.id), data=f"team:revoke:{creator.id}:{each.id}"),)
            for each in open_ones.items
        ]
    rows.append((Button(text=turn.words("team-button-invite"), data=f"team:invite:{creator.id}:0"),))
    rows.append((Button(text=turn.words("team-button-leave"), data=f"team:leave:{creator.id}"),))
    return Message(text="\n".join(lines), buttons=tuple(rows))


def member_screen(turn: Turn, creator: Creator, member: Member) -> Message:
    key = "team-member-owner" if member.owner else "team-member"
    told = {"name": shorten(member.name, NAME_LENGTH), "number": member.account_id}
    text = turn.words(key, rights=rights_told(member.rights, turn.person.speaks), **told)
    rows: list[Row] = [] if member.owner else _switches(turn, member.rights, lambda each: _flip(creator, member, each))
    rows.append((Button(text=turn.words("team-button-remove"), data=_data("remove", creator, member)),))
    return Message(text=text, buttons=(*rows, _back(turn, creator)))


def invite_screen(turn: Turn, creator: Creator, rights: frozenset[Right]) -> Message:
    """Each right is a switch, and the link is made at the end."""
    rows = _switches(turn, rights, lambda each: f"team:invite:{creator.id}:{mask_of(rights ^ {each})}")
    if rights:
        rows.append((Button(text=turn.words("team-button-make"), data=f"team:make:{creator.id}:{mask_of(rights)}"),))
    return Message(text=turn.words("team-invite-which"), buttons=(*rows, _back(turn, creator)))


async def remove_screen(turn: Turn, creator: Creator, account_id: int) -> Message:
    member = await find_member(turn.session, creator.id, account_id)
    yes = Button(text=turn.words("team-button-remove-yes"), data=_data("gone", creator, member))
    asked = turn.words("team-remove-asked", name=shorten(member.name, NAME_LENGTH))
    return Message(text=asked, buttons=((yes,), _back(turn, creator)))


def leave_screen(turn: Turn, creator: Creator) -> Message:
    yes = Button(text=turn.words("team-button-leave-yes"), data=f"team:leave:{creator.id}:yes")
    return Message(text=turn.words("team-leave-asked", creator=creator.name), buttons=((yes,), _back(turn, creator)))


def _line(turn: Turn, member: Member) -> str:
    rights = turn.words("team-owner") if member.owner else rights_told(member.rights, turn.person.speaks)
    key = "team-line" if member.state is AccountState.ACTIVE else "team-line-inactive"
    return turn.words(key, number=member.account_id, name=shorten(member.name, NAME_LENGTH), rights=rights)


def _invited(turn: Turn, invitation: Invitation) -> str:
    told = {
        "number": invitation.id,
        "rights": rights_told(read_rights(invitation.rights), turn.person.speaks),
        "until": invitation.expires_at.date().isoformat(),
    }
    if invitation.note:
        return turn.words("team-invited-for", note=invitation.note, **told)
    return turn.words("team-invited", **told)


def _switches(turn: Turn, rights: Collection[Right], data: Callable[[Right], str]) -> list[Row]:
    buttons = [
        Button(text=f"{'✅' if each in rights else '▫️'} {turn.words(f'right-{each}')}", data=data(each))
        for each in Right
    ]
    return [tuple(buttons[at : at + IN_A_ROW]) for at in range(0, len(buttons), IN_A_ROW)]


def _flip(creator: Creator, member: Member, right: Right) -> str:
    return f"{_data('right', creator, member)}:{right}"


def _data(what: str, creator: Creator, member: Member) -> str:
    return f"team:{what}:{creator.id}:{member.account_id}"


def _back(turn: Turn, creator: Creator) -> Row:
    return (Button(text=turn.words("team-button-list"), data=f"team:list:{creator.id}"),)
