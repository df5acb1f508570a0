import asyncio
import random
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import pytest
from folk import NOW, Folk, a_creator, a_lead, a_person, a_product, count, events, money, notices, ordered, some_folk
from row_locks import until_waiting
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from stores import DATA_KEYS, Stores

import domain.reviews
from domain.account_leads import lead_for_account
from domain.accounts import add_account
from domain.chat_standings import reader_of
from domain.creators import bind_person
from domain.deliveries import NotOwned
from domain.entitlements import grant, owns, revoke
from domain.forgetting import forget_lead, forget_person
from domain.leads import add_lead
from domain.leaving import delete_account
from domain.merging import merge_leads
from domain.my_data import everything_about
from domain.paying import pay_order
from domain.removing import remove_lead
from domain.reviews import (
    BadReview,
    NoSuchReview,
    OwnReview,
    add_words,
    answer_review,
    forget_reviews,
    hide_review,
    move_reviews,
    rating_of,
    report_review,
    review_product,
    show_review,
)
from kit.paging import Paging
from store.database import Database
from store.models import (
    Account,
    BundleItem,
    Creator,
    Entitlement,
    Lead,
    OutboxMessage,
    Person,
    Product,
    ProductKind,
    Review,
    ReviewState,
    Role,
)
from store.queries.reviews import list_reported, list_reviews

LATER = NOW + timedelta(hours=1)


async def owners(database: Database, number: int) -> tuple[Folk, list[int]]:
    """A product, and so many leads who own it."""
    folk = await some_folk(database)
    ids = []
    async with database.transaction() as session:
        creator = await session.get_one(Creator, folk.creator)
        for each in range(number):
            lead, _ = await a_lead(session, creator, 3001 + each)
            await grant(session, lead, folk.product, origin="gift", now=NOW)
            ids.append(lead.id)
    return folk, ids


async def rate(database: Database, lead_id: int, folk: Folk, stars: int, words: str | None = None) -> int:
    async with database.transaction() as session:
        lead = await session.get_one(Lead, lead_id)
        return (await review_product(session, lead, folk.product, stars, words=words, now=NOW)).id


async def standing(database: Database, folk: Folk) -> tuple[int, int]:
    async with database.reading() as session:
        product = await session.get_one(Product, folk.product)
        # lists are sorted by the mean, in thousandths
        if product.rating_sum >= product.rating_count:
            assert product.rating_milli == product.rating_sum * 1000 // max(product.rating_count, 1)
        return product.rating_sum, product.rating_count


async def in_truth(database: Database, folk: Folk) -> tuple[int, int]:
    """Over the rows themselves."""
    async with database.reading() as session:
        shown = await session.scalars(
            select(Review.rating).where(Review.product_id == folk.product, Review.state != ReviewState.HIDDEN)
        )
        ratings = shown.all()
    return sum(ratings), len(ratings)


async def test_an_owner_reviews_once_and_changes_it_afterwards(database: Database):
    folk, (lead,) = await owners(database, 1)
    first = await rate(database, lead, folk, 2)
    assert await standing(database, folk) == (2, 1)
    assert await rate(database, lead, folk, 5, "Better than I thought") == first
    assert await standing(database, folk) == (5, 1)
    async with database.reading() as session:
        review = await session.get_one(Review, first)
        assert (review.rating, review.text, review.created_at, review.edited_at) == (
            *(5, "Better than I thought"),
            *(NOW, NOW),
        )
        assert await events(session, "review.published", "review.changed") == ["review.published", "review.changed"]


async def test_stars_alone_leave_the_words_and_the_same_again_changes_nothing(database: Database):
    folk, (lead,) = await owners(database, 1)
    review_id = await rate(database, lead, folk, 4, "Good")
    await rate(database, lead, folk, 4)
    await rate(database, lead, folk, 4, "Good")
    async with database.reading() as session:
        review = await session.get_one(Review, review_id)
        assert (review.text, review.edited_at) == ("Good", None)
        assert await events(session, "review.changed") == []
    await rate(database, lead, folk, 3)
    async with database.reading() as session:
        assert (await session.get_one(Review, review_id)).text == "Good"


async def test_words_can_follow_the_stars(database: Database):
    folk, (lead_id,) = await owners(database, 1)
    async with database.transaction() as session:
        lead = await session.get_one(Lead, lead_id)
        with pytest.raises(NoSuchReview):
            await add_words(session, lead, folk.product, "Too early", now=NOW)
    await rate(database, lead_id, folk, 3)
    async with database.transaction() as session:
        lead = await session.get_one(Lead, lead_id)
        review = await add_words(session, lead, folk.product, "  It does what it says \n", now=LATER)
    assert (review.rating, review.text) == (3, "It does what it says")


