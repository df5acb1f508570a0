"""The parameters of each method that the stand-in knows, from https://core.telegram.org/bots/api.

A name with `!` must be there. Those that the stand-in does not act on are named too: a valid call is not refused.
"""

Kinds = tuple[str, ...]

_KINDS_OF: dict[Kinds, str] = {
    ("Integer",): """
        cache_time direct_messages_topic_id duration expire_date heading height icon_color length limit
        live_period max_connections max_tip_amount member_limit message_id message_thread_id offset photo_height
        photo_size photo_width proximity_alert_radius start_timestamp subscription_period timeout until_date
        user_id video_start_timestamp width
    """,
    ("Integer", "String"): "chat_id from_chat_id",
    ("Float",): "latitude longitude horizontal_accuracy",
    ("Boolean",): """
        allow_paid_broadcast creates_join_request disable_content_type_detection disable_notification
        drop_pending_updates has_spoiler is_flexible need_email need_name need_phone_number need_shipping_address
        ok only_if_banned protect_content return_bots revoke_messages send_email_to_provider
        send_phone_number_to_provider show_alert show_caption_above_media supports_streaming
    """,
    ("String",): """
        action business_connection_id callback_query_id caption currency description error_message file_id
        first_name icon_custom_emoji_id inline_message_id invite_link ip_address language_code last_name
        message_effect_id name parse_mode payload performer phone_number photo_url pre_checkout_query_id
        provider_data provider_token secret_token short_description start_parameter
        telegram_payment_charge_id text title url vcard
    """,
    ("Array",): """
        allowed_updates caption_entities commands entities message_ids prices suggested_tip_amounts
    """,
    ("Object",): """
        link_preview_options menu_button reply_markup reply_parameters rich_message scope
        suggested_post_parameters
    """,
    ("InputFile",): "certificate",
    ("InputFile", "String"): "animation audio cover document photo thumbnail video video_note voice",
}
_KINDS: dict[str, Kinds] = {name: kinds for kinds, names in _KINDS_OF.items() for name in names.split()}

_TO = "business_connection_id chat_id! message_thread_id direct_messages_topic_id"
_HOW = "disable_notification protect_content allow_paid_broadcast message_effect_id"
_AFTER = f"{_HOW} suggested_post_parameters reply_parameters reply_markup"
_CAPTION = "caption parse_mode caption_entities"
_PRICED = """
    title! description! payload! provider_token currency! prices! max_tip_amount suggested_tip_amounts provider_data
    photo_url photo_size photo_width photo_height need_name need_phone_number need_email need_shipping_address
    send_phone_number_to_provider send_email_to_provider is_flexible
"""
_EDITED = "business_connection_id chat_id message_id inline_message_id reply_markup"
_LANGUAGE = "language_code"

