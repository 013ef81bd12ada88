from dataclasses import dataclass
from pathlib import Path

import pytest

from keysteward.pki.key_pairs import KeySpec
from tests import peers
from tests.authorities.conftest import Desk, der

_CLIENT = ("--keyUsage", "digitalSignature,critical", "--extKeyUsage", "clientAuth")
_AUTHORITY = ("-2", "--keyUsage", "certSigning,crlSigning,critical", "-t", "CT,C,C")
# To -2: is it a CA, no limit of the path's length, is the extension critical.
_ANSWERS = b"y\n\ny\n"


@dataclass(frozen=True, slots=True)
class Ca:
    """A root and an issuing CA in a certificate database of NSS, without key identifiers."""

    folder: Path

    @property
    def issuers(self) -> tuple[bytes, bytes]:
        """The issuing CA and the root in DER, as ``-L -r`` writes them."""
        return self.certutil("-L", "-n", "ca", "-r"), self.certutil("-L", "-n", "root", "-r")

    def certutil(self, *arguments: str, data: bytes = b"") -> bytes:
        """Run certutil on the CA's database."""
        return peers.run("certutil", *arguments, *self.database(), data=data)

    def database(self) -> tuple[str, ...]:
        """Return the options that name database and password file."""
        return ("-d", f"sql:{self.folder}", "-f", str(self.folder / "password"))

    def sign(self, request: bytes, *options: str) -> Path:
        """Return the file with the certificate for a request."""
        serial = str(100 + len(list(self.folder.glob("client*"))))
        given, answer = self.folder / f"request{serial}", self.folder / f"client{serial}"
        given.write_bytes(request)
        files = ("-i", str(given), "-o", str(answer), "-m", serial)
        self.certutil("-C", "-c", "ca", *files, "-v", "12", "-Z", "SHA256", *_CLIENT, *options)
        return answer


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Ca:
    """A CA of two levels: a root with an EC key, an issuing CA with an RSA key."""
    ca = Ca(tmp_path_factory.mktemp("nss"))
    (ca.folder / "password").write_text("test-only\n")
    # certutil wants noise for its keys from a file when nobody types.
    (ca.folder / "noise").write_bytes(bytes(range(64)))
    ca.certutil("-N")
    for name, issuer, key, serial in (
        ("root", ("-x",), ("-k", "ec", "-q", "nistp256"), "1"),
        ("ca", ("-c", "root"), ("-k", "rsa", "-g", "2048"), "2"),
    ):
        ca.certutil(
            *("-S", "-n", name, "-s", f"CN=NSS {name},O=Example CA", *issuer, *key, "-m", serial),
            *("-v", "120", "-Z", "SHA256", "-z", str(ca.folder / "noise"), *_AUTHORITY),
            data=_ANSWERS,
        )
    return ca


def test_pem_of_nss_is_taken(ca: Ca, desk: Desk, spec: KeySpec) -> None:
    """``-C -a`` with the issuers as ``-L -a`` writes them: PEM with CR LF line ends."""
    certificate = ca.sign(desk.ask("shop", spec), "-a")
    above = [ca.certutil("-L", "-n", name, "-a") for name in ("root", "ca")]
    answer = b"".join((*above, certificate.read_bytes()))
    assert b"\r\n" in answer
    desk.take("shop", answer, der(certificate), *ca.issuers)


def test_der_of_nss_is_taken(ca: Ca, desk: Desk, spec: KeySpec) -> None:
    """``-C`` takes a request in DER and writes DER; with the issuers behind it, it is a chain."""
    request = peers.run("openssl", "req", "-outform", "DER", data=desk.ask("shop", spec))
    certificate = ca.sign(request)
    answer = b"".join((certificate.read_bytes(), *ca.issuers))
    desk.take("shop", answer, certificate.read_bytes(), *ca.issuers)


def test_pkcs7_of_nss_is_taken(ca: Ca, desk: Desk, spec: KeySpec) -> None:
    """``cmsutil -O`` writes certificates as a PKCS#7 without signers."""
    certificate = ca.sign(desk.ask("shop", spec), "-a")
    nick = certificate.name
    ca.certutil("-A", "-n", nick, "-t", ",,", "-a", "-i", str(certificate))
    answer = peers.run("cmsutil", "-O", *ca.database(), "-r", f"{nick},ca,root")
    desk.take("shop", answer, der(certificate), *ca.issuers)
