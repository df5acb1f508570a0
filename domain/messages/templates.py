import html
from collections.abc import Mapping
from functools import lru_cache

from jinja2 import Template, TemplateError, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from kit.errors import Invalid

# What creators write in their flows and funnels; whatever stands in {{ … }} is escaped, the rest is theirs.
_ENVIRONMENT = ImmutableSandboxedEnvironment(autoescape=True, undefined=Undefined)


class BadTemplate(Invalid):
    code = "bad_template"


def render(template: str, facts: Mapping[str, Mapping[str, object]]) -> str:
    """A creator's text as Telegram HTML. Raises BadTemplate when it cannot be filled in."""
    try:
        return _compiled(template).render(facts)
    except (TemplateError, TypeError, ArithmeticError, ValueError, LookupError, AttributeError) as error:
        raise BadTemplate(f"the text cannot be filled in: {error}") from error


def render_address(template: str, facts: Mapping[str, Mapping[str, object]]) -> str:
    """The same where no HTML is read: the address behind a button."""
    return html.unescape(render(template, facts))


def check_template(template: str) -> str:
    """Returns it unchanged. Raises ValueError when its `{{ … }}` cannot be read."""
    try:
        _compiled(template)
    except TemplateError as error:
        raise ValueError(f"the text cannot be read: {error}") from error
    return template


@lru_cache(maxsize=2048)
def _compiled(template: str) -> Template:
    return _ENVIRONMENT.from_string(template)
