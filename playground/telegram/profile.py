"""What a bot tells of itself: its name, texts, commands and menu button; and the answers to taps."""

import re
from typing import Any

from playground.state import Document
from playground.telegram.bots import bot_itself
from playground.telegram.errors import bad
from playground.telegram.files import DOWNLOAD_LIMIT
from playground.telegram.links import link_error
from playground.telegram.parts import Call
from playground.telegram.targets import readable

_ANSWER_LIMIT = 200
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_CHAT_ID = re.compile(r"-?\d{1,18}", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2}")
_MOST_COMMANDS = 100
_DESCRIPTION_LIMIT = 256
_SCOPES = {"default", "all_private_chats", "all_group_chats", "all_chat_administrators"}
_CHAT_SCOPES = {"chat", "chat_administrators", "chat_member"}
_LIMITS = {"name": 64, "description": 512, "short_description": 120}


def get_me(call: Call) -> dict[str, Any]:
    return bot_itself(call.bot)


def log_out(call: Call) -> bool:
    return True


def get_file(call: Call) -> dict[str, Any]:
    file = call.parts.files.of_bot(call.bot["id"], call.params["file_id"])
    if file is None:
        raise bad("wrong file_id or the file is temporarily unavailable")
    if file["file_size"] > DOWNLOAD_LIMIT:
        raise bad("file is too big")
    return {
        "file_id": file["file_id"],
        "file_unique_id": file["file_unique_id"],
        "file_size": file["file_size"],
        "file_path": file["path"],
    }


def answer_callback_query(call: Call) -> bool:
    text = call.params.get("text")
    if text and len(text) > _ANSWER_LIMIT:
        raise bad("MESSAGE_TOO_LONG")
    url = call.params.get("url")
    if url and (link_error(url) or not url.startswith(("https://t.me/", "http://t.me/", "tg://"))):
        raise bad("URL_INVALID")
    answer = {"text": text, "show_alert": call.params.get("show_alert", False), "url": url}
    query_id = call.params["callback_query_id"]
    call.parts.queries.answer("callback_query", call.bot["id"], query_id, call.now, answer)
    return True


def _language(call: Call) -> str:
    code = str(call.params.get("language_code", ""))
    if code and not _LANGUAGE.fullmatch(code):
        raise bad("LANG_CODE_INVALID")
    return code


def _scope(call: Call) -> str:
    scope = call.params.get("scope") or {"type": "default"}
    problem = "can't parse BotCommandScope: "
    kind = str(scope.get("type"))
    if kind in _SCOPES:
        return kind
    if kind not in _CHAT_SCOPES:
        raise bad(f"{problem}unsupported type specified")
    chat_id = scope.get("chat_id")
    if not chat_id or not isinstance(chat_id, (int, str)):
        raise bad(f"{problem}empty chat_id specified")
    if isinstance(chat_id, str) and not chat_id.startswith("@"):
        chat_id = int(chat_id) if _CHAT_ID.fullmatch(chat_id) else 0
    target = readable(call, chat_id)
    if kind == "chat":
        return f"chat.{target.chat_id}"
    if target.chat is None:
        raise bad("can't use the scope in private chats")
    if kind == "chat_administrators":
        return f"chat_administrators.{target.chat_id}"
    user_id = scope.get("user_id")
    if not isinstance(user_id, int) or user_id <= 0:
        raise bad(f"{problem}invalid user_id specified")
    return f"chat_member.{target.chat_id}.{user_id}"


def _command(given: Any) -> dict[str, str]:
    problem = "can't parse BotCommand: "
    if not isinstance(given, dict):
        raise bad(f"{problem}expected an Object")
    for name in ("command", "description"):
        if not isinstance(given.get(name), str):
            raise bad(f'{problem}can\'t find field "{name}"')
    command = given["command"].removeprefix("/")
    if not _COMMAND.fullmatch(command):
        raise bad("BOT_COMMAND_INVALID")
    if not 1 <= len(given["description"].strip()) <= _DESCRIPTION_LIMIT:
        raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
    return {"command": command, "description": given["description"].strip()}