_TABLE: dict[str, str] = {
    "getMe": "",
    "logOut": "",
    "close": "",
    "getUpdates": "offset limit timeout allowed_updates",
    "setWebhook": """
        url! certificate ip_address max_connections allowed_updates drop_pending_updates secret_token
    """,
    "deleteWebhook": "drop_pending_updates",
    "getWebhookInfo": "",
    "sendMessage": f"{_TO} text! parse_mode entities link_preview_options {_AFTER}",
    "sendPhoto": f"{_TO} photo! {_CAPTION} show_caption_above_media has_spoiler {_AFTER}",
    "sendDocument": f"{_TO} document! thumbnail {_CAPTION} disable_content_type_detection {_AFTER}",
    "sendVideo": f"""
        {_TO} video! duration width height thumbnail cover start_timestamp {_CAPTION}
        show_caption_above_media has_spoiler supports_streaming {_AFTER}
    """,
    "sendAnimation": f"""
        {_TO} animation! duration width height thumbnail {_CAPTION}
        show_caption_above_media has_spoiler {_AFTER}
    """,
    "sendAudio": f"{_TO} audio! {_CAPTION} duration performer title thumbnail {_AFTER}",
    "sendVoice": f"{_TO} voice! {_CAPTION} duration {_AFTER}",
    "sendLocation": f"""
        {_TO} latitude! longitude! horizontal_accuracy live_period heading proximity_alert_radius {_AFTER}
    """,
    "sendContact": f"{_TO} phone_number! first_name! last_name vcard {_AFTER}",
    "sendMediaGroup": f"{_TO} media!:Array {_HOW} reply_parameters",
    "sendChatAction": "business_connection_id chat_id! message_thread_id action!",
    "sendInvoice": f"""
        chat_id! message_thread_id direct_messages_topic_id {_PRICED} start_parameter {_AFTER}
    """,
    "createInvoiceLink": f"business_connection_id {_PRICED} subscription_period",
    "answerPreCheckoutQuery": "pre_checkout_query_id! ok! error_message",
    "refundStarPayment": "user_id! telegram_payment_charge_id!",
    "getStarTransactions": "offset limit",
    "getMyStarBalance": "",
    "answerCallbackQuery": "callback_query_id! text show_alert url cache_time",
    "editMessageText": f"{_EDITED} text parse_mode entities link_preview_options rich_message",
    "editMessageCaption": f"{_EDITED} {_CAPTION} show_caption_above_media",
    "editMessageReplyMarkup": _EDITED,
    "editMessageMedia": f"{_EDITED} media!:Object",
    "deleteMessage": "chat_id! message_id!",
    "deleteMessages": "chat_id! message_ids!",
    "copyMessage": f"""
        chat_id! message_thread_id direct_messages_topic_id from_chat_id! message_id! video_start_timestamp
        {_CAPTION} show_caption_above_media {_AFTER}
    """,
    "forwardMessage": """
        chat_id! message_thread_id direct_messages_topic_id from_chat_id! message_id! video_start_timestamp
        disable_notification protect_content message_effect_id suggested_post_parameters
    """,
    "getFile": "file_id!",
    "setMyCommands": f"commands! scope {_LANGUAGE}",
    "getMyCommands": f"scope {_LANGUAGE}",
    "deleteMyCommands": f"scope {_LANGUAGE}",
    "setMyName": f"name {_LANGUAGE}",
    "getMyName": _LANGUAGE,
    "setMyDescription": f"description {_LANGUAGE}",
    "getMyDescription": _LANGUAGE,
    "setMyShortDescription": f"short_description {_LANGUAGE}",
    "getMyShortDescription": _LANGUAGE,
    "setChatMenuButton": "chat_id:Integer menu_button",
    "getChatMenuButton": "chat_id:Integer",
    "getChat": "chat_id!",
    "getChatMember": "chat_id! user_id!",
    "getChatAdministrators": "chat_id! return_bots",
    "getChatMemberCount": "chat_id!",
    "leaveChat": "chat_id!",
    "banChatMember": "chat_id! user_id! until_date revoke_messages",
    "unbanChatMember": "chat_id! user_id! only_if_banned",
    "createChatInviteLink": "chat_id! name expire_date member_limit creates_join_request",
    "revokeChatInviteLink": "chat_id! invite_link!",
    "approveChatJoinRequest": "chat_id! user_id!",
    "declineChatJoinRequest": "chat_id! user_id!",
    "createForumTopic": "chat_id! name! icon_color icon_custom_emoji_id",
    "pinChatMessage": "business_connection_id chat_id! message_id! disable_notification",
    "unpinChatMessage": "business_connection_id chat_id! message_id",
}


def _read(row: str) -> tuple[dict[str, Kinds], frozenset[str]]:
    kinds: dict[str, Kinds] = {}
    required: set[str] = set()
    for word in row.split():
        marked, _, kind = word.partition(":")
        name = marked.removesuffix("!")
        kinds[name] = (kind,) if kind else _KINDS[name]
        if name != marked:
            required.add(name)
    return kinds, frozenset(required)


FIELDS: dict[str, tuple[dict[str, Kinds], frozenset[str]]] = {method: _read(row) for method, row in _TABLE.items()}
