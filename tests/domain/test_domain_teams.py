import pytest
from folk import NOW, a_creator, a_lead, a_person
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.access import Act
from domain.administration import move_account
from domain.chat_standings import may_as_person, standing_of_person
from domain.creators import add_creator, bind_by_payload, make_bind_payload
from domain.forgetting import forget_person
from domain.invitations import (
    InvitationOver,
    accept_as_person,
    accept_invitation,
    invite_as,
    invite_to_team,
)
from domain.messages.plain import Message
from domain.my_data import everything_about
from domain.outbox import tell_creator
from domain.signing_in import AccountSuspended, begin_session
from domain.teams import NoRights, find_member, give_rights, with_view
from kit.errors import Invalid
from store.database import Database
from store.models import (
    Account,
    AccountState,
    Creator,
    Invitation,
    Membership,
    OutboxMessage,
    Person,
    Profile,
    Right,
    Role,
    SignIn,
)


async def owner_of(session: AsyncSession, creator: Creator) -> int:
    owners = select(Membership.account_id).where(Membership.creator_id == creator.id, Membership.owner)
    return (await session.scalars(owners)).one()


async def a_member(session: AsyncSession, creator: Creator, telegram_id: int, *rights: Right) -> Person:
    person = await a_person(session, telegram_id, first_name=f"Helper {telegram_id}")
    invited = await invite_to_team(session, creator.id, await owner_of(session, creator), rights, note="Mia", now=NOW)
    await accept_as_person(session, person, invited.payload, now=NOW)
    return person


async def account_of(session: AsyncSession, person: Person) -> Account:
    return (await session.scalars(select(Account).where(Account.person_id == person.id))).one()


def told(_language: str) -> Message:
    return Message(text="Somebody bought")


