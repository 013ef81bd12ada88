"""The documentation as pages: rendered here from the OpenAPI document, with no script at all.

Nobody has to be signed in to read them: they say nothing of this installation.
"""

import json
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from keysteward.problems import PROBLEMS, Problem, ResourceUnknown
from keysteward.rest import errors
from keysteward.rest.routing import ROOT
from keysteward.web import problem_details

INTRODUCTION = (
    "Everything that a keystore can do, on plain aliases. Sign in with a token of /oauth/token, "
    "with Basic credentials, or in a browser with a session. Lists come in pages: give `next` as "
    "`cursor`. Refusals are RFC 9457 problem documents with a `slug` that never changes."
)

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
        "form-action 'none'"
    ),
    "Cache-Control": "public, max-age=300",
}
_STYLE = Path(__file__).with_name("style.css")
_METHODS = ("get", "post", "put", "patch", "delete")

Json = Mapping[str, Any]


async def moved(_: Request) -> Response:
    """Lead to the documentation."""
    return RedirectResponse(f"{ROOT}/docs", 308)


def routes(document: Json) -> list[Route]:
    """Return the routes of the document, its pages, and the page of each problem."""
    encoded = msgspec.json.encode(document)
    tags = {_anchor(tag["name"]): tag for tag in document["tags"]}
    pages = {name: _of_tag(document, tag) for name, tag in tags.items()}
    pages["schemas"] = _of_schemas(document)
    index = _index(document, tags)
    style = _STYLE.read_bytes()
    problems = {problem.slug: problem for problem in PROBLEMS}

    async def openapi(_: Request) -> Response:
        return Response(encoded, media_type="application/json", headers=_CACHED)

    async def styled(_: Request) -> Response:
        return Response(style, media_type="text/css", headers=_CACHED)

    async def shown(request: Request) -> Response:
        page = pages.get(request.path_params.get("page", ""))
        if page is None:
            return errors.answer(ResourceUnknown(request.url.path[:200]), request)
        return _html(page)

    async def begin(_: Request) -> Response:
        return _html(index)

    async def told(request: Request) -> Response:
        problem = problems.get(request.path_params["slug"])
        if problem is None:
            return errors.answer(ResourceUnknown(request.url.path[:200]), request)
        return _html(_of_problem(problem))

    return [
        _route("/openapi.json", openapi),
        _route("/", moved),
        _route("/docs/", moved),
        _route("/docs", begin),
        _route("/docs/style.css", styled),
        _route("/docs/{page}", shown),
        _route("/problems/{slug}", told),
    ]


def _route(path: str, endpoint: Callable[[Request], Awaitable[Response]]) -> Route:
    async def counted(request: Request) -> Response:
        request.state.route = f"{ROOT}{path}"
        return await endpoint(request)

    return Route(path, counted)


_CACHED = {"Cache-Control": "public, max-age=300"}


def _html(content: str) -> Response:
    return Response(content, media_type="text/html", headers=_HEADERS)


def _page(title: str, body: Iterable[str]) -> str:
    return "".join(
        (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)} – Keysteward REST API</title>",
            f'<link rel="stylesheet" href="{ROOT}/docs/style.css"></head><body>',
            f'<header><a href="{ROOT}/docs">Keysteward REST API</a></header><main>',
            *body,
            "</main></body></html>\n",
        )
    )


def _index(document: Json, tags: Mapping[str, Json]) -> str:
    def body() -> Iterator[str]:
        yield f"<h1>REST API</h1><p>{_text(document['info']['description'])}</p>"
        yield f'<p>The same for programs: <a href="{ROOT}/openapi.json">openapi.json</a> '
        yield f'(OpenAPI 3.1). <a href="{ROOT}/docs/schemas">All schemas</a>.</p>'
        for name, tag in tags.items():
            yield f'<h2><a href="{ROOT}/docs/{name}">{escape(tag["name"])}</a></h2>'
            yield f"<p>{_text(tag['description'])}</p><ul>"
            for path, method, operation in _operations(document, tag["name"]):
                link = f"{ROOT}/docs/{name}#{operation['operationId']}"
                yield f'<li><a href="{link}">{_address(method, path)}</a> '
                yield f"{_text(operation['summary'])}</li>"
            yield "</ul>"

    return _page("Overview", body())


def _of_tag(document: Json, tag: Json) -> str:
    def body() -> Iterator[str]:
        yield f"<h1>{escape(tag['name'])}</h1><p>{_text(tag['description'])}</p>"
        for path, method, operation in _operations(document, tag["name"]):
            yield f'<section id="{operation["operationId"]}"><h2>{_address(method, path)}</h2>'
            yield f"<p>{_text(operation['summary'])}.</p>"
            for paragraph in operation.get("description", "").split("\n\n"):
                if paragraph != operation["summary"]:
                    yield f"<p>{_text(paragraph)}</p>"
            yield f"<p>Needs: <strong>{escape(operation['x-permission'])}</strong></p>"
            yield from _parameters(operation["parameters"])
            yield from _request_body(operation.get("requestBody"))
            yield from _responses(document, operation["responses"])
            yield "</section>"

    return _page(tag["name"], body())


