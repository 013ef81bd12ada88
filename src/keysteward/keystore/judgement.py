"""Judging a signing response against what is known of a key, with or without a keystore.

``judge_response`` is the main job without its storing. Its steps:

1. Load the certificates that the file holds; remember those that cannot be read.
2. Choose the certificate for one of the keys.
3. Build its chain from the file; complete it from the keystore where the file leaves it open.
4. Refuse the entry's own placeholder; judge certificate, issuers, signatures; compare with the
   request and with what is replaced.
5. Try whether this system's TLS could use such a certificate.
6. Ask for a second opinion if nothing was found so far that needs a warning.
7. Add what is only worth knowing: where the chain ends, what was completed and what was dropped.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from keysteward.entries import ChainLink, Source, outcome
from keysteward.formats.responses import ResponseFile
from keysteward.notices import NoticeKind
from keysteward.pki import chains, rules, second_opinion, tls_support
from keysteward.pki.certificates import Certificate, read_certificate
from keysteward.pki.chains import BuiltChain, Verifier
from keysteward.pki.rules import Finding
from keysteward.pki.usages import Usage
from keysteward.problems import (
    CertificateUnreadable,
    PlaceholderAgain,
    PublicKeyMismatch,
    SigningResponseUnreadable,
    TrailingBytes,
)
from keysteward.values import Fingerprint, Notice

FindIssuers = Callable[[bytes], tuple[Certificate, ...]]
"""The keystore's certificate entries with this (comparable) subject name."""

_MOST_COMPLETED = 10
"""Certificates that are looked up to complete one chain; a public chain has at most four."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for: of the latest signing request, else of the placeholder."""

    subject: str
    subject_name: bytes
    san: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """What is known of the entry (or of the reference file) that a response is judged against."""

    name: str
    """The quoted alias, or what the reference file is, as a text."""
    keys: Mapping[bytes, Fingerprint]
    """Canonical SubjectPublicKeyInfo of the current and the pending key, with its SHA-256."""
    usage: Usage
    wanted: Mapping[bytes, Wanted]
    """Per key; none where nothing is known of the request."""
    replaced: tuple[Certificate, ...] = ()
    """The current chain, end-entity first; empty if unknown."""
    is_own: Callable[[Certificate], bool] = lambda certificate: False
    """Whether a self-signed certificate is one that the entry has or had."""

    @property
    def replaces_ca_issued(self) -> bool:
        """Whether the current certificate was issued by a CA, so that something can be lost."""
        return bool(self.replaced) and not self.replaced[0].self_signed


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a response amounts to, if nothing refused it."""

    chain: tuple[ChainLink, ...]
    notices: tuple[Notice, ...]
    overridden: tuple[str, ...]
    identical: bool
    """The very chain that is current already."""

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        """The chain alone, end-entity first."""
        return tuple(link.certificate for link in self.chain)


def judge_response(
    file: ResponseFile,
    target: Target,
    now: datetime,
    overrides: frozenset[str],
    find_issuers: FindIssuers,
) -> Judgement:
    """Return the chain for the target's key with all notices, as the steps at the top say.

    Raises every problem of section "of the file" and "of the chain" but RootNotTrusted, which is a
    question for the keystore.
    """
    found, unreadable = _load(file)  # 1
    verifier = Verifier()
    chosen = _choose(found, unreadable, target, now, verifier)  # 2
    built, completed = complete_chain(chosen, found, now, verifier, find_issuers)  # 3
    chain = built.certificates
    if unreadable and not built.rooted:
        raise SigningResponseUnreadable(
            f"{_many(unreadable, 'certificate')} of the file cannot be read, and one may belong to "
            "the chain."
        )
    links = tuple(
        ChainLink(c, Source.KEYSTORE if c in completed else Source.RESPONSE) for c in chain
    )
    identical = chain == target.replaced
    if identical and not (chosen.self_signed and target.is_own(chosen)):
        return Judgement(links, tuple(_against_current(chain, target)), (), identical=True)
    findings = _findings(file, chain, target, now)
    notices, overridden = judge_chain(findings, chain, now, overrides)  # 4, 5, 6
    dropped = [c for c in found if c not in chain]
    notices += (
        *_against_current(chain, target),
        *remarks(built, completed, dropped, unreadable),
    )  # 7
    return Judgement(links, notices, overridden, identical=identical)


def judge_chain(
    findings: Iterable[Finding],
    chain: tuple[Certificate, ...],
    now: datetime,
    overrides: frozenset[str],
) -> tuple[tuple[Notice, ...], tuple[str, ...]]:
    """Return the notices, a second opinion among them if nothing else warns, and the overrides.

    Raises the first problem that no override names.
    """
    notices, overridden = rules.judge(findings, overrides)
    if outcome(notices) == "accept":
        objection = second_opinion.objection(chain, now)
        if objection is not None:
            notices += (NoticeKind.SECOND_OPINION.about(objection),)
    return notices, overridden


def _load(file: ResponseFile) -> tuple[tuple[Certificate, ...], int]:
    found, unreadable = [], 0
    for der in file.certificates:
        try:
            found.append(read_certificate(der))
        except CertificateUnreadable:
            unreadable += 1
    return tuple(found), unreadable


def _choose(
    found: tuple[Certificate, ...],
    unreadable: int,
    target: Target,
    now: datetime,
    verifier: Verifier,
) -> Certificate:
    chosen = chains.choose_certificate(found, frozenset(target.keys), now, verifier)
    if chosen is not None:
        return chosen
    if unreadable:
        raise SigningResponseUnreadable(
            f"{_many(unreadable, 'certificate')} of the file cannot be read, and none of the "
            "others is for this key."
        )
    raise _mismatch(found, target)


def _mismatch(found: tuple[Certificate, ...], target: Target) -> PublicKeyMismatch:
    meant = _likely_end_entity(found)
    problem = PublicKeyMismatch(
        holder=target.name,
        expected=next(iter(target.keys.values())),
        found=meant.public_key_sha256,
        subject=meant.subject,
        issuer=meant.issuer,
        certificate=meant.fingerprint,
    )
    if all(certificate.extensions.is_ca for certificate in found):
        problem.hint = (
            "The file holds CA certificates only; the certificate for the key itself is missing: "
            "ask the CA for it."
        )
    return problem


def _likely_end_entity(found: tuple[Certificate, ...]) -> Certificate:
    """Return the certificate that was probably meant: one that issued no other in the file."""
    issuers = {c.issuer_name for c in found if not c.self_issued}
    ends = [c for c in found if c.subject_name not in issuers and not c.self_issued]
    return (ends or found)[0]


def complete_chain(
    chosen: Certificate,
    found: tuple[Certificate, ...],
    now: datetime,
    verifier: Verifier,
    find_issuers: FindIssuers,
) -> tuple[BuiltChain, frozenset[Certificate]]:
    """Return the chain, and which of its certificates came from the keystore.

    Raises SignatureInvalid, ResponseTooComplex.
    """
    built = chains.build_chain(chosen, found, now, verifier)
    known: dict[Certificate, None] = {}
    for _ in range(_MOST_COMPLETED):
        more = () if built.rooted else find_issuers(built.certificates[-1].issuer_name)
        if not set(more) - known.keys():
            break
        known.update(dict.fromkeys(more))
        built = chains.build_chain(chosen, found, now, verifier, keystore=known)
    return built, frozenset(built.certificates) - frozenset(found)


def _findings(
    file: ResponseFile, chain: tuple[Certificate, ...], target: Target, now: datetime
) -> Iterator[Finding]:
    certificate = chain[0]
    if file.trailing_bytes:
        yield TrailingBytes(file.trailing_bytes)
    if certificate.self_signed and target.is_own(certificate):
        yield PlaceholderAgain(target.name)
    yield from of_the_chain(chain, target.usage, now)
    wanted = target.wanted.get(certificate.spki)
    if wanted is not None:
        yield from rules.against_request(
            certificate, wanted.subject, wanted.subject_name, wanted.san
        )
    if target.replaces_ca_issued:
        yield from rules.against_replaced(chain, target.replaced)
    if file.private_key_found:
        yield NoticeKind.PRIVATE_KEY_IN_FILE.about(
            "A private key lay in the file. It was not kept; whoever made or passed on this file "
            "has it: consider a renewal with a new key."
        )
    yield from of_tls(certificate, target.usage)


def of_the_chain(chain: tuple[Certificate, ...], usage: Usage, now: datetime) -> Iterator[Finding]:
    """Yield what is found of a chain by itself, compared with nothing."""
    yield from rules.of_the_certificate(chain[0], usage, now)
    yield from rules.of_the_issuers(chain, usage, now)
    yield from rules.of_the_signatures(chain)


def of_tls(certificate: Certificate, usage: Usage) -> Iterator[Notice]:
    """Yield what this system's TLS has against a certificate that is for connections."""
    if usage in (Usage.TLS_CLIENT, Usage.TLS_SERVER):
        reason = tls_support.try_certificate(certificate).reason
        if reason is not None:
            yield NoticeKind.KEY_NOT_USABLE_FOR_TLS.about(reason)


