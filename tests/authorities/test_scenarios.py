"""Whatever a CA sends and leaves out: every chain that ends up stored is verified by openssl."""

import itertools
from dataclasses import dataclass
from pathlib import Path

import pytest

from keysteward.keystore import certificates, signing_responses
from keysteward.pki.key_pairs import KeySpec
from tests import peers, verification
from tests.authorities.conftest import Desk, der
from tests.steward import TENANT, VERIFIED

_EC = KeySpec("ec", curve="secp256r1")
_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
_CA = (
    "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n"
    "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
)
_CLIENT = "keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n"
_LEVELS = ("root", "policy", "issuing")


@dataclass(frozen=True, slots=True)
class Ca:
    """An openssl CA of three levels, with a second certificate of the policy CA's key.

    That one, ``cross``, was issued by another root, ``other``.
    """

    folder: Path

    def pem(self, name: str) -> bytes:
        """Return a certificate of the CA in PEM."""
        return (self.folder / f"{name}.pem").read_bytes()

    def der(self, *names: str) -> tuple[bytes, ...]:
        """Return certificates of the CA in DER."""
        return tuple(der(self.folder / f"{name}.pem") for name in names)

    def make(self, name: str, issuer: str | None, request: Path, extensions: str) -> None:
        """Issue ``name.pem`` for a request; without an issuer it is self-signed."""
        (self.folder / "extensions").write_text(extensions)
        key = str(self.folder / f"{issuer or name}.key")
        signer = (
            ("-CA", str(self.folder / f"{issuer}.pem"), "-CAkey", key)
            if issuer
            else ("-signkey", key)
        )
        peers.run(
            *("openssl", "x509", "-req", "-days", "365", "-in", str(request), *signer),
            *("-extfile", str(self.folder / "extensions")),
            *("-out", str(self.folder / f"{name}.pem")),
        )

    def sign(self, request: bytes) -> None:
        """Issue ``client.pem``."""
        file = self.folder / "client.csr"
        file.write_bytes(request)
        self.make("client", "issuing", file, _CLIENT)


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Ca:
    """The CA; its levels are root, policy and issuing."""
    ca = Ca(tmp_path_factory.mktemp("levels"))
    for name in (*_LEVELS, "other"):
        files = ("-keyout", str(ca.folder / f"{name}.key"), "-out", str(ca.folder / f"{name}.csr"))
        peers.run("openssl", "req", "-new", *_KEY, "-subj", f"/O=Example CA/CN={name}", *files)
    for name, issuer in (
        ("root", None),
        ("policy", "root"),
        ("issuing", "policy"),
        ("other", None),
    ):
        ca.make(name, issuer, ca.folder / f"{name}.csr", _CA)
    ca.make("cross", "other", ca.folder / "policy.csr", _CA)
    return ca


@pytest.mark.parametrize("order", list(itertools.permutations(("client", "issuing", "policy"))))
def test_order_of_the_file_means_nothing(order: tuple[str, ...], ca: Ca, desk: Desk) -> None:
    """The chain is stored in its own order; a missing root is left out."""
    ca.sign(desk.ask("shop", _EC))
    answer = b"".join(ca.pem(name) for name in order)
    chain = ca.der("client", "issuing", "policy")
    desk.take("shop", answer, *chain, missing=ca.der("root"))


@pytest.mark.parametrize(
    ("sent", "stored", "missing"),
    [
        (("root", "policy", "issuing", "client"), ("client", "issuing", "policy", "root"), ()),
        (("client", "issuing"), ("client", "issuing"), ("policy", "root")),
        (("client",), ("client",), ("issuing", "policy", "root")),
        (("client", "policy", "root"), ("client",), ("issuing", "policy", "root")),
        (
            ("client", "client", "issuing", "other", "issuing", "policy", "root"),
            ("client", "issuing", "policy", "root"),
            (),
        ),
        (
            ("client", "issuing", "policy", "cross", "other"),
            ("client", "issuing", "cross", "other"),
            (),
        ),
    ],
    ids=["root-first", "up-to-issuer", "alone", "gap", "twice-and-foreign", "rooted-path"],
)
def test_chain_is_built_of_what_was_sent(
    sent: tuple[str, ...],
    stored: tuple[str, ...],
    missing: tuple[str, ...],
    ca: Ca,
    desk: Desk,
) -> None:
    """Certificates on the path are stored, all others dropped; a path to a root is preferred."""
    ca.sign(desk.ask("shop", _EC))
    answer = b"".join(ca.pem(name) for name in sent)
    desk.take("shop", answer, *ca.der(*stored), missing=ca.der(*missing))


@pytest.mark.parametrize(
    ("sent", "known"),
    [
        (("client", "issuing", "policy"), ("root",)),
        (("client", "issuing"), ("policy", "root")),
        (("client", "issuing", "root"), ("policy",)),
        (("client",), ("root", "policy", "issuing")),
    ],
    ids=["root", "policy-and-root", "middle", "all"],
)
def test_chain_is_completed_from_the_keystore(
    sent: tuple[str, ...], known: tuple[str, ...], ca: Ca, desk: Desk
) -> None:
    """What the file leaves open comes from certificate entries, trusted or not."""
    for name in known:
        certificates.add_certificate(
            *(desk.steward, TENANT, name, ca.pem(name)),
            trusted=name == "root",
            consent=VERIFIED,
        )
    ca.sign(desk.ask("shop", _EC))
    answer = b"".join(ca.pem(name) for name in sent)
    desk.take("shop", answer, *ca.der("client", "issuing", "policy", "root"))


def test_chain_is_repaired_by_the_same_certificate_with_its_issuers(ca: Ca, desk: Desk) -> None:
    """First the certificate alone, then the whole chain: a version each, both verified."""
    ca.sign(desk.ask("shop", _EC))
    desk.take("shop", ca.pem("client"), *ca.der("client"), missing=ca.der(*_LEVELS[::-1]))
    whole = b"".join(ca.pem(name) for name in ("client", *_LEVELS))
    repaired = signing_responses.upload_signing_response(
        desk.steward, TENANT, "shop", whole, VERIFIED
    )
    assert 3 == repaired.version
    stored = desk.entry("shop").version.chain
    assert ca.der("client", *_LEVELS[::-1]) == tuple(c.der for c in stored)
    verification.verify_chain(desk.folder, stored)
