"""A creator's team in the chat: what each right lets somebody do, by lines, buttons and answers to what was asked."""

import asyncio
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from telegram import CallbackQuery, Chat, Message, Update, User

from bot.dispatch import dispatch
from bot.replies import EditReply, Reply, SendReply
from bot.turn import BotFacts, Said, Turn
from domain.access import NoSuchRight
from domain.broadcasts.acts import draft_broadcast
from domain.broadcasts.definition import Content, Variant, Wording
from domain.creators import add_creator, bind_by_payload
from domain.definitions import Published
from domain.funnels.definition import Funnel
from domain.funnels.drafts import keep_draft
from domain.funnels.heads import save_funnel
from domain.idea_parts import NoSuchIdea
from domain.idea_views import IdeaViewGone
from domain.invitations import InvitationOver
from domain.leads import capture_lead
from domain.messages.catalogue import say
from domain.orders import open_order
from domain.paying import Received, pay_order
from domain.people import Profile, see_person
from domain.pricing import Wish
from domain.products import add_product
from domain.setups import CreatorSetup
from domain.teams import LastOwner, give_rights
from domain.tickets import open_ticket
from domain.uploads import UploadAddress
from kit.errors import Refusal
from kit.money import Money
from store.database import Database
from store.models import (
    Account,
    AccountState,
    Broadcast,
    BroadcastState,
    FunnelHead,
    Kept,
    Lead,
    Membership,
    OutboxMessage,
    Person,
    Product,
    Refund,
    Right,
    Ticket,
    TicketState,
)

NOW = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
BOT = 7
CARE = Funnel.model_validate({"steps": [{"key": "hello", "do": "send", "text": "Hello"}]})


@dataclass
class Office:
    """Ada owns Studio, and has a lead, a product, a funnel, a ticket and a draft there; Mia may come to help her."""

    database: Database
    facts: BotFacts
    people: dict[str, int] = field(default_factory=dict)
    creator: int = 0
    lead: int = 0
    product: int = 0
    ticket: int = 0
    draft: int = 0
    now: datetime = NOW
    _numbers: int = 0

    async def open(self) -> "Office":
        async with self.database.transaction() as session:
            ada = await self._person(session, "Ada", 1001)
            await self._person(session, "Mia", 1002)
            made = await add_creator(session, name="Studio", slug="studio", now=NOW)
            await bind_by_payload(session, ada, made.bind_payload, now=NOW)
            self.creator = made.creator.id
            lena = await self._person(session, "Lena", 1004)
            self.lead = (await capture_lead(session, self.creator, lena, source=None, now=NOW))[0].id
            price = Money(1900, "usd")
            self.product = (
                await add_product(session, creator_id=self.creator, title="Pack", price=price, stock=None, now=NOW)
            ).id
            await save_funnel(session, self.creator, "care", CARE, kept=Kept.CHAT, now=NOW)
            self.ticket = (await open_ticket(session, creator_id=self.creator, title="Help", now=NOW)).id
            content = Content(variants=(Variant(wordings={"en": Wording(text="Hello")}),))
            self.draft = (await draft_broadcast(session, self.creator, ada.id, content, now=NOW)).id
        return self

    async def _person(self, session: Any, name: str, telegram_id: int) -> Person:
        person = await see_person(session, BOT, Profile(telegram_id, name, None, "en"), now=NOW)
        self.people[name] = person.id
        return person

    async def sells(self) -> int:
        """To Lena, paid by Stripe."""
        async with self.database.transaction() as session:
            lead, product = await session.get_one(Lead, self.lead), await session.get_one(Product, self.product)
            good_for, setup = timedelta(hours=1), CreatorSetup()
            order = await open_order(
                session, lead, Wish(product), rail="stripe", now=NOW, good_for=good_for, setup=setup
            )
            await pay_order(session, order, Received("stripe", "pi_1", Money(1900, "usd")), now=NOW)
            return order.id

    async def refunds(self) -> int:
        async with self.database.reading() as session:
            return len((await session.scalars(select(Refund))).all())

    async def joins(self, name: str, *rights: Right) -> None:
        """By an invitation of Ada's."""
        invited = text_of(await self.says("Ada", f"/team invite {' '.join(rights)}"))
        await self.says(name, f"/start {payload_of(invited)}")

    async def may_only(self, name: str, *rights: Right) -> None:
        async with self.database.transaction() as session:
            await give_rights(session, self.creator, await self.account(name), rights, now=self.now)

    async def account(self, name: str) -> int:
        async with self.database.reading() as session:
            return (await session.scalars(select(Account.id).where(Account.person_id == self.people[name]))).one()

    async def one(self, model: type[Any], number: int) -> Any:
        async with self.database.reading() as session:
            return await session.get_one(model, number)

    async def says(self, name: str, text: str) -> list[Reply]:
        entities = ()
        if text.startswith("/"):
            length = len(text.split(maxsplit=1)[0])
            entities = ({"type": "bot_command", "offset": 0, "length": length},)
        self._numbers += 1
        message = {
            "message_id": self._numbers,
            "date": 1,
            "chat": {"id": 1, "type": "private"},
            "text": text,
            "entities": list(entities),
        }
        return await self._turn(name, {"update_id": self._numbers, "message": message})

    async def taps(self, name: str, data: str) -> list[Reply]:
        self._numbers += 1
        query = CallbackQuery(
            id=str(self._numbers),
            from_user=User(1, name, is_bot=False),
            chat_instance="1",
            data=data,
            message=Message(message_id=5, date=NOW, chat=Chat(1, "private"), text="before"),
        )
        return await self._turn(name, Update(self._numbers, callback_query=query))

    async def _turn(self, name: str, update: Any) -> list[Reply]:
        given = update if isinstance(update, Update) else Update.de_json(update)
        assert given is not None
        async with self.database.transaction() as session:
            turn = Turn(session, self.facts, await session.get_one(Person, self.people[name]), self.now)
            await dispatch(turn, given)
            return turn.replies


