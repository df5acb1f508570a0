"""`include:` of a creator: further files that hold some of their flows, funnels, segments and what those name."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.config_file import BadConfig, Places, read_config_file
from kit.yaml_text import KeyPath, Problem, YamlText, did_you_mean

# what an included file may hold, by name and in lists
BY_NAME = ("flows", "funnels", "segments", "fields", "values")
IN_LISTS = ("tags", "stages")
_BLOCK = "must be a block of keys, each written like “name: value”"
_LIST = "must be a list, each entry behind a hyphen"
Slips = list[tuple[KeyPath, Problem]]


def include(places: Places) -> tuple[Slips, list[Problem]]:
    """Puts what every creator includes into the data of `places`, as though it stood there.

    Gives the slips of the included files by where they now are, and the problems that keep Spark from running.
    """
    slips: Slips = []
    problems: list[Problem] = []
    data = places.file.data
    creators = data.get("creators")
    if not isinstance(creators, dict):
        return slips, problems
    # a copy, since an anchor of YAML makes one object stand in several places
    data["creators"] = creators = dict(creators)
    for slug, creator in creators.items():
        if not isinstance(creator, dict) or "include" not in creator:
            continue
        creators[slug] = whole = dict(creator)
        at = ("creators", slug)
        for file in _files(places, (*at, "include"), creator["include"], problems):
            _add(places, at, whole, file, problems)
            slips += [(_outside(places, at, file, path), file.problem(path, said)) for path, said in file.faults]
    return slips, problems


def _files(places: Places, at: KeyPath, named: Any, problems: list[Problem]) -> Iterator[YamlText]:
    folder = Path(places.file.name).parent
    seen: set[Path] = set()
    for number, pattern in enumerate(named if isinstance(named, list) else [named]):
        path = (*at, number) if isinstance(named, list) else at
        if not isinstance(pattern, str) or not pattern.strip():
            # what is no text is refused with all other settings
            continue
        if Path(pattern).is_absolute():
            problems.append(places.problem(path, "must be a path from this file on"))
            continue
        found = sorted(each for each in folder.glob(pattern) if each.is_file())
        if not found:
            problems.append(places.problem(path, f"there is no file “{pattern}”"))
        for each in found:
            if each.resolve() in seen:
                continue
            seen.add(each.resolve())
            try:
                yield read_config_file(each)
            except BadConfig as bad:
                problems += bad.problems


def _add(places: Places, at: KeyPath, whole: dict[str, Any], file: YamlText, problems: list[Problem]) -> None:
    known = (*BY_NAME, *IN_LISTS)
    for section, held in file.data.items():
        if section not in known:
            said = f"cannot be included; known: {', '.join(known)}{did_you_mean(section, known)}"
            problems.append(file.problem((section,), said))
            continue
        shape: type = dict if section in BY_NAME else list
        if held is not None and not isinstance(held, shape):
            problems.append(file.problem((section,), _BLOCK if shape is dict else _LIST))
        elif held is None or not isinstance(whole.get(section) or shape(), shape):
            # nothing to add, or nothing that it could be added to: that is refused with all other settings
            continue
        elif shape is dict:
            _add_by_name(places, (*at, section), whole, file, problems)
        else:
            _add_to_list(places, (*at, section), whole, file)


def _add_to_list(places: Places, at: KeyPath, whole: dict[str, Any], file: YamlText) -> None:
    section = str(at[-1])
    whole[section] = listed = list(whole.get(section) or [])
    for number, each in enumerate(file.data[section]):
        if each not in listed:
            listed.append(each)
            places.parts[*at, len(listed) - 1] = file, (section, number)


def _add_by_name(places: Places, at: KeyPath, whole: dict[str, Any], file: YamlText, problems: list[Problem]) -> None:
    section = str(at[-1])
    whole[section] = named = dict(whole.get(section) or {})
    for key, value in file.data[section].items():
        if key in named:
            first = places.problem((*at, key), "")
            problems.append(file.problem((section, key), f"stands in {first.file}:{first.line} too; keep one"))
            continue
        named[key] = value
        places.parts[*at, key] = file, (section, key)


def _outside(places: Places, at: KeyPath, file: YamlText, path: KeyPath) -> KeyPath:
    """Where something of an included file is in the whole."""
    outside = (*at, *path)
    return outside if places.parts.get(outside[:4], (None,))[0] is file else path
