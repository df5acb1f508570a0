import itertools

from leads_chat import answers, somebody_elses, the_creator
from sqlalchemy import select, update
from world import PersonOfTheWorld, Said, World

from domain.accounts import add_account
from domain.creators import make_bind_payload
from domain.entitlements import grant
from domain.lead_acts import ban_lead
from domain.leads import find_lead
from domain.messages.plain import Button, Message
from domain.outbox import queue_message
from store.models import Lead, Membership, OutboxKind, Person, Product, Review, ReviewState, Role

_NUMBERS = itertools.count()


async def an_owner(chat: World, product_id: int, name: str = "Lena") -> PersonOfTheWorld:
    """A lead who has been given the product."""
    person = await chat.person(name)
    await person.say("/start ad42")
    await person.hears("What shall we call you?")
    creator = await the_creator(chat)
    async with chat.spark.database.transaction() as session:
        known = (await session.scalars(select(Person).where(Person.telegram_id == person.id))).one()
        lead = await find_lead(session, creator.id, known.id)
        assert lead is not None
        await grant(session, lead, product_id, origin="gift", now=chat.clock())
    return person


async def a_product(chat: World) -> int:
    async with chat.spark.database.reading() as session:
        return (await session.scalars(select(Product.id).order_by(Product.id).limit(1))).one()


async def two_products(chat: World) -> tuple[int, int]:
    async with chat.spark.database.reading() as session:
        first, second = await session.scalars(select(Product.id).order_by(Product.id).limit(2))
    return first, second


def rated_in(said: Said) -> list[str]:
    """What the buttons of a library rate, each right under its product."""
    rows = [row[0]["data"] for row in said.raw["buttons"]]
    assert all(data.startswith("again:") for data in rows[::2])
    return rows[1::2]


async def press(person: PersonOfTheWorld, data: str) -> str | None:
    """A tap on a button that carries this; what it is answered with for a moment. Whoever likes makes such a button."""
    chat, label = person.world, f"press {next(_NUMBERS)}"
    creator = await the_creator(chat)
    async with chat.spark.database.transaction() as session:
        known = (await session.scalars(select(Person).where(Person.telegram_id == person.id))).one()
        await queue_message(
            session,
            Message(text="A button", buttons=((Button(text=label, data=data),),)),
            key=label,
            kind=OutboxKind.NOTICE,
            creator_id=creator.id,
            person_id=known.id,
            now=chat.clock(),
        )
    return (await person.tap(label))["answer"]


async def the_review(chat: World) -> Review:
    async with chat.spark.database.reading() as session:
        return (await session.scalars(select(Review))).one()


async def card_of(chat: World, person: PersonOfTheWorld, product_id: int) -> Said:
    before = [said.raw["message_id"] for said in await person.chat()][-1]
    await press(person, f"product:{product_id}")

    async def shown() -> list[Said]:
        return [said for said in await person.chat() if said.by_bot and said.raw["message_id"] > before]

    assert await chat.until(shown)
    return (await shown())[-1]


async def test_an_owner_gives_stars_then_words_and_everybody_reads_them(chat: World):
    product = await a_product(chat)
    lena, tom = await an_owner(chat, product), await an_owner(chat, product, "Tom")
    await press(lena, f"rate:{product}")
    await lena.hears("How do you like")
    await lena.tap("★★★★☆")
    await lena.hears("Would you say why")
    await chat.creator.hears("★★★★☆ from lead")
    await lena.say("It <saved> me a day & more")
    await lena.hears("Thank you for your review")
    assert ((await the_review(chat)).rating, (await the_review(chat)).text) == (4, "It <saved> me a day & more")

    card = await card_of(chat, tom, product)
    assert "4" in card.text
    await tom.tap("Reviews (1)")
    said = await tom.hears("It <saved> me a day & more")
    assert "★★★★☆" in said.text
    assert "Lena" not in said.text


async def test_words_can_be_skipped_and_stars_changed(chat: World):
    product = await a_product(chat)
    lena = await an_owner(chat, product)
    await press(lena, f"rate:{product}:2")
    await lena.hears("Would you say why")
    await lena.tap("Skip")
    await lena.hears("Thank you for your review")
    # what is written now is no review
    await lena.say("Lena")
    await press(lena, f"rate:{product}")
    await lena.hears("You gave")
    await lena.tap("★★★★★")

    async def changed() -> bool:
        return (await the_review(chat)).rating == 5

    assert await chat.until(changed)
    assert (await the_review(chat)).text == ""


