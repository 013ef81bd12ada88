"""The attributes of one certificate of an entry, labelled and grouped as SAP's monitor has them."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime

from cryptography.x509.oid import NameOID

from keysteward.entries import Owner
from keysteward.formats import downloads
from keysteward.formats.ssh import public_keys
from keysteward.pki.certificates import Certificate
from keysteward.pki.usages import Usage
from keysteward.problems import KeyTypeUnsupported
from keysteward.ui import plans
from keysteward.ui.entry_places import Place
from keysteward.ui.routing import Visit
from keysteward.ui.wording import words


@dataclass(frozen=True, slots=True)
class Attribute:
    """One line: a label with texts (each on a line of its own), a time, a digest, or nothing."""

    label: str
    texts: tuple[str, ...] = ()
    moment: datetime | None = None
    digest: str = ""
    """Octets in hexadecimal; shown in pairs, and copied either way."""
    copied: str = ""
    """What the button of texts copies; empty: it has none."""
    long: bool = False
    """Whether it has a line of its own."""


@dataclass(frozen=True, slots=True)
class Group:
    """Attributes under one heading."""

    title: str
    attributes: tuple[Attribute, ...]


def short_name(certificate: Certificate) -> str:
    """Return the common name, else the whole subject; empty for a subject without any name."""
    for attribute in certificate.subject_dn.get_attributes_for_oid(NameOID.COMMON_NAME):
        if isinstance(attribute.value, str) and attribute.value.isprintable():
            return attribute.value
    return certificate.subject


def pem(certificate: Certificate) -> str:
    """Return the certificate as a PEM block."""
    return downloads.certificate_cer(certificate).decode("ascii")


def groups(visit: Visit, place: Place, certificate: Certificate) -> tuple[Group, ...]:
    """Return all that is said of one certificate of an entry's chain."""
    return (
        _general(visit, place),
        _administration(visit, place),
        Group(visit.text("Certificate"), _certificate(visit, certificate)),
        Group(visit.text("Fingerprints"), _fingerprints(certificate)),
        Group(
            visit.text("Purpose and Key"),
            (*_extensions(visit, certificate), *_ssh(visit, place, certificate)),
        ),
    )


def _general(visit: Visit, place: Place) -> Group:
    entry = place.entry
    owner = words.of(entry.owner, visit.language.code)
    if entry.owner is Owner.PROVIDER:
        owner = visit.steward.settings.provider
    return Group(
        visit.text("General"),
        (
            _text(visit.text("Keystore"), visit.keystore),
            _text(visit.text("Alias"), entry.alias, copied=True),
            _text(visit.text("Owner"), owner),
        ),
    )


def _administration(visit: Visit, place: Place) -> Group:
    entry = place.entry
    return Group(
        visit.text("Administrative Data"),
        (
            _text(visit.text("Created By"), entry.created_by),
            Attribute(visit.text("Created On"), moment=entry.created_at),
            _text(visit.text("Last Modified By"), entry.modified_by),
            Attribute(visit.text("Last Modified On"), moment=entry.modified_at),
        ),
    )


def _certificate(visit: Visit, certificate: Certificate) -> tuple[Attribute, ...]:
    key = certificate.key
    return (
        _text(visit.text("Type"), "X.509"),
        _text(visit.text("Version"), str(certificate.version)),
        _serial_number(visit, certificate),
        _text(visit.text("Subject DN"), certificate.subject, copied=True, long=True),
        _text(visit.text("Issuer DN"), certificate.issuer, copied=True, long=True),
        _text(visit.text("Key Type"), key.type if key.curve is None else f"{key.type} {key.curve}"),
        _text(visit.text("Key Size"), str(key.size) if key.size else ""),
        _text(visit.text("Signature Algorithm"), certificate.signature_algorithm, long=True),
        Attribute(visit.text("Valid From"), moment=certificate.not_before),
        Attribute(visit.text("Valid Until"), moment=certificate.not_after),
    )


def _fingerprints(certificate: Certificate) -> tuple[Attribute, ...]:
    return (
        _digest("SHA-1", certificate.fingerprint_sha1),
        _digest("SHA-256", certificate.fingerprint),
        _digest("SHA-512", hashlib.sha512(certificate.der).hexdigest()),
    )