def _of_schemas(document: Json) -> str:
    def body() -> Iterator[str]:
        yield "<h1>Schemas</h1>"
        for name, schema in sorted(document["components"]["schemas"].items()):
            yield f'<section id="{escape(name)}"><h2>{escape(schema.get("title", name))}</h2>'
            yield f"<p>{_text(schema.get('description', ''))}</p>"
            if "enum" in schema:
                yield f"<p>{_kind(schema)}</p>"
            if "properties" in schema:
                required = schema.get("required", ())
                rows = (
                    (name, _kind(member), name in required, member.get("description", ""))
                    for name, member in schema["properties"].items()
                )
                yield from _table("Member", rows)
            yield "</section>"

    return _page("Schemas", body())


def _of_problem(problem: type[Problem]) -> str:
    """Return what a problem is; each case says in its detail what to do."""
    said = "".join(f"<p>{_text(part)}</p>" for part in (problem.__doc__ or "").split("\n\n"))
    answers = f"Slug <code>{problem.slug}</code>, status {problem_details.STATUS[problem.kind]}"
    accepted = " It can be accepted: name the slug in <code>overrides</code>."
    override = accepted if problem.overridable else ""
    return _page(
        problem.title,
        (
            f"<h1>{escape(problem.title)}</h1>{said}<p>{answers} unless the answer has another. ",
            f"Its <code>detail</code> says what to do.{override}</p>",
        ),
    )


def _operations(document: Json, tag: str) -> Iterator[tuple[str, str, Json]]:
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item and tag in item[method]["tags"]:
                yield path, method, item[method]


def _parameters(parameters: Sequence[Json]) -> Iterator[str]:
    if parameters:
        yield "<h3>Options</h3>"
        rows = (
            (
                f"{one['name']} ({one['in']})",
                _kind(one["schema"]),
                one["required"],
                one.get("description", ""),
            )
            for one in parameters
        )
        yield from _table("Name", rows)


def _request_body(body: Json | None) -> Iterator[str]:
    if body is None:
        return
    yield f"<h3>Body{'' if body['required'] else ' (optional)'}</h3><ul>"
    for media_type, content in body["content"].items():
        kind = _kind(content["schema"]) if content["schema"] else "the file itself"
        yield f"<li><code>{escape(media_type)}</code>: {kind}</li>"
    yield "</ul>"
    for content in body["content"].values():
        if "example" in content:
            example = msgspec.json.format(msgspec.json.encode(content["example"])).decode()
            yield f"<pre>{escape(example)}</pre>"


def _responses(document: Json, responses: Json) -> Iterator[str]:
    yield "<h3>Answers</h3><table><tbody>"
    for status, response in responses.items():
        shown = response
        if "$ref" in response:
            shown = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
        kinds = dict.fromkeys(
            _kind(content["schema"]) if content["schema"] else f"<code>{escape(media_type)}</code>"
            for media_type, content in shown.get("content", {}).items()
        )
        yield f"<tr><th>{status}</th><td>{_text(shown['description'])}</td>"
        yield f"<td>{', '.join(kinds)}</td></tr>"
    yield "</tbody></table>"


def _table(first: str, rows: Iterable[tuple[str, str, bool, str]]) -> Iterator[str]:
    yield f"<table><thead><tr><th>{first}</th><th>Type</th><th></th></tr></thead><tbody>"
    for name, kind, required, text in rows:
        mark = " <em>required</em>" if required else ""
        yield f"<tr><td><code>{escape(name)}</code>{mark}</td><td>{kind}</td>"
        yield f"<td>{_text(text)}</td></tr>"
    yield "</tbody></table>"


def _kind(schema: Json) -> str:
    """Return what a schema is, in a few words of HTML; nested only as deep as our own types."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="{ROOT}/docs/schemas#{escape(name)}">{escape(name)}</a>'
    if "anyOf" in schema:
        return " or ".join(_kind(one) for one in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    if "enum" in schema:
        return " or ".join(f"<code>{escape(str(value))}</code>" for value in schema["enum"])
    words = [str(schema.get("type", "any value"))]
    if "format" in schema or "contentEncoding" in schema:
        words.append(f"({escape(schema.get('format') or schema['contentEncoding'])})")
    if "minimum" in schema and "maximum" in schema:
        words.append(f"{schema['minimum']:,} to {schema['maximum']:,}")
    if schema.get("default") not in (None, ""):
        words.append(f"= {escape(json.dumps(schema['default']))}")
    return " ".join(words)


def _address(method: str, path: str) -> str:
    return f"<code><b>{method.upper()}</b> {ROOT}{escape(path)}</code>"


def _anchor(tag: str) -> str:
    return tag.lower().replace(" ", "-")


def _text(text: str) -> str:
    """Return text as HTML; what stands between backticks is code."""
    return re.sub(r"`+([^`]+)`+", r"<code>\1</code>", escape(text))
