import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from keysteward.formats import downloads
from keysteward.pki.certificates import Certificate, read_certificate
from tests import peers, pki_maker
from tests import steward as steward_
from tests.pki_maker import Issued

_PRINT_PKI_PATH = Path(__file__).with_name("PrintPkiPath.java")


@pytest.fixture(scope="module")
def chain() -> tuple[Certificate, ...]:
    """Return a chain of four, end-entity first."""
    return steward_.read(*pki_maker.make_chain(intermediates=2))


def _fingerprints(printed: bytes) -> list[str]:
    """Return the SHA-256 of each certificate that keytool printed."""
    found = re.findall(rb"SHA256: ([0-9A-F:]+)", printed)
    return [digits.replace(b":", b"").decode().lower() for digits in found]


def test_certificate_is_read_by_openssl(chain: tuple[Certificate, ...]) -> None:
    """What openssl gets back are the very bytes of the certificate."""
    data = downloads.certificate_cer(chain[0])
    assert chain[0].der == peers.run("openssl", "x509", "-outform", "DER", data=data)


def test_chain_as_pem_is_blocks_alone_in_their_order(chain: tuple[Certificate, ...]) -> None:
    """The file is what openssl writes for each certificate, end-entity first, nothing between."""
    one_by_one = [
        peers.run("openssl", "x509", "-inform", "DER", data=certificate.der)
        for certificate in chain
    ]
    assert b"".join(one_by_one) == downloads.chain_pem(chain)


@pytest.mark.parametrize(
    ("inform", "write"), [("PEM", downloads.chain_p7b), ("DER", downloads.chain_p7b_der)]
)
def test_chain_as_pkcs7_is_read_by_openssl(
    chain: tuple[Certificate, ...],
    inform: str,
    write: Callable[[Sequence[Certificate]], bytes],
) -> None:
    """Every certificate of the chain is found by openssl in both encodings."""
    command = ("openssl", "pkcs7", "-inform", inform, "-print_certs")
    blocks = re.findall(
        rb"-----BEGIN.*?-----END CERTIFICATE-----\n",
        peers.run(*command, data=write(chain)),
        re.DOTALL,
    )
    assert {downloads.certificate_cer(c) for c in chain} == set(blocks)
    assert len(chain) == len(blocks)


def test_chain_as_pkcs7_is_read_by_keytool(chain: tuple[Certificate, ...], tmp_path: Path) -> None:
    """Java finds every certificate of the chain in the PEM form."""
    file = tmp_path / "chain.p7b"
    file.write_bytes(downloads.chain_p7b(chain))
    printed = peers.run("keytool", "-printcert", "-file", str(file))
    assert sorted(c.fingerprint for c in chain) == sorted(_fingerprints(printed))


@pytest.mark.parametrize("length", [1, 2, 4])
def test_chain_as_pkcs7_is_what_another_writer_makes(
    chain: tuple[Certificate, ...], length: int
) -> None:
    """The bytes are those of cryptography's own writer, the sorting of the set included."""
    members = chain[:length]
    expected = pkcs7.serialize_certificates([c.loaded for c in members], Encoding.DER)
    assert expected == downloads.chain_p7b_der(members)
    assert expected == downloads.chain_p7b_der(members[::-1])


def test_pki_path_is_read_by_java_in_its_order(chain: tuple[Certificate, ...]) -> None:
    """Java, which turns a PkiPath round, has the end-entity certificate first again."""
    peers.require("javac")
    printed = peers.run("java", str(_PRINT_PKI_PATH), data=downloads.chain_pkipath(chain))
    assert [c.fingerprint for c in chain] == printed.decode().split()


