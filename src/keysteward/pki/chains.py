"""Finding the certificate for a key, and the chain above it, in a heap of certificates.

Steps of ``build_chain``, a shortest-path search (RFC 4158 describes the problem):

1. The end-entity certificate is the start; each certificate whose issuer was found leads to it.
2. An issuer is a certificate whose subject is the child's issuer name and whose key made the
   child's signature. Key identifiers only decide which pair is tried first, and whether a failure
   counts.
3. A path ends at a self-signed certificate (rooted), or where no issuer is at hand (open), or where
   the issuer at hand did not make the signature although it claims to be the one (broken).
4. Of all ends the best is the one with the fewest defects (broken; no CA; not valid now), then a
   rooted before an open one, then the shortest path, then certificates of the response before the
   keystore's, then the youngest. Fingerprints break the last ties, so file order never matters.
"""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from keysteward.pki import certificates
from keysteward.pki.certificates import Certificate
from keysteward.problems import ResponseTooComplex, SignatureInvalid
from keysteward.values import Fingerprint

MOST_VERIFICATIONS = 100
"""Signature verifications per response: an honest chain needs one per certificate."""


@dataclass(slots=True)
class Verifier:
    """Verifies each pair of certificates once and counts, up to MOST_VERIFICATIONS."""

    count: int = 0
    _known: dict[tuple[Fingerprint, Fingerprint], str | None] = field(default_factory=dict)

    def failure(self, child: Certificate, issuer: Certificate) -> str | None:
        """Return None if the issuer signed the child, else why that is not proven.

        Raises ResponseTooComplex when the bound is reached.
        """
        pair = child.fingerprint, issuer.fingerprint
        if pair not in self._known:
            if self.count >= MOST_VERIFICATIONS:
                raise ResponseTooComplex(
                    f"The chain cannot be found with {MOST_VERIFICATIONS} signature verifications."
                )
            self.count += 1
            self._known[pair] = certificates.failure_of_signature(child, issuer)
        return self._known[pair]

    def is_self_signed(self, certificate: Certificate) -> bool:
        """Return whether its own key made the certificate's signature."""
        return certificate.self_issued and self.failure(certificate, certificate) is None


@dataclass(frozen=True, slots=True)
class BuiltChain:
    """A chain, end-entity first; ``rooted`` if its last certificate is self-signed."""

    certificates: tuple[Certificate, ...]
    rooted: bool


def choose_certificate(
    candidates: Iterable[Certificate],
    keys: frozenset[bytes],
    now: datetime,
    verifier: Verifier,
) -> Certificate | None:
    """Return the best certificate for one of the keys (canonical SubjectPublicKeyInfo), or None.

    CA-issued before self-signed, valid before expired, then the latest ``not_before``.
    """
    fitting = [c for c in candidates if c.spki and c.spki in keys]
    if not fitting:
        return None
    return max(
        fitting,
        key=lambda c: (
            not verifier.is_self_signed(c),
            c.not_after >= now,
            c.not_before,
            c.fingerprint,
        ),
    )


def identifies(issuer: Certificate, child: Certificate) -> bool:
    """Tell whether the child's authority key identifier fits the issuer (RFC 5280 section 4.2.1.1).

    True as well where no identifier is there to compare: then the name is all there is.
    """
    wanted, own = child.extensions.authority_key_id, issuer.extensions.subject_key_id
    if wanted is not None and own is not None:
        return wanted == own
    if child.extensions.authority_serial is not None:
        return child.extensions.authority_serial == issuer.serial_number
    return True


def may_sign(certificate: Certificate) -> str | None:
    """Return None if the certificate may sign others, else why not (RFC 5280 section 6.1.4)."""
    extensions = certificate.extensions
    version_1_root = certificate.version == 1 and certificate.self_signed
    if extensions.is_ca is False:
        return "its basic constraints say that it is no CA"
    if extensions.is_ca is None and not version_1_root:
        return "it has no basic constraints that make it a CA"
    if extensions.key_usage is not None and "key_cert_sign" not in extensions.key_usage:
        return "its key usage does not include keyCertSign"
    return None


