from dataclasses import dataclass
from pathlib import Path

import pytest

from keysteward.pki.key_pairs import KeySpec
from tests import peers
from tests.authorities.conftest import Desk, der

_AUTHORITY = 'cn = "GnuTLS {name}"\nca\ncert_signing_key\ncrl_signing_key\nexpiration_days = 3650\n'
_CLIENT = "honor_crq_extensions\nsigning_key\ntls_www_client\nexpiration_days = 397\n"
_KEYS = {
    "root": ("--key-type", "ecdsa", "--curve", "secp384r1"),
    "ca": ("--key-type", "rsa", "--bits", "2048"),
}


@dataclass(frozen=True, slots=True)
class Ca:
    """A root and an issuing CA made with GnuTLS, whose files lie in a folder."""

    folder: Path

    @property
    def issuers(self) -> tuple[bytes, bytes]:
        """The issuing CA and the root in DER."""
        return der(self.folder / "ca.pem"), der(self.folder / "root.pem")

    def sign(self, request: bytes) -> Path:
        """Return the file with the certificate for a request."""
        (self.folder / "request.csr").write_bytes(request)
        (self.folder / "client.tmpl").write_text(_CLIENT)
        return self.run(
            "client.pem",
            *("--generate-certificate", "--load-request", str(self.folder / "request.csr")),
            *("--load-ca-certificate", str(self.folder / "ca.pem")),
            *("--load-ca-privkey", str(self.folder / "ca.key")),
            *("--template", str(self.folder / "client.tmpl")),
        )

    def pkcs7(self, certificate: Path, *options: str) -> bytes:
        """Return certificate and issuers as ``--p7-generate`` bundles them."""
        bundle = self.folder / "bundle.pem"
        above = (self.folder / f"{name}.pem" for name in ("root", "ca"))
        bundle.write_bytes(b"".join(f.read_bytes() for f in above) + certificate.read_bytes())
        chosen = ("--p7-generate", "--load-certificate", str(bundle), *options)
        return self.run("answer.p7", *chosen).read_bytes()

    def run(self, name: str, *arguments: str) -> Path:
        """Run certtool and return the file that it wrote."""
        file = self.folder / name
        peers.run("certtool", *arguments, "--outfile", str(file))
        return file


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Ca:
    """A CA of two levels: a root with an EC key, an issuing CA with an RSA key."""
    ca = Ca(tmp_path_factory.mktemp("certtool"))
    for name, key in _KEYS.items():
        (ca.folder / f"{name}.tmpl").write_text(_AUTHORITY.format(name=name))
        ca.run(f"{name}.key", "--generate-privkey", *key)
        own = (
            *("--load-privkey", str(ca.folder / f"{name}.key")),
            *("--template", str(ca.folder / f"{name}.tmpl")),
        )
        issuer = (
            *("--load-ca-certificate", str(ca.folder / "root.pem")),
            *("--load-ca-privkey", str(ca.folder / "root.key")),
        )
        if name == "root":
            ca.run("root.pem", "--generate-self-signed", *own)
        else:
            ca.run(f"{name}.pem", "--generate-certificate", *own, *issuer)
    return ca


def test_pem_of_certtool_is_taken(ca: Ca, desk: Desk, spec: KeySpec) -> None:
    """``--generate-certificate --load-request`` writes the certificate alone in PEM."""
    certificate = ca.sign(desk.ask("shop", spec))
    desk.take("shop", certificate.read_bytes(), der(certificate), missing=ca.issuers)


@pytest.mark.parametrize("options", [(), ("--outder",)], ids=["pem", "der"])
def test_pkcs7_of_certtool_is_taken(
    options: tuple[str, ...], ca: Ca, desk: Desk, spec: KeySpec
) -> None:
    """``--p7-generate`` bundles the chain, root first; certtool reads its own file the same."""
    certificate = ca.sign(desk.ask("shop", spec))
    answer = ca.pkcs7(certificate, *options)
    informat = ("--inder",) if options else ()
    assert b"Number of certificates: 3" in peers.run(
        "certtool", "--p7-info", *informat, data=answer
    )
    desk.take("shop", answer, der(certificate), *ca.issuers)
