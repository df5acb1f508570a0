from collections.abc import Callable
from typing import Any

from playground.telegram.errors import bad
from playground.telegram.links import check_button_link

Markup = dict[str, Any]

_BUTTONS_LIMIT = 100
_DATA_LIMIT = 64  # bytes
_COPY_LIMIT = 256
_INLINE_KINDS = (
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
)
_STRINGS = {"url", "callback_data", "switch_inline_query", "switch_inline_query_current_chat"}
_PRIVATE_ONLY = {
    "request_contact": "phone number",
    "request_location": "location",
    "request_poll": "poll",
    "request_users": "users",
    "request_chat": "chats",
    "request_managed_bot": "managed bots",
}
_FLAGS = ("is_persistent", "resize_keyboard", "one_time_keyboard", "selective")


def inline_keyboard(markup: Markup | None, *, invoice: bool = False) -> Markup | None:
    """The inline keyboard of a message, checked; None when it is absent or empty."""
    if markup is None:
        return None
    if "inline_keyboard" not in markup:
        if not markup:
            return None
        raise bad("inline keyboard expected")
    rows = _rows(markup, "inline_keyboard", _inline_button)
    buttons = [button for row in rows for button in row]
    if len(buttons) > _BUTTONS_LIMIT:
        raise bad("reply markup is too long")
    if invoice and buttons and not buttons[0].get("pay"):
        raise bad("REPLY_MARKUP_BUY_EMPTY")
    if any("pay" in button for button in (buttons[1:] if invoice else buttons)):
        raise bad("BUTTON_TYPE_INVALID")
    return {"inline_keyboard": rows} if rows else None


def any_keyboard(markup: Markup | None, chat_type: str) -> Markup | None:
    """Any reply markup of a message that is being sent, checked; None when it is absent or empty."""
    if not markup or "inline_keyboard" in markup:
        return inline_keyboard(markup)
    if chat_type == "channel":
        raise bad("inline keyboard expected")
    if "keyboard" in markup:
        rows = _rows(markup, "keyboard", lambda button: _reply_button(button, private=chat_type == "private"))
        if not rows:
            return None
        flags = {name: _flag(markup, name) for name in _FLAGS if name in markup}
        return {"keyboard": rows, **flags, **_placeholder(markup)}
    for name in ("remove_keyboard", "force_reply"):
        if _flag(markup, name):
            return {name: True, **_placeholder(markup)}
    return None


def _placeholder(markup: Markup) -> Markup:
    text = markup.get("input_field_placeholder")
    return {"input_field_placeholder": text} if isinstance(text, str) else {}


def _rows(markup: Markup, name: str, read: Callable[[Any], dict[str, Any]]) -> list[list[dict[str, Any]]]:
    keyboard = markup[name]
    if not isinstance(keyboard, list):
        raise bad(f'field "{name}" must be of type Array')
    if not all(isinstance(row, list) for row in keyboard):
        of = " of the InlineKeyboardMarkup" if name == "inline_keyboard" else ""
        raise bad(f'field "{name}"{of} must be an Array of Arrays')
    return [[read(button) for button in row] for row in keyboard if row]


def _flag(where: dict[str, Any], name: str) -> bool:
    value = where.get(name, False)
    if not isinstance(value, bool):
        raise bad(f'field "{name}" must be of type Boolean')
    return value


def _text(button: dict[str, Any], kind: str) -> None:
    problem = f"can't parse {kind} button: "
    if "text" not in button:
        raise bad(f'{problem}can\'t find field "text"')
    if not isinstance(button["text"], str):
        raise bad(f'{problem}field "text" must be of type String')
    if not button["text"].strip():
        raise bad(f"{kind} button text must be non-empty")


def _inline_button(button: Any) -> dict[str, Any]:
    problem = "can't parse inline keyboard button: "
    if not isinstance(button, dict):
        raise bad(f"{problem}InlineKeyboardButton must be an Object")
    _text(button, "inline keyboard")
    kinds = [kind for kind in _INLINE_KINDS if button.get(kind) is not None]
    if not kinds:
        raise bad(f"{problem}Text buttons are unallowed in the inline keyboard")
    if len(kinds) > 1:
        # Telegram itself takes the first; its documentation asks for exactly one
        raise bad(f"{problem}exactly one of the optional fields must be used, found {' and '.join(kinds)}")
    kind = kinds[0]
    _check_value(kind, button[kind])
    style = {name: button[name] for name in ("icon_custom_emoji_id", "style") if name in button}
    return {"text": button["text"], kind: button[kind], **style}


def _check_value(kind: str, value: Any) -> None:
    problem = "can't parse inline keyboard button: "
    if kind in _STRINGS and not isinstance(value, str):
        raise bad(f'{problem}field "{kind}" must be of type String')
    if kind not in {*_STRINGS, "pay"} and not isinstance(value, dict):
        raise bad(f'{problem}field "{kind}" must be of type Object')
    match kind:
        case "callback_data" if not 1 <= len(value.encode("utf-8", "replace")) <= _DATA_LIMIT:
            raise bad("BUTTON_DATA_INVALID")
        case "url":
            if not value:
                raise bad(f"{problem}Text buttons are unallowed in the inline keyboard")
            check_button_link(value)
        case "web_app" | "login_url":
            _https(kind, value.get("url"))
        case "copy_text" if not 1 <= len(str(value.get("text", ""))) <= _COPY_LIMIT:
            raise bad("BUTTON_COPY_TEXT_INVALID")
        case _:
            pass


def _https(kind: str, url: object) -> None:
    name = "Web App" if kind == "web_app" else "login"
    if not isinstance(url, str) or not url.lower().startswith("https://"):
        raise bad(f"inline keyboard button {name} URL '{url}' is invalid: Only HTTPS links are allowed")
    check_button_link(url)


def _reply_button(button: Any, *, private: bool) -> dict[str, Any]:
    if isinstance(button, str):
        button = {"text": button}
    if not isinstance(button, dict):
        raise bad("can't parse keyboard button: KeyboardButton must be a String or an Object")
    _text(button, "keyboard")
    for name, what in _PRIVATE_ONLY.items():
        if button.get(name) and not private:
            raise bad(f"{what} can be requested in private chats only")
    for name in ("request_contact", "request_location"):
        _flag(button, name)
    return {name: value for name, value in button.items() if value is not None and value is not False}
