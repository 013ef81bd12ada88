"""Files with a key pair, PEM or PKCS#12: the one key that is meant, and its certificates."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from keysteward.formats.keystores import pkcs12
from keysteward.formats.keystores.contract import FileKey, KeystoreFile, Opening
from keysteward.keystore import certificates as certificates_
from keysteward.pki import chains, private_keys, public_keys
from keysteward.pki.certificates import Certificate, read_certificate
from keysteward.pki.key_pairs import PrivateKey
from keysteward.problems import (
    CertificateOfAnotherKey,
    KeyNotInFile,
    PrivateKeyUnreadable,
    SeveralKeys,
    UploadTooLarge,
)
from keysteward.settings import Settings
from keysteward.values import Secret

PEM = "PEM"

_SETTING = "KEYSTEWARD_KEY_PAIR_LIMIT_BYTES"

_LOCKED = "a private key that is encrypted with another password"

_WHOLE = "Import it as a whole keystore if it is one: that takes larger files."

_TWO_SECRETS = (
    "Import it as a whole keystore: that takes files whose keys have another password than the "
    "file."
)


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A proven private key, and what of its file may be its certificate and chain."""

    key: PrivateKey = field(repr=False)
    certificates: tuple[Certificate, ...]
    """Those that the caller gave first. One of them at least is for the key, unless there are
    none."""
    format: str
    """``PEM`` (or bare DER) or ``PKCS#12``."""
    left: tuple[str, ...] = ()
    """What else of the file is not taken, in words: other keys, what could not be opened."""
    names: tuple[str, ...] = ()
    """What the keys of a PKCS#12 file can be chosen by, in the order of the file."""


def read_key_file(
    data: bytes,
    password: Secret | None,
    *,
    choose: str | None = None,
    certificates: Sequence[Certificate] = (),
    settings: Settings,
) -> KeyFile:
    """Return the key of a PEM or PKCS#12 file, told apart by their content, as proven.

    Args:
        data: the file.
        password: None if none was given.
        choose: which of several keys: a name as SeveralKeys tells it, or ``#2`` for the second one.
        certificates: what the caller gives besides the file, in any order.
        settings: limits of the file and of the work to open it.

    Raises:
        UploadTooLarge: nothing was read.
        SeveralKeys: and none was chosen.
        KeyNotInFile: the chosen one is not there.
        CertificateOfAnotherKey: there are certificates, and none is for the key.
        PrivateKeyUnreadable, KeyTypeUnsupported, CertificateUnreadable: of the key and what lies
            beside it.
        PasswordWrong: of either format.
        KeystoreUnreadable, KeyDerivationTooCostly: of PKCS#12 as a whole.
    """
    limit = settings.key_pair_limit_bytes
    if len(data) > limit:
        raise UploadTooLarge("a key pair", limit, _SETTING, _WHOLE)
    if pkcs12.recognises(data):
        opening = Opening(password, None, settings.derivation_limit_rounds)
        found = _of_pkcs12(pkcs12.read(data, opening), choose)
    else:
        found = _of_pem(data, password, choose)
    candidates = tuple(dict.fromkeys((*certificates, *found.certificates)))
    if candidates and _own(found.key, candidates) is None:
        raise CertificateOfAnotherKey(candidates[0].subject)
    return replace(found, certificates=candidates)


def read_chain_file(data: bytes, settings: Settings) -> tuple[Certificate, ...]:
    """Return the certificates that are given beside a key, in any form.

    Raises UploadTooLarge, CertificateUnreadable.
    """
    limit = settings.key_pair_limit_bytes
    if len(data) > limit:
        raise UploadTooLarge("the certificates of a key pair", limit, _SETTING)
    return certificates_.read_certificates(data)


def may_need_password(data: bytes) -> bool:
    """Tell whether the file is of a form that usually opens with a password only."""
    return pkcs12.recognises(data) or b"ENCRYPTED" in data


def _of_pem(data: bytes, password: Secret | None, choose: str | None) -> KeyFile:
    imported = private_keys.read_private_key(data, password)
    if choose is not None:
        own = _own(imported.key, imported.certificates)
        _position(choose, _names([own.subject if own else ""]))
    return KeyFile(imported.key, imported.certificates, PEM)


def _of_pkcs12(file: KeystoreFile, choose: str | None) -> KeyFile:
    names = _names([_name(key) for key in file.keys])
    if not names:
        raise PrivateKeyUnreadable(_no_key(file))
    if choose is None and len(names) > 1:
        raise SeveralKeys(names)
    position = 0 if choose is None else _position(choose, names)
    chosen = file.keys[position]
    others = [key for key in file.keys if key is not chosen]
    given = (*chosen.certificates, *(certificate.der for certificate in file.certificates))
    # The other keys' certificates are left with them, unless they may have issued this one's.
    of_others = (read_certificate(der) for key in others for der in key.certificates)
    issuers = (certificate for certificate in of_others if chains.may_sign(certificate) is None)
    left = [f"the key {name!r}" for place, name in enumerate(names) if place != position]
    return KeyFile(
        private_keys.require_proven(private_keys.load_pkcs8(chosen.pkcs8)),
        tuple(dict.fromkeys((*map(read_certificate, given), *issuers))),
        pkcs12.FORMAT,
        (*left, *_not_opened(file)),
        names,
    )


def _own(key: PrivateKey, certificates: Iterable[Certificate]) -> Certificate | None:
    spki = public_keys.spki(key.public_key())
    return next((c for c in certificates if c.spki == spki), None)


def _name(key: FileKey) -> str:
    if key.name or not key.certificates:
        return key.name
    return read_certificate(key.certificates[0]).subject


def _names(given: Iterable[str]) -> tuple[str, ...]:
    """Return names to choose by: none missing, none twice; where needed they tell the place."""
    names: list[str] = []
    for place, name in enumerate(given, start=1):
        shown = name or f"#{place}"
        while shown in names:
            shown += f" #{place}"
        names.append(shown)
    return tuple(names)


def _position(choose: str, names: tuple[str, ...]) -> int:
    if choose in names:
        return names.index(choose)
    by_place = [f"#{place}" for place in range(1, len(names) + 1)]
    if choose in by_place:
        return by_place.index(choose)
    raise KeyNotInFile(choose, names)


def _no_key(file: KeystoreFile) -> str:
    not_opened = _not_opened(file)
    if not not_opened:
        return f"The {file.format} file holds certificates alone. Give the file with the key."
    found = ", ".join(not_opened[:4])
    return (
        f"The {file.format} file holds no private key that could be opened, but {found}. "
        f"{_TWO_SECRETS}"
    )


def _not_opened(file: KeystoreFile) -> tuple[str, ...]:
    locked = (_in_words(key.name, _LOCKED) for key in file.locked)
    return (*locked, *(_in_words(skipped.name, skipped.reason) for skipped in file.skipped))


def _in_words(name: str, reason: str) -> str:
    return f"{name!r} ({reason})" if name else reason
