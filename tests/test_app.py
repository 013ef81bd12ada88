"""The composition root: what settings become."""

from dataclasses import replace
from pathlib import Path

import pytest

from keysteward import app
from keysteward.problems import SettingInvalid
from keysteward.settings import Settings
from tests import steward as steward_
from tests.pki_maker import issue

ROOT = issue("Root", ca=True)


def _opened_with(settings: Settings, folder: Path, content: bytes) -> int:
    bundle = folder / "roots.pem"
    bundle.write_bytes(content)
    with app.opened(replace(settings, trust_bundle=bundle)) as steward:
        assert set(steward_.read(ROOT)) == set(steward.bundle)
        return len(steward.bundle)


def test_trust_bundle_may_have_more_certificates_than_a_response(
    settings: Settings, tmp_path: Path
) -> None:
    """A system's bundle has some 150, with their names between them."""
    assert 200 == _opened_with(settings, tmp_path, (b"# Root\n" + ROOT.pem) * 200)


@pytest.mark.parametrize(
    "content", [b"", ROOT.der, ROOT.pem[:200], ROOT.pem.replace(b"MII", b"AII")]
)
def test_trust_bundle_that_cannot_be_read_is_refused(
    settings: Settings, tmp_path: Path, content: bytes
) -> None:
    """Rather than trust less than was asked for."""
    with pytest.raises(SettingInvalid, match="KEYSTEWARD_TRUST_BUNDLE"):
        _opened_with(settings, tmp_path, content)
