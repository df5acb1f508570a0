"""How whoever writes to the bot stands to a creator and to the instance, by the active account bound to them."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, String, and_, cast, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.access import RULES, Act, Standing, read_rights
from store.models import Account, AccountState, Membership


async def standing_of_person(session: AsyncSession, person_id: int, creator_id: int) -> Standing | None:
    """None for whoever does not act for that creator, or whose account is not active."""
    rows = await session.execute(
        select(Membership.owner, Membership.rights)
        .join(Account, Account.id == Membership.account_id)
        .where(
            Account.person_id == person_id, Account.state == AccountState.ACTIVE, Membership.creator_id == creator_id
        )
    )
    row = rows.one_or_none()
    return None if row is None else Standing(creator_id, row.owner, read_rights(row.rights))


def members_who_may(*acts: Act) -> ColumnElement[bool]:
    """Of rows of Membership joined to their Account: those of active accounts who may do any of these."""
    rights = {right for act in acts for right in RULES[act].enough}
    # as both stores write a list of words
    kept = cast(Membership.rights, String)
    return and_(
        Account.state == AccountState.ACTIVE, or_(Membership.owner, *(kept.contains(f'"{each}"') for each in rights))
    )


async def may_as_person(session: AsyncSession, person_id: int, act: Act) -> bool:
    """Whether somebody's role lets them do what is nobody's business but the instance's."""
    account = await session.scalar(
        select(Account).where(Account.person_id == person_id, Account.state == AccountState.ACTIVE)
    )
    roles = RULES[act].roles
    return account is not None and roles is not None and account.role in roles


@dataclass(frozen=True, slots=True)
class Reader:
    """What a person is to a creator's reviews and tickets: one of their people, or whoever looks after the instance."""

    team: Standing | None
    admins: bool

    @property
    def creators(self) -> bool:
        return self.team is not None and self.team.may(Act.SEE_BUSINESS)

    @property
    def sees_all(self) -> bool:
        """Also what is hidden; to hide it is for those who look after the instance alone."""
        return self.creators or self.admins

    def may(self, act: Act) -> bool:
        return self.team is not None and self.team.may(act)


async def reader_of(session: AsyncSession, person_id: int, creator_id: int) -> Reader:
    return Reader(
        await standing_of_person(session, person_id, creator_id),
        await may_as_person(session, person_id, Act.LOOK_AFTER_INSTANCE),
    )
