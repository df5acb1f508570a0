from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.replies import MenuReply, Reply, SendReply, TapReply
from domain.access import READ_DELIVERIES, RULES, Act, Standing
from domain.chat_acts import Acts, acts_of_tap
from domain.chat_standings import may_as_person, standing_of_person
from domain.creators import default_creator
from domain.definitions import Published
from domain.flows.talk import Talk
from domain.leads import capture_lead, find_lead
from domain.messages.catalogue import say, word_for
from domain.messages.plain import Button, Message, Rows
from domain.people import talk_to_creator
from domain.uploads import UploadAddress
from kit.errors import Refusal
from store.models import Account, AccountState, Creator, Lead, Link, Membership, OutboxKind, Person


class Said(Refusal):
    """A refusal in words of the catalogue: Telegram HTML already."""


@dataclass(frozen=True)
class BotFacts:
    """What handlers need to know that no update tells."""

    bot_id: int
    default_creator: str | None
    published: Published
    access_key: bytes
    # how long a checkout can be paid; None when no rail is set up
    checkout_good_for: timedelta | None
    # the address that opens the chat with the bot; known once Telegram has been reached
    link: Callable[[], str]
    # where creators send up what is too large for a chat
    uploads: UploadAddress
    # for how long raw updates are kept
    keep_updates: timedelta = timedelta(days=7)
    # the rails that are set up here, by name
    rails: Collection[str] = ()


