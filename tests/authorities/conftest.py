"""A keystore whose signing requests are taken to CAs that are none of our code."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from keysteward import app
from keysteward.entries import Entry, Reason
from keysteward.keystore import key_pairs, signing_requests, signing_responses
from keysteward.keystore.key_pairs import PlaceholderWish
from keysteward.keystore.signing_requests import RequestWish
from keysteward.keystore.steward import Steward
from keysteward.pki.key_pairs import KeySpec
from keysteward.pki.subjects import Subject
from tests import steward as stewards
from tests import verification
from tests.steward import TENANT, VERIFIED

SUBJECT = "/C=DE/O=Example Shop/CN=shop.example.test"
KINDS = {"rsa": KeySpec("rsa", 2048), "ec": KeySpec("ec", curve="secp256r1")}


@pytest.fixture(params=sorted(KINDS))
def spec(request: pytest.FixtureRequest) -> KeySpec:
    """The kinds of key that every CA has to sign."""
    return KINDS[request.param]


@dataclass(frozen=True, slots=True)
class Desk:
    """Where requests go out and answers come in, with the system's clock as the CAs have it."""

    steward: Steward
    folder: Path

    def ask(self, alias: str, spec: KeySpec) -> bytes:
        """Make a key pair and return its signing request in PEM, which openssl has verified."""
        subject = Subject("shop.example.test", organization="Example Shop", country="DE")
        unchanged = RequestWish(Subject())
        wish = PlaceholderWish(subject, ("DNS:shop.example.test",))
        key_pairs.generate_key_pair(self.steward, TENANT, alias, spec, wish)
        pem = signing_requests.write_signing_request(self.steward, TENANT, alias, unchanged)
        verification.verify_request(pem)
        return pem

    def take(
        self, alias: str, answer: bytes, *expected: bytes, missing: Sequence[bytes] = ()
    ) -> Entry:
        """Upload a CA's answer; the stored chain must be the expected one, and openssl agree.

        Args:
            alias: whose answer it is.
            answer: the file as the CA's tool wrote it.
            expected: the chain in DER, end-entity first.
            missing: issuers in DER up to the root that the answer leaves out; openssl gets them.
        """
        before = self.entry(alias)
        uploaded = signing_responses.upload_signing_response(
            self.steward, TENANT, alias, answer, VERIFIED
        )
        entry = self.entry(alias)
        assert expected == tuple(c.der for c in entry.version.chain)
        assert uploaded.version == entry.version.number == before.version.number + 1
        assert Reason.SIGNING_RESPONSE == entry.version.reason
        assert before.version.private_key_id == entry.version.private_key_id
        assert entry.waiting_since is None
        verification.verify_chain(self.folder, entry.version.chain, missing)
        return entry

    def entry(self, alias: str) -> Entry:
        """Return an entry as it is now."""
        return self.steward.store.get_entry(self.steward.keystore_id, alias)


@pytest.fixture
def desk(keystore_template: Path, tmp_path: Path) -> Iterator[Desk]:
    """A fresh keystore."""
    settings = stewards.copy_template(keystore_template, tmp_path / "data")
    with app.opened(settings) as steward:
        yield Desk(steward, tmp_path)


def der(file: Path) -> bytes:
    """Return the DER of a file that holds one certificate, in PEM or DER, amid other text."""
    data = file.read_bytes()
    if b"-----BEGIN" in data:
        return x509.load_pem_x509_certificate(data).public_bytes(Encoding.DER)
    return data
