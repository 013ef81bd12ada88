import io
import json
import logging
import sys
from collections.abc import AsyncIterator, Iterator

import anyio
import pytest
import structlog
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.types import Message, Receive, Scope, Send

from keysteward.web import logs
from keysteward.web.metrics import Metrics
from keysteward.web.observability import Failures, Observed

METRICS = Metrics()


async def _hello(request: Request) -> Response:
    request.state.account = "anna"
    request.state.route = "/templates/{one}"
    request.state.upload = "warn"
    return PlainTextResponse("hello")


async def _fail(_: Request) -> Response:
    raise RuntimeError("the detail of a bug")


async def _fail_late(_: Request) -> Response:
    async def parts() -> AsyncIterator[bytes]:
        yield b"begun"
        raise RuntimeError("too late")

    return StreamingResponse(parts())


async def _answer_and_fail(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("said", 500)(scope, receive, send)
    raise RuntimeError("the detail of a bug")


_APP = Starlette(
    routes=[
        Route("/hello", _hello),
        Route("/fail", _fail),
        Route("/late", _fail_late),
        Mount("/face", _answer_and_fail),
    ],
    middleware=[Middleware(Observed, METRICS), Middleware(Failures)],
)


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Leave the log of the process as it was found."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def _scope(path: str, method: str = "GET", query: bytes = b"") -> Scope:
    return {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "root_path": "",
        "scheme": "http",
        "headers": [(b"authorization", b"Bearer secret")],
        "client": ("192.0.2.1", 4711),
        "server": ("localhost", 80),
    }


def _ask(path: str, method: str = "GET", query: bytes = b"") -> list[Message]:
    sent: list[Message] = []
    given = [b"secret"]

    async def receive() -> Message:
        if given:
            return {"type": "http.request", "body": given.pop(), "more_body": False}
        await anyio.sleep_forever()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    anyio.run(_APP, _scope(path, method, query), receive, send)
    return sent


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_line_of_a_request_has_what_the_endpoint_knew(capsys: pytest.CaptureFixture[str]) -> None:
    """Route, account and outcome stand beside method, status, size and address."""
    logs.configure("info")
    _ask("/hello", query=b"secret=1")
    (line,) = _lines(capsys)

    expected = {
        "level": "info",
        "event": "request",
        "method": "GET",
        "route": "/templates/{one}",
        "path": "/hello",
        "status": 200,
        "bytes": 5,
        "account": "anna",
        "address": "192.0.2.1",
        "upload": "warn",
    }
    assert expected == {name: line[name] for name in expected}
    assert "secret" not in json.dumps(line)


def test_unexpected_error_is_answered_with_its_request_id(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The client learns where to look and nothing else; the log has the traceback."""
    logs.configure("info")
    start, body = _ask("/fail")
    failed, line = _lines(capsys)
    problem = json.loads(body["body"])

    assert 500 == start["status"] == problem["status"]
    assert failed["request_id"] == line["request_id"] == problem["instance"]
    assert "the detail of a bug" in str(failed["exception"])
    assert b"bug" not in body["body"]


def test_error_after_the_answer_began_cuts_it_off(capsys: pytest.CaptureFixture[str]) -> None:
    """An answer that cannot be finished does not look like one that was."""
    logs.configure("info")
    with pytest.raises(RuntimeError, match="too late"):
        _ask("/late")
    assert ["failed", "request"] == [line["event"] for line in _lines(capsys)]


def test_error_that_a_face_has_answered_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    """A face may say it in its own form; the traceback is in the log all the same."""
    logs.configure("info")
    _, body = _ask("/face/any")

    assert b"said" == body["body"]
    assert ["failed", "request"] == [line["event"] for line in _lines(capsys)]


def test_level_leaves_lines_out(capsys: pytest.CaptureFixture[str]) -> None:
    """From warning on there are no lines of requests, but those of failures."""
    logs.configure("warning")
    _ask("/hello")
    _ask("/fail")

    assert ["failed"] == [line["event"] for line in _lines(capsys)]


def test_lines_of_other_libraries_have_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    """What uvicorn or asyncio log is JSON, too, with their names."""
    logs.configure("info")
    logging.getLogger("asyncio").error("out of %s", "files")
    (line,) = _lines(capsys)

    assert ("out of files", "error", "asyncio") == (line["event"], line["level"], line["logger"])


def test_methods_that_nobody_knows_are_one(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever clients invent makes no new series of metrics."""
    logs.configure("error")
    _ask("/hello", "INVENTED")
    seen = {
        sample.labels["method"]
        for family in METRICS.registry.collect()
        for sample in family.samples
        if "method" in sample.labels
    }
    assert "other" in seen
    assert "INVENTED" not in seen
    assert "" == capsys.readouterr().err


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_terminal_shows_escape_sequences_and_does_not_obey_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Addresses are written by strangers: none of them moves the cursor or begins a line."""
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    logs.configure("info")
    structlog.stdlib.get_logger("test").info("request", path="/\x1b[9;9Hone", note="/a\nb")
    said = terminal.getvalue()

    assert r"'/\x1b[9;9Hone'" in said
    assert "\x1b[9;9H" not in said
    assert 1 == said.count("\n")
