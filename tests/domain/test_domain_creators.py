import asyncio
from datetime import timedelta
from typing import Any

import pytest
from folk import NOW, a_person, count, events
from sqlalchemy import select, update

from domain.creators import (
    BIND_LIFETIME,
    BindRefused,
    CreatorExists,
    add_creator,
    bind_by_payload,
    bind_person,
    creators_of,
    make_bind_payload,
)
from domain.ideas import MOST_TAGS, TITLE_LENGTH, add_idea
from domain.product_files import attach_file
from domain.products import MOST_STOCK, NoSuchProduct, add_product, find_product, keep_upload
from domain.signing_in import AccountSuspended
from kit.errors import Invalid, Refusal
from kit.money import Money
from kit.tokens import digest_of
from store.database import Database
from store.models import Account, AccountState, BindToken, Creator, Idea, Membership, Person, Product, Role

FREE = Money(0, "usd")


async def test_a_bind_link_is_good_once(database: Database):
    async with database.transaction() as session:
        made = await add_creator(session, name="Studio", slug="studio", now=NOW)
        first, second = await a_person(session, 1), await a_person(session, 2)
        bound = await bind_by_payload(session, first, made.bind_payload, now=NOW)
        assert bound.id == made.creator.id
        for person in (first, second):
            with pytest.raises(BindRefused):
                await bind_by_payload(session, person, made.bind_payload, now=NOW)
    async with database.reading() as session:
        assert (await session.scalars(select(Account.person_id))).one() == first.id


async def test_two_people_at_once_cannot_both_take_a_link(database: Database):
    async with database.transaction() as session:
        made = await add_creator(session, name="Studio", slug="studio", now=NOW)
        people = [(await a_person(session, number)).id for number in range(1, 6)]

    async def take(person_id: int) -> bool:
        try:
            async with database.transaction() as session:
                person = await session.get_one(Person, person_id)
                await bind_by_payload(session, person, made.bind_payload, now=NOW)
        except BindRefused:
            return False
        return True

    assert sum(await asyncio.gather(*(take(person_id) for person_id in people))) == 1


async def test_a_link_that_nobody_made_binds_nobody(database: Database):
    async with database.transaction() as session:
        await add_creator(session, name="Studio", slug="studio", now=NOW)
        person = await a_person(session)
        for payload in ("bind_", "bind_nonsense", "", "bind_\U0001f600"):
            with pytest.raises(BindRefused):
                await bind_by_payload(session, person, payload, now=NOW)


async def test_a_link_is_good_for_a_week_and_kept_as_its_digest_only(database: Database):
    async with database.transaction() as session:
        made = await add_creator(session, name="Studio", slug="studio", now=NOW)
        person = await a_person(session)
        with pytest.raises(BindRefused):
            await bind_by_payload(session, person, made.bind_payload, now=NOW + BIND_LIFETIME)
        digest = (await session.scalars(select(BindToken.digest))).one()
        assert digest == digest_of(made.bind_payload.removeprefix("bind_"))
        just_in_time = NOW + BIND_LIFETIME - timedelta(microseconds=1)
        await bind_by_payload(session, person, made.bind_payload, now=just_in_time)


async def test_a_second_creator_of_one_person_joins_the_account_they_have(database: Database):
    async with database.transaction() as session:
        one = await add_creator(session, name="One", slug="one", now=NOW)
        two = await add_creator(session, name="Two", slug="two", now=NOW)
        person = await a_person(session)
        # the later creator first: what is answered is the creator of the link, not the newest of all
        assert (await bind_by_payload(session, person, two.bind_payload, now=NOW)).id == two.creator.id
        assert (await bind_by_payload(session, person, one.bind_payload, now=NOW)).id == one.creator.id
    async with database.reading() as session:
        assert await creators_of(session, two.account.id) == [one.creator.id, two.creator.id]
        assert await creators_of(session, one.account.id) == []
        held = await session.execute(select(Account.id).where(Account.person_id == person.id))
        assert held.scalar_one() == two.account.id


