from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from keysteward.pki.key_pairs import KeySpec
from tests import peers
from tests.authorities.conftest import SUBJECT, Desk, der

_CA = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
_KEY_IDS = "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
_CLIENT = (
    "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
    "extendedKeyUsage=clientAuth\nsubjectAltName=DNS:shop.example.test\n"
)
_KEYS = {
    "root": ("rsa:2048",),
    "ca": ("ec", "-pkeyopt", "ec_paramgen_curve:P-384"),
}


@dataclass(frozen=True, slots=True)
class Ca:
    """A root with an RSA key and an issuing CA with an EC key, kept by openssl in a folder."""

    folder: Path

    @property
    def issuers(self) -> tuple[bytes, bytes]:
        """The issuing CA and the root in DER."""
        return der(self.folder / "ca.pem"), der(self.folder / "root.pem")

    def by_x509(self, request: bytes) -> Path:
        """Sign a request as ``openssl x509 -req`` does."""
        certificate = self._new_file()
        peers.run(
            *("openssl", "x509", "-req", "-in", str(self._request(request)), "-days", "397"),
            *("-CA", str(self.folder / "ca.pem"), "-CAkey", str(self.folder / "ca.key")),
            *("-extfile", str(self.folder / "client.cnf"), "-out", str(certificate)),
        )
        return certificate

    def by_ca(self, request: bytes) -> Path:
        """Sign a request as ``openssl ca`` does, which puts the certificate in words before it."""
        certificate = self._new_file()
        peers.run(
            *("openssl", "ca", "-batch", "-config", str(self.folder / "ca.cnf")),
            *("-in", str(self._request(request)), "-out", str(certificate)),
        )
        assert certificate.read_bytes().startswith(b"Certificate:")
        return certificate

    def _request(self, pem: bytes) -> Path:
        file = self.folder / "request.csr"
        file.write_bytes(pem)
        return file

    def _new_file(self) -> Path:
        return self.folder / f"client{len(list(self.folder.glob('client*.pem')))}.pem"


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Ca:
    """An openssl CA of two levels, with a database for ``openssl ca``."""
    folder = tmp_path_factory.mktemp("openssl")
    for name, subject in (("root", "/O=Example CA/CN=Root"), ("ca", "/O=Example CA/CN=Issuing CA")):
        peers.run(
            *("openssl", "req", "-new", "-newkey", *_KEYS[name], "-nodes", "-subj", subject),
            *("-keyout", str(folder / f"{name}.key"), "-out", str(folder / f"{name}.csr")),
        )
    (folder / "ca.ext").write_text(_CA + _KEY_IDS)
    sign = ("openssl", "x509", "-req", "-days", "3650", "-extfile", str(folder / "ca.ext"))
    for name, signer in (
        ("root", ("-signkey", str(folder / "root.key"))),
        ("ca", ("-CA", str(folder / "root.pem"), "-CAkey", str(folder / "root.key"))),
    ):
        files = ("-in", str(folder / f"{name}.csr"), "-out", str(folder / f"{name}.pem"))
        peers.run(*sign, *signer, *files)
    (folder / "client.cnf").write_text(_CLIENT + _KEY_IDS)
    (folder / "index").touch()
    (folder / "ca.cnf").write_text(
        f"""[ca]
default_ca = issuing
[issuing]
database = {folder}/index
new_certs_dir = {folder}
certificate = {folder}/ca.pem
private_key = {folder}/ca.key
rand_serial = yes
default_md = sha384
default_days = 397
policy = any
x509_extensions = client
unique_subject = no
[any]
countryName = optional
organizationName = optional
commonName = supplied
[client]
{_CLIENT}{_KEY_IDS}"""
    )
    return Ca(folder)


# ---- the forms in which openssl hands its answers out


def _pem_chain(certificate: Path, ca: Ca) -> bytes:
    above = (ca.folder / name for name in ("ca.pem", "root.pem"))
    return certificate.read_bytes() + b"".join(file.read_bytes() for file in above)


def _crl2pkcs7(certificate: Path, ca: Ca, form: str) -> bytes:
    files = (ca.folder / "root.pem", certificate, ca.folder / "ca.pem")
    chosen = [word for file in files for word in ("-certfile", str(file))]
    return peers.run("openssl", "crl2pkcs7", "-nocrl", "-outform", form, *chosen)


