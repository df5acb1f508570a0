import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from kit.log import correlated, current_correlation_id, get_logger, new_correlation_id, sane_correlation_id, set_up

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    stream = io.StringIO()
    set_up(level="INFO", stream=stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers, root.level = before
    structlog.reset_defaults()


def test_a_line_is_one_json_object_with_its_time_level_and_place(lines: Lines):
    get_logger("store.database").info("it\nhappened", order=7)
    (line,) = lines()
    assert line | {"at": ""} == {
        "event": "it\nhappened",
        "order": 7,
        "level": "info",
        "logger": "store.database",
        "at": "",
    }
    assert line["at"].endswith("Z")


def test_a_correlation_id_follows_through_every_line_inside_and_ends_there(lines: Lines):
    with correlated(bot_id=4) as first:
        get_logger("a").info("one")
        with correlated("given-by-caller") as second:
            logging.getLogger("somebody.else").info("two")
            assert current_correlation_id() == second == "given-by-caller"
        get_logger("a").info("three")
    get_logger("a").info("four")
    assert [line.get("correlation_id") for line in lines()] == [first, "given-by-caller", first, None]
    assert [line.get("bot_id") for line in lines()] == [4, 4, 4, None]


SECRETS = [
    "7000000009:AAH-not_a_real_token_x",
    "sk_test_51Habcdef",
    "rk_live_51Habcdef",
    "whsec_abcdef012345",
    "eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl",
    "ann.lee+shop@example.com",
    "+4915123456789",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_secrets_and_personal_data_are_hidden_wherever_they_stand(lines: Lines, secret: str):
    log = get_logger("a")
    log.warning("could not reach", address="https://api.example/" + secret + "/getMe")
    log.warning("nested", known={"list": [secret, {"deep": f"x {secret} y"}]}, odd=Exception(secret), pair=(secret,))
    logging.getLogger("library").warning("called with %s", secret)
    logging.getLogger("library").warning({"as": "a dict", "of": secret})
    try:
        int(f"bad {secret} ")
    except ValueError:
        log.exception("failed", token=secret)
        logging.getLogger("library").exception("failed")
    assert len(lines()) == 6
    assert secret not in json.dumps(lines(), ensure_ascii=False)
    assert all("ValueError: invalid literal" in line["exception"] for line in lines()[-2:])


@pytest.mark.parametrize(
    "key",
    [
        "token",
        "access_token",
        "secret_key",
        "password",
        "authorization",
        "email",
        "e_mail",
        "phone",
        "text",
        "first_name",
        "username",
        "body",
    ],
)
def test_values_are_hidden_by_the_name_of_their_key(lines: Lines, key: str):
    get_logger("a").info("seen", **{key: "plain words"}, inside={key: "plain words"})
    assert lines()[0][key] == "[hidden]"
    assert lines()[0]["inside"] == {key: "[hidden]"}


def test_credentials_in_an_address_are_hidden_and_its_host_is_not(lines: Lines):
    get_logger("a").info("store", url="postgresql://spark:hunter2@db.example:5432/spark")
    assert lines()[0]["url"] == "postgresql://[hidden]@db.example:5432/spark"


def test_numbers_instants_and_ids_stay_readable(lines: Lines):
    given = {"order": 7, "amount": 19.5, "paid": True, "nothing": None, "when": "2026-11-03T09:00:00+00:00"}
    get_logger("a").info("seen", **given)
    assert given.items() <= lines()[0].items()


def test_odd_values_never_stop_a_line(lines: Lines):
    get_logger("a").info("odd", what=object(), kept={1: b"\xff"}, large=10**30, half="\ud800", nan=float("nan"))
    assert len(lines()) == 1


def test_libraries_that_log_addresses_are_quiet_below_warnings(lines: Lines):
    for name in ("httpx", "apscheduler.scheduler", "aiohttp.access", "telegram.Bot", "stripe", "alembic.runtime"):
        logging.getLogger(name).info("bot token in an address")
    assert lines() == []


@pytest.mark.parametrize(
    "given", [None, "", "short", "x" * 65, "with space", "new\nline", "schlüssel-id", "id-12345\n"]
)
def test_an_odd_correlation_id_is_replaced(given: str | None):
    assert sane_correlation_id(given) != given
    assert sane_correlation_id(sane_correlation_id(given)) != ""


def test_a_sane_correlation_id_is_kept():
    for given in ("12345678", "Az.09_-x", new_correlation_id()):
        assert sane_correlation_id(given) == given