def set_my_commands(call: Call) -> bool:
    commands = [_command(given) for given in call.params["commands"]]
    if len(commands) > _MOST_COMMANDS:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    return _keep_commands(call, commands)


def delete_my_commands(call: Call) -> bool:
    return _keep_commands(call, [])


def _keep_commands(call: Call, commands: list[dict[str, str]]) -> bool:
    key = f"{_scope(call)}:{_language(call)}"
    if commands:
        call.bot["commands"][key] = commands
    else:
        call.bot["commands"].pop(key, None)
    call.parts.bots.save(call.bot)
    call.parts.core.changes.tell()
    return True


def get_my_commands(call: Call) -> list[dict[str, str]]:
    return list(call.bot["commands"].get(f"{_scope(call)}:{_language(call)}", []))


def commands_seen(bot: Document, person: Document) -> list[dict[str, str]]:
    """The menu in a person's own chat: https://core.telegram.org/bots/api#determining-list-of-commands"""
    language = str(person.get("language_code") or "")[:2]
    for scope in (f"chat.{person['id']}", "all_private_chats", "default"):
        for code in (language, ""):
            if commands := bot["commands"].get(f"{scope}:{code}"):
                return list(commands)
    return []


def _set_text(call: Call, name: str) -> bool:
    text = str(call.params.get(name, "")).strip()
    if len(text) > _LIMITS[name]:
        raise bad(f"{name.replace('_', ' ')} is too long")
    language = _language(call)
    call.bot["texts"][f"{name}:{language}"] = text
    if name == "name" and text and not language:
        call.bot["name"] = text
    call.parts.bots.save(call.bot)
    call.parts.core.changes.tell()
    return True


def _get_text(call: Call, name: str) -> dict[str, str]:
    texts = call.bot["texts"]
    text = texts.get(f"{name}:{_language(call)}") or texts.get(f"{name}:", "")
    return {name: text or (call.bot["name"] if name == "name" else "")}


def set_my_name(call: Call) -> bool:
    return _set_text(call, "name")


def get_my_name(call: Call) -> dict[str, str]:
    return _get_text(call, "name")


def set_my_description(call: Call) -> bool:
    return _set_text(call, "description")


def get_my_description(call: Call) -> dict[str, str]:
    return _get_text(call, "description")


def set_my_short_description(call: Call) -> bool:
    return _set_text(call, "short_description")


def get_my_short_description(call: Call) -> dict[str, str]:
    return _get_text(call, "short_description")


def _menu_key(call: Call) -> str:
    chat_id = call.params.get("chat_id")
    if chat_id is None:
        return "default"
    if readable(call, chat_id).chat is not None:
        raise bad("chat_id must be that of a private chat")
    return str(chat_id)


def set_chat_menu_button(call: Call) -> bool:
    button = call.params.get("menu_button") or {"type": "default"}
    problem = "can't parse menu button: "
    match button.get("type"):
        case "default" | "commands":
            kept = {"type": button["type"]}
        case "web_app":
            web_app = button.get("web_app")
            url = web_app.get("url") if isinstance(web_app, dict) else None
            if not isinstance(button.get("text"), str) or not isinstance(url, str):
                raise bad(f"{problem}a text and a web_app with a url are needed")
            if not url.lower().startswith("https://"):
                raise bad("BUTTON_URL_INVALID")
            kept = {"type": "web_app", "text": button["text"], "web_app": {"url": url}}
        case _:
            raise bad(f"{problem}MenuButton has unsupported type")
    call.bot["menu_buttons"][_menu_key(call)] = kept
    call.parts.bots.save(call.bot)
    return True


def get_chat_menu_button(call: Call) -> dict[str, Any]:
    buttons = call.bot["menu_buttons"]
    return dict(buttons.get(_menu_key(call)) or buttons.get("default") or {"type": "default"})
