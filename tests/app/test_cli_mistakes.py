"""A person's mistake on the command line: one line that says how to mend it, and never a traceback."""

import re
import signal
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
import test_cli
from forked_spark import spark
from sqlalchemy.exc import OperationalError
from test_cli import KEY, REPOSITORY, TOKEN, free_port, refused, running

import app.cli

environ = test_cli.environ
READY = {"SPARK_TELEGRAM__TOKEN": TOKEN, "SPARK_SECRET_KEY": KEY}
UNREACHABLE = {"SPARK_STORE__URL": "postgresql://ada:hush-hush@127.0.0.1:1/x"}
UNWRITABLE = {"SPARK_STORE__URL": "sqlite:////proc/x/y.db"}
ADD = ["creator", "add", "--name", "Studio", "--slug", "studio"]


@pytest.mark.parametrize("more", [UNREACHABLE, UNWRITABLE])
@pytest.mark.parametrize("command", [["run"], ["migrate"], ["creator", "list"], ADD])
def test_a_store_that_cannot_be_used_is_one_line(
    environ: dict[str, str], tmp_path: Path, command: list[str], more: dict[str, str]
):
    given = environ | READY | more | {"SPARK_HTTP__PORT": "0", "SPARK_LOG__LEVEL": "ERROR"}
    done = spark(*command, environ=given, cwd=tmp_path)
    refused(done, 1, "the store cannot be", "store.url")
    assert "hush-hush" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_store_file_that_is_no_store_is_one_line(environ: dict[str, str], tmp_path: Path):
    (tmp_path / "spark.db").write_text("a letter, not a database " * 100)
    for command in (["run"], ["migrate"]):
        given = environ | READY | {"SPARK_HTTP__PORT": "0", "SPARK_LOG__LEVEL": "ERROR"}
        refused(spark(*command, environ=given, cwd=tmp_path), 1, "not a database", "store.url")


@pytest.mark.parametrize("more", [UNREACHABLE, UNWRITABLE])
def test_doctor_says_that_the_store_is_ill_and_asks_the_others(
    environ: dict[str, str], tmp_path: Path, more: dict[str, str]
):
    done = spark("doctor", environ=environ | {"SPARK_SECRET_KEY": KEY} | more, cwd=tmp_path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "BAD store" in done.stderr
    assert "BAD telegram" in done.stderr


def test_a_playground_state_that_is_no_store_is_one_line(environ: dict[str, str], tmp_path: Path):
    (tmp_path / "bad.db").write_text("a letter, not a database " * 100)
    for state in ("bad.db", "/proc/x/state.db"):
        done = spark("playground", "--port", str(free_port()), "--state", state, environ=environ, cwd=tmp_path)
        refused(done, 1, state, "--state")


def test_a_demo_whose_folder_is_a_file_is_one_line(environ: dict[str, str], tmp_path: Path):
    (tmp_path / "thesis.txt").write_text("years of work")
    for more in ([], ["--fresh"]):
        refused(spark("demo", "--data", "thesis.txt", *more, environ=environ, cwd=tmp_path), 1, "thesis.txt", "--data")
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_demo_whose_playground_is_spoilt_says_how_to_begin_anew(environ: dict[str, str], tmp_path: Path):
    demo = tmp_path / "demo"
    demo.mkdir()
    (demo / "playground.db").write_text("a letter, not a database " * 100)
    done = spark("demo", "--data", "demo", "--port", str(free_port()), environ=environ, cwd=tmp_path)
    refused(done, 1, "playground.db", "--fresh")


@pytest.mark.parametrize("command", ["demo", "run"])
def test_a_log_level_that_is_none_is_bad_config(environ: dict[str, str], tmp_path: Path, command: str):
    kept = tmp_path / "data" / "demo"
    kept.mkdir(parents=True)
    (kept / ".spark-demo").touch()
    fresh = ["--fresh"] if command == "demo" else []
    given = environ | {"SPARK_LOG__LEVEL": "nonsense"}
    refused(spark(command, *fresh, environ=given, cwd=tmp_path), 2, "SPARK_LOG__LEVEL", "DEBUG", "WARNING")
    # what is refused has emptied nothing
    assert (kept / ".spark-demo").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["demo", "--foo"], "spark demo: no such option: --foo; see spark demo --help"),
        (["frobnicate"], "spark: no such command 'frobnicate'; see spark --help"),
        (["--foo"], "spark: no such option: --foo; see spark --help"),
        (["demo", "--port", "many"], "spark demo: invalid value for '--port': "),
        (["demo", "--port", "0"], "spark demo: invalid value for '--port': "),
        (["creator", "add", "--slug", "x"], "spark creator add: missing option '--name'; see spark creator add --help"),
        (["creator", "frobnicate"], "spark creator: no such command 'frobnicate'; see spark creator --help"),
        (["account", "add"], "spark account add: missing option '--role'; see spark account add --help"),
        (["account", "add", "--role", "owner"], "spark account add: --role owner: use admin, agent, brand, buyer"),
        (["account", "add", "--role", "creator"], "spark account add: --role creator: use admin, agent, brand, buyer"),
        (["account", "add", "--role", "agent"], "spark account add: without --email nobody could sign in"),
        (["account", "password"], "spark account password: missing option '--email'"),
        (["check", "surplus"], "spark check: got unexpected extra argument"),
        ([*ADD, "--telegram-id", "-5"], "spark creator add: invalid value for '--telegram-id': "),
        ([*ADD, "--telegram-id", "0"], "spark creator add: invalid value for '--telegram-id': "),
    ],
)
def test_bad_usage_is_one_line_that_names_the_help(
    environ: dict[str, str], tmp_path: Path, arguments: list[str], told: str
):
    done = spark(*arguments, environ=environ, cwd=tmp_path)
    refused(done, 2, told, "--help")
    assert len(done.stderr.splitlines()) == 1


