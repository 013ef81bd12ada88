"""Every case of ``own_cases``: judged without a keystore, and uploaded into one."""

import warnings
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding

from keysteward.entries import Plan
from keysteward.keystore import audit, key_pairs, signing_requests, signing_responses
from keysteward.keystore.key_pairs import KeyUpload
from keysteward.keystore.signing_requests import RequestWish
from keysteward.keystore.steward import Steward
from keysteward.keystore.trust import Consent
from keysteward.pki import references
from keysteward.pki.subjects import Subject
from keysteward.pki.usages import Usage
from keysteward.problems import OVERRIDES, Problem
from keysteward.settings import RESPONSE_LIMIT_BYTES, Settings
from keysteward.values import Fingerprint, Notice, Severity
from tests import peers, pki_maker
from tests import steward as steward_
from tests.corpus import case as case_
from tests.corpus import own_cases
from tests.corpus.case import KEY, SUBJECT, Case
from tests.pki_maker import Issued
from tests.steward import START, TENANT

ALIAS = "client"

_ASKED = {
    Usage.TLS_CLIENT: "clientAuth",
    Usage.TLS_SERVER: "serverAuth",
    Usage.SIGNATURE: "emailProtection",
    Usage.SSH: "1.3.6.1.5.5.7.3.21",
}

every_case = pytest.mark.parametrize("case", [pytest.param(c, id=c.name) for c in own_cases.CASES])


def _slugs(notices: tuple[Notice, ...], severity: Severity) -> set[str]:
    return {n.slug for n in notices if n.severity is severity}


def _fingerprints(chain: tuple[Issued, ...]) -> tuple[Fingerprint, ...]:
    return tuple(c.fingerprint for c in steward_.read(*chain))


def _key(case: Case) -> CertificateIssuerPrivateKeyTypes:
    return case.key or KEY


def _set_up(steward: Steward, case: Case) -> None:
    """Make the entry that the case speaks of; its latest request asks for SUBJECT and the SAN."""
    placeholder = pki_maker.issue(SUBJECT, _key(case), san=case.san, eku=("clientAuth",))
    current = case.current or (placeholder,)
    key_pairs.add_key_pair(
        steward,
        TENANT,
        ALIAS,
        KeyUpload(placeholder.key_pem(), certificates=steward_.read(*current)),
        usage=case.usage,
        consent=steward_.EVERYTHING,
    )
    for number, issued in enumerate(case.entries):
        steward_.add_anchor(steward, f"ca {number}", issued, trusted=False)
    if not case.current:
        signing_requests.write_signing_request(steward, TENANT, ALIAS, RequestWish(Subject()))


def _upload(steward: Steward, case: Case, overrides: frozenset[str] = frozenset()) -> Plan:
    consent = Consent(overrides, fingerprint_verified=True)
    uploaded = signing_responses.upload_signing_response(steward, TENANT, ALIAS, case.data, consent)
    return uploaded.plan


@every_case
def test_upload_ends_as_the_case_says(case: Case, steward: Steward, settings: Settings) -> None:
    """Outcome, exact chain and all notices are the case's; a refusal changes no row."""
    _set_up(steward, case)
    before = steward_.rows(settings)
    if case.refused:
        with pytest.raises(Problem) as caught:
            _upload(steward, case, OVERRIDES - {case.refused})
        assert case.refused == caught.value.slug
        assert case.overridden == caught.value.overridable
        assert before == steward_.rows(settings)
    if not case.refused or case.overridden:
        plan = _upload(steward, case, frozenset({case.refused} if case.refused else ()))
        assert _fingerprints(case.chain) == tuple(c.fingerprint for c in plan.certificates)
        assert case.warnings == _slugs(plan.notices, Severity.WARNING)
        assert case.infos == _slugs(plan.notices, Severity.INFO)
        assert ((case.refused,) if case.refused else ()) == plan.overridden
        stored = steward.store.get_entry(steward.keystore_id, ALIAS).version
        assert plan.certificates == stored.chain
    assert audit.verify_chain(steward, None).clean


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(c, id=c.name)
        for c in own_cases.CASES
        # Requests for decryption and for signatures ask for the same extended key usage.
        if c.for_any_reference and c.usage is not Usage.DECRYPTION
    ],
)
def test_check_against_the_request_ends_as_the_upload(case: Case) -> None:
    """Without a keystore a response is judged as with one, if the request says all there is."""
    request = pki_maker.make_request(SUBJECT, _key(case), san=case.san, eku=(_ASKED[case.usage],))
    reference = references.read_reference(request.public_bytes(Encoding.PEM))
    if case.refused is not None:
        with pytest.raises(Problem) as caught:
            signing_responses.check_signing_response(
                case.data, reference, START, RESPONSE_LIMIT_BYTES
            )
        assert case.refused == caught.value.slug
        return
    checked = signing_responses.check_signing_response(
        case.data, reference, START, RESPONSE_LIMIT_BYTES
    )
    judged = checked.judgement
    assert _fingerprints(case.chain) == tuple(c.fingerprint for c in judged.certificates)
    assert case.warnings == _slugs(judged.notices, Severity.WARNING)
    assert case.infos | {"root-not-trusted"} == _slugs(judged.notices, Severity.INFO)
    assert ("loss",) == checked.not_checked


