"""Anybody can make up what stands behind a button: each gets an answer, and none becomes a dead letter."""

import pytest
from bot_world import answered, hooked, tap
from leads_chat import CONFIG, entered, with_a_chat

from bot.dispatch import TAPS

# what a database is asked about if nobody stops it, and what is stopped before, whichever database it is
HUGE = ("1" + "0" * 18, str(2**63), "-1")
ODD = ("9" * 20, "9" * 53, "-" + "9" * 20, "٣", "²", "1_0", " 1", "+1", "1.0", "")
FORMS = (
    "ipost:{}:1",
    "ipost:1:{}",
    "ipost:1:1:{}",
    "ipost:1:1:to:{}",
    "ipost:1:1:now:{}",
    "ipost:1:1:keep:{}",
    "flow:{}:1:0",
    "flow:1:{}:0",
    "flow:1:1:{}",
    "begin:{}:welcome",
    "resume:{}:go",
    "resume:{}:leave",
    "subscribe:{}",
    "stop:{}",
    "forget_me:{}",
    "product:{}",
    "buy:{}",
    "again:{}",
    "library:{}:0",
    "library:1:{}",
    "attach:{}:1",
    "attach:1:{}",
    "attach:1:1:{}",
    "capture:file:{}",
    "capture:card:1:{}",
    "capture:keep:{}:1",
    "capture:undo:1:{}",
    "capture:into:1:1:{}",
    "capture:to:1:1:{}",
    "ideafile:{}:1",
    "ideafile:1:1:0:{}:add",
    "ideafile:1:1:0:0:page:{}",
    "ideafile:1:1:0:0:show:{}",
    "ideafile:1:1:0:0:drop:{}:0",
    "ideacheck:1:{}:0:0",
    "ideacheck:1:1:{}:0:add",
    "ideacheck:1:1:0:0:sort:{}",
    "ideacheck:1:1:0:0:on:{}:0",
    "ideacheck:1:1:0:0:drop:1:{}",
    "leads:{}:0",
    "leads:1:{}",
    "lead:show:{}",
    "lead:show:{{lead}}:{}:0",
    "lead:show:{{lead}}:1:{}",
    "lead:timeline:{{lead}}:0:0:{}",
    "lead:merge:{{lead}}:0:0:{}",
    "lead:block:{}",
    "lead:write:{}",
    "lead:forget:{}:0:0:yes",
    "tags:page:{}",
    "link:page:{}",
    "link:show:{}",
    "link:archive:{}",
    "link:new:idea:{}",
    "link:new:product:{}",
    "import:{}:go",
    "import:{}:leave",
    "import:{}:columns:0",
    "import:{{transfer}}:columns:{}",
    "import:{{transfer}}:column:{}:0",
    "import:{{transfer}}:column:0:{}",
    "import:{{transfer}}:set:{}:0",
    "import:{{transfer}}:set:0:{}",
    "codes:{}:0:SAVE",
    "codes:1:{}:SAVE",
    "admin:{}",
    "reported:{}",
    "products:{}",
    "products:page:{}",
    "products:{}:ask:stock",
    "shop:{}:0",
    "shop:1:{}",
    "shop:{}:ask",
    "code:{}",
    "settle:list:{}:0",
    "settle:list:1:{}",
    "settle:sent:{}:0",
    "settle:again:1:{}",
    "settle:again:all:{}:0",
    "settle:again:all:1:{}",
    "settle:again:all:1:0:{}",
    "settle:{}:1:0",
    "bc:{}:show",
    "bc:1:yes:{}",
    "bc:new:{}",
    "bc:list:{}:0",
    "bc:list:1:{}",
    "bc:1:v:{}",
    "bc:1:at:{}:0:2026-12-01T10:00",
    "bc:1:at:0:0:{}:00",
    "bc:1:edit:{}:en",
    "coupon:show:{}",
    "coupon:link:{}",
    "coupon:archive:{}",
    "orders:mine:{}",
    "orders:paid:{}",
    "order:show:{}",
    "order:refund:{}",
    "order:part:{}",
    "order:hand:{}",
    "order:ship:{}",
    "order:pay:{}",
    "order:off:{}",
    "order:receipt:{}",
    "order:help:{}",
    "order:back:{}:100:100:k",
    "order:back:1:{}:100:k",
    "order:back:1:100:{}:k",
    "order:return:{}",
    "order:return:1:{}",
    "reviews:{}",
    "reviews:1:{}",
    "rate:{}",
    "rate:1:{}",
    "review:{}",
    "review:{}:hide",
    "language:{}",
    "fn:list:{}:0",
    "fn:all:1:{}",
    "fn:parked:{}:0",
    "fn:new:{}",
    "fn:yaml:{}",
    "fn:draft:{}:keep",
    "fn:draft:1:{}",
    "fn:park:again:{}:0:0",
    "fn:park:leave:1:{}:0",
    "fn:park:all:0:1:{}",
    "fn:{}:show",
    "fn:1:parked:{}",
    "fn:1:begin:{}",
    "fn:1:late:{}",
    "fn:1:go:{}",
    "ticket:{}",
    "ticket:{}:solved",
    "tickets:{}:open:0",
    "tickets:1:solved:{}",
    "tickets:1:{}:0",
    "stats:{}:7",
    "team:list:{}",
    "team:leave:{}",
    "team:invite:1:{}",
    "team:make:{}:1",
    "team:member:1:{}",
    "team:right:1:{}:view",
    "team:remove:1:{}",
    "team:gone:1:{}",
    "team:revoke:1:{}",
    "stats:1:{}",
    "ideas:{}:0",
    "ideas:open:{}",
    "ideas:1:{}",
    "ideas:1:tag:{}",
    "ideas:1:sort:{}",
    "ideabrought:{}:by:idea:0",
    "ideabrought:1:by:{}:0",
    "ideabrought:1:by:tag:{}",
    "ideabrought:1:{}:0:0",
    "ideabrought:1:1:{}:0",
    "idea:{}:1:show:0:0",
    "idea:1:{}:show:0:0",
    "idea:1:1:show:{}:0",
    "idea:1:1:show:1:{}",
    "idea:1:1:move:0:0:{}",
    "idea:1:1:due:0:0:{}",
    "idea:1:1:notes:0:0:{}",
    "idea:1:1:products:0:0:{}",
    "idea:1:1:product:0:0:0:{}",
    "capture:card:{}:1",
    "ideacheck:1:1:0:0:page:{}",
    "ideafile:1:{}:0:0",
    "ideabrought:{}:1:0:0",
    "ideabrought:1:by:idea:{}",
    "{}",
)


