"""One request of the page, from its cookie to its answer.

1. Who sends it, and may they; nothing of a body is read before that.
2. The keystore is one of theirs; then the form, bounded, and its CSRF token.
3. The function runs in a worker thread; slow ones, and those that wait for other servers, go on as
   jobs when the browser has left.
4. What it gives back is written: a whole page, a part of one, where to go next, a file.

The browser asks for parts with a header. Refusals of what it asked for in the background are short
pieces of HTML that say which field they are about; all others are pages.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, quote

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from keysteward.accounts import attempts
from keysteward.accounts.principals import Principal
from keysteward.formats import file_names
from keysteward.problems import (
    CsrfTokenMissing,
    FieldInvalid,
    KeystoreUnknown,
    NotSignedIn,
    PasswordChangeRequired,
    Problem,
    RequestInvalid,
    ResourceUnknown,
)
from keysteward.rights import Permission
from keysteward.ui import forms, language, rendering, shell
from keysteward.ui.forms import Form
from keysteward.ui.jobs import Job, Jobs
from keysteward.ui.routing import File, Leave, Page, Part, Route, Shown, Visit
from keysteward.ui.static_files import StaticFiles
from keysteward.ui.wording import fields, problem_texts
from keysteward.web import access, bodies, csrf, permissions, problem_details, raw_paths
from keysteward.web.access import Access
from keysteward.web.service import Service, in_thread

PART = "keysteward-part"
"""The header with which the browser asks for a part: "dialog", or what a page names."""

_MOST_OPTIONS = 50
_MOST_CHOICE = 20
_MOST_PATH = 200
_MOST_TITLE = 200
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
}


@dataclass(frozen=True, slots=True)
class Answering:
    """What all requests of the page share."""

    service: Service
    static: StaticFiles
    templates: rendering.Templates = field(default_factory=rendering.load)
    jobs: Jobs = field(default_factory=Jobs)

    async def answer(self, route: Route, request: Request) -> Response:
        """Return the answer to a request, be it a refusal."""
        request.state.route = route.path
        visit = _stranger(self.service, request)
        request.state.failure = lambda request_id: self._failed(request, visit, request_id)
        try:
            principal = await self._admit(route, request)
            visit = await self._visit(visit, route, request, principal)
            if (route.slow or route.connects) and principal is not None:
                return await self._as_job(route, request, visit, principal)
            return await self._run(route, request, visit)
        except Problem as problem:
            return self._refused(request, visit, problem)

    async def nowhere(self, request: Request) -> Response:
        """Answer where nothing is: a page to whoever wants one. Raises ResourceUnknown else."""
        problem = ResourceUnknown(request.url.path[:_MOST_PATH])
        if "text/html" not in request.headers.get("accept", ""):
            raise problem
        return self._refused(request, _stranger(self.service, request), problem)

    async def answer_job(self, request: Request) -> Response:
        """Return how far a job is, or its result; without an id what jobs there are."""
        visit = _stranger(self.service, request)
        try:
            principal = await access.authenticate(self.service, request)
            visit = await self._in_keystore(replace(visit, signed_in=principal), principal, None)
            if "id" not in request.path_params:
                mine = self.jobs.list(principal.account_id)
                return self._shown(request, visit, Page("jobs.html", {"jobs": mine}))
            job = self.jobs.find(principal.account_id, str(request.path_params["id"]))
            if job is None:
                raise FieldInvalid("job", "This work is not known any longer; see the audit log.")
            if PART in request.headers:
                return self._of_job(request, visit, job)
            return self._shown(request, visit, Page("job_page.html", {"job": job}))
        except Problem as problem:
            return self._refused(request, visit, problem)

    # ---- 1 and 2: who, where, what

    async def _admit(self, route: Route, request: Request) -> Principal | None:
        needed = route.permission
        if needed is Access.EVERYBODY:
            if route.method == "POST":
                csrf.require_own_origin(request)
            return None
        one_time = needed is Access.ONE_TIME_PASSWORD
        principal = await access.authenticate(self.service, request, one_time_password=one_time)
        if isinstance(needed, Permission):
            path = _names(request)
            asked = permissions.Asked(
                route.method, route.path, path.get("keystore"), path.get("alias")
            )
            await permissions.require(self.service, principal, needed, asked)
        return principal

    async def _visit(
        self, visit: Visit, route: Route, request: Request, principal: Principal | None
    ) -> Visit:
        path = _names(request)
        visit = replace(visit, path=path, query=_query(request), signed_in=principal)
        if principal is not None:
            try:
                visit = await self._in_keystore(visit, principal, path.get("keystore"))
            except KeystoreUnknown:
                # Whoever has no keystore can still sign out.
                if route.permission is not Access.ONE_TIME_PASSWORD:
                    raise
        if route.method == "POST":
            limit = route.limit(self.service.steward.settings) + bodies.SMALL_BYTES
            body = await bodies.read(request, limit)
            form = await forms.read(body, request.headers.get("content-type", ""))
            if principal is not None:
                self.service.csrf.require(principal, form.raw(forms.CSRF_FIELD) or None)
            visit = replace(visit, form=form)
        return visit

    async def _in_keystore(self, visit: Visit, principal: Principal, name: str | None) -> Visit:
        mine = await in_thread(lambda: self.service.keystores_of(principal))
        default = self.service.steward.settings.keystore
        if name is None and not mine:
            raise KeystoreUnknown(default, "none")
        chosen = name or (default if default in mine else mine[0])
        steward = await self.service.find_steward(principal, chosen)
        return replace(visit, steward=steward, keystore=chosen, keystores=mine)

    # ---- 3: the function

    async def _run(self, route: Route, request: Request, visit: Visit) -> Response:
        def work() -> Response:
            return self._shown(request, visit, route.function(visit))

        if route.hashes:
            network = attempts.network_of(access.address_of(request))
            return await self.service.passwords.run(network, work)
        if route.alone:
            async with self.service.uploads.alone((visit.keystore, visit.alias)):
                return await in_thread(work)
        return await in_thread(work)

    async def _as_job(
        self, route: Route, request: Request, visit: Visit, principal: Principal
    ) -> Response:
        queue = self.service.connecting if route.connects else self.service.slow

        async def work(job: Job) -> object:
            watched = replace(visit, progress=job.progress)
            # What is kept is what is shown: values may hold keys, and writing them takes its time.
            return await queue.run(
                principal.account_id,
                lambda: self._shown(request, visit, route.function(watched)),
            )

        title = visit.form.raw("job_title") or request.url.path
        now = self.service.steward.clock()
        job = await self.jobs.run(principal.account_id, title[:_MOST_TITLE], now, work)
        return self._of_job(request, visit, job)

    def _of_job(self, request: Request, visit: Visit, job: Job) -> Response:
        if job.task is None or not job.task.done():
            if PART not in request.headers:
                return self._shown(request, visit, Page("job_page.html", {"job": job}), status=202)
            return self._shown(request, visit, Part("job.html", {"job": job}), status=202)
        job.seen = True
        result = job.task.result()
        if isinstance(result, Problem):
            return self._refused(request, visit, result)
        if isinstance(result, Exception):
            raise result
        assert isinstance(result, Response)  # noqa: S101 - what the work of a job returns
        return result

    # ---- 4: the answer

    def _shown(self, request: Request, visit: Visit, shown: Shown, status: int = 200) -> Response:
        if isinstance(shown, Leave):
            return _left(request, shown)
        if isinstance(shown, File):
            disposition = file_names.content_disposition(shown.name)
            headers = {"Content-Disposition": disposition, **_HEADERS}
            return Response(shown.data, headers=headers, media_type=shown.media_type)
        asked = request.headers.get(PART, "")
        if isinstance(shown, Part):
            return self._html(visit, shown.template, shown.values, status)
        if asked in shown.parts:
            return self._html(visit, shown.parts[asked], shown.values, status)
        layout = "dialog_part.html" if asked == "dialog" else "standalone.html"
        return self._html(visit, shown.template, {**shown.values, "layout": layout}, status)

    def _refused(self, request: Request, visit: Visit, problem: Problem) -> Response:
        status = problem_details.status_of(problem)
        asked = request.headers.get(PART)
        background = asked is not None
        if not background and isinstance(problem, NotSignedIn):
            where = quote(_here(request), safe="")
            return RedirectResponse(f"/sign-in?next={where}", 303)
        if not background and isinstance(problem, PasswordChangeRequired):
            return RedirectResponse("/password", 303)
        values = {
            "slug": problem.slug,
            "title": _title(problem, visit),
            "detail": _detail(problem, visit),
            "field": _field(problem, visit),
        }
        response = self._html(visit, _problem(asked), values, status)
        for name, value in problem_details.headers_of(problem).items():
            # A browser would ask for name and password itself.
            if name.lower() != "www-authenticate":
                response.headers[name] = value
        return response

    def _failed(self, request: Request, visit: Visit, request_id: str) -> Response:
        """Answer what nobody expected; says nothing but where to look."""
        said = visit.text("The server's log says more under {id}.", id=request_id)
        title = visit.text("Something went wrong in the server")
        values = {"slug": "internal-error", "title": title, "detail": said, "field": None}
        return self._html(visit, _problem(request.headers.get(PART)), values, 500)

    def _html(
        self, visit: Visit, template: str, values: Mapping[str, object], status: int
    ) -> Response:
        common: dict[str, Any] = shell.values(self.service, self.static, visit)
        account = visit.signed_in
        common["unseen"] = self.jobs.count_unseen(account.account_id) if account else 0
        text = self.templates.render(template, visit.language, {**common, **values})
        return Response(text, status, _HEADERS, "text/html; charset=utf-8")


def _problem(asked: str | None) -> str:
    """Return the template of a problem; ``asked`` is the part that it stands in the place of."""
    if asked is None:
        return "problem.html"
    return "problem_dialog.html" if asked == "dialog" else "problem_part.html"


def _stranger(service: Service, request: Request) -> Visit:
    """Return a visit of nobody, in the language that the browser asks for."""
    cookies = access.cookies(request)
    chosen = {
        name: cookies[f"keysteward_{name}"][:_MOST_CHOICE]
        for name in ("language", "theme")
        if f"keysteward_{name}" in cookies
    }
    accepted = request.headers.get("accept-language", "")
    return Visit(
        service=service,
        signed_in=None,
        steward=service.steward,
        keystore="",
        keystores=(),
        path={},
        query={},
        form=Form(),
        language=language.choose(chosen.get("language"), accepted),
        address=access.address_of(request),
        encrypted=request.url.scheme == "https",
        session=access.session_cookie(request),
        preferences=chosen,
    )


def _names(request: Request) -> Mapping[str, str]:
    """Return the variable parts of the address. Raises RequestInvalid."""
    return {name: shell.name_of(text) for name, text in raw_paths.variables(request).items()}


def _query(request: Request) -> Mapping[str, str]:
    text = request.scope.get("query_string", b"")
    try:
        return dict(parse_qsl(text.decode("ascii"), errors="strict", max_num_fields=_MOST_OPTIONS))
    except (UnicodeDecodeError, ValueError) as error:
        raise RequestInvalid("The query cannot be read.") from error


def _here(request: Request) -> str:
    """Return where somebody wanted to go; after a form's address there is nothing to see."""
    if request.method != "GET":
        return "/"
    raw: bytes = request.scope.get("raw_path") or request.url.path.encode()
    query: bytes = request.scope.get("query_string", b"")
    return (raw.partition(b"?")[0] + (b"?" + query if query else b"")).decode("latin-1")


