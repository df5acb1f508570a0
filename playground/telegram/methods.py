"""Every method that the stand-in knows, by its own name."""

from collections.abc import Awaitable, Callable
from typing import Any

from playground.telegram import editing, intake, membership, profile, sending, stars
from playground.telegram.checks import Upload
from playground.telegram.fields import FIELDS
from playground.telegram.parts import Call

PLAIN: dict[str, Callable[[Call], Any]] = {
    "getMe": profile.get_me,
    "logOut": profile.log_out,
    "close": profile.log_out,
    "getWebhookInfo": intake.get_webhook_info,
    "sendMessage": sending.send_message,
    "sendPhoto": sending.send_photo,
    "sendDocument": sending.send_document,
    "sendVideo": sending.send_video,
    "sendAnimation": sending.send_animation,
    "sendAudio": sending.send_audio,
    "sendVoice": sending.send_voice,
    "sendLocation": sending.send_location,
    "sendContact": sending.send_contact,
    "sendChatAction": sending.send_chat_action,
    "copyMessage": sending.copy_message,
    "forwardMessage": sending.forward_message,
    "sendInvoice": stars.send_invoice,
    "createInvoiceLink": stars.create_invoice_link,
    "answerPreCheckoutQuery": stars.answer_pre_checkout_query,
    "refundStarPayment": stars.refund_star_payment,
    "getStarTransactions": stars.get_star_transactions,
    "getMyStarBalance": stars.get_my_star_balance,
    "answerCallbackQuery": profile.answer_callback_query,
    "editMessageText": editing.edit_message_text,
    "editMessageCaption": editing.edit_message_caption,
    "editMessageReplyMarkup": editing.edit_message_reply_markup,
    "deleteMessage": editing.delete_message,
    "deleteMessages": editing.delete_messages,
    "pinChatMessage": editing.pin_chat_message,
    "unpinChatMessage": editing.unpin_chat_message,
    "getFile": profile.get_file,
    "setMyCommands": profile.set_my_commands,
    "getMyCommands": profile.get_my_commands,
    "deleteMyCommands": profile.delete_my_commands,
    "setMyName": profile.set_my_name,
    "getMyName": profile.get_my_name,
    "setMyDescription": profile.set_my_description,
    "getMyDescription": profile.get_my_description,
    "setMyShortDescription": profile.set_my_short_description,
    "getMyShortDescription": profile.get_my_short_description,
    "setChatMenuButton": profile.set_chat_menu_button,
    "getChatMenuButton": profile.get_chat_menu_button,
    "getChat": membership.get_chat,
    "getChatMember": membership.get_chat_member,
    "getChatAdministrators": membership.get_chat_administrators,
    "getChatMemberCount": membership.get_chat_member_count,
    "leaveChat": membership.leave_chat,
    "banChatMember": membership.ban_chat_member,
    "unbanChatMember": membership.unban_chat_member,
    "createChatInviteLink": membership.create_chat_invite_link,
    "revokeChatInviteLink": membership.revoke_chat_invite_link,
    "approveChatJoinRequest": membership.approve_chat_join_request,
    "declineChatJoinRequest": membership.decline_chat_join_request,
    "createForumTopic": membership.create_forum_topic,
}
WITH_ATTACHMENTS: dict[str, Callable[[Call, dict[str, Upload]], Any]] = {
    "sendMediaGroup": sending.send_media_group,
    "editMessageMedia": editing.edit_message_media,
}
POLLING: dict[str, Callable[[Call], Awaitable[list[dict[str, Any]]]]] = {"getUpdates": intake.get_updates}
DESCRIBED: dict[str, Callable[[Call], Awaitable[str]]] = {
    "setWebhook": intake.set_webhook,
    "deleteWebhook": intake.delete_webhook,
}
NAMES = {method.lower(): method for method in FIELDS}
