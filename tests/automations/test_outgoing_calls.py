import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import insert, select, text, update
from stage import Stage
from test_step_acts import a_creator_who_listens, notices
from test_taking import explained

from automations.outgoing_calls import WAITS, CallFailed, OutgoingCalls, due_query
from domain.message_rules import Webhook
from domain.setups import CreatorSetup
from store.models import CallState, OutgoingCall

KEPT = timedelta(days=90)
SECRET = "whsec_" + base64.b64encode(b"k" * 24).decode()


@dataclass
class FakeCaller:
    """Answers with what stands in `answers`, one each time; None is no answer at all."""

    answers: list[int | None] = field(default_factory=list)
    told: list[tuple[str, bytes, Mapping[str, str]]] = field(default_factory=list)

    async def call(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        self.told.append((url, body, headers))
        answer = self.answers.pop(0) if self.answers else 200
        if answer is None:
            raise CallFailed("no answer within 10 seconds")
        return answer


async def promised(stage: Stage) -> None:
    await stage.open()
    stage.published.setups[stage.creator_id] = CreatorSetup(
        webhooks={"crm": Webhook(url="https://crm.example/hook", secret=SECRET)}
    )
    async with stage.database.transaction() as session:
        session.add(
            OutgoingCall(
                key="webhook:1:crm:0",
                creator_id=stage.creator_id,
                target="crm",
                body={"type": "funnel.step"},
                due_at=stage.clock(),
                created_at=stage.clock(),
            )
        )


async def the_call(stage: Stage) -> OutgoingCall:
    async with stage.database.reading() as session:
        return (await session.scalars(select(OutgoingCall))).one()


def calls_of(stage: Stage, caller: FakeCaller) -> OutgoingCalls:
    return OutgoingCalls(stage.database, stage.clock, stage.published, caller, keep=KEPT)


async def test_it_is_told_once_and_signed(stage: Stage):
    await promised(stage)
    caller = FakeCaller()
    calls = calls_of(stage, caller)
    assert [await calls.run(), await calls.run()] == [1, 0]
    ((url, body, headers),) = caller.told
    assert (url, body) == ("https://crm.example/hook", b'{"type":"funnel.step"}')
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mark = base64.b64encode(hmac.new(b"k" * 24, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{mark}"
    assert (await the_call(stage)).state == CallState.DONE


async def test_what_fails_is_told_again_under_the_same_id_and_given_up_in_the_end(stage: Stage):
    await promised(stage)
    await a_creator_who_listens(stage)
    caller = FakeCaller([500, None, 302, *[500] * len(WAITS)])
    calls = calls_of(stage, caller)
    await calls.run()
    for wait in WAITS:
        assert (await the_call(stage)).state == CallState.QUEUED
        assert await calls.run() == 0
        stage.clock.pass_time(seconds=wait.total_seconds())
        assert await calls.run() == 1
    assert (await the_call(stage)).state == CallState.FAILED
    assert {headers["webhook-id"] for _, _, headers in caller.told} == {"webhook:1:crm:0"}
    (told,) = await notices(stage)
    assert "crm" in told


async def test_one_that_was_cut_off_is_told_again_once_its_lease_is_over(stage: Stage):
    await promised(stage)
    caller = FakeCaller()
    async with stage.database.transaction() as session:
        cut_off = {"state": CallState.SENDING, "attempts": 1, "lease_until": stage.clock()}
        await session.execute(update(OutgoingCall).values(cut_off))
    assert await calls_of(stage, caller).run() == 1
    assert (await the_call(stage)).state == CallState.DONE


async def test_an_address_that_was_taken_out_is_not_called(stage: Stage):
    await promised(stage)
    stage.published.setups[stage.creator_id] = CreatorSetup()
    caller = FakeCaller()
    await calls_of(stage, caller).run()
    assert caller.told == []
    assert "configuration" in ((await the_call(stage)).error or "")


async def test_what_was_told_is_kept_for_a_while_and_what_waits_until_it_was(stage: Stage):
    await promised(stage)
    calls = calls_of(stage, FakeCaller())
    stage.clock.pass_time(days=200)
    assert await calls.prune() == 0
    await calls.run()
    stage.clock.pass_time(days=90)
    assert await calls.prune() == 0
    stage.clock.pass_time(seconds=1)
    assert [await calls.prune(), await calls.prune()] == [1, 0]
    async with stage.database.reading() as session:
        assert (await session.scalars(select(OutgoingCall))).all() == []


async def test_what_is_due_is_found_without_a_look_at_what_is_done(stage: Stage):
    await stage.open()
    async with stage.database.transaction() as session:
        rows = [
            {
                "key": f"webhook:{number}",
                "creator_id": stage.creator_id,
                "target": "crm",
                "body": {},
                "state": CallState.DONE if number else CallState.QUEUED,
                "due_at": stage.clock(),
                "created_at": stage.clock(),
                "closed_at": stage.clock() if number else None,
            }
            for number in range(2000)
        ]
        await session.execute(insert(OutgoingCall), rows)
    if not stage.database.is_sqlite:
        async with stage.database.schema_change() as connection:
            await connection.execute(text("ANALYZE outgoing_call"))
    plan = await explained(stage, due_query(now=stage.clock()))
    assert "ix_outgoing_call_due" in plan
    assert not any(whole in plan for whole in ("SCAN", "TEMP B-TREE", "Seq Scan"))
