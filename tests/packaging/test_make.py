import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")


def make(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    # the make that runs these tests hands its own flags down
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    for ours in ("PYTHON", "PORT", "ARGS", "JOBS", "UPGRADE"):
        environment.pop(ours, None)
    return subprocess.run(
        ["make", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What the Makefile stands on, in a folder with a space in its name and without a .venv."""
    folder = tmp_path / "a clone"
    folder.mkdir()
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "requirements-dev.lock"):
        shutil.copy2(ROOT / name, folder)
    return folder


def test_make_alone_lists_every_target_with_what_it_does() -> None:
    listed = dict(line.split(maxsplit=1) for line in make().stdout.splitlines() if line.startswith("  "))
    assert set(listed) == {"help", "demo", "test", "check", "bench", "nightly", "lock", "clean"}
    assert make("help").stdout == make().stdout


def test_make_demo_starts_on_port_8080_unless_told_otherwise() -> None:
    assert "spark demo --port 8080" in make("-n", "demo").stdout
    assert "spark demo --port 9000" in make("-n", "demo", "PORT=9000").stdout


def test_a_first_make_demo_installs_what_running_needs_and_nothing_more(clone: Path) -> None:
    would = make("-n", "demo", folder=clone).stdout
    assert "-m venv .venv" in would
    assert "--require-hashes -r requirements.lock" in would
    assert "requirements-dev.lock" not in would
    assert "requirements-dev.lock" in make("-n", "test", folder=clone).stdout


def a_finished_venv(folder: Path, python: str) -> None:
    """Stands in for .venv: a Python that answers as the real one, and the mark of a finished install."""
    (folder / ".venv/bin").mkdir(parents=True)
    (folder / ".venv/bin/python").write_text(f'#!/bin/sh\necho "$PWD {python}"\n')
    (folder / ".venv/bin/python").chmod(0o755)
    (folder / ".venv/.run").write_text(f"{folder} {python}\n")


def test_a_second_make_demo_installs_nothing(clone: Path) -> None:
    a_finished_venv(clone, "(3, 11)")
    assert make("-n", "demo", folder=clone).stdout.splitlines() == ["exec .venv/bin/spark demo --port 8080 "]


def test_a_newer_lock_is_installed_over_what_is_there(clone: Path) -> None:
    a_finished_venv(clone, "(3, 11)")
    ahead = (clone / ".venv/.run").stat().st_mtime + 10
    os.utime(clone / "requirements.lock", (ahead, ahead))
    would = make("-n", "demo", folder=clone).stdout
    assert "--require-hashes -r requirements.lock" in would
    assert "-m venv" not in would


@pytest.mark.parametrize("trouble", ["interrupted", "moved", "another python", "python gone"])
def test_a_venv_that_is_not_whole_is_made_anew(clone: Path, trouble: str) -> None:
    a_finished_venv(clone, "(3, 11)")
    match trouble:
        case "interrupted":
            (clone / ".venv/.run").unlink()
        case "moved":
            clone = clone.rename(clone.with_name("elsewhere"))
        case "another python":
            (clone / ".venv/.run").write_text(f"{clone} (3, 12)\n")
        case "python gone":
            (clone / ".venv/bin/python").unlink()
    would = make("-n", "demo", folder=clone).stdout
    assert "rm -rf .venv" in would
    assert "-m venv .venv" in would


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (None, "there is no ./python here"),
        ("echo 3.9; exit 1", "./python is 3.9"),
        ('case "$2" in *ensurepip*) exit 1;; *) echo 3.12;; esac', "without venv or ensurepip"),
    ],
    ids=["missing", "too old", "without ensurepip"],
)
def test_a_python_that_will_not_do_is_refused_in_one_line(clone: Path, body: str | None, said: str) -> None:
    if body is not None:
        (clone / "python").write_text(f"#!/bin/sh\n{body}\n")
        (clone / "python").chmod(0o755)
    ended = make("demo", "PYTHON=./python", folder=clone)
    ours, makes_own = ended.stderr.splitlines()
    assert ended.returncode == 2
    assert said in ours
    assert makes_own.startswith("make: ***")
    assert not (clone / ".venv").exists()


def test_the_ci_run_makes_the_checks_and_the_tests() -> None:
    run = ROOT / ".ci/run"
    assert os.access(run, os.X_OK)
    assert "for target in check test" in run.read_text()
    assert subprocess.run(["bash", "-n", run], check=False).returncode == 0
