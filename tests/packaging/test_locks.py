import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PIN = re.compile(r"(?P<name>[a-z0-9][a-z0-9.-]*)==(?P<version>[^ \\]+)(?P<only_if> ; [^\\]+)?( \\)?")


def pins(lock: str) -> dict[str, tuple[str, int]]:
    """Each package of a lock file with its version (and where it is for), and how many hashes it has."""
    found: dict[str, tuple[str, int]] = {}
    name = ""
    for line in (ROOT / lock).read_text().splitlines():
        if line.startswith("    --hash=sha256:"):
            version, hashes = found[name]
            found[name] = version, hashes + 1
        else:
            pin = PIN.fullmatch(line)
            assert pin, f"{lock}: {line!r} is neither a pin nor a hash"
            name = pin["name"]
            found[name] = f"{pin['version']}{(pin['only_if'] or '').rstrip()}", 0
    return found


def wanted(requirements: list[str]) -> set[str]:
    names = (re.match(r"[A-Za-z0-9._-]+", each) for each in requirements)
    return {re.sub(r"[._-]+", "-", name[0]).lower() for name in names if name}


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_file_names_no_address(lock: str) -> None:
    assert "://" not in (ROOT / lock).read_text()


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_every_pin_has_a_hash(lock: str) -> None:
    assert [name for name, (_, hashes) in pins(lock).items() if not hashes] == []


def test_tests_run_on_the_very_versions_that_are_shipped() -> None:
    # the dev lock may need a package in more places than running does, so only the version counts here
    shipped, tested = (
        {name: version.partition(" ")[0] for name, (version, _) in pins(lock).items()}
        for lock in ("requirements.lock", "requirements-dev.lock")
    )
    assert shipped.items() <= tested.items()


def test_everything_that_pyproject_asks_for_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert wanted(project["dependencies"]) <= pins("requirements.lock").keys()
    assert wanted(project["optional-dependencies"]["dev"]) <= pins("requirements-dev.lock").keys()


def test_running_needs_nothing_that_only_tests_need() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert not wanted(project["optional-dependencies"]["dev"]) & pins("requirements.lock").keys()