def _pkcs7_der(certificate: Path, ca: Ca) -> bytes:
    return _crl2pkcs7(certificate, ca, "DER")


def _pkcs7_pem(certificate: Path, ca: Ca) -> bytes:
    return _crl2pkcs7(certificate, ca, "PEM")


def _cms(certificate: Path, ca: Ca, form: str) -> bytes:
    """Return signed CMS with content and signer, streamed: BER with indefinite lengths."""
    bundle = ca.folder / "bundle.pem"
    # The signer's own certificate is added by openssl, which does not take it twice.
    bundle.write_bytes(certificate.read_bytes() + (ca.folder / "root.pem").read_bytes())
    return peers.run(
        *("openssl", "cms", "-sign", "-stream", "-nodetach", "-binary", "-outform", form),
        *("-signer", str(ca.folder / "ca.pem"), "-inkey", str(ca.folder / "ca.key")),
        *("-certfile", str(bundle)),
        data=b"your certificate is inside",
    )


def _cms_ber(certificate: Path, ca: Ca) -> bytes:
    answer = _cms(certificate, ca, "DER")
    assert answer.startswith(b"\x30\x80"), "indefinite length"
    return answer


def _cms_pem(certificate: Path, ca: Ca) -> bytes:
    return _cms(certificate, ca, "PEM")


_FORMS = (_pem_chain, _pkcs7_der, _pkcs7_pem, _cms_ber, _cms_pem)


@pytest.mark.parametrize("signed", [Ca.by_x509, Ca.by_ca], ids=["x509", "ca"])
@pytest.mark.parametrize("form", _FORMS, ids=lambda form: form.__name__.removeprefix("_"))
def test_answer_of_openssl_is_taken(
    signed: Callable[[Ca, bytes], Path],
    form: Callable[[Path, Ca], bytes],
    ca: Ca,
    desk: Desk,
    spec: KeySpec,
) -> None:
    """Each of its commands, in each form that it writes: the same chain, which openssl verifies."""
    certificate = signed(ca, desk.ask("shop", spec))
    desk.take("shop", form(certificate, ca), der(certificate), *ca.issuers)


def test_certificate_alone_is_taken(ca: Ca, desk: Desk, spec: KeySpec) -> None:
    """What ``openssl x509 -req`` writes by default is the certificate without its chain."""
    certificate = ca.by_x509(desk.ask("shop", spec))
    answer = certificate.read_bytes()
    desk.take("shop", answer, der(certificate), missing=ca.issuers)


@pytest.mark.parametrize(
    "kind",
    [
        *(KeySpec("rsa", 3072), KeySpec("ec", curve="secp521r1"), KeySpec("ec", curve="secp256k1")),
        *(KeySpec("ec", curve="brainpoolP384r1"), KeySpec("dsa", 2048)),
        *(KeySpec("ed25519"), KeySpec("ed448")),
        *(KeySpec("ml-dsa", 44), KeySpec("ml-dsa", 65), KeySpec("ml-dsa", 87)),
    ],
    ids=lambda kind: "-".join(str(part) for part in (kind.type, kind.size or kind.curve) if part),
)
def test_every_kind_of_key_is_certified_by_openssl(kind: KeySpec, ca: Ca, desk: Desk) -> None:
    """OpenSSL verifies the request of each kind of key, signs it, and verifies the stored chain."""
    if kind.type == "ml-dsa":
        peers.require_openssl_with_ml_dsa()
    certificate = ca.by_x509(desk.ask("shop", kind))
    desk.take("shop", _pkcs7_der(certificate, ca), der(certificate), *ca.issuers)


def test_subject_is_what_was_asked_for(ca: Ca, desk: Desk, spec: KeySpec) -> None:
    """OpenSSL read the request's subject as it was meant, and the answer needs no warning."""
    certificate = ca.by_x509(desk.ask("shop", spec))
    entry = desk.take("shop", _pkcs7_der(certificate, ca), der(certificate), *ca.issuers)
    shown = peers.run(
        *("openssl", "x509", "-noout", "-subject", "-nameopt", "compat", "-in", str(certificate))
    )
    assert SUBJECT == shown.decode().strip().removeprefix("subject=").strip()
    assert "CN=shop.example.test,O=Example Shop,C=DE" == entry.version.certificate.subject
