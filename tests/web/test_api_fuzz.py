"""schemathesis over the running server: whatever is sent, the answer is one that the document tells of, and no 5xx."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
import schemathesis
from api_rows import Rows, rows_of, value_of
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from served import Served, served

from store.models import Role
from web.api.openapi import document

CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
# of the nightly proof, over roles and databases together
NIGHTLY_CASES = 50_000
_NAME = re.compile(r"\{(\w+)\}")
# it never ends by itself
_STREAMS = {"/api/v1/events/stream"}
# what ends the session, or the account, of whoever asks: each is asked by an account of its own
_ENDS = ("/api/v1/auth", "/api/v1/profile", "/api/v1/team/leave", "/api/v1/users")


class Tried:
    """One role at every operation of the document."""

    def __init__(self, there: Served, role: Role | None, rows: Rows) -> None:
        self.there, self.role, self.rows = there, role, rows
        self._headers: dict[str, str] = {}

    def headers(self, path: str) -> Mapping[str, str]:
        if self.role is not None and (not self._headers or path.startswith(_ENDS)):
            self._headers = self.there.do(lambda: self.rows.headers_of(self.role, anew=path.startswith(_ENDS)))
        return self._headers

    def every_operation(self, cases: int, *, derandomize: bool, part: int = 0, of: int = 1) -> int:
        """How many operations were asked, that many cases each; a part of them alone where that is said."""
        schema = schemathesis.openapi.from_dict(dict(document()))
        operations = [found.ok() for found in schema.get_all_operations()]
        asked = [each for each in operations if each.path not in _STREAMS][part::of]
        for operation in asked:
            self._operation(operation, cases, derandomize=derandomize)
        return len(asked)

    def _operation(self, operation: Any, cases: int, *, derandomize: bool) -> None:
        @settings(
            max_examples=cases,
            derandomize=derandomize,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(), known=st.sampled_from([True, True, False]))
        def ask(*, case: Any, known: bool) -> None:
            if known:
                case.path_parameters |= {
                    name: value_of(operation.path, name, self.rows) for name in _NAME.findall(operation.path)
                }
            response = case.call(base_url=self.there.base, headers=dict(self.headers(operation.path)), timeout=30)
            case.validate_response(response, checks=CHECKS)

        ask()


@pytest.mark.parametrize("role", [None, *Role], ids=lambda role: role or "nobody")
def test_whatever_is_sent_is_answered_as_the_document_says(store_url: str, role: Role | None):
    """All of it by a creator; of what the others may, a third each, and another third on each database."""
    part = [*Role, None].index(role) + store_url.startswith("postgresql")
    with served(store_url) as there:
        tried = Tried(there, role, there.do(lambda: rows_of(there.site, there.client, "ada")))
        shared = {} if role is Role.CREATOR else {"part": part % 3, "of": 3}
        assert tried.every_operation(1, derandomize=True, **shared) > 0


@pytest.mark.nightly
@pytest.mark.parametrize("role", [None, *Role], ids=lambda role: role or "nobody")
def test_fifty_thousand_cases_are_answered_as_the_document_says(store_url: str, role: Role | None):
    with served(store_url) as there:
        tried = Tried(there, role, there.do(lambda: rows_of(there.site, there.client, "ada")))
        operations = len(list(schemathesis.openapi.from_dict(dict(document())).get_all_operations()))
        each = NIGHTLY_CASES // (operations * 2 * (len(Role) + 1)) + 1
        assert tried.every_operation(each, derandomize=False) > 0
