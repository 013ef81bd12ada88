"""TLS Connectivity Tests: does a receiver take a key pair, and which certificates has it?"""

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass

from keysteward.entries import Entry, EntryType, View
from keysteward.formats import downloads
from keysteward.keystore import certificates
from keysteward.keystore.naming import Naming
from keysteward.keystore.trust import Consent
from keysteward.outbound import addresses, connectivity
from keysteward.outbound.addresses import DEFAULT_PORT, Pasted
from keysteward.outbound.connections import Step
from keysteward.outbound.connectivity import ConnectionWish
from keysteward.outbound.reports import Check, Report, Result
from keysteward.pki.certificates import Certificate
from keysteward.problems import FieldInvalid
from keysteward.rights import Permission
from keysteward.storage.pages import Wanted
from keysteward.ui import plans, shell
from keysteward.ui.language import later
from keysteward.ui.plans import ShownLink
from keysteward.ui.routing import KEYSTORE, File, Page, Part, Routes, Visit
from keysteward.ui.wording import reasons
from keysteward.values import Fingerprint

CONNECTIVITY = f"{KEYSTORE}/connectivity"

_READ, _EDIT = Permission.MONITORING_DATA_READ, Permission.SECURITY_MATERIAL_EDIT
_MOST_SUGGESTED = 20
_MOST_TEXT = 250
_OUTCOMES = {
    Result.PASSED: (later("passed"), "sys-enter-2"),
    Result.FAILED: (later("failed"), "error"),
    Result.NOT_DONE: (later("not done"), "information"),
}
"""The word for a result, and its icon."""

routes = Routes()


@dataclass(frozen=True, slots=True)
class ShownCheck:
    """One step of a test, in the language of the page."""

    step: str
    name: str
    result: str
    outcome: str
    icon: str
    meaning: str
    remedy: str


