"""One bad flow or funnel is left out alone, with its reason; everything else runs."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from app.config_creator import CreatorConfig
from app.config_file import Places
from app.config_include import Slips
from domain.explaining import explain
from domain.fields import Key
from domain.flows.definition import Flow
from domain.flows.naming import flow_slips
from domain.funnels.definition import Funnel
from domain.funnels.naming import funnel_slips, slips_between
from domain.grounds import Ground
from domain.setups import CreatorSetup
from kit.text import printable
from kit.yaml_text import KeyPath, Problem
from store.segments.checking import check_question
from store.segments.question import BadSegment

Kind = Literal["flow", "funnel"]
_KINDS: tuple[Kind, ...] = ("flow", "funnel")


@dataclass(frozen=True)
class Disabled:
    """A flow or funnel that is left out until its `problems` are mended; everything else runs.

    `causes` are those that are its own: the others go when what it names is mended.
    """

    creator: str
    kind: Kind
    key: str
    problems: list[Problem]
    causes: list[Problem]


_UNITS: dict[str, tuple[Kind, Any]] = {
    "flows": ("flow", dict[Key, Flow]),
    "funnels": ("funnel", dict[Key, Funnel]),
}
_CHECKS: dict[str, TypeAdapter[Any]] = {name: TypeAdapter(shape) for name, (_, shape) in _UNITS.items()}


def broken_funnels(disabled: Iterable[Disabled]) -> dict[str, dict[str, str]]:
    """By creator and name, each funnel that is left out, and why."""
    broken: dict[str, dict[str, str]] = {}
    for each in disabled:
        if each.kind == "funnel":
            reason = "; ".join(str(problem) for problem in each.problems)
            broken.setdefault(each.creator, {})[printable(each.key)] = reason
    return broken


def take_out_broken(given: dict[str, Any], places: Places, slips: Slips) -> tuple[list[Disabled], Slips]:
    """Leaves what is good in `given`; gives what was taken out, and the slips that are in none of it."""
    disabled: list[Disabled] = []
    creators = given.get("creators")
    for slug, creator in creators.items() if isinstance(creators, dict) else ():
        for name, (kind, shape) in _UNITS.items():
            units = creator.get(name) if isinstance(creator, dict) else None
            if not isinstance(units, dict):
                continue
            good: dict[str, Any] = {}
            for key, definition in units.items():
                place = ("creators", slug, name, key)
                problems = [problem for path, problem in slips if path[:4] == place]
                slips = [slip for slip in slips if slip[0][:4] != place]
                try:
                    checked = _CHECKS[name].validate_python({key: definition})
                except ValidationError as error:
                    found = [((*place[:3], *path), message) for path, message in explain(error, shape)]
                    problems += [places.problem(path, message) for path, message in found]
                else:
                    good |= {} if problems else checked
                if problems:
                    disabled.append(Disabled(slug, kind, key, problems, problems))
            creator[name] = good
    return disabled, slips


def segment_slips(creators: Mapping[str, CreatorConfig], disabled: list[Disabled]) -> Iterator[tuple[KeyPath, str]]:
    """What is wrong with the segments of the file."""
    for slug, creator in creators.items():
        # a segment may speak of what is left out for now
        known = _with_all(slug, creator.setup(), disabled).known()
        for name, question in creator.segments.items():
            try:
                check_question(question, known)
            except BadSegment as bad:
                yield ("creators", slug, "segments", name), str(bad)


def _with_all(slug: str, setup: CreatorSetup, disabled: list[Disabled]) -> CreatorSetup:
    """What would be there, were nothing left out."""
    names = {kind: {each.key for each in disabled if (each.creator, each.kind) == (slug, kind)} for kind in _KINDS}
    # what a flow that is left out offers cannot be read, so any choice may be named
    offered = {} if names["flow"] else setup.offered
    return replace(setup, flows=setup.flows | names["flow"], funnels=setup.funnels | names["funnel"], offered=offered)


def take_out_lost(
    creators: Mapping[str, CreatorConfig], places: Places, disabled: list[Disabled]
) -> tuple[dict[str, CreatorConfig], list[Disabled]]:
    """Without the flows and funnels that name what is not there, and then those that name one of them."""
    kept = {}
    disabled = list(disabled)
    for slug, creator in creators.items():
        left = creator
        while True:
            found = list(_lost(slug, left, places, disabled))
            if not found:
                break
            disabled += found
            gone = {(each.kind, each.key) for each in found}
            flows = {key: flow for key, flow in left.flows.items() if ("flow", key) not in gone}
            funnels = {key: funnel for key, funnel in left.funnels.items() if ("funnel", key) not in gone}
            left = left.model_copy(update={"flows": flows, "funnels": funnels})
        kept[slug] = left
    return kept, disabled


def _lost(slug: str, creator: CreatorConfig, places: Places, disabled: list[Disabled]) -> Iterator[Disabled]:
    setup = creator.setup()
    whole = _with_all(slug, setup, disabled)
    left_out = [each.key for each in disabled if each.creator == slug]
    units: list[tuple[Kind, str, KeyPath, Flow | Funnel]] = [
        *(("flow", key, ("creators", slug, "flows", key), flow) for key, flow in creator.flows.items()),
        *(("funnel", key, ("creators", slug, "funnels", key), funnel) for key, funnel in creator.funnels.items()),
    ]
    between: dict[str, list[tuple[KeyPath, str]]] = {}
    for (name, *path), said in slips_between(creator.funnels):
        between.setdefault(str(name), []).append((tuple(path), said))
    for kind, key, place, unit in units:
        beside = between.get(key, []) if kind == "funnel" else []
        slips = [*_slips(unit, Ground(setup, places.folder(place), left_out)), *beside]
        if not slips:
            continue
        own = {*_slips(unit, Ground(whole, places.folder(place))), *beside}
        problems = [(slip in own, places.problem((*place, *slip[0]), slip[1])) for slip in slips]
        yield Disabled(slug, kind, key, [each for _, each in problems], [each for cause, each in problems if cause])


def _slips(unit: Flow | Funnel, ground: Ground) -> Iterator[tuple[KeyPath, str]]:
    return funnel_slips(unit, ground) if isinstance(unit, Funnel) else flow_slips(unit, ground)
