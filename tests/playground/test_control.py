import asyncio
import json
from datetime import datetime, timedelta

import pytest
from telegram_stage import CREATOR, LENA, START, staged

from kit.clock import MovableClock


class Diary:
    """An app with things to do at given times."""

    def __init__(self, clock: MovableClock, *due: datetime) -> None:
        self.clock = clock
        self.due = sorted(due)
        self.done: list[tuple[datetime, datetime]] = []

    async def next_due(self) -> datetime | None:
        return self.due[0] if self.due else None

    async def settle(self) -> None:
        while self.due and self.due[0] <= self.clock():
            self.done.append((self.due.pop(0), self.clock()))


async def test_two_people_are_there_from_the_start_and_others_can_come():
    async with staged() as stage:
        people = (await stage.get("/people"))["items"]
        assert [(one["id"], one["first_name"], one["username"]) for one in people] == [
            (CREATOR, "Cora", "creator"),
            (LENA, "Lena", "lena"),
        ]
        added = await stage.do("/people", {"first_name": "Ben", "username": "ben", "language_code": "de"})
        assert added["language_code"] == "de"
        assert (await stage.do("/people", {"first_name": "Eve", "id": 77}))["id"] == 77
        assert [one["id"] for one in (await stage.get("/people"))["items"]] == [CREATOR, LENA, added["id"], 77]


@pytest.mark.parametrize(
    ("verb", "path", "body", "status"),
    [
        ("POST", "/people", {}, 422),
        ("POST", "/people", {"first_name": 5}, 422),
        ("POST", "/people", {"first_name": "A", "id": LENA}, 409),
        ("POST", "/people", {"first_name": "A", "id": -1}, 422),
        ("POST", "/people", {"first_name": "A", "username": "LENA"}, 409),
        ("POST", "/people", {"first_name": "A", "username": "@@"}, 422),
        ("POST", "/people", [], 422),
        ("GET", "/people/9/chat", None, 404),
        ("GET", "/people/lena/chat", None, 404),
        ("GET", f"/people/{LENA}/chat?bot=5", None, 404),
        ("GET", f"/people/{LENA}/chat?after=x", None, 422),
        ("POST", f"/people/{LENA}/messages", {"text": "nobody listens"}, 409),
        ("PUT", f"/people/{LENA}/blocked", {"blocked": "yes"}, 422),
        ("POST", "/faults", {"api": "telegram", "method": "sendMessage", "fault": "418"}, 422),
        ("POST", "/faults", {"api": "telegram", "method": "sendNothing", "fault": "500"}, 422),
        ("POST", "/faults", {"api": "stripe", "method": "sessions", "fault": "500"}, 422),
        ("POST", "/faults", {"api": "x", "method": "*", "fault": "500"}, 422),
        ("POST", "/faults", {"api": "stripe", "method": "*", "fault": "500", "times": 0}, 422),
        ("GET", "/calls?api=x", None, 422),
        ("GET", "/calls?after=x", None, 422),
        ("POST", "/clock", {"advance_seconds": -1}, 422),
        ("POST", "/clock", {"advance_seconds": "1"}, 422),
        ("POST", "/clock", {"advance_seconds": 11 * 366 * 86400}, 422),
        ("POST", "/clock", {}, 422),
        ("POST", "/clock", {"advance_seconds": 5}, 409),
        ("POST", "/chats", {"type": "room", "title": "x"}, 422),
        ("PUT", "/chats/-5/members/2001", {"status": "member"}, 404),
        ("GET", "/files/nothing", None, 404),
        ("GET", "/nowhere", None, 404),
        ("DELETE", "/people", None, 405),
    ],
)
async def test_a_mistake_is_told_in_one_line(verb, path, body, status):
    async with staged() as stage:
        answered, answer = await stage.control(verb, path, body)
        assert answered == status
        assert answer["error"].keys() == {"code", "message"}
        assert "\n" not in answer["error"]["message"]


async def test_a_body_that_is_no_json_is_refused():
    async with staged() as stage, stage.session.post(f"{stage.url}/playground/api/people", data=b"{") as response:
        assert response.status == 400
        assert (await response.json())["error"]["code"] == "BAD_REQUEST"