async def test_binding_again_moves_the_account_to_the_person_who_holds_the_new_link(database: Database):
    async with database.transaction() as session:
        made = await add_creator(session, name="One", slug="one", now=NOW)
        old, new = await a_person(session, 1), await a_person(session, 2)
        await bind_by_payload(session, old, made.bind_payload, now=NOW)
        payload = await make_bind_payload(session, made.account.id, now=NOW)
        await bind_by_payload(session, new, payload, now=NOW)
    async with database.reading() as session:
        assert (await session.scalars(select(Account.person_id))).one() == new.id
        assert await count(session, Membership) == 1


async def test_a_creator_with_a_wrong_part_is_refused_by_its_name(database: Database):
    wrong = [
        ("name", "  "),
        *(("slug", slug) for slug in ("", "Not A Slug", "-x", "x" * 61)),
        ("currency", "zzz"),
        *(("time_zone", zone) for zone in ("Mars/Base", "../etc/passwd")),
    ]
    async with database.transaction() as session:
        for field, value in wrong:
            given = {"name": "Studio", "slug": "studio"} | {field: value}
            with pytest.raises(Invalid) as refusal:
                await add_creator(session, **given, now=NOW)
            assert set(refusal.value.fields) == {field}


async def test_a_slug_and_an_email_belong_to_one_creator(database: Database):
    async with database.transaction() as session:
        await add_creator(session, name="One", slug="one", email="a@x.org", now=NOW)
    for slug, email in (("one", None), ("two", "a@x.org")):
        with pytest.raises(CreatorExists):
            async with database.transaction() as session:
                await add_creator(session, name="Two", slug=slug, email=email, now=NOW)
    async with database.reading() as session:
        assert await count(session, Creator) == await count(session, Account) == 1


async def _two_creators(database: Database) -> tuple[int, int]:
    async with database.transaction() as session:
        one = await add_creator(session, name="One", slug="one", now=NOW)
        two = await add_creator(session, name="Two", slug="two", now=NOW)
    return one.creator.id, two.creator.id


async def test_products_of_one_title_get_slugs_of_their_own_even_at_once(database: Database):
    one, two = await _two_creators(database)

    async def add(creator_id: int) -> str:
        async with database.transaction() as session:
            added = await add_product(session, creator_id=creator_id, title=" Preset pack ", price=FREE, now=NOW)
            return added.slug

    slugs = await asyncio.gather(*(add(one) for _ in range(5)), add(two))
    assert sorted(slugs[:5]) == ["preset-pack", *(f"preset-pack-{number}" for number in range(2, 6))]
    assert slugs[5] == "preset-pack"


async def test_a_title_without_plain_letters_gets_a_slug_all_the_same(database: Database):
    one, _ = await _two_creators(database)
    async with database.transaction() as session:
        added = await add_product(session, creator_id=one, title="写真集", price=FREE, now=NOW)
    assert (added.slug, added.title, added.active, added.stock) == ("product", "写真集", True, None)


async def test_a_product_with_a_wrong_part_is_refused_by_its_name(database: Database):
    one, _ = await _two_creators(database)
    wrong = [("title", " "), ("title", "x" * 201), ("stock", -1), ("stock", MOST_STOCK + 1), ("stock", 2**70)]
    async with database.transaction() as session:
        for field, value in wrong:
            given = {"creator_id": one, "title": "x", "price": FREE, "now": NOW} | {field: value}
            with pytest.raises(Invalid) as refusal:
                await add_product(session, **given)
            assert set(refusal.value.fields) == {field}


async def test_stock_may_be_nothing_or_a_billion(database: Database):
    one, _ = await _two_creators(database)
    async with database.transaction() as session:
        for stock in (0, MOST_STOCK):
            await add_product(session, creator_id=one, title="x", price=FREE, stock=stock, now=NOW)
    async with database.reading() as session:
        assert [*await session.scalars(select(Product.stock).order_by(Product.id))] == [0, MOST_STOCK]


async def test_nobody_reaches_another_creators_product_or_file(database: Database):
    one, two = await _two_creators(database)
    async with database.transaction() as session:
        product = await add_product(session, creator_id=one, title="x", price=FREE, now=NOW)
        files = [
            await keep_upload(
                session,
                creator_id=creator,
                bot_id=1,
                telegram_file_id="handle",
                file_name="x",
                mime_type="text/plain",
                size=1,
                now=NOW,
            )
            for creator in (one, two)
        ]
        for creator, file in ((two, files[0]), (two, files[1]), (one, files[1])):
            with pytest.raises(NoSuchProduct):
                await attach_file(session, creator, file.id, product.id, now=NOW)
        with pytest.raises(NoSuchProduct):
            await find_product(session, two, product.id)
        assert (await attach_file(session, one, files[0].id, product.id, now=NOW)).id == product.id


