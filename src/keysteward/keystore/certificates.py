"""Certificate entries: roots to trust, and intermediates that complete chains."""

import hashlib

from keysteward.entries import Action, Caller, Entry, EntryType, Reason
from keysteward.formats import responses
from keysteward.formats.responses.foreign import Foreign
from keysteward.keystore import aliases, trust
from keysteward.keystore.steward import Steward
from keysteward.keystore.trust import NO_CONSENT, Consent
from keysteward.pki.certificates import Certificate, read_certificate
from keysteward.pki.usages import Usage
from keysteward.problems import (
    CertificateUnreadable,
    KeyPairInTheWay,
    NotASigningResponse,
    ResponseTooComplex,
    SigningResponseUnreadable,
    UploadTooLarge,
)
from keysteward.storage.records import Base, NewEntry, NewVersion
from keysteward.values import Fingerprint

_SETTING = "KEYSTEWARD_CERTIFICATE_LIMIT_BYTES"

_UPDATE = "update that entry with this certificate"

_KEY = "Add it as a key pair, or as an SSH key if it is one."
_KEYSTORE = "Import it as a whole keystore; that takes certificates alone, too."
_TAKEN_BY = {
    Foreign.PRIVATE_KEY.found: _KEY,
    Foreign.ENCRYPTED_PRIVATE_KEY.found: _KEY,
    Foreign.PKCS12.found: _KEYSTORE,
    Foreign.JKS.found: _KEYSTORE,
    Foreign.JCEKS.found: _KEYSTORE,
}
"""What to do with a file that is no certificate, by what it is."""


def add_certificate(
    steward: Steward,
    caller: Caller,
    alias: str,
    data: bytes,
    *,
    trusted: bool = True,
    consent: Consent = NO_CONSENT,
) -> Entry:
    """Take one certificate into the keystore under a new alias.

    A trusted one is an anchor: chains that end in it need no confirmation, and servers whose
    chain ends in it are believed. So its fingerprint has to be confirmed, unless an anchor issued
    it. One that is not trusted only completes chains and vouches for nothing: nothing is asked.

    Raises UploadTooLarge, CertificateUnreadable unless the file holds exactly one certificate,
    RootNotTrusted, AliasExists, AliasInvalid, AliasReserved.
    """
    with steward.recording_refusals(caller, Action.ADD_CERTIFICATE, alias):
        name = aliases.new_alias(alias, caller)
        steward.require_free(name, EntryType.CERTIFICATE, _UPDATE)
        certificate = read_one(steward, data)
        version = _version(certificate, data)
        detail = {
            "file_sha256": version.file_sha256,
            **_detail(steward, certificate, consent, trusted=trusted),
        }
        with steward.writing(caller) as writing:
            entry_id = writing.create_entry(
                NewEntry(name, EntryType.CERTIFICATE, caller.owner, Usage.TLS_CLIENT, trusted),
                version,
            )
            writing.audit(Action.ADD_CERTIFICATE, name, entry_id, 1, detail)
    return steward.store.get_entry(steward.keystore_id, name)


def update_certificate(
    steward: Steward,
    caller: Caller,
    alias: str,
    data: bytes,
    *,
    trusted: bool | None = None,
    consent: Consent = NO_CONSENT,
) -> Entry:
    """Give a certificate entry another certificate under its unchanged alias, as a new version.

    ``trusted`` marks it anew; None keeps the mark. A certificate that is trusted is asked about as
    when it is added. The same certificate with the same mark is not stored again.

    Raises AliasNotFound, KeyPairInTheWay, EntryOwnedByProvider, EntryChanged if another writer was
    faster, and what ``add_certificate`` does of file and trust.
    """
    with steward.recording_refusals(caller, Action.UPLOADED, alias):
        entry = steward.store.get_entry(steward.keystore_id, alias)
        steward.require_right(entry, caller)
        if entry.type is not EntryType.CERTIFICATE:
            raise KeyPairInTheWay(entry.alias)
        certificate = read_one(steward, data)
        marked = entry.trusted if trusted is None else trusted
        if (certificate, marked) == (entry.version.certificate, entry.trusted):
            return entry
        detail = _detail(steward, certificate, consent, trusted=marked)
        with steward.writing(caller) as writing:
            writing.replace_chain(Base.of(entry), _version(certificate, data), detail)
            writing.describe(entry.id, entry.usage, trusted=marked)
    return steward.store.get_entry(steward.keystore_id, entry.alias)


def read_certificates(data: bytes) -> tuple[Certificate, ...]:
    """Return the certificates of a file in any form that a signing response may have.

    Raises CertificateUnreadable.
    """
    try:
        found = responses.read(data).certificates
    except NotASigningResponse as problem:
        unreadable = CertificateUnreadable(f"The file is {problem.found}.")
        unreadable.remedy = _TAKEN_BY.get(problem.found, unreadable.remedy)
        raise unreadable from problem
    except (SigningResponseUnreadable, ResponseTooComplex) as problem:
        raise CertificateUnreadable(problem.reason) from problem
    return tuple(map(read_certificate, found))


def read_one(steward: Steward, data: bytes) -> Certificate:
    """Return the only certificate of a file. Raises UploadTooLarge, CertificateUnreadable."""
    limit = steward.settings.certificate_limit_bytes
    if len(data) > limit:
        raise UploadTooLarge("a certificate", limit, _SETTING)
    found = read_certificates(data)
    if len(found) != 1:
        raise CertificateUnreadable(
            f"The file holds {len(found)} certificates instead of one.",
            "Put each into a file of its own, and add them one by one.",
        )
    return found[0]


def _detail(
    steward: Steward, certificate: Certificate, consent: Consent, *, trusted: bool
) -> dict[str, object]:
    """Return what the audit log says, once the certificate may be marked like this.

    A confirmation is not remembered for the keystore beyond the entry: what was trusted by its mark
    is not trusted any more when the entry goes.
    """
    confirmed = None
    if trusted:
        confirmed = trust.require_trusted(steward, (certificate,), (), consent)
    return {"sha256": certificate.fingerprint, "trusted": trusted, "confirmed": confirmed}


def _version(certificate: Certificate, data: bytes) -> NewVersion:
    digest = Fingerprint(hashlib.sha256(data).hexdigest())
    return NewVersion(Reason.UPLOADED, (certificate,), None, digest)