def build_chain(
    end_entity: Certificate,
    response: Iterable[Certificate],
    now: datetime,
    verifier: Verifier,
    *,
    keystore: Iterable[Certificate] = (),
) -> BuiltChain:
    """Return the best chain above the end-entity certificate, as the steps at the top say.

    Raises SignatureInvalid if the best path is a broken one, ResponseTooComplex if the bound on
    verifications is reached.
    """
    search = _Search(now, verifier, response, keystore)
    path, failure = search.run(end_entity)
    if failure is not None:
        child, reason = failure
        raise SignatureInvalid(child.subject, child.issuer, reason)
    return BuiltChain(path, path[-1].self_signed)


_Cost = tuple[int, int, int, int]
"""Of a path: issuers that may not sign, issuers not valid now, length, how many of the keystore."""

_Step = tuple[_Cost, tuple[float, ...], tuple[Fingerprint, ...], tuple[Certificate, ...]]
"""A path in the queue: its cost, then the ages of its issuers, lowest first, and to break ties the
fingerprints of its certificates, the last one first: no two paths have the same."""

_End = tuple[
    tuple[int, tuple[int, int], int, int],
    tuple[Certificate, ...],
    tuple[Certificate, str] | None,
]
"""Where a path ends: how bad (broken, defects, open, then length), the path, and what broke."""


class _Search:
    def __init__(
        self,
        now: datetime,
        verifier: Verifier,
        response: Iterable[Certificate],
        keystore: Iterable[Certificate],
    ) -> None:
        self._now = now
        self._verifier = verifier
        self._by_subject: dict[bytes, dict[Certificate, bool]] = {}
        for source, foreign in ((response, False), (keystore, True)):
            for certificate in source:
                self._by_subject.setdefault(certificate.subject_name, {}).setdefault(
                    certificate, foreign
                )

    def run(
        self, end_entity: Certificate
    ) -> tuple[tuple[Certificate, ...], tuple[Certificate, str] | None]:
        """Return the best path and, if it is broken, the child and the reason."""
        ends: list[_End] = []
        settled: set[Certificate] = set()
        deepest: tuple[Certificate, ...] = (end_entity,)
        queue: list[_Step] = [((0, 0, 1, 0), (), (end_entity.fingerprint,), (end_entity,))]
        while queue:
            cost, ages, _, path = heapq.heappop(queue)
            last = path[-1]
            if last in settled:
                continue
            settled.add(last)
            deepest = max(deepest, path, key=len)
            if self._verifier.is_self_signed(last):
                # Whatever is still in the queue has as many defects or more.
                ends.append(((0, cost[:2], 0, len(path)), path, None))
                break
            issuers, failure = self._issuers(last)
            if not issuers and failure is not None:
                ends.append(((1, cost[:2], 1, len(path)), path, (last, failure)))
            elif not issuers:
                ends.append(((0, cost[:2], 1, -len(path)), path, None))
            for issuer, foreign in issuers:
                if issuer not in settled:
                    heapq.heappush(queue, self._step(cost, ages, path, issuer, foreign=foreign))
        if not ends:
            # Cross-certificates point at each other in a circle.
            return deepest, None
        _, path, broken = min(ends, key=lambda end: end[0])
        return path, broken

    def _step(
        self,
        cost: _Cost,
        ages: tuple[float, ...],
        path: tuple[Certificate, ...],
        issuer: Certificate,
        *,
        foreign: bool,
    ) -> _Step:
        limit = issuer.extensions.path_length
        below = sum(not c.self_issued for c in path[1:])
        unfit = may_sign(issuer) is not None or (limit is not None and below > limit)
        invalid = not issuer.not_before <= self._now <= issuer.not_after
        return (
            (cost[0] + unfit, cost[1] + invalid, cost[2] + 1, cost[3] + foreign),
            (*ages, -issuer.not_before.timestamp()),
            (issuer.fingerprint, *(member.fingerprint for member in reversed(path))),
            (*path, issuer),
        )

    def _issuers(self, child: Certificate) -> tuple[list[tuple[Certificate, bool]], str | None]:
        """Return the proven issuers, and why one that claims to be the issuer is not."""
        named = self._by_subject.get(child.issuer_name, {})
        candidates = sorted(
            (c for c in named if c != child),
            key=lambda c: (not identifies(c, child), c.fingerprint),
        )
        proven, failure = [], None
        for candidate in candidates:
            reason = self._verifier.failure(child, candidate)
            if reason is None:
                proven.append((candidate, named[candidate]))
            elif identifies(candidate, child):
                failure = reason
        if child.self_issued and not proven and identifies(child, child):
            failure = self._verifier.failure(child, child)
        return proven, failure
