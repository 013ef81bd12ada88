from collections.abc import Iterator

import pytest

from tests.fresh import Fresh
from tests.rest import faces
from tests.rest.faces import Face


@pytest.fixture(scope="module")
def face(fresh: Fresh, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Face]:
    """Return the application of a fresh installation, one for all tests of a module."""
    folder = tmp_path_factory.mktemp("rest") / "data"
    with fresh.keystore(folder) as settings, faces.opened(settings) as opened:
        yield opened
