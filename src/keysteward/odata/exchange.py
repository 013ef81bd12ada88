"""Steps 4 to 9 of a request (see ``application``): what it names, may do, and gets."""

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from keysteward.accounts.principals import Means, Principal
from keysteward.entries import EntryType
from keysteward.keystore.steward import Steward
from keysteward.odata import (
    addresses,
    contract,
    errors,
    metadata,
    operations,
    paths,
    reads,
    rendering,
)
from keysteward.odata.addresses import Address
from keysteward.odata.changing import documents
from keysteward.odata.contract import Call, Writing
from keysteward.odata.entities import Entity
from keysteward.odata.errors import Circumstances
from keysteward.odata.formats import negotiation
from keysteward.odata.formats.negotiation import Format
from keysteward.odata.paths import Ending, Metadata, Resource, ServiceDocument
from keysteward.odata.query import options, shapes
from keysteward.odata.query.options import Options
from keysteward.odata.reading import entry_values
from keysteward.odata.sets import LIVE_SETS
from keysteward.pki.certificates import read_certificate
from keysteward.problems import (
    MediaTypeUnsupported,
    Problem,
    RequestInvalid,
    RootNotTrusted,
)
from keysteward.rights import Permission
from keysteward.web import bodies, csrf, permissions
from keysteward.web.csrf import HEADER
from keysteward.web.service import Service, in_thread

_SETS = {live.set.name: live for live in LIVE_SETS}

_ASKS = "CertificateSigningRequests"
"""Its GET leaves something behind, as SAP has it: no page of another site shall bring it about."""


async def answer(
    request: Request, address: Address, principal: Principal, steward: Steward, service: Service
) -> Response:
    """Return the answer to a request of an account that may see the keystore.

    Raises problems of steps 4 and 5; later ones are answered here, because the status of some
    depends on what was asked for.
    """
    query: bytes = request.scope["query_string"]
    wanted, named = options.parse(query), paths.parse(address.path)  # 4
    if not isinstance(named, Resource):
        request.state.route = "/api/v1/$metadata" if isinstance(named, Metadata) else "/api/v1/"
        asked = _asked(request, named, steward)
        await permissions.require(service, principal, Permission.MONITORING_DATA_READ, asked)
        return _shortened(request, _described(request, named, wanted, address.root))
    live = _SETS[named.set.name]
    request.state.route = f"/api/v1/{live.set.name}"
    writing = operations.writing(live, named, request)
    needed = live.reads if writing is None else writing.permission
    await permissions.require(service, principal, needed, _asked(request, named, steward))  # 5
    leaves = named.target.name == _ASKS and named.ending is Ending.VALUE
    if leaves and principal.means is not Means.BEARER:
        csrf.require_own_origin(request)
    call = Call(
        steward=steward,
        caller=principal.caller,
        root=address.root,
        path=address.path.decode("ascii", "replace"),
        query=query.decode("ascii", "replace"),
        resource=named,
        options=wanted,
        media_type=_media_type(request),
        if_match=request.headers.get("if-match"),
        head=request.method == "HEAD",
    )
    if writing is None:
        return _shortened(request, await _read(request, call, service))
    return await _changed(request, call, writing, principal, service)


def _asked(request: Request, named: paths.Address, steward: Steward) -> permissions.Asked:
    alias = None
    if isinstance(named, Resource) and named.key and "Hexalias" in named.set.type.key:
        try:
            alias = contract.alias_of(named.key)
        except RequestInvalid:
            alias = None
    keystore = steward.settings.keystore
    return permissions.Asked(request.method, request.state.route, keystore, alias)


async def _read(request: Request, call: Call, service: Service) -> Response:
    resource, wanted = call.resource, call.options
    type_ = resource.target.type
    plain = not wanted.select and not wanted.expand
    shape = shapes.whole(type_) if plain else shapes.build(type_, wanted.select, wanted.expand)
    if resource.ending is Ending.NONE:
        format_ = negotiation.choose(request.headers.get("accept"), wanted.format)
    else:
        format_ = _any_format(request, wanted.format)

    def work() -> Response:  # 8, 9
        return rendering.answer(call, reads.read(call, _SETS, shape), shape, format_)

    long = wanted.filter or wanted.order_by or wanted.expand
    return await in_thread(work, service.searches if long else None)


async def _changed(
    request: Request, call: Call, writing: Writing, principal: Principal, service: Service
) -> Response:
    format_ = _any_format(request, call.options.format)
    call_ = call
    try:
        service.csrf.require(principal, request.headers.get(HEADER))  # 6
        limit = writing.limit(call.steward.settings, call.media_type)
        body = await bodies.read(request, limit.limit_bytes, lambda _: limit.problem)  # 7
        call_ = replace(call, body=body)

        def work() -> Response:  # 8, 9
            return rendering.answer(call_, writing.run(call_), None, format_)

        if writing.slow:
            return await service.slow.run(principal.account_id, work)
        if writing.alone:
            async with service.uploads.alone((call.steward.settings.keystore, call.alias)):
                return await in_thread(work)
        return await in_thread(work)
    except Problem as problem:
        circumstances = Circumstances(
            if_match=call.if_match is not None,
            locked=writing.locked,
            alias_missing=writing.alias_missing,
            top=_top(call_, problem),
        )
        return rendering.refusal(problem, circumstances, format_, call.root)
    finally:
        if "upload" in call.told:
            request.state.upload = call.told["upload"]


def refuse(request: Request, problem: Problem) -> Response:
    """Return the answer to a request that was refused before anything else was known of it."""
    root = f"{addresses.base(request)}/"
    return rendering.refusal(problem, Circumstances(), _guessed_format(request), root)


def fail(request: Request, request_id: str | None) -> Response:
    """Return the answer to a request that met a defect; the log has it under the request's id."""
    root = f"{addresses.base(request)}/"
    return rendering.error(errors.unexpected(request_id or "?"), _guessed_format(request), root)


def _guessed_format(request: Request) -> Format:
    try:
        option = options.parse(request.scope["query_string"]).format
    except Problem:
        option = None
    return _any_format(request, option)


def _described(
    request: Request, named: ServiceDocument | Metadata, wanted: Options, root: str
) -> Response:
    """Return the service document or the metadata."""
    operations.require_reading(request)
    if isinstance(named, Metadata):
        return rendering.content(metadata.document(flat=wanted.flat))
    format_ = negotiation.choose(request.headers.get("accept"), wanted.format)
    return rendering.content(format_.writer.write_service(root))


def _shortened(request: Request, response: Response) -> Response:
    """Leave the body out of an answer to HEAD; its headers are those of GET."""
    if request.method == "HEAD":
        response.body = b""
    return response


def _any_format(request: Request, option: str | None) -> Format:
    """Return the format for what must be answered, whether the client can have what it asks for."""
    default = Format.ATOM if request.method in operations.READING else Format.JSON
    try:
        return negotiation.choose(request.headers.get("accept"), option, default)
    except MediaTypeUnsupported:
        return Format.JSON


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _top(call: Call, problem: Problem) -> Entity | None:
    """Return the certificate to be confirmed, under the alias of the entry that it is for."""
    if not isinstance(problem, RootNotTrusted):
        return None
    alias = call.alias if call.resource.key else ""
    if not alias:
        alias = documents.read(call, call.resource.set.type).text("Alias") or ""
    certificate = read_certificate(problem.der)
    return entry_values.of_certificate(
        *(alias, certificate, EntryType.CERTIFICATE, "notImported", entry_values.NOT_TRUSTED)
    )
