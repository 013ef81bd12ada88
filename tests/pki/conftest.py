"""Keys that the tests of this room share; each is for tests alone."""

import pytest

from keysteward.pki import key_pairs
from keysteward.pki.key_pairs import KeySpec, PrivateKey

_SPECS = (
    KeySpec("rsa", 2048),
    KeySpec("ec", curve="secp256r1"),
    KeySpec("ec", curve="secp384r1"),
    KeySpec("ec", curve="secp521r1"),
    KeySpec("ec", curve="secp192r1"),
    KeySpec("ec", curve="secp224r1"),
    KeySpec("ec", curve="secp256k1"),
    KeySpec("ec", curve="brainpoolP256r1"),
    KeySpec("ec", curve="brainpoolP384r1"),
    KeySpec("ec", curve="brainpoolP512r1"),
    KeySpec("dsa", 2048),
    KeySpec("ed25519"),
    KeySpec("ed448"),
    KeySpec("ml-dsa", 44),
    KeySpec("ml-dsa", 65),
    KeySpec("ml-dsa", 87),
)


def _name(spec: KeySpec) -> str:
    return "-".join(str(part) for part in (spec.type, spec.size, spec.curve) if part)


@pytest.fixture(scope="session", params=_SPECS, ids=_name)
def any_spec(request: pytest.FixtureRequest) -> KeySpec:
    """Each kind of key, the slow sizes left out."""
    spec: KeySpec = request.param
    return spec


@pytest.fixture(scope="session")
def any_key(any_spec: KeySpec) -> PrivateKey:
    """One key of each kind."""
    return key_pairs.generate(any_spec)


@pytest.fixture(scope="session")
def rsa_key() -> PrivateKey:
    """An RSA key of 2048 bits."""
    return key_pairs.generate(KeySpec("rsa", 2048))


@pytest.fixture(scope="session")
def ec_key() -> PrivateKey:
    """An EC key on P-256."""
    return key_pairs.generate(KeySpec("ec", curve="secp256r1"))
