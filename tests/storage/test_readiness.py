"""What a look at the database tells a load balancer."""

import shutil

import pytest

from keysteward.problems import SealingKeyMissing
from keysteward.sealing import keyring
from keysteward.storage import lifecycle
from keysteward.storage.readiness import Found
from tests.storage.conftest import Bench


def test_sound_database_can_be_worked_with(bench: Bench) -> None:
    """Nothing stands in the way, and changes are taken."""
    assert Found(migrated=True, missing_keys=(), writing=True) == bench.store.readiness.check()


def test_key_of_another_node_is_named(bench: Bench) -> None:
    """A node that runs while another one takes a new sealing key into use knows what it lacks."""
    bench.execute(
        "INSERT INTO data_keys (id, sealing_key_id, wrapped, created_at)"
        " SELECT 'ffffffffffffffff', '0123456789abcdef', wrapped, created_at FROM data_keys"
    )
    found = bench.store.readiness.check()
    assert (("0123456789abcdef",), True) == (found.missing_keys, found.migrated)


def test_node_with_another_keyring_does_not_start(bench: Bench) -> None:
    """It says which key it lacks, however many others it has."""
    folder = bench.settings.keyring
    ((needed,),) = bench.execute("SELECT sealing_key_id FROM data_keys")
    shutil.rmtree(folder)
    keyring.create_key(folder)
    with pytest.raises(SealingKeyMissing) as caught:
        lifecycle.open_store(bench.settings)
    assert needed == caught.value.key_id