async def test_who_does_not_own_it_cannot_review_it(database: Database):
    folk = await some_folk(database)
    with pytest.raises(NotOwned):
        await rate(database, folk.lead, folk, 1)
    with pytest.raises(NotOwned):
        await rate(database, folk.lead, Folk(folk.creator, folk.lead, 987_654), 1)
    async with database.reading() as session:
        assert await count(session, Review) == 0


async def test_who_lost_the_right_keeps_the_review_and_can_change_it_no_more(database: Database):
    folk, (lead_id,) = await owners(database, 1)
    await rate(database, lead_id, folk, 1)
    async with database.transaction() as session:
        right = (await session.scalars(select(Entitlement).where(Entitlement.lead_id == lead_id))).one()
        await revoke(session, right, by="refund", now=NOW)
        assert not await owns(session, lead_id, folk.product)
    with pytest.raises(NotOwned):
        await rate(database, lead_id, folk, 5)
    assert await standing(database, folk) == (1, 1)


@pytest.mark.parametrize(("stars", "words"), [(0, None), (6, None), (-1, None), (3, "  "), (3, "x" * 1001)])
async def test_stars_are_one_to_five_and_words_neither_none_nor_endless(database, stars: int, words: str | None):
    folk, (lead,) = await owners(database, 1)
    with pytest.raises(BadReview):
        await rate(database, lead, folk, stars, words)
    assert await standing(database, folk) == (0, 0)


async def test_the_average_has_one_decimal_place_and_none_is_none(database: Database):
    folk, leads = await owners(database, 3)
    async with database.reading() as session:
        assert rating_of(await session.get_one(Product, folk.product)) is None
    for lead, stars in zip(leads, (5, 4, 4), strict=True):
        await rate(database, lead, folk, stars)
    async with database.reading() as session:
        assert rating_of(await session.get_one(Product, folk.product)) == (Decimal("4.3"), 3)


async def test_a_hidden_review_counts_no_more_until_it_is_shown_again(database: Database):
    folk, (one, other) = await owners(database, 2)
    review_id = await rate(database, one, folk, 1, "<b>Rubbish</b>")
    await rate(database, other, folk, 5)
    async with database.transaction() as session:
        review = await session.get_one(Review, review_id)
        assert await hide_review(session, review, now=LATER)
        assert not await hide_review(session, review, now=LATER)
    assert await standing(database, folk) == (5, 1)
    # its author changes it all the same, out of sight
    await rate(database, one, folk, 2)
    assert await standing(database, folk) == (5, 1)
    async with database.transaction() as session:
        review = await session.get_one(Review, review_id)
        assert await show_review(session, review, now=LATER)
        assert not await show_review(session, review, now=LATER)
    assert await standing(database, folk) == (7, 2)


async def test_of_those_out_of_sight_a_reader_sees_their_own_alone(database: Database):
    folk, (one, other) = await owners(database, 2)
    review_id = await rate(database, one, folk, 1)
    newest = await rate(database, other, folk, 5)
    async with database.transaction() as session:
        await hide_review(session, await session.get_one(Review, review_id), now=NOW)

    async def seen(lead_id: int | None, *, hidden: bool = False) -> list[int]:
        async with database.reading() as session:
            page = await list_reviews(session, folk.product, Paging(), hidden=hidden, lead_id=lead_id)
        assert page.total == len(page.items)
        return [each.id for each in page.items]

    assert await seen(None) == await seen(other) == [newest]
    assert await seen(one) == await seen(None, hidden=True) == [newest, review_id]


async def an_admin(session: AsyncSession, person: Person) -> None:
    """They look after the instance."""
    await bind_person(session, (await add_account(session, role=Role.ADMIN, name="Ada", now=NOW)).id, person)


