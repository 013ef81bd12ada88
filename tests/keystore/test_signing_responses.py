"""Uploads: requests and pending keys, hints, races, limits, and what is written down."""

import hashlib

import pytest
from cryptography import x509

from keysteward.entries import Reason
from keysteward.keystore import audit, key_pairs, signing_responses
from keysteward.keystore.steward import Steward
from keysteward.keystore.trust import Consent
from keysteward.pki import requests
from keysteward.pki.key_pairs import parse_key_spec
from keysteward.problems import (
    CertificateExpired,
    EntryChanged,
    NotAKeyPair,
    OverrideInvalid,
    PublicKeyMismatch,
    SigningResponseTooLarge,
)
from keysteward.settings import RESPONSE_LIMIT_BYTES, Settings
from tests import pki_maker
from tests import steward as steward_
from tests.pki_maker import Issued, issue
from tests.steward import PLAIN, TENANT, VERIFIED, Clock

ROOT = issue("Root", ca=True)
CA = issue("Issuing", issuer=ROOT, ca=True)
KEY = pki_maker.make_key("p256")
P256 = parse_key_spec("ec", None, "P-256")


def _signed(request_pem: bytes, subject: str = "client") -> Issued:
    """Return what the CA makes of a signing request; the key stays where it is."""
    asked = x509.load_pem_x509_csr(request_pem)
    return issue(
        subject,
        issuer=CA,
        eku=("clientAuth",),
        public_key=asked.public_key(),
    )


@pytest.fixture
def client(steward: Steward) -> Issued:
    """Add the entry "client" with a placeholder and return that."""
    placeholder = issue("client", KEY, eku=("clientAuth",))
    steward_.add(steward, "client", placeholder)
    return placeholder


def _leaf(**options: object) -> Issued:
    chosen: dict[str, object] = {"key": KEY, "issuer": CA, "eku": ("clientAuth",), **options}
    return issue("client", **chosen)  # type: ignore[arg-type]  # the arguments of issue


def _current(steward: Steward, alias: str = "client") -> tuple[int, Reason]:
    version = steward.store.get_entry(steward.keystore_id, alias).version
    return version.number, version.reason


# ---- waiting


def test_entry_waits_from_its_request_to_its_response(
    steward: Steward, clock: Clock, client: Issued
) -> None:
    """It is listed as waiting since the first open request, until a response is accepted."""
    del client
    assert steward.store.get_entry(steward.keystore_id, "client").waiting_since is None
    asked_at = clock.now
    pem = steward_.ask(steward, "client")
    clock.advance(days=2)
    assert asked_at == steward.store.get_entry(steward.keystore_id, "client").waiting_since
    steward_.upload(steward, "client", _signed(pem), CA, ROOT)
    entry = steward.store.get_entry(steward.keystore_id, "client")
    assert entry.waiting_since is None
    (request,) = steward.store.list_requests(entry.id)
    assert clock.now == request.answered_at


def test_refused_response_leaves_the_entry_waiting(steward: Steward, client: Issued) -> None:
    """Only an accepted response ends the waiting."""
    steward_.ask(steward, "client")
    with pytest.raises(PublicKeyMismatch):
        steward_.upload(steward, "client", CA, ROOT)
    entry = steward.store.get_entry(steward.keystore_id, "client")
    assert entry.waiting_since is not None
    assert steward_.read(client) == entry.version.chain


def test_response_is_compared_with_the_latest_request(steward: Steward, client: Issued) -> None:
    """A later request replaces an earlier one as what was asked for."""
    del client
    steward_.ask(steward, "client", "first")
    pem = steward_.ask(steward, "client", "second", ("DNS:second.example",))
    plan = steward_.upload(steward, "client", _signed(pem, "first"), CA, ROOT).plan
    assert ["subject-differs", "san-missing"] == [n.slug for n in plan.notices]
    (_, request) = steward.store.list_requests(plan.entry_id)
    assert ("DNS:second.example",) == requests.read_request(request.der).san


# ---- a pending key


def test_response_for_the_pending_key_replaces_the_live_key(
    steward: Steward, client: Issued
) -> None:
    """Until then the live key stays; afterwards nothing is pending and nothing waits."""
    renewed = key_pairs.renew_key_pair(steward, TENANT, "client", P256)
    assert steward_.read(client) == renewed.version.chain
    assert (1, 2) == (renewed.version.number, renewed.pending and renewed.pending.number)
    response = _signed(steward_.ask(steward, "client"))
    done = steward_.upload(steward, "client", response, CA, ROOT)
    entry = steward.store.get_entry(steward.keystore_id, "client")
    assert (3, None, None) == (entry.version.number, entry.pending, entry.waiting_since)
    assert steward_.read(response, CA, ROOT) == entry.version.chain
    assert "key-changed" in [n.slug for n in done.plan.notices]
    assert renewed.pending
    assert renewed.pending.private_key_id == entry.version.private_key_id


