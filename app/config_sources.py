import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from app.config_file import Places
from app.config_types import read_json
from kit.yaml_text import KeyPath, Problem, did_you_mean

PREFIX = "SPARK_"
_FILE = "_file"
# blocks of keys, which a variable gives as JSON
_BLOCKS = frozenset(
    {"argon2", "fields", "flows", "funnels", "issuers", "messages", "segments", "shop", "values", "webhooks"}
)
# Apache Spark's, which a machine may well carry
_FOREIGN = frozenset(
    {"SPARK_HOME", "SPARK_CONF_DIR", "SPARK_LOCAL_IP", "SPARK_LOCAL_DIRS", "SPARK_LOG_DIR", "SPARK_VERSION"}
)


def variable(path: KeyPath) -> str:
    """`SPARK_SECTION__KEY`. A slug's hyphens become underscores."""
    return PREFIX + "__".join(str(part) for part in path).upper().replace("-", "_")


class Names:
    """Which variables are settings, and of which keys."""

    def __init__(self, paths: Iterable[KeyPath], secrets: Collection[KeyPath], of_creator: Collection[str]) -> None:
        self.secrets = secrets
        self._of_creator = of_creator
        self.paths = {variable(path): path for path in paths}
        self.files = {variable(with_file(path)): path for path in secrets}
        keys = "|".join(key.upper() for key in of_creator)
        self._creator = re.compile(rf"{PREFIX}CREATORS__([A-Z0-9]+(?:_[A-Z0-9]+)*)__({keys})")

    def path_of(self, name: str, slugs: Iterable[str]) -> KeyPath | None:
        """None when there is no such setting. A creator's slug is one of `slugs`, or a new one."""
        if (found := self._creator.fullmatch(name)) is None:
            return self.paths.get(name) or self.files.get(name)
        known = {slug.upper().replace("-", "_"): slug for slug in slugs}
        slug = known.get(found[1], found[1].lower().replace("_", "-"))
        return ("creators", slug, found[2].lower())

    def all(self, slugs: Iterable[str]) -> list[str]:
        of_creators = [variable(("creators", slug, key)) for slug in slugs for key in self._of_creator]
        return [*self.paths, *self.files, *of_creators]


def with_file(path: KeyPath) -> KeyPath:
    return (*path[:-1], f"{path[-1]}{_FILE}")


class Sources:
    """Brings the file, the environment and the files that hold secrets together.

    `problems` keep Spark from running, `strays` are variables with our prefix that are no settings.
    """

    def __init__(self, names: Names, places: Places) -> None:
        self._names = names
        self._places = places
        self.problems: list[Problem] = []
        self.strays: list[Problem] = []

    def merge(self, environ: Mapping[str, str]) -> dict[str, Any]:
        """Everything given, as one tree; the environment wins, and an empty variable counts as none."""
        given: dict[str, Any] = _opened(self._places.file.data, depth=1)
        if isinstance(given.get("creators"), dict):
            given["creators"] = _opened(given["creators"], depth=1)
        for name in [each for each in given if each.startswith("_")]:
            # pydantic-settings takes these for orders to itself
            del given[name]
            self.problems.append(self._places.problem((name,), "not a setting here"))
        variables = self._variables(environ, given)
        for path in self._names.secrets:
            self._take_from_file(given, path, overruled=path in variables)
        self._take_webhook_secrets(given, variables)
        for path, name in variables.items():
            self._places.variables[path] = name
            self._places.secret_files.pop(path, None)
            try:
                _put(given, path, self._value(name, path, environ[name]))
            except ValueError as error:
                self.problems.append(self._places.problem(path, str(error)))
        return given

    def _variables(self, environ: Mapping[str, str], given: Mapping[str, Any]) -> dict[KeyPath, str]:
        creators = given.get("creators")
        slugs = list(creators) if isinstance(creators, dict) else []
        taken: dict[KeyPath, str] = {}
        for name in sorted(environ):
            if not name.startswith(PREFIX) or name in _FOREIGN or not environ[name].strip():
                continue
            path = self._names.path_of(name, slugs)
            if path is None:
                near = did_you_mean(name, self._names.all(slugs), prefix=PREFIX)
                self.strays.append(Problem("environment", None, name, f"not a setting{near}"))
            elif path in taken:
                message = f"given twice, by {taken[path]} too; keep one"
                self.problems.append(Problem("environment", None, name, message))
            else:
                taken[path] = name
        return taken

    def _value(self, name: str, path: KeyPath, text: str) -> Any:
        if name in self._names.files:
            return _read_secret(Path(text))
        return read_json(text) if path[-1] in _BLOCKS else text.strip()

    def _take_webhook_secrets(self, given: dict[str, Any], variables: Mapping[KeyPath, str]) -> None:
        """Those of creators' webhooks, which have no variable of their own: all webhooks are given by one."""
        creators = given.get("creators")
        for slug, creator in creators.items() if isinstance(creators, dict) else ():
            webhooks = creator.get("webhooks") if isinstance(creator, dict) else None
            if not isinstance(webhooks, dict) or ("creators", slug, "webhooks") in variables:
                continue
            # a copy, since an anchor of YAML makes one object stand in several places
            creator["webhooks"] = opened = _opened(webhooks, depth=1)
            for name, webhook in opened.items():
                if isinstance(webhook, dict):
                    self._take_secret(webhook, ("creators", slug, "webhooks", name, "secret"), overruled=False)

    def _take_from_file(self, given: dict[str, Any], path: KeyPath, *, overruled: bool) -> None:
        """A secret may be named by the config file, never stand in it."""
        section = given if len(path) == 1 else given.get(str(path[0]))
        if not isinstance(section, dict):
            return
        self._take_secret(section, path, overruled=overruled)

    def _take_secret(self, section: dict[str, Any], path: KeyPath, *, overruled: bool) -> None:
        key, key_of_file = str(path[-1]), str(with_file(path)[-1])
        if section.pop(key, None) is not None:
            by_variable = f"set {variable(path)} or " if path in self._names.secrets else ""
            mend = f"take it out, and {by_variable}write {key_of_file}: PATH here"
            self.problems.append(self._places.problem(path, f"a secret must not stand in this file; {mend}"))
        named = section.pop(key_of_file, None)
        if named is None or overruled:
            return
        self._places.secret_files[path] = with_file(path)
        try:
            section[key] = _read_secret(Path(self._places.file.name).parent / str(named))
        except ValueError as error:
            self.problems.append(self._places.problem(path, str(error)))


def _read_secret(path: Path) -> str:
    """Without white space around it. Raises ValueError when the file is not there, empty or unreadable."""
    try:
        secret = path.read_text("utf-8").strip()
    except UnicodeDecodeError:
        raise ValueError(f"the file {path} is not text") from None
    except OSError as error:
        raise ValueError(f"the file {path} cannot be read: {error.strerror}") from None
    if not secret:
        raise ValueError(f"the file {path} is empty")
    return secret


def _opened(tree: Mapping[str, Any], *, depth: int) -> dict[str, Any]:
    """A copy down to `depth`, since an anchor of YAML makes one object stand in several places."""
    return {
        key: _opened(value, depth=depth - 1) if depth and isinstance(value, dict) else value
        for key, value in tree.items()
    }


def _put(tree: dict[str, Any], path: KeyPath, value: Any) -> None:
    """Sets a value, with the blocks above it; nothing where something else than a block is in the way."""
    *above, last = path
    for part in above:
        if tree.get(str(part)) is None:
            tree[str(part)] = {}
        tree = tree[str(part)]
        if not isinstance(tree, dict):
            return
    tree[str(last)] = value