@dataclass
class Turn:
    """One update being handled: its transaction, its person, and the replies that go out once it is saved."""

    session: AsyncSession
    facts: BotFacts
    person: Person
    now: datetime
    replies: list[Reply] = field(default_factory=list)
    # what this is, as `domain.chat_acts` says; any of them is enough
    acts: Acts = ()
    # to the creator whose business it turned out to be
    standing: Standing | None = None
    _known_lead: Lead | None = None

    def say(self, key: str, /, **values: object) -> None:
        """Replies with words of Spark's own."""
        self.send(Message(text=self.words(key, **values)))

    def words(self, key: str, /, **values: object) -> str:
        return say(key, self.person.speaks, **values)

    def word(self, key: str, otherwise: str) -> str:
        """Spark's own word for a state, a stage or an event, else what a creator calls theirs; without markup."""
        return word_for(key, otherwise, self.person.speaks)

    def refusal(self, key: str, /, **values: object) -> Said:
        """To be raised: nothing is saved, and the person reads why."""
        return Said(self.words(key, **values))

    def send(self, message: Message) -> None:
        self.replies.append(SendReply(message=message.model_copy(update={"buttons": self.offered(message.buttons)})))

    def show(self, messages: Sequence[Message]) -> None:
        """Replies with the screens of a flow, of which the last may be a question."""
        last = len(messages) - 1
        self.replies.extend(
            SendReply(message=message, question=number == last) for number, message in enumerate(messages)
        )

    async def creator(self) -> Creator:
        """Whom this chat is with. Raises Said before anybody has set up a creator."""
        creator = await self._present_creator()
        if creator is None:
            raise self.refusal("no-creator")
        return creator

    async def _present_creator(self) -> Creator | None:
        if self.person.creator_id is not None:
            return await self.session.get_one(Creator, self.person.creator_id)
        return await default_creator(self.session, self.facts.default_creator)

    async def lead(self, creator: Creator, *, source: str | None = None, link: Link | None = None) -> tuple[Lead, bool]:
        """This person as the creator's lead, and whether they are new; the chat is with that creator from now on."""
        await talk_to_creator(self.session, self.person, creator.id)
        return await capture_lead(self.session, creator.id, self.person, source=source, link=link, now=self.now)

    async def known_lead(self) -> Lead | None:
        """This person as a lead of the creator this chat is with; None before they are one. Asked of the store once."""
        if self._known_lead is None and (creator := await self._present_creator()) is not None:
            self._known_lead = await find_lead(self.session, creator.id, self.person.id)
        return self._known_lead

    def hushed(self, lead: Lead, query_id: str | None = None) -> bool:
        """True when nothing of a flow is said to this lead: who is banned, or whose chat a person has taken over."""
        if lead.banned_at is None and lead.taken_over_at is None:
            return False
        text = None if lead.banned_at is not None else self.words("chat-taken-over")
        if query_id is not None:
            self.replies.append(TapReply(query_id=query_id, text=text))
        elif text is not None:
            self.send(Message(text=text))
        return True

    def talk(self, lead: Lead) -> Talk:
        return Talk(lead, self.person, self.facts.published)

    async def account(self) -> Account | None:
        return await self.session.scalar(select(Account).where(Account.person_id == self.person.id))

    async def own_creator(self) -> Creator | None:
        """The creator that this person acts for: the one they are talking to if it is theirs, else their first."""
        theirs = (
            await self.session.scalars(
                select(Creator)
                .join(Membership, Membership.creator_id == Creator.id)
                .join(Account, Account.id == Membership.account_id)
                .where(Account.person_id == self.person.id, Account.state == AccountState.ACTIVE)
                .order_by(Creator.id)
            )
        ).all()
        current = [creator for creator in theirs if creator.id == self.person.creator_id]
        return next(iter([*current, *theirs]), None)

    async def show_menu(self, otherwise: Literal["everyone", "automatic"] = "everyone") -> None:
        """This chat's command menu has what is theirs from now on; `otherwise` is of who acts for nobody."""
        own, admin = await self.own_creator(), await self.looks_after_instance()
        self.replies.append(MenuReply(commands="creator" if own is not None else otherwise, admin=admin))

    async def some_creator(self) -> Creator:
        """For one of whom they act, where a row says later which, and what they may. Raises Said for everyone else."""
        creator = await self.own_creator()
        if creator is None:
            raise self.refusal("creators-only")
        return creator

    async def as_creator(self, number: int | None = None) -> Creator:
        """The one of that number, as a button names it, or else whom they talk to.

        Raises Said for whoever does not act for them, and NoSuchRight for who may not do this.
        """
        if number is None:
            number = (await self.some_creator()).id
        if not await self.allowed(number):
            raise self.refusal("creators-only")
        return await self.session.get_one(Creator, number)

    async def allowed(self, creator_id: int) -> bool:
        """Whether they act for that creator. Raises NoSuchRight where they do, and may not do this."""
        if not self.acts:
            raise RuntimeError("nobody has said what this is: it stands in no table of domain.chat_acts")
        standing = await standing_of_person(self.session, self.person.id, creator_id)
        if standing is None:
            return False
        if not any(standing.may(act) for act in self.acts):
            standing.must(self.acts[0])
        self.standing = standing
        return True

    async def may(self, act: Act, creator_id: int) -> bool:
        standing = await standing_of_person(self.session, self.person.id, creator_id)
        return standing is not None and standing.may(act)

    def told_of(self, kind: OutboxKind, text: str) -> str:
        """A message's words, once `allowed` has said whose it is; a lock for licence keys, but for who may manage."""
        reads = self.standing is not None and self.standing.may(READ_DELIVERIES)
        return text if reads or kind is not OutboxKind.DELIVERY else "🔒"

    async def looks_after_instance(self) -> bool:
        return await may_as_person(self.session, self.person.id, Act.LOOK_AFTER_INSTANCE)

    def offered(self, buttons: Rows) -> Rows:
        """Without what a member of the team may not do for the creator that this is about."""
        if self.standing is None or self.standing.owner:
            return buttons
        rows = (tuple(button for button in row if self._may_tap(self.standing, button)) for row in buttons)
        return tuple(row for row in rows if row)

    def _may_tap(self, standing: Standing, button: Button) -> bool:
        if button.data is None:
            return True
        kind, *arguments = button.data.split(":")
        acts = acts_of_tap(kind, arguments)
        return any(not RULES[act].of_creator or standing.may(act) for act in acts)
