"""What creators write in their flows and funnels; whatever stands in {{ … }} is escaped, the rest is theirs.

A template fills in values, falls back on words and chooses by `if`: it cannot loop, define or build what would cost
memory or time, and nothing in it turns the escaping off.
"""

import html
import operator
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import Template, TemplateSyntaxError, Undefined, nodes
from jinja2.filters import FILTERS
from jinja2.sandbox import ImmutableSandboxedEnvironment

from domain.messages.template_words import in_plain_words, place_of_mistake
from domain.messages.values import on_both
from kit.errors import Invalid, Reason

# the others of Jinja's build lists, markup or texts of any length
_FILTERS = frozenset(
    {"abs", "capitalize", "count", "d", "default", "e", "escape", "first", "float", "int", "last", "length"}
    | {"lower", "round", "string", "striptags", "title", "trim", "truncate", "upper", "wordcount"}
)
# what they make of an answer is read as people read answers
_OF_WORDS = ("striptags", "title", "trim", "truncate")
_METHODS = frozenset(
    {"capitalize", "endswith", "lower", "lstrip", "removeprefix", "removesuffix", "rstrip", "split", "startswith"}
    | {"strip", "title", "upper"}
)
# what a template is made of beside its expressions
_STATEMENTS = (nodes.Output, nodes.If)
# powers, repeated texts and `%` of a text grow beyond any memory
_GROWING: dict[str, Callable[[Any, Any], Any]] = {"*": operator.mul, "**": operator.pow, "%": operator.mod}
_MOST = 10**12


class BadTemplate(Invalid):
    code = "bad_template"


class _Environment(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, smaller still. A filter of no known name is the word to fall back on: `{{ x|there }}`."""

    intercepted_binops = frozenset(_GROWING)

    def __init__(self) -> None:
        super().__init__(autoescape=True, undefined=Undefined)
        self.filters = {name: self.filters[name] for name in _FILTERS}
        self.filters |= {name: on_both(self.filters[name]) for name in _OF_WORDS}
        self.globals = {}

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        template = super()._parse(source, name, filename)
        for statement in template.find_all(nodes.Stmt):
            if not isinstance(statement, _STATEMENTS):
                told = type(statement).__name__.lower()
                raise TemplateSyntaxError(f"“{told}” cannot be used here, only values and if", statement.lineno or 1)
        for each in list(template.find_all(nodes.Filter)):
            self._read_filter(each)
        return template

    def _read_filter(self, node: nodes.Filter) -> None:
        if node.name in self.filters:
            return
        if node.name in FILTERS or node.args or node.kwargs:
            mend = f'for a word to fall back on write |default("{node.name}", true)'
            raise TemplateSyntaxError(f"the filter “{node.name}” cannot be used here; {mend}", node.lineno)
        # missing or empty, it says the word itself
        node.name, node.args = "default", [nodes.Const(node.name), nodes.Const(True)]
        node.set_environment(self)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Of facts their values alone: `lead.items` is a field of that name, and no method."""
        if isinstance(obj, Mapping):
            return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)
        if isinstance(obj, str) and attribute not in _METHODS:
            return self.unsafe_undefined(obj, attribute)
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """A value by its key, a letter by its place; never a method."""
        if isinstance(argument, str):
            return self.getattr(obj, argument)
        return super().getitem(obj, argument)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        return isinstance(obj, str) and attr in _METHODS

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        numbers = all(isinstance(each, int | float) and abs(each) < _MOST for each in (left, right))
        if not numbers or (operator == "**" and abs(right) > 12):  # noqa: PLR2004 - a dozen is plenty
            raise TypeError(f"{operator} is for numbers that are not too large")
        return _GROWING[operator](left, right)


_ENVIRONMENT = _Environment()


def render(template: str, facts: Mapping[str, Mapping[str, object]]) -> str:
    """A creator's text as Telegram HTML; a value that is missing is empty. Raises BadTemplate when it cannot be."""
    try:
        return _compiled(template).render(facts)
    except Exception as error:
        # what the engine may fail with is told nowhere, and none of it is ours
        said = in_plain_words(error)
        raise BadTemplate(
            f"the text cannot be filled in: {said}", why=Reason("refused-template", error=said)
        ) from error


def render_address(template: str, facts: Mapping[str, Mapping[str, object]]) -> str:
    """The same where no person reads: the address behind a button gets values as they are kept, and no HTML."""
    kept = {
        about: {name: str.__str__(value) if isinstance(value, str) else value for name, value in values.items()}
        for about, values in facts.items()
    }
    return html.unescape(render(template, kept))


def check_template(template: str) -> str:
    """Returns it unchanged. Raises ValueError when its `{{ … }}` cannot be read."""
    try:
        _compiled(template)
    except Exception as error:
        place = place_of_mistake(template, _ENVIRONMENT.from_string)
        raise ValueError(f"the text cannot be read: {place}{in_plain_words(error)}") from error
    return template


def names_in(template: str) -> Iterator[tuple[str, str | None]]:
    """What a template names: `lead.name` is ("lead", "name"), a bare `lead` is ("lead", None). Raises BadTemplate."""
    try:
        tree = _ENVIRONMENT.parse(template)
    except Exception as error:
        said = in_plain_words(error)
        raise BadTemplate(f"the text cannot be read: {said}", why=Reason("refused-template", error=said)) from error
    inner = set()
    for attribute in tree.find_all(nodes.Getattr):
        if isinstance(attribute.node, nodes.Name):
            inner.add(id(attribute.node))
            yield attribute.node.name, attribute.attr
    for item in tree.find_all(nodes.Getitem):
        if isinstance(item.node, nodes.Name):
            inner.add(id(item.node))
            yield item.node.name, str(item.arg.value) if isinstance(item.arg, nodes.Const) else None
    for name in tree.find_all(nodes.Name):
        if id(name) not in inner:
            yield name.name, None


@lru_cache(maxsize=2048)
def _compiled(template: str) -> Template:
    return _ENVIRONMENT.from_string(template)
