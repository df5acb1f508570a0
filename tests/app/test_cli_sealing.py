"""The data keys as an operator meets them: refused when missing, changed without stopping."""

import os
from pathlib import Path

import pytest
from forked_spark import spark
from test_cli import refused

OLD, NEW = "the-old-data-key-of-the-operator", "the-new-data-key-of-the-operator"
ADD = ("creator", "add", "--name", "Ada", "--slug", "ada", "--email", "ada@example.com")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Nothing of this machine's settings but its path, and a store in the test's own folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SPARK_")}
    return kept | {"SPARK_STORE__URL": f"sqlite:///{tmp_path / 'spark.db'}", "COLUMNS": "200", "NO_COLOR": "1"}


def with_keys(environ: dict[str, str], *keys: str) -> dict[str, str]:
    return environ | {"SPARK_DATA_KEYS": ",".join(keys)}


def test_without_any_key_nothing_is_written(environ: dict[str, str], tmp_path: Path):
    refused(spark("migrate", environ=environ, cwd=tmp_path), 1, "SPARK_SECRET_KEY", "SPARK_DATA_KEYS")


def test_a_store_whose_key_is_missing_is_refused_in_one_line(environ: dict[str, str], tmp_path: Path):
    assert spark(*ADD, environ=with_keys(environ, OLD), cwd=tmp_path).returncode == 0
    refused(spark("creator", "list", environ=with_keys(environ, NEW), cwd=tmp_path), 1, "SPARK_DATA_KEYS")


@pytest.mark.parametrize("before", ["SPARK_DATA_KEYS", "SPARK_SECRET_KEY"])
def test_a_new_key_takes_over_and_the_old_one_can_go(environ: dict[str, str], tmp_path: Path, before: str):
    assert spark(*ADD, environ=environ | {before: OLD}, cwd=tmp_path).returncode == 0
    both = with_keys(environ, NEW, OLD) if before == "SPARK_DATA_KEYS" else with_keys(environ, NEW) | {before: OLD}
    told = spark("doctor", environ=both, cwd=tmp_path).stdout
    assert "`spark reseal`" in told
    done = spark("reseal", environ=both, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "everything is under the first key" in done.stdout
    only = with_keys(environ, NEW)
    assert "everything is sealed under the first" in spark("doctor", environ=only, cwd=tmp_path).stdout
    again = spark(
        "creator", "add", "--name", "B", "--slug", "b", "--email", "ada@example.com", environ=only, cwd=tmp_path
    )
    refused(again, 1, "an account with this e-mail exists already")


def test_the_doctor_asks_for_data_keys_of_their_own(environ: dict[str, str], tmp_path: Path):
    given = environ | {"SPARK_SECRET_KEY": OLD}
    assert spark("migrate", environ=given, cwd=tmp_path).returncode == 0
    assert "set SPARK_DATA_KEYS" in spark("doctor", environ=given, cwd=tmp_path).stdout


def test_the_doctor_finds_that_the_keys_open_nothing(environ: dict[str, str], tmp_path: Path):
    assert spark(*ADD, environ=with_keys(environ, OLD), cwd=tmp_path).returncode == 0
    wrong = spark("doctor", environ=with_keys(environ, NEW), cwd=tmp_path)
    assert wrong.returncode == 1
    (told,) = (line for line in wrong.stderr.splitlines() if "sealing" in line)
    assert told.startswith("BAD sealing: the store holds data that none of the keys opens; ")
    assert "SPARK_DATA_KEYS" in told
    # the same words as at the start
    assert (
        told.partition("sealing: ")[2] in spark("creator", "list", environ=with_keys(environ, NEW), cwd=tmp_path).stderr
    )
