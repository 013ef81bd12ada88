import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from keysteward.formats.keystores import pkcs12_linking
from keysteward.formats.keystores.pkcs12_bags import Attributes, CertificateBag
from tests import pki_maker
from tests.keystore_files import tlv
from tests.pki_maker import Issued


def _key(issued: Issued, name: str = "", key_id: bytes | None = None) -> tuple[Attributes, bytes]:
    pkcs8 = issued.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return Attributes(name, key_id), pkcs8


def _bag(issued: Issued, name: str = "", key_id: bytes | None = None) -> CertificateBag:
    return CertificateBag(Attributes(name, key_id), issued.der)


@pytest.fixture(scope="module")
def two() -> tuple[Issued, Issued]:
    """Two self-signed certificates with their keys."""
    return pki_maker.issue("a"), pki_maker.issue("b")


def test_identifier_of_one_key_and_one_certificate_links_them(two: tuple[Issued, Issued]) -> None:
    """It is believed here; whether they fit is proven by whoever imports them."""
    a, b = two

    assert [(1,), (0,)] == pkcs12_linking.link(
        [_key(a, key_id=b"1"), _key(b, key_id=b"2")], [_bag(a, key_id=b"2"), _bag(b, key_id=b"1")]
    )


def test_identifier_shared_by_keys_leaves_it_to_the_public_keys(two: tuple[Issued, Issued]) -> None:
    """Java gives entries of the same millisecond the same identifier."""
    a, b = two

    assert [(1,), (0,)] == pkcs12_linking.link(
        [_key(a, key_id=b"t"), _key(b, key_id=b"t")], [_bag(b, key_id=b"t"), _bag(a, key_id=b"t")]
    )


def test_chain_with_the_identifier_of_the_key_follows_its_certificate() -> None:
    """Some programs mark the whole chain with it; the key's own certificate comes first."""
    leaf, ca, root = pki_maker.make_chain()
    bags = [_bag(root, key_id=b"1"), _bag(leaf, key_id=b"1"), _bag(ca, key_id=b"1")]

    assert [(1, 0, 2)] == pkcs12_linking.link([_key(leaf, key_id=b"1")], bags)


@pytest.mark.parametrize("kind", ["rsa2048", "p256", "dsa1024", "ed25519", "ed448", "mldsa44"])
def test_key_without_identifier_gets_the_certificate_of_its_public_key(kind: str) -> None:
    """Keys of every kind are compared with the certificates'."""
    own = pki_maker.issue("own", pki_maker.make_key(kind), pki_maker.issue("ca", ca=True))
    other = pki_maker.issue("other", pki_maker.make_key("rsa2048"))

    assert [(1,)] == pkcs12_linking.link([_key(own)], [_bag(other), _bag(own)])


def test_of_several_certificates_for_a_key_the_one_of_its_name_is_taken(
    two: tuple[Issued, Issued],
) -> None:
    """A renewed certificate for the same key may lie beside the old one."""
    old, _ = two
    new = pki_maker.issue("a", old.key)

    assert [(1,), (0,)] == pkcs12_linking.link(
        [_key(old, "new"), _key(old, "else")], [_bag(old, "old"), _bag(new, "new")]
    )


def test_identifier_that_no_certificate_has_leaves_it_to_the_public_key(
    two: tuple[Issued, Issued],
) -> None:
    """A link that leads nowhere is as good as none."""
    a, b = two

    assert [(1,)] == pkcs12_linking.link([_key(a, key_id=b"1")], [_bag(b, key_id=b"2"), _bag(a)])


def test_key_without_any_certificate_has_none(two: tuple[Issued, Issued]) -> None:
    """Certificates of others, damaged ones and a damaged key link nothing."""
    a, b = two
    damaged = CertificateBag(Attributes(), a.der[:40])

    assert [(), ()] == pkcs12_linking.link(
        [_key(a), (Attributes(), b"\x30\x00")], [_bag(b), damaged]
    )


def test_key_of_a_wrong_length_has_no_certificate(two: tuple[Issued, Issued]) -> None:
    """A damaged key among the others does no harm to their links."""
    algorithm = tlv(0x30, tlv(6, bytes.fromhex("2b6570")))  # Ed25519
    short = tlv(0x30, tlv(2, b"\0"), algorithm, tlv(4, tlv(4, bytes(31))))
    bags = [_bag(issued) for issued in two]

    assert [(), (1,)] == pkcs12_linking.link([(Attributes(), short), _key(two[1])], bags)


def test_certificates_shared_by_many_keys_are_given_out_once_for_each() -> None:
    """One identifier and one public key for all of them: the work does not multiply."""
    same = pki_maker.issue("same")
    keys = [_key(same, key_id=b"t")] * 3_000
    bags = [_bag(same, "first", b"t"), *[_bag(same, "other", b"t")] * 6_999]

    assert [(0,)] * 3_000 == pkcs12_linking.link(keys, bags)


def test_of_several_certificates_with_a_shared_identifier_the_one_of_its_name_is_taken(
    two: tuple[Issued, Issued],
) -> None:
    """The name decides among those of the key's own identifier, not among all."""
    a, b = two
    bags = [_bag(a, "n", b"else"), _bag(a, "m", b"t"), _bag(a, "n", b"t")]

    assert [(2,), ()] == pkcs12_linking.link([_key(a, "n", b"t"), _key(b, "n", b"t")], bags)
