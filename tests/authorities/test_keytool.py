from dataclasses import dataclass
from pathlib import Path

import pytest

from keysteward.pki.key_pairs import KeySpec
from tests import peers
from tests.authorities.conftest import Desk, der

_PASSWORD = "test-only"
_CLIENT = ("-ext", "ku:c=digitalSignature", "-ext", "eku=clientAuth", "-ext", "honored=san")

# Prints what Java's own encoder makes of certificates, end-entity first: PkiPath or PKCS7.
_ENCODER = """
import java.io.FileInputStream;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;

public class Encoder {
    public static void main(String[] arguments) throws Exception {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        ArrayList<Certificate> chain = new ArrayList<>();
        for (int i = 1; i < arguments.length; i++) {
            try (FileInputStream file = new FileInputStream(arguments[i])) {
                chain.add(factory.generateCertificate(file));
            }
        }
        System.out.write(factory.generateCertPath(chain).getEncoded(arguments[0]));
        System.out.flush();
    }
}
"""


@dataclass(frozen=True, slots=True)
class Ca:
    """A root and an issuing CA whose keys lie in a Java keystore."""

    folder: Path

    @property
    def issuers(self) -> tuple[bytes, bytes]:
        """The issuing CA and the root in DER."""
        return der(self.folder / "ca.der"), der(self.folder / "root.der")

    def keytool(self, *arguments: str, data: bytes = b"") -> bytes:
        """Run keytool on the CA's keystore."""
        store = ("-keystore", str(self.folder / "ca.p12"), "-storepass", _PASSWORD)
        return peers.run("keytool", *arguments, *store, data=data)

    def sign(self, request: bytes, *options: str) -> bytes:
        """Return what ``keytool -gencert`` answers: DER, or PEM with ``-rfc``."""
        return self.keytool("-gencert", "-alias", "ca", *_CLIENT, *options, data=request)


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Ca:
    """A CA of two levels; the issuing CA's chain was imported as Java users do it."""
    ca = Ca(tmp_path_factory.mktemp("keytool"))
    authority = ("-ext", "bc:c", "-ext", "ku:c=keyCertSign,cRLSign", "-validity", "3650")
    for alias, key in (("root", ("RSA", "2048")), ("ca", ("EC", "256"))):
        ca.keytool(
            *("-genkeypair", "-alias", alias, "-dname", f"CN=Java {alias}, O=Example CA"),
            *("-keyalg", key[0], "-keysize", key[1], *authority),
        )
    request = ca.keytool("-certreq", "-alias", "ca")
    answer = ca.keytool("-gencert", "-alias", "root", *authority, "-rfc", data=request)
    ca.keytool("-importcert", "-noprompt", "-alias", "ca", data=answer)
    for alias in ("root", "ca"):
        file = ca.folder / f"{alias}.der"
        file.write_bytes(ca.keytool("-exportcert", "-alias", alias))
    return ca


@pytest.fixture(scope="module")
def encoder(ca: Ca) -> tuple[str, ...]:
    """The command of a small Java program that encodes certification paths."""
    peers.require("javac")
    source = ca.folder / "Encoder.java"
    source.write_text(_ENCODER)
    peers.run("javac", "-d", str(ca.folder), str(source))
    return ("java", "-cp", str(ca.folder), "Encoder")


def _first(answer: bytes) -> bytes:
    return peers.run("openssl", "x509", "-inform", "DER", "-outform", "DER", data=answer)


def test_pem_of_keytool_is_taken(ca: Ca, desk: Desk, spec: KeySpec) -> None:
    """``-gencert -rfc`` writes certificate and issuing CA in PEM, without the root."""
    answer = ca.sign(desk.ask("shop", spec), "-rfc")
    assert 2 == answer.count(b"-----BEGIN CERTIFICATE-----")
    file = ca.folder / "answer.pem"
    file.write_bytes(answer)
    desk.take("shop", answer, der(file), ca.issuers[0], missing=ca.issuers[1:])


def test_der_of_keytool_is_taken(ca: Ca, desk: Desk, spec: KeySpec) -> None:
    """``-gencert`` writes certificate and issuing CA in DER, one behind the other."""
    answer = ca.sign(desk.ask("shop", spec))
    certificate = _first(answer)
    assert certificate + ca.issuers[0] == answer
    desk.take("shop", answer, certificate, ca.issuers[0], missing=ca.issuers[1:])


@pytest.mark.parametrize("encoding", ["PkiPath", "PKCS7"])
def test_certification_path_of_java_is_taken(
    encoding: str, ca: Ca, encoder: tuple[str, ...], desk: Desk, spec: KeySpec
) -> None:
    """What Java's CertPath writes of the whole chain is read in both of its encodings."""
    certificate = _first(ca.sign(desk.ask("shop", spec)))
    file = ca.folder / "client.der"
    file.write_bytes(certificate)
    files = (str(file), *(str(ca.folder / f"{alias}.der") for alias in ("ca", "root")))
    answer = peers.run(*encoder, encoding, *files)
    assert answer.startswith(b"\x30\x82")
    desk.take("shop", answer, certificate, *ca.issuers)