def test_response_for_the_live_key_is_taken_while_another_is_pending(
    steward: Steward, client: Issued
) -> None:
    """The pending key goes on waiting for its own response."""
    del client
    key_pairs.renew_key_pair(steward, TENANT, "client", P256)
    pem = steward_.ask(steward, "client")
    live = _leaf()
    done = steward_.upload(steward, "client", live, CA, ROOT)
    entry = steward.store.get_entry(steward.keystore_id, "client")
    assert (3, 2) == (entry.version.number, entry.pending and entry.pending.number)
    assert steward_.read(live)[0] == entry.version.certificate
    assert entry.waiting_since is not None
    assert "key-changed" not in [n.slug for n in done.plan.notices]
    later = steward_.upload(steward, "client", _signed(pem), CA, ROOT)
    assert (4, None) == (
        later.version,
        steward.store.get_entry(steward.keystore_id, "client").pending,
    )


def test_newest_certificate_decides_between_live_and_pending_key(
    steward: Steward, client: Issued
) -> None:
    """A file with certificates for both keys ends at the later one."""
    del client
    key_pairs.renew_key_pair(steward, TENANT, "client", P256)
    pending = _signed(steward_.ask(steward, "client"))
    live = _leaf(not_before=steward_.START)
    done = steward_.upload(steward, "client", pending, live, CA, ROOT)
    assert steward_.read(live)[0] == done.plan.certificates[0]


# ---- whose certificate it is


def test_misfit_names_both_fingerprints_and_saps_text(steward: Steward, client: Issued) -> None:
    """The text that SAP's users know, and what to compare."""
    other = issue("client", issuer=CA)
    with pytest.raises(PublicKeyMismatch) as caught:
        steward_.upload(steward, "client", other, CA, ROOT)
    expected, found = (c.public_key_sha256 for c in steward_.read(client, other))
    detail = caught.value.detail
    sap = "The public key of the CA Reply is different from the public key of the keystore entry"
    assert detail.startswith(sap)
    assert (expected, found) == (caught.value.expected, caught.value.found)
    assert expected in detail
    assert found in detail
    assert "CN=client" in detail
    assert "CN=Issuing" in detail


def test_misfit_of_ca_certificates_alone_says_so(steward: Steward, client: Issued) -> None:
    """Whoever uploads the CA's own certificates is told that the certificate itself is missing."""
    del client
    with pytest.raises(PublicKeyMismatch, match="holds CA certificates only"):
        steward_.upload(steward, "client", CA, ROOT)


def test_misfit_of_an_earlier_certificate_names_its_version(
    steward: Steward, client: Issued
) -> None:
    """The certificate of an earlier version comes back by a rollback to just that version."""
    del client
    first = _leaf()
    steward_.upload(steward, "client", first, CA, ROOT)
    key_pairs.renew_key_pair(steward, TENANT, "client", P256)
    steward_.upload(steward, "client", _signed(steward_.ask(steward, "client")), CA, ROOT)
    with pytest.raises(
        PublicKeyMismatch, match="of version 2 of this entry: roll back to that version"
    ):
        steward_.upload(steward, "client", first, CA, ROOT)


def test_misfit_names_the_alias_that_it_belongs_to(steward: Steward, client: Issued) -> None:
    """A response uploaded to the wrong entry says which the right one is."""
    del client
    other = issue("other", issuer=CA)
    steward_.add(steward, "other one", issue("other", other.key))
    with pytest.raises(PublicKeyMismatch, match="belongs to the alias 'other one'") as caught:
        steward_.upload(steward, "client", CA, other, ROOT)
    assert ("other one", None) == (caught.value.owner, caught.value.version)


def test_misfit_names_the_alias_whose_pending_key_it_answers(
    steward: Steward, client: Issued
) -> None:
    """A response for a renewal somewhere else is wanted there, not refused as an old one."""
    del client
    steward_.add(steward, "renewed", issue("renewed"))
    key_pairs.renew_key_pair(steward, TENANT, "renewed", P256)
    answer = _signed(steward_.ask(steward, "renewed"), "renewed")
    with pytest.raises(PublicKeyMismatch, match="belongs to the alias 'renewed': upload") as caught:
        steward_.upload(steward, "client", answer, CA, ROOT)
    assert ("renewed", None) == (caught.value.owner, caught.value.version)


def test_misfit_names_the_earlier_version_of_another_alias(
    steward: Steward, client: Issued
) -> None:
    """What answers a key that another entry gave up is wanted nowhere."""
    del client
    old = issue("renewed")
    steward_.add(steward, "renewed", old)
    key_pairs.renew_key_pair(steward, TENANT, "renewed", P256)
    steward_.upload(steward, "renewed", _signed(steward_.ask(steward, "renewed")), CA, ROOT)
    answer = issue("renewed", old.key, CA)
    with pytest.raises(PublicKeyMismatch, match="version 1 of the alias 'renewed'") as caught:
        steward_.upload(steward, "client", answer, CA, ROOT)
    assert ("renewed", 1) == (caught.value.owner, caught.value.version)