def _field(problem: Problem, visit: Visit) -> str | None:
    # A field for a file sends nothing until one is chosen.
    sent = None if isinstance(problem, FieldInvalid) else {*visit.form.fields, *visit.form.files}
    return fields.field_of(problem, sent)


def _title(problem: Problem, visit: Visit) -> str:
    if isinstance(problem, CsrfTokenMissing):
        return visit.text("The form is out of date")
    return problem_texts.title(problem, visit.language.code)


def _detail(problem: Problem, visit: Visit) -> str:
    if isinstance(problem, FieldInvalid):
        return visit.language.gettext(problem.reason)
    if isinstance(problem, CsrfTokenMissing):
        return visit.text("Reload the page, and fill the form in again.")
    if isinstance(problem, NotSignedIn) and problem.without_credentials:
        return visit.text("Sign in with your name and password.")
    if isinstance(problem, PasswordChangeRequired):
        return visit.text("Your password is for one time only. Choose one of your own.")
    return problem_texts.detail(problem, visit.language.code)


def _left(request: Request, left: Leave) -> Response:
    """Tell the browser where to go on: a script reads that, a plain visit is led there."""
    if PART not in request.headers:
        return RedirectResponse(left.address, 303, dict(left.headers))
    content = msgspec.json.encode({"address": left.address, "message": left.message})
    return Response(content, 200, {**left.headers, **_HEADERS}, "application/json")
