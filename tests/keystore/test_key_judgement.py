"""What would come of a key pair's file is told, and nothing of it is stored."""

import pytest

from keysteward.entries import Source
from keysteward.keystore import key_files, key_judgement
from keysteward.keystore.key_files import KeyFile
from keysteward.keystore.steward import Steward
from keysteward.problems import CertificateMissing
from keysteward.values import Secret
from tests import key_uploads
from tests import steward as steward_
from tests.pki_maker import issue

ROOT = issue("Root", ca=True)
LEAF = issue("client", issuer=ROOT, eku=("clientAuth",))


def _read(steward: Steward, data: bytes) -> KeyFile:
    return key_files.read_key_file(data, None, settings=steward.settings)


def test_chain_is_told_with_where_it_came_from(steward: Steward) -> None:
    """What the keystore adds is no part of the file; what it trusts needs no confirmation."""
    file = _read(steward, LEAF.key_pem() + LEAF.pem)
    alone = key_judgement.find(steward, file)
    assert steward_.read(LEAF)[0].fingerprint == alone.confirms_root
    steward_.add_anchor(steward, "root", ROOT)
    with_root = steward_.rows(steward.settings)
    found = key_judgement.find(steward, file)
    sources = [(link.certificate, link.source) for link in found.chain]
    leaf, root = steward_.read(LEAF, ROOT)
    assert [(leaf, Source.RESPONSE), (root, Source.KEYSTORE)] == sources
    assert found.confirms_root is None
    assert with_root == steward_.rows(steward.settings)


def test_key_alone_has_no_chain_and_updates_nothing(steward: Steward) -> None:
    """Its kind and digest are known all the same."""
    file = _read(steward, LEAF.key_pem())
    found = key_judgement.find(steward, file)
    digest = steward_.read(LEAF)[0].public_key_sha256
    assert ((), digest) == (found.chain, found.public_key_sha256)
    entry = steward_.add(steward, "other", issue("other"))
    with pytest.raises(CertificateMissing):
        key_judgement.find(steward, file, entry=entry)


def test_file_says_what_its_keys_are_chosen_by(steward: Steward) -> None:
    """Also when one of them was chosen already."""
    data = key_uploads.keytool_pkcs12("red", "blue", password="several")
    file = key_files.read_key_file(
        data, Secret(b"several"), choose="blue", settings=steward.settings
    )
    assert ["blue", "red"] == sorted(file.names)
