from sqlalchemy.ext.asyncio import AsyncSession

from domain.leads import known_answers
from domain.messages.catalogue import word_for
from domain.messages.values import Shown
from domain.offers import order_address
from domain.shown import Showing, shown_answers
from store.models import Creator, Lead, Person
from store.queries.orders import describe_order


async def facts_about(
    session: AsyncSession, lead: Lead, person: Person | None, subject: str, by: Showing
) -> dict[str, dict[str, object]]:
    """What a funnel's text may name: `lead`, `creator`, and `order` when the funnel is about one."""
    creator = await session.get_one(Creator, lead.creator_id)
    speaks = by.setup.language if person is None else person.speaks
    own = {"first_name": lead.name or "", "username": "", "language": speaks}
    if person is not None:
        own |= {"first_name": person.first_name, "username": person.username or ""}
    answers = await shown_answers(session, lead.id, await known_answers(session, lead), by, speaks)
    facts: dict[str, dict[str, object]] = {
        "lead": {
            "source": lead.source or "",
            "stage": Shown(lead.stage, word_for(f"stage-{lead.stage}", lead.stage, speaks)),
            "score": lead.score,
            **answers,
            **own,
        },
        "creator": by.setup.words(creator.name, speaks),
    }
    kind, _, number = subject.partition(":")
    if kind == "order" and number.isdecimal():
        order = await describe_order(session, int(number))
        pay = await order_address(session, by.setup, int(number))
        facts["order"] = {
            "title": order.title,
            "total": order.total.format(speaks),
            "checkout_url": pay or order.checkout_url or "",
        }
    return facts
