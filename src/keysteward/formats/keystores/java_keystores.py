"""Reading JKS and JCEKS, which differ in their magic and in what they may hold."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from keysteward.formats import der
from keysteward.formats.keystores import java_keys, java_stream
from keysteward.formats.keystores.contract import (
    FileCertificate,
    FileKey,
    KeystoreFile,
    LockedKey,
    Opening,
    Skipped,
)
from keysteward.formats.keystores.java_keys import Encrypted, Masked, Password
from keysteward.formats.keystores.java_stream import (
    CertificateEntry,
    KeyEntry,
    RawEntry,
    TypedCertificate,
)
from keysteward.problems import KeyDerivationTooCostly, KeystoreUnreadable, PasswordWrong
from keysteward.values import Secret


@dataclass(frozen=True, slots=True)
class Layout:
    """What tells the two formats apart."""

    name: str
    magic: bytes
    secret_keys: bool
    protections: tuple[type[Masked] | type[Encrypted], ...]
    """How Java's own reader of this format expects private keys to be protected."""


def read(data: bytes, opening: Opening, layout: Layout) -> KeystoreFile:
    """Return what the file holds.

    1. All of it is walked, without a password.
    2. The password is compared with the digest at the end. A file of certificates alone can be read
       without a password, as Java does it, and then nothing tells whether it was altered.
    3. The work that all keys ask for is added up, and compared with what is allowed.
    4. Each key is opened, by the file's password or by that of the keys.
    """
    try:  # 1
        entries = java_stream.read(data, secret_keys=layout.secret_keys)
    except java_stream.Damaged as error:
        raise KeystoreUnreadable(f"The {layout.name} file {error}") from error
    keys = [entry for entry in entries if isinstance(entry, KeyEntry)]
    passwords = _proven(data, opening, layout.name, keys)  # 2
    protected = [_protected(entry, layout) for entry in keys]  # 3
    _require_bearable(protected, passwords, opening.limit_rounds)
    opened = _opened(protected, passwords)
    return _file(layout.name, entries, opened, proven=opening.proves)  # 4


def _proven(
    data: bytes, opening: Opening, name: str, keys: Sequence[KeyEntry]
) -> tuple[Password, ...]:
    """Return the passwords that keys may have, that of the file first."""
    if opening.password is None:
        if keys:
            raise PasswordWrong(
                f"The {name} file holds {len(keys):,} private "
                f"{'key' if len(keys) == 1 else 'keys'} and needs its password."
            )
        return ()
    password = _password(opening.password)
    body = memoryview(data)[: -java_stream.DIGEST_BYTES]
    if password.digest(java_stream.WHITENER, body) != data[-java_stream.DIGEST_BYTES :]:
        raise PasswordWrong(
            f"The password is not that of the {name} file, or the file was altered after it was "
            "written. Try the password again; if it is right, fetch the file anew."
        )
    other = opening.key_password
    if other is None or other.reveal() == opening.password.reveal():
        return (password,)
    return password, _password(other)


def _password(secret: Secret) -> Password:
    with suppress(UnicodeDecodeError):
        return Password(secret.reveal().decode())
    # Not raised where that error is handled: it holds the password, and would be the context.
    raise PasswordWrong("The password is no UTF-8 text; type it anew.")


def _protected(entry: KeyEntry, layout: Layout) -> Masked | Encrypted | str:
    """Return the protected key, or why it cannot be opened."""
    try:
        found = java_keys.read(entry.protected)
    except der.Damaged:
        return "a private key whose encryption is malformed"
    if not isinstance(found, layout.protections):
        return f"a private key that is not encrypted as keys in {layout.name} are"
    return found


def _require_bearable(
    protected: Iterable[Masked | Encrypted | str], passwords: Sequence[Password], limit: int
) -> None:
    """Refuse a file whose keys take too much work, were each password tried on each of them."""
    asked = sum(key.rounds for key in protected if not isinstance(key, str)) * len(passwords)
    if asked > limit:
        raise KeyDerivationTooCostly(f"{asked:,} rounds of key derivation", f"{limit:,}")


def _opened(
    protected: Iterable[Masked | Encrypted | str], passwords: Sequence[Password]
) -> Iterator[Secret | str | None]:
    """Yield the clear form of each key, None if another password may open it, or why none can."""
    for key in protected:
        if isinstance(key, str):
            yield key
            continue
        found = (key.opened(password) for password in passwords)
        clear = next((pkcs8 for pkcs8 in found if pkcs8 is not None), None)
        yield None if clear is None else Secret(clear)


def _file(
    name: str,
    entries: Iterable[RawEntry],
    opened: Iterator[Secret | str | None],
    *,
    proven: bool,
) -> KeystoreFile:
    keys: list[FileKey] = []
    locked: list[LockedKey] = []
    certificates: list[FileCertificate] = []
    skipped: list[Skipped] = []
    for entry in entries:
        if isinstance(entry, KeyEntry):
            clear = next(opened)
            if isinstance(clear, str):
                skipped.append(Skipped(entry.alias, clear))
                continue
            chain = _x509(entry.alias, entry.chain, skipped)
            if clear is None:
                locked.append(LockedKey(entry.alias, len(keys) + len(locked), chain))
            else:
                keys.append(FileKey(entry.alias, clear, chain))
        elif isinstance(entry, CertificateEntry):
            certificates += [
                FileCertificate(entry.alias, content, trusted=True)
                for content in _x509(entry.alias, (entry.certificate,), skipped)
            ]
        else:
            skipped.append(Skipped(entry.alias, "a secret key, which has no place here"))
    return KeystoreFile(
        name, tuple(keys), tuple(certificates), tuple(skipped), proven, tuple(locked)
    )


def _x509(
    alias: str, certificates: Iterable[TypedCertificate], skipped: list[Skipped]
) -> tuple[bytes, ...]:
    """Return those of X.509 and list the others."""
    found = []
    for type_, content in certificates:
        if type_ == java_stream.X509:
            found.append(content)
        else:
            skipped.append(Skipped(alias, f"a certificate of the type {type_[:40]!r}, not X.509"))
    return tuple(found)
