"""Downloads: the public content of an entry or of a whole keystore, as a file to give out."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from keysteward.entries import Caller, Entry
from keysteward.formats import downloads, file_names, packages
from keysteward.formats.keystores import jceks, jks, pkcs12_writing
from keysteward.formats.ssh import public_keys
from keysteward.keystore import roots, signing_requests
from keysteward.keystore.signing_requests import RequestWish
from keysteward.keystore.steward import Steward
from keysteward.notices import NoticeKind
from keysteward.pki.certificates import Certificate
from keysteward.pki.subjects import Subject
from keysteward.problems import RootMissing
from keysteward.values import Notice


class DownloadKind(StrEnum):
    """What can be downloaded of an entry."""

    CER = "cer"
    """The certificate, PEM."""
    P7B = "p7b"
    """The chain, PKCS#7 in PEM."""
    PEM = "pem"
    """The chain, PEM, end-entity first."""
    PKIPATH = "pkipath"
    """The chain, PkiPath."""
    ROOTCA = "rootca"
    """The root of the chain, PEM."""
    PUB = "pub"
    """The public key, OpenSSH."""
    SSH2 = "ssh2"
    """The public key, RFC 4716."""
    CSR = "csr"
    """A signing request for its key, PKCS#10 in PEM; the entry waits for the response then."""
    PACKAGE = "package"
    """All that a partner needs, in a zip."""


class KeystoreForm(StrEnum):
    """Formats of a keystore's public content."""

    JKS = "jks"
    JCEKS = "jceks"
    P12 = "p12"


@dataclass(frozen=True, slots=True)
class Download:
    """A file to give out."""

    file_name: str
    """Safe on every system; ``file_names.content_disposition`` makes a header of it."""
    media_type: str
    content: bytes = field(repr=False)
    notices: tuple[Notice, ...] = ()


_Writer = Callable[[Entry], bytes]
_Held = Callable[[Entry], Sequence[Certificate]]

_MOST_NAMED = 20
"""Aliases that a notice names; the rest is counted."""

_NAMELESS = (
    "no issuer is named, or no subject. So it is with the placeholder of a key that was added "
    "alone, until a CA's response is there."
)


def download(
    steward: Steward,
    caller: Caller,
    entry: Entry,
    kind: DownloadKind,
    deliver: Callable[[Download], None] = lambda download: None,
) -> Download:
    """Return one form of an entry's current version. There is never a private key in it.

    It is handed to ``deliver`` first: a signing request that cannot be delivered is not recorded.

    Raises RootMissing for a root that is nowhere, KeyTypeUnsupported for a public key that SSH does
    not have, and for a signing request what ``write_signing_request`` does.
    """
    if kind is DownloadKind.CSR:
        pem = signing_requests.write_signing_request(
            *(steward, caller, entry.alias, RequestWish(Subject())),
            deliver=lambda pem: deliver(_request(entry, pem)),
        )
        return _request(entry, pem)
    found = _stored(steward, entry, kind)
    deliver(found)
    return found


def _stored(steward: Steward, entry: Entry, kind: DownloadKind) -> Download:
    if kind is DownloadKind.ROOTCA:
        root = roots.get_root(steward, entry)
        content = downloads.certificate_cer(root.certificate)
        notices = (*root.notices, *_for_java((root.certificate,)))
        return _named(entry, "_rootCA.cer", _PKIX_CERT, content, notices)
    if kind is DownloadKind.PACKAGE:
        return _package(steward, entry)
    suffix, media_type, write, held = _FORMS[kind]
    return _named(entry, suffix, media_type, write(entry), _for_java(held(entry)))


def public_keystore(
    entries: Iterable[tuple[str, Sequence[Certificate]]],
    form: KeystoreForm,
    at: datetime,
    *,
    of_backup: bool = False,
) -> Download:
    """Return the certificates of alias and chain pairs as a truststore without a password.

    Issuers get numbered aliases, see ``formats.downloads.split_chains``. ``at`` is the time that
    the formats keep with each certificate, aware. What Java would refuse the whole file for is left
    out, and a notice names it.
    """
    split = downloads.split_chains(entries)
    left = [alias for alias, certificate in split if not downloads.is_read_by_java(certificate)]
    without = frozenset(left)
    dated = [(alias, certificate.der, at) for alias, certificate in split if alias not in without]
    notices = _left_out(left)
    stem = "PublicContentBackupKeystore" if of_backup else "PublicContentKeystore"
    if form is KeystoreForm.P12:
        content = pkcs12_writing.write_truststore([(alias, der) for alias, der, _ in dated])
        return Download(f"{stem}.p12", "application/x-pkcs12", content, notices)
    write = jks.write_truststore if form is KeystoreForm.JKS else jceks.write_truststore
    return Download(f"{stem}.{form}", "application/x-java-keystore", write(dated), notices)