async def test_other_sites_and_rebound_names_are_kept_out():
    async with staged() as stage:
        url = f"{stage.url}/playground/api/people"
        async with stage.session.get(url, headers={"Host": "evil.example"}) as response:
            assert response.status == 403
        person = {"first_name": "Mallory"}
        async with stage.session.post(url, json=person, headers={"Origin": "https://evil.example"}) as response:
            assert response.status == 403
        async with stage.session.post(url, json=person, headers={"Origin": "null"}) as response:
            assert response.status == 403
        async with stage.session.post(url, json=person, headers={"Origin": "http://localhost:8080"}) as response:
            assert response.status == 200


async def test_a_large_file_fits_into_a_message():
    async with staged() as stage:
        await stage.bot("getMe")
        document = {"file_name": "a.bin", "mime_type": "application/zip", "content_base64": "AAAA" * 700_000}
        await stage.do(f"/people/{LENA}/messages", {"document": document})
        assert (await stage.chat())[-1]["document"]["file_size"] == 2_100_000


async def test_calls_are_listed_with_their_decoded_parameters():
    async with staged() as stage:
        await stage.started()
        markup = {"inline_keyboard": [[{"text": "A", "callback_data": "a"}]]}
        await stage.raw("sendMessage", data={"chat_id": "2001", "text": "[]", "reply_markup": json.dumps(markup)})
        await stage.refused("sendMessage", chat_id=LENA)
        sent, refused = (await stage.get("/calls?api=telegram"))["items"][-2:]
        assert sent["method"] == "sendMessage"
        assert sent["params"] == {"chat_id": 2001, "text": "[]", "reply_markup": markup}
        assert sent["result"]["text"] == "[]"
        assert (refused["status"], refused["result"]) == (400, "Bad Request: message text is empty")
        assert (await stage.get(f"/calls?after={sent['n']}"))["items"] == [refused]
        assert (await stage.get("/calls?api=stripe"))["items"] == []


async def test_skipping_time_stops_at_everything_that_becomes_due():
    clock = MovableClock(frozen_at=START)
    hours = [START + timedelta(hours=hour) for hour in (1, 5, 30)]
    diary = Diary(clock, *hours)
    async with staged(clock=clock, traveller=diary) as stage:
        assert await stage.get("/clock") == {
            "now": "2026-11-03T09:00:00Z",
            "next_due": "2026-11-03T10:00:00Z",
            "can_advance": True,
        }
        moved = await stage.do("/clock", {"advance_seconds": 86400})
        assert diary.done == [(due, due) for due in hours[:2]]
        assert moved["now"] == "2026-11-04T09:00:00Z"
        moved = await stage.do("/clock", {"advance_to_next": True})
        assert (moved["now"], moved["next_due"]) == ("2026-11-04T15:00:00Z", None)
        assert diary.done[-1] == (hours[2], hours[2])
        assert (await stage.do("/clock", {"advance_to_next": True}))["now"] == moved["now"]


async def test_two_walks_at_once_come_one_after_the_other():
    clock = MovableClock(frozen_at=START)
    async with staged(clock=clock, traveller=Diary(clock)) as stage:
        await asyncio.gather(*(stage.do("/clock", {"advance_seconds": 3600}) for _ in range(3)))
        assert clock() == START + timedelta(hours=3)


async def test_the_stream_tells_whose_chat_changed_and_ends_with_the_server():
    async with staged() as stage:
        await stage.bot("getMe")
        async with stage.session.get(f"{stage.url}/playground/api/stream") as stream:
            assert stream.content_type == "text/event-stream"
            assert await stream.content.readline() == b": listening\n"
            await stream.content.readline()
            await stage.says("hello")
            assert await stream.content.readline() == b"event: change\n"
            told = json.loads((await stream.content.readline()).removeprefix(b"data: "))
            assert told == {"people": [LENA], "clock": "2026-11-03T09:00:00Z"}
            stage.playground.control.stop()
            assert await stream.content.read() == b"\n"


async def test_the_page_and_its_files_are_served_and_nothing_else():
    async with staged() as stage:
        async with stage.session.get(f"{stage.url}/") as response:
            assert response.url.path == "/playground"
            assert response.content_type == "text/html"
            assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
        for path in ("..%2Fcore.py", "core.py", ".hidden.js", "nothing.js"):
            async with stage.session.get(f"{stage.url}/playground/{path}") as response:
                assert response.status == 404
