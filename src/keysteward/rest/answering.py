"""One request, from its headers to its answer.

1. Who sends it, and may they; nothing of a body is read before that.
2. Writes: the CSRF token of a session, the origin of Basic credentials.
3. Is the keystore one of theirs; then the query and the body.
4. The operation runs in a worker thread, slow ones and passwords in a few threads of their own.
5. A write that lost a race is tried anew, unless If-Match or a digest says against what it goes.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from keysteward.accounts import attempts
from keysteward.accounts.principals import Means, Principal
from keysteward.keystore.steward import Steward
from keysteward.problems import EntryChanged, KeystoreBusy, Problem, RequestInvalid
from keysteward.rest import errors, idempotency, reading
from keysteward.rest.idempotency import Overtaken, Repeating, Told
from keysteward.rest.routing import (
    ROOT,
    Answer,
    Call,
    Client,
    Content,
    File,
    Function,
    Lines,
    Operation,
)
from keysteward.rights import Permission
from keysteward.storage.records import Receipt
from keysteward.web import access, conditions, csrf, permissions, raw_paths
from keysteward.web.access import Access
from keysteward.web.queues import Turns
from keysteward.web.service import Service, in_thread

_ATTEMPTS = 5
"""How often a write is planned before whoever sends it is asked to come again."""

_Done = Told | StreamingResponse
_Run = Callable[[Function, Receipt | None], _Done]
"""Runs a function of an operation in this thread, with what is left in its transaction."""


@dataclass(frozen=True, slots=True)
class Answering:
    """What all requests of this face share."""

    service: Service
    turns: Turns = field(default_factory=Turns)

    async def answer(self, operation: Operation, request: Request) -> Response:
        """Return the answer to a request, be it a refusal."""
        principal: Principal | None = None
        request.state.route = f"{ROOT}{operation.path}"
        try:
            principal = await self._admit(operation, request)
            response = await self._carry_out(operation, request, principal)
        except Problem as problem:
            response = errors.answer(problem, request)
        wanted = request.headers.get(csrf.HEADER, "").lower() == "fetch"
        if principal is not None and wanted and not operation.writes:
            response.headers[csrf.HEADER] = self.service.csrf.issue(principal)
        return response

    async def _admit(self, operation: Operation, request: Request) -> Principal | None:
        """Return who sends a request, once they may (steps 1 and 2)."""
        needed = operation.permission
        if needed is Access.EVERYBODY:
            if operation.writes:
                csrf.require_own_origin(request)
            return None
        one_time = needed is Access.ONE_TIME_PASSWORD
        principal = await access.authenticate(self.service, request, one_time_password=one_time)
        if isinstance(needed, Permission):
            asked = _asked(operation, request)
            await permissions.require(self.service, principal, needed, asked)
        if operation.writes and principal.means is Means.SESSION:
            self.service.csrf.require(principal, request.headers.get(csrf.HEADER))
        if operation.writes and principal.means is Means.BASIC:
            csrf.require_own_origin(request)
        return principal

    async def _carry_out(
        self, operation: Operation, request: Request, principal: Principal | None
    ) -> Response:
        path = raw_paths.variables(request)
        steward_ = await self._steward(principal, path.get("keystore"))
        query = reading.query(operation.query, request)
        body: object = None
        key = request.headers.get(idempotency.HEADER)
        if operation.body is not None:
            body = await reading.body(operation, request, self.service.steward.settings)

        def call(function: Function, receipt: Receipt | None) -> Told | StreamingResponse:
            tags = _if_match(operation, request)
            steward = replace(steward_, receipt=receipt)
            if tags is not None:
                steward = conditions.guarded(steward, path["alias"], tags)
            of = (_client(request), request.scope["state"])
            told = function(Call(self.service, principal, steward, path, query, body, *of))
            return _written(operation, told)

        anew = operation.writes and "if-match" not in request.headers
        run = partial(_again_if_lost, call) if anew and not _named(query) else call
        if key is not None and operation.again is not None:
            idempotency.require_key(key)
        if key is None or principal is None or not _creates(operation, query):
            work = partial(run, operation.function, None)
            return _response(await self._run(operation, request, principal, work), request)
        parts = _identity(request, msgspec.json.encode(_plain(body)))
        attempt = Repeating.of(
            *(self.service.steward, self.service.csrf.key, principal.account_id, key, parts)
        )
        async with self.turns.alone((principal.account_id, key)):
            work = partial(_once, operation, attempt, run)
            return _response(await self._run(operation, request, principal, work), request)

    async def _run(
        self,
        operation: Operation,
        request: Request,
        principal: Principal | None,
        work: Callable[[], _Done],
    ) -> _Done:
        """Run in one of the threads for work of this kind."""
        if operation.hashes:
            network = attempts.network_of(access.address_of(request))
            return await self.service.passwords.run(network, work)
        if operation.slow and principal is not None:
            return await self.service.slow.run(principal.account_id, work)
        if operation.connects and principal is not None:
            return await self.service.connecting.run(principal.account_id, work)
        if operation.alone:
            path = raw_paths.variables(request)
            async with self.service.uploads.alone((path["keystore"], path["alias"])):
                return await in_thread(work)
        return await in_thread(work)

    async def _steward(self, principal: Principal | None, keystore: str | None) -> Steward:
        if principal is None or keystore is None:
            return self.service.steward
        return await self.service.find_steward(principal, keystore)


def _asked(operation: Operation, request: Request) -> permissions.Asked:
    try:
        path = raw_paths.variables(request)
    except RequestInvalid:
        path = {}
    route = f"{ROOT}{operation.path}"
    return permissions.Asked(operation.method, route, path.get("keystore"), path.get("alias"))


def _once(operation: Operation, attempt: Repeating, run: _Run) -> Told | StreamingResponse:
    """Carry a request out under its key, or answer what was carried out."""
    kept = attempt.find()
    if kept is None:
        try:
            told = run(operation.function, attempt.receipt)
        except (Overtaken, Problem):
            kept = attempt.find()
            if kept is None:
                raise
        else:
            if isinstance(told, Told):
                attempt.complete(told)
            return told
    before = attempt.opened(kept)
    if before is None:
        made = run(operation.again or operation.function, None)
        if not isinstance(made, Told):
            raise TypeError("what is kept is no stream")
        attempt.complete(made, known=True)
        before = made
    return replace(before, headers={**before.headers, idempotency.REPLAYED: "true"})


def _again_if_lost(
    call: _Run, function: Function, receipt: Receipt | None
) -> Told | StreamingResponse:
    """Plan a write anew that lost a race. Raises KeystoreBusy if it always does."""
    for _ in range(_ATTEMPTS):
        try:
            return call(function, receipt)
        except EntryChanged as problem:
            lost = problem
    raise KeystoreBusy from lost


def _creates(operation: Operation, query: object) -> bool:
    """Tell whether doing it twice would be another thing than doing it once."""
    return operation.again is not None and not getattr(query, "dry_run", False)


def _named(query: object) -> bool:
    """Tell whether a query names the plan, or the version, that it wants carried out."""
    return any(getattr(query, name, None) is not None for name in ("digest", "expect_version"))


def _if_match(operation: Operation, request: Request) -> frozenset[str] | None:
    """Return the tags of an If-Match; None without one. Raises RequestInvalid.

    A weak one matches nothing (RFC 9110 section 13.1.1).
    """
    given = request.headers.get("if-match")
    if given is None or not operation.writes:
        return None
    if not operation.conditional:
        raise RequestInvalid("If-Match means something only for writes to a current entry.")
    return conditions.if_match(given, weak=False)


def _client(request: Request) -> Client:
    return Client(
        address=access.address_of(request),
        encrypted=request.url.scheme == "https",
        session=access.session_cookie(request),
    )


def _plain(body: object) -> object:
    """Return a body as what tells it from another one."""
    if isinstance(body, File):
        secrets = (body.password, body.key_password)
        return [body.data, *(None if one is None else one.reveal() for one in secrets)]
    return body


def _identity(request: Request, body: bytes) -> tuple[bytes, ...]:
    """Return all that makes a request another one."""
    path: bytes = request.scope.get("raw_path") or request.url.path.encode()
    return (request.method.encode(), path, request.scope.get("query_string", b""), body)


def _written(operation: Operation, answer: Answer[Any]) -> Told | StreamingResponse:
    """Return an answer as it goes over the wire."""
    content, status = answer.content, answer.status or operation.status
    if content is None:
        return Told(204, dict(answer.headers), b"")
    if isinstance(content, Lines):
        headers = dict(answer.headers)
        return StreamingResponse(content.pieces, headers=headers, media_type="application/jsonl")
    if isinstance(content, Content):
        headers = {"Content-Type": content.media_type, **answer.headers}
        return Told(status, headers, content.data)
    headers = {"Content-Type": "application/json", **answer.headers}
    return Told(status, headers, msgspec.json.encode(content))


def _response(told: Told | StreamingResponse, request: Request) -> Response:
    if isinstance(told, StreamingResponse):
        return told
    tag = told.headers.get("ETag")
    asked = request.headers.get("if-none-match")
    if tag and asked and request.method in ("GET", "HEAD"):
        # Weak comparison (RFC 9110 section 13.1.2).
        known = conditions.tags_of(asked, weak=True)
        if not known.isdisjoint({conditions.ANY, tag}):
            return Response(status_code=304, headers={"ETag": tag})
    return Response(told.body, told.status, dict(told.headers))
