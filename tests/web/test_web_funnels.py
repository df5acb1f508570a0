import asyncio
from typing import Any

import pytest
from sqlalchemy import select, update
from web_world import NOON, Client, Site, error_of

from domain.funnels.definition import Funnel
from domain.funnels.publishing import publish_funnels, read_running
from domain.leads import capture_lead
from domain.people import Profile, see_person
from store.models import Enrollment, EnrollmentState, Event, FunnelHead, Membership, Right, StartByHand, Timer

FUNNEL: dict[str, Any] = {
    "trigger": {"event": "lead.captured"},
    "steps": [
        {"key": "rest", "do": "wait", "time": "1d"},
        {"key": "ask", "do": "send", "text": "How are you?"},
        {"key": "bye", "do": "send", "text": "See you"},
    ],
}


class Studio:
    """One creator's other program."""

    def __init__(self, site: Site, client: Client, creator_id: int, account_id: int) -> None:
        self.site, self.client, self.creator_id, self.account_id = site, client, creator_id, account_id

    async def asks(self, method: str, path: str, body: Any = None) -> Any:
        url, headers = f"/api/v1/funnels{path}", self.site.bearer(self.account_id)
        # as the tick does when a head has changed
        async with self.site.database.reading() as session:
            self.site.published.funnels.update(await read_running(session, {}))
        return await self.client.request(method, url, headers=headers, json=body)

    async def told(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        response = await self.asks(method, path, body)
        assert response.status == status, await response.text()
        return await response.json()

    async def save(self, definition: Any = FUNNEL, *, status: int = 201, **more: Any) -> Any:
        return await self.told("PUT", "/care", {"definition": definition, **more}, status=status)

    async def lead(self, number: int = 1) -> int:
        async with self.site.database.transaction() as session:
            person = await see_person(session, 4242, Profile(900 + number, "Lena", None, "en"), now=NOON)
            lead, _ = await capture_lead(session, self.creator_id, person, source=None, now=NOON)
            return lead.id

    async def set_all(self, **values: Any) -> None:
        async with self.site.database.transaction() as session:
            await session.execute(update(Enrollment).values(values))


async def test_who_may_manage_but_not_send_rewords_only_what_is_paused(studio: Studio):
    manager, owner = await studio.site.add_account(studio.creator_id), studio.account_id
    async with studio.site.database.transaction() as session:
        mine = update(Membership).where(Membership.account_id == manager)
        await session.execute(mine.values(owner=False, rights=[Right.VIEW, Right.MANAGE]))
    studio.account_id = manager
    refused = await studio.asks("PUT", "/care", {"definition": FUNNEL})
    assert (refused.status, (await error_of(refused))["code"]) == (403, "RIGHT_MISSING")
    assert (await studio.asks("GET", "/care")).status == 404
    studio.account_id = owner
    await studio.save()
    await studio.told("POST", "/care/pause")
    studio.account_id = manager
    shorter = FUNNEL | {"steps": FUNNEL["steps"][:2]}
    assert (await studio.save(shorter, status=200))["state"] == "paused"
    assert (await studio.asks("POST", "/care/resume", {"late": "once"})).status == 403


@pytest.fixture
async def studio(either_site: Site, either_client: Client) -> Studio:
    creator_id = await either_site.add_creator("ada")
    return Studio(either_site, either_client, creator_id, await either_site.add_account(creator_id))


async def test_a_funnel_is_made_read_and_listed(studio: Studio):
    made = await studio.save()
    assert made["definition"]["steps"][1] == {"key": "ask", "do": "send", "text": "How are you?"}
    assert (made["state"], made["kept"], made["version"]) == ("active", "api", 1)
    assert await studio.told("GET", "/care") == made
    # what is read can be sent back, and is the same
    assert await studio.save(made["definition"], status=200) == made
    listed = await studio.told("GET", "")
    assert listed["items"] == [{name: value for name, value in made.items() if name != "definition"}]
    assert (listed["total"], listed["has_more"]) == (1, False)
    changed = await studio.told("PUT", "/care", {"yaml": "care: {steps: [{key: hi, do: send, text: Hi}]}"})
    assert changed["version"] == 2
    assert (await error_of(await studio.asks("GET", "/nothing")))["code"] == "NO_SUCH_FUNNEL"


async def test_what_is_wrong_is_told_by_its_place_and_nothing_is_saved(studio: Studio):
    wrong = {"steps": [{"key": "a", "do": "wait", "time": "soon"}, {"key": "b", "do": "sing"}]}
    response = await studio.asks("PUT", "/care", {"definition": wrong})
    assert response.status == 422
    fields = (await error_of(response))["fields"]
    assert set(fields) == {"care.steps.0.time", "care.steps.1.do"}
    yaml = "care:\n  steps:\n    - {key: a, do: wait, time: soon}\n"
    told = await studio.told("POST", "/validate", {"yaml": yaml})
    assert told["valid"] is False
    assert [(each["path"], each["line"]) for each in told["problems"]] == [("care.steps.0.time", 3)]
    assert (await studio.asks("GET", "/care")).status == 404
    for body in ({}, {"definition": FUNNEL, "yaml": yaml}, {"definition": FUNNEL, "policy": "perhaps"}, []):
        assert (await studio.asks("PUT", "/care", body)).status == 422
    assert (await studio.asks("PUT", "/Not%20a%20name", {"definition": FUNNEL})).status == 422
    other = await studio.asks("PUT", "/care", {"yaml": "other: {steps: [{key: hi, do: send, text: Hi}]}"})
    assert (await error_of(other))["fields"] == {"yaml": "holds other funnels than “care”"}


async def test_validating_says_what_would_change_and_for_whom(studio: Studio):
    await studio.save()
    lead = await studio.lead()
    await studio.told("POST", "/care/start", {"lead_id": lead}, status=201)
    new = {**FUNNEL, "steps": [{"key": "ask", "do": "send", "text": "All well?"}]}
    told = await studio.told("POST", "/validate", {"key": "care", "definition": new})
    assert told["valid"] is True
    (funnel,) = told["funnels"]
    assert "- - key: rest" in funnel["differences"]
    assert funnel["under_way"] == [
        {
            "version": 1,
            "step": "",
            "people": 1,
            "held": 0,
            "under": {"keep": "stays", "move": "moves", "move-or-end": "moves"},
            "at_once": {"ask": 1},
        }
    ]
    assert (await studio.told("GET", "/care"))["version"] == 1
    moved = await studio.save(new, status=200, policy="move")
    assert (moved["version"], moved["moving"]) == (2, True)


async def test_a_pause_ends_as_is_chosen(studio: Studio):
    await studio.save()
    await studio.told("POST", "/care/start", {"lead_id": await studio.lead()}, status=201)
    assert (await studio.told("POST", "/care/pause"))["state"] == "paused"
    assert (await studio.asks("POST", "/care/pause")).status == 409
    assert (await studio.asks("POST", "/care/start", {"segment": "all"})).status == 409
    # it stood at its wait when its time had come
    studio.site.clock.pass_time(days=3)
    await studio.set_all(state=EnrollmentState.HELD, step="rest", held_at=NOON)
    told = await studio.told("GET", "/care/resume")
    assert told == {
        "held": 1,
        "overdue": 1,
        "looked_at": 1,
        "choices": {
            "shift": {"at_once": 2, "later": 0, "left_out": 0},
            "once": {"at_once": 1, "later": 0, "left_out": 1},
            "skip": {"at_once": 0, "later": 0, "left_out": 2},
        },
    }
    assert (await studio.asks("POST", "/care/resume", {"late": "never"})).status == 422
    assert (await studio.told("POST", "/care/resume", {"late": "once"}))["state"] == "resuming"
    assert (await studio.asks("GET", "/care/resume")).status == 409


async def test_a_lead_and_a_segment_begin_and_a_lead_leaves(studio: Studio):
    await studio.save()
    lead, _ = await studio.lead(1), await studio.lead(2)
    begun = await studio.told("POST", "/care/start", {"lead_id": lead}, status=201)
    assert begun["lead_id"] == lead
    assert (await studio.asks("POST", "/care/start", {"lead_id": lead})).status == 409
    for act in ("/care/start", "/care/leave", "/care/simulate", "/simulate"):
        nobody = await studio.asks("POST", act, {"lead_id": 10**12})
        assert (nobody.status, (await error_of(nobody))["code"]) == (404, "NO_SUCH_LEAD"), act
    counted = await studio.told("POST", "/care/start", {"segment": "all"})
    assert counted == {"met": 2, "reached": 2, "begin": 1, "begins": False}
    async with studio.site.database.reading() as session:
        assert (await session.scalars(select(StartByHand.id))).all() == []
    await studio.told("POST", "/care/start", {"segment": "all", "confirmed": True}, status=202)
    async with studio.site.database.reading() as session:
        assert (await session.scalars(select(StartByHand.question))).all() == ["all"]
    assert (await studio.asks("POST", "/care/start", {"segment": "tagg:x"})).status == 422
    assert await studio.told("POST", "/care/leave", {"lead_id": lead}) == {"lead_id": lead, "ended": 1}
    assert (await studio.told("POST", "/care/leave", {"lead_id": lead}))["ended"] == 0
    async with studio.site.database.reading() as session:
        assert (await session.scalars(select(Timer))).all() == []


async def test_a_simulation_tells_what_would_be_sent_and_changes_nothing(studio: Studio):
    await studio.save()
    told = await studio.told("POST", "/care/simulate", {"days": 5})
    said = [each["text"] for each in told["moments"] if each["kind"] == "message"]
    assert [text.splitlines()[0] for text in said] == ["How are you?", "See you"]
    assert told["messages"] == 2
    assert any(each["decided"] for each in told["moments"] if each["kind"] == "decision")
    async with studio.site.database.reading() as session:
        assert (await session.scalars(select(Enrollment))).all() == []
    assert (await studio.asks("POST", "/care/simulate", {"days": 10_000})).status == 422


async def test_a_sample_and_everything_together_are_simulated_too(studio: Studio):
    await studio.save()
    leads = [await studio.lead(number) for number in range(3)]
    async with studio.site.database.transaction() as session:
        await session.execute(update(Event).values(routed_at=NOON))
    told = await studio.told("POST", "/care/simulate", {"sample": 2, "days": 5})
    assert len(told["lead_ids"]) == told["begun"] == 2
    assert set(told["lead_ids"]) < set(leads)
    asked = next(each for each in told["counts"] if each["step"] == "ask")
    assert asked == {"about": "funnel:care", "step": "ask", "arms": {}, "counts": {"reached": 2, "sent": 2}}
    # with no name, somebody who comes just now begins whatever begins by that
    told = await studio.told("POST", "/simulate", {"days": 5})
    assert [each["about"] for each in told["moments"] if each["kind"] == "message"] == ["funnel:care"] * 2
    told = await studio.told("POST", "/simulate", {"lead_id": leads[0], "days": 5})
    assert (told["lead_ids"], told["messages"]) == ([leads[0]], 0)
    for wrong in ({"sample": 101}, {"sample": 1, "lead_id": leads[0]}):
        assert (await studio.asks("POST", "/simulate", wrong)).status == 422


async def test_statistics_of_a_funnel_that_nobody_has_begun(studio: Studio):
    await studio.save()
    told = await studio.told("GET", "/care/statistics")
    assert [step["key"] for step in told["steps"]] == ["rest", "ask", "bye"]
    names = ["reached", "sent", "clicked", "replied", "bought", "goal", "left", "blocked"]
    assert told["steps"][0]["counts"] == dict.fromkeys(names, 0)


async def test_what_the_file_has_is_paused_but_not_reworded(studio: Studio):
    async with studio.site.database.transaction() as session:
        await publish_funnels(session, studio.creator_id, {"care": Funnel.model_validate(FUNNEL)}, {}, now=NOON)
    new = {"steps": [{"key": "ask", "do": "send", "text": "All well?"}]}
    for method, path, body in (
        ("PUT", "/care", {"definition": new}),
        ("POST", "/validate", {"key": "care", "definition": new}),
        ("POST", "/care/archive", None),
    ):
        response = await studio.asks(method, path, body)
        assert response.status == 409, path
        assert (await error_of(response))["code"] == "MANAGED_BY_FILE"
    assert (await studio.told("POST", "/care/pause"))["kept"] == "file"


async def test_somebody_elses_funnels_are_not_there(studio: Studio):
    await studio.save()
    other = await studio.site.add_creator("bob")
    stranger = Studio(studio.site, studio.client, other, await studio.site.add_account(other))
    assert (await stranger.told("GET", ""))["total"] == 0
    for method, path in (("GET", "/care"), ("POST", "/care/pause"), ("GET", "/care/statistics")):
        assert (await stranger.asks(method, path)).status == 404
    assert (await studio.client.get("/api/v1/funnels")).status == 401
    async with studio.site.database.reading() as session:
        assert len((await session.scalars(select(FunnelHead))).all()) == 1


async def test_a_large_file_is_looked_through_while_everybody_else_goes_on(studio: Studio):
    step = "    - {key: s%d, do: send, text: 'Hi {{ lead.first_name }}, %d'}\n"
    steps = "".join(step % (number, number) for number in range(200))
    yaml = "".join(f"f{number}:\n  steps:\n{steps.replace('Hi', f'Hi {number}')}" for number in range(2))
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0.005)
            beats += 1

    # what is loaded once is loaded
    await studio.told("POST", "/validate", {"yaml": "one: {steps: [{key: a, do: goal}]}"})
    beating = asyncio.create_task(beat())
    assert (await studio.told("POST", "/validate", {"yaml": yaml}))["valid"]
    beating.cancel()
    # it takes a third of a second and more; were it done on the loop, one or two would come before and after it
    assert beats > 5
