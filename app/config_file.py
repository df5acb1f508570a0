from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from kit.errors import Invalid
from kit.yaml_text import KeyPath, NotYaml, Problem, YamlText, read_yaml

USUAL = Path("config.yaml")


class BadConfig(Invalid):
    """The settings cannot be used; `problems` has everything that is wrong, not only the first of it."""

    code = "bad_config"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(problems, key=lambda each: (each.file, each.line or 0))
        super().__init__("\n".join(str(each) for each in self.problems))


def read_config_file(path: Path | None) -> YamlText:
    """The file at `path`; without a path, config.yaml of the working folder if it is there.

    Only plain data is read from it, never objects. Raises BadConfig when it is not there or is not YAML.
    """
    if path is None and not USUAL.exists():
        return YamlText(str(USUAL))
    path = path or USUAL
    name = str(path)
    try:
        return read_yaml(name, path.read_bytes().decode("utf-8-sig"))
    except NotYaml as error:
        raise BadConfig([error.problem]) from None
    except FileNotFoundError:
        why = "there is no such file; see --config"
    except OSError as error:
        why = f"cannot be read: {error.strerror}"
    except UnicodeDecodeError as error:
        why = f"is not UTF-8 text (byte {error.start + 1})"
    raise BadConfig([Problem(name, None, "", why)])


@dataclass
class Places:
    """Where each setting was given: on a line of a file, by a variable, or in a file that one of them names.

    `parts` are what included files hold: the path of keys that it makes up, the file, and its path in there.
    """

    file: YamlText
    variables: dict[KeyPath, str] = field(default_factory=dict)
    secret_files: dict[KeyPath, KeyPath] = field(default_factory=dict)
    parts: dict[KeyPath, tuple[YamlText, KeyPath]] = field(default_factory=dict)

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

    def _part(self, path: KeyPath) -> tuple[YamlText, KeyPath]:
        for length in range(len(path), 0, -1):
            if (found := self.parts.get(path[:length])) is not None:
                file, inside = found
                return file, (*inside, *path[length:])
        return self.file, path
