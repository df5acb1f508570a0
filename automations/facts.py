from sqlalchemy.ext.asyncio import AsyncSession

from domain.leads import known_answers
from store.models import Creator, Lead, Person
from store.queries.orders import describe_order


async def facts_about(session: AsyncSession, lead: Lead, person: Person, subject: str) -> dict[str, dict[str, object]]:
    """What a funnel's text may name: `lead`, `creator`, and `order` when the funnel is about one."""
    creator = await session.get_one(Creator, lead.creator_id)
    facts: dict[str, dict[str, object]] = {
        "lead": {**await known_answers(session, lead), "first_name": person.first_name},
        "creator": {"name": creator.name},
    }
    kind, _, number = subject.partition(":")
    if kind == "order" and number.isdecimal():
        order = await describe_order(session, int(number))
        facts["order"] = {
            "title": order.title,
            "total": order.total.format(person.language),
            "checkout_url": order.checkout_url or "",
        }
    return facts
