"""The stand-in against Telegram's own list of methods and types, where that list is at hand."""

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from telegram_stage import CREATOR, LENA, PIXEL, Stage, encoded, staged

from playground.telegram.fields import FIELDS
from playground.telegram.methods import DESCRIBED, PLAIN, POLLING, WITH_ATTACHMENTS

LIST = Path(__file__).parents[3] / "shared" / "telegram-bot-api.json"
SCALARS = {"Integer", "Float", "String", "Boolean", "InputFile"}
needs_list = pytest.mark.skipif(not LIST.exists(), reason="the official list of methods is not at hand")


@pytest.fixture(scope="module")
def official() -> dict[str, Any]:
    return json.loads(LIST.read_bytes())


def basic(kind: str) -> str:
    if kind.startswith("Array of"):
        return "Array"
    return kind if kind in SCALARS else "Object"


def test_every_method_that_is_described_is_there_and_the_other_way_round():
    assert FIELDS.keys() == {*PLAIN, *POLLING, *DESCRIBED, *WITH_ATTACHMENTS}


@needs_list
@pytest.mark.parametrize("method", FIELDS)
def test_the_parameters_of_a_method_are_the_official_ones(official, method):
    fields = official["methods"][method].get("fields", [])
    kinds, required = FIELDS[method]
    assert {name: set(given) for name, given in kinds.items()} == {
        field["name"]: {basic(kind) for kind in field["types"]} for field in fields
    }
    assert required == {field["name"] for field in fields if field["required"]}


class Shapes:
    def __init__(self, official: dict[str, Any]) -> None:
        self.types = official["types"]
        self.seen: set[str] = set()

    def problems(self, value: Any, kinds: list[str], where: str) -> list[str]:
        """What is wrong with a value under every one of its possible types, the fewest complaints of them."""
        return min((self._against(value, kind, where) for kind in kinds), key=len)

    def _against(self, value: Any, kind: str, where: str) -> list[str]:
        if kind.startswith("Array of "):
            if not isinstance(value, list):
                return [f"{where}: no array"] * 99
            inner = kind.removeprefix("Array of ")
            return [problem for one in value for problem in self.problems(one, [inner], f"{where}[]")]
        if kind in SCALARS:
            python = {"Integer": int, "Float": (int, float), "String": str, "Boolean": bool}[kind]
            right = isinstance(value, python) and (kind == "Boolean" or not isinstance(value, bool))
            return [] if right else [f"{where}: {value!r} is no {kind}"]
        described = self.types[kind]
        if described.get("subtypes"):
            return self.problems(value, described["subtypes"], where)
        if not isinstance(value, dict):
            return [f"{where}: no {kind}"] * 99
        fields = {field["name"]: field for field in described.get("fields", [])}
        found = [f"{where}: {kind} has no field {name}" for name in value if name not in fields]
        for name, field in fields.items():
            if name in value:
                found += self.problems(value[name], field["types"], f"{where}.{name}")
            elif field["required"]:
                found.append(f"{where}: {kind} lacks {name}")
        if not found:
            self.seen.add(kind)
        return found


@needs_list
async def test_whatever_the_stand_in_sends_has_an_official_shape(official):
    shapes = Shapes(official)
    async with staged() as stage:
        await _live(stage)
        checked = set()
        for call in (await stage.get("/calls?api=telegram"))["items"]:
            assert call["status"] == 200, call
            if call["method"] != "getUpdates":
                returns = official["methods"][call["method"]]["returns"]
                assert shapes.problems(call["result"], returns, call["method"]) == []
                checked.add(call["method"])
        for update in (await stage.get("/updates"))["items"]:
            own = {name: value for name, value in update.items() if name not in {"n", "bot_id", "at"}}
            assert shapes.problems(own, ["Update"], "update") == []
    assert checked == FIELDS.keys() - {"getUpdates", "logOut", "close"}
    assert shapes.seen >= {
        "Update", "Message", "User", "Chat", "CallbackQuery", "Contact", "Document", "PhotoSize", "Video", "Voice",
        "Audio", "Animation", "Location", "Invoice", "SuccessfulPayment", "RefundedPayment", "PreCheckoutQuery",
        "ChatMemberUpdated", "ChatJoinRequest", "ChatInviteLink", "ChatFullInfo", "File", "MessageId", "WebhookInfo",
        "MessageOriginUser", "MessageOriginHiddenUser", "ForumTopic", "StarTransactions",
    }  # fmt: skip