def test_every_kind_of_button_is_among_them():
    assert {form.split(":")[0] for form in FORMS} - {"{}"} == set(TAPS)


@pytest.mark.parametrize("who", ["creator", "lead"])
async def test_a_number_that_none_of_ours_can_be_is_answered_and_changes_nothing(store_url, tmp_path, who: str):
    odd = ODD if store_url.startswith("sqlite") and who == "creator" else ()
    async with hooked(store_url, tmp_path, CONFIG) as hook:
        world = hook.world
        await with_a_chat(world, "Lena")
        (lead,) = await entered(world, "Ada")
        await world.creator.say("/start")
        await world.creator.hears("For you as the creator")
        await world.creator.say("/idea add Tour")
        await world.creator.hears("Idea 1: Tour")
        await world.creator.say("/idea list")
        await world.creator.hears("All ideas")
        await world.creator.send_file("a.csv", b"name,city\nBob,Rome\n")
        await world.creator.hears("Nothing is saved yet")
        person = world.creator if who == "creator" else await hook.known("Mallory")
        numbers = []
        for form in FORMS:
            for hostile in (*HUGE, *odd):
                data = form.format(hostile).format(lead=lead, transfer=1)
                numbers.append(900_000 + len(numbers))
                assert await hook.post(tap(numbers[-1], person.id, data)) == 200, data
        for number in numbers:
            row = await answered(world, number)
            assert row.error is None, (row.body, row.error)
