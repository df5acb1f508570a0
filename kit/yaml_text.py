"""YAML as people write it: plain data, on which line each key of it stands, and what is wrong with it."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from kit.text import printable

KeyPath = tuple[str | int, ...]
# the reader in C goes as deep as the text says, and takes the process down with it
DEEPEST = 100
# what aliases make of it counts too: a few lines can stand for more than all memory holds
MOST_VALUES = 200_000
_TEXT = "tag:yaml.org,2002:str"
_MERGE = "tag:yaml.org,2002:merge"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and where: one line, `file:line: key: message`."""

    file: str
    line: int | None
    key: str
    message: str

    def __post_init__(self) -> None:
        # what is wrong may be the very characters that are repeated here
        object.__setattr__(self, "key", printable(self.key))
        object.__setattr__(self, "message", printable(self.message))

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}" if self.file else f"line {self.line}"
        return " ".join(": ".join(part for part in (place, self.key, self.message) if part).split())


class NotYaml(ValueError):
    """The text cannot be read as keys and values; the problem says where and why."""

    def __init__(self, name: str, line: int | None, message: str) -> None:
        self.problem = Problem(name, line, "", message)
        super().__init__(str(self.problem))


@dataclass
class YamlText:
    """What stands in a text, as plain data, and on which line each key of it stands."""

    name: str
    data: Any = field(default_factory=dict)
    root: yaml.Node | None = None
    # slips that leave the data readable, each with the path of keys that it concerns
    faults: list[tuple[KeyPath, str]] = field(default_factory=list)

    def find(self, path: KeyPath) -> tuple[int | None, bool]:
        """The line of `path`, or of what it would stand under, and whether it stands there itself."""
        line, there, _ = self._follow(path)
        return line, there

    def problem(self, path: KeyPath, message: str) -> Problem:
        line, _, written = self._follow(path)
        return Problem(self.name, line, ".".join(str(part) for part in written), message)

    def _follow(self, path: KeyPath) -> tuple[int | None, bool, KeyPath]:
        """As `find`, and the path as it is written: one by itself may stand where a list could."""
        line, node = (None, None) if self.root is None else (_line(self.root), self.root)
        written: list[str | int] = []
        for number, part in enumerate(path):
            if part == 0 and isinstance(node, yaml.ScalarNode | yaml.MappingNode):
                continue
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
                return line, False, (*written, *path[number:])
            written.append(part)
            line, node = _line(found[0]), found[1]
        return line, True, tuple(written)


def read_yaml(name: str, text: str, *, like: str = "store") -> YamlText:
    """Only plain data is read, never objects. Raises NotYaml, also for what is too deep or too much to be meant.

    `like` is a key that could stand there.
    """
    read = YamlText(name)
    try:
        _check_depth(name, text)
        loader = _Loader(text)
        read.root = loader.get_single_node()
        if read.root is not None:
            _check_size(name, read.root)
            _note_slips(read.root, (), read.faults, set())
            read.data = loader.construct_document(read.root)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = ", ".join(part for part in (error.context, error.problem) if part)
        raise NotYaml(name, mark.line + 1 if mark else None, f"not YAML: {said}") from None
    except yaml.YAMLError as error:
        raise NotYaml(name, None, f"not YAML: {error}") from None
    except NotYaml:
        raise
    except (ValueError, LookupError):
        raise NotYaml(name, None, "a value is not what its tag says, such as !!int") from None
    read.data = {} if read.data is None else read.data
    if not isinstance(read.data, dict):
        raise NotYaml(name, _line(read.root), f"must be keys and values, like “{like}:”")
    return read


def write_yaml(data: Any) -> str:
    """As a person would write it: in the order given, longer texts as blocks."""
    return str(yaml.dump(data, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=110))


def did_you_mean(word: str, known: Iterable[str], *, prefix: str = "", nearness: float = 0.6) -> str:
    """`; did you mean X?` for the nearest of `known`, or nothing when none is near; `prefix` stands before all."""
    words = sorted(each.removeprefix(prefix) for each in known)
    near = difflib.get_close_matches(word.removeprefix(prefix), words, n=1, cutoff=nearness)
    return f"; did you mean {prefix}{near[0]}?" if near else ""


def either(words: Sequence[str]) -> str:
    """`a, b or c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


# the parser in C is ten times as quick, and not part of every build of PyYAML
class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # mypy knows no base that is looked up
    """Reads plain data only; what looks like a date stays text, since nothing here is one."""


class _Writer(yaml.SafeDumper):
    """Knows no aliases: what stands twice is written twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _write_text(writer: _Writer, text: str) -> yaml.ScalarNode:
    return writer.represent_scalar(_TEXT, text, style="|" if "\n" in text else None)


_Writer.add_representer(str, _write_text)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", yaml.SafeLoader.construct_yaml_str)


def _check_depth(name: str, text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        match event:
            case yaml.CollectionStartEvent():
                depth += 1
                if depth > DEEPEST:
                    raise NotYaml(name, _line_of(event.start_mark), "is nested too deeply")
            case yaml.CollectionEndEvent():
                depth -= 1


def _check_size(name: str, root: yaml.Node) -> None:
    """Counts every value as often as it is meant."""
    sizes: dict[int, int | None] = {}

    def size(node: yaml.Node) -> int:
        known = sizes.get(id(node), 0)
        if known is None:
            raise NotYaml(name, _line(node), "stands within itself")
        if known:
            return known
        sizes[id(node)] = None
        match node:
            case yaml.MappingNode():
                held = 1 + sum(size(key) + size(value) for key, value in node.value)
            case yaml.SequenceNode():
                held = 1 + sum(size(each) for each in node.value)
            case _:
                held = 1
        if held > MOST_VALUES:
            raise NotYaml(
                name,
                _line(node),
                f"is too much: with its aliases (*) it stands for more than {MOST_VALUES} values; use fewer",
            )
        sizes[id(node)] = held
        return held

    size(root)


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
    return None if node is None else _line_of(node.start_mark)


def _line_of(mark: Any) -> int | None:
    return None if mark is None else mark.line + 1
