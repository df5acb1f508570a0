import asyncio
from typing import Any

import pytest
from telegram_stage import CREATOR, LENA, PIXEL, Stage, encoded, staged

STALE = "400 Bad Request: query is too old and response timeout expired or query ID is invalid"
YES = {"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}, {"text": "Site", "url": "https://a.example"}]]}


async def next_update(stage: Stage) -> dict[str, Any]:
    [update] = await stage.updates(timeout=10)
    return update


async def test_a_tap_waits_for_its_answer_which_can_be_given_once():
    async with staged() as stage:
        await stage.started()
        sent = await stage.bot("sendMessage", chat_id=LENA, text="Sure?", reply_markup=YES)
        tap = asyncio.create_task(stage.do(f"/people/{LENA}/taps", {"message_id": sent["message_id"], "data": "yes"}))
        update = await next_update(stage)
        query = update["callback_query"]
        assert (query["data"], query["message"]["message_id"]) == ("yes", sent["message_id"])
        assert await stage.refused("answerCallbackQuery", callback_query_id=query["id"], text="x" * 201) == (
            "400 Bad Request: MESSAGE_TOO_LONG"
        )
        await stage.bot("answerCallbackQuery", callback_query_id=query["id"], text="Good", show_alert=True)
        answer = await tap
        assert (answer["update_id"], answer["answer"], answer["show_alert"]) == (update["update_id"], "Good", True)
        assert await stage.refused("answerCallbackQuery", callback_query_id=query["id"]) == STALE


async def test_a_tap_answered_after_a_minute_is_too_old():
    async with staged() as stage:
        await stage.started()
        sent = await stage.bot("sendMessage", chat_id=LENA, text="Sure?", reply_markup=YES)
        tap = asyncio.create_task(stage.do(f"/people/{LENA}/taps", {"message_id": sent["message_id"], "data": "yes"}))
        query = (await next_update(stage))["callback_query"]
        stage.playground.core.clock.pass_time(seconds=61)
        assert await stage.refused("answerCallbackQuery", callback_query_id=query["id"]) == STALE
        tap.cancel()


async def test_only_a_button_that_is_there_can_be_tapped():
    async with staged() as stage:
        await stage.started()
        sent = await stage.bot("sendMessage", chat_id=LENA, text="Sure?", reply_markup=YES)
        body = {"message_id": sent["message_id"], "data": "no"}
        assert (await stage.control("POST", f"/people/{LENA}/taps", body))[0] == 422
        assert (await stage.control("POST", f"/people/{LENA}/taps", {**body, "message_id": 99}))[0] == 404
        await stage.bot("editMessageReplyMarkup", chat_id=LENA, message_id=sent["message_id"])
        assert (await stage.control("POST", f"/people/{LENA}/taps", {**body, "data": "yes"}))[0] == 422


INVOICE = {
    "chat_id": LENA,
    "title": "Guide",
    "description": "A guide",
    "payload": "order:7",
    "currency": "XTR",
    "prices": [{"label": "Guide", "amount": 50}],
}


async def test_stars_are_paid_once_after_the_bot_agrees_and_can_be_refunded_once():
    async with staged() as stage:
        await stage.started()
        sent = await stage.bot("sendInvoice", **INVOICE)
        assert sent["invoice"]["total_amount"] == 50
        assert sent["reply_markup"]["inline_keyboard"][0][0]["pay"] is True
        pay = f"/people/{LENA}/star-payments"
        payment = asyncio.create_task(stage.do(pay, {"message_id": sent["message_id"]}))
        query = (await next_update(stage))["pre_checkout_query"]
        assert (query["invoice_payload"], query["total_amount"]) == ("order:7", 50)
        await stage.bot("answerPreCheckoutQuery", pre_checkout_query_id=query["id"], ok=True)
        assert (await payment)["ok"] is True
        paid = (await next_update(stage))["message"]["successful_payment"]
        assert (paid["invoice_payload"], paid["total_amount"], paid["currency"]) == ("order:7", 50, "XTR")
        assert (await stage.do(pay, {"message_id": sent["message_id"]}))["ok"] is False
        assert (await stage.bot("getMyStarBalance"))["amount"] == 50
        refund = {"user_id": LENA, "telegram_payment_charge_id": paid["telegram_payment_charge_id"]}
        assert await stage.refused("refundStarPayment", **{**refund, "user_id": CREATOR}) == (
            "400 Bad Request: CHARGE_NOT_FOUND"
        )
        assert await stage.bot("refundStarPayment", **refund) is True
        assert (await next_update(stage))["message"]["refunded_payment"]["total_amount"] == 50
        assert await stage.refused("refundStarPayment", **refund) == "400 Bad Request: CHARGE_ALREADY_REFUNDED"
        rows = (await stage.bot("getStarTransactions"))["transactions"]
        assert [("source" in row, row["amount"]) for row in rows] == [(True, 50), (False, 50)]


async def test_a_refused_pre_checkout_takes_no_stars():
    async with staged() as stage:
        await stage.started()
        sent = await stage.bot("sendInvoice", **INVOICE)
        payment = asyncio.create_task(stage.do(f"/people/{LENA}/star-payments", {"message_id": sent["message_id"]}))
        query = (await next_update(stage))["pre_checkout_query"]
        answer = {"pre_checkout_query_id": query["id"], "ok": False}
        assert "error_message" in await stage.refused("answerPreCheckoutQuery", **answer)
        await stage.bot("answerPreCheckoutQuery", **answer, error_message="Sold out")
        assert await payment == {"ok": False, "error": "Sold out"}
        assert await stage.refused("answerPreCheckoutQuery", **answer, error_message="x") == STALE
        link = await stage.bot("createInvoiceLink", **{k: v for k, v in INVOICE.items() if k != "chat_id"})
        payment = asyncio.create_task(stage.do(f"/people/{LENA}/star-payments", {"link": link}))
        query = (await next_update(stage))["pre_checkout_query"]
        stage.playground.core.clock.pass_time(seconds=11)
        assert await stage.refused("answerPreCheckoutQuery", pre_checkout_query_id=query["id"], ok=True) == STALE
        payment.cancel()


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"prices": []}, "there must be at least one price"),
        ({"prices": [{"label": "a", "amount": 1}, {"label": "b", "amount": 1}]}, "STARS_INVOICE_INVALID"),
        ({"prices": [{"label": "a", "amount": 0}]}, "CURRENCY_TOTAL_AMOUNT_INVALID"),
        ({"prices": [{"label": "", "amount": 1}]}, "can't parse labeled price: LabeledPrice label must be non-empty"),
        ({"provider_token": "x"}, "PAYMENT_PROVIDER_INVALID"),
        ({"currency": "USD"}, "PAYMENT_PROVIDER_INVALID"),
        ({"payload": "é" * 65}, "INVOICE_PAYLOAD_INVALID"),
        ({"title": "x" * 33}, "PRODUCT_TITLE_INVALID"),
        ({"title": None}, 'parameter "title" is required'),
        ({"reply_markup": YES}, "REPLY_MARKUP_BUY_EMPTY"),
    ],
)
async def test_an_invoice_in_stars_follows_the_rules_of_stars(change, refusal):
    async with staged() as stage:
        await stage.started()
        assert await stage.refused("sendInvoice", **{**INVOICE, **change}) == f"400 Bad Request: {refusal}"