def test_without_arguments_the_help_is_shown(environ: dict[str, str], tmp_path: Path):
    for group in ([], ["creator"]):
        bare, asked = (spark(*group, *more, environ=environ, cwd=tmp_path) for more in ([], ["--help"]))
        assert (bare.returncode, asked.returncode) == (2, 0)
        assert "Usage: spark" in bare.stdout
        assert "Usage: spark" in asked.stdout
        assert (bare.stderr.strip(), asked.stderr) == ("", "")


def test_an_email_is_checked_and_kept_in_one_form(environ: dict[str, str], tmp_path: Path):
    environ |= {"SPARK_SECRET_KEY": KEY}
    for bad in ("bad", "a@", "", "a b@example.com"):
        refused(spark(*ADD, "--email", bad, environ=environ, cwd=tmp_path), 1, "e-mail")
    assert spark(*ADD, "--email", " Ada@Example.COM", environ=environ, cwd=tmp_path).returncode == 0
    same = ["creator", "add", "--name", "Other", "--slug", "other", "--email", "ada@EXAMPLE.com"]
    refused(spark(*same, environ=environ, cwd=tmp_path), 1, "an account with this e-mail exists already")
    with closing(sqlite3.connect(tmp_path / "spark.db")) as store:
        ((kept,),) = store.execute("SELECT email FROM account").fetchall()
    assert kept.startswith("s1.")


def test_a_fresh_link_mends_a_wrong_telegram_id(environ: dict[str, str], tmp_path: Path):
    environ |= {"SPARK_SECRET_KEY": KEY}
    given = environ | {"SPARK_TELEGRAM__TOKEN": TOKEN}
    assert spark(*ADD, "--telegram-id", "5", environ=given, cwd=tmp_path).returncode == 0
    payloads = set()
    for _ in range(2):
        linked = spark("creator", "link", "--slug", "studio", environ=environ, cwd=tmp_path)
        assert linked.returncode == 0, linked.stderr
        payloads |= set(re.findall(r"/start (bind_[\w-]{20,})", linked.stdout))
    assert len(payloads) == 2
    refused(spark("creator", "link", "--slug", "nobody", environ=environ, cwd=tmp_path), 1, "nobody", "creator list")


