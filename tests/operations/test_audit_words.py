"""One deed has one word in the audit log, done or refused."""

from collections.abc import Callable

import pytest

from keysteward.entries import Action, View
from keysteward.keystore import (
    backups,
    certificates,
    key_pairs,
    keystores,
    lifecycle,
    provider_keys,
    versions,
)
from keysteward.keystore.intake import Mode
from keysteward.keystore.key_pairs import KeyUpload
from keysteward.keystore.steward import Steward
from keysteward.problems import Problem
from tests import providers
from tests import steward as steward_
from tests.pki_maker import issue
from tests.steward import EVERYTHING, PROVIDER, TENANT, VERIFIED

ROOT, OTHER_ROOT = issue("Root", ca=True), issue("Other root", ca=True)
FIRST, SECOND = (issue(name, issuer=ROOT, eku=("clientAuth",)) for name in ("first", "second"))

Operation = Callable[[Steward, str], object]


OPERATIONS: dict[Action, Operation] = {
    Action.UPLOADED: lambda s, a: key_pairs.update_key_pair(
        *(s, TENANT, a, KeyUpload(SECOND.key_pem(), certificates=steward_.read(SECOND, ROOT))),
        consent=EVERYTHING,
    ),
    Action.ROLLED_BACK: lambda s, a: versions.roll_back(s, TENANT, a, 1, EVERYTHING),
    Action.RENAME: lambda s, a: lifecycle.rename_entry(s, TENANT, a, "renamed"),
    Action.DELETE: lambda s, a: lifecycle.delete_entry(s, TENANT, a),
    Action.PURGE: lambda s, a: lifecycle.purge_entry(s, TENANT, a, a),
    Action.RENEW: lambda s, a: key_pairs.renew_key_pair(s, TENANT, a),
    Action.RESTORED: lambda s, a: backups.restore(s, TENANT, "before", [a], Mode.OVERWRITE),
}


@pytest.mark.parametrize("action", OPERATIONS)
def test_deed_has_the_same_word_done_and_refused(steward: Steward, action: Action) -> None:
    """Whoever searches the log for one word finds all that was tried."""
    steward_.add(steward, "client", FIRST, ROOT)
    steward_.upload(steward, "client", FIRST, ROOT, OTHER_ROOT)
    backups.create_backup(steward, TENANT, "before")
    if action is Action.ROLLED_BACK:
        upload = KeyUpload(SECOND.key_pem(), certificates=steward_.read(SECOND, ROOT))
        key_pairs.update_key_pair(steward, TENANT, "client", upload, consent=EVERYTHING)
    if action is Action.RESTORED:
        lifecycle.delete_entry(steward, TENANT, "client")
    OPERATIONS[action](steward, "client")
    with pytest.raises(Problem):
        OPERATIONS[action](steward, "nobody")
    words = {outcome: word for word, outcome, _ in steward_.audited(steward)}
    assert {"done": action, "refused": action} == words


def test_certificate_update_has_the_word_of_uploads(steward: Steward) -> None:
    """Also when it is refused."""
    steward_.add_anchor(steward, "root", ROOT)
    for alias in ("root", "nobody"):
        try:
            certificates.update_certificate(
                steward, TENANT, alias, OTHER_ROOT.der, trusted=True, consent=VERIFIED
            )
        except Problem:
            assert "nobody" == alias
    assert [("uploaded", "done", "root"), ("uploaded", "refused", "nobody")] == (
        steward_.audited(steward)[-2:]
    )


def test_keystore_has_the_word_of_its_making(steward: Steward) -> None:
    """Also when its name is taken."""
    with pytest.raises(Problem):
        keystores.create_keystore(steward, TENANT, "default")
    words = [(word, outcome) for word, outcome, _ in steward_.audited(steward)]
    assert [("keystore-created", "done"), ("keystore-created", "refused")] == words


def test_every_word_of_the_provider_is_listed(steward: Steward) -> None:
    """Supplied, held, released, withdrawn: as the enumeration has them."""
    providers.supply(steward, FIRST, view=View.NEW)
    provider_keys.hold(steward, TENANT, providers.ALIAS)
    provider_keys.hold(steward, TENANT, providers.ALIAS, held=False)
    provider_keys.withdraw(steward, PROVIDER, providers.ALIAS)
    words = [Action(word) for word, _, _ in steward_.audited(steward)]
    made = [Action.SUPPLIED, Action.HOLD, Action.RELEASE, Action.WITHDRAW]
    assert [Action.KEYSTORE_CREATED, *made] == words
