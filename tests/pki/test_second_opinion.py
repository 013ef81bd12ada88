"""What others would say of a chain that our own rules accept."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from keysteward.pki import second_opinion
from keysteward.pki.certificates import read_certificate
from tests import peers, pki_maker
from tests import steward as steward_
from tests.pki_maker import issue
from tests.steward import START

ROOT = issue("Root", ca=True)


def test_certificate_of_version_1_is_explained(tmp_path: Path) -> None:
    """In words of our own, with the usual cause; one of version 3 is nobody's business."""
    key = pki_maker.make_key("p256")
    (tmp_path / "ca.pem").write_bytes(ROOT.pem)
    (tmp_path / "ca.key").write_bytes(ROOT.key_pem())
    request = pki_maker.make_request("client", key)
    signing = ("-CA", str(tmp_path / "ca.pem"), "-CAkey", str(tmp_path / "ca.key"))
    certified = peers.run(
        *("openssl", "x509", "-req", "-outform", "DER", "-set_serial", "7", *signing),
        data=request.public_bytes(Encoding.PEM),
    )
    old, (root,) = read_certificate(certified), steward_.read(ROOT)
    if old.version != 1:
        pytest.skip("this openssl makes no version 1 certificates")
    objection = second_opinion.objection((old, root), old.not_before)
    assert objection is not None
    assert objection.startswith("The certificate is one of X.509 version 1")
    new = steward_.read(issue("client", key, ROOT), ROOT)
    assert second_opinion.objection(new, START) is None