async def test_a_reported_review_stays_in_sight_and_is_reported_once_for_what_it_says(database: Database):
    folk, (author, reader) = await owners(database, 2)
    review_id = await rate(database, author, folk, 1, "Bad words")

    async def report(lead_id: int = reader) -> bool:
        async with database.transaction() as session:
            review, lead = await session.get_one(Review, review_id), await session.get_one(Lead, lead_id)
            return await report_review(session, review, lead, now=LATER)

    async def minded() -> int:
        async with database.reading() as session:
            return sum("minds this review" in each for each in await notices(session))

    with pytest.raises(OwnReview):
        await report(author)
    assert [await report(), await report()] == [True, False]
    assert (await standing(database, folk), await minded()) == ((1, 1), 1)
    async with database.transaction() as session:
        assert await show_review(session, await session.get_one(Review, review_id), now=LATER)
    # somebody has looked at it; nobody asks again, until it says something else
    assert (await report(), await minded()) == (False, 1)
    async with database.transaction() as session:
        changed = update(Review).values(text="Worse words", edited_at=LATER + timedelta(seconds=1))
        await session.execute(changed)
    assert await report()


async def test_administrators_hear_what_is_reported_and_without_one_the_creator_how_to_get_one(database: Database):
    folk, (one, other) = await owners(database, 2)
    first, second = await rate(database, one, folk, 1, "Bad"), await rate(database, other, folk, 2, "Worse")

    async def report(review_id: int, *, by: int | None) -> list[tuple[int | None, str]]:
        """Whom it was told, and what."""
        async with database.transaction() as session:
            before = set(await session.scalars(select(OutboxMessage.id)))
            lead = None if by is None else await session.get_one(Lead, by)
            assert await report_review(session, await session.get_one(Review, review_id), lead, now=LATER)
            queued = (await session.scalars(select(OutboxMessage))).all()
            told = [each for each in queued if each.id not in before]
            return [(each.person_id, str(each.message)) for each in told]

    ((creator, to_creator),) = await report(first, by=other)
    assert "spark account add --role admin" in to_creator
    assert "hide" not in to_creator
    async with database.transaction() as session:
        person = await a_person(session, 5001)
        await an_admin(session, person)
    # reported by the creator this time
    ((told, to_admin),) = await report(second, by=None)
    assert (told, told != creator) == (person.id, True)
    assert f"review:{second}:hide" in to_admin
    assert "Worse" in to_admin
    async with database.reading() as session:
        waiting = await list_reported(session, Paging())
        # the one of before as well
        assert ([each.id for each in waiting.items], waiting.total) == ([first, second], 2)


async def test_the_creator_hears_of_it_and_the_author_of_the_answer(database: Database):
    folk, (lead,) = await owners(database, 1)
    review_id = await rate(database, lead, folk, 4, "Fine <3")
    async with database.transaction() as session:
        review = await session.get_one(Review, review_id)
        await answer_review(session, review, "Thank you & enjoy", now=LATER)
        await answer_review(session, review, "Thank you & enjoy", now=LATER + timedelta(hours=1))
    async with database.reading() as session:
        told = await notices(session)
        assert sum("★★★★☆" in each and "Fine &lt;3" in each and "Preset &lt;pack&gt;" in each for each in told) == 1
        assert sum("Thank you &amp; enjoy" in each for each in told) == 1
        assert (await session.get_one(Review, review_id)).answered_at == LATER


async def test_however_often_somebody_changes_their_mind_the_creator_hears_of_it_twice_a_day(database: Database):
    folk, (lead,) = await owners(database, 1)
    for stars in (1, 2, 3, 4, 5):
        await rate(database, lead, folk, stars)
    async with database.reading() as session:
        assert sum("from lead" in each for each in await notices(session)) == 2


async def test_a_forgotten_lead_takes_what_they_said_along(database: Database):
    folk, (one, other) = await owners(database, 2)
    await rate(database, one, folk, 1, "My name is Lena")
    await rate(database, other, folk, 5)
    async with database.transaction() as session:
        await forget_lead(session, await session.get_one(Lead, one), now=LATER)
    async with database.reading() as session:
        assert [each.lead_id for each in (await session.scalars(select(Review))).all()] == [other]
    assert await standing(database, folk) == await in_truth(database, folk) == (5, 1)


