"""Certificate entries: roots to trust, and intermediates that complete chains."""

from keysteward.entries import Caller, Entry, EntryType, Reason
from keysteward.formats import responses
from keysteward.keystore import aliases
from keysteward.keystore.steward import Steward
from keysteward.pki.certificates import Certificate, read_certificate
from keysteward.pki.usages import Usage
from keysteward.problems import (
    CertificateUnreadable,
    NotASigningResponse,
    ResponseTooComplex,
    SigningResponseUnreadable,
)
from keysteward.storage.records import NewEntry, NewVersion


def add_certificate(
    steward: Steward, caller: Caller, alias: str, data: bytes, *, trusted: bool = True
) -> Entry:
    """Take one certificate into the keystore under a new alias.

    A trusted one is an anchor: chains that end in it need no confirmation, and servers whose
    chain ends in it are believed. One that is not trusted only completes chains.

    Raises CertificateUnreadable unless the file holds exactly one certificate, AliasExists,
    AliasInvalid, AliasReserved.
    """
    with steward.recording_refusals(caller, "add-certificate", alias):
        name = aliases.new_alias(alias, caller)
        certificate = _only(read_certificates(data))
        with steward.writing(caller) as writing:
            entry_id = writing.create_entry(
                NewEntry(name, EntryType.CERTIFICATE, caller.owner, Usage.TLS_CLIENT, trusted),
                NewVersion(Reason.UPLOADED, (certificate,), None),
            )
            detail = {"sha256": certificate.fingerprint, "trusted": trusted}
            writing.audit("add-certificate", name, entry_id, 1, detail)
    return steward.store.get_entry(steward.keystore_id, name)


def read_certificates(data: bytes) -> tuple[Certificate, ...]:
    """Return the certificates of a file in any form that a signing response may have.

    Raises CertificateUnreadable.
    """
    try:
        found = responses.read(data).certificates
    except NotASigningResponse as problem:
        raise CertificateUnreadable(f"The file is {problem.found}.") from problem
    except (SigningResponseUnreadable, ResponseTooComplex) as problem:
        raise CertificateUnreadable(problem.reason) from problem
    return tuple(map(read_certificate, found))


def _only(found: tuple[Certificate, ...]) -> Certificate:
    if len(found) != 1:
        raise CertificateUnreadable(f"The file holds {len(found)} certificates instead of one.")
    return found[0]
