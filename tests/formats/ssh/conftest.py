"""The maker of SSH keys that the tests of this room share."""

import pytest

from tests.ssh_maker import SshMaker


@pytest.fixture(scope="session")
def maker(tmp_path_factory: pytest.TempPathFactory) -> SshMaker:
    """Return a maker that keeps what it made for the whole run."""
    return SshMaker(tmp_path_factory.mktemp("ssh"))
