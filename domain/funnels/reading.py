"""Funnels as somebody sends them, in YAML: read and checked as those of the file are, each mistake with its line."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.explaining import explain
from domain.fields import Key
from domain.funnels.definition import Funnel
from domain.funnels.doubting import doubts
from domain.funnels.naming import funnel_slips, slips_between
from domain.grounds import Ground
from domain.setups import CreatorSetup
from kit.keeping import not_keepable
from kit.yaml_text import KeyPath, NotYaml, Problem, YamlText, read_yaml
from store.models import DiscountCode, Product
from store.queries.leads import saved_segments

# a large funnel has a few hundred lines
MOST_BYTES = 128 * 1024
MOST_AT_ONCE = 50
_SHAPE = dict[Key, Funnel]
_CHECK: TypeAdapter[dict[str, Funnel]] = TypeAdapter(_SHAPE)


@dataclass(frozen=True, slots=True)
class Read:
    """What was understood. Where there are `problems`, nothing of it is to be saved."""

    funnels: Mapping[str, Funnel]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a creator's funnels may name, and what they stand beside."""

    setup: CreatorSetup
    name: str
    products: frozenset[str]
    codes: frozenset[str]
    # segments kept in the store
    saved: Mapping[str, str]
    # those that run, by name: together they may go round in a circle
    running: Mapping[str, Funnel]


async def surroundings(
    session: AsyncSession,
    creator_id: int,
    setup: CreatorSetup,
    name: str,
    running: Mapping[str, tuple[int, Funnel]],
) -> Surroundings:
    """As they are in the store now."""
    products = select(Product.slug).where(Product.creator_id == creator_id, Product.archived_at.is_(None))
    codes = select(DiscountCode.code).where(DiscountCode.creator_id == creator_id, DiscountCode.archived_at.is_(None))
    return Surroundings(
        setup,
        name,
        frozenset(await session.scalars(products)),
        frozenset(await session.scalars(codes)),
        await saved_segments(session, creator_id),
        {key: funnel for key, (_, funnel) in running.items()},
    )


def read_funnels(text: str | bytes, around: Surroundings, *, file: str = "") -> Read:
    """Funnels by their names, also below `funnels:`; or what is wrong with them, line by line.

    Bounded before anything is looked at: text that is too long, too deep or grows by its aliases is refused.
    """
    try:
        read = _read(text, file)
    except NotYaml as error:
        return Read({}, (error.problem,))
    data, above = _named(read)
    problems = [read.problem(path, said) for path, said in (*read.faults, *not_keepable(read.data))]
    funnels: dict[str, Funnel] = {}
    for key, definition in data.items():
        try:
            funnels |= _CHECK.validate_python({key: definition})
        except ValidationError as error:
            problems += [read.problem((*above, *path), said) for path, said in explain(error, _SHAPE)]
    if not data:
        problems.append(
            read.problem(above, "there is no funnel in it; write its name, a colon, and what it does below")
        )
    if len(data) > MOST_AT_ONCE:
        problems.append(read.problem(above, f"has {len(data)} funnels; {MOST_AT_ONCE} at once is most"))
    else:
        problems += [read.problem((*above, *path), said) for path, said in check_funnels(funnels, around)]
    return Read(funnels, tuple(sorted(problems, key=lambda each: each.line or 0)))


def check_funnel(key: str, given: Any, around: Surroundings) -> Read:
    """One that comes as plain data, by API; its mistakes have a path of keys and no line."""
    if slips := list(not_keepable({key: given})):
        return Read({}, tuple(_unplaced(path, said) for path, said in slips))
    try:
        funnels = _CHECK.validate_python({key: given})
    except ValidationError as error:
        return Read({}, tuple(_unplaced(path, said) for path, said in explain(error, _SHAPE)))
    problems = tuple(_unplaced(path, said) for path, said in check_funnels(funnels, around))
    return Read(funnels, problems)


def check_funnels(funnels: Mapping[str, Funnel], around: Surroundings) -> list[tuple[KeyPath, str]]:
    """What keeps well-formed ones from doing what they are there for, by their places: also in their texts.

    Every text is tried out, which of many takes seconds: it has no place on the event loop, nor in a transaction.
    """
    found = check_names(funnels, around)
    told = {path for path, _ in found}
    for key, funnel in funnels.items():
        doubtful = (((key, *path), said) for path, said in doubts(funnel, around.setup, around.name))
        # what cannot be read is told once
        found += [(path, said) for path, said in doubtful if path not in told]
    return found


def check_names(funnels: Mapping[str, Funnel], around: Surroundings) -> list[tuple[KeyPath, str]]:
    """What they name that is not there: that alone can have changed since they were found good."""
    setup = around.setup
    known = {**around.running, **funnels}
    ground = Ground(
        replace(setup, funnels=setup.funnels | known.keys()),
        folder=None,
        products=around.products,
        codes=around.codes,
        saved=around.saved,
    )
    slips = {(key, *path): said for key, funnel in funnels.items() for path, said in funnel_slips(funnel, ground)}
    return [*slips.items(), *((path, said) for path, said in slips_between(known) if path[0] in funnels)]


def _read(text: str | bytes, file: str) -> YamlText:
    if len(text if isinstance(text, bytes) else text.encode("utf-8", "replace")) > MOST_BYTES:
        raise NotYaml(file, None, f"is larger than {MOST_BYTES // 1024} KB")
    try:
        return read_yaml(file, text if isinstance(text, str) else text.decode("utf-8-sig"), like="funnels")
    except UnicodeDecodeError as error:
        raise NotYaml(file, None, f"is not UTF-8 text (byte {error.start + 1})") from None


def _named(read: YamlText) -> tuple[dict[str, Any], KeyPath]:
    """The definitions by name, and what stands above them."""
    if list(read.data) == ["funnels"] and isinstance(read.data["funnels"], dict | None):
        return read.data["funnels"] or {}, ("funnels",)
    return read.data, ()


def _unplaced(path: KeyPath, said: str) -> Problem:
    return Problem("", None, ".".join(str(part) for part in path), said)