@pytest.fixture
async def office(database: Database) -> Office:
    uploads = UploadAddress("https://spark.example", b"key")
    facts = BotFacts(BOT, None, Published(), b"k" * 32, timedelta(hours=1), lambda: "https://t.me/bot", uploads)
    return await Office(database, facts).open()


def text_of(replies: list[Reply]) -> str:
    return "\n".join(
        each.message.text if isinstance(each, SendReply) else each.text
        for each in replies
        if isinstance(each, SendReply | EditReply)
    )


def data_of(replies: list[Reply]) -> set[str]:
    rows = [
        row
        for each in replies
        if isinstance(each, SendReply | EditReply)
        for row in (each.message.buttons if isinstance(each, SendReply) else each.buttons)
    ]
    return {button.data for row in rows for button in row if button.data is not None}


def payload_of(text: str) -> str:
    found = re.search(r"start=(join_\S+)", text)
    assert found, text
    return found[1]


# what each right is for: lines, and the buttons of screens that somebody else was shown
LINES = {
    Right.VIEW: [
        "/leads",
        "/lead {lead}",
        "/product {product}",
        "/orders",
        "/funnels care",
        "/broadcast {draft}",
        "/stats",
        "/idea 1",
    ],
    Right.MANAGE: [
        "/lead {lead} tag vip",
        "/product {product} price 5.00 usd",
        "/broadcast all Hello",
        "/export",
        "/idea add A",
        "/idea 1 draft",
    ],
    Right.SEND: ["/funnels start care {lead}", "/lead {lead} enroll care", "/stats uncertain sent all"],
    Right.MONEY: ["/refund", "/refund 999"],
    Right.SUPPORT: ["/lead {lead} take", "/tickets 1 solved"],
}
TAPS = {
    Right.VIEW: [
        "lead:show:{lead}",
        "products:{product}",
        "bc:{draft}:show",
        "tickets:{creator}:open:0",
        "stats:{creator}:7",
        "idea:{creator}:1:show:0:0",
    ],
    Right.MANAGE: [
        "lead:block:{lead}",
        "products:{product}:archive",
        "bc:{draft}:edit:0:en",
        "bc:new:{creator}",
        "fn:new:{creator}",
        "idea:{creator}:1:move:0:0:draft",
        "idea:{creator}:1:ask:0:0:title",
    ],
    Right.SEND: ["bc:{draft}:yes:0", "bc:{draft}:type:0", "settle:sent:all:{creator}:0"],
    Right.MONEY: ["order:refund:999", "order:return:999"],
    Right.SUPPORT: ["lead:write:{lead}", "ticket:{ticket}:solved"],
}


