"""Whatever happens to a good response on its way, it ends in a right chain or in a problem."""

import itertools
import warnings
from functools import lru_cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from hypothesis import HealthCheck, given
from hypothesis import settings as bounded
from hypothesis import strategies as st

from keysteward.keystore import signing_responses
from keysteward.pki import certificates, references
from keysteward.pki.certificates import Certificate, read_certificate
from keysteward.pki.chains import MOST_VERIFICATIONS
from keysteward.problems import Problem, ResponseTooComplex
from keysteward.settings import RESPONSE_LIMIT_BYTES
from tests import pki_maker
from tests.pki_maker import Issued, issue
from tests.steward import START

ROOT = issue("Root", ca=True)
CROSS_ROOT = issue("Cross Root", ca=True)
CA = issue("Issuing", issuer=ROOT, ca=True)
CROSS = issue("Issuing", CA.key, CROSS_ROOT, ca=True)
OLD = issue("client", issuer=CA, eku=("clientAuth",), not_after=pki_maker.NOT_BEFORE.replace(day=9))
END = issue("client", OLD.key, CA, eku=("clientAuth",))
STRANGER = issue("stranger", issuer=CROSS_ROOT)
CHAIN = (END, CA, ROOT)
HEAP = (END, OLD, CA, CROSS, ROOT, CROSS_ROOT, STRANGER)
REFERENCE = references.read_reference(END.pem)

