from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui import faces
from tests.ui.faces import Face


@pytest.fixture(scope="module")
def face(keystore_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Face]:
    """Return the page of a fresh installation, one for all tests of a module."""
    with faces.opened(keystore_template, tmp_path_factory.mktemp("ui") / "data") as opened:
        yield opened
