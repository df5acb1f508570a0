"""`/api/v1/auth`: who one is, and the sessions in which one is signed in."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from domain.access import Act
from domain.accounts import AlreadyCreator, RegistrationClosed, upgrade_to_creator
from domain.creators import CreatorExists
from domain.signing_in import living_sessions, revoke, revoke_all
from domain.standings import standings_of
from kit.errors import Invalid, NotFound
from store.models import SignIn
from web.api.accounts import AccountItem
from web.api.auth_bodies import BusinessToBe
from web.api.lists import ListAnswer
from web.api.query import ListQuery
from web.api.route import Call, NoBody, NoQuery, Plain, Route


class SessionItem(BaseModel):
    """`way` is how it began: by `password`, `code`, `telegram`, or in the `bot` by /token."""

    id: int
    way: str
    agent: str
    address: str
    # the one that asks
    this: bool
    created_at: datetime
    used_at: datetime
    expires_at: datetime


class Ended(BaseModel):
    """How many sessions there were."""

    ended: int


async def show_me(call: Plain) -> AccountItem:
    caller = call.caller
    return AccountItem.of(call.account, caller.standings if caller else {})


async def show_sessions(call: Call[ListQuery, NoBody]) -> ListAnswer[SessionItem]:
    page = await living_sessions(call.session, call.account.id, call.query.paging(), now=call.tools.clock())

    def item(row: SignIn) -> SessionItem:
        return SessionItem(
            id=row.id,
            way=row.way,
            agent=row.agent,
            address=row.address,
            this=row.id == _present(call),
            created_at=row.created_at,
            used_at=row.used_at,
            expires_at=row.expires_at,
        )

    return ListAnswer[SessionItem].of(page, item)


async def log_out(call: Plain) -> None:
    """Of an outside issuer's token there is no session to end."""
    if (present := _present(call)) is not None:
        await revoke(call.session, call.account.id, present, now=call.tools.clock())


async def end_session(call: Plain) -> None:
    await revoke(call.session, call.account.id, call.number("session_id"), now=call.tools.clock())


async def end_all(call: Plain) -> Ended:
    return Ended(ended=await revoke_all(call.session, call.account.id, now=call.tools.clock()))


async def end_others(call: Plain) -> Ended:
    ended = await revoke_all(call.session, call.account.id, but=_present(call), now=call.tools.clock())
    return Ended(ended=ended)


async def upgrade(call: Call[NoQuery, BusinessToBe]) -> AccountItem:
    account = await upgrade_to_creator(
        call.session,
        call.account.id,
        business=call.body.business(),
        open_to=call.tools.self_register,
        now=call.tools.clock(),
    )
    return AccountItem.of(account, await standings_of(call.session, account.id))


def _present(call: Call[Any, Any]) -> int | None:
    return None if call.caller is None else call.caller.sign_in_id


_PROOFS = "test_api_sessions.py::"
ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        "/auth/me",
        Act.BE_ONESELF,
        show_me,
        "Who one is, and for whom one acts",
        {200: AccountItem},
        proves=("test_api_auth.py::test_who_signs_in_is_known_by_the_token",),
    ),
    Route(
        "POST",
        "/auth/logout",
        Act.BE_ONESELF,
        log_out,
        "Ends the session that asks: its access and refresh tokens open nothing any more",
        {204: None},
        session="write",
        proves=(f"{_PROOFS}test_a_session_that_was_left_opens_nothing_any_more",),
    ),
    Route(
        "GET",
        "/auth/sessions",
        Act.BE_ONESELF,
        show_sessions,
        "One's sessions that go on, newest first",
        {200: ListAnswer[SessionItem]},
        query=ListQuery,
        proves=(f"{_PROOFS}test_sessions_are_listed_and_ended_one_by_one_or_all_at_once",),
    ),
    Route(
        "DELETE",
        "/auth/sessions/{session_id}",
        Act.GUARD_ACCOUNT,
        end_session,
        "Ends one of one's sessions",
        {204: None},
        session="write",
        refuses=(NotFound,),
        proves=(
            f"{_PROOFS}test_sessions_are_listed_and_ended_one_by_one_or_all_at_once",
            f"{_PROOFS}test_anothers_session_is_not_found",
        ),
    ),
    Route(
        "DELETE",
        "/auth/sessions",
        Act.GUARD_ACCOUNT,
        end_others,
        "Ends all of one's sessions but the one that asks",
        {200: Ended},
        session="write",
        proves=(f"{_PROOFS}test_sessions_are_listed_and_ended_one_by_one_or_all_at_once",),
    ),
    Route(
        "POST",
        "/auth/sessions/revoke-all",
        Act.GUARD_ACCOUNT,
        end_all,
        "Ends all of one's sessions, the one that asks too",
        {200: Ended},
        session="write",
        proves=(f"{_PROOFS}test_sessions_are_listed_and_ended_one_by_one_or_all_at_once",),
    ),
    Route(
        "POST",
        "/auth/upgrade-to-creator",
        Act.BECOME_CREATOR,
        upgrade,
        "A buyer or brand founds a business of their own",
        {200: AccountItem},
        session="write",
        body=BusinessToBe,
        refuses=(RegistrationClosed, AlreadyCreator, CreatorExists, Invalid),
        example={"name": "Studio North", "slug": "studio-north", "currency": "eur", "time_zone": "Europe/Berlin"},
        proves=("test_api_users.py::test_a_buyer_becomes_a_creator_once",),
    ),
)