def _extensions(visit: Visit, certificate: Certificate) -> tuple[Attribute, ...]:
    found = certificate.extensions
    extended = _extended_key_usages(visit)
    return (
        Attribute(visit.text("Alternative names"), found.san, copied="\n".join(found.san)),
        Attribute(
            visit.text("Key usage"),
            tuple(_key_usages(visit).get(name, name) for name in plans.key_usages(certificate)),
        ),
        Attribute(
            visit.text("Extended key usage"),
            tuple(extended.get(name, name) for name in plans.extended_key_usages(certificate)),
        ),
        _text(visit.text("Certification authority"), _authority(visit, certificate)),
        _digest(visit.text("Subject key identifier"), (found.subject_key_id or b"").hex()),
        _digest(visit.text("Authority key identifier"), (found.authority_key_id or b"").hex()),
        _digest(visit.text("Public key SHA-256"), certificate.public_key_sha256),
    )


def _ssh(visit: Visit, place: Place, certificate: Certificate) -> tuple[Attribute, ...]:
    """Return how OpenSSH calls the key of an entry that is for SSH; nothing of any other."""
    entry = place.entry
    if entry.usage is not Usage.SSH or certificate != entry.version.certificate:
        return ()
    try:
        line = public_keys.openssh_line(certificate.spki, "")
    except KeyTypeUnsupported:
        return ()
    blob = base64.b64decode(line.split()[1])
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    label = visit.text("OpenSSH fingerprint")
    return (_text(label, f"SHA256:{digest}", copied=True, long=True),)


def _authority(visit: Visit, certificate: Certificate) -> str:
    found = certificate.extensions
    if not found.is_ca:
        return visit.text("no") if found.is_ca is not None else ""
    if found.path_length is None:
        return visit.text("yes")
    return visit.text("yes, with a path length of {n} at most", n=found.path_length)


def _serial_number(visit: Visit, certificate: Certificate) -> Attribute:
    label, shown = visit.text("Serial Number"), plans.serial_number(certificate)
    if certificate.serial_number < 0:
        return _text(label, shown, copied=True, long=True)
    return _digest(label, shown.replace(":", "").lower())


def _digest(label: str, digits: str) -> Attribute:
    return Attribute(label, digest=digits, long=True)


def _text(label: str, value: str, *, copied: bool = False, long: bool = False) -> Attribute:
    return Attribute(label, (value,) if value else (), copied=value if copied else "", long=long)


def _key_usages(visit: Visit) -> dict[str, str]:
    """Return the words of the key usages, by their names in RFC 5280 section 4.2.1.3."""
    return {
        "digitalSignature": visit.text("Digital signature (digitalSignature)"),
        "nonRepudiation": visit.text("Commitment to content (nonRepudiation)"),
        "keyEncipherment": visit.text("Encryption of keys (keyEncipherment)"),
        "dataEncipherment": visit.text("Encryption of data (dataEncipherment)"),
        "keyAgreement": visit.text("Key agreement (keyAgreement)"),
        "keyCertSign": visit.text("Signing certificates (keyCertSign)"),
        "cRLSign": visit.text("Signing revocation lists (cRLSign)"),
    }


def _extended_key_usages(visit: Visit) -> dict[str, str]:
    """Return the words of extended key usages, by the names that ``plans`` gives them."""
    return {
        "anyExtendedKeyUsage": visit.text("Every purpose (anyExtendedKeyUsage)"),
        "serverAuth": visit.text("TLS server (serverAuth)"),
        "clientAuth": visit.text("TLS client (clientAuth)"),
        "codeSigning": visit.text("Signing code (codeSigning)"),
        "emailProtection": visit.text("E-mail (emailProtection)"),
        "timeStamping": visit.text("Time stamps (timeStamping)"),
        "OCSPSigning": visit.text("Signing status answers (OCSPSigning)"),
        "secureShellClient": visit.text("SSH client (secureShellClient)"),
        "secureShellServer": visit.text("SSH server (secureShellServer)"),
        "documentSigning": visit.text("Signing documents (documentSigning)"),
    }