@dataclass(frozen=True, slots=True)
class ShownServerCertificate:
    """A certificate that the server showed, and how it would be called in the keystore."""

    link: ShownLink
    findings: tuple[str, ...]
    trusted: bool
    content: str
    """What the forms about it send: its DER in base64."""
    proposal: str

    @property
    def certificate(self) -> Certificate:
        """The certificate itself."""
        return self.link.certificate


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A key pair that can be presented."""

    alias: str
    new: bool
    """Whether it is a new key of the provider, which waits to be activated."""


@routes.get(CONNECTIVITY, _READ)
def show_connectivity(visit: Visit) -> Page:
    """Ask what is to be tried; ``?alias=`` and ``?view=new`` say which key pair."""
    return Page(
        "connectivity.html",
        {
            "alias": visit.query.get("alias", "")[:_MOST_TEXT],
            "include_new": visit.query.get("view") == View.NEW,
            "port": DEFAULT_PORT,
            "suggestions": _suggestions(visit),
        },
        {"suggestions": "connectivity_suggestions.html"},
    )


@routes.post(f"{CONNECTIVITY}/address", _READ)
def cut_address(visit: Visit) -> Part:
    """Say what of a pasted URL is its host."""
    return Part("connectivity_address.html", {"pasted": _pasted(visit), "note": _note(visit)})


@routes.post(CONNECTIVITY, _EDIT, connects=True)
def send(visit: Visit) -> Part:
    """Try the connection, and show how it went."""
    pasted = _pasted(visit)
    entry = _key_pair(visit)
    visit.service.take_connection_test(visit.principal)
    wish = ConnectionWish(
        host=pasted.address.host,
        port=pasted.address.port,
        alias=entry.alias if entry else None,
        view=entry.view if entry else View.CURRENT,
        validate=visit.form.ticked("validate"),
    )
    reach = visit.steward.settings.reach
    report = connectivity.run_test(visit.steward, visit.caller, wish, reach=reach)
    values = {
        "report": report,
        # Where it was sent from may be another keystore by then.
        "address": f"{shell.keystore_address(visit.keystore)}/connectivity",
        "note": _note(visit),
        "checks": tuple(_checks(visit, report)),
        "chain": _chain(visit, report),
        "own": entry,
        "remark": _said(visit, report.remark),
        "proof": _said(visit, report.proof),
    }
    return Part("connectivity_result.html", values)


@routes.post(f"{CONNECTIVITY}/download", _READ, limit=lambda s: 2 * s.certificate_limit_bytes)
def download(visit: Visit) -> File:
    """Give out a certificate that the server showed."""
    certificate = certificates.read_one(visit.steward, _content(visit))
    data = downloads.certificate_cer(certificate)
    return File(f"{certificate.fingerprint[:16]}.cer", "application/x-x509-ca-cert", data)


@routes.post(f"{CONNECTIVITY}/add", _EDIT, limit=lambda s: 2 * s.certificate_limit_bytes)
def add(visit: Visit) -> Part:
    """Take a certificate that the server showed into the keystore, as a trusted one."""
    alias = visit.form.required("alias")
    confirmed = visit.form.optional("trust_root")
    if confirmed is None:
        raise FieldInvalid(
            "trust_root", "Compare the fingerprint first: a server can show any certificate."
        )
    entry = certificates.add_certificate(
        *(visit.steward, visit.caller, alias, _content(visit)),
        trusted=True,
        consent=Consent(trust_root=Fingerprint(confirmed)),
    )
    return Part("connectivity_added.html", {"alias": entry.alias})


def _pasted(visit: Visit) -> Pasted:
    """Return host and port. Raises AddressInvalid, FieldInvalid."""
    port = visit.form.whole("port")
    if port is not None and not 1 <= port <= 65_535:
        raise FieldInvalid("port", "The port is no whole number from 1 to 65,535.")
    # What the form has by itself says less than a scheme, as ldaps:// does.
    meant = None if port == DEFAULT_PORT else port
    return addresses.cut_address(visit.form.required("host"), meant)


def _note(visit: Visit) -> str:
    return _said(visit, _pasted(visit).note)


def _said(visit: Visit, text: str) -> str:
    """Return a text of the test in the language of the page."""
    return reasons.german_sentences(text) if visit.language.code == "de" else text


def _key_pair(visit: Visit) -> Entry | None:
    """Return the entry that is to be presented; None for none. Raises AliasNotFound."""
    if not visit.form.ticked("client"):
        return None
    store, keystore_id = visit.steward.store, visit.steward.keystore_id
    alias = visit.form.required("alias")
    if visit.form.ticked("include_new"):
        waiting = store.find_entry(keystore_id, alias, View.NEW)
        if waiting is not None:
            return waiting
    return store.get_entry(keystore_id, alias)


def _suggestions(visit: Visit) -> tuple[Suggestion, ...]:
    """Return the first key pairs whose alias or DN has what was typed, new ones first."""
    text = visit.query.get("text", "").strip()[:_MOST_TEXT]
    views = [View.CURRENT]
    if "new" in visit.query or visit.query.get("view") == View.NEW:
        views = [View.NEW, View.CURRENT]
    found: dict[str, Suggestion] = {}
    for view in views:
        wanted = Wanted(view=view, text=text, type=EntryType.KEY_PAIR)
        listed = visit.steward.store.pages.list_page(
            visit.steward.keystore_id, wanted, limit=_MOST_SUGGESTED
        )
        for line in listed.lines:
            found.setdefault(line.alias, Suggestion(line.alias, view is View.NEW))
    return tuple(found.values())[:_MOST_SUGGESTED]


def _checks(visit: Visit, report: Report) -> Iterator[ShownCheck]:
    for check in report.checks:
        word, icon = _OUTCOMES[check.result]
        yield ShownCheck(
            step=check.step,
            name=_said(visit, check.name),
            result=check.result,
            outcome=visit.text(word),
            icon=icon,
            meaning=_meaning(visit, report, check),
            remedy=_said(visit, check.remedy),
        )


def _meaning(visit: Visit, report: Report, check: Check) -> str:
    if check.step is Step.HANDSHAKE and report.protocol and check.result is Result.PASSED:
        return visit.text(
            "{protocol} with {cipher}.", protocol=report.protocol, cipher=report.cipher
        )
    return _said(visit, check.meaning)


def _chain(visit: Visit, report: Report) -> tuple[ShownServerCertificate, ...]:
    """Return what the server showed, its own certificate last, as a tree grows."""
    links = plans.show_chain(
        (one.certificate for one in report.server_chain), visit.steward.clock()
    )
    return tuple(
        ShownServerCertificate(
            link=link,
            findings=tuple(_said(visit, finding.detail) for finding in one.findings),
            trusted=one.trusted,
            content=base64.b64encode(one.certificate.der).decode("ascii"),
            proposal=_proposal(visit, one.certificate),
        )
        for link, one in zip(links, reversed(report.server_chain), strict=True)
    )


def _proposal(visit: Visit, certificate: Certificate) -> str:
    store, keystore_id = visit.steward.store, visit.steward.keystore_id
    return Naming(visit.caller, ()).proposed(
        certificate, lambda alias: store.find_entry(keystore_id, alias) is None
    )


def _content(visit: Visit) -> bytes:
    try:
        return base64.b64decode(visit.form.required("certificate"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise FieldInvalid("certificate", "This is no certificate.") from error