@pytest.mark.parametrize("by", ["chat", "account"])
async def test_stars_that_outlasted_somebody_give_way_when_they_review_again_or_are_forgotten(
    database: Database, by: str
):
    folk, (other,) = await owners(database, 1)
    await rate(database, other, folk, 5)
    async with database.transaction() as session:
        account = await add_account(session, role=Role.BUYER, name="Lena", now=NOW)

    async def comes() -> int:
        async with database.transaction() as session:
            if by == "chat":
                lead, _ = await a_lead(session, await session.get_one(Creator, folk.creator), 4001)
            else:
                found = await session.get_one(Account, account.id)
                lead = await lead_for_account(session, folk.creator, found, now=NOW)
            await grant(session, lead, folk.product, origin=f"gift:{lead.id}", now=NOW)
            return lead.id

    async def is_removed(lead_id: int) -> None:
        async with database.transaction() as session:
            await remove_lead(session, await session.get_one(Lead, lead_id), with_library=True, now=NOW)

    for stars in (1, 2):
        await rate(database, lead := await comes(), folk, stars, "Lena says no")
        assert await standing(database, folk) == await in_truth(database, folk) == (5 + stars, 2)
        await is_removed(lead)
        assert await standing(database, folk) == await in_truth(database, folk) == (5 + stars, 2)
    lead = await comes()
    async with database.transaction() as session:
        await forget_lead(session, await session.get_one(Lead, lead), now=LATER)
    assert await standing(database, folk) == await in_truth(database, folk) == (5, 1)


async def test_who_is_forgotten_everywhere_takes_stars_along_that_outlasted_them(database: Database):
    folk, (lead, other) = await owners(database, 2)
    for each, stars in ((lead, 1), (other, 5)):
        await rate(database, each, folk, stars)
    async with database.transaction() as session:
        found = await session.get_one(Lead, lead)
        person = await session.get_one(Person, found.person_id)
        await remove_lead(session, found, with_library=True, now=NOW)
        assert (await session.scalars(select(Review.rating).order_by(Review.id))).all() == [1, 5]
        await forget_person(session, person, now=NOW)
    assert await standing(database, folk) == await in_truth(database, folk) == (5, 1)


async def test_words_of_somebody_who_has_no_way_back_to_them_go_with_the_account(database: Database):
    folk, (other,) = await owners(database, 1)
    await rate(database, other, folk, 5, "Warm")
    async with database.transaction() as session:
        account = await add_account(session, role=Role.BUYER, name="Lena", now=NOW)
        lead = await lead_for_account(session, folk.creator, account, now=NOW)
        await grant(session, lead, folk.product, origin="gift:lena", now=NOW)
        review = await review_product(session, lead, folk.product, 1, words="Lena says no", now=NOW)
        await delete_account(session, account.id, now=LATER)
        await session.refresh(review)
        assert (review.rating, review.text) == (1, "")
    async with database.reading() as session:
        assert set(await session.scalars(select(Review.text))) == {"Warm", ""}
    assert await standing(database, folk) == (6, 2)


async def test_forgetting_a_hidden_review_leaves_the_average_alone(database: Database):
    folk, (one, other) = await owners(database, 2)
    hidden = await rate(database, one, folk, 1)
    await rate(database, other, folk, 5)
    async with database.transaction() as session:
        await hide_review(session, await session.get_one(Review, hidden), now=NOW)
        await forget_reviews(session, [one])
        await forget_reviews(session, [one])
    assert await standing(database, folk) == (5, 1)


@pytest.mark.parametrize(("both", "left"), [(True, (5, 1)), (False, (2, 1))])
async def test_of_two_reviews_of_one_person_the_kept_leads_stays(database: Database, *, both: bool, left):
    folk, (kept, other) = await owners(database, 2)
    if both:
        await rate(database, kept, folk, 5)
    await rate(database, other, folk, 2)
    async with database.transaction() as session:
        into, gone = await session.get_one(Lead, kept), await session.get_one(Lead, other)
        await move_reviews(session, into, gone)
    assert await standing(database, folk) == await in_truth(database, folk) == left
    async with database.reading() as session:
        assert list(await session.scalars(select(Review.lead_id))) == [kept]


async def test_merging_leads_moves_their_reviews(database: Database):
    folk, (kept,) = await owners(database, 1)
    async with database.transaction() as session:
        other = await add_lead(session, folk.creator, name="Lena", now=NOW)
        await grant(session, other, folk.product, origin="gift:2", now=NOW)
        await review_product(session, other, folk.product, 4, now=NOW)
        await merge_leads(session, await session.get_one(Lead, kept), other, now=LATER)
    async with database.reading() as session:
        assert list(await session.scalars(select(Review.lead_id))) == [kept]
    assert await standing(database, folk) == (4, 1)


async def test_my_data_holds_what_i_said(database: Database):
    folk, (lead_id,) = await owners(database, 1)
    await rate(database, lead_id, folk, 4, "What I said of it")
    async with database.reading() as session:
        lead = await session.get_one(Lead, lead_id)
        person = await session.get_one(Person, lead.person_id)
        assert "What I said of it" in await everything_about(session, person)


