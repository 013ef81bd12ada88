import re
from pathlib import Path

import pytest
from asn1crypto import pkcs12 as structures

from keysteward.formats.keystores import pkcs12, pkcs12_writing
from keysteward.formats.keystores.contract import FileCertificate
from tests import peers, pki_maker
from tests.formats.keystores.conftest import ENGLISH, JavaDesk, JavaEntry, opening


@pytest.fixture(scope="module")
def certificates() -> list[tuple[str, bytes]]:
    """Named certificates, one name beyond ASCII and one beyond the BMP."""
    names = ("root", "zwischen-ü-€", "blatt-\N{GRINNING FACE}")
    return [(name, pki_maker.issue(name, ca=True).der) for name in names]


@pytest.fixture(scope="module")
def truststore(
    certificates: list[tuple[str, bytes]], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A truststore of them."""
    file = tmp_path_factory.mktemp("truststore") / "PublicContentKeystore.p12"
    file.write_bytes(pkcs12_writing.write_truststore(certificates))
    return file


def test_truststore_is_loaded_by_java_without_password(
    truststore: Path, certificates: list[tuple[str, bytes]], desk: JavaDesk
) -> None:
    """``KeyStore.load(stream, null)`` finds every certificate under its name."""
    assert {
        name: JavaEntry("certificate", b"", (der,)) for name, der in certificates
    } == desk.entries("PKCS12", truststore, "null")


def test_truststore_is_listed_by_keytool_as_trusted(truststore: Path) -> None:
    """Without ``-storepass`` keytool asks for nothing and shows three trusted certificates."""
    listed = peers.run("keytool", *ENGLISH, "-list", "-keystore", str(truststore)).decode()

    assert 3 == len(re.findall(r"\btrustedCertEntry\b", listed))


def test_truststore_is_read_by_openssl(
    truststore: Path, certificates: list[tuple[str, bytes]]
) -> None:
    """OpenSSL has to be told that there is no MAC, and gives back the same certificates."""
    listed = peers.run(
        *("openssl", "pkcs12", "-nomacver", "-passin", "pass:", "-nokeys", "-in", str(truststore))
    )

    block = rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n"
    assert [der for _, der in certificates] == [
        peers.run("openssl", "x509", "-outform", "DER", data=one)
        for one in re.findall(block, listed, re.DOTALL)
    ]


def test_truststore_has_the_structure_of_the_standard(
    truststore: Path, certificates: list[tuple[str, bytes]]
) -> None:
    """Another implementation finds DER, no MAC, and the names."""
    read = structures.Pfx.load(truststore.read_bytes(), strict=True)

    assert read["mac_data"].native is None
    (safe,) = read.authenticated_safe
    bags = structures.SafeContents.load(safe["content"].native, strict=True)
    assert [der for _, der in certificates] == [
        bag["bag_value"]["cert_value"].parsed.dump() for bag in bags
    ]
    assert bags.dump() == bags.dump(force=True)


def test_truststore_is_read_back(truststore: Path, certificates: list[tuple[str, bytes]]) -> None:
    """Names, certificates and the mark of trust return in their order."""
    found = pkcs12.read(truststore.read_bytes(), opening(None))

    assert (
        tuple(FileCertificate(name, der, trusted=True) for name, der in certificates)
        == found.certificates
    )


def test_truststore_may_be_empty() -> None:
    """A keystore without certificates is a file all the same."""
    found = pkcs12.read(pkcs12_writing.write_truststore([]), opening(None))

    assert ((), (), ()) == (found.keys, found.certificates, found.skipped)
