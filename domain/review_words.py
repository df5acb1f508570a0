"""What creators, administrators and authors are told of reviews."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.admins import tell_admins
from domain.messages.catalogue import say
from domain.messages.plain import Button, Message
from domain.notices import Notice
from domain.outbox import Told, queue_message, tell_creator
from kit.text import shorten
from store.models import Creator, Lead, OutboxKind, Person, Review

STAR, NO_STAR = "★", "☆"
MOST_STARS = 5
TITLE_LENGTH = 100


def stars(rating: int) -> str:
    return STAR * rating + NO_STAR * (MOST_STARS - rating)


async def tell_of_review(session: AsyncSession, review: Review, title: str, *, key: str, now: datetime) -> None:
    """The creator hears what was said, with what they can do about it."""
    told = _told("review-told", ("answer", "report"), review, title)
    creator_id, lead_id = review.creator_id, review.lead_id
    await tell_creator(session, told, key=key, creator_id=creator_id, lead_id=lead_id, now=now, about=Notice.REVIEWS)


async def tell_of_report(session: AsyncSession, review: Review, title: str, *, key: str, now: datetime) -> None:
    """Administrators are asked to look at it; where there is none, the creator reads how there comes to be one."""
    creator = await session.scalar(select(Creator.name).where(Creator.id == review.creator_id)) or ""
    creator_id, lead_id = review.creator_id, review.lead_id
    told = _told("review-reported-told", ("hide", "show"), review, title, creator=creator)
    if not await tell_admins(session, told, key=key, creator_id=creator_id, lead_id=lead_id, now=now):
        told = _told("review-reported-to-nobody", ("answer",), review, title)
        await tell_creator(session, told, key=key, creator_id=creator_id, lead_id=lead_id, now=now)


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


def _told(text: str, acts: tuple[str, ...], review: Review, title: str, **more: object) -> Told:
    """Stars and words as they are now, with what can be done about them."""
    rating, words, lead_id = review.rating, review.text, review.lead_id

    def told(language: str) -> Message:
        said = [say(text, language, title=shorten(title, TITLE_LENGTH), stars=stars(rating), lead=lead_id, **more)]
        if words:
            said.append(say("review-words", language, words=words))
        rows = [tuple(_button(act, review, language) for act in acts)]
        if "hide" in acts:
            rows.append((Button(text=say("button-reported", language), data="reported"),))
        return Message(text="\n\n".join(said), buttons=tuple(rows))

    return told


def _button(act: str, review: Review, language: str) -> Button:
    data = f"review:{review.id}" if act == "see" else f"review:{review.id}:{act}"
    return Button(text=say(f"button-review-{act}", language), data=data)
