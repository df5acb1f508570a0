"""Who is asked for stars, some days after they have got what they ordered."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import select, update
from stage import Stage

from domain.entitlements import revoke_order
from domain.funnels.definition import Funnel
from domain.orders import open_order
from domain.paying import Received, pay_order
from domain.pricing import Wish
from domain.products import add_product
from domain.reviews import review_product
from domain.setups import CreatorSetup
from kit.money import Money
from store.models import Lead, OutboxKind, Product, ProductKind
from store.queries.leads import lead_matches, where

ASKING = {
    "trigger": {"event": "order.fulfilled"},
    "steps": [
        {"key": "wait", "do": "wait", "time": "3d"},
        {
            "key": "ask",
            "do": "send",
            "text": "How is {{ order.title }}?",
            "buttons": [{"text": "Stars", "review": True}],
        },
        {"key": "later", "do": "send", "text": "Bye"},
    ],
}


async def bought(stage: Stage) -> tuple[Lead, int, int]:
    """Somebody whose order has just been fulfilled."""
    await stage.open(asking=ASKING)
    async with stage.database.transaction() as session:
        await add_product(
            session,
            creator_id=stage.creator_id,
            title="Pack",
            slug="pack",
            price=Money(1900, "usd"),
            now=stage.clock(),
        )
        product = (await session.scalars(select(Product))).one()
        await session.execute(update(Product).values(kind=ProductKind.SERVICE))
        await session.refresh(product)
    lead = await stage.lead()
    async with stage.database.transaction() as session:
        order = await open_order(
            session, lead, Wish(product), now=stage.clock(), good_for=timedelta(hours=2), setup=CreatorSetup()
        )
        await pay_order(session, order, Received("stripe", "pi_1", Money(1900, "usd")), now=stage.clock())
    await stage.happens(lead, "order.fulfilled", f"order:{order.id}")
    await stage.route()
    return lead, product.id, order.id


async def said(stage: Stage) -> list[dict[str, Any]]:
    """What the funnel says three days later."""
    stage.clock.pass_time(days=3)
    while await stage.route():
        pass
    await stage.step_all()
    # what was delivered goes out first, and fulfils the order
    await stage.send_all()
    await stage.route()
    await stage.send_all()
    rows = [row for row in await stage.outbox() if row.kind == OutboxKind.FUNNEL]
    return [row.message for row in rows if row.message is not None]


async def test_who_has_said_nothing_yet_gets_a_button_for_the_stars(stage: Stage):
    _, product_id, _ = await bought(stage)
    asked, bye = await said(stage)
    assert asked["buttons"] == [[{"text": "Stars", "data": f"rate:{product_id}"}]]
    assert (asked["text"].partition("\n")[0], bye["text"].partition("\n")[0]) == ("How is Pack?", "Bye")


async def test_who_has_reviewed_it_is_not_asked_and_the_funnel_goes_on(stage: Stage):
    lead, product_id, _ = await bought(stage)
    async with stage.database.transaction() as session:
        await review_product(session, await session.get_one(Lead, lead.id), product_id, 4, now=stage.clock())
    assert [each["text"].partition("\n")[0] for each in await said(stage)] == ["Bye"]


async def test_who_owns_it_no_more_is_not_asked(stage: Stage):
    _, _, order_id = await bought(stage)
    async with stage.database.transaction() as session:
        await revoke_order(session, order_id, by="refund", now=stage.clock())
    assert [each["text"].partition("\n")[0] for each in await said(stage)] == ["Bye"]


async def test_a_review_makes_them_one_of_the_segment(stage: Stage):
    lead, product_id, _ = await bought(stage)

    async def is_in(question: str) -> bool:
        async with stage.database.reading() as session:
            condition = await where(session, stage.creator_id, question, CreatorSetup().known({}), now=stage.clock())
            return await lead_matches(session, lead.id, condition)

    assert [await is_in(each) for each in ("reviewed", "reviewed:pack", "not reviewed")] == [False, False, True]
    async with stage.database.transaction() as session:
        await review_product(session, await session.get_one(Lead, lead.id), product_id, 4, now=stage.clock())
    assert [await is_in(each) for each in ("reviewed", "reviewed:pack", "not reviewed")] == [True, True, False]


@pytest.mark.parametrize("trigger", [None, {"event": "lead.captured"}])
def test_stars_are_asked_for_what_was_ordered_alone(trigger: dict[str, str] | None):
    with pytest.raises(ValidationError, match="an order's event begins"):
        Funnel.model_validate({**ASKING, "trigger": trigger})


def test_a_button_does_one_thing():
    step = {"key": "ask", "do": "send", "text": "Hi", "buttons": [{"text": "Both", "review": True, "flow": "other"}]}
    with pytest.raises(ValidationError, match="one of url, product, pay, flow and review"):
        Funnel.model_validate({"trigger": {"event": "order.paid"}, "steps": [step]})