async def test_who_may_manage_but_not_send_makes_no_funnel_run(office: Office):
    await office.joins("Mia", Right.MANAGE)
    async with office.database.transaction() as session:
        draft = await keep_draft(session, office.creator, {"more": CARE}, {"more": None}, now=NOW)
        number = draft.number
    with pytest.raises(NoSuchRight):
        await office.taps("Mia", f"fn:draft:{number}:keep")
    # it waits for somebody who may
    assert "more" in text_of(await office.taps("Ada", f"fn:draft:{number}:keep"))


async def refused(office: Office, name: str, asked: str) -> Refusal | None:
    told = asked.format(
        lead=office.lead, product=office.product, draft=office.draft, creator=office.creator, ticket=office.ticket
    )
    try:
        await (office.says(name, told) if told.startswith("/") else office.taps(name, told))
    except Refusal as refusal:
        return refusal
    return None


@pytest.mark.parametrize("right", list(Right))
async def test_a_member_may_do_what_they_were_given_and_nothing_else(office: Office, right: Right):
    await office.joins("Mia", right)
    # what changes things comes last, so that what is looked at is there still
    asked = [(of, each) for told in (LINES, TAPS) for of in Right for each in told[of]]
    for of, each in [*[a for a in asked if a[0] not in {right, Right.VIEW}], *[a for a in asked if a[0] is Right.VIEW]]:
        refusal = await refused(office, "Mia", each)
        if of is Right.VIEW:
            assert not isinstance(refusal, NoSuchRight), (right, each, refusal)
        elif "999" not in each:
            assert isinstance(refusal, NoSuchRight), (right, each, refusal)
            assert f"“{of}”" in str(refusal)
    for of, each in asked:
        if of is right:
            assert not isinstance(await refused(office, "Mia", each), NoSuchRight), each
    # what only owners do
    for each in ("/team invite view", "/team rights 1 view", "team:make:{creator}:1"):
        assert isinstance(await refused(office, "Mia", each), NoSuchRight), each


async def test_who_may_only_look_changes_nothing_and_is_offered_nothing_that_would(office: Office):
    await office.joins("Mia", Right.VIEW)
    assert "vip" in text_of(await office.says("Ada", f"/lead {office.lead} tag vip"))
    card = await office.says("Mia", f"/lead {office.lead}")
    assert "Lena" in text_of(card)
    assert {each.split(":")[1] for each in data_of(card) if each.startswith("lead:")} <= {
        "show",
        "timeline",
        "why",
        "files",
    }
    shown = data_of(await office.says("Mia", f"/broadcast {office.draft}"))
    assert not {each for each in shown if each.endswith((":go", ":whom", ":test"))}
    assert {each for each in data_of(await office.says("Ada", f"/broadcast {office.draft}")) if each.endswith(":go")}
    await refused(office, "Mia", f"/product {office.product} price 1.00 usd")
    assert (await office.one(Product, office.product)).price_minor == 1900


