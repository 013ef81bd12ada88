"""What becomes of a key pair's file: the chain of its key, judged before anything is stored."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from keysteward.entries import ChainLink, Entry, Source
from keysteward.keystore import judgement, key_files, trust
from keysteward.keystore.key_files import KeyFile
from keysteward.keystore.steward import Steward
from keysteward.keystore.trust import NO_CONSENT, Consent
from keysteward.notices import NoticeKind
from keysteward.pki import chains, public_keys, rules
from keysteward.pki.certificates import Certificate
from keysteward.pki.chains import Verifier
from keysteward.pki.public_keys import KeyKind
from keysteward.pki.rules import Finding
from keysteward.pki.usages import Usage
from keysteward.problems import CertificateMissing, CertificateOfAnotherKey
from keysteward.values import Fingerprint, Notice, Severity


@dataclass(frozen=True, slots=True)
class Judged:
    """The chain of an uploaded key, and what came of judging it."""

    chain: tuple[Certificate, ...]
    notices: tuple[Notice, ...]
    overridden: tuple[str, ...] = ()
    confirms_root: Fingerprint | None = None

    @property
    def detail(self) -> dict[str, object]:
        """What the audit log says of it."""
        return {
            "key": str(self.chain[0].key),
            "overridden": self.overridden,
            "confirmed_root": self.confirms_root,
            "warnings": [n.slug for n in self.notices if n.severity is Severity.WARNING],
        }


@dataclass(frozen=True, slots=True)
class FoundKeyPair:
    """What would come of a file with a key pair; nothing of it is stored, or secret."""

    kind: KeyKind
    public_key_sha256: Fingerprint
    chain: tuple[ChainLink, ...]
    """End-entity first, completed from the keystore; empty for a key without any certificate."""
    notices: tuple[Notice, ...]
    confirms_root: Fingerprint | None = None
    """The topmost certificate if nothing but the caller's word would confirm it."""


def judge(
    steward: Steward,
    file: KeyFile,
    usage: Usage,
    replaced: tuple[Certificate, ...],
    consent: Consent,
) -> Judged:
    """Return the chain of a file's key with all notices; ``replaced`` itself is not judged again.

    Raises RootNotTrusted and the chain's problems.
    """
    now, verifier = steward.clock(), Verifier()
    keys = frozenset({public_keys.spki(file.key.public_key())})
    chosen = chains.choose_certificate(file.certificates, keys, now, verifier)
    if chosen is None:
        raise CertificateOfAnotherKey(file.certificates[0].subject)
    built, completed = judgement.complete_chain(
        *(chosen, file.certificates, now, verifier),
        lambda name: steward.store.find_certificate_entries(steward.keystore_id, name),
    )
    chain = built.certificates
    if chain == replaced:
        return Judged(chain, ())
    findings = _findings(chain, replaced, usage, now)
    notices, overridden = judgement.judge_chain(findings, chain, now, consent.overrides)
    dropped = [c for c in file.certificates if c not in chain]
    notices += tuple(judgement.remarks(built, completed, dropped))
    if file.left:
        left = f"Also in the file and not taken: {', '.join(file.left)}."
        notices += (NoticeKind.REST_OF_FILE_LEFT.about(left),)
    confirms_root = None
    if len(chain) > 1 or not chosen.self_signed or file.format != key_files.PEM:
        confirms_root = trust.require_trusted(steward, chain, replaced, consent)
    return Judged(chain, notices, overridden, confirms_root)


def find(
    steward: Steward,
    file: KeyFile,
    *,
    usage: Usage = Usage.TLS_CLIENT,
    entry: Entry | None = None,
    consent: Consent = NO_CONSENT,
) -> FoundKeyPair:
    """Return what a file would bring, as ``entry``'s next version or as a new entry.

    Raises the chain's problems, and CertificateMissing, as the operations do that store it; what
    they ask to be confirmed is told instead.
    """
    spki = public_keys.spki(file.key.public_key())
    found = FoundKeyPair(
        public_keys.kind(file.key.public_key()),
        Fingerprint(hashlib.sha256(spki).hexdigest()),
        *((), ()),
    )
    current = () if entry is None else entry.version.chain
    if not file.certificates:
        if entry is not None and current[0].spki != spki:
            raise CertificateMissing(entry.alias)
        return found
    verified = replace(consent, fingerprint_verified=True)
    judged = judge(steward, file, usage if entry is None else entry.usage, current, verified)
    links = tuple(
        ChainLink(c, Source.RESPONSE if c in file.certificates else Source.KEYSTORE)
        for c in judged.chain
    )
    return replace(found, chain=links, notices=judged.notices, confirms_root=judged.confirms_root)


def _findings(
    chain: tuple[Certificate, ...], replaced: tuple[Certificate, ...], usage: Usage, now: datetime
) -> Iterator[Finding]:
    yield from judgement.of_the_chain(chain, usage, now)
    if replaced and replaced[0].spki != chain[0].spki:
        yield NoticeKind.KEY_CHANGED.about("The file has another private key than the current one.")
    if replaced and not replaced[0].self_signed:
        yield from rules.against_replaced(chain, replaced)
    yield from judgement.of_tls(chain[0], usage)