def test_misfit_of_nobody_names_nobody(steward: Steward, client: Issued) -> None:
    """A certificate for a key that is not in this keystore belongs to no alias of it."""
    del client
    with pytest.raises(PublicKeyMismatch, match="which signing request") as caught:
        steward_.upload(steward, "client", issue("stranger", issuer=CA), CA, ROOT)
    assert (None, None) == (caught.value.owner, caught.value.version)


def test_misfit_names_the_earlier_version_that_it_belongs_to(
    steward: Steward, client: Issued
) -> None:
    """The answer to a key that was replaced says whose it was."""
    del client
    key_pairs.renew_key_pair(steward, TENANT, "client", P256)
    steward_.upload(steward, "client", _signed(steward_.ask(steward, "client")), CA, ROOT)
    with pytest.raises(
        PublicKeyMismatch, match="key of version 1 of this entry, which was given up"
    ):
        steward_.upload(steward, "client", _leaf(), CA, ROOT)


def test_certificate_entry_takes_no_response(steward: Steward, settings: Settings) -> None:
    """Only key pairs do."""
    steward_.add_anchor(steward, "root", ROOT)
    before = steward_.rows(settings)
    with pytest.raises(NotAKeyPair):
        steward_.upload(steward, "root", ROOT)
    assert before == steward_.rows(settings)


# ---- races and plans


def test_expected_version_that_has_passed_refuses(
    steward: Steward, settings: Settings, client: Issued
) -> None:
    """Who read version 1 cannot overwrite version 2."""
    del client
    steward_.upload(steward, "client", _leaf(), CA, ROOT)
    before = steward_.rows(settings)
    accept = signing_responses.expect(1, None)
    data = b"".join(one.pem for one in (_leaf(), CA, ROOT))
    with pytest.raises(EntryChanged):
        signing_responses.upload_signing_response(
            steward, TENANT, "client", data, VERIFIED, accept=accept
        )
    assert before == steward_.rows(settings)


def test_planned_digest_commits_just_that_plan(steward: Steward, client: Issued) -> None:
    """The dry run's digest is taken while all is as it was."""
    del client
    data = b"".join(one.pem for one in (_leaf(), CA, ROOT))
    planned = signing_responses.plan_signing_response(steward, TENANT, "client", data, VERIFIED)
    done = signing_responses.upload_signing_response(
        *(steward, TENANT, "client", data, VERIFIED),
        accept=signing_responses.expect(1, planned.digest),
    )
    assert (2, planned) == (done.version, done.plan)


@pytest.mark.parametrize("change", ["entry", "file", "time", "trust", "request"])
def test_planned_digest_refuses_any_other_plan(
    steward: Steward, settings: Settings, clock: Clock, client: Issued, change: str
) -> None:
    """Another entry version, file, notice, confirmation or request makes it another plan."""
    del client
    leaf = _leaf(not_before=clock.now, not_after=steward_.START.replace(year=2027))
    data = b"".join(one.pem for one in (leaf, CA, ROOT))
    digest = signing_responses.plan_signing_response(
        steward, TENANT, "client", data, VERIFIED
    ).digest
    if change == "entry":
        steward_.upload(steward, "client", _leaf(), CA, ROOT)
    elif change == "file":
        data += b"\n"
    elif change == "time":
        clock.advance(days=-1)
    elif change == "trust":
        steward_.add_anchor(steward, "root", ROOT)
    else:
        steward_.ask(steward, "client", "another name")
    before = steward_.rows(settings)
    with pytest.raises(EntryChanged):
        signing_responses.upload_signing_response(
            *(steward, TENANT, "client", data, VERIFIED),
            accept=signing_responses.expect(None, digest),
        )
    assert before == steward_.rows(settings)


def test_writer_who_was_faster_wins(steward: Steward, settings: Settings, client: Issued) -> None:
    """A change between plan and commit refuses the commit, and nothing of it is stored."""
    del client
    between: list[dict[str, list[str]]] = []

    def overtaken(_: object) -> None:
        steward_.upload(steward, "client", _leaf(), CA, ROOT)
        between.append(steward_.rows(settings))

    data = b"".join(one.pem for one in (_leaf(), CA, ROOT))
    with pytest.raises(EntryChanged):
        signing_responses.upload_signing_response(
            steward, TENANT, "client", data, VERIFIED, accept=overtaken
        )
    assert between == [steward_.rows(settings)]
    assert (2, Reason.SIGNING_RESPONSE) == _current(steward)


# ---- limits, overrides, records


