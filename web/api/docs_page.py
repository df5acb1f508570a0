"""`/docs`: the document of the API as a page. It is one file, without scripts, and fetches nothing from anywhere."""

import base64
import hashlib
import html
import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from aiohttp import web

from web.api.openapi import document

_STYLE = """
body{font-family:system-ui,sans-serif;line-height:1.5;margin:0 auto;max-width:62rem;padding:1rem 1.5rem 4rem;
color:#1b2733;background:#fff}
h2{margin-top:2.5rem;border-bottom:1px solid #d8dee4}
nav a{display:inline-block;margin:0 .8rem .3rem 0}
a{color:#1b6fb3}
details{border:1px solid #d8dee4;border-radius:.4rem;margin:.5rem 0;padding:.45rem .8rem}
summary{cursor:pointer}
code,pre{font-family:ui-monospace,monospace;font-size:.9em}
pre{background:#f4f6f8;border-radius:.4rem;overflow-x:auto;padding:.7rem}
.m{display:inline-block;min-width:4.2rem;font-weight:600}
.GET{color:#1b6fb3}.POST{color:#1a7f4b}.PUT,.PATCH{color:#9a6700}.DELETE{color:#b42318}
table{border-collapse:collapse;width:100%}
td,th{border-top:1px solid #e5e9ed;padding:.25rem .6rem .25rem 0;text-align:left;vertical-align:top}
@media (prefers-color-scheme:dark){body{background:#11171d;color:#dbe4ec}pre{background:#1b242d}
h2,details,td,th{border-color:#33414e}a,.GET{color:#6cb6ff}.POST{color:#57d991}.PUT,.PATCH{color:#e3b341}
.DELETE{color:#ff7b72}}
"""
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; frame-ancestors 'none'"
_HEADERS = {"Content-Security-Policy": _POLICY}


async def show_docs(_request: web.Request) -> web.Response:
    return web.Response(text=_page(), content_type="text/html", headers=_HEADERS)


@cache
def _page() -> str:
    described = document()
    groups: dict[str, list[str]] = {}
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            groups.setdefault(operation["tags"][0], []).append(_operation(method.upper(), path, operation))
    menu = "".join(f'<a href="#{html.escape(tag)}">{html.escape(tag)}</a>' for tag in groups)
    parts = "".join(
        f'<h2 id="{html.escape(tag)}">{html.escape(tag)}</h2>{"".join(each)}' for tag, each in groups.items()
    )
    schemas = "".join(
        f'<details id="schema-{html.escape(name)}"><summary><code>{html.escape(name)}</code></summary>'
        f"{_told(schema)}{_json(schema)}</details>"
        for name, schema in described["components"]["schemas"].items()
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Spark: the API</title>'
        f"<style>{_STYLE}</style></head><body><h1>Spark: the API</h1>"
        f"<p>{html.escape(described['info']['description'])} The same for programs: "
        '<a href="/openapi.json">openapi.json</a>.</p>'
        f'<nav>{menu}<a href="#schemas">schemas</a></nav>{parts}<h2 id="schemas">schemas</h2>{schemas}</body></html>'
    )


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    rows = [
        *(
            _row(each["name"], each["in"], each.get("description", ""), each["schema"])
            for each in operation["parameters"]
        ),
    ]
    body = operation.get("requestBody")
    answers = (
        f"<tr><td><code>{status}</code></td><td>{html.escape(each['description'])}</td>"
        f"<td>{_content(each.get('content', {}))}</td></tr>"
        for status, each in operation["responses"].items()
    )
    public = {} in operation["security"]
    return (
        f'<details><summary><span class="m {method}">{method}</span><code>{html.escape(path)}</code> '
        f"{html.escape(operation['summary'])}</summary>{_told(operation)}"
        f"<p>{'Needs no token.' if public else 'Needs a Bearer token.'}</p>"
        f"{_table(rows)}{'' if body is None else _body(body)}<table>{''.join(answers)}</table></details>"
    )


def _row(name: str, where: str, means: str, schema: Mapping[str, Any]) -> str:
    return (
        f"<tr><td><code>{html.escape(name)}</code></td><td>{where}</td><td>{html.escape(_kind(schema))}</td>"
        f"<td>{html.escape(means)}</td></tr>"
    )


def _table(rows: Iterable[str]) -> str:
    told = "".join(rows)
    return f"<table>{told}</table>" if told else ""


def _body(body: Mapping[str, Any]) -> str:
    return "".join(
        f"<p>Body: <code>{html.escape(kind)}</code> {_content({kind: each})}"
        f" {html.escape(body.get('description', ''))}</p>"
        f"{_json(each['example']) if 'example' in each else ''}"
        for kind, each in body["content"].items()
    )


def _content(content: Mapping[str, Any]) -> str:
    told = []
    for kind, each in content.items():
        at = each.get("schema", {}).get("$ref", "").rpartition("/")[2]
        name = html.escape(at)
        told.append(f'<a href="#schema-{name}">{name}</a>' if at else f"<code>{html.escape(kind)}</code>")
    return " ".join(told)


def _kind(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(str(each) for each in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"])
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    of = f" of {_kind(schema['items'])}" if isinstance(schema.get("items"), dict) else ""
    return f"{schema.get('type', 'any')}{of}"


def _told(thing: Mapping[str, Any]) -> str:
    return f"<p>{html.escape(thing['description'])}</p>" if "description" in thing else ""


def _json(value: Any) -> str:
    return f"<pre>{html.escape(json.dumps(value, indent=2, ensure_ascii=False))}</pre>"