async def test_ideas_are_read_by_whoever_may_look_and_changed_by_all_who_may(office: Office):
    await office.joins("Mia", Right.VIEW)
    await office.says("Ada", "/idea add Tour #video")
    card = await office.says("Mia", "/idea 1")
    assert "#video" in text_of(card)
    notes = f"idea:{office.creator}:1:notes:0:0"
    assert data_of(card) <= {f"idea:{office.creator}:1:link:0:0", notes, *_read_by_others(card)}
    await office.says("Ada", f"/idea 1 notes {'long ' * 500}end")
    # the card cuts them, and she turns the pages
    page = await office.taps("Mia", notes)
    assert data_of(page) <= {f"{notes}:1", f"idea:{office.creator}:1:show:0:0"}
    assert text_of(await office.taps("Mia", f"{notes}:1")).endswith("end")
    board = await office.says("Mia", "/idea")
    assert not {each for each in data_of(board) if each.endswith(":new")}
    (draft,) = {each for each in data_of(board) if each.endswith("stage:idea")}
    assert "1. Tour" in text_of(await office.taps("Mia", draft))
    # of the list that somebody else opened she sees nothing
    with pytest.raises(IdeaViewGone):
        await office.taps("Ada", draft)
    for asked in ("delete:0:0:yes", "due:0:0:today", "product:0:0:0:1", "link:0:0:make", "ask:0:0:notes"):
        assert isinstance(await refused(office, "Mia", f"idea:{{creator}}:1:{asked}"), NoSuchRight), asked
    # two who may change one: each finds what the other has done
    await office.may_only("Mia", Right.MANAGE, Right.VIEW)
    await office.taps("Ada", f"idea:{office.creator}:1:priority:0:0:high")
    assert "priority: high" in text_of(await office.taps("Mia", f"idea:{office.creator}:1:move:0:0:draft"))
    # and at once: neither takes away what the other gives
    both = (office.says("Ada", "/idea 1 #ada"), office.says("Mia", "/idea 1 #mia"))
    await asyncio.gather(*both)
    assert "#ada #mia #video" in text_of(await office.says("Mia", "/idea 1"))
    await office.taps("Ada", f"idea:{office.creator}:1:delete:0:0:yes")
    assert isinstance(await refused(office, "Mia", "idea:{creator}:1:move:0:0:idea"), NoSuchIdea)
    # what was asked for while one might is refused to who may no longer
    await office.says("Mia", "/idea add")
    await office.may_only("Mia", Right.VIEW)
    with pytest.raises(NoSuchRight):
        await office.says("Mia", "Another")


async def test_a_post_is_seen_by_whoever_may_look_and_published_by_whoever_may_send(office: Office):
    await office.joins("Mia", Right.VIEW, Right.MANAGE)
    await office.says("Ada", "/idea add Tour")
    at = f"ipost:{office.creator}:1"
    await office.taps("Ada", f"{at}:write")
    assert f"{at}:when" in data_of(await office.says("Ada", "Hello"))
    seen = await office.taps("Mia", at)
    assert "Hello" in text_of(seen)
    assert {each for each in data_of(seen) if each.startswith("ipost:")} == {f"{at}:preview"}
    assert text_of(await office.taps("Mia", f"{at}:preview")) == "Hello"
    for asked in (
        "write",
        "buttons",
        "channel",
        "to:1",
        "silent",
        "when",
        "now",
        "now:1",
        "again",
        "keep:203201011800",
    ):
        assert isinstance(await refused(office, "Mia", f"ipost:{{creator}}:1:{asked}"), NoSuchRight), asked
    await office.may_only("Mia", Right.SEND)
    # there is no channel yet
    assert "I may post in no channel" in text_of(await office.taps("Mia", f"{at}:now:1:1:0"))
    assert isinstance(await refused(office, "Mia", "ipost:{creator}:2:now:1:1:0"), NoSuchIdea)
    assert isinstance(await refused(office, "Mia", "ipost:999:1"), NoSuchIdea)
    # what was asked for while one might is refused to who may no longer
    await office.taps("Mia", f"{at}:when")
    await office.may_only("Mia", Right.VIEW)
    with pytest.raises(NoSuchRight):
        await office.says("Mia", "tomorrow 18:00")


