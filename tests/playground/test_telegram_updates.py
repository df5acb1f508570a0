import asyncio

import pytest
from telegram_stage import LENA, TOKEN, Webhook, staged


async def test_updates_are_kept_until_an_offset_acknowledges_them():
    async with staged() as stage:
        await stage.bot("getMe")
        for text in ("one", "two", "three"):
            await stage.says(text)
        first = await stage.bot("getUpdates", limit=2)
        again = await stage.bot("getUpdates", limit=2)
        assert [one["message"]["text"] for one in first] == ["one", "two"]
        assert again == first
        rest = await stage.bot("getUpdates", offset=first[-1]["update_id"] + 1)
        assert [one["message"]["text"] for one in rest] == ["three"]
        assert await stage.bot("getUpdates", offset=rest[-1]["update_id"] + 1) == []
        handed = (await stage.get("/updates"))["items"]
        assert [one["message"]["text"] for one in handed] == ["one", "two", "three"]
        assert {one["bot_id"] for one in handed} == {7001}
        assert (await stage.get(f"/updates?after={handed[0]['n']}"))["items"] == handed[1:]


async def test_a_negative_offset_keeps_the_last_ones_only():
    async with staged() as stage:
        await stage.bot("getMe")
        for n in range(4):
            await stage.says(str(n))
        assert [one["message"]["text"] for one in await stage.bot("getUpdates", offset=-2)] == ["2", "3"]
        assert len(await stage.bot("getUpdates")) == 2


async def test_a_long_poll_is_answered_by_the_next_message():
    async with staged() as stage:
        await stage.bot("getMe")
        poll = asyncio.create_task(stage.bot("getUpdates", timeout=30))
        await stage.polled()
        written = await stage.says("/start ad42")
        [update] = await poll
        assert update["update_id"] == written["update_id"]
        message = update["message"]
        assert message["message_id"] == written["message_id"]
        assert message["from"] == {
            "id": LENA, "is_bot": False, "first_name": "Lena", "username": "lena", "language_code": "en",
        }  # fmt: skip
        assert message["chat"] == {"id": LENA, "type": "private", "first_name": "Lena", "username": "lena"}
        assert message["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]


async def test_the_older_of_two_pollers_is_terminated():
    async with staged() as stage:
        await stage.bot("getMe")
        older = asyncio.create_task(stage.refused("getUpdates", timeout=30))
        await stage.polled()
        assert await stage.bot("getUpdates") == []
        assert await older == (
            "409 Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
        )


async def test_only_the_kinds_of_updates_that_were_asked_for_are_kept():
    async with staged() as stage:
        await stage.bot("getUpdates", allowed_updates=["callback_query"])
        assert (await stage.says("unheard"))["update_id"] is None
        await stage.bot("getUpdates", allowed_updates=[])
        assert (await stage.says("heard"))["update_id"] is not None
        assert [one["message"]["text"] for one in await stage.bot("getUpdates")] == ["heard"]


async def test_a_webhook_gets_each_update_with_its_secret_until_it_answers_2xx():
    hook = Webhook()
    async with staged() as stage, hook.listening() as url:
        await stage.bot("getMe")
        await stage.says("waiting")
        hook.statuses = [500, 302]
        _, answer = await stage.raw("setWebhook", json={"url": url, "secret_token": "s3cret", "max_connections": 1})
        assert answer["description"] == "Webhook was set"
        await hook.received(2)
        info = await stage.bot("getWebhookInfo")
        assert info["pending_update_count"] == 1
        assert info["last_error_message"].startswith("Wrong response from the webhook: ")
        await stage.says("next")
        await hook.received(4)
        await stage.playground.telegram.settled()
        assert [post["message"]["text"] for post in hook.posts] == ["waiting", "waiting", "waiting", "next"]
        assert hook.headers[0]["X-Telegram-Bot-Api-Secret-Token"] == "s3cret"
        assert (await stage.bot("getWebhookInfo"))["pending_update_count"] == 0
        assert await stage.refused("getUpdates") == (
            "409 Conflict: can't use getUpdates method while webhook is active; "
            "use deleteWebhook to delete the webhook first"
        )
        _, answer = await stage.raw("deleteWebhook")
        assert answer["description"] == "Webhook was deleted"
        assert await stage.bot("getUpdates") == []


async def test_many_updates_reach_a_webhook_side_by_side():
    hook = Webhook()
    async with staged() as stage, hook.listening() as url:
        await stage.bot("setWebhook", url=url)
        await asyncio.gather(*(stage.says(str(n)) for n in range(100)))
        await hook.received(100)
        await stage.playground.telegram.settled()
        assert sorted(post["update_id"] for post in hook.posts) == list(range(1, 101))


async def test_setting_a_webhook_ends_the_poll_under_way():
    hook = Webhook()
    async with staged() as stage, hook.listening() as url:
        await stage.bot("getMe")
        poll = asyncio.create_task(stage.refused("getUpdates", timeout=30))
        await stage.polled()
        await stage.bot("setWebhook", url=url)
        assert await poll == "409 Conflict: terminated by setWebhook request"


@pytest.mark.parametrize(
    ("params", "refusal"),
    [
        ({"url": "http://example.com/hook"}, "bad webhook: An HTTPS URL must be provided for webhook"),
        ({"url": "https://example.com:8080/hook"},
         "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443"),
        ({"url": "ftp://example.com"}, "invalid webhook URL specified"),
        ({"url": "https://example.com", "secret_token": "no spaces"},
         "secret token contains unallowed characters"),
        ({"url": "https://example.com", "secret_token": "x" * 257}, "secret token is too long"),
    ],
)  # fmt: skip
async def test_a_webhook_that_telegram_would_not_take_is_refused(params, refusal):
    async with staged() as stage:
        assert await stage.refused("setWebhook", **params) == f"400 Bad Request: {refusal}"


async def test_a_webhook_and_what_it_has_not_taken_survive_a_crash(tmp_path):
    hook = Webhook()
    async with hook.listening() as url:
        async with staged(tmp_path / "state.db") as stage:
            await stage.bot("setWebhook", url=url)
            hook.statuses = [503] * 1000
            await stage.says("kept")
            await hook.received(1)
        hook.statuses = []
        async with staged(tmp_path / "state.db") as again:
            await hook.received(2)
            await again.playground.telegram.settled()
            assert (await again.bot("getWebhookInfo"))["pending_update_count"] == 0
    assert {post["message"]["text"] for post in hook.posts} == {"kept"}


async def test_two_bots_have_queues_of_their_own():
    async with staged() as stage:
        await stage.bot("getMe")
        await stage.raw("getMe", token="7002:the_other_bots_secret")
        await stage.do(f"/people/{LENA}/messages?bot=7001", {"text": "to the first"})
        await stage.says("to the latest")
        assert [one["message"]["text"] for one in await stage.bot("getUpdates")] == ["to the first"]
        _, answer = await stage.raw("getUpdates", token="7002:the_other_bots_secret")
        assert [one["message"]["text"] for one in answer["result"]] == ["to the latest"]
        assert TOKEN.startswith("7001")
