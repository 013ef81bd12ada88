"""Finding the chain above a certificate."""

from datetime import UTC, datetime
from itertools import permutations

from keysteward.pki import chains
from keysteward.pki.certificates import read_certificate
from keysteward.pki.chains import Verifier
from tests import pki_maker

_NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_build_chain_is_one_chain_in_any_order_where_two_equal_paths_lead_to_one_issuer() -> None:
    """Two certificates of one CA, made at the same moment, leave nothing to chance."""
    upper = pki_maker.issue("Upper CA", None, pki_maker.issue("Root", ca=True), ca=True)
    one = pki_maker.issue("CA", None, upper, ca=True)
    twin = pki_maker.issue("CA", one.key, upper, ca=True)
    leaf = read_certificate(pki_maker.issue("client", None, one).der)
    issuers = [read_certificate(issued.der) for issued in (upper, one, twin)]
    preferred = min(issuers[1:], key=lambda certificate: certificate.fingerprint)

    found = {
        chains.build_chain(leaf, order, _NOW, Verifier()).certificates
        for order in permutations(issuers)
    }

    assert {(leaf, preferred, issuers[0])} == found