async def test_whoever_comes_by_an_invitation_in_telegram_has_an_account_by_it(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        person = await a_member(session, creator, 3001, Right.SEND)
        account = await account_of(session, person)
        assert (account.name, account.role, account.email) == ("Helper 3001", Role.BUYER, None)
        member = await find_member(session, creator.id, account.id)
        assert (member.rights, member.owner, member.joined_at) == ({Right.VIEW, Right.SEND}, False, NOW)
        standing = await standing_of_person(session, person.id, creator.id)
        assert standing is not None
        assert standing.may(Act.SEND_BROADCASTS)
        assert not standing.may(Act.CHANGE_BROADCASTS)
        # one that was suspended comes in by nothing
        again = await invite_to_team(session, creator.id, await owner_of(session, creator), [Right.VIEW], now=NOW)
        await session.execute(update(Account).where(Account.id == account.id).values(state=AccountState.SUSPENDED))
        await session.refresh(account)
        with pytest.raises(AccountSuspended):
            await accept_as_person(session, person, again.payload, now=NOW)
        assert await standing_of_person(session, person.id, creator.id) is None


async def test_rights_are_read_as_they_stand_and_whoever_may_anything_may_look():
    assert with_view([Right.MONEY]) == ["view", "money"]
    assert with_view(list(Right)) == [each.value for each in Right]
    with pytest.raises(NoRights):
        with_view([])


async def test_binding_carries_rights_and_ownership_over(database: Database):
    async with database.transaction() as session:
        one, two = await a_creator(session), await a_creator(session, "two", telegram_id=1002)
        person = await a_member(session, one, 3001, Right.VIEW)
        # another account of theirs, which helps both
        made = await add_creator(session, name="Three", slug="three", now=NOW)
        session.add(Membership(account_id=made.account.id, creator_id=one.id, owner=False, rights=["view", "money"]))
        session.add(Membership(account_id=made.account.id, creator_id=two.id, owner=False, rights=["view", "send"]))
        await session.flush()
        await bind_by_payload(session, person, await make_bind_payload(session, made.account.id, now=NOW), now=NOW)
        theirs = (await account_of(session, person)).id
        stands = {
            each.creator_id: (each.owner, set(each.rights))
            for each in await session.scalars(select(Membership).where(Membership.account_id == theirs))
        }
    assert stands == {
        one.id: (False, {"view", "money"}),
        two.id: (False, {"view", "send"}),
        made.creator.id: (True, set()),
    }


async def test_a_notice_reaches_those_who_may_look_or_answer_and_owners_alone_where_it_is_theirs(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        people = {
            right: await a_member(session, creator, 3001 + place, right)
            for place, right in enumerate((Right.VIEW, Right.SUPPORT, Right.MONEY))
        }
        # what stood there before whoever may do anything could also look
        money = await account_of(session, people[Right.MONEY])
        await session.execute(update(Membership).where(Membership.account_id == money.id).values(rights=["money"]))
        gone = await a_member(session, creator, 3009, Right.VIEW)
        await move_account(session, (await account_of(session, gone)).id, AccountState.SUSPENDED, by=0, now=NOW)
        for key, alone in (("all", False), ("owner", True)):
            await tell_creator(session, told, key=key, creator_id=creator.id, now=NOW, alone=alone)
        rows = await session.execute(select(OutboxMessage.key, OutboxMessage.person_id))
        heard = [(row.key.partition(":")[0], row.person_id) for row in rows]
    owner = (await _person(database, 1001)).id
    assert {person for key, person in heard if key == "all"} == {
        owner,
        people[Right.VIEW].id,
        people[Right.SUPPORT].id,
    }
    assert [person for key, person in heard if key == "owner"] == [owner]


async def _person(database: Database, telegram_id: int) -> Person:
    async with database.reading() as session:
        return (await session.scalars(select(Person).where(Person.telegram_id == telegram_id))).one()


async def test_nobody_is_called_as_an_invitation_begins(database: Database):
    async with database.transaction() as session:
        with pytest.raises(Invalid):
            await add_creator(session, name="Join", slug="join", now=NOW)


async def test_an_invitation_in_a_role_is_taken_in_the_chat(database: Database):
    async with database.transaction() as session:
        root = Account(role=Role.ADMIN, name="Root", created_at=NOW)
        session.add(root)
        await session.flush()
        person = await a_person(session, 3001)
        invited = await invite_as(session, root.id, Role.AGENT, now=NOW)
        assert not await may_as_person(session, person.id, Act.LOOK_AFTER_INSTANCE)
        assert (await accept_as_person(session, person, invited.payload, now=NOW)).role is Role.AGENT
        assert await may_as_person(session, person.id, Act.LOOK_AFTER_INSTANCE)
        assert not await may_as_person(session, person.id, Act.LOOK_AFTER_ACCOUNTS)
        with pytest.raises(Invalid):
            await invite_as(session, root.id, Role.BUYER, now=NOW)
        # whoever asked is no administrator any more
        late = await invite_as(session, root.id, Role.ADMIN, now=NOW)
        await session.execute(update(Account).where(Account.id == root.id).values(role=Role.BUYER))
        with pytest.raises(InvitationOver):
            await accept_invitation(session, late.token, (await account_of(session, person)).id, now=NOW)


async def test_everything_about_somebody_holds_their_account_and_no_secret(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        person = await a_member(session, creator, 3001, Right.MONEY)
        account = await account_of(session, person)
        account.password_hash = "$argon2id$secret"
        await begin_session(session, account, way="password", agent="Firefox", address="192.0.2.7", now=NOW)
        session.add(Profile(account_id=account.id, bio="I colour films", updated_at=NOW))
        await session.flush()
        document = await everything_about(session, person)
    for known in (
        '"Firefox"',
        '"192.0.2.7"',
        '"I colour films"',
        '"Studio"',
        '"money"',
        '"Mia"',
        '"has_password": true',
    ):
        assert known in document, known
    assert "argon2id" not in document
    assert "digest" not in document


async def test_whoever_is_forgotten_has_no_account_any_more_unless_they_act_for_somebody(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        _, lena = await a_lead(session, creator)
        member = await a_member(session, creator, 3001, Right.VIEW)
        account = Account(role=Role.BUYER, name="Lena", email=None, person_id=lena.id, created_at=NOW)
        session.add(account)
        await session.flush()
        await begin_session(session, account, way="password", agent="Firefox", address="192.0.2.7", now=NOW)
        # what was said of whom it was for, while they helped
        invited = await invite_to_team(
            session, creator.id, await owner_of(session, creator), [Right.VIEW], note="Lena M.", now=NOW
        )
        await accept_as_person(session, lena, invited.payload, now=NOW)
        for person in (lena, member):
            await forget_person(session, person, now=NOW)
        assert (await account_of(session, lena)).state is AccountState.ACTIVE
        await session.execute(Membership.__table__.delete().where(Membership.account_id == account.id))
        account_id, invitation_id, people = account.id, invited.invitation.id, (lena.id, member.id)
        await forget_person(session, lena, now=NOW)
    async with database.reading() as session:
        gone = await session.get_one(Account, account_id)
        assert (gone.state, gone.name, gone.person_id) == (AccountState.DELETED, "", None)
        (sign_in,) = (await session.scalars(select(SignIn).where(SignIn.account_id == account_id))).all()
        assert (sign_in.agent, sign_in.address, sign_in.revoked_at) == ("", "", NOW)
        assert (await session.get_one(Invitation, invitation_id)).note == ""
        # whoever helps keeps their chat for that
        kept = await session.get_one(Person, people[1])
        assert (kept.telegram_id, kept.forgetting_at) == (3001, None)
        assert (await session.get_one(Person, people[0])).forgetting_at == NOW


async def test_whoever_was_banned_is_not_let_in_again_by_being_forgotten(database: Database):
    async with database.transaction() as session:
        person = await a_person(session, 3001)
        account = Account(role=Role.BUYER, name="Max", person_id=person.id, state=AccountState.BANNED, created_at=NOW)
        session.add(account)
        await session.flush()
        await forget_person(session, person, now=NOW)
        await session.refresh(account)
        assert (account.state, account.person_id) == (AccountState.BANNED, person.id)


async def test_an_owner_keeps_everything_whatever_rights_stand_there(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        person = await a_member(session, creator, 3001, Right.VIEW)
        account = await account_of(session, person)
        made = await give_rights(session, creator.id, account.id, [], owner=True, now=NOW)
        assert (made.owner, made.rights) == (True, frozenset(Right))
        back = await give_rights(session, creator.id, account.id, [Right.VIEW], now=NOW)
        assert (back.owner, back.rights) == (False, {Right.VIEW})
