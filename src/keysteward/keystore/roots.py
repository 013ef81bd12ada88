"""The root above a chain that ends without it, looked for among the keystore's certificates."""

from dataclasses import dataclass

from keysteward.entries import Entry
from keysteward.keystore.steward import Steward
from keysteward.notices import NoticeKind
from keysteward.pki import chains
from keysteward.pki.certificates import Certificate
from keysteward.pki.chains import Verifier
from keysteward.problems import ResponseTooComplex, RootMissing, SignatureInvalid
from keysteward.values import Notice

_MOST_CANDIDATES = 64
"""Certificates looked at for one root; beyond the first few they are namesakes of each other."""


@dataclass(frozen=True, slots=True)
class FoundRoot:
    """A self-signed certificate, and a notice unless it stands in the chain itself."""

    certificate: Certificate
    notices: tuple[Notice, ...] = ()


def get_root(steward: Steward, entry: Entry) -> FoundRoot:
    """Return the root of an entry's current chain: its last certificate, if that is self-signed.

    Otherwise certificate entries of the keystore are followed upwards, as many as it takes; each
    signature is verified. Whether they are trusted makes no difference.

    Raises RootMissing, rather than give out an intermediate.
    """
    top = entry.version.chain[-1]
    if top.self_signed:
        return FoundRoot(top)
    candidates = _candidates(steward, entry.keystore_id, top.issuer_name)
    try:
        path = chains.build_chain(
            top, (), steward.clock(), Verifier(), keystore=candidates
        ).certificates
    except SignatureInvalid as broken:
        raise RootMissing(entry.alias, broken.subject, broken.issuer) from broken
    except ResponseTooComplex as problem:
        raise RootMissing(entry.alias, top.subject, top.issuer) from problem
    root = path[-1]
    if not root.self_signed:
        raise RootMissing(entry.alias, root.subject, root.issuer)
    names = ", ".join(repr(c.subject) for c in path[1:])
    return FoundRoot(
        root,
        (
            NoticeKind.ROOT_FROM_KEYSTORE.about(
                f"The chain of {entry.alias!r} ends with {top.subject!r}. Taken from the "
                f"keystore's certificate entries: {names}. SHA-256 of the root: {root.fingerprint}."
            ),
        ),
    )


def has_root(steward: Steward, entry: Entry) -> bool:
    """Tell whether ``get_root`` finds one."""
    try:
        get_root(steward, entry)
    except RootMissing:
        return False
    return True


def _candidates(steward: Steward, keystore_id: int, issuer_name: bytes) -> tuple[Certificate, ...]:
    """Return the certificate entries with this name, with their issuers' names, and so on."""
    candidates: dict[Certificate, None] = {}
    names = [issuer_name]
    for name in names:
        for found in steward.store.find_certificate_entries(keystore_id, name):
            candidates[found] = None
            if found.issuer_name not in names:
                names.append(found.issuer_name)
        if len(candidates) >= _MOST_CANDIDATES:
            break
    return tuple(candidates)[:_MOST_CANDIDATES]
