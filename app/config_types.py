"""The forms that settings may have; each refusal says what is expected instead."""

import json
import re
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, SecretStr, StringConstraints

from kit.errors import Invalid
from kit.money import check_currency
from kit.yaml_text import did_you_mean


def _looks_like(pattern: str, expected: str) -> AfterValidator:
    """Refuses a secret of another form, without repeating it."""

    def check(secret: SecretStr) -> SecretStr:
        if not re.fullmatch(pattern, secret.get_secret_value()):
            raise ValueError(expected)
        return secret

    return AfterValidator(check)


def _long_enough(secret: SecretStr) -> SecretStr:
    from kit.tokens import LEAST_KEY_BYTES  # brings the cryptography along, which `spark check` can do without

    length = len(secret.get_secret_value().encode())
    if length < LEAST_KEY_BYTES:
        raise ValueError(
            f"must have at least {LEAST_KEY_BYTES} bytes, this has {length}; make one with: "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )
    return secret


def _web_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("must be an address like https://spark.example.com")
    return url.rstrip("/")


def _https(url: str) -> str:
    parts = urlsplit(url)
    # nobody listens on the way to this machine itself
    near = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "::1", "localhost"}
    if not (parts.scheme == "https" or near) or not parts.hostname or parts.fragment or parts.username:
        raise ValueError("must be an address like https://crm.example.com/spark")
    return url


def _begins_with(*beginnings: str) -> AfterValidator:
    def check(url: str) -> str:
        if not url.startswith(beginnings):
            raise ValueError(f"must begin with {' or '.join(beginnings)}")
        return url

    return AfterValidator(check)


def _currency(code: str) -> str:
    try:
        return check_currency(code)
    except Invalid as refusal:
        raise ValueError(str(refusal)) from None


def _time_zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError):
        near = did_you_mean(name, available_timezones())
        raise ValueError(f"“{name}” is not a time zone; use one like Europe/Berlin{near}") from None


def read_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("is not JSON") from None  # the cause would repeat what was given


def _several(given: Any) -> Any:
    """Several in one text: a JSON list, or with commas or line ends between them."""
    if not isinstance(given, str):
        return given
    if given.lstrip().startswith("["):
        return read_json(given)
    return [each.strip() for each in re.split(r"[,\n]", given) if each.strip()]


SEVERAL = BeforeValidator(_several)
# a heading with nothing below it reads as null in YAML, and leaves everything at its default
MAY_BE_EMPTY = BeforeValidator(lambda given: {} if given is None else given)
ONE_OR_MORE = BeforeValidator(lambda given: [given] if isinstance(given, str) else given)
ANY_CASE = BeforeValidator(lambda given: given.upper() if isinstance(given, str) else given)

# as kit.text.slugify makes them
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Currency = Annotated[str, AfterValidator(_currency)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
# kept without the slash at its end, so that paths can be appended
WebAddress = Annotated[str, AfterValidator(_web_address)]
HttpsAddress = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_https)]
Page = Annotated[str, _begins_with("https://", "http://")]
StoreUrl = Annotated[str, _begins_with("sqlite:///", "postgresql://")]
FilesUrl = Annotated[str, _begins_with("file:///", "s3://")]
BotToken = Annotated[
    SecretStr, _looks_like(r"[0-9]+:[A-Za-z0-9_-]+", "is not a bot token; @BotFather gives one like 123456:ABC-DEF")
]
# https://core.telegram.org/bots/api#setwebhook
WebhookSecret = Annotated[SecretStr, _looks_like(r"[A-Za-z0-9_-]{1,256}", "must be 1 to 256 of A-Z, a-z, 0-9, _ and -")]
OneWord = Annotated[SecretStr, _looks_like(r"\S+", "must be one word without spaces")]
LongSecret = Annotated[SecretStr, AfterValidator(_long_enough)]
