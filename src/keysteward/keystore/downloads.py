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


def download(steward: Steward, caller: Caller, entry: Entry, kind: DownloadKind) -> Download:
    """Return one form of an entry's current version. There is never a private key in it.

    Raises RootMissing for a root that is nowhere, KeyTypeUnsupported for a public key that SSH does
    not have, and for a signing request what ``write_signing_request`` does.
    """
    if kind is DownloadKind.CSR:
        wish = RequestWish(Subject())
        pem = signing_requests.write_signing_request(steward, caller, entry.alias, wish)
        return _named(entry, ".csr", "application/pkcs10", pem)
    if kind is DownloadKind.ROOTCA:
        root = roots.get_root(steward, entry)
        content = downloads.certificate_cer(root.certificate)
        return _named(entry, "_rootCA.cer", _PKIX_CERT, content, root.notices)
    if kind is DownloadKind.PACKAGE:
        return _package(steward, entry)
    suffix, media_type, write = _FORMS[kind]
    return _named(entry, suffix, media_type, write(entry))


def public_keystore(
    entries: Iterable[tuple[str, Sequence[Certificate]]],
    form: KeystoreForm,
    at: datetime,
    *,
    of_backup: bool = False,
) -> Download:
    """Return the certificates of alias and chain pairs as a truststore without a password.

    Issuers get numbered aliases, see ``formats.downloads.split_chains``. ``at`` is the time that
    the formats keep with each certificate, aware.
    """
    split = downloads.split_chains(entries)
    dated = [(alias, certificate.der, at) for alias, certificate in split]
    stem = "PublicContentBackupKeystore" if of_backup else "PublicContentKeystore"
    if form is KeystoreForm.P12:
        content = pkcs12_writing.write_truststore([(alias, der) for alias, der, _ in dated])
        return Download(f"{stem}.p12", "application/x-pkcs12", content)
    write = jks.write_truststore if form is KeystoreForm.JKS else jceks.write_truststore
    return Download(f"{stem}.{form}", "application/x-java-keystore", write(dated))


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
    return _named(entry, ".zip", "application/zip", content, notices)


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


_PKIX_CERT = "application/pkix-cert"

_FORMS: dict[DownloadKind, tuple[str, str, _Writer]] = {
    DownloadKind.CER: (
        ".cer",
        _PKIX_CERT,
        lambda entry: downloads.certificate_cer(entry.version.certificate),
    ),
    DownloadKind.P7B: (
        ".p7b",
        "application/pkcs7-mime",
        lambda entry: downloads.chain_p7b(entry.version.chain),
    ),
    DownloadKind.PEM: (
        ".pem",
        "application/pem-certificate-chain",  # RFC 8555 section 9.1
        lambda entry: downloads.chain_pem(entry.version.chain),
    ),
    DownloadKind.PKIPATH: (
        ".pkipath",
        "application/pkix-pkipath",
        lambda entry: downloads.chain_pkipath(entry.version.chain),
    ),
    DownloadKind.PUB: (".pub", "text/plain", _openssh),
    DownloadKind.SSH2: ("_ssh2.pub", "text/plain", _ssh2),
}
"""Of the forms that need nothing but the entry: suffix of the file, media type, writer."""
