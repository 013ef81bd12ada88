from collections.abc import Iterator

import pytest

from tests.fresh import Fresh
from tests.ui import faces
from tests.ui.faces import Face


@pytest.fixture(scope="module")
def face(fresh: Fresh, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Face]:
    """Return the page of a fresh installation, one for all tests of a module."""
    folder = tmp_path_factory.mktemp("ui") / "data"
    with fresh.keystore(folder) as settings, faces.opened(settings) as opened:
        yield opened
