from folk import BOT, NOW, a_creator, a_lead, a_person, a_product
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.creators import bind_person
from domain.entitlements import grant
from domain.flows.files import keep_answer_file
from domain.flows.given import SentFile
from domain.messages.catalogue import say
from domain.messages.plain import Message
from domain.outbox import tell_creator
from domain.people import Profile, choose_language, see_person
from domain.product_files import attach_file
from domain.products import keep_upload
from store.database import Database
from store.models import Account, FileHandle, Membership, OutboxKind, OutboxMessage, Person, Role, Shape, StoredFile


async def speaks(session: AsyncSession, person_id: int) -> tuple[str, str]:
    """As the row says it, and as the database does."""
    person = await session.get_one(Person, person_id)
    told = await session.scalar(select(Person.speaks).where(Person.id == person_id))
    return person.speaks, told or ""


async def test_a_chosen_language_wins_over_telegrams_until_it_is_given_up(database: Database):
    async with database.transaction() as session:
        person = await a_person(session)
        assert await speaks(session, person.id) == ("en", "en")
        await choose_language(session, person, "de")
        assert person.speaks == "de"
    async with database.transaction() as session:
        seen = await see_person(session, BOT, Profile(2001, "Lena", None, "fr"), now=NOW)
        assert await speaks(session, seen.id) == ("de", "de")
        await choose_language(session, seen, None)
    async with database.reading() as session:
        assert await speaks(session, person.id) == ("fr", "fr")


async def told(session: AsyncSession, kind: OutboxKind) -> dict[int, str]:
    rows = await session.scalars(select(OutboxMessage).where(OutboxMessage.kind == kind))
    return {row.person_id: str(row.message["text"]) for row in rows}


async def test_everyone_who_acts_for_a_creator_is_told_in_their_own_language(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        second = await see_person(session, BOT, Profile(1002, "Hanna", None, "de"), now=NOW)
        account = Account(role=Role.CREATOR, name="Hanna", created_at=NOW)
        session.add(account)
        await session.flush()
        session.add(Membership(account_id=account.id, creator_id=creator.id))
        await bind_person(session, account.id, second)

        def sold_out(language: str) -> Message:
            return Message(text=say("sold-out", language))

        for _ in range(2):
            await tell_creator(session, sold_out, key="sold-out:1", creator_id=creator.id, now=NOW)
        first = await session.scalar(select(Person.id).where(Person.telegram_id == 1001))
    async with database.reading() as session:
        assert await told(session, OutboxKind.NOTICE) == {first: "Sold out.", second.id: "Ausverkauft."}


async def test_a_delivery_that_waited_for_its_file_speaks_the_buyers_language(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        product = await a_product(session, creator, file=False)
        lead, person = await a_lead(session, creator)
        await choose_language(session, person, "de")
        await grant(session, lead, product.id, origin="gift", now=NOW)
    async with database.transaction() as session:
        file = await keep_upload(
            session,
            creator_id=creator.id,
            bot_id=BOT,
            telegram_file_id="handle",
            file_name="pack.zip",
            mime_type="application/zip",
            size=3,
            now=NOW,
        )
        await attach_file(session, creator.id, file.id, product.id, now=NOW)
    async with database.reading() as session:
        delivered = await told(session, OutboxKind.DELIVERY)
        assert delivered == {person.id: "Hier ist <b>Preset &lt;pack&gt;</b>. Es bleibt deins: /library."}
        assert "gehört dir" in (await told(session, OutboxKind.NOTICE))[person.id]


async def test_a_file_given_as_an_answer_is_kept_as_its_leads_and_can_be_sent_again(database: Database):
    sent = SentFile("telegrams-handle", Shape.VOICE, "voice.ogg", "audio/ogg", None)
    async with database.transaction() as session:
        creator = await a_creator(session)
        lead, _ = await a_lead(session, creator)
        file_id = await keep_answer_file(session, lead, sent, bot_id=BOT, now=NOW)
    async with database.reading() as session:
        stored = await session.get_one(StoredFile, file_id)
        assert (stored.creator_id, stored.lead_id, stored.shape) == (creator.id, lead.id, Shape.VOICE)
        assert (stored.product_id, stored.blob, stored.size) == (None, None, None)
        handle = await session.get_one(FileHandle, (file_id, BOT))
        assert handle.telegram_file_id == "telegrams-handle"
