from collections.abc import Iterator

import pytest

from tests.fresh import Fresh


@pytest.fixture
def database(fresh: Fresh) -> Iterator[str | None]:
    """Return the URL of an empty database; None means the data folder's own."""
    with fresh.database() as url:
        yield url
