"""The command line as a person meets it: one line on stderr that says how to mend it, and the right exit code."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from forked_spark import spark

SPARK = str(Path(sys.executable).with_name("spark"))
REPOSITORY = Path(__file__).parents[2]
KEY = "a-secret-of-the-tests-of-32-bytes-at-least"
TOKEN = "7000000002:a-token-of-the-command-line"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Nothing of this machine's settings, and a store in the test's own folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SPARK_")}
    return kept | {"SPARK_STORE__URL": f"sqlite:///{tmp_path / 'spark.db'}", "COLUMNS": "200", "NO_COLOR": "1"}


def the_command(*arguments: str, environ: Mapping[str, str], cwd: Path) -> subprocess.CompletedProcess[str]:
    """The console script itself, from its start."""
    return subprocess.run(
        [SPARK, *arguments], env=dict(environ), cwd=cwd, capture_output=True, text=True, timeout=60, check=False
    )


def refused(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    """One line on stderr, with these words, and no traceback."""
    assert done.returncode == code, (done.stdout, done.stderr)
    lines = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith("{")]
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in lines[0]


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(*arguments: str, environ: Mapping[str, str], cwd: Path, until: str) -> Iterator[subprocess.Popen[str]]:
    """A long-lived command, once it answers at the address `until`."""
    process = subprocess.Popen(
        [SPARK, *arguments], env=dict(environ), cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        asyncio.run(_answers(until, process))
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


async def _answers(address: str, process: subprocess.Popen[str]) -> None:
    async with asyncio.timeout(40), aiohttp.ClientSession() as client:
        while True:
            try:
                async with client.get(address) as answer:
                    if answer.ok:
                        return
            except OSError:
                assert process.poll() is None, f"it ended with {process.returncode}"
            await asyncio.sleep(0.1)


def test_help_names_every_command(environ: dict[str, str], tmp_path: Path):
    done = the_command("--help", environ=environ, cwd=tmp_path)
    assert done.returncode == 0
    for command in ("demo", "playground", "run", "check", "migrate", "doctor", "creator"):
        assert re.search(rf"\b{command}\b", done.stdout), command


def test_an_unknown_command_is_bad_usage(environ: dict[str, str], tmp_path: Path):
    done = the_command("frobnicate", environ=environ, cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_check_is_content_with_the_shipped_configuration(environ: dict[str, str]):
    done = the_command("check", environ=environ, cwd=REPOSITORY)
    assert (done.returncode, done.stderr) == (0, "")


def test_check_names_file_line_and_key_of_each_mistake(environ: dict[str, str], tmp_path: Path):
    (tmp_path / "config.yaml").write_text("http:\n  port: many\nnonsense: 1\n")
    done = spark("check", environ=environ, cwd=tmp_path)
    assert done.returncode == 2
    assert re.search(r"config\.yaml:2: http\.port: ", done.stderr)
    assert re.search(r"config\.yaml:3: nonsense: ", done.stderr)


@pytest.mark.parametrize(
    ("arguments", "more", "told"),
    [
        (["run"], {}, (1, "SPARK_TELEGRAM__TOKEN", "spark demo")),
        (["run"], {"SPARK_TELEGRAM__TOKEN": TOKEN}, (1, "SPARK_SECRET_KEY", "openssl")),
        (["run", "--role", "king"], {}, (2, "king", "web")),
        (
            ["run", "--role", "web"],
            {"SPARK_TELEGRAM__TOKEN": TOKEN, "SPARK_SECRET_KEY": KEY},
            (1, "SQLite", "--role all"),
        ),
        (["run", "--config", "nowhere.yaml"], {}, (2, "nowhere.yaml")),
        (["run"], {"SPARK_TELEGRAM__TOKEN": "no-token"}, (2, "SPARK_TELEGRAM__TOKEN")),
        (["run"], {"SPARK_STORE__URL": "mysql://here"}, (2, "SPARK_STORE__URL")),
        (
            ["run"],
            {"SPARK_TELEGRAM__TOKEN": TOKEN, "SPARK_SECRET_KEY": KEY, "SPARK_STRIPE__SECRET_KEY": "sk_test_1"},
            (1, "SPARK_STRIPE__WEBHOOK_SECRETS"),
        ),
        (["demo", "--host", "0.0.0.0"], {}, (2, "127.0.0.1")),
        (["demo", "--host", "example.com"], {}, (2, "127.0.0.1")),
        (
            ["migrate"],
            {"SPARK_STORE__URL": "postgresql://nobody@127.0.0.1:1/none", "SPARK_SECRET_KEY": KEY},
            (1, "store.url"),
        ),
    ],
)
def test_a_mistake_is_one_line_that_says_how_to_mend_it(
    environ: dict[str, str], tmp_path: Path, arguments: list[str], more: dict[str, str], told: Any
):
    refused(spark(*arguments, environ=environ | more, cwd=tmp_path), *told)


def test_a_port_that_is_taken_is_said_so(environ: dict[str, str], tmp_path: Path):
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        given = {"SPARK_TELEGRAM__TOKEN": TOKEN, "SPARK_SECRET_KEY": KEY, "SPARK_HTTP__PORT": port}
        refused(spark("run", environ=environ | given, cwd=tmp_path), 1, port, "http.port")
        refused(spark("playground", "--port", port, environ=environ, cwd=tmp_path), 1, port, "--port")


def test_fresh_leaves_a_folder_alone_that_is_not_the_demos(environ: dict[str, str], tmp_path: Path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    done = spark("demo", "--fresh", "--data", str(mine), environ=environ, cwd=tmp_path)
    refused(done, 1, "mine", "--data")
    assert (mine / "thesis.txt").read_text() == "years of work"


def test_creators_are_added_once_and_listed(environ: dict[str, str], tmp_path: Path):
    environ |= {"SPARK_SECRET_KEY": KEY}
    assert "no creators yet" in spark("creator", "list", environ=environ, cwd=tmp_path).stdout
    added = spark("creator", "add", "--name", "Studio North", "--slug", "studio", environ=environ, cwd=tmp_path)
    assert added.returncode == 0, added.stderr
    assert re.search(r"/start bind_[\w-]{20,}", added.stdout)
    again = spark("creator", "add", "--name", "Studio", "--slug", "studio", environ=environ, cwd=tmp_path)
    refused(again, 1, "studio", "spark creator list")
    bad = spark("creator", "add", "--name", "Studio", "--slug", "No Slug!", environ=environ, cwd=tmp_path)
    refused(bad, 1, "No Slug!", "hyphens")
    nameless = spark("creator", "add", "--name", " ", "--slug", "other", environ=environ, cwd=tmp_path)
    refused(nameless, 1, "name")
    of_whom = ["creator", "add", "--name", "B", "--slug", "b", "--telegram-id", "5"]
    refused(spark(*of_whom, environ=environ, cwd=tmp_path), 1, "SPARK_TELEGRAM__TOKEN")
    listed = spark("creator", "list", environ=environ, cwd=tmp_path)
    assert listed.stdout.split()[:4] == ["1", "studio", "Studio", "North"]
    assert len(listed.stdout.splitlines()) == 1


def test_doctor_asks_everything_and_says_how_to_mend_what_is_not_well(environ: dict[str, str], tmp_path: Path):
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    given = environ | {
        "SPARK_SECRET_KEY": KEY,
        "SPARK_TELEGRAM__TOKEN": TOKEN,
        "SPARK_TELEGRAM__BASE_URL": f"{address}/telegram",
        "SPARK_STRIPE__SECRET_KEY": "sk_test_playground",
        "SPARK_STRIPE__API_BASE": f"{address}/stripe",
        "SPARK_STRIPE__WEBHOOK_SECRETS": "whsec_playground",
    }
    unwell = spark("doctor", environ=given, cwd=tmp_path)
    assert unwell.returncode == 1
    assert "spark migrate" in unwell.stderr
    assert "BAD telegram" in unwell.stderr
    assert "Traceback" not in unwell.stderr
    assert spark("migrate", environ=given, cwd=tmp_path).returncode == 0
    with running(
        "playground", "--port", str(port), environ=environ, cwd=tmp_path, until=f"{address}/playground/api/people"
    ) as playground:
        other = given | {"SPARK_TELEGRAM__TOKEN": "7000000009:nope"}
        refused(spark("doctor", environ=other, cwd=tmp_path), 1, "does not know this token", "SPARK_TELEGRAM__TOKEN")
        assert "7000000009:nope" not in spark("doctor", environ=other, cwd=tmp_path).stderr
        well = spark("doctor", environ=given, cwd=tmp_path)
        assert (well.returncode, well.stderr) == (0, "")
        assert "BAD" not in well.stdout
        playground.send_signal(signal.SIGTERM)
        assert playground.wait(10) == 0


def test_the_demo_comes_up_healthy_and_ends_in_order_when_it_is_told_to(environ: dict[str, str], tmp_path: Path):
    port = free_port()
    arguments = [
        "demo",
        "--port",
        str(port),
        "--data",
        str(tmp_path / "demo"),
        "--config",
        str(REPOSITORY / "config.yaml"),
    ]
    with running(*arguments, environ=environ, cwd=tmp_path, until=f"http://127.0.0.1:{port}/health/ready") as demo:
        second = spark(*arguments, environ=environ, cwd=tmp_path)
        refused(second, 1)
        demo.send_signal(signal.SIGTERM)
        assert demo.wait(10) == 0
        assert demo.stdout is not None
        told = demo.stdout.read()
    assert f"http://127.0.0.1:{port}/playground" in told
    assert "Traceback" not in told