@pytest.mark.parametrize(
    "error",
    [
        OSError(28, "No space left on device", "data/spark.db"),
        sqlite3.OperationalError("disk I/O error\nand more"),
        OperationalError("SELECT 1", {}, Exception("the server closed the connection\nunexpectedly")),
    ],
)
def test_what_nobody_foresaw_of_disk_and_store_is_one_line_all_the_same(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
):
    def fail(**_options: object) -> None:
        raise error

    monkeypatch.setattr(app.cli, "cli", fail)
    with pytest.raises(SystemExit) as ended:
        app.cli.main()
    assert ended.value.code == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_our_own_bugs_stay_loud(monkeypatch: pytest.MonkeyPatch):
    def fail(**_options: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(app.cli, "cli", fail)
    with pytest.raises(RuntimeError, match="a bug"):
        app.cli.main()


async def test_the_link_moves_the_account_to_whoever_uses_it(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from app.operate import add_creator_to_store, link_creator_of_store
    from domain.creators import bind_by_payload
    from domain.people import Profile, see_person
    from kit.clock import SystemClock
    from store.database import Database
    from store.models import Account

    monkeypatch.chdir(tmp_path)
    for name, value in (environ | READY).items():
        monkeypatch.setenv(name, value)
    await add_creator_to_store(None, name="Studio", slug="studio", email=None, telegram_id=5)
    (line,) = await link_creator_of_store(None, slug="studio")
    database, now = Database(environ["SPARK_STORE__URL"], data_keys=(KEY,)), SystemClock()()
    async with database.transaction() as session:
        right = await see_person(session, 7000000002, Profile(6, "Ada", None, "en"), now=now)
        bound = await bind_by_payload(session, right, line.rpartition(" ")[2], now=now)
        assert bound.slug == "studio"
        account = await session.get_one(Account, 1, populate_existing=True)
        assert account.person_id == right.id
    await database.close()


async def test_an_administrator_is_added_by_a_link_or_at_once_and_a_creator_stays_one(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from app.operate import add_creator_to_store
    from app.operate_accounts import add_account_to_store, link_password_of_store
    from domain.accounts import EmailTaken
    from domain.admins import admins
    from domain.creators import bind_by_payload, creators_of
    from domain.password_links import PasswordLinkOver, set_password_by_link
    from domain.people import Profile, see_person
    from kit.clock import SystemClock
    from kit.errors import NotFound
    from store.database import Database
    from store.models import Account, Role

    monkeypatch.chdir(tmp_path)
    for name, value in (environ | READY).items():
        monkeypatch.setenv(name, value)
    await add_creator_to_store(None, name="Studio", slug="studio", email=None, telegram_id=5)
    add = partial(add_account_to_store, None, role=Role.ADMIN)
    *told, first = await add(name="Ada", email="ada@example.com", telegram_id=6)
    assert told == ["added administrator no. 2: Ada", "the bot can write to them once they have written to it"]
    with pytest.raises(EmailTaken):
        await add(name="Eve", email="ada@example.com", telegram_id=None)
    _, line = await add(name="Cora", email=None, telegram_id=None)
    (second,) = await link_password_of_store(None, email="Ada@example.com")
    with pytest.raises(NotFound):
        await link_password_of_store(None, email="nobody@example.com")
    database, now = Database(environ["SPARK_STORE__URL"], data_keys=(KEY,)), SystemClock()()
    async with database.transaction() as session:
        cora = await see_person(session, 7000000002, Profile(5, "Cora", None, "en"), now=now)
        assert await bind_by_payload(session, cora, line.rpartition(" ")[2], now=now) is None
        assert [each.telegram_id for each in await admins(session)] == [5, 6]
        assert await creators_of(session, 1) == [1]
        with pytest.raises(PasswordLinkOver):
            await set_password_by_link(session, first.rpartition("/")[2], "a hash", now=now)
        assert "/password/" in second
        assert await set_password_by_link(session, second.rpartition("/")[2], "a hash", now=now) == 2
        roles = [(await session.get_one(Account, number, populate_existing=True)).role for number in (1, 2, 3)]
        assert roles == ["admin", "admin", "buyer"]
    await database.close()


def test_the_playground_prints_every_setting_that_points_spark_at_it(environ: dict[str, str], tmp_path: Path):
    port = free_port()
    arguments = ["playground", "--port", str(port), "--app", "http://127.0.0.1:9123/"]
    until = f"http://127.0.0.1:{port}/playground/api/people"
    with running(*arguments, environ=environ, cwd=tmp_path, until=until) as playground:
        playground.send_signal(signal.SIGTERM)
        assert playground.wait(10) == 0
        assert playground.stdout is not None
        told = playground.stdout.read()
    assert "export SPARK_HTTP__PORT=9123\n" in told
    assert "export SPARK_PUBLIC_URL=http://127.0.0.1:9123\n" in told


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1:8080", "https://127.0.0.1", "http://", "http://here:many", "http://h:99999", "http://h/?x=1", ""],
)
def test_a_playground_for_what_is_no_address_is_bad_usage(environ: dict[str, str], tmp_path: Path, address: str):
    done = spark("playground", "--port", str(free_port()), "--app", address, environ=environ, cwd=tmp_path)
    refused(done, 2, "--app", "http://127.0.0.1:8080")


def test_check_fills_in_every_text(environ: dict[str, str], tmp_path: Path):
    (tmp_path / "config.yaml").write_text(
        """\
creators:
  studio:
    fields: {age: {kind: text}}
    flows:
      welcome:
        nodes:
          - {key: hello, do: say, text: "Hi {{ lead.first_name }} {{ lead.age | default(0) | int + 1 }}"}
          - {key: age, do: ask, kind: text, field: age, text: "{{ nosuch.x }}"}
          - {key: shop, do: say, text: "{{ order.title }}"}
    funnels:
      nudge:
        trigger: {event: lead.captured}
        steps:
          - {key: one, do: send, text: "{{ lead.age }} {{ creator.name }}"}
          - {key: two, do: send, text: "{{ order.title }}"}
          - key: three
            do: send
            text: Go on
            buttons:
              - {text: Pay, url: "{{ order.checkout_url.x.y }}"}
      pay:
        trigger: {event: order.opened}
        steps:
          - {key: one, do: send, text: "{{ order.title }} {{ order.total }} {{ order.checkout_url }}"}
"""
    )
    done = spark("check", environ=environ, cwd=tmp_path)
    assert done.returncode == 2
    at = "creators.studio"
    lines = done.stderr.splitlines()
    why = "the text cannot be filled in: "
    assert [line.partition(why)[0] for line in lines] == [
        f"config.yaml:8: {at}.flows.welcome.nodes.1.text: ",
        f"config.yaml:9: {at}.flows.welcome.nodes.2.text: ",
        f"config.yaml:15: {at}.funnels.nudge.steps.1.text: ",
        f"config.yaml:20: {at}.funnels.nudge.steps.2.buttons.0.url: ",
    ]
    assert "nosuch" in lines[0]
    done = spark("check", environ=environ, cwd=REPOSITORY)
    assert (done.returncode, done.stderr) == (0, "")


def test_check_gives_the_line_number_as_it_is(environ: dict[str, str], tmp_path: Path):
    (tmp_path / "config.yaml").write_text("creators:\n  studio:\n" + "\n" * 97 + "    currency: doubloon\n")
    # by its name “:100:” would be an emoji
    refused(spark("check", environ=environ, cwd=tmp_path), 2, "config.yaml:100: creators.studio.currency: ")