async def _live(stage: Stage) -> None:
    """One of everything."""
    kinds = ["message", "edited_message", "channel_post", "callback_query", "pre_checkout_query", "my_chat_member"]
    await stage.bot("getUpdates", allowed_updates=[*kinds, "chat_member", "chat_join_request"])
    await stage.says("/start a@b.example https://x.example #tag @lena +15550100123")
    await _profile(stage)
    await _messages(stage)
    await _stars(stage)
    await _groups(stage)
    await stage.updates()
    await stage.bot("setWebhook", url="http://127.0.0.1:9/none", secret_token="abc", max_connections=3)
    await stage.bot("getWebhookInfo")
    await stage.bot("deleteWebhook", drop_pending_updates=True)


async def _profile(stage: Stage) -> None:
    await stage.bot("getMe")
    for noun, text in (("Name", "name"), ("Description", "description"), ("ShortDescription", "short_description")):
        await stage.bot(f"setMy{noun}", **{text: "Words"})
        await stage.bot(f"getMy{noun}")
    await stage.bot("setMyCommands", commands=[{"command": "a", "description": "A"}])
    await stage.bot("getMyCommands")
    await stage.bot("deleteMyCommands")
    await stage.bot("setChatMenuButton", chat_id=LENA, menu_button={"type": "commands"})
    await stage.bot("getChatMenuButton", chat_id=LENA)
    await stage.bot("getChat", chat_id=LENA)
    await stage.bot("getChatMember", chat_id=LENA, user_id=LENA)


async def _messages(stage: Stage) -> None:
    to = {"chat_id": LENA}
    markup = {"inline_keyboard": [[{"text": "A", "callback_data": "a"}], [{"text": "B", "url": "https://b.example"}]]}
    sent = await stage.bot(
        "sendMessage",
        **to,
        text='<b>b</b><pre><code class="language-x">c</code></pre><a href="https://a.example">l</a>',
        parse_mode="HTML",
        reply_markup=markup,
        reply_parameters={"message_id": 1},
        link_preview_options={"is_disabled": True},
        protect_content=True,
    )
    own = {**to, "message_id": sent["message_id"]}
    tap = asyncio.create_task(stage.do(f"/people/{LENA}/taps", {"message_id": sent["message_id"], "data": "a"}))
    query = None
    while query is None:
        updates = await stage.updates(timeout=10)
        query = next((one["callback_query"] for one in updates if "callback_query" in one), None)
    await stage.bot("answerCallbackQuery", callback_query_id=query["id"], text="ok")
    await tap
    await stage.bot("editMessageText", **own, text="new", reply_markup=markup)
    await stage.bot("editMessageReplyMarkup", **own)
    await stage.bot("pinChatMessage", **own)
    await stage.bot("getChat", **to)
    await stage.bot("unpinChatMessage", **own)
    await stage.bot("sendChatAction", **to, action="typing")
    await stage.bot("sendLocation", **to, latitude=1, longitude=2)
    await stage.bot("sendContact", **to, phone_number="+1", first_name="X")
    ids = {}
    for kind in ("photo", "document", "video", "animation", "audio", "voice"):
        form = aiohttp.FormData({"chat_id": str(LENA), "caption": "c"})
        form.add_field(kind, PIXEL, filename="a.png")
        _, answer = await stage.raw(f"send{kind.capitalize()}", data=form)
        ids[kind] = answer["result"]["message_id"]
        photo = answer["result"][kind][-1] if kind == "photo" else None
        if photo:
            await stage.bot("getFile", file_id=photo["file_id"])
            media = [{"type": "photo", "media": photo["file_id"]}] * 2
            await stage.bot("sendMediaGroup", **to, media=media)
            await stage.bot("editMessageMedia", **to, message_id=ids[kind], media={**media[0], "caption": "d"})
    await stage.bot("editMessageCaption", **to, message_id=ids["document"], caption="other")
    await stage.bot("copyMessage", **to, from_chat_id=LENA, message_id=ids["document"])
    await stage.bot("forwardMessage", **to, from_chat_id=LENA, message_id=ids["photo"])
    write = f"/people/{LENA}/messages"
    for body in (
        {"contact": {"phone_number": "+1"}},
        {"document": {"file_name": "a", "mime_type": "text/plain", "content_base64": encoded(b"a")}, "caption": "/c"},
        {"photo": {"content_base64": encoded(PIXEL)}},
        {"voice": {"content_base64": encoded(b"a")}},
        {"video": {"content_base64": encoded(b"a")}},
        {"location": {"latitude": 1, "longitude": 2}},
        {"forward": sent["message_id"]},
        {"forward": {"text": "x"}},
        {"text": "x", "reply_to": ids["voice"]},
        {"text": "y", "edit": 1},
    ):
        await stage.do(write, body)
    for blocked in (True, False):
        await stage.do(f"/people/{LENA}/blocked", {"blocked": blocked}, "PUT")
    await stage.bot("deleteMessage", **own)
    await stage.bot("deleteMessages", **to, message_ids=[ids["voice"], 12345])


