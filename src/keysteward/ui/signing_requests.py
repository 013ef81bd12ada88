"""Download Signing Request: what the CA is asked for, and for which key.

What the form shows is what the key's certificate says; only what was changed there, or emptied, is
asked for in another way. Writing a request is recorded, as a file and as text alike.
"""

from collections.abc import Mapping
from types import MappingProxyType

from keysteward.entries import Entry, Version
from keysteward.formats import file_names
from keysteward.keystore import signing_requests
from keysteward.keystore.signing_requests import RequestWish
from keysteward.pki import contents, subjects
from keysteward.pki.certificates import san_texts
from keysteward.pki.subjects import Subject
from keysteward.pki.usages import Usage
from keysteward.problems import FieldInvalid
from keysteward.rights import Permission
from keysteward.ui import key_choices, shell
from keysteward.ui.routing import ENTRY, File, Page, Part, Routes, Visit
from keysteward.values import Fingerprint

REQUEST = f"{ENTRY}/signing-request"

routes = Routes()

_READ = Permission.MONITORING_DATA_READ
_FIELDS = MappingProxyType(
    {
        "cn": "common_name",
        "ou": "organizational_unit",
        "o": "organization",
        "l": "locality",
        "st": "state",
        "c": "country",
        "email": "email",
    }
)
"""The parts of a subject by the names of their fields."""
_CURRENT = "current"


@routes.get(REQUEST, _READ)
def signing_request_dialog(visit: Visit) -> Page:
    """Show what would be asked for; ``?key=current`` although another key waits."""
    entry = visit.steward.store.get_entry(visit.steward.keystore_id, visit.alias)
    signing_requests.require_available(visit.steward, visit.caller, entry)
    version = _version(entry, visit.query.get("key", ""))
    address = shell.entry_address(visit.keystore, entry.alias)
    certificate = version.certificate
    type_ = certificate.key.type.lower()
    return Page(
        "signing_request.html",
        {
            "entry": entry,
            "address": address,
            "version": version,
            "fields": _shown_fields(version, entry.usage),
            "san": "\n".join(_shown_san(version, entry.usage)),
            "type": type_,
            "hashes": key_choices.algorithms_of(type_),
            "usages": tuple(Usage),
        },
    )


@routes.post(REQUEST, _READ)
def write_signing_request(visit: Visit) -> File | Part:
    """Write the request, and give it out as a file or as text; the entry waits then."""
    form = visit.form
    entry = visit.steward.store.get_entry(visit.steward.keystore_id, visit.alias)
    pem = signing_requests.write_signing_request(
        visit.steward, visit.caller, visit.alias, _wish(visit, entry)
    )
    if form.text("as") == "text":
        address = shell.entry_address(visit.keystore, entry.alias)
        values = {"alias": entry.alias, "address": address, "pem": pem.decode("ascii")}
        return Part("signing_request_text.html", values)
    name = file_names.safe_file_name(entry.alias, ".csr")
    return File(name, "application/pkcs10", pem)


def _version(entry: Entry, key: str) -> Version:
    """Return the version whose key is certified; the pending one if there is one."""
    return entry.version if key == _CURRENT else entry.pending or entry.version


def _wish(visit: Visit, entry: Entry) -> RequestWish:
    form = visit.form
    key = form.text("key")
    version = _version(entry, key)
    usage = _usage(form.text("usage")) or entry.usage
    shown = _shown_fields(version, entry.usage)
    typed = {name: form.text(name) for name in _FIELDS}
    changed = {name: text for name, text in typed.items() if text != shown[name]}
    san, old_san = form.lines("san"), _shown_san(version, entry.usage)
    without = {_FIELDS[name] for name, text in changed.items() if not text}
    if old_san and not san:
        without.add("san")
    return RequestWish(
        Subject(**{_FIELDS[name]: text for name, text in changed.items() if text}),
        san if san != old_san else (),
        usage,
        key_choices.hash_of(form),
        of_current_key=key == _CURRENT,
        without=frozenset(without),
        public_key=Fingerprint(form.required("public_key")),
    )


def _shown_fields(version: Version, usage: Usage) -> Mapping[str, str]:
    """Return what the fields of the subject show, without white space around it."""
    subject = subjects.read_subject(contents.of_certificate(version.certificate, usage).name)
    return {name: (getattr(subject, part) or "").strip() for name, part in _FIELDS.items()}


def _shown_san(version: Version, usage: Usage) -> tuple[str, ...]:
    found = contents.of_certificate(version.certificate, usage).san
    return () if found is None else san_texts(found)


def _usage(text: str) -> Usage | None:
    try:
        return Usage(text) if text else None
    except ValueError as error:
        raise FieldInvalid("usage", "Choose one of the usages.") from error