async def test_ideas_count_up_for_each_creator_with_no_gap_and_none_twice(database: Database):
    one, two = await _two_creators(database)

    async def add(creator_id: int) -> int:
        async with database.transaction() as session:
            return (await add_idea(session, creator_id=creator_id, title="Studio tour", now=NOW)).number

    numbers = await asyncio.gather(*(add(one) for _ in range(20)), add(two))
    assert sorted(numbers[:20]) == list(range(1, 21))
    assert numbers[20] == 1
    async with database.reading() as session:
        assert await events(session, "idea.added") == ["idea.added"] * 21


async def test_an_ideas_title_and_tags_are_made_plain(database: Database):
    one, _ = await _two_creators(database)
    async with database.transaction() as session:
        tags = ("Video", "#video", "VIDEO!", "straße", "STRASSE", "how-to", " ", "#", "写真")
        idea = await add_idea(session, creator_id=one, title="  Studio \n tour ", tags=tags, now=NOW)
    assert (idea.title, idea.tags) == ("Studio tour", ["how-to", "strasse", "video", "写真"])
    async with database.reading() as session:
        assert (await session.get_one(Idea, idea.id)).tags == idea.tags


async def test_an_idea_past_its_limits_is_refused(database: Database):
    one, _ = await _two_creators(database)
    many = tuple(f"tag{number}" for number in range(MOST_TAGS + 1))
    async with database.transaction() as session:
        for title, tags in (("", ()), (" \n", ()), ("x" * (TITLE_LENGTH + 1), ()), ("x", many)):
            with pytest.raises(Refusal):
                await add_idea(session, creator_id=one, title=title, tags=tags, now=NOW)
        await add_idea(session, creator_id=one, title="x" * TITLE_LENGTH, tags=("t",) * 99, now=NOW)


async def test_any_account_takes_a_chat_and_one_that_was_made_of_it_alone_gives_way(database: Database):
    async def account(name: str, **more: Any) -> Account:
        made = Account(role=Role.BUYER, name=name, created_at=NOW, **more)
        session.add(made)
        await session.flush()
        return made

    async with database.transaction() as session:
        person, other = await a_person(session, 1), await a_person(session, 2)
        of_chat = await account("Of the chat", person_id=person.id)
        mine, rival = await account("Mine", password_hash="…"), await account("Rival", password_hash="…")
        assert await bind_person(session, mine.id, person) is None
        for each in (of_chat, mine):
            await session.refresh(each)
        assert (mine.person_id, of_chat.person_id, of_chat.state) == (person.id, None, AccountState.DELETED)
        # neither of two that are somebody's is taken by the other
        with pytest.raises(BindRefused):
            await bind_person(session, rival.id, person)
        # it moves to another chat as any does
        await bind_person(session, mine.id, other)
        await session.refresh(mine)
        assert mine.person_id == other.id


async def test_whoever_is_kept_out_does_not_come_back_by_a_link_of_another_account(database: Database):
    async with database.transaction() as session:
        person = await a_person(session)
        kept_out = Account(role=Role.BUYER, name="Eve", person_id=person.id, created_at=NOW)
        other = Account(role=Role.BUYER, name="Eve again", password_hash="a hash", created_at=NOW)
        session.add_all((kept_out, other))
        await session.flush()
    for state, of in (
        (AccountState.BANNED, kept_out),
        (AccountState.SUSPENDED, kept_out),
        (AccountState.BANNED, other),
    ):
        async with database.transaction() as session:
            await session.execute(update(Account).values(state=AccountState.ACTIVE))
            await session.execute(update(Account).where(Account.id == of.id).values(state=state))
        with pytest.raises(AccountSuspended):
            async with database.transaction() as session:
                await bind_person(session, other.id, await session.get_one(Person, person.id))
    async with database.reading() as session:
        assert (await session.get_one(Account, kept_out.id)).person_id == person.id