async def _stars(stage: Stage) -> None:
    invoice = {
        "title": "T", "description": "D", "payload": "p", "currency": "XTR", "prices": [{"label": "L", "amount": 5}],
    }  # fmt: skip
    link = await stage.bot("createInvoiceLink", **invoice, subscription_period=2592000)
    await stage.updates()
    sent = await stage.bot("sendInvoice", chat_id=LENA, **invoice)
    for body in ({"message_id": sent["message_id"]}, {"link": link}):
        payment = asyncio.create_task(stage.do(f"/people/{LENA}/star-payments", body))
        query = None
        while query is None:
            updates = await stage.updates(timeout=10)
            query = next((one["pre_checkout_query"] for one in updates if "pre_checkout_query" in one), None)
        await stage.bot("answerPreCheckoutQuery", pre_checkout_query_id=query["id"], ok=True)
        paid = await payment
    await stage.bot("refundStarPayment", user_id=LENA, telegram_payment_charge_id=paid["telegram_payment_charge_id"])
    await stage.bot("getStarTransactions")
    await stage.bot("getMyStarBalance")


async def _groups(stage: Stage) -> None:
    forum = await stage.do("/chats", {"type": "forum", "title": "F", "username": "forum", "owner": CREATOR})
    to = {"chat_id": forum["id"]}
    members = f"/chats/{forum['id']}/members"
    rights = dict.fromkeys(("can_invite_users", "can_restrict_members", "can_manage_topics"), True)
    await stage.do(f"{members}/bot", {"status": "administrator", **rights}, "PUT")
    for status in ("member", "restricted", "left"):
        await stage.do(f"{members}/{LENA}", {"status": status}, "PUT")
        await stage.bot("getChatMember", **to, user_id=LENA)
    await stage.bot("getChat", chat_id="@forum")
    await stage.bot("createForumTopic", **to, name="T")
    await stage.bot("getChatAdministrators", **to)
    await stage.bot("getChatMemberCount", **to)
    link = await stage.bot("createChatInviteLink", **to, name="L", creates_join_request=True)
    joins = f"/people/{LENA}/joins"
    await stage.do(joins, {"invite_link": link["invite_link"]})
    await stage.bot("declineChatJoinRequest", **to, user_id=LENA)
    await stage.do(joins, {"invite_link": link["invite_link"]})
    await stage.bot("approveChatJoinRequest", **to, user_id=LENA)
    await stage.do(f"/people/{LENA}/messages", {**to, "text": "hi"})
    await stage.bot("revokeChatInviteLink", **to, invite_link=link["invite_link"])
    await stage.bot("banChatMember", **to, user_id=LENA)
    await stage.bot("unbanChatMember", **to, user_id=LENA)
    await stage.bot("leaveChat", **to)
    channel = await stage.do("/chats", {"type": "channel", "title": "C", "owner": CREATOR})
    await stage.do(f"/chats/{channel['id']}/members/bot", {"status": "administrator", "can_post_messages": True}, "PUT")
    await stage.bot("sendMessage", chat_id=channel["id"], text="post")
    await stage.do(f"/people/{CREATOR}/messages", {"chat_id": channel["id"], "text": "post"})