@pytest.mark.parametrize("usage", [Usage.TLS_SERVER, Usage.SIGNATURE])
def test_check_takes_the_usage_from_a_certificate_as_from_a_request(usage: Usage) -> None:
    """A key pair that is no TLS client is not measured as one."""
    asked = (_ASKED[usage],)
    placeholder = pki_maker.issue(SUBJECT, case_.KEY, eku=asked)
    response = case_.pem(case_.leaf(eku=asked), case_.CA, case_.ROOT)
    for reference in (placeholder.der, case_.leaf(eku=asked).der):
        checked = signing_responses.check_signing_response(
            response, references.read_reference(reference), START, RESPONSE_LIMIT_BYTES
        )
        assert set() == _slugs(checked.judgement.notices, Severity.WARNING)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(c, id=c.name)
        for c in own_cases.CASES
        if c.current
        and not (c.entries or c.usage is not Usage.TLS_CLIENT or "placeholder" in c.name)
    ],
)
def test_check_against_the_current_chain_finds_the_same_loss(case: Case) -> None:
    """A file with the current chain as reference serves as the entry itself does."""
    reference = references.read_reference(case_.pem(*case.current))
    checked = signing_responses.check_signing_response(
        case.data, reference, START, RESPONSE_LIMIT_BYTES
    )
    judged = checked.judgement
    assert case.warnings == _slugs(judged.notices, Severity.WARNING)
    assert case.infos == _slugs(judged.notices, Severity.INFO) - {"root-not-trusted"}
    assert () == checked.not_checked


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(c, id=c.name)
        for c in own_cases.CASES
        # Its own check refuses MD5, SHA-1 and names that are spelled differently, which is what
        # those cases are about.
        if len(c.chain) > 1 and not {"md5", "sha1", "name"} & set(c.name.split("-"))
    ],
)
def test_expected_chain_is_linked_by_signatures(case: Case) -> None:
    """The cases themselves are right: cryptography follows each expected chain by itself."""
    for child, issuer in zip(case.chain, case.chain[1:], strict=False):
        with warnings.catch_warnings():
            # About serial numbers that are meant.
            warnings.simplefilter("ignore")
            child.certificate.verify_directly_issued_by(issuer.certificate)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(c, id=c.name)
        for c in own_cases.CASES
        if not (c.warnings or c.refused) and len(c.chain) > 1 and c.usage is Usage.TLS_CLIENT
        # In its last second OpenSSL takes a certificate for expired (RFC 5280 section 4.1.2.5 does
        # not), and for any purpose is to it not for TLS clients (section 4.2.1.12 allows both).
        if "ends-this-second" not in c.name and c.name != "tls-client-any"
    ],
)
def test_accepted_chain_is_verified_by_openssl(case: Case, tmp_path: Path) -> None:
    """What is accepted without a warning is a chain for TLS clients to openssl as well."""
    for name, issued in (
        ("end", case.chain[:1]),
        ("between", case.chain[1:-1]),
        ("top", case.chain[-1:]),
    ):
        (tmp_path / name).write_bytes(case_.pem(*issued))
    moment = str(int(START.timestamp()))
    between = ("-untrusted", str(tmp_path / "between")) if case.chain[1:-1] else ()
    options = ("-partial_chain", "-purpose", "sslclient", "-attime", moment)
    trusted = ("-CAfile", str(tmp_path / "top"), "-no-CApath", "-no-CAstore")
    peers.run("openssl", "verify", *options, *trusted, *between, str(tmp_path / "end"))


def test_every_case_is_named_once() -> None:
    """A case can be found by its name, and there are enough of them."""
    assert len(own_cases.CASES) == len({case.name for case in own_cases.CASES})
    assert len(own_cases.CASES) > 150


def test_upload_without_confirmation_is_refused_and_changes_nothing(
    steward: Steward, settings: Settings
) -> None:
    """Of a CA that nobody has confirmed not even a good response is taken."""
    case = next(c for c in own_cases.CASES if c.name == "whole-chain")
    _set_up(steward, case)
    before = steward_.rows(settings)
    with pytest.raises(Problem) as caught:
        signing_responses.upload_signing_response(steward, TENANT, ALIAS, case.data, Consent())
    assert "root-not-trusted" == caught.value.slug
    assert before == steward_.rows(settings)