async def test_a_person_shares_what_telegram_lets_them_share():
    async with staged() as stage:
        await stage.started()

        async def share(body: dict[str, Any]) -> dict[str, Any]:
            written = await stage.do(f"/people/{LENA}/messages", body)
            update = await next_update(stage)
            assert written["update_id"] == update["update_id"]
            kind = "edited_message" if "edit" in body else "message"
            return update[kind]

        own = (await share({"contact": {"phone_number": "+15550100"}}))["contact"]
        assert own == {"phone_number": "+15550100", "first_name": "Lena", "user_id": LENA}
        other = (await share({"contact": {"phone_number": "+15550199", "user_id": CREATOR}}))["contact"]
        assert (other["user_id"], other["first_name"]) == (CREATOR, "Cora")
        photo = await share({"photo": {"content_base64": encoded(PIXEL)}, "caption": "look"})
        assert (photo["photo"][0]["width"], photo["caption"]) == (1, "look")
        assert (await share({"location": {"latitude": 1.5, "longitude": 2}}))["location"]["latitude"] == 1.5
        assert (await share({"voice": {"content_base64": encoded(b"ogg")}}))["voice"]["duration"] == 1
        assert (await share({"video": {"content_base64": encoded(b"mp4")}}))["video"]["mime_type"] == "video/mp4"
        forwarded = await share({"forward": {"message_id": photo["message_id"]}})
        assert forwarded["forward_origin"]["type"] == "user"
        outside = await share({"forward": {"text": "news", "from": "A friend"}})
        assert outside["forward_origin"]["sender_user_name"] == "A friend"
        text = await share({"text": "frist"})
        edited = await share({"text": "first", "edit": text["message_id"]})
        assert (edited["message_id"], edited["text"]) == (text["message_id"], "first")
        assert "edit_date" in edited


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": ""},
        {"text": 5},
        {"text": "x", "photo": {"content_base64": ""}},
        {"text": "x" * 4097},
        {"document": {"content_base64": "!"}},
        {"document": "x"},
        {"location": {"latitude": 91, "longitude": 0}},
        {"contact": {"phone_number": 5}},
        {"text": "x", "edit": "y"},
        {"forward": {"message_id": "x"}},
    ],
)  # fmt: skip
async def test_a_message_that_makes_no_sense_is_refused_in_one_line(body):
    async with staged() as stage:
        await stage.started()
        status, answer = await stage.control("POST", f"/people/{LENA}/messages", body)
        assert status == 422
        assert "\n" not in answer["error"]["message"]


