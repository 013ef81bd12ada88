"""TLS of the server: its own certificate, a self-signed one made on first start, or none.

Plain HTTP is for loopback addresses alone: passwords and tokens would be read on the way.
"""

import ipaddress
import os
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from keysteward.pki import key_pairs, pem_blocks, subjects
from keysteward.pki.certificates import Certificate, read_certificate, san_texts
from keysteward.pki.contents import Content
from keysteward.pki.key_pairs import KeySpec, Validity
from keysteward.pki.subjects import Subject
from keysteward.pki.usages import Usage
from keysteward.problems import Problem, SettingInvalid, SubjectInvalid
from keysteward.sealing import folders
from keysteward.settings import Settings
from keysteward.values import Fingerprint

LIFE = timedelta(days=397)
"""Of a self-signed certificate: as long as browsers take one."""
RENEWED_BEFORE = timedelta(days=30)
"""A self-signed certificate that ends within this is replaced when the server starts."""
FOLDER = "tls"
"""In the data folder: where a self-signed certificate and its key lie."""

_COMMON_NAME = "Keysteward"
_CERTIFICATE = "KEYSTEWARD_TLS_CERTIFICATE"
_KEY = "KEYSTEWARD_TLS_KEY"
_HOST = "KEYSTEWARD_HOST"
UNSPECIFIED = ("0.0.0.0", "::", "")  # noqa: S104 - compared, not listened on
"""Hosts that mean all addresses, at none of which a client can connect."""


@dataclass(frozen=True, slots=True)
class Tls:
    """What a server speaks TLS with."""

    context: ssl.SSLContext
    fingerprint: Fingerprint
    self_signed: bool
    """Whether the certificate is one that was made here."""


def choose(settings: Settings, now: datetime) -> Tls | None:
    """Return what the settings ask for; None is plain HTTP, which only loopback addresses get.

    Makes a self-signed certificate if it needs one. Raises SettingInvalid for files that cannot be
    used, before anything listens; OSError for a data folder that cannot be written.
    """
    certificate, key = settings.tls_certificate, settings.tls_key
    if certificate is not None and key is not None:
        return _load(certificate, key, self_signed=False)
    if certificate is not None or key is not None:
        raise SettingInvalid(
            _KEY if key is None else _CERTIFICATE, "it is not set; certificate and key go together."
        )
    if not settings.tls and _is_loopback(settings.host):
        return None
    folder = settings.data / FOLDER
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    return _good(certificate, key, settings.host, now) or _make(
        certificate, key, settings.host, now
    )


def require_loopback(addresses: Iterable[str]) -> None:
    """Refuse to speak plain HTTP where others could listen. Raises SettingInvalid."""
    for address in addresses:
        if not _is_loopback(address):
            raise SettingInvalid(_HOST, f"it means {address}, which needs TLS. Turn TLS on.")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _load(certificate: Path, key: Path, *, self_signed: bool) -> Tls:
    first = _first_certificate(certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        # Without a password OpenSSL would ask the terminal for that of an encrypted key.
        context.load_cert_chain(certificate, key, password=lambda: b"")
    except ssl.SSLError as error:
        if error.reason in ("KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH"):
            reason = f"'{key}' is the key of another certificate than '{certificate}'."
        else:
            reason = f"'{key}' cannot be used as an unencrypted private key in PEM."
        raise SettingInvalid(_KEY, reason) from error
    except OSError as error:
        raise SettingInvalid(_KEY, f"'{key}': {_reason(error)}.") from error
    return Tls(context, first.fingerprint, self_signed)


def _first_certificate(path: Path) -> Certificate:
    try:
        blocks = pem_blocks.find(path.read_bytes())
    except OSError as error:
        raise SettingInvalid(_CERTIFICATE, f"'{path}': {_reason(error)}.") from error
    ders = [block.der for block in blocks if block.label == "CERTIFICATE" and block.der]
    if not ders:
        raise SettingInvalid(_CERTIFICATE, f"'{path}' holds no certificate in PEM.")
    try:
        return read_certificate(ders[0])
    except Problem as error:
        raise SettingInvalid(_CERTIFICATE, f"'{path}' holds a damaged certificate.") from error


# ---- the self-signed certificate


def _good(certificate: Path, key: Path, host: str, now: datetime) -> Tls | None:
    """Return what was made before, unless it ends soon, names too little, or is damaged."""
    try:
        found = _first_certificate(certificate)
        named = set(_names(host)) <= set(found.extensions.san)
        if not named or found.not_after - now <= RENEWED_BEFORE:
            return None
        return _load(certificate, key, self_signed=True)
    except SettingInvalid:
        return None


def _make(certificate: Path, key: Path, host: str, now: datetime) -> Tls:
    folders.make(certificate.parent)
    private = key_pairs.generate(KeySpec("ec", curve="secp256r1"))
    name = subjects.build_name(Subject(_COMMON_NAME))
    content = Content(name, subjects.build_san(_names(host)), Usage.TLS_SERVER)
    start = now.replace(microsecond=0)
    der = key_pairs.build_placeholder(private, content, Validity(start, start + LIFE))
    pkcs8 = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    # Whatever stops this between the two leaves files that do not fit together, which are replaced
    # at the next start.
    _write(key, pkcs8)
    _write(certificate, pem_blocks.write("CERTIFICATE", der))
    return _load(certificate, key, self_signed=True)


def _names(host: str) -> tuple[str, ...]:
    """Return the names and addresses under which clients may know this host, each once."""
    names = ["localhost", "127.0.0.1", "::1", os.uname().nodename]
    if host not in UNSPECIFIED:
        names.append(host.partition("%")[0])
    return tuple(dict.fromkeys(san for name in names if (san := _san(name)) is not None))


def _san(name: str) -> str | None:
    """Return a name as a certificate has it; None for one that no certificate can have."""
    try:
        return f"IP:{ipaddress.ip_address(name)}"
    except ValueError:
        pass
    try:
        built = subjects.build_san([f"DNS:{name.lower()}"])
    except SubjectInvalid:
        return None
    return None if built is None else san_texts(built)[0]


def _write(path: Path, content: bytes) -> None:
    """Write a file of mode 0600, whole or not at all."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    folders.sync(path.parent)


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