def test_note_of_an_upload_stays_with_version_and_audit_log(
    steward: Steward, client: Issued
) -> None:
    """Why something was taken in spite of a problem can be read later."""
    del client
    data = b"".join(one.pem for one in (_leaf(), CA, ROOT))
    signing_responses.upload_signing_response(
        steward, TENANT, "client", data, VERIFIED, note="agreed by phone"
    )
    assert "agreed by phone" == steward.store.get_entry(steward.keystore_id, "client").version.note
    last = list(steward.store.audit_log.read(steward.keystore_id, last=1))[-1]
    assert "agreed by phone" == last.detail["note"]


def test_response_of_just_the_limit_is_taken(steward: Steward, client: Issued) -> None:
    """30,720 bytes are."""
    del client
    data = b"".join(one.pem for one in (_leaf(), CA, ROOT)).ljust(RESPONSE_LIMIT_BYTES, b"\n")
    assert 30_720 == len(data)
    done = signing_responses.upload_signing_response(steward, TENANT, "client", data, VERIFIED)
    assert 2 == done.version


def test_response_of_one_byte_more_is_refused_unparsed(
    steward: Steward, settings: Settings, client: Issued, monkeypatch: pytest.MonkeyPatch
) -> None:
    """30,721 bytes are refused before a reader sees them."""
    del client
    data = b"".join(one.pem for one in (_leaf(), CA, ROOT)).ljust(30_721, b"\n")
    before = steward_.rows(settings)
    monkeypatch.setattr("keysteward.formats.responses.read", lambda data: pytest.fail("parsed"))
    with pytest.raises(SigningResponseTooLarge):
        signing_responses.upload_signing_response(steward, TENANT, "client", data, VERIFIED)
    assert before == steward_.rows(settings)


def test_override_must_be_one() -> None:
    """Of what cannot be overridden there is no override."""
    with pytest.raises(OverrideInvalid, match="certificate-expired"):
        Consent(frozenset({"public-key-mismatch"}))


def test_override_that_is_not_needed_is_not_recorded(steward: Steward, client: Issued) -> None:
    """Only what was really overridden counts."""
    del client
    consent = Consent(frozenset({"certificate-expired"}), fingerprint_verified=True)
    done = steward_.upload(steward, "client", _leaf(), CA, ROOT, consent=consent)
    assert () == done.plan.overridden


def test_refusal_override_and_confirmation_stand_in_the_audit_log(
    steward: Steward, client: Issued
) -> None:
    """Who did what, what was refused and why, what was overridden, which file it was."""
    del client
    ended = _leaf(not_after=steward_.START.replace(year=2025))
    with pytest.raises(CertificateExpired):
        steward_.upload(steward, "client", ended, CA, ROOT)
    consent = Consent(frozenset({"certificate-expired"}), fingerprint_verified=True)
    steward_.upload(steward, "client", ended, CA, ROOT, consent=consent)
    refused, done = tuple(steward.store.audit_log.read(steward.keystore_id, last=2))
    assert ("signing-response", "refused", "client", "tester") == (
        *(refused.action, refused.outcome, refused.alias, refused.actor),
    )
    assert "certificate-expired" == refused.detail["problem"]
    assert ("signing-response", "done", 2) == (done.action, done.outcome, done.version)
    file = b"".join(one.pem for one in (ended, CA, ROOT))
    chain = steward_.read(ended, CA, ROOT)
    assert {
        "chain": [c.fingerprint for c in chain],
        "confirmed_root": chain[-1].fingerprint,
        "file_sha256": hashlib.sha256(file).hexdigest(),
        "overridden": ["certificate-expired"],
    } == {k: done.detail[k] for k in ("chain", "confirmed_root", "file_sha256", "overridden")}
    assert audit.verify_chain(steward, None).clean


def test_upload_without_a_change_is_not_stored(
    steward: Steward, settings: Settings, clock: Clock, client: Issued
) -> None:
    """The identical chain in another order is a success that writes not a single row."""
    del client
    leaf = _leaf()
    steward_.upload(steward, "client", leaf, CA, ROOT)
    before = steward_.rows(settings, without=())
    clock.advance(hours=1)
    done = steward_.upload(steward, "client", ROOT, leaf, CA, consent=PLAIN)
    assert (2, None) == (done.version, done.plan.reason)
    assert before == steward_.rows(settings, without=())


def test_longer_chain_of_the_same_certificate_is_a_repair(steward: Steward, client: Issued) -> None:
    """It makes a new version whose reason says so."""
    del client
    leaf = _leaf()
    steward_.upload(steward, "client", leaf)
    done = steward_.upload(steward, "client", leaf, CA, ROOT)
    assert ["chain-repaired"] == [n.slug for n in done.plan.notices]
    assert (3, Reason.CHAIN_REPAIRED) == _current(steward)
