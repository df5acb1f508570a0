"""Flows that come as plain data, by API: everything that is wrong with one, by its place."""

from typing import Any

from pydantic import TypeAdapter, ValidationError

from domain.explaining import explain
from domain.fields import Key
from domain.flows.definition import Flow
from domain.flows.naming import flow_slips
from domain.funnels.reading import Surroundings
from domain.grounds import Ground
from domain.text_checks import check_texts
from kit.keeping import not_keepable

MOST_BYTES = 256 * 1024
_SHAPE = dict[Key, Flow]
_CHECK: TypeAdapter[dict[str, Flow]] = TypeAdapter(_SHAPE)
Problems = dict[str, str]


def check_flow(key: str, given: Any, around: Surroundings) -> tuple[Flow | None, Problems]:
    """The flow, or what is wrong by its path. Every text is tried out, which has no place on the event loop."""
    if slips := list(not_keepable({key: given})):
        return None, {_path(path): said for path, said in slips}
    try:
        flow = _CHECK.validate_python({key: given})[key]
    except ValidationError as error:
        return None, {_path(path): said for path, said in explain(error, _SHAPE)}
    ground = Ground(around.setup, folder=None, products=around.products, codes=around.codes, saved=around.saved)
    slips = [*flow_slips(flow, ground), *check_texts(flow, around.setup, around.name)]
    problems = {_path((key, *path)): said for path, said in slips}
    return (None, problems) if problems else (flow, {})


def _path(path: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in path)