def test_pki_path_holds_the_root_first(chain: tuple[Certificate, ...]) -> None:
    """For openssl it is one sequence, whose members are the certificates from the root down."""
    data = downloads.chain_pkipath(chain)
    lines = peers.run("openssl", "asn1parse", "-inform", "DER", data=data).decode().splitlines()
    members = [re.match(r" *(\d+):d=1 +hl=(\d+) l= *(\d+) cons: SEQUENCE", line) for line in lines]
    found = []
    for member in filter(None, members):
        start, header, length = map(int, member.groups())
        found.append(data[start : start + header + length])
    assert [c.der for c in reversed(chain)] == found
    assert re.match(r" *0:d=0 ", lines[0])


def _aliases(entries: list[tuple[str, tuple[Certificate, ...]]]) -> list[str]:
    return [alias for alias, _ in downloads.split_chains(entries)]


def test_split_chains_numbers_the_issuers(chain: tuple[Certificate, ...]) -> None:
    """The certificate has the entry's alias, its issuers that alias with a number."""
    expected = [
        ("shop", chain[0]),
        ("shop_1", chain[1]),
        ("shop_2", chain[2]),
        ("shop_3", chain[3]),
        ("root", chain[3]),
    ]
    assert expected == downloads.split_chains([("shop", chain), ("root", chain[3:])])


@pytest.mark.parametrize("order", [1, -1])
def test_split_chains_leaves_the_aliases_of_entries_alone(
    chain: tuple[Certificate, ...], order: int
) -> None:
    """An entry called like a numbered issuer keeps its alias, wherever it stands in the list."""
    entries = [("shop", chain[:3]), ("shop_1", chain[:1]), ("shop__1", chain[:1])]
    assert {"shop", "shop_1", "shop__1", "shop___1", "shop_2"} == set(_aliases(entries[::order]))


def test_split_chains_compares_aliases_without_case(chain: tuple[Certificate, ...]) -> None:
    """What Java would take for the same alias is told apart."""
    entries = [("Shop", chain[:2]), ("SHOP_1", chain[:1]), ("shop", chain[:2])]
    assert ["Shop", "Shop__1", "SHOP_1", "shop_", "shop___1"] == _aliases(entries)


def test_split_chains_gives_no_alias_twice(chain: tuple[Certificate, ...]) -> None:
    """Entries made to collide with each other's issuers all come out, each under its own alias."""
    entries = [(f"a{'_' * n}{tail}", chain) for n in range(6) for tail in ("", "1", "2", "3")]
    found = _aliases(entries)
    assert 4 * len(entries) == len(found) == len({alias.lower() for alias in found})
    assert {alias for alias, _ in entries} <= set(found)


def _named(subject: str, issuer: str, **options: Any) -> Issued:  # noqa: ANN401  # as issue() has it
    names_ = [x509.Name([]) if not name else pki_maker.name(name) for name in (subject, issuer)]
    above = pki_maker.issue(names_[1], ca=True)
    return pki_maker.issue(names_[0], issuer=above, **options)


_CRITICAL = ((x509.SubjectAlternativeName([x509.DNSName("a.example")]), True),)


@pytest.mark.parametrize(
    ("expected", "issued"),
    [
        pytest.param(True, _named("a", "b"), id="both"),
        pytest.param(False, _named("a", ""), id="no issuer"),
        pytest.param(False, _named("", "", extra_extensions=_CRITICAL), id="neither"),
        pytest.param(False, _named("", "b"), id="no subject"),
        pytest.param(False, _named("", "b", san=("DNS:a.example",)), id="plain alternatives"),
        pytest.param(True, _named("", "b", extra_extensions=_CRITICAL), id="critical ones"),
        pytest.param(
            *(True, _named("", "b", ca=None, key_usage=(), key_ids=False)), id="no extensions"
        ),
    ],
)
def test_names_that_java_refuses_are_known(
    tmp_path: Path,
    expected: bool,  # noqa: FBT001  # a parameter of the test
    issued: Issued,
) -> None:
    """What keytool reads is told from what it does not."""
    file = tmp_path / "certificate.pem"
    file.write_bytes(issued.pem)
    # It fails for what it does not read.
    peers.run("keytool", "-printcert", "-file", str(file), fails=not expected)
    assert expected == downloads.is_read_by_java(read_certificate(issued.der))