async def test_the_library_offers_to_rate_what_somebody_owns_until_they_no_longer_do(chat: World):
    product, other = await two_products(chat)
    lena = await an_owner(chat, product)
    async with chat.spark.database.reading() as session:
        lead_id = (await session.scalars(select(Lead.id).where(Lead.person_id.is_not(None)))).one()
    await chat.creator.say(f"/lead {lead_id} give {other} A gift")
    await chat.creator.hears("now.")
    await lena.say("/library")
    assert rated_in(await lena.hears("Yours from")) == [f"rate:{other}", f"rate:{product}"]
    await press(lena, f"rate:{product}")
    await lena.hears("How do you like")
    await lena.tap("★★★★★")
    await lena.hears("Would you say why")
    assert (await the_review(chat)).rating == 5

    await chat.creator.say(f"/lead {lead_id} revoke {product} A mistake")
    await chat.creator.hears("any more. No money goes back")
    await lena.say("/library")
    assert rated_in(await lena.hears("Yours from", times=2)) == [f"rate:{other}"]
    # and the button of before does nothing
    assert "Only those who own" in (await press(lena, f"rate:{product}") or "")
    await lena.tap("Rate it")
    assert (await lena.hears("How do you like")).labels[0] == "★★★★★"


async def test_who_does_not_own_it_is_told_so(chat: World):
    product = await a_product(chat)
    tom = await chat.person("Tom")
    await tom.say("/start ad42")
    await tom.hears("What shall we call you?")
    for data in (f"rate:{product}", f"rate:{product}:5"):
        assert "Only those who own" in (await press(tom, data) or "")
    # nor does anybody who owns it and acts for whoever sells it
    lena, creator = await an_owner(chat, product), await the_creator(chat)
    async with chat.spark.database.transaction() as session:
        account = await add_account(session, role=Role.CREATOR, name="Lena", now=chat.clock())
        account.person_id = await session.scalar(select(Person.id).where(Person.telegram_id == lena.id))
        session.add(Membership(account_id=account.id, creator_id=creator.id, owner=False, rights=["view"]))
    for data in (f"rate:{product}", f"rate:{product}:5"):
        assert "does not review what it sells" in (await press(lena, data) or "")
    async with chat.spark.database.reading() as session:
        assert (await session.scalars(select(Review))).all() == []


async def test_odd_taps_are_answered_and_change_nothing(chat: World):
    product = await a_product(chat)
    lena = await an_owner(chat, product)
    many = "9" * 40
    for data in (
        *("rate:", "rate:x", f"rate:{many}", f"rate:{product}:0", f"rate:{product}:6", f"rate:{product}:{many}"),
        *(f"rate:{product}:1:2", "reviews:", f"reviews:{many}", f"reviews:{product}:-1", "review:", f"review:{many}"),
        *("review:1", "review:1:hide", f"reviews:{10**15 - 1}", "review:0:answer"),
    ):
        assert await press(lena, data), data
    async with chat.spark.database.reading() as session:
        assert (await session.scalars(select(Review))).all() == []


async def an_admin(chat: World, person: PersonOfTheWorld) -> None:
    """They look after the instance from now on, by the link that the operator was given."""
    async with chat.spark.database.transaction() as session:
        account = await add_account(session, role=Role.ADMIN, name="Ada", now=chat.clock())
        payload = await make_bind_payload(session, account.id, now=chat.clock())
    await person.say(f"/start {payload}")
    await person.hears("You look after this bot now")


async def test_the_creator_answers_and_hides_nothing(chat: World):
    product = await a_product(chat)
    lena = await an_owner(chat, product)
    await press(lena, f"rate:{product}:1")
    told = await chat.creator.hears("★☆☆☆☆ from lead")
    assert told.labels == ["Answer", "Report"]
    await chat.creator.tap("Answer")
    await chat.creator.hears("What do you say to it?")
    assert "stands under the review" in (await answers(chat, "We are <sorry>")).text
    await lena.hears("We are <sorry>")
    review = (await the_review(chat)).id
    for act in ("hide", "show"):
        assert await press(chat.creator, f"review:{review}:{act}")
    assert (await the_review(chat)).state == ReviewState.SHOWN
    await press(chat.creator, f"review:{review}")
    assert (await chat.creator.hears("Review of")).labels == ["Answer", "Report"]


async def test_what_a_creator_reports_is_an_administrators_to_decide(chat: World):
    product = await a_product(chat)
    lena, ada = await an_owner(chat, product), await chat.person("Ada")
    await an_admin(chat, ada)
    await press(lena, f"rate:{product}:1")
    await chat.creator.hears("★☆☆☆☆ from lead")
    await chat.creator.tap("Report")
    told = await ada.hears("Somebody minds this review")
    assert told.labels == ["Hide", "Show to all", "🚩 Reported reviews"]
    await ada.tap("Reported reviews")
    listed = await ada.hears("Reviews that somebody minds: 1")
    assert "Starter guide by Studio" in listed.text
    await ada.tap("1")
    await ada.hears("Review of")
    await ada.tap("Hide")

    async def hidden() -> bool:
        return (await the_review(chat)).state == ReviewState.HIDDEN

    assert await chat.until(hidden)
    assert await press(ada, "reported") is None
    await ada.hears("Nobody minds any review")
    await ada.tap("Show to all")

    async def shown() -> bool:
        return (await the_review(chat)).state == ReviewState.SHOWN

    assert await chat.until(shown)
    # who has reported nothing new hears that it was decided
    assert "left it in sight" in (await press(chat.creator, f"review:{(await the_review(chat)).id}:report") or "")
    for stranger in (lena, chat.creator):
        assert "look after this bot" in (await press(stranger, "reported") or "")
    # a creator who looks after the bot too may do both
    await an_admin(chat, chat.creator)
    await press(chat.creator, f"review:{(await the_review(chat)).id}")
    assert (await chat.creator.hears("Review of")).labels == ["Answer", "Hide"]


