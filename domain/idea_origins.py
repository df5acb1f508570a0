"""Whose message it was that somebody passed on for an idea, and what becomes of it when they are forgotten.

Telegram tells it of those who let themselves be named; of the others it gives a bare name, by which nobody is found.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.idea_changes import change_idea
from domain.idea_titles import neutral_title, told_title
from domain.ideas import hold_again
from domain.links import TITLE_LENGTH as LINK_TITLE_LENGTH
from domain.messages.catalogue import FALLBACK
from kit.text import shorten
from kit.zones import zone_named
from store.models import Account, Creator, Idea, IdeaAttachment, Link, LinkTarget, Membership, OutboxMessage, Person
from store.sealing import digest

_PLACE = "idea_attachment.origin"
_BY_CORE = {"synchronize_session": False}


async def digest_of_origin(session: AsyncSession, telegram_id: int) -> str:
    """What they are found by, which tells nobody who they are."""
    return await digest(session, str(telegram_id), _PLACE)


async def forget_in_ideas(
    session: AsyncSession, people: Sequence[int], creator_id: int | None, *, now: datetime
) -> None:
    """What was passed on of these people's messages is emptied; None: of every creator.

    An idea that is called by it still is called by what it was, and so are its links. What was told of ideas in the
    chat may have quoted the title, and goes.
    """
    ids = await session.scalars(select(Person.telegram_id).where(Person.id.in_(people)).order_by(Person.id))
    theirs = IdeaAttachment.origin_digest.in_([await digest_of_origin(session, each) for each in ids.all()])
    ideas = select(Idea).where(Idea.id.in_(select(IdeaAttachment.idea_id).where(theirs)))
    if creator_id is not None:
        ideas = ideas.where(Idea.creator_id == creator_id)
    for idea in (await session.scalars(ideas.order_by(Idea.id))).all():
        await hold_again(session, idea)
        of_idea = (IdeaAttachment.idea_id == idea.id, theirs)
        held = select(IdeaAttachment).where(*of_idea).order_by(IdeaAttachment.id)
        for each in (await session.scalars(held)).all():
            if told_title(each.words, each.file_name) == idea.title:
                await _rename(session, idea, each, now=now)
                break
        nothing = dict.fromkeys(("words", "forwarded_from", "file_name", "telegram_file_id", "origin_digest"))
        await session.execute(update(IdeaAttachment).where(*of_idea).values(**nothing), execution_options=_BY_CORE)


async def _rename(session: AsyncSession, idea: Idea, came_from: IdeaAttachment, *, now: datetime) -> None:
    """In the language of who sent it, where they are known."""
    sender = select(Person.speaks).where(Person.telegram_id == came_from.chat_id).order_by(Person.id).limit(1)
    language = await session.scalar(sender) or FALLBACK
    creator = await session.get_one(Creator, idea.creator_id)
    title = neutral_title(came_from.kind, idea.created_at, zone_named(creator.time_zone), language)
    # a link that was given no name of its own is called as its idea was
    named = (Link.creator_id == idea.creator_id, Link.target == LinkTarget.IDEA, Link.name == str(idea.number))
    links = update(Link).where(*named, Link.title == shorten(idea.title, LINK_TITLE_LENGTH))
    await session.execute(links.values(title=shorten(title, LINK_TITLE_LENGTH)), execution_options=_BY_CORE)
    await change_idea(session, idea, {"title": title}, now=now)
    team = select(Account.person_id).join(Membership, Membership.account_id == Account.id)
    team = team.where(Membership.creator_id == idea.creator_id, Account.person_id.is_not(None))
    of_ideas = (OutboxMessage.key.like("idea%"), OutboxMessage.post_id.is_(None), OutboxMessage.closed_at.is_not(None))
    told = delete(OutboxMessage).where(OutboxMessage.person_id.in_(team), *of_ideas)
    await session.execute(told.where(OutboxMessage.creator_id == idea.creator_id), execution_options=_BY_CORE)
