"""One request of the page, from its cookie to its answer.

1. Who sends it, and may they; nothing of a body is read before that.
2. The keystore is one of theirs; then the form, bounded, and its CSRF token.
3. The function runs in a worker thread; slow ones, and those that wait for other servers, go on as
   jobs when the browser has left.
4. What it gives back is written: a whole page, a part of one, where to go next, a file.

The browser asks for parts with a header. Refusals of what it asked for in the background are short
pieces of HTML that say which field they are about; all others are pages.
"""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

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
    ResourceUnknown,
)
from keysteward.rights import Permission
from keysteward.storage.kept_jobs import SILENT, KeptAnswer, KeptJob
from keysteward.ui import forms, rendering, shell, visits
from keysteward.ui.jobs import MOST_OF_ACCOUNT, Job, Jobs, Sharing
from keysteward.ui.routing import File, Leave, Page, Part, Route, Shown, Visit
from keysteward.ui.static_files import StaticFiles
from keysteward.ui.wording import fields, problem_texts
from keysteward.web import access, bodies, csrf, permissions, problem_details
from keysteward.web.access import Access
from keysteward.web.service import Service, in_thread

PART = "keysteward-part"
"""The header with which the browser asks for a part: "dialog", or what a page names."""

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
        visit = visits.stranger(self.service, request)
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
        return self._refused(request, visits.stranger(self.service, request), problem)

    async def answer_job(self, request: Request) -> Response:
        """Return how far a job is, or its result; without an id what jobs there are."""
        visit = visits.stranger(self.service, request)
        try:
            principal = await access.authenticate(self.service, request)
            visit = await self._in_keystore(replace(visit, signed_in=principal), principal, None)
            if "id" not in request.path_params:
                mine = await self._jobs_of(principal)
                return self._shown(request, visit, Page("jobs.html", {"jobs": mine}))
            job_id = str(request.path_params["id"])
            job = self.jobs.find(principal.account_id, job_id)
            if job is None:
                return await in_thread(lambda: self._of_other(request, visit, job_id))
            if PART in request.headers:
                return await self._of_job(request, visit, job)
            return self._shown(request, visit, Page("job_page.html", {"job": job}))
        except Problem as problem:
            return self._refused(request, visit, problem)

    async def _unseen(self, principal: Principal) -> int:
        """Return how many jobs of an account run, or have a result that was not looked at."""
        kept = self.service.steward.store.jobs
        if not kept.needed:
            return self.jobs.count_unseen(principal.account_id)
        return await in_thread(lambda: kept.count_unseen(principal.account_id))

    async def _jobs_of(self, principal: Principal) -> Sequence[Job | KeptJob]:
        """Return the jobs of an account in all processes."""
        kept = self.service.steward.store.jobs
        if not kept.needed:
            return self.jobs.list(principal.account_id)
        return await in_thread(lambda: kept.list(principal.account_id, MOST_OF_ACCOUNT))

    def _of_other(self, request: Request, visit: Visit, job_id: str) -> Response:
        """Return how far a job of another process is, or its result."""
        kept, now = self.service.steward.store.jobs, self.service.steward.clock()
        job = kept.find(visit.principal.account_id, job_id) if kept.needed else None
        if job is None:
            raise FieldInvalid("job", "This work is not known any longer; see the audit log.")
        if not job.finished and now - job.heard_at > SILENT:
            raise FieldInvalid("job", "The server ended during this work; see the audit log.")
        if PART not in request.headers:
            return self._shown(request, visit, Page("job_page.html", {"job": job}))
        answer = kept.answer(job_id)
        if answer is None:
            return self._shown(request, visit, Part("job.html", {"job": job}), status=202)
        with contextlib.suppress(Problem):
            kept.see(job_id)
        headers = msgspec.json.decode(answer.headers, type=dict[str, str])
        return Response(answer.body, answer.status, headers)

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
            path = visits.names(request)
            asked = permissions.Asked(
                route.method, route.path, path.get("keystore"), path.get("alias")
            )
            await permissions.require(self.service, principal, needed, asked)
        return principal

    async def _visit(
        self, visit: Visit, route: Route, request: Request, principal: Principal | None
    ) -> Visit:
        path = visits.names(request)
        visit = replace(visit, path=path, query=visits.query(request), signed_in=principal)
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
        visit = replace(visit, unseen=await self._unseen(principal))
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
        kept = self.service.steward.store.jobs
        sharing = Sharing(
            kept,
            self.service.steward.clock,
            lambda result: _kept_answer(self._result(request, visit, result)),
        )
        job = await self.jobs.run(
            principal.account_id,
            title[:_MOST_TITLE],
            now,
            work,
            sharing if kept.needed else None,
        )
        return await self._of_job(request, visit, job)

    async def _of_job(self, request: Request, visit: Visit, job: Job) -> Response:
        if job.task is None or not job.task.done():
            if PART not in request.headers:
                return self._shown(request, visit, Page("job_page.html", {"job": job}), status=202)
            return self._shown(request, visit, Part("job.html", {"job": job}), status=202)
        await self._see(job)
        result = job.task.result()
        if isinstance(result, Exception) and not isinstance(result, Problem):
            raise result
        return self._result(request, visit, result)

    async def _see(self, job: Job) -> None:
        """Note that the result of a job is shown."""
        kept = self.service.steward.store.jobs
        if kept.needed and job.kept and not job.seen:
            with contextlib.suppress(Problem):
                await in_thread(lambda: kept.see(job.id))
        job.seen = True

    def _result(self, request: Request, visit: Visit, result: object) -> Response:
        """Return what is shown of a job's result."""
        if isinstance(result, Problem):
            return self._refused(request, visit, result)
        if isinstance(result, Exception):
            return self._failed(request, visit, request.state.request_id)
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
            where = quote(visits.here(request), safe="")
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
        common["unseen"] = visit.unseen
        text = self.templates.render(template, visit.language, {**common, **values})
        return Response(text, status, _HEADERS, "text/html; charset=utf-8")


def _kept_answer(response: Response) -> KeptAnswer:
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    return KeptAnswer(
        response.status_code, msgspec.json.encode(headers).decode(), bytes(response.body)
    )


def _problem(asked: str | None) -> str:
    """Return the template of a problem; ``asked`` is the part that it stands in the place of."""
    if asked is None:
        return "problem.html"
    return "problem_dialog.html" if asked == "dialog" else "problem_part.html"


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