def _request(entry: Entry, pem: bytes) -> Download:
    return _named(entry, ".csr", "application/pkcs10", pem)


def _package(steward: Steward, entry: Entry) -> Download:
    root: Certificate | None = None
    notices: tuple[Notice, ...] = ()
    try:
        found = roots.get_root(steward, entry)
        root, notices = found.certificate, found.notices
    except RootMissing:
        # The text in the package says so, and whom to ask.
        pass
    at = steward.clock()
    content = packages.partner_package(entry.alias, entry.version.chain, root, at)
    held = (*entry.version.chain, *(() if root is None else (root,)))
    return _named(entry, ".zip", "application/zip", content, (*notices, *_for_java(held)))


def _for_java(certificates: Iterable[Certificate]) -> tuple[Notice, ...]:
    if all(map(downloads.is_read_by_java, certificates)):
        return ()
    text = f"Java refuses a certificate of this download: {_NAMELESS}"
    return (NoticeKind.UNREADABLE_FOR_JAVA.about(text),)


def _left_out(aliases: Sequence[str]) -> tuple[Notice, ...]:
    if not aliases:
        return ()
    named = ", ".join(map(repr, aliases[:_MOST_NAMED]))
    if len(aliases) > _MOST_NAMED:
        named += f" and {len(aliases) - _MOST_NAMED:,} more"
    text = f"Left out, since Java would refuse the whole file for them: {named}; {_NAMELESS}"
    return (NoticeKind.UNREADABLE_FOR_JAVA.about(text),)


def _named(
    entry: Entry, suffix: str, media_type: str, content: bytes, notices: tuple[Notice, ...] = ()
) -> Download:
    name = file_names.safe_file_name(entry.alias, suffix)
    return Download(name, media_type, content, notices)


def _comment(entry: Entry) -> str:
    """Return SAP's comment (API specification, Sshkey)."""
    return f"public key for alias {entry.alias}"


def _openssh(entry: Entry) -> bytes:
    return public_keys.openssh_line(entry.version.certificate.spki, _comment(entry)).encode()


def _ssh2(entry: Entry) -> bytes:
    return public_keys.ssh2_block(entry.version.certificate.spki, _comment(entry)).encode()


def _chain(entry: Entry) -> tuple[Certificate, ...]:
    return entry.version.chain


def _end_entity(entry: Entry) -> tuple[Certificate, ...]:
    return entry.version.chain[:1]


def _none(_: Entry) -> tuple[Certificate, ...]:
    return ()


_PKIX_CERT = "application/pkix-cert"

_FORMS: dict[DownloadKind, tuple[str, str, _Writer, _Held]] = {
    DownloadKind.CER: (
        ".cer",
        _PKIX_CERT,
        lambda entry: downloads.certificate_cer(entry.version.certificate),
        _end_entity,
    ),
    DownloadKind.P7B: (
        ".p7b",
        "application/pkcs7-mime",
        lambda entry: downloads.chain_p7b(entry.version.chain),
        _chain,
    ),
    DownloadKind.PEM: (
        ".pem",
        "application/pem-certificate-chain",  # RFC 8555 section 9.1
        lambda entry: downloads.chain_pem(entry.version.chain),
        _chain,
    ),
    DownloadKind.PKIPATH: (
        ".pkipath",
        "application/pkix-pkipath",
        lambda entry: downloads.chain_pkipath(entry.version.chain),
        _chain,
    ),
    DownloadKind.PUB: (".pub", "text/plain", _openssh, _none),
    DownloadKind.SSH2: ("_ssh2.pub", "text/plain", _ssh2, _none),
}
"""Of the forms that need nothing but the entry: suffix of the file, media type, writer, and the
certificates that are in it.
"""