def _read_by_others(card: list[Reply]) -> set[str]:
    """The card's buttons that lead to lists of what hangs on it, and to its post."""
    return {each for each in data_of(card) if each.startswith(("ideacheck:", "ideafile:", "ipost:", "ideabrought:"))}


async def test_whoever_manages_a_broadcast_may_not_send_it(office: Office):
    await office.joins("Mia", Right.MANAGE)
    drafted = await office.says("Mia", "/broadcast all Buy now")
    assert "Reaches <b>1</b>" in text_of(drafted)
    assert not {each for each in data_of(drafted) if ":yes:" in each}
    for data in ("bc:{draft}:go", "bc:{draft}:yes:0", "bc:{draft}:at:0:0:2026-12-01T10:00", "bc:{draft}:type:0"):
        assert isinstance(await refused(office, "Mia", data), NoSuchRight), data
    assert (await office.one(Broadcast, office.draft)).state is BroadcastState.DRAFT
    # and whoever sends may not rewrite it
    await office.may_only("Mia", Right.SEND)
    assert isinstance(await refused(office, "Mia", "bc:{draft}:edit:0:en"), NoSuchRight)
    assert await refused(office, "Mia", "bc:{draft}:yes:0") is None
    assert (await office.one(Broadcast, office.draft)).state is not BroadcastState.DRAFT


async def test_an_answer_to_what_was_asked_for_needs_the_right_still(office: Office):
    await office.joins("Mia", Right.MANAGE, Right.SUPPORT)
    await office.taps("Mia", f"lead:note:{office.lead}")
    await office.may_only("Mia", Right.SUPPORT)
    with pytest.raises(NoSuchRight):
        await office.says("Mia", "She likes presets")
    await office.may_only("Mia", Right.SEND)
    await office.taps("Mia", f"bc:{office.draft}:type:0")
    await office.may_only("Mia", Right.VIEW)
    with pytest.raises(NoSuchRight):
        await office.says("Mia", "2026-12-01 10:00")
    assert (await office.one(Broadcast, office.draft)).state is BroadcastState.DRAFT


async def test_money_is_given_back_by_whoever_may_and_by_nobody_who_might_once(office: Office):
    order = await office.sells()
    await office.joins("Mia", Right.MANAGE, Right.SUPPORT, Right.SEND)
    asked = await office.says("Ada", f"/refund {order}")
    yes, *_ = [each for each in data_of(asked) if each.startswith("order:back:")]
    shown = data_of(await office.says("Mia", f"/orders {order}"))
    assert not {each for each in shown if each.startswith(("order:refund", "order:part"))}
    for line in (
        "/refund",
        f"/refund {order}",
        f"/refund {order} 5.00",
        f"order:refund:{order}",
        f"order:part:{order}",
        yes,
    ):
        assert isinstance(await refused(office, "Mia", line), NoSuchRight), line
    # asked for the amount while she might, she answers when she may not any more
    await office.may_only("Mia", Right.MONEY)
    assert {f"order:part:{order}"} <= data_of(await office.says("Mia", f"/orders {order}"))
    await office.taps("Mia", f"order:part:{order}")
    await office.may_only("Mia", Right.VIEW)
    with pytest.raises(NoSuchRight):
        await office.says("Mia", "5.00")
    assert await office.refunds() == 0
    await office.may_only("Mia", Right.MONEY)
    await office.taps("Mia", yes)
    assert await office.refunds() == 1


