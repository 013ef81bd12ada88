"""Earlier versions of an entry: rolling back is planned like an upload."""

from collections.abc import Callable, Iterator

from keysteward.entries import Action, Caller, ChainLink, Entry, Plan, Reason, Source, Version
from keysteward.keystore import signing_responses
from keysteward.keystore.signing_responses import Uploaded
from keysteward.keystore.steward import Steward, require_key_pair
from keysteward.keystore.trust import Consent
from keysteward.notices import NoticeKind
from keysteward.pki import rules
from keysteward.pki.rules import Finding
from keysteward.problems import CertificateExpired, VersionNeverCurrent, VersionNotFound
from keysteward.storage.records import Base

_MOST_VERSIONS = 2**63 - 1
"""What databases can number."""


def plan_rollback(
    steward: Steward, caller: Caller, alias: str, number: int, consent: Consent
) -> Plan:
    """Return what making an older version current again would do.

    The plan says whether key, issuer or root change. Raises VersionNotFound,
    VersionNeverCurrent, CertificateExpired (overridable), NotAKeyPair, EntryOwnedByProvider.
    """
    entry = steward.store.get_entry(steward.keystore_id, alias)
    steward.require_right(entry, caller)
    require_key_pair(entry)
    if not 0 < number <= _MOST_VERSIONS:
        raise VersionNotFound(entry.alias, number)
    version = steward.store.get_version(Base.of(entry), number)
    if version.reason is Reason.RENEWAL:
        raise VersionNeverCurrent(entry.alias, number)
    same = (version.chain, version.private_key_id) == (
        entry.version.chain,
        entry.version.private_key_id,
    )
    notices, overridden = rules.judge(
        _findings(steward, entry, version, same=same), consent.overrides
    )
    if version.private_key_id is None:
        raise TypeError("a key pair's version without a private key")
    return Plan(
        alias=entry.alias,
        entry_id=entry.id,
        base_version=entry.version.number,
        base_pending=entry.pending.number if entry.pending else None,
        reason=None if same else Reason.ROLLED_BACK,
        chain=tuple(ChainLink(c, Source.KEYSTORE) for c in version.chain),
        private_key_id=version.private_key_id,
        notices=notices,
        overridden=overridden,
        confirms_root=None,
        file_sha256=None,
        replaced=entry.version.certificate,
        restores=number,
    )


def roll_back(
    steward: Steward,
    caller: Caller,
    alias: str,
    number: int,
    consent: Consent,
    *,
    note: str | None = None,
    accept: Callable[[Plan], None] = lambda plan: None,
) -> Uploaded:
    """Make an older version current again, as a new version; ``note`` says why.

    Raises what ``plan_rollback`` does, and EntryChanged if another writer was faster.
    """
    with steward.recording_refusals(caller, Action.ROLLED_BACK, alias):
        plan = plan_rollback(steward, caller, alias, number, consent)
        accept(plan)
        return Uploaded(plan, signing_responses.commit(steward, caller, plan, note=note))


def _findings(steward: Steward, entry: Entry, version: Version, *, same: bool) -> Iterator[Finding]:
    now = steward.clock()
    if same:
        yield NoticeKind.ALREADY_CURRENT.about(
            f"Version {version.number} has the chain and the key that are current already."
        )
        return
    certificate = version.certificate
    if certificate.not_after < now:
        yield CertificateExpired(certificate.subject, certificate.not_after)
    if certificate.spki != entry.version.certificate.spki:
        yield NoticeKind.KEY_CHANGED.about(
            f"Version {version.number} has another private key than the current version."
        )
    yield from rules.of_the_issuers(version.chain, entry.usage, now)
    if certificate.self_signed:
        yield NoticeKind.SELF_SIGNED.about(
            "The certificate is self-signed: receivers that know the CA alone will refuse it."
        )
    if not entry.version.certificate.self_signed:
        yield from rules.against_replaced(version.chain, entry.version.chain)