async def test_a_review_is_reported_by_a_reader_and_waits_for_there_to_be_an_administrator(chat: World):
    product = await a_product(chat)
    lena, tom = await an_owner(chat, product), await an_owner(chat, product, "Tom")
    await press(lena, f"rate:{product}:1")
    await lena.say("Rude words")
    await lena.hears("Thank you for your review")
    review = (await the_review(chat)).id
    # it is no business of a reader's to hide it, nor of its author's to report it
    assert await press(tom, f"review:{review}:hide")
    assert await press(tom, f"review:{review}:answer")
    assert await press(lena, f"review:{review}:report")
    assert (await the_review(chat)).state == ReviewState.SHOWN
    await press(tom, f"review:{review}")
    await tom.tap("Report")
    assert "spark account add --role admin" in (await chat.creator.hears("Somebody minds this review")).text
    assert (await the_review(chat)).state == ReviewState.REPORTED
    ada = await chat.person("Ada")
    await an_admin(chat, ada)
    await press(ada, "reported")
    assert "Rude words" in (await ada.hears("Reviews that somebody minds: 1")).text
    assert await press(ada, f"review:{review}:hide") == "hidden"
    assert (await the_review(chat)).state == ReviewState.HIDDEN
    # out of sight for others, and still there for its author
    assert "no longer there" in (await press(tom, f"review:{review}") or "")
    await press(lena, f"review:{review}")
    assert "hidden" in (await lena.hears("Review of")).text


async def test_pages_of_reported_reviews_are_turned(chat: World):
    product = await a_product(chat)
    people = [await an_owner(chat, product, f"Person {number}") for number in range(6)]
    for person in people:
        await press(person, f"rate:{product}:1")
    ada = await chat.person("Ada")
    await an_admin(chat, ada)
    async with chat.spark.database.transaction() as session:
        await session.execute(update(Review).values(state=ReviewState.REPORTED, reported_at=chat.clock()))
    await press(ada, "reported")
    assert (await ada.hears("minds: 6")).labels == ["1", "2", "3", "4", "5", "›"]
    await ada.tap("›")

    async def turned() -> bool:
        return [said for said in await ada.chat() if "minds: 6" in said.text][-1].labels == ["6", "‹"]

    assert await chat.until(turned)
    for odd in ("reported:x", "reported:-1", f"reported:{'9' * 40}", "reported:1:2"):
        assert await press(ada, odd), odd


async def test_another_creators_reviews_are_not_theirs_to_answer(chat: World):
    product = await a_product(chat)
    lena = await an_owner(chat, product)
    await press(lena, f"rate:{product}:3")
    await lena.hears("Would you say why")
    await somebody_elses(chat)
    olga = PersonOfTheWorld(chat, 990001)
    await chat.control("POST", "/people", {"first_name": "Olga", "id": 990001})
    await olga.say("/start")
    await olga.hears("What shall we call you?")
    for act in ("hide", "answer", "show"):
        assert await press(olga, f"review:{(await the_review(chat)).id}:{act}")
    assert (await the_review(chat)).state == ReviewState.SHOWN


async def test_nothing_happens_for_whom_the_creator_has_banned(chat: World):
    product = await a_product(chat)
    lena = await an_owner(chat, product)
    async with chat.spark.database.transaction() as session:
        lead = (await session.scalars(select(Lead).order_by(Lead.id.desc()).limit(1))).one()
        await ban_lead(session, lead, now=chat.clock())
    assert await press(lena, f"rate:{product}:5") is None
    async with chat.spark.database.reading() as session:
        assert (await session.scalars(select(Review))).all() == []


async def test_pages_of_reviews_are_turned(chat: World):
    product = await a_product(chat)
    people = [await an_owner(chat, product, f"Person {number}") for number in range(7)]
    for stars, person in enumerate(people):
        await press(person, f"rate:{product}:{stars % 5 + 1}")
        chat.clock.pass_time(hours=1)
    reader = people[0]
    await press(reader, f"reviews:{product}")
    first = await reader.hears("7 reviews")
    assert first.labels == ["1", "2", "3", "4", "5", "›", "Write a review"]
    await reader.tap("›")

    async def turned() -> bool:
        return "‹" in [said for said in await reader.chat() if "7 reviews" in said.text][-1].labels

    assert await chat.until(turned)
    assert await press(reader, f"reviews:{product}:400") is None