async def test_a_group_bot_sees_commands_and_replies_until_it_is_an_administrator():
    async with staged() as stage:
        await stage.started()
        group = await stage.do("/chats", {"type": "supergroup", "title": "Club", "owner": CREATOR})
        members = f"/chats/{group['id']}/members"
        assert await stage.refused("sendMessage", chat_id=group["id"], text="x") == "400 Bad Request: chat not found"
        await stage.do(f"{members}/bot", {"status": "member"}, "PUT")
        await stage.do(f"{members}/{LENA}", {"status": "member"}, "PUT")
        kinds = [next(key for key in update if key != "update_id") for update in await stage.updates()]
        assert kinds == ["my_chat_member", "message"]
        where = {"chat_id": group["id"]}
        write = f"/people/{LENA}/messages"
        assert (await stage.do(write, {"text": "hello", **where}))["update_id"] is None
        assert (await stage.do(write, {"text": "/stats", **where}))["update_id"] is not None
        asked = {"keyboard": [[{"text": "Share", "request_contact": True}]]}
        assert await stage.refused("sendMessage", **where, text="x", reply_markup=asked) == (
            "400 Bad Request: phone number can be requested in private chats only"
        )
        assert await stage.refused("banChatMember", **where, user_id=LENA) == (
            "400 Bad Request: not enough rights to restrict/unrestrict chat member"
        )
        rights = {"status": "administrator", "can_restrict_members": True, "can_invite_users": True}
        await stage.do(f"{members}/bot", rights, "PUT")
        assert (await stage.do(write, {"text": "hello", **where}))["update_id"] is not None
        await stage.bot("banChatMember", **where, user_id=LENA)
        assert (await stage.bot("getChatMember", **where, user_id=LENA))["status"] == "kicked"
        assert await stage.bot("getChatMemberCount", **where) == 2
        await stage.do(f"{members}/bot", {"status": "left"}, "PUT")
        assert await stage.refused("sendMessage", **where, text="x") == (
            "403 Forbidden: bot is not a member of the supergroup chat"
        )


async def test_people_join_a_channel_by_link_and_by_request():
    async with staged() as stage:
        await stage.started()
        channel = await stage.do("/chats", {"type": "channel", "title": "News", "owner": CREATOR})
        where = {"chat_id": channel["id"]}
        bot = f"/chats/{channel['id']}/members/bot"
        await stage.do(bot, {"status": "administrator"}, "PUT")
        assert await stage.refused("createChatInviteLink", **where) == (
            "400 Bad Request: not enough rights to manage chat invite link"
        )
        await stage.do(bot, {"status": "administrator", "can_invite_users": True}, "PUT")
        await stage.updates(allowed_updates=["message", "chat_member", "chat_join_request"])
        once = await stage.bot("createChatInviteLink", **where, member_limit=1)
        joined = await stage.do(f"/people/{LENA}/joins", {"invite_link": once["invite_link"]})
        assert joined["status"] == "joined"
        update = await next_update(stage)
        assert update["chat_member"]["invite_link"]["invite_link"] == once["invite_link"]
        body = {"invite_link": once["invite_link"]}
        assert (await stage.control("POST", f"/people/{CREATOR}/joins", body))[0] == 409
        asked = await stage.bot("createChatInviteLink", **where, creates_join_request=True)
        friend = (await stage.do("/people", {"first_name": "Finn"}))["id"]
        await stage.do(f"/people/{friend}/joins", {"invite_link": asked["invite_link"]})
        request = (await next_update(stage))["chat_join_request"]
        assert request["from"]["id"] == request["user_chat_id"] == friend
        await stage.bot("approveChatJoinRequest", **where, user_id=friend)
        assert (await stage.bot("getChatMember", **where, user_id=friend))["status"] == "member"
        assert await stage.refused("approveChatJoinRequest", **where, user_id=friend) == (
            "400 Bad Request: USER_ALREADY_PARTICIPANT"
        )
        assert (await stage.bot("revokeChatInviteLink", **where, invite_link=asked["invite_link"]))["is_revoked"]


async def test_a_forum_has_topics_to_write_in():
    async with staged() as stage:
        await stage.started()
        forum = await stage.do("/chats", {"type": "forum", "title": "Support", "owner": CREATOR})
        where = {"chat_id": forum["id"]}
        rights = {"status": "administrator", "can_manage_topics": True}
        await stage.do(f"/chats/{forum['id']}/members/bot", rights, "PUT")
        topic = await stage.bot("createForumTopic", **where, name="Ticket 1")
        thread = {"message_thread_id": topic["message_thread_id"]}
        sent = await stage.bot("sendMessage", **where, **thread, text="Hello")
        assert sent["is_topic_message"] is True
        written = await stage.do(f"/people/{CREATOR}/messages", {**where, **thread, "text": "Hi"})
        assert written["update_id"] is not None
        assert await stage.refused("sendMessage", **where, message_thread_id=999, text="x") == (
            "400 Bad Request: message thread not found"
        )