# A mutated file is another one each time; the time of one example says nothing.
thoroughly = bounded(
    max_examples=300,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def _path(*issued: Issued) -> bytes:
    """Return an X.509 PkiPath (RFC 4398 section 2.1 names it): a SEQUENCE, top CA first."""
    content = b"".join(one.der for one in reversed(issued))
    return b"\x30\x82" + len(content).to_bytes(2, "big") + content


@lru_cache
def forms() -> dict[str, bytes]:
    """Return the same chain in every form that a response may have."""
    loaded = [one.certificate for one in CHAIN]
    armoured = pkcs7.serialize_certificates(loaded, Encoding.PEM)
    return {
        "PEM": b"".join(one.pem for one in CHAIN),
        "DER": b"".join(one.der for one in CHAIN),
        "PKCS#7": pkcs7.serialize_certificates(loaded, Encoding.DER),
        "PKCS#7 PEM": armoured,
        "base64": b"".join(armoured.splitlines()[1:-1]),
        "PkiPath": _path(*CHAIN),
        "mixed": END.pem + CA.der + ROOT.der,
    }


FORMS = ("PEM", "DER", "PKCS#7", "PKCS#7 PEM", "base64", "PkiPath", "mixed")


def _judge(data: bytes) -> tuple[Certificate, ...] | None:
    """Return the chain that a file ends in, or None for a problem; nothing else may come out."""
    try:
        checked = signing_responses.check_signing_response(
            data, REFERENCE, START, RESPONSE_LIMIT_BYTES
        )
    except Problem as problem:
        return None if problem.detail.isprintable() else pytest.fail(repr(problem.detail))
    return checked.judgement.certificates


def _assert_right(chain: tuple[Certificate, ...] | None) -> None:
    """Ask cryptography, by itself, for the first key and for each signature of a chain."""
    if chain is None:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loaded = [x509.load_der_x509_certificate(c.der) for c in chain]
    assert END.certificate.public_key() == loaded[0].public_key()
    for child, issuer in itertools.pairwise(loaded):
        child.verify_directly_issued_by(issuer)


@pytest.mark.parametrize("form", FORMS)
def test_undamaged_response_is_the_whole_chain(form: str) -> None:
    """What the following tests damage is good in each form."""
    chain = _judge(forms()[form])
    assert tuple(read_certificate(one.der) for one in CHAIN) == chain


@pytest.mark.parametrize("form", FORMS)
def test_response_cut_off_anywhere_ends_in_a_right_chain_or_a_problem(form: str) -> None:
    """Every single length is tried."""
    data = forms()[form]
    for length in range(len(data)):
        _assert_right(_judge(data[:length]))


@pytest.mark.parametrize("form", FORMS)
@given(draw=st.data())
@thoroughly
def test_response_with_a_changed_byte_ends_in_a_right_chain_or_a_problem(
    form: str, draw: st.DataObject
) -> None:
    """Any byte, any other value."""
    data = bytearray(forms()[form])
    position = draw.draw(st.integers(0, len(data) - 1))
    data[position] ^= draw.draw(st.integers(1, 255))
    _assert_right(_judge(bytes(data)))


@given(st.data())
@thoroughly
def test_response_with_a_piece_taken_out_or_doubled_ends_in_a_right_chain_or_a_problem(
    draw: st.DataObject,
) -> None:
    """Any stretch of any form, removed or repeated."""
    data = forms()[draw.draw(st.sampled_from(FORMS))]
    start = draw.draw(st.integers(0, len(data)))
    end = draw.draw(st.integers(start, len(data)))
    times = draw.draw(st.sampled_from((0, 2, 3)))
    _assert_right(_judge(data[:start] + data[start:end] * times + data[end:]))


@given(st.permutations(HEAP), st.lists(st.booleans(), min_size=len(HEAP), max_size=len(HEAP)))
@thoroughly
def test_order_and_form_make_no_difference(order: list[Issued], armoured: list[bool]) -> None:
    """The same certificates, shuffled, PEM and DER mixed, give the same chain."""
    parts = [one.pem if pem else one.der for one, pem in zip(order, armoured, strict=True)]
    expected = _judge(b"".join(one.pem for one in HEAP))
    assert expected is not None
    assert 3 == len(expected)
    assert expected == _judge(b"".join(parts))


@given(st.sets(st.sampled_from(range(len(HEAP)))))
@thoroughly
def test_any_part_of_the_certificates_ends_in_a_right_chain_or_a_problem(kept: set[int]) -> None:
    """What is missing is never invented; the end entity decides whether there is a chain."""
    chain = _judge(b"".join(HEAP[n].pem for n in sorted(kept)))
    _assert_right(chain)
    assert (0 in kept) == (chain is not None)


@given(st.binary(max_size=400))
@thoroughly
def test_any_bytes_at_all_are_a_problem(data: bytes) -> None:
    """Nobody guesses a certificate for this key."""
    assert _judge(data) is None


@pytest.fixture
def verifications(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count the signature verifications that a test makes happen."""
    counted: list[int] = []
    verify = certificates.failure_of_signature

    def counting(child: Certificate, issuer: Certificate) -> str | None:
        counted.append(1)
        return verify(child, issuer)

    monkeypatch.setattr(certificates, "failure_of_signature", counting)
    return counted


def _crowd(count: int) -> bytes:
    """Return CAs of one name that all claim to have issued a certificate, none of which did."""
    make = pki_maker.make_key
    bare: dict[str, object] = {"key_usage": (), "key_ids": False}
    issuers = [issue("X", make("ed25519"), ca=None, **bare) for _ in range(count)]  # type: ignore[arg-type]
    other = issue("X", make("ed25519"), ca=None, **bare)  # type: ignore[arg-type]
    end = issue("c", END.key, other, ca=None, **bare)  # type: ignore[arg-type]
    return b"".join(one.der for one in (end, *issuers))


def test_hostile_file_makes_no_more_verifications_than_the_bound(
    verifications: list[int],
) -> None:
    """120 certificates under the size limit, each of which could be the issuer of all others."""
    data = _crowd(120)
    assert len(data) <= RESPONSE_LIMIT_BYTES
    with pytest.raises(ResponseTooComplex):
        signing_responses.check_signing_response(data, REFERENCE, START, RESPONSE_LIMIT_BYTES)
    assert 0 < len(verifications) <= MOST_VERIFICATIONS


def test_honest_chain_needs_a_verification_per_certificate(verifications: list[int]) -> None:
    """Four certificates never seen before, in reverse: four pairs, the root with itself."""
    chain = pki_maker.make_chain(intermediates=2)
    reference = references.read_reference(chain[0].pem)
    data = b"".join(one.pem for one in reversed(chain))
    signing_responses.check_signing_response(data, reference, START, RESPONSE_LIMIT_BYTES)
    assert 4 <= len(verifications) <= 2 * len(chain)
