import anyio
import pytest
from starlette.requests import Request
from starlette.types import Message

from keysteward.problems import (
    BodyTooLarge,
    BodyTooSlow,
    MediaTypeUnsupported,
    RequestInvalid,
    ServerBusy,
    SigningResponseTooLarge,
)
from keysteward.web import bodies


class _Sent:
    """A request whose body comes in parts; None is a client that goes away."""

    def __init__(self, *parts: bytes | None, waits: float = 0, **headers: str) -> None:
        named = [(n.replace("_", "-").encode(), v.encode()) for n, v in headers.items()]
        self._parts = list(parts)
        self._waits = waits
        self.taken = 0
        self.request = Request({"type": "http", "headers": named}, self._receive)

    async def _receive(self) -> Message:
        await anyio.sleep(self._waits)
        self.taken += 1
        part = self._parts.pop(0)
        if part is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": part, "more_body": bool(self._parts)}


def test_body_of_just_the_limit_is_read() -> None:
    """The limit itself is allowed, in however many parts it comes."""
    sent = _Sent(b"ab", b"", b"cd")

    assert b"abcd" == anyio.run(bodies.read, sent.request, 4)


def test_body_beyond_the_limit_is_not_read_to_its_end() -> None:
    """An endless body costs no more than the limit and one part."""
    sent = _Sent(*[b"ab"] * 1000)

    with pytest.raises(BodyTooLarge):
        anyio.run(bodies.read, sent.request, 5)
    assert 3 == sent.taken


def test_body_that_announces_too_much_is_not_read_at_all() -> None:
    """The announced length is enough to refuse."""
    sent = _Sent(b"abcdef", content_length="6")

    with pytest.raises(SigningResponseTooLarge):
        anyio.run(bodies.read, sent.request, 5, SigningResponseTooLarge)
    assert 0 == sent.taken


def test_body_that_announces_less_than_it_has_is_counted() -> None:
    """What was announced is no proof; what comes is counted."""
    sent = _Sent(b"abcdef", content_length="2")

    with pytest.raises(BodyTooLarge):
        anyio.run(bodies.read, sent.request, 5)


def test_body_that_does_not_come_in_time_is_refused() -> None:
    """A client that never finishes is not waited for."""
    sent = _Sent(b"a", b"b", waits=30)

    with pytest.raises(BodyTooSlow):
        anyio.run(bodies.read, sent.request, 5, BodyTooLarge, 0)


def test_body_whose_client_goes_away_is_refused() -> None:
    """Half a file is never taken for a whole one."""
    sent = _Sent(b"a", None)

    with pytest.raises(RequestInvalid):
        anyio.run(bodies.read, sent.request, 5)


def test_body_that_is_compressed_is_refused() -> None:
    """What is counted are the bytes that come; nothing is inflated."""
    sent = _Sent(b"a", content_encoding="gzip")

    with pytest.raises(MediaTypeUnsupported):
        anyio.run(bodies.read, sent.request, 5)


def test_large_bodies_together_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is beyond it has to come again; small bodies are read, and all once the large end."""
    monkeypatch.setattr(bodies, "BUDGET_BYTES", 1000)
    large = b"x" * (bodies.SMALL_BYTES + 1000)

    async def run() -> None:
        go_on, begun = anyio.Event(), anyio.Event()

        class Slow(_Sent):
            async def _receive(self) -> Message:
                if self.taken:
                    begun.set()
                    await go_on.wait()
                return await super()._receive()

        async with anyio.create_task_group() as group:
            group.start_soon(bodies.read, Slow(large, b"").request, 1_000_000)
            await begun.wait()
            with pytest.raises(ServerBusy):
                await bodies.read(_Sent(large).request, 1_000_000)
            small = large[: bodies.SMALL_BYTES]
            assert small == await bodies.read(_Sent(small).request, 1_000_000)
            go_on.set()
        with pytest.raises(BodyTooLarge):
            await bodies.read(_Sent(large).request, len(large) - 1)
        assert large == await bodies.read(_Sent(large).request, 1_000_000)

    anyio.run(run)