async def test_an_invitation_lets_one_person_in_once(office: Office):
    invited = text_of(await office.says("Ada", "/team invite manage send for Mia"))
    assert "view, manage, send" in invited
    payload = payload_of(invited)
    joined = text_of(await office.says("Mia", f"/start {payload}"))
    assert "You now act for <b>Studio</b>: view, manage, send" in joined
    async with office.database.transaction() as session:
        await office._person(session, "Noor", 1003)
    for name in ("Noor", "Mia"):
        with pytest.raises(InvitationOver):
            await office.says(name, f"/start {payload}")
    async with office.database.reading() as session:
        told = (await session.scalars(select(OutboxMessage).where(OutboxMessage.key.like("team-joined%")))).all()
    assert [each.person_id for each in told] == [office.people["Ada"]]
    # one that was taken back lets nobody in
    payload = payload_of(text_of(await office.says("Ada", "/team invite support")))
    listed = await office.says("Ada", "/team")
    assert "Mia – view, manage, send" in text_of(listed)
    (revoke,) = [each for each in data_of(listed) if each.startswith("team:revoke")]
    await office.taps("Ada", revoke)
    with pytest.raises(InvitationOver):
        await office.says("Noor", f"/start {payload}")
    # nor does one that is too old
    payload = payload_of(text_of(await office.says("Ada", "/team invite support")))
    office.now = NOW + timedelta(days=7)
    with pytest.raises(InvitationOver):
        await office.says("Noor", f"/start {payload}")


async def test_a_team_is_changed_and_left_by_buttons_and_lines(office: Office):
    shown = await office.taps("Ada", f"team:invite:{office.creator}:0")
    (send,) = [each for each in data_of(shown) if each.endswith(f":{1 << list(Right).index(Right.SEND)}")]
    made = [each for each in data_of(await office.taps("Ada", send)) if each.startswith("team:make")]
    await office.says("Mia", f"/start {payload_of(text_of(await office.taps('Ada', made[0])))}")
    mia = await office.account("Mia")
    await office.taps("Ada", f"team:right:{office.creator}:{mia}:money")
    assert "view, send, money" in text_of(await office.taps("Ada", f"team:member:{office.creator}:{mia}"))
    assert "view, support" in text_of(await office.says("Ada", f"/team rights {mia} support"))
    with pytest.raises(LastOwner):
        await office.taps("Ada", f"team:leave:{office.creator}:yes")
    with pytest.raises(Said):
        await office.says("Ada", f"/team rights {mia} everything")
    await office.says("Ada", f"/team owner {mia}")
    await office.taps("Ada", f"team:leave:{office.creator}:yes")
    with pytest.raises(Said, match="creators"):
        await office.says("Ada", "/team")
    with pytest.raises(LastOwner):
        await office.taps("Mia", f"team:gone:{office.creator}:{mia}")
    async with office.database.reading() as session:
        assert [each.account_id for each in await session.scalars(select(Membership))] == [mia]


async def test_rights_are_called_as_the_reader_calls_them(office: Office):
    async with office.database.transaction() as session:
        speaks = update(Person).where(Person.id == office.people["Ada"]).values(language_chosen="de")
        await session.execute(speaks)
    invited = text_of(await office.says("Ada", "/team invite Verwalten senden für Mia"))
    assert "ansehen, verwalten, senden" in invited
    assert "für Mia: ansehen" in text_of(await office.says("Ada", "/team"))
    assert "You now act for" in text_of(await office.says("Mia", f"/start {payload_of(invited)}"))
    with pytest.raises(NoSuchRight) as refusal:
        await office.says("Mia", "/refund")
    assert refusal.value.why is not None
    assert say(refusal.value.why.key, "de", right="geld").startswith("Dazu gehört das Recht „geld“")


async def test_an_account_that_is_suspended_does_nothing_in_the_chat(office: Office):
    await office.joins("Mia", *Right)
    assert await refused(office, "Mia", "/leads") is None
    async with office.database.transaction() as session:
        suspended = update(Account).where(Account.id == await office.account("Mia"))
        await session.execute(suspended.values(state=AccountState.SUSPENDED))
    for asked in (
        "/leads",
        "/lead {lead}",
        "lead:show:{lead}",
        "/broadcast {draft}",
        "bc:{draft}:yes:0",
        "/team",
        "/token",
    ):
        assert await refused(office, "Mia", asked) is not None, asked
    assert (await office.one(Ticket, office.ticket)).state is TicketState.OPEN
    async with office.database.reading() as session:
        assert len((await session.scalars(select(FunnelHead))).all()) == 1
