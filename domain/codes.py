"""Six digits that the bot sends to whoever an account is bound to, so that they can show that it is theirs."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.accounts import account_of_email
from domain.contacts import told_email
from domain.messages.catalogue import say
from domain.messages.plain import Message
from domain.outbox import queue_message
from domain.signing_in import hold_account
from store.models import Account, AccountState, CodePurpose, Creator, OneTimeCode, OutboxKind, Person
from store.queries.unclear import CODES
from store.sealing import digest

GOOD_FOR = timedelta(minutes=5)
MOST_TRIES = 5
# nobody's chat is filled with codes that others ask for; where somebody has signed in before they are counted apart, so
# that strangers use up nobody's
MOST_CODES, IN_THE_LAST = 5, timedelta(minutes=15)
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Named:
    """Whom somebody says to be: by one of these."""

    email: str | None = None
    telegram_id: int | None = None
    username: str | None = None

    @property
    def told(self) -> str:
        """The same for the same account name, however it is written."""
        if self.email is not None:
            return f"email:{told_email(self.email)}"
        if self.telegram_id is not None:
            return f"telegram:{self.telegram_id}"
        return f"username:{_plain(self.username or '')}"


async def find_named(session: AsyncSession, bot_id: int, named: Named) -> Account | None:
    if named.email is not None:
        return await account_of_email(session, named.email)
    found = select(Account).join(Person, Person.id == Account.person_id)
    if named.telegram_id is not None:
        found = found.where(Person.bot_id == bot_id, Person.telegram_id == named.telegram_id)
    else:
        found = found.where(Person.bot_id == bot_id, Person.username_key == _plain(named.username or ""))
    account: Account | None = await session.scalar(found.order_by(Person.seen_at.desc(), Account.id).limit(1))
    return account


async def send_code(
    session: AsyncSession, account: Account, purpose: CodePurpose, *, at_home: bool = False, now: datetime
) -> bool:
    """False when there is nobody to send it to, or too many were sent.

    `at_home`: it is asked for where somebody has signed in to that account before (`signing_in.addresses_of`). A new
    code ends the older ones that were asked for at home, or elsewhere, as it was.
    """
    person = await session.get(Person, account.person_id) if account.person_id is not None else None
    if person is None or person.blocked_at is not None or account.state is not AccountState.ACTIVE:
        return False
    # two that are asked for at once are counted one after the other
    await hold_account(session, account.id)
    of_account = (OneTimeCode.account_id == account.id, OneTimeCode.purpose == purpose)
    own = (*of_account, OneTimeCode.at_home.is_(at_home))
    late = select(func.count()).select_from(OneTimeCode).where(*own, OneTimeCode.created_at > now - IN_THE_LAST)
    creator_id = person.creator_id or await session.scalar(select(func.min(Creator.id)))
    if (await session.scalar(late) or 0) >= MOST_CODES or creator_id is None:
        return False
    await session.execute(update(OneTimeCode).where(*own, OneTimeCode.used_at.is_(None)).values(used_at=now))
    code = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}"
    kept = OneTimeCode(
        account_id=account.id,
        purpose=purpose,
        digest=await _digest(session, account.id, purpose, code),
        at_home=at_home,
        created_at=now,
        expires_at=now + GOOD_FOR,
        used_at=None,
    )
    session.add(kept)
    await session.flush()
    minutes = GOOD_FOR // timedelta(minutes=1)
    text = say(
        "code-recovery" if purpose is CodePurpose.RECOVERY else "code-sign-in",
        person.speaks,
        code=code,
        minutes=minutes,
    )
    return await queue_message(
        session,
        Message(text=text),
        key=f"{CODES}{kept.id}",
        kind=OutboxKind.NOTICE,
        creator_id=creator_id,
        person_id=person.id,
        now=now,
    )


async def take_code(
    session: AsyncSession,
    account: Account | None,
    purpose: CodePurpose,
    code: str,
    *,
    at_home: bool = False,
    now: datetime,
) -> bool:
    """Whether that is the account's code; it is good once. A wrong try counts, so save it whatever is answered.

    Of tries that run side by side no more are looked at than of those one after the other. Those from elsewhere use up
    no code that was asked for at home: `domain.sign_in_rates` makes them wait.
    """
    given = await _digest(session, 0 if account is None else account.id, purpose, code)
    if account is None:
        return False
    # as in `send_code`, the account comes before its codes
    await hold_account(session, account.id)
    newest = (
        select(func.max(OneTimeCode.id))
        .where(OneTimeCode.account_id == account.id, OneTimeCode.purpose == purpose)
        .group_by(OneTimeCode.at_home)
    )
    open_ones = select(OneTimeCode).where(
        OneTimeCode.id.in_(newest),
        OneTimeCode.used_at.is_(None),
        OneTimeCode.expires_at > now,
        OneTimeCode.tries < MOST_TRIES,
    )
    found = (await session.scalars(open_ones, execution_options={"populate_existing": True})).all()
    right = [each for each in found if hmac.compare_digest(each.digest, given)]
    for each in found:
        if at_home or not each.at_home:
            each.tries += 1
    for each in right:
        each.used_at = now
    await session.flush()
    return bool(right)


async def _digest(session: AsyncSession, account_id: int, purpose: CodePurpose, code: str) -> str:
    """Under the store's own key: six digits alone are soon tried through."""
    return await digest(session, f"{account_id}:{purpose}:{code}", "one_time_code")


def _plain(username: str) -> str:
    return username.strip().removeprefix("@").lower()
