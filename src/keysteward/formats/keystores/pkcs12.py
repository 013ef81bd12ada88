"""PKCS#12 keystores with any number of keys (RFC 7292), as Java, OpenSSL and NSS write them.

Opening one goes in these steps, and the work of each is counted before it is done:

1. Walk what is in clear: the safes, the bags of those that are not encrypted, the MAC.
2. Verify the MAC.
3. Open the encrypted safes and walk their bags.
4. Open the keys, on all cores.
5. Put certificates to keys.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from keysteward.formats import der
from keysteward.formats.keystores import pkcs12_bags as bags
from keysteward.formats.keystores import pkcs12_encryption as encryption
from keysteward.formats.keystores import pkcs12_integrity as integrity
from keysteward.formats.keystores import pkcs12_linking as linking
from keysteward.formats.keystores import pkcs12_structure as structure
from keysteward.formats.keystores.contract import (
    FileCertificate,
    FileKey,
    KeystoreFile,
    LockedKey,
    Opening,
    Skipped,
)
from keysteward.formats.keystores.pkcs12_bags import Bag, CertificateBag, ForeignBag, KeyBag
from keysteward.formats.keystores.pkcs12_encryption import Sealed, UnknownAlgorithmError
from keysteward.formats.keystores.pkcs12_integrity import Mac
from keysteward.formats.keystores.pkcs12_opening import Opener
from keysteward.problems import KeystoreUnreadable, PasswordWrong
from keysteward.values import Secret

FORMAT = "PKCS#12"

_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_ENVELOPED_DATA = bytes.fromhex("2a864886f70d010703")
_ENCRYPTED_DATA = bytes.fromhex("2a864886f70d010706")

_VERSION_3 = b"\x02\x01\x03"

_IMPLICIT_0 = (0x80, der.CONTEXT_0)
"""[0] IMPLICIT OCTET STRING, primitive or in pieces."""

_NONE_GIVEN = (
    "The PKCS#12 file is protected by a password, and none was given. Give the one that it was "
    "made with."
)

_DOES_NOT_OPEN = (
    "The password is not the one that the PKCS#12 file was made with, or the file was altered "
    "since. Check the password, above all upper and lower case and the keyboard's layout."
)

_ENCRYPTED_OTHERWISE = (
    "The password is right for the PKCS#12 file as a whole, but a part of it is encrypted with "
    "another one (as by 'openssl pkcs12 -twopass'). Give that one as the password of the keys."
)


@dataclass(frozen=True, slots=True)
class _Walked:
    """The clear outside of a file; a safe is encrypted, or its bags, or why it is not read."""

    authenticated: bytes
    mac: Mac | None
    safes: tuple[Sealed | tuple[Bag, ...], ...]
    rest_bytes: int


def recognises(data: bytes) -> bool:
    """Return whether a PFX starts here, be it damaged or cut off behind its version number."""
    try:
        tag, content = der.header(data, 0)
    except der.Damaged:
        return False
    return tag == der.SEQUENCE and data[content : content + 3] == _VERSION_3


def read(data: bytes, opening: Opening) -> KeystoreFile:
    """Return what the file holds, in its order; a key that does not open is ``locked``.

    A certificate that has a key's localKeyId, or else its public key, is in that key's
    ``certificates``, the key's own one first; all others are the file's, for building chains.
    Names are as the file has them: missing, or used twice.

    Raises:
        KeystoreUnreadable: damaged, protected by a signature or an unknown MAC, too many bags.
        PasswordWrong: missing, wrong, or a safe is encrypted with another one.
        KeyDerivationTooCostly: more rounds than ``opening.limit_rounds``.
    """
    try:
        counter, opener = bags.Counter(), Opener(opening)
        walked = _walk(data, counter)
        opener.foresee(_sealed_of(walked.safes), walked.mac)
        if walked.mac is not None and not opener.verifies(walked.mac, walked.authenticated):
            raise _wrong_or_missing(opening)
        safes = opener.open_safes([safe for safe in walked.safes if isinstance(safe, Sealed)])
        if None in safes:
            raise _wrong_or_missing(opening, mac=walked.mac)
        found = tuple(_open_keys(tuple(_bags(walked, safes, counter)), opener))
    except der.Damaged as error:
        how = "cut off" if error.cut_off else "malformed"
        raise KeystoreUnreadable(f"The PKCS#12 file is {how}.") from error
    if not opener.proven and any(isinstance(bag, KeyBag) and not key for bag, key in found):
        raise _wrong_or_missing(opening)
    proven = walked.mac is not None and opening.proves
    return _file(found, walked.rest_bytes, proven=proven)


# ---- step 1


def _walk(data: bytes, counter: bags.Counter) -> _Walked:
    pfx = der.element(data, 0)
    parts = structure.leading(data, pfx, der.INTEGER, der.SEQUENCE)
    if len(parts) > 3 or structure.whole(data, parts[0]) != _VERSION_3:
        raise der.Damaged
    identifier, *content = structure.leading(data, parts[1], der.OBJECT_IDENTIFIER)
    if structure.content(data, identifier) == _SIGNED_DATA:
        raise KeystoreUnreadable(
            "The PKCS#12 file is protected by a signature instead of a password, which is not "
            "read here."
        )
    if structure.content(data, identifier) != structure.DATA or len(content) != 1:
        raise der.Damaged
    authenticated = structure.octet_string(data, structure.inside(data, content[0]))
    mac = _mac(data, parts[2]) if len(parts) == 3 else None
    return _Walked(authenticated, mac, _safes(authenticated, counter), len(data) - pfx.end)


def _mac(data: bytes, mac_data: der.Element) -> Mac:
    try:
        return integrity.read_mac(data, mac_data)
    except UnknownAlgorithmError as error:
        raise KeystoreUnreadable(
            f"The PKCS#12 file is protected by a MAC that is not known here ({error.name})."
        ) from error


def _safes(data: bytes, counter: bags.Counter) -> tuple[Sealed | tuple[Bag, ...], ...]:
    contents = der.element(data, 0)
    if contents.tag != der.SEQUENCE or contents.end != len(data):
        raise der.Damaged
    safes = []
    for info in der.children(data, contents):
        counter.add()
        safes.append(_safe(data, info, counter))
    return tuple(safes)


def _safe(data: bytes, info: der.Element, counter: bags.Counter) -> Sealed | tuple[Bag, ...]:
    """Read one ContentInfo of an AuthenticatedSafe (RFC 7292 section 4.1)."""
    parts = structure.leading(data, info, der.OBJECT_IDENTIFIER, der.CONTEXT_0)
    identifier = structure.content(data, parts[0])
    value = structure.inside(data, parts[1])
    if identifier == structure.DATA:
        return tuple(bags.read_bags(structure.octet_string(data, value), counter))
    if identifier == _ENVELOPED_DATA:
        return (_foreign("a part that is encrypted for a certificate's owner, not by password"),)
    if identifier != _ENCRYPTED_DATA:
        kind = structure.dotted(identifier)
        return (_foreign(f"a part of an unknown kind ({kind})"),)
    # EncryptedData: version, then content type, algorithm, content (RFC 5652 section 8)
    encrypted = structure.leading(data, value, der.INTEGER, der.SEQUENCE)[1]
    inner = structure.leading(data, encrypted, der.OBJECT_IDENTIFIER, der.SEQUENCE)
    if len(inner) != 3 or inner[2].tag not in _IMPLICIT_0:
        raise der.Damaged
    try:
        return encryption.read_sealed(data, inner[1], structure.octets(data, inner[2]))
    except UnknownAlgorithmError as error:
        return (_foreign(f"a part in an encryption that is not known here ({error.name})"),)


def _foreign(reason: str) -> ForeignBag:
    return ForeignBag(bags.Attributes(), reason)


def _sealed_of(safes: Iterable[Sealed | Sequence[Bag]]) -> list[Sealed]:
    found: list[Sealed] = []
    for safe in safes:
        if isinstance(safe, Sealed):
            found.append(safe)
        else:
            found += (b.key for b in safe if isinstance(b, KeyBag) and isinstance(b.key, Sealed))
    return found


# ---- steps 2 to 5


def _wrong_or_missing(opening: Opening, mac: Mac | None = None) -> PasswordWrong:
    """Say why nothing opens; with ``mac``, which has verified, why the rest does not."""
    if mac is not None:
        return PasswordWrong(_ENCRYPTED_OTHERWISE)
    return PasswordWrong(_NONE_GIVEN if opening.password is None else _DOES_NOT_OPEN)


def _bags(walked: _Walked, opened: Sequence[bytes | None], counter: bags.Counter) -> Iterator[Bag]:
    """Yield the bags of all safes in the file's order; ``opened`` has the encrypted ones'."""
    plaintexts = iter(opened)
    for safe in walked.safes:
        if not isinstance(safe, Sealed):
            yield from safe
        elif plain := next(plaintexts):
            yield from bags.read_bags(plain, counter)


def _open_keys(found: Sequence[Bag], opener: Opener) -> Iterator[tuple[Bag, bytes | None]]:
    """Yield each bag, those of keys with the clear key, or None if no password opens it."""
    sealed = _sealed_of([found])
    opener.foresee(sealed)
    opened = iter(opener.open_keys(sealed))
    for bag in found:
        if not isinstance(bag, KeyBag):
            yield bag, None
        elif isinstance(bag.key, Sealed):
            yield bag, next(opened)
        else:
            yield bag, bag.key


def _file(
    found: Sequence[tuple[Bag, bytes | None]], rest_bytes: int, *, proven: bool
) -> KeystoreFile:
    certificates = [bag for bag, _ in found if isinstance(bag, CertificateBag)]
    bags_of_keys = [(bag, key) for bag, key in found if isinstance(bag, KeyBag)]
    links = linking.link([(bag.attributes, key) for bag, key in bags_of_keys], certificates)
    # A certificate that is marked as trusted is an entry of its own, be it a key's as well.
    taken = {p for link in links for p in link if not certificates[p].attributes.trusted}
    skipped = [
        Skipped(bag.attributes.name, bag.reason) for bag, _ in found if isinstance(bag, ForeignBag)
    ]
    if rest_bytes:
        behind = f"{rest_bytes:,} bytes behind the end of the keystore, which are not part of it"
        skipped.append(Skipped("", behind))
    keys: list[FileKey] = []
    locked: list[LockedKey] = []
    for place, ((bag, key), link) in enumerate(zip(bags_of_keys, links, strict=True)):
        ders = tuple(certificates[p].der for p in link)
        if key is None:
            locked.append(LockedKey(bag.attributes.name, place, ders))
        else:
            keys.append(FileKey(bag.attributes.name, Secret(key), ders))
    alone = tuple(
        FileCertificate(bag.attributes.name, bag.der, bag.attributes.trusted)
        for position, bag in enumerate(certificates)
        if position not in taken
    )
    return KeystoreFile(FORMAT, tuple(keys), alone, tuple(skipped), proven, tuple(locked))
