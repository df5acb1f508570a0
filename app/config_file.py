import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from kit.errors import Invalid

KeyPath = tuple[str | int, ...]
USUAL = Path("config.yaml")
_TEXT = "tag:yaml.org,2002:str"
_MERGE = "tag:yaml.org,2002:merge"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with the settings, and where: one line, `file:line: key: message`."""

    file: str
    line: int | None
    key: str
    message: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return " ".join(": ".join(part for part in (place, self.key, self.message) if part).split())


class BadConfig(Invalid):
    """The settings cannot be used; `problems` has everything that is wrong, not only the first of it."""

    code = "bad_config"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(problems, key=lambda each: (each.file, each.line or 0))
        super().__init__("\n".join(str(each) for each in self.problems))


@dataclass
class ConfigFile:
    """What stands in a config file, as plain data, and on which line each key of it stands."""

    name: str
    data: Any = field(default_factory=dict)
    root: yaml.Node | None = None
    # slips that leave the data readable, each with the path of keys that it concerns
    faults: list[tuple[KeyPath, str]] = field(default_factory=list)

    def find(self, path: KeyPath) -> tuple[int | None, bool]:
        """The line of `path`, or of what it would stand under, and whether it stands there itself."""
        line, node = (None, None) if self.root is None else (_line(self.root), self.root)
        for part in path:
            match node:
                case yaml.MappingNode():
                    # the last of two is the one that counts, and what is merged in stands first
                    pairs = reversed(node.value)
                    found = next((pair for pair in pairs if pair[0].value == str(part)), None)
                case yaml.SequenceNode() if isinstance(part, int) and part < len(node.value):
                    found = (node.value[part], node.value[part])
                case _:
                    found = None
            if found is None:
                return line, False
            line, node = _line(found[0]), found[1]
        return line, True

    def problem(self, path: KeyPath, message: str) -> Problem:
        line, _ = self.find(path)
        return Problem(self.name, line, ".".join(str(part) for part in path), message)


def read_config_file(path: Path | None) -> ConfigFile:
    """The file at `path`; without a path, config.yaml of the working folder if it is there.

    Only plain data is read from it, never objects. Raises BadConfig when it is not there or is not YAML.
    """
    if path is None and not USUAL.exists():
        return ConfigFile(str(USUAL))
    path = path or USUAL
    name = str(path)
    try:
        return _read(name, path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        raise BadConfig([Problem(name, None, "", "there is no such file; see --config")]) from None
    except OSError as error:
        why = f"cannot be read: {error.strerror}"
    except UnicodeDecodeError as error:
        why = f"is not UTF-8 text (byte {error.start + 1})"
    except RecursionError:
        why = "is nested too deeply"
    raise BadConfig([Problem(name, None, "", why)])


def _read(name: str, text: str) -> ConfigFile:
    file = ConfigFile(name)
    try:
        loader = _Loader(text)
        file.root = loader.get_single_node()
        if file.root is not None:
            _note_slips(file.root, (), file.faults, set())
            file.data = loader.construct_document(file.root)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = ", ".join(part for part in (error.context, error.problem) if part)
        raise BadConfig([Problem(name, mark.line + 1 if mark else None, "", f"not YAML: {said}")]) from None
    except yaml.YAMLError as error:
        raise BadConfig([Problem(name, None, "", f"not YAML: {error}")]) from None
    except (ValueError, LookupError):
        raise BadConfig([Problem(name, None, "", "a value is not what its tag says, such as !!int")]) from None
    file.data = {} if file.data is None else file.data
    if not isinstance(file.data, dict):
        raise BadConfig([Problem(name, _line(file.root), "", "must be keys and values, like “store:”")])
    return file


# the parser in C is ten times as quick, and not part of every build of PyYAML
class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # mypy knows no base that is looked up
    """Reads plain data only; what looks like a date stays text, since no setting is one."""


_Loader.add_constructor("tag:yaml.org,2002:timestamp", yaml.SafeLoader.construct_yaml_str)


def _note_slips(node: yaml.Node, path: KeyPath, faults: list[tuple[KeyPath, str]], seen: set[int]) -> None:
    """Notes keys that stand twice, and takes every key for text, so that `on:` and `404:` are what they say."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for number, each in enumerate(node.value):
            _note_slips(each, (*path, number), faults, seen)
    if not isinstance(node, yaml.MappingNode):
        return
    first: dict[str, int | None] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            faults.append((path, "a key must be one word"))
            key.tag = _TEXT
            continue
        if key.tag == _MERGE:
            _note_slips(value, path, faults, seen)
            continue
        key.tag = _TEXT
        inner = (*path, key.value)
        if key.value in first:
            faults.append((inner, f"stands here twice, first on line {first[key.value]}; keep one"))
        first.setdefault(key.value, _line(key))
        _note_slips(value, inner, faults, seen)


def _line(node: yaml.Node | None) -> int | None:
    return None if node is None or node.start_mark is None else node.start_mark.line + 1


@dataclass
class Places:
    """Where each setting was given: on a line of a file, by a variable, or in a file that one of them names.

    `parts` are what included files hold: the path of keys that it makes up, the file, and its path in there.
    """

    file: ConfigFile
    variables: dict[KeyPath, str] = field(default_factory=dict)
    secret_files: dict[KeyPath, KeyPath] = field(default_factory=dict)
    parts: dict[KeyPath, tuple[ConfigFile, KeyPath]] = field(default_factory=dict)

    def problem(self, path: KeyPath, message: str) -> Problem:
        for length in range(len(path), 0, -1):
            if (name := self.variables.get(path[:length])) is not None:
                inner = ".".join(str(part) for part in path[length:])
                return Problem("environment", None, name, f"{inner}: {message}" if inner else message)
        path = self.secret_files.get(path, path)
        under = [name for known, name in self.variables.items() if known[: len(path)] == path]
        if under and not self.file.find(path)[1]:
            return Problem("environment", None, under[0], message)
        file, inside = self._part(path)
        return file.problem(inside, message)

    def folder(self, path: KeyPath) -> Path:
        """Where paths begin that are written there: the folder of the file that it stands in."""
        by_variable = any(path[:length] in self.variables for length in range(1, len(path) + 1))
        file = self.file if by_variable else self._part(path)[0]
        return Path(file.name).parent

    def _part(self, path: KeyPath) -> tuple[ConfigFile, KeyPath]:
        for length in range(len(path), 0, -1):
            if (found := self.parts.get(path[:length])) is not None:
                file, inside = found
                return file, (*inside, *path[length:])
        return self.file, path


def did_you_mean(word: str, known: Iterable[str], *, prefix: str = "") -> str:
    """`; did you mean X?` for the nearest of `known`, or nothing when none is near; `prefix` stands before all."""
    words = sorted(each.removeprefix(prefix) for each in known)
    near = difflib.get_close_matches(word.removeprefix(prefix), words, n=1)
    return f"; did you mean {prefix}{near[0]}?" if near else ""


def either(words: Sequence[str]) -> str:
    """`a, b or c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