async def test_those_who_act_for_a_creator_look_after_the_reviews_there(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        other = await a_creator(session, "other", telegram_id=1002)
        stranger = await a_person(session, 2001)
        acting = {each.telegram_id: each.id for each in (await session.scalars(select(Person))).all()}
        ours, theirs = acting[1001], acting[1002]
        assert (await reader_of(session, ours, creator.id)).creators
        assert not (await reader_of(session, theirs, creator.id)).sees_all
        assert (await reader_of(session, theirs, other.id)).sees_all
        assert not (await reader_of(session, stranger.id, creator.id)).sees_all
        await an_admin(session, stranger)
        admin = await reader_of(session, stranger.id, creator.id)
        assert (admin.creators, admin.admins, admin.sees_all) == (False, True, True)


@pytest.fixture
def on_postgresql(stores: Stores, postgresql: str) -> str:
    return stores.postgresql(postgresql)


# Many at once ---------------------------------------------------------------------------------------------------


async def change_their_minds(database: Database, folk: Folk, leads: Sequence[int], changes: int) -> None:
    """Everybody gives other stars again and again, while the creator hides and shows what they find."""
    chance = random.Random(7)

    async def once(lead_id: int) -> None:
        await rate(database, lead_id, folk, chance.randint(1, 5))

    async def moderate() -> None:
        async with database.transaction() as session:
            found = (await session.scalars(select(Review).order_by(Review.id))).all()
            if found:
                review = chance.choice(found)
                act = hide_review if review.state != ReviewState.HIDDEN else show_review
                await act(session, review, now=NOW)

    doing = [once(lead) for lead in leads for _ in range(changes)] + [moderate() for _ in range(changes)]
    chance.shuffle(doing)
    await asyncio.gather(*doing)


async def test_many_who_change_their_minds_at_once_leave_the_sum_right(database: Database):
    folk, leads = await owners(database, 8)
    await change_their_minds(database, folk, leads, 12)
    assert await standing(database, folk) == await in_truth(database, folk)
    async with database.reading() as session:
        assert await count(session, Review) == 8


@pytest.mark.parametrize("held", [True, False])
async def test_the_sum_is_right_because_the_product_is_held(on_postgresql: str, monkeypatch, *, held: bool):
    """Two read the stars before either changes them; on SQLite there is one writer at a time whatever we do."""
    database = Database(on_postgresql, data_keys=DATA_KEYS)

    async def nobody(*_args: object) -> None:
        """Nothing is held."""

    if not held:
        monkeypatch.setattr(domain.reviews, "hold_product", nobody)
    try:
        folk, (lead,) = await owners(database, 1)
        review_id = await rate(database, lead, folk, 3)
        async with database.transaction() as session:
            await session.execute(select(Review.id).where(Review.id == review_id).with_for_update())
            changes = [asyncio.create_task(rate(database, lead, folk, stars)) for stars in (1, 5)]
            await until_waiting(database, count=2)
        await asyncio.gather(*changes)
        assert (await standing(database, folk) == await in_truth(database, folk)) is held
    finally:
        await database.close()


async def test_two_first_reviews_of_one_lead_at_once_are_one(database: Database):
    folk, (lead,) = await owners(database, 1)
    await asyncio.gather(*(rate(database, lead, folk, stars) for stars in (1, 2, 3, 4, 5)))
    async with database.reading() as session:
        assert await count(session, Review) == 1
    assert await standing(database, folk) == await in_truth(database, folk)


async def test_a_bundle_is_reviewed_by_who_bought_it(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        creator = await session.get_one(Creator, folk.creator)
        bundle = await a_product(session, creator, file=False)
        await session.execute(update(Product).where(Product.id == bundle.id).values(kind=ProductKind.BUNDLE))
        session.add(BundleItem(bundle_id=bundle.id, product_id=folk.product))
        await session.flush()
        await session.refresh(bundle)
        lead = await session.get_one(Lead, folk.lead)
        with pytest.raises(NotOwned):
            await review_product(session, lead, bundle.id, 5, now=NOW)
        order = await ordered(session, lead, bundle)
        await pay_order(session, order, money(), now=NOW)
        await review_product(session, lead, bundle.id, 5, now=NOW)
        await review_product(session, lead, folk.product, 4, now=NOW)
    async with database.reading() as session:
        ratings = [rating_of(await session.get_one(Product, each)) for each in (bundle.id, folk.product)]
    assert ratings == [(Decimal("5.0"), 1), (Decimal("4.0"), 1)]
