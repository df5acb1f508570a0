import asyncio
import io
import shutil

import aiohttp
import pytest
from telegram_stage import LENA, PIXEL, TOKEN, encoded, staged

INLINE = {"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}]]}


def keyboard(**button: object) -> dict[str, object]:
    return {"inline_keyboard": [[button]]}


async def test_tokens_and_unknown_methods_are_refused_as_telegram_does():
    async with staged() as stage:
        assert (await stage.bot("GETME"))["is_bot"] is True
        status, answer = await stage.raw("getMe", token="7001:another_secret_of_it")
        assert (status, answer["description"]) == (401, "Unauthorized")
        status, answer = await stage.raw("getMe", token="nonsense")
        assert (status, answer["description"]) == (404, "Not Found")
        status, answer = await stage.raw("sendNothing")
        assert (status, answer["description"]) == (404, "Not Found: method not found")
        async with stage.session.put(f"{stage.url}/telegram/bot{TOKEN}/getMe") as response:
            assert (await response.json())["error_code"] == 405
        async with stage.session.get(f"{stage.url}/telegram/elsewhere") as response:
            assert (await response.json())["description"] == "Not Found"


async def test_parameters_are_taken_from_query_form_json_and_multipart():
    async with staged() as stage:
        await stage.started()
        async with stage.session.get(
            f"{stage.url}/telegram/bot{TOKEN}/sendMessage", params={"chat_id": LENA, "text": "query"}
        ) as response:
            assert response.status == 200
        await stage.raw("sendMessage", data={"chat_id": str(LENA), "text": "form"})
        form = aiohttp.FormData({"chat_id": str(LENA), "text": "multipart"}, default_to_multipart=True)
        form.add_field("unused", b"x", filename="x.txt")
        await stage.raw("sendMessage", data=form)
        await stage.bot("sendMessage", chat_id=LENA, text="json")
        said = [message["text"] for message in await stage.chat() if message["from"] == "bot"]
        assert said == ["query", "form", "multipart", "json"]


@pytest.mark.parametrize(
    ("params", "refusal"),
    [
        ({"text": "x"}, "chat_id is empty"),
        ({"chat_id": LENA}, "message text is empty"),
        ({"chat_id": LENA, "text": ""}, "message text is empty"),
        ({"chat_id": LENA, "text": " \n "}, "text must be non-empty"),
        ({"chat_id": LENA, "text": "x" * 4097}, "message is too long"),
        ({"chat_id": LENA, "text": "😀" * 2049}, "message is too long"),
        ({"chat_id": 5, "text": "x"}, "chat not found"),
        ({"chat_id": "rubbish", "text": "x"}, "chat not found"),
        ({"chat_id": "@nobody", "text": "x"}, "chat not found"),
        ({"chat_id": LENA, "text": ["x"]}, 'parameter "text" must be a String'),
        ({"chat_id": LENA, "text": "x", "protect_content": "maybe"}, 'parameter "protect_content" must be a Boolean'),
        ({"chat_id": LENA, "text": "x", "parse_mode": "rtf"}, "unsupported parse_mode"),
        ({"chat_id": LENA, "text": "<b>x", "parse_mode": "HTML"},
         "can't parse entities: Can't find end tag corresponding to start tag \"b\""),
        ({"chat_id": LENA, "text": "x", "reply_markup": "{"}, "can't parse reply keyboard markup JSON object"),
        ({"chat_id": LENA, "text": "x", "reply_markup": []}, "object expected as reply markup"),
        ({"chat_id": LENA, "text": "x", "reply_markup": {"inline_keyboard": [{}]}},
         'field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays'),
        ({"chat_id": LENA, "text": "x", "reply_markup": keyboard(text="a")},
         "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"),
        ({"chat_id": LENA, "text": "x", "reply_markup": keyboard(text="a", url="https://a.b", callback_data="a")},
         "can't parse inline keyboard button: exactly one of the optional fields must be used, "
         "found url and callback_data"),
        ({"chat_id": LENA, "text": "x", "reply_markup": keyboard(text="a", callback_data="é" * 33)},
         "BUTTON_DATA_INVALID"),
        ({"chat_id": LENA, "text": "x", "reply_markup": keyboard(text="a", callback_data="")},
         "BUTTON_DATA_INVALID"),
        ({"chat_id": LENA, "text": "x", "reply_markup": keyboard(text="a", url="http://localhost/x")},
         "inline keyboard button URL 'http://localhost/x' is invalid: Wrong HTTP URL"),
        ({"chat_id": LENA, "text": "x", "reply_markup": keyboard(text="a", url="not a url")},
         "inline keyboard button URL 'not a url' is invalid: Wrong HTTP URL"),
        ({"chat_id": LENA, "text": "x", "reply_parameters": {"message_id": 999}}, "message to be replied not found"),
        ({"chat_id": LENA, "text": "x", "message_thread_id": 9}, "message thread not found"),
    ],
)  # fmt: skip
async def test_a_message_that_telegram_would_not_take_is_refused_in_its_words(params, refusal):
    async with staged() as stage:
        await stage.started()
        assert await stage.refused("sendMessage", **params) == f"400 Bad Request: {refusal}"


async def test_text_of_the_longest_length_counts_after_entities_are_parsed():
    async with staged() as stage:
        await stage.started()
        text = "<b>" + "x" * 4096 + "</b>"
        sent = await stage.bot("sendMessage", chat_id=LENA, text=text, parse_mode="HTML")
        assert sent["entities"] == [{"type": "bold", "offset": 0, "length": 4096}]
        limit = "<i>" + "x" * 1025 + "</i>"
        assert (
            await stage.refused("sendPhoto", chat_id=LENA, photo="id", caption=limit, parse_mode="HTML")
            == "400 Bad Request: message caption is too long"
        )


async def test_nobody_is_written_to_before_they_wrote_or_after_they_blocked():
    async with staged() as stage:
        refusal = "403 Forbidden: bot can't initiate conversation with a user"
        assert await stage.refused("sendMessage", chat_id=LENA, text="hi") == refusal
        await stage.started()
        await stage.bot("sendMessage", chat_id=LENA, text="hi")
        await stage.do(f"/people/{LENA}/blocked", {"blocked": True}, "PUT")
        assert (
            await stage.refused("sendMessage", chat_id=LENA, text="hi") == "403 Forbidden: bot was blocked by the user"
        )
        [update] = await stage.updates()
        assert update["my_chat_member"]["new_chat_member"]["status"] == "kicked"
        status, answer = await stage.control("POST", f"/people/{LENA}/messages", {"text": "x"})
        assert (status, answer["error"]["code"]) == (409, "BLOCKED")
        await stage.do(f"/people/{LENA}/blocked", {"blocked": False}, "PUT")
        await stage.bot("sendMessage", chat_id=LENA, text="hi again")


async def test_messages_are_edited_and_deleted_by_telegrams_rules():
    async with staged() as stage:
        await stage.started()
        sent = await stage.bot("sendMessage", chat_id=LENA, text="one", reply_markup=INLINE)
        where = {"chat_id": LENA, "message_id": sent["message_id"]}
        assert "message is not modified: specified new message content" in await stage.refused(
            "editMessageText", **where, text="one", reply_markup=INLINE
        )
        edited = await stage.bot("editMessageText", **where, text="<b>two</b>", parse_mode="HTML")
        assert edited["text"] == "two"
        assert "reply_markup" not in edited
        assert "edit_date" in edited
        assert (await stage.chat())[-1]["edited"] is True
        refusals = {
            "there is no caption in the message to edit": ("editMessageCaption", {**where, "caption": "x"}),
            "message to edit not found": ("editMessageText", {"chat_id": LENA, "message_id": 99, "text": "x"}),
            "message can't be edited": ("editMessageText", {"chat_id": LENA, "message_id": 1, "text": "x"}),
            "message identifier is not specified": ("editMessageText", {"chat_id": LENA, "text": "x"}),
            "message to delete not found": ("deleteMessage", {"chat_id": LENA, "message_id": 99}),
        }
        for description, (method, params) in refusals.items():
            assert await stage.refused(method, **params) == f"400 Bad Request: {description}"
        assert await stage.bot("deleteMessage", **where) is True
        assert (await stage.chat())[-1]["deleted"] is True
        assert await stage.refused("editMessageText", **where, text="x") == "400 Bad Request: message to edit not found"
        stage.playground.core.clock.pass_time(hours=49)
        assert (
            await stage.refused("deleteMessage", chat_id=LENA, message_id=1)
            == "400 Bad Request: message can't be deleted for everyone"
        )


async def test_a_message_with_a_reply_keyboard_cannot_be_edited():
    async with staged() as stage:
        await stage.started()
        asked = {"keyboard": [[{"text": "Share", "request_contact": True}, "No"]], "one_time_keyboard": True}
        sent = await stage.bot("sendMessage", chat_id=LENA, text="Your phone?", reply_markup=asked)
        shown = await stage.get(f"/people/{LENA}/chat")
        assert shown["keyboard"] == [[{"text": "Share", "request_contact": True}, {"text": "No"}]]
        assert shown["messages"][-1]["keyboard"] == shown["keyboard"]
        assert (
            await stage.refused("editMessageText", chat_id=LENA, message_id=sent["message_id"], text="x")
            == "400 Bad Request: message can't be edited"
        )
        await stage.says("No")
        assert (await stage.get(f"/people/{LENA}/chat"))["keyboard"] is None


async def test_files_go_up_and_come_down_and_their_ids_can_be_sent_again():
    async with staged() as stage:
        await stage.started()
        form = aiohttp.FormData({"chat_id": str(LENA), "caption": "<i>for you</i>", "parse_mode": "HTML"})
        form.add_field("document", b"%PDF-1", filename="guide.pdf", content_type="application/pdf")
        _, answer = await stage.raw("sendDocument", data=form)
        document = answer["result"]["document"]
        assert (document["file_name"], document["file_size"]) == ("guide.pdf", 6)
        file = await stage.bot("getFile", file_id=document["file_id"])
        async with stage.session.get(f"{stage.url}/telegram/file/bot{TOKEN}/{file['file_path']}") as response:
            assert await response.read() == b"%PDF-1"
        again = await stage.bot("sendDocument", chat_id=LENA, document=document["file_id"])
        assert again["document"] == document
        shown = (await stage.chat())[-2]
        assert shown["caption"] == shown["text"] == "for you"
        assert shown["html"] == "<i>for you</i>"
        async with stage.session.get(f"{stage.url}{shown['document']['url']}") as response:
            assert await response.read() == b"%PDF-1"
            assert response.headers["Content-Disposition"].startswith("attachment")
        assert await stage.refused("sendDocument", chat_id=LENA, document="unknown") == (
            "400 Bad Request: wrong file identifier/HTTP URL specified"
        )
        assert await stage.refused("sendPhoto", chat_id=LENA, photo=document["file_id"]) == (
            "400 Bad Request: can't use file of type Document as Photo"
        )
        _, other = await stage.raw("sendDocument", token="7002:another_bot_of_ours", json={"chat_id": LENA})
        assert other["description"] == "Bad Request: there is no document in the request"


async def test_a_photo_must_be_a_picture_and_a_file_not_too_big():
    async with staged() as stage:
        await stage.started()

        async def send(content: bytes, method: str = "sendPhoto", field: str = "photo") -> tuple[int, dict]:
            form = aiohttp.FormData({"chat_id": str(LENA)})
            form.add_field(field, io.BytesIO(content), filename="a.png")
            return await stage.raw(method, data=form)

        assert (await send(b"no picture"))[1]["description"] == "Bad Request: IMAGE_PROCESS_FAILED"
        _, answer = await send(PIXEL)
        assert [(one["width"], one["height"]) for one in answer["result"]["photo"]] == [(1, 1)]
        assert (await send(b"", "sendDocument", "document"))[1]["description"] == (
            "Bad Request: file must be non-empty"
        )
        status, answer = await send(b"x" * (50 * 1024 * 1024 + 1), "sendDocument", "document")
        assert (status, answer["description"]) == (413, "Request Entity Too Large")
        status, answer = await send(b"x" * (20 * 1024 * 1024 + 1), "sendDocument", "document")
        file_id = answer["result"]["document"]["file_id"]
        assert await stage.refused("getFile", file_id=file_id) == "400 Bad Request: file is too big"


async def test_an_album_arrives_as_messages_of_one_group_and_media_can_be_replaced():
    async with staged() as stage:
        await stage.started()
        form = aiohttp.FormData({"chat_id": str(LENA)})
        form.add_field(
            "media",
            '[{"type":"photo","media":"attach://a","caption":"A"},{"type":"photo","media":"attach://b"}]',
        )
        form.add_field("a", PIXEL, filename="a.png")
        form.add_field("b", PIXEL, filename="b.png")
        _, answer = await stage.raw("sendMediaGroup", data=form)
        first, second = answer["result"]
        assert first["media_group_id"] == second["media_group_id"]
        assert first["caption"] == "A"
        media = {"type": "photo", "media": second["photo"][-1]["file_id"], "caption": "B"}
        edited = await stage.bot("editMessageMedia", chat_id=LENA, message_id=first["message_id"], media=media)
        assert (edited["caption"], edited["photo"]) == ("B", second["photo"])


async def test_messages_are_copied_and_forwarded():
    async with staged() as stage:
        await stage.started()
        written = await stage.do(
            f"/people/{LENA}/messages",
            {
                "document": {"file_name": "a.txt", "mime_type": "text/plain", "content_base64": encoded(b"a")},
                "caption": "mine",
            },
        )
        source = {"chat_id": LENA, "from_chat_id": LENA, "message_id": written["message_id"]}
        copied = await stage.bot("copyMessage", **source, caption="yours")
        forwarded = await stage.bot("forwardMessage", **source)
        assert copied.keys() == {"message_id"}
        assert forwarded["forward_origin"]["sender_user"]["id"] == LENA
        copy, forward = (await stage.chat())[-2:]
        assert (copy["text"], forward["text"]) == ("yours", "mine")
        assert await stage.refused("copyMessage", **{**source, "message_id": 99}) == (
            "400 Bad Request: message to copy not found"
        )


async def test_commands_are_shown_to_each_person_by_scope():
    async with staged() as stage:
        await stage.started()
        await stage.bot("setMyCommands", commands=[{"command": "start", "description": "Begin"}])
        mine = {"scope": {"type": "chat", "chat_id": LENA}}
        await stage.bot("setMyCommands", commands=[{"command": "idea", "description": "Ideas"}], **mine)
        assert (await stage.get("/people/1001/chat"))["commands"] == [{"command": "start", "description": "Begin"}]
        assert (await stage.get(f"/people/{LENA}/chat"))["commands"] == [{"command": "idea", "description": "Ideas"}]
        assert (await stage.bot("getMyCommands", **mine))[0]["command"] == "idea"
        await stage.bot("deleteMyCommands", **mine)
        assert await stage.bot("getMyCommands", **mine) == []
        assert await stage.refused("setMyCommands", commands=[{"command": "No!", "description": "x"}]) == (
            "400 Bad Request: BOT_COMMAND_INVALID"
        )


async def test_faults_are_met_before_acting_except_for_a_dropped_reply():
    async with staged() as stage:
        await stage.started()

        async def fault(kind: str, **more: object) -> None:
            await stage.do("/faults", {"api": "telegram", "method": "SENDMESSAGE", "fault": kind, **more})

        await fault("429", retry_after=7, times=2)
        for _ in range(2):
            status, answer = await stage.raw("sendMessage", json={"chat_id": LENA, "text": "x"})
            assert (status, answer["parameters"]) == (429, {"retry_after": 7})
            assert answer["description"] == "Too Many Requests: retry after 7"
        await fault("500")
        assert await stage.refused("sendMessage", chat_id=LENA, text="x") == "500 Internal Server Error"
        await fault("403")
        assert "blocked" in await stage.refused("sendMessage", chat_id=LENA, text="x")
        assert [one["from"] for one in await stage.chat()] == ["person"]
        await fault("drop_reply")
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await stage.raw("sendMessage", json={"chat_id": LENA, "text": "kept"})
        assert [one["text"] for one in await stage.chat()] == ["/start", "kept"]
        await fault("hang")
        with pytest.raises(TimeoutError):
            await stage.raw(
                "sendMessage", json={"chat_id": LENA, "text": "x"}, timeout=aiohttp.ClientTimeout(total=0.2)
            )
        assert len(await stage.chat()) == 2
        statuses = [call["status"] for call in (await stage.get("/calls?api=telegram"))["items"]]
        assert statuses[-6:] == [429, 429, 500, 403, 200, 0]


async def test_a_crashed_stand_in_remembers_people_chats_updates_and_files(tmp_path):
    path = tmp_path / "live" / "playground.db"
    async with staged(path) as stage:
        await stage.started()
        form = aiohttp.FormData({"chat_id": str(LENA)})
        form.add_field("document", b"bytes", filename="a.bin")
        _, answer = await stage.raw("sendDocument", data=form)
        await stage.says("unread")
        stage.playground.core.clock.pass_time(days=3)
        stage.playground.core.save_clock()
        # what lies on the disk at this moment is what a kill would leave
        shutil.copytree(path.parent, tmp_path / "left")
    async with staged(tmp_path / "left" / path.name) as again:
        assert [one["text"] for one in await again.chat()] == ["/start", "", "unread"]
        [update] = await again.bot("getUpdates", offset=stage.offset)
        assert update["message"]["text"] == "unread"
        file = await again.bot("getFile", file_id=answer["result"]["document"]["file_id"])
        async with again.session.get(f"{again.url}/telegram/file/bot{TOKEN}/{file['file_path']}") as response:
            assert await response.read() == b"bytes"
        assert (await again.get("/clock"))["now"].startswith("2026-11-06T09:00:00")


async def test_many_calls_at_once_are_all_answered():
    async with staged() as stage:
        await stage.started()
        await asyncio.gather(*(stage.bot("sendMessage", chat_id=LENA, text=str(n)) for n in range(200)))
        messages = await stage.chat()
        assert {one["text"] for one in messages[1:]} == {str(n) for n in range(200)}
        assert [one["message_id"] for one in messages] == sorted({one["message_id"] for one in messages})


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b'{"chat_id": "\\ud800", "text": "x"}', "application/json"),
        (b"chat_id=%ff%fe&text=%ff", "application/x-www-form-urlencoded"),
        (b"rubbish", "multipart/form-data"),
        (b"rubbish", "multipart/form-data; boundary=x"),
        (b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\nhalf', "multipart/form-data; boundary=x"),
        (b"--x\r\nrubbish\r\n\r\n--x--", "multipart/form-data; boundary=x"),
        (b'{"chat_id": 99999999999999999999999999, "text": "x"}', "application/json"),
        (b'{"chat_id": 2001, "text": "x", "entities": [{"type": "bold", "offset": -5, "length": 99}, 7]}',
         "application/json"),
        (b'{"chat_id": 2001, "text": "x", "reply_markup": {"inline_keyboard": [[{"text": 5}]]}}',
         "application/json"),
        (b'{"chat_id": 2001, "text": "x", "reply_markup": {"inline_keyboard": 5}}', "application/json"),
        (b'{"chat_id": 2001, "text": "x", "reply_parameters": {"message_id": "1"}}', "application/json"),
        (b"", "text/plain"),
    ],
)  # fmt: skip
async def test_rubbish_gets_a_clear_refusal_and_never_a_crash(body, kind):
    async with staged() as stage:
        await stage.started()
        status, answer = await stage.raw("sendMessage", data=body, headers={"Content-Type": kind})
        assert status == 400
        assert answer["description"].startswith("Bad Request: ")
