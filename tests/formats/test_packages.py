import io
import re
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from keysteward.formats import packages
from keysteward.pki.certificates import Certificate
from tests import peers, pki_maker
from tests import steward as steward_

AT = datetime(2026, 6, 1, 12, 30, 44, tzinfo=UTC)

Chain = tuple[Certificate, ...]


@pytest.fixture(scope="module")
def chain() -> Chain:
    """Return end entity, issuing CA and root."""
    return steward_.read(*pki_maker.make_chain(subject="CN=Straße,O=Example"))


def _contents(package: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def _readme(package: bytes) -> str:
    return _contents(package)["README.txt"].decode()


def test_package_holds_every_form(chain: Chain) -> None:
    """Certificate, chain and root lie in it under names that say whose they are."""
    expected = ["README.txt", "shop.cer", "shop.der", "shop.p7b", "shop_chain.pem"]
    package = packages.partner_package("shop", chain[:2], chain[2], AT)
    assert [*expected, "shop_rootCA.cer"] == list(_contents(package))
    without = packages.partner_package("shop", chain[:2], None, AT)
    assert expected == list(_contents(without))


def test_package_is_unpacked_and_read_by_others(chain: Chain, tmp_path: Path) -> None:
    """It is unpacked by unzip, and openssl reads the files and verifies the chain with them."""
    file = tmp_path / "package.zip"
    file.write_bytes(packages.partner_package("shop/1", chain[:2], chain[2], AT))
    peers.run("unzip", "-q", str(file), "-d", str(tmp_path))
    names = ("shop_1.cer", "shop_1.der", "shop_1_chain.pem", "shop_1_rootCA.cer")
    cer, der, chain_pem, root = (str(tmp_path / name) for name in names)
    to_der = ("openssl", "x509", "-outform", "DER", "-in")
    assert chain[0].der == Path(der).read_bytes() == peers.run(*to_der, cer)
    assert chain[2].der == peers.run(*to_der, root)
    peers.run("openssl", "verify", "-CAfile", root, "-untrusted", chain_pem, cer)
    listed = peers.run(
        "openssl", "pkcs7", "-inform", "DER", "-print_certs", "-in", str(tmp_path / "shop_1.p7b")
    )
    assert 2 == listed.count(b"BEGIN CERTIFICATE")


def test_package_explains_each_certificate(chain: Chain, tmp_path: Path) -> None:
    """The text has what openssl says of each certificate: fingerprints, serial number, dates."""
    text = _readme(packages.partner_package("shop", chain, chain[2], AT))
    for certificate in chain:
        (tmp_path / "der").write_bytes(certificate.der)
        asked = ("openssl", "x509", "-inform", "DER", "-noout", "-in", str(tmp_path / "der"))
        for algorithm, label in (("-sha256", "SHA-256"), ("-sha1", "SHA-1")):
            digits = peers.run(*asked, "-fingerprint", algorithm).decode().strip().split("=")[1]
            assert re.search(rf"^{label} +{digits}\r$", text, re.MULTILINE)
        serial = peers.run(*asked, "-serial").decode().strip().split("=")[1]
        assert re.sub("(..)(?=.)", r"\1:", serial) in text
        assert certificate.subject in text
    assert "Valid from   2024-01-01 00:00:00 UTC" in text
    assert "Valid until  2044-01-01 00:00:00 UTC" in text
    assert "CERTIFICATE 3 of 3: the root" in text


def test_package_names_its_files_in_the_text(chain: Chain) -> None:
    """Every file is explained, and none that is not there."""
    for root in (chain[2], None):
        package = packages.partner_package("shop", chain[:2], root, AT)
        named = re.findall(r"^(shop\S*)  ", _readme(package), re.MULTILINE)
        assert sorted(named) == [name for name in _contents(package) if name != "README.txt"]


def test_package_without_the_root_says_whom_to_ask(chain: Chain) -> None:
    """The partner is told that the root is missing, and whose it is."""
    text = _readme(packages.partner_package("shop", chain[:2], None, AT))
    assert f"The root is not in this package; ask the CA of {chain[2].subject!r} for it." in text


def test_package_of_a_self_signed_certificate_has_no_second_root() -> None:
    """The certificate is its own root, so it is not there twice, and the text says so."""
    (own,) = steward_.read(pki_maker.issue("own"))
    package = packages.partner_package("own", (own,), own, AT)
    assert "own_rootCA.cer" not in _contents(package)
    assert "it is its own root" in _readme(package)


def test_package_is_the_same_for_the_same_time(chain: Chain) -> None:
    """The bytes depend on nothing but the arguments; the zone of the time makes no difference."""
    berlin = AT.astimezone(timezone(timedelta(hours=2)))
    first = packages.partner_package("shop", chain, chain[2], AT)
    assert first == packages.partner_package("shop", chain, chain[2], berlin)
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert {(2026, 6, 1, 12, 30, 44)} == {info.date_time for info in archive.infolist()}


@pytest.mark.parametrize("year", [1970, 2500])
def test_package_can_be_written_at_any_time(chain: Chain, year: int) -> None:
    """Years that a zip has no stamps for are no reason to fail."""
    package = packages.partner_package("shop", chain, None, AT.replace(year=year))
    assert f"Written on {year}-06-01" in _readme(package)


def test_package_shows_odd_serial_numbers(chain: Chain) -> None:
    """Numbers that no CA should give are shown as they are."""
    for number, shown in ((0, "00 (decimal 0)"), (-266, "-01:0A (decimal -266)")):
        odd = replace(chain[0], serial_number=number)
        assert f"Serial       {shown}" in _readme(packages.partner_package("x", (odd,), None, AT))
