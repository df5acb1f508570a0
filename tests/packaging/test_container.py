import fnmatch
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]


def steps() -> list[tuple[str, str]]:
    """The Dockerfile's instructions in order, each with its arguments on one line."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = (line.strip() for line in re.sub(r"\\\n\s*", "", text).splitlines())
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines if line)]


def last_stage() -> dict[str, str]:
    """The instructions of the image that is shipped; of several alike, the last."""
    starts = [number for number, (word, _) in enumerate(steps()) if word == "FROM"]
    return dict(steps()[starts[-1] :])


def packages() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    include = project["tool"]["setuptools"]["packages"]["find"]["include"]
    return [pattern.rstrip("*") for pattern in include]


@pytest.fixture
def compose() -> Any:
    return yaml.safe_load((ROOT / "compose.yaml").read_text())


def test_the_image_is_built_from_the_hashed_lock_alone() -> None:
    installs = [rest for word, rest in steps() if word == "RUN" and " install " in rest and "pip" in rest]
    locked, spark = installs
    assert "--require-hashes" in locked
    assert "-r requirements.lock" in locked
    assert "--no-deps" in spark
    copied = [rest for word, rest in steps() if word == "COPY"]
    assert copied[0] == "requirements.lock ./"


def test_the_image_does_not_run_as_root() -> None:
    uid = int(last_stage()["USER"].partition(":")[0])
    assert uid >= 1000


def test_the_image_says_how_it_is() -> None:
    stage = last_stage()
    assert "/health'" in stage["HEALTHCHECK"]
    assert stage["STOPSIGNAL"] == "SIGTERM"
    assert stage["EXPOSE"] == "8080"
    assert stage["VOLUME"] == "/data"
    assert stage["ENTRYPOINT"] == '["spark"]'
    assert stage["CMD"] == '["run"]'


def test_the_build_takes_in_the_packages_and_no_secrets_or_data() -> None:
    rules = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [rule for rule in rules if rule and not rule.startswith("#")]
    assert rules[0] == "*"
    taken = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
    others = {"LICENSE", "README.md", "config.yaml", "flows", "pyproject.toml", "requirements.lock"}
    assert taken == {*packages(), *others}


def test_whatever_a_package_reads_is_installed_with_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    patterns = ["*.py", "*.pyc", *project["tool"]["setuptools"]["package-data"]["*"]]
    left_behind = [
        str(path.relative_to(ROOT))
        for package in packages()
        for path in (ROOT / package).rglob("*")
        if path.is_file() and not any(fnmatch.fnmatch(path.name, pattern) for pattern in patterns)
    ]
    assert left_behind == [], "name them in [tool.setuptools.package-data] of pyproject.toml"


def test_compose_has_one_node_or_several_but_never_both(compose: Any) -> None:
    by_profile: dict[str, set[str]] = {}
    for name, service in compose["services"].items():
        (profile,) = service["profiles"]
        by_profile.setdefault(profile, set()).add(name)
    assert by_profile == {"sqlite": {"spark"}, "postgres": {"db", "migrate", "web", "worker"}}
    assert compose["services"]["worker"]["deploy"]["replicas"] == 2


def test_compose_migrates_before_anything_runs_on_postgresql(compose: Any) -> None:
    services = compose["services"]
    chain = [("db", "service_healthy"), ("migrate", "service_completed_successfully")]
    assert services["migrate"]["depends_on"] == {"db": {"condition": "service_healthy"}}
    for name in ("web", "worker"):
        assert services[name]["depends_on"] == {needed: {"condition": state} for needed, state in chain}
    assert services["migrate"]["restart"] == "no"


def test_compose_gives_spark_no_more_rights_than_it_needs(compose: Any) -> None:
    for name in ("spark", "migrate", "web", "worker"):
        service = compose["services"][name]
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["stop_grace_period"] == "15s", name


def test_compose_reaches_out_to_this_machine_only_unless_told(compose: Any) -> None:
    for name in ("spark", "web"):
        assert compose["services"][name]["ports"] == ["${LISTEN:-127.0.0.1:8080}:8080"]
    assert "ports" not in compose["services"]["db"]


def test_compose_holds_no_secret(compose: Any) -> None:
    for service in compose["services"].values():
        for key, value in service.get("environment", {}).items():
            if "PASSWORD" in key:
                assert value == "${POSTGRES_PASSWORD:-}"
            assert not re.search("TOKEN|SECRET|DATA_KEYS", key)
