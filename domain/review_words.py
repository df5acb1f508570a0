"""What creators and authors are told of reviews."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.messages.catalogue import say
from domain.messages.plain import Button, Message
from domain.outbox import queue_message, tell_creator
from kit.text import shorten
from store.models import Lead, OutboxKind, Person, Review

STAR, NO_STAR = "★", "☆"
MOST_STARS = 5
TITLE_LENGTH = 100


def stars(rating: int) -> str:
    return STAR * rating + NO_STAR * (MOST_STARS - rating)


async def tell_of_review(session: AsyncSession, review: Review, title: str, *, key: str, now: datetime) -> None:
    """The creator hears what was said, with what they can do about it."""
    await _tell(session, "review-told", ("answer", "hide"), review, title, key=key, now=now)


async def tell_of_report(session: AsyncSession, review: Review, title: str, *, key: str, now: datetime) -> None:
    """The creator is asked to look at it."""
    await _tell(session, "review-reported-told", ("hide", "show"), review, title, key=key, now=now)


async def tell_of_answer(session: AsyncSession, review: Review, title: str, *, key: str, now: datetime) -> None:
    """Its author reads what the creator says to it. One without a chat finds it in the shop."""
    person = await session.scalar(
        select(Person).join(Lead, Lead.person_id == Person.id).where(Lead.id == review.lead_id)
    )
    if person is None:
        return
    told = say("review-answered", person.speaks, title=shorten(title, TITLE_LENGTH), answer=review.answer or "")
    await queue_message(
        session,
        Message(text=told, buttons=((_button("see", review, person.speaks),),)),
        key=key,
        kind=OutboxKind.NOTICE,
        creator_id=review.creator_id,
        person_id=person.id,
        lead_id=review.lead_id,
        now=now,
    )


async def _tell(
    session: AsyncSession, text: str, acts: tuple[str, ...], review: Review, title: str, *, key: str, now: datetime
) -> None:
    rating, words = review.rating, review.text

    def told(language: str) -> Message:
        said = [say(text, language, title=shorten(title, TITLE_LENGTH), stars=stars(rating), lead=review.lead_id)]
        if words:
            said.append(say("review-words", language, words=words))
        return Message(text="\n\n".join(said), buttons=(tuple(_button(act, review, language) for act in acts),))

    await tell_creator(session, told, key=key, creator_id=review.creator_id, lead_id=review.lead_id, now=now)


def _button(act: str, review: Review, language: str) -> Button:
    data = f"review:{review.id}" if act == "see" else f"review:{review.id}:{act}"
    return Button(text=say(f"button-review-{act}", language), data=data)
