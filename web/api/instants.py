"""Instants in query parameters and bodies."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BeforeValidator, Field

# https://www.rfc-editor.org/rfc/rfc3339#section-5.6; a `+` that nobody has escaped arrives as a blank
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+ -]\d\d:\d\d)", re.ASCII)
_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def read_instant(text: Any) -> Any:
    """Raises ValueError for what is none, or lies outside of 1970 to 2200."""
    if not isinstance(text, str) or _RFC3339.fullmatch(text) is None:
        raise ValueError("write an instant as 2026-11-01T09:00:00Z")
    at = datetime.fromisoformat(text.upper().replace(" ", "+"))
    if not _FIRST.year < at.year < _LAST.year:
        raise ValueError("use an instant between 1971 and 2199")
    return at.astimezone(UTC)


Instant = Annotated[
    AwareDatetime, BeforeValidator(read_instant), Field(json_schema_extra={"type": "string", "format": "date-time"})
]
