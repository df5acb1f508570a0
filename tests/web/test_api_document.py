"""What the API says of itself: the document, its page, and the table of docs/API.md."""

import re

import schemathesis
from api_table import PAGE, page, unproven
from web_world import Client

from domain.access import RULES
from web.api.lists import ListAnswer
from web.api.openapi import document
from web.api.route import NoBody
from web.api.table import PREFIX, ROUTES


def test_every_endpoint_names_the_tests_that_prove_it():
    assert not unproven(ROUTES), "\n".join(unproven(ROUTES))


def test_the_page_of_the_api_has_the_table_of_today():
    text = PAGE.read_text(encoding="utf-8")
    assert page(text) == text, "write it anew: python -m tests.web.api_table"


def test_every_body_has_an_example_that_is_one():
    wrong = []
    for route in ROUTES:
        if route.takes is not None:
            given, form = route.takes.example, route.takes
            if not given or (form.fields and not set(form.needs) <= set(given) <= set(form.fields)):
                wrong.append(f"{route.method} {route.path}: none of its {form.kind}")
        if route.body is NoBody:
            continue
        if route.example is None:
            wrong.append(f"{route.method} {route.path}: none")
        else:
            route.body.model_validate(dict(route.example))
    assert not wrong, "\n".join(wrong)


async def test_the_document_is_valid_and_tells_of_every_endpoint(client: Client):
    response = await client.get("/openapi.json")
    assert (response.status, response.content_type) == (200, "application/json")
    told = await response.json()
    assert told["openapi"] == "3.1.0"
    schemathesis.openapi.from_dict(told).validate()
    for route in ROUTES:
        operation = told["paths"][PREFIX + route.path][route.method.lower()]
        assert ({} in operation["security"]) == RULES[route.act].public, route.path
        assert {str(status) for status in route.answers} <= set(operation["responses"]), route.path
        assert {str(each.status) for each in route.refuses} <= set(operation["responses"]), route.path
        assert set(route.heads) <= set(operation["responses"][str(route.usual)].get("headers", ())), route.path
    heard = told["paths"][PREFIX + "/events/stream"]["get"]["parameters"]
    assert "Last-Event-ID" in {each["name"] for each in heard}
    ideas = told["paths"][PREFIX + "/{user_id}/ideas"]["get"]["responses"]["200"]
    assert set(ideas["headers"]) == {"X-Up-To"}
    names = [each["operationId"] for methods in told["paths"].values() for each in methods.values()]
    assert len(names) == len(set(names))


def test_every_list_has_the_one_shape_of_lists():
    wrong = [
        f"{route.method} {route.path}"
        for route in ROUTES
        for answer in route.answers.values()
        if isinstance(answer, type) and "items" in answer.model_fields
        if not set(ListAnswer.model_fields) <= set(answer.model_fields)
    ]
    assert not wrong, "\n".join(wrong)


def test_every_reference_of_the_document_leads_somewhere():
    text = str(document())
    known = document()["components"]["schemas"]
    assert set(re.findall(r"#/components/schemas/([\w.]+)", text)) <= set(known)


async def test_the_page_shows_the_document_without_fetching_anything(client: Client):
    response = await client.get("/docs")
    text = await response.text()
    assert (response.status, response.content_type) == (200, "text/html")
    assert "/api/v1/leads/{lead_id}" in text
    assert re.search(r"<script|src=|@import|url\(|<link|<iframe", text) is None
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