def _against_current(chain: tuple[Certificate, ...], target: Target) -> Iterator[Notice]:
    if chain == target.replaced:
        yield NoticeKind.ALREADY_CURRENT.about(
            f"{target.name} has this certificate with this chain already; nothing is stored."
        )
    elif target.replaced and chain[0] == target.replaced[0]:
        yield NoticeKind.CHAIN_REPAIRED.about(
            "The certificate is the current one; its chain becomes the one given here."
        )
    elif target.replaced and chain[0].spki != target.replaced[0].spki:
        yield NoticeKind.KEY_CHANGED.about(
            "The response answers the pending key: it replaces the current private key."
        )


def remarks(
    built: BuiltChain,
    completed: frozenset[Certificate],
    dropped: list[Certificate],
    unreadable: int = 0,
) -> Iterator[Notice]:
    """Yield what is worth knowing of where a chain ends, and of how it came together."""
    top = built.certificates[-1]
    if not built.rooted:
        ends = (
            f"The chain ends with {top.subject!r}; its issuer {top.issuer!r} is neither in the "
            "file nor among the keystore's certificates."
        )
        if len(built.certificates) == 1:
            ends += (
                " Receivers that do not have that issuer themselves will refuse the connection: "
                "upload it with its chain, or add the issuer as a certificate first."
            )
        yield NoticeKind.CHAIN_ENDS_WITHOUT_ROOT.about(ends)
    if completed:
        names = ", ".join(repr(c.subject) for c in built.certificates if c in completed)
        yield NoticeKind.CHAIN_COMPLETED_FROM_KEYSTORE.about(
            f"Not in the file, taken from the keystore's certificate entries: {names}."
        )
    if dropped:
        names = ", ".join(repr(c.subject) for c in sorted(dropped, key=lambda c: c.fingerprint)[:5])
        more = f" and {len(dropped) - 5} more" if len(dropped) > 5 else ""
        yield NoticeKind.UNRELATED_CERTIFICATES_DROPPED.about(
            f"In the file but on no path of this certificate: {names}{more}."
        )
    if unreadable:
        yield NoticeKind.UNREADABLE_CERTIFICATE_DROPPED.about(
            f"{_many(unreadable, 'certificate')} of the file cannot be read; the chain is complete "
            "without."
        )


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
