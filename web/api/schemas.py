"""The JSON schemas of the models that the table of routes names, for the document that describes it."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema

Mode = Literal["validation", "serialization"]
Schema = dict[str, Any]
_AT = "#/components/schemas/"
# pydantic leaves its own words where a bound stands behind a validator of ours
_KEYWORDS = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}
# of a list's items: `ListAnswer_LeadItem_`
_LIST = re.compile(r"ListAnswer_(\w+)_")


class _Generator(GenerateJsonSchema):
    """Names models as the code does, and shows no titles, which repeat the names."""

    def generate_inner(self, schema: Any) -> JsonSchemaValue:
        made = super().generate_inner(schema)
        if isinstance(made.get("title"), str) and "$ref" not in made:
            made.pop("title")
        return made


class Schemas:
    """Every model once, under a name; a model that is read and written alike has one schema for both."""

    def __init__(self, models: Iterable[tuple[type[BaseModel], Mode]]) -> None:
        wanted = sorted(set(models), key=lambda each: (each[0].__module__, each[0].__qualname__, each[1]))
        found, top = models_json_schema(wanted, ref_template=_AT + "{model}", schema_generator=_Generator)
        definitions: dict[str, Schema] = {name: _plain(each) for name, each in top.get("$defs", {}).items()}
        self._refs: dict[Any, Schema] = {key: _plain(each) for key, each in found.items()}
        self.components: Mapping[str, Schema] = {_named(name): definitions[name] for name in sorted(definitions)}

    def ref(self, model: type[BaseModel], mode: Mode) -> Schema:
        return self._refs[model, mode]

    def whole(self, model: type[BaseModel], mode: Mode) -> Schema:
        """The schema itself, where a reference to it will not do."""
        reference = self._refs[model, mode]
        at: str | None = reference.get("$ref")
        return reference if at is None else self.components[at.removeprefix(_AT)]


def _plain(value: Any) -> Any:
    match value:
        case {"$ref": str(at), **rest}:
            return {"$ref": _AT + _named(at.removeprefix(_AT)), **_plain(rest)}
        case dict():
            # a property may be called `title` or `ge` itself: only where a schema is are these keywords
            return {
                _KEYWORDS.get(name, name) if _is_schema(value) else name: _plain(each) for name, each in _told(value)
            }
        case list():
            return [_plain(each) for each in value]
        case _:
            return value


def _told(value: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """Without the titles of properties: a title that is text is a schema's, one that is a schema is a property."""
    return [(name, each) for name, each in value.items() if not (name == "title" and isinstance(each, str))]


def _is_schema(value: Mapping[str, Any]) -> bool:
    return any(isinstance(value.get(name), int | float) for name in _KEYWORDS)


def _named(name: str) -> str:
    return _LIST.sub(r"\1List", name)
