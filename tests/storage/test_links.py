"""What is written without waiting for the answer."""

import pytest

from keysteward.problems import KeystoreBusy
from keysteward.storage import changes, statements
from keysteward.storage.engines.contract import Scope
from tests.storage.conftest import Bench

_SHA256 = b"\x01" * 32


def _confirmation(bench: Bench) -> dict[str, object]:
    return {
        "keystore_id": bench.keystore_id,
        "sha256": _SHA256,
        "confirmed_at": 1,
        "confirmed_by": "tester",
    }


def _find(bench: Bench) -> object:
    with bench.store._database.reading() as link:
        return link.one(
            statements.FIND_CONFIRMATION, keystore=bench.keystore_id, fingerprint=_SHA256
        )


def test_next_statement_sees_what_was_written(bench: Bench) -> None:
    """Nothing is overtaken, and everything is there after the commit."""
    with bench.store._database.writing(Scope(bench.keystore_id)) as link:
        link.write(changes.INSERT_CONFIRMATION, _confirmation(bench))
        wanted = {"keystore": bench.keystore_id, "fingerprint": _SHA256}
        assert (1, "tester") == link.one(statements.FIND_CONFIRMATION, **wanted)
        link.write(changes.INSERT_CONFIRMATION, _confirmation(bench))
    assert (1, "tester") == _find(bench)


def test_error_of_a_write_shows_before_the_commit(bench: Bench) -> None:
    """The transaction ends with the driver's own error, and nothing of it stays."""
    wrong = {"entry_id": 4711, "number": 1, "position": 0, "certificate_id": 4711}
    row = {**wrong, "keystore_id": bench.keystore_id}

    def write() -> None:
        with bench.store._database.writing(Scope(bench.keystore_id)) as link:
            link.write(changes.INSERT_CONFIRMATION, _confirmation(bench))
            link.write(changes.INSERT_VERSION_CERTIFICATE, row, {**row, "position": 1})
            link.write(changes.INSERT_CONFIRMATION, _confirmation(bench))

    with pytest.raises(bench.store._database.engine.errors, match=r"(?i)foreign key"):
        write()
    assert _find(bench) is None


def test_what_was_written_is_gone_after_a_rollback(bench: Bench) -> None:
    """Also for the next transaction on the same connection."""

    def write() -> None:
        with bench.store._database.writing(Scope(bench.keystore_id)) as link:
            link.write(changes.INSERT_CONFIRMATION, _confirmation(bench))
            raise KeystoreBusy

    with pytest.raises(KeystoreBusy):
        write()
    with bench.store._database.writing(Scope(bench.keystore_id)):
        pass
    assert _find(bench) is None
