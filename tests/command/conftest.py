"""Files that every test of the command works with."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from tests import pki_maker
from tests.command.authority import CA, KEY, ROOT, SUBJECT, leaf
from tests.pki_maker import issue


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Return a folder with a key, its placeholder, good and bad responses."""
    folder = tmp_path / "files"
    folder.mkdir()
    placeholder = issue(SUBJECT, KEY, eku=("clientAuth",))
    request = pki_maker.make_request(SUBJECT, KEY, eku=("clientAuth",))
    good = leaf()
    contents = {
        "key.pem": placeholder.key_pem(),
        "placeholder.pem": placeholder.pem,
        "request.pem": request.public_bytes(Encoding.PEM),
        "root.pem": ROOT.pem,
        "ca.pem": CA.pem,
        "good.pem": good.pem + CA.pem + ROOT.pem,
        "newer.pem": leaf(not_before=pki_maker.NOT_BEFORE.replace(month=2)).pem + CA.pem + ROOT.pem,
        "server-only.pem": leaf(eku=("serverAuth",)).pem + CA.pem + ROOT.pem,
        "expired.pem": leaf(not_after=pki_maker.NOT_BEFORE.replace(day=2)).pem + CA.pem + ROOT.pem,
        "other.pem": issue(SUBJECT, issuer=CA).pem + CA.pem + ROOT.pem,
        "text.txt": b"please call us\n",
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return folder
