"""Backups: made, looked into, compared, restored, deleted."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from keysteward.entries import Entry, EntryType, Reason
from keysteward.keystore import audit, backups, key_pairs, lifecycle
from keysteward.keystore.backups import Difference, Part, Since
from keysteward.keystore.intake import Intake, Mode, Status
from keysteward.keystore.steward import Steward
from keysteward.pki.usages import Usage
from keysteward.problems import (
    AliasExists,
    AliasNotFound,
    BackupNotFound,
    BackupOwnedByTenant,
    ConfirmationRequired,
    DatabaseUnusable,
    EntryChanged,
    NameInvalid,
    NameTaken,
)
from keysteward.sealing.sealer import Sealer
from keysteward.settings import Settings
from keysteward.storage.engines.sqlite import Sqlite
from keysteward.storage.store import Store
from keysteward.values import Alias
from tests import beside, pki_maker
from tests import steward as steward_
from tests.pki_maker import issue
from tests.steward import PROVIDER, START, TENANT, Clock

ROOT = issue("Root", ca=True)
CA = issue("Issuing", issuer=ROOT, ca=True)
FIRST = issue("first", issuer=CA)
RENEWED = issue("first", FIRST.key, CA)
SECOND = issue("second", issuer=CA)
THIRD = issue("third")


@pytest.fixture(autouse=True)
def entries(steward: Steward) -> None:
    """Make two key pairs and a trusted root of the tenant, and a key pair of the provider."""
    steward_.add(steward, "first", FIRST, CA, ROOT)
    steward_.add(steward, "second", SECOND, CA, usage=Usage.SIGNATURE)
    steward_.add_anchor(steward, "root", ROOT)
    steward_.add(steward, "sap_theirs", THIRD, caller=PROVIDER)


def _entry(steward: Steward, alias: str) -> Entry:
    return steward.store.get_entry(steward.keystore_id, alias)


def _names(steward: Steward) -> list[str]:
    return [backup.name for backup in steward.store.list_backups(steward.keystore_id)]


def _statuses(plan: Intake) -> dict[str, str]:
    return {decision.alias: decision.status.value for decision in plan.decisions}


def _restore(
    steward: Steward, *aliases: str, mode: Mode = Mode.OVERWRITE, name: str | None = None
) -> dict[str, str]:
    return _statuses(backups.restore(steward, TENANT, name, aliases or None, mode))


def _purge(steward: Steward, alias: str) -> int:
    return lifecycle.purge_entry(steward, TENANT, alias, alias)


# ---- making and deleting


def test_backup_holds_the_tenants_entries_alone(steward: Steward) -> None:
    """With size, time and maker; the provider's entries are never in one."""
    backup = backups.create_backup(steward, TENANT, "before")
    assert ("before", 3, START, "tester") == (
        *(backup.name, backup.size, backup.created_at, backup.created_by),
    )
    assert (backup,) == steward.store.list_backups(steward.keystore_id)
    listed = backups.look_into(steward, backup)
    assert ["first", "root", "second"] == [entry.alias for entry in listed]


def test_backup_without_a_name_is_called_after_the_time(steward: Steward, clock: Clock) -> None:
    """To the second in UTC; a second one within that second is another one all the same."""
    for _ in range(3):
        backups.create_backup(steward, TENANT)
    clock.advance(seconds=1)
    backups.create_backup(steward, TENANT)
    assert [
        "2026-06-01T12:00:01Z",
        "2026-06-01T12:00:00Z-3",
        "2026-06-01T12:00:00Z-2",
        "2026-06-01T12:00:00Z",
    ] == _names(steward)


@pytest.mark.parametrize("name", ["", "x" * 101, " x", "x ", "a\nb", "a\x00", "a\u202eb", "\x7f"])
def test_name_that_cannot_be_shown_is_refused(
    steward: Steward, settings: Settings, name: str
) -> None:
    """And no backup is made."""
    before = steward_.rows(settings)
    with pytest.raises(NameInvalid):
        backups.create_backup(steward, TENANT, name)
    assert before == steward_.rows(settings)


@pytest.mark.parametrize("name", ["x", "x" * 100, "before / migration [2]", "Sicherung für März"])
def test_name_can_be_any_text_of_up_to_100_characters(steward: Steward, name: str) -> None:
    """Blanks inside and any script included."""
    assert name == backups.create_backup(steward, TENANT, name).name
    assert name == steward.store.get_backup(steward.keystore_id, name).name


def test_name_is_given_once(steward: Steward) -> None:
    """A backup never takes the place of another by its name; a deleted one's name is free."""
    first = backups.create_backup(steward, TENANT, "before")
    with pytest.raises(NameTaken):
        backups.create_backup(steward, TENANT, "before")
    assert (first,) == steward.store.list_backups(steward.keystore_id)
    backups.delete_backup(steward, TENANT, "before")
    assert first.id != backups.create_backup(steward, TENANT, "before").id


def test_backup_copies_no_content(steward: Steward, settings: Settings) -> None:
    """Its rows are new, and no other row is touched."""
    without = ("audit", "sqlite_sequence")
    before = steward_.rows(settings, without=without)
    backups.create_backup(steward, TENANT, "before")
    after = steward_.rows(settings, without=without)
    changed = {table for table in after if before[table] != after[table]}
    assert {"backups", "backup_entries"} == changed
    assert 3 == len(after["backup_entries"])


def test_deleted_backup_leaves_the_entries_as_they_are(
    steward: Steward, settings: Settings
) -> None:
    """Nothing but the snapshot goes."""
    before = steward_.rows(settings, without=("audit", "sqlite_sequence"))
    backups.create_backup(steward, TENANT, "before")
    assert 0 == backups.delete_backup(steward, TENANT, "before")
    assert before == steward_.rows(settings, without=("audit", "sqlite_sequence"))


def test_backup_that_is_not_there_is_named(steward: Steward) -> None:
    """Also if the newest was meant and there is none."""
    with pytest.raises(BackupNotFound, match="'nothing'"):
        backups.delete_backup(steward, TENANT, "nothing")
    with pytest.raises(BackupNotFound, match="no backup yet"):
        backups.public_content(steward, None)
    for name in (None, "nothing"):
        with pytest.raises(BackupNotFound):
            backups.plan_restore(steward, TENANT, name, None, Mode.ADD)


def test_provider_has_no_backups(steward: Steward, settings: Settings) -> None:
    """Neither making, restoring nor deleting: the tenant's entries are none of the provider's."""
    backups.create_backup(steward, TENANT, "before")
    before = steward_.rows(settings)
    with pytest.raises(BackupOwnedByTenant):
        backups.create_backup(steward, PROVIDER, "theirs")
    with pytest.raises(BackupOwnedByTenant):
        backups.delete_backup(steward, PROVIDER, "before")
    for mode in Mode:
        with pytest.raises(BackupOwnedByTenant):
            backups.restore(steward, PROVIDER, None, None, mode)
    assert before == steward_.rows(settings)


def test_each_step_stands_in_the_audit_log(steward: Steward) -> None:
    """With the backup's name, refusals included."""
    start = len(steward_.audited(steward))
    backups.create_backup(steward, TENANT, "before")
    with pytest.raises(NameTaken):
        backups.create_backup(steward, TENANT, "before")
    lifecycle.delete_entry(steward, TENANT, "first")
    _restore(steward)
    backups.delete_backup(steward, TENANT, "before")
    with pytest.raises(BackupNotFound):
        backups.delete_backup(steward, TENANT, "before")
    rows = tuple(steward.store.audit_log.read(steward.keystore_id, last=99))[start:]
    assert [
        ("create-backup", "done", None, "before"),
        ("create-backup", "refused", None, None),
        ("delete", "done", "first", None),
        ("restored", "done", None, "before"),
        ("restored", "done", "first", None),
        ("delete-backup", "done", None, "before"),
        ("delete-backup", "refused", None, None),
    ] == [(row.action, row.outcome, row.alias, row.detail.get("backup")) for row in rows]
    assert audit.verify_chain(steward, None).clean


# ---- retention


def test_only_the_newest_backups_stay_if_so_set(steward: Steward) -> None:
    """The oldest go with the new one's transaction, and the audit log names them."""
    keeping = replace(steward, settings=replace(steward.settings, backups_kept=2))
    for name in ("a", "b", "c"):
        backups.create_backup(steward, TENANT, name)
    backups.create_backup(keeping, TENANT, "d")
    assert ["d", "c"] == _names(steward)
    rows = tuple(steward.store.audit_log.read(steward.keystore_id, last=2))
    assert [("delete-backup", "b", "d"), ("delete-backup", "a", "d")] == [
        (row.action, row.detail["backup"], row.detail["superseded_by"]) for row in rows
    ]


def test_one_backup_is_kept_if_so_set(steward: Steward) -> None:
    """It is the new one."""
    keeping = replace(steward, settings=replace(steward.settings, backups_kept=1))
    for name in ("a", "b"):
        backups.create_backup(keeping, TENANT, name)
    assert ["b"] == _names(steward)


def test_retention_does_not_happen_if_the_backup_is_refused(steward: Steward) -> None:
    """A name that is taken costs no old backup."""
    for name in ("a", "b"):
        backups.create_backup(steward, TENANT, name)
    keeping = replace(steward, settings=replace(steward.settings, backups_kept=1))
    with pytest.raises(NameTaken):
        backups.create_backup(keeping, TENANT, "a")
    assert ["b", "a"] == _names(steward)


# ---- looking into one


def test_entries_are_listed_as_they_were(steward: Steward) -> None:
    """Whatever was done to them since: renewed, renamed, deleted, purged."""
    as_it_was = steward.store.list_entries(steward.keystore_id, limit=9)
    backup = backups.create_backup(steward, TENANT, "before")
    steward_.upload(steward, "first", RENEWED, CA, ROOT)
    lifecycle.rename_entry(steward, TENANT, "second", "other")
    _purge(steward, "root")
    expected = [entry for entry in as_it_was if entry.alias != "sap_theirs"]
    assert expected == list(backups.look_into(steward, backup))


def test_public_content_is_that_of_the_backup(steward: Steward) -> None:
    """Alias and chain of each entry, of the newest backup unless one is named."""
    expected = [
        ("first", steward_.read(FIRST, CA, ROOT)),
        ("root", steward_.read(ROOT)),
        ("second", steward_.read(SECOND, CA)),
    ]
    backups.create_backup(steward, TENANT, "before")
    steward_.upload(steward, "first", RENEWED, CA, ROOT)
    _purge(steward, "second")
    assert expected == backups.public_content(steward, None)
    backups.create_backup(steward, TENANT, "after")
    assert [
        ("first", steward_.read(RENEWED, CA, ROOT)),
        ("root", steward_.read(ROOT)),
    ] == backups.public_content(steward, None)
    assert expected == backups.public_content(steward, "before")


# ---- comparing


def test_nothing_differs_at_first(steward: Steward) -> None:
    """All are counted, and the provider's are not spoken of."""
    backup = backups.create_backup(steward, TENANT, "before")
    found = backups.compare(steward, backup)
    assert (backup, (), 3) == (found.backup, found.differences, found.unchanged)


def test_comparison_names_what_is_new_removed_and_renamed(steward: Steward) -> None:
    """By alias, in order; a renamed entry says what it was called."""
    backup = backups.create_backup(steward, TENANT, "before")
    steward_.add(steward, "another", THIRD)
    steward_.add(steward, "sap_more", FIRST, caller=PROVIDER)
    lifecycle.rename_entry(steward, TENANT, "first", "zero")
    lifecycle.delete_entry(steward, TENANT, "root")
    found = backups.compare(steward, backup)
    first, zero = Alias("first"), Alias("zero")
    assert (
        Difference(Alias("another"), Since.NEW),
        Difference(first, Since.REMOVED, renamed=zero),
        Difference(Alias("root"), Since.REMOVED),
        Difference(zero, Since.NEW, renamed=first),
    ) == found.differences
    assert 1 == found.unchanged


@pytest.mark.parametrize("part", ["chain", "key", "usage", "trust", "pending", "type"])
def test_comparison_says_what_of_an_entry_differs(steward: Steward, part: str) -> None:
    """Chain, key, usage, trust, pending key, or that it is another type of entry."""
    backup = backups.create_backup(steward, TENANT, "before")
    entry = _entry(steward, "root" if part == "trust" else "first")
    expected = {Part(part)}
    if part == "chain":
        steward_.upload(steward, "first", RENEWED, CA, ROOT)
    elif part in ("usage", "trust"):
        usage = Usage.SIGNATURE if part == "usage" else entry.usage
        with steward.writing(TENANT) as writing:
            writing.describe(entry.id, usage, trusted=False)
    elif part == "pending":
        key_pairs.renew_key_pair(steward, TENANT, "first")
    else:
        lifecycle.delete_entry(steward, TENANT, "first")
        if part == "key":
            expected |= {Part.CHAIN}
            steward_.add(steward, "first", THIRD)
        else:
            steward_.add_anchor(steward, "first", CA)
    found = backups.compare(steward, backup)
    (difference,) = found.differences
    assert (entry.alias, Since.CHANGED, expected) == (
        *(difference.alias, difference.since, set(difference.parts)),
    )
    assert 2 == found.unchanged


def test_versions_that_end_where_they_began_are_no_difference(steward: Steward) -> None:
    """Content is compared, not numbers."""
    backup = backups.create_backup(steward, TENANT, "before")
    lifecycle.rename_entry(steward, TENANT, "first", "elsewhere")
    lifecycle.rename_entry(steward, TENANT, "elsewhere", "first")
    assert () == backups.compare(steward, backup).differences
    assert {"first": "unchanged", "root": "unchanged", "second": "unchanged"} == _restore(steward)


# ---- restoring


def test_whole_restore_names_what_vanishes(steward: Steward) -> None:
    """Replacing leads to the backup exactly; the provider's entries are not spoken of."""
    backup = backups.create_backup(steward, TENANT, "before")
    theirs = _entry(steward, "sap_theirs")
    steward_.add(steward, "another", THIRD)
    steward_.upload(steward, "first", RENEWED, CA, ROOT)
    lifecycle.rename_entry(steward, TENANT, "second", "moved")
    expected = {
        "first": "changed",
        "root": "unchanged",
        "second": "new",
        "another": "removed",
        "moved": "removed",
    }
    plan = backups.plan_restore(steward, TENANT, "before", None, Mode.REPLACE)
    assert expected == _statuses(plan)
    assert expected == _restore(steward, mode=Mode.REPLACE)
    assert () == backups.compare(steward, backup).differences
    assert theirs == _entry(steward, "sap_theirs")


def test_plan_stores_nothing(steward: Steward, settings: Settings) -> None:
    """Not even a row of the audit log."""
    backups.create_backup(steward, TENANT, "before")
    lifecycle.delete_entry(steward, TENANT, "first")
    before = steward_.rows(settings, without=())
    for mode in Mode:
        backups.plan_restore(steward, TENANT, None, None, mode)
    assert before == steward_.rows(settings, without=())


def test_one_entry_is_restored_out_of_a_whole(steward: Steward) -> None:
    """Everything else stays as it is now."""
    backups.create_backup(steward, TENANT, "before")
    changed = steward_.upload(steward, "first", RENEWED, CA, ROOT).version
    lifecycle.delete_entry(steward, TENANT, "second")
    another = steward_.add(steward, "another", THIRD)
    assert {"second": "new"} == _restore(steward, "second")
    back = _entry(steward, "second")
    assert (steward_.read(SECOND, CA), Usage.SIGNATURE) == (back.version.chain, back.usage)
    assert (Reason.RESTORED, "before") == (back.version.reason, back.version.note)
    assert changed == _entry(steward, "first").version.number
    assert another == _entry(steward, "another")


def test_entries_can_be_chosen_twice(steward: Steward) -> None:
    """Each is restored once."""
    backups.create_backup(steward, TENANT, "before")
    steward_.upload(steward, "first", RENEWED, CA, ROOT)
    assert {"first": "changed", "root": "unchanged"} == _restore(steward, "first", "root", "first")


def test_add_leaves_what_is_there(steward: Steward) -> None:
    """And says so, entry by entry."""
    backups.create_backup(steward, TENANT, "before")
    now = steward_.upload(steward, "first", RENEWED, CA, ROOT).version
    lifecycle.delete_entry(steward, TENANT, "second")
    plan = backups.restore(steward, TENANT, None, None, Mode.ADD)
    assert {"first": "not-imported", "root": "unchanged", "second": "new"} == _statuses(plan)
    problem = plan.decisions[0].problem
    assert isinstance(problem, AliasExists)
    assert "gets the new content if existing entries are overwritten." in problem.detail
    assert now == _entry(steward, "first").version.number


def test_alias_that_the_backup_does_not_hold_is_named(steward: Steward, settings: Settings) -> None:
    """With the backup, and also if it is there now; nothing else is restored then."""
    backups.create_backup(steward, TENANT, "before")
    steward_.add(steward, "another", THIRD)
    lifecycle.delete_entry(steward, TENANT, "first")
    before = steward_.rows(settings)
    for alias in ("another", "sap_theirs", "FIRST"):
        with pytest.raises(AliasNotFound, match="as the backup 'before' holds it"):
            _restore(steward, "first", alias)
    assert before == steward_.rows(settings)


def test_some_entries_cannot_replace_all(steward: Steward) -> None:
    """That mode speaks of every entry."""
    backups.create_backup(steward, TENANT, "before")
    with pytest.raises(ValueError, match="cannot replace all"):
        _restore(steward, "first", mode=Mode.REPLACE)


def test_newest_backup_is_restored_unless_one_is_named(steward: Steward) -> None:
    """SAP's "the backup" is the newest."""
    backups.create_backup(steward, TENANT, "old")
    steward_.upload(steward, "first", RENEWED, CA, ROOT)
    backups.create_backup(steward, TENANT, "new")
    assert {"first": "unchanged"} == _restore(steward, "first")
    assert {"first": "changed"} == _restore(steward, "first", name="old")
    assert steward_.read(FIRST, CA, ROOT) == _entry(steward, "first").version.chain
    assert {"first": "changed"} == _restore(steward, "first")


def test_restore_that_would_change_nothing_writes_nothing(
    steward: Steward, settings: Settings
) -> None:
    """Not even a row of the audit log."""
    backups.create_backup(steward, TENANT, "before")
    before = steward_.rows(settings, without=())
    _restore(steward, mode=Mode.REPLACE)
    assert before == steward_.rows(settings, without=())


def test_restored_entry_keeps_its_versions(steward: Steward) -> None:
    """What was current before the restore is one of them."""
    backups.create_backup(steward, TENANT, "before")
    steward_.upload(steward, "first", RENEWED, CA, ROOT)
    before = _entry(steward, "first")
    _restore(steward, "first")
    versions = steward.store.list_versions(_entry(steward, "first"))
    assert [1, 2, 3] == [version.number for version in versions]
    assert before.version == versions[1]


def test_pending_key_comes_back_with_its_entry(steward: Steward) -> None:
    """Chain and key of both versions; a response for it is taken then as before."""
    pending = key_pairs.renew_key_pair(steward, TENANT, "first").pending
    assert pending is not None
    backups.create_backup(steward, TENANT, "before")
    key_pairs.renew_key_pair(steward, TENANT, "first", replace=True)
    assert {"first": "changed"} == _restore(steward, "first")
    back = _entry(steward, "first")
    assert back.pending is not None
    assert (pending.chain, pending.private_key_id) == (
        *(back.pending.chain, back.pending.private_key_id),
    )


def test_pending_key_that_came_later_is_given_up(steward: Steward) -> None:
    """The entry is as the backup holds it; the key stays among the versions."""
    backups.create_backup(steward, TENANT, "before")
    pending = key_pairs.renew_key_pair(steward, TENANT, "first").pending
    assert {"first": "changed"} == _restore(steward, "first")
    entry = _entry(steward, "first")
    assert entry.pending is None
    assert pending in steward.store.list_versions(entry)


def test_restore_can_be_declined(steward: Steward, settings: Settings) -> None:
    """Whoever is shown the plan may refuse it, and nothing is written."""
    backups.create_backup(steward, TENANT, "before")
    lifecycle.delete_entry(steward, TENANT, "first")
    before = steward_.rows(settings)
    shown: list[Intake] = []

    def decline(plan: Intake) -> None:
        shown.append(plan)
        raise ConfirmationRequired("It adds one.", "Say yes.")

    with pytest.raises(ConfirmationRequired):
        backups.restore(steward, TENANT, None, None, Mode.ADD, accept=decline)
    assert [1] == [plan.count(Status.NEW) for plan in shown]
    assert before == steward_.rows(settings)


@pytest.mark.parametrize("meanwhile", ["changed", "backup deleted", "backup made anew"])
def test_restore_of_what_changed_meanwhile_writes_nothing(
    steward: Steward, settings: Settings, meanwhile: str
) -> None:
    """The plan holds for the entries and for the backup that it was made of."""
    backups.create_backup(steward, TENANT, "before")
    lifecycle.delete_entry(steward, TENANT, "root")
    steward_.upload(steward, "first", RENEWED, CA, ROOT)
    after: list[dict[str, list[str]]] = []

    def change(_: Intake) -> None:
        if meanwhile == "changed":
            lifecycle.rename_entry(steward, TENANT, "first", "elsewhere")
        else:
            backups.delete_backup(steward, TENANT, "before")
        if meanwhile == "backup made anew":
            backups.create_backup(steward, TENANT, "before")
        after.append(steward_.rows(settings))

    with pytest.raises(EntryChanged if meanwhile == "changed" else BackupNotFound):
        backups.restore(steward, TENANT, None, None, Mode.OVERWRITE, accept=change)
    assert after == [steward_.rows(settings)]


def test_restore_opens_no_private_key(steward: Steward, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys are named by the number of their row; nothing is unsealed or sealed."""
    key_pairs.renew_key_pair(steward, TENANT, "second")
    backups.create_backup(steward, TENANT, "before")
    steward_.upload(steward, "first", RENEWED, CA, ROOT)
    _purge(steward, "second")

    def refuse(*_: object) -> None:
        pytest.fail("a private key was touched")

    for owner, name in ((Sealer, "unseal"), (Sealer, "seal"), (Store, "get_private_key")):
        monkeypatch.setattr(owner, name, refuse)
    assert {"first": "changed", "root": "unchanged", "second": "new"} == _restore(
        steward, mode=Mode.REPLACE
    )


# ---- deleted and purged entries


def test_deleted_entry_comes_back_as_itself(steward: Steward) -> None:
    """The same entry with all its versions, under the alias of the backup."""
    backups.create_backup(steward, TENANT, "before")
    lifecycle.rename_entry(steward, TENANT, "first", "moved")
    gone = lifecycle.delete_entry(steward, TENANT, "moved")
    assert {"first": "new"} == _restore(steward, "first")
    back = _entry(steward, "first")
    assert (gone.id, 3) == (back.id, back.version.number)
    assert () == steward.store.list_entries(steward.keystore_id, limit=9, deleted=True)


def test_entry_whose_alias_is_taken_does_not_come_back_as_itself(steward: Steward) -> None:
    """The new entry gets the content as a version; the old one stays deleted."""
    backups.create_backup(steward, TENANT, "before")
    old = lifecycle.delete_entry(steward, TENANT, "first")
    new = steward_.add(steward, "first", THIRD)
    assert {"first": "changed"} == _restore(steward, "first")
    entry = _entry(steward, "first")
    assert (new.id, old.version.chain) == (entry.id, entry.version.chain)
    deleted = steward.store.find_deleted(steward.keystore_id, "first")
    assert deleted is not None
    assert old.id == deleted.id


def test_key_pair_takes_the_place_of_a_certificate_that_came_since(steward: Steward) -> None:
    """The certificate is deleted, and listed as such."""
    backups.create_backup(steward, TENANT, "before")
    lifecycle.delete_entry(steward, TENANT, "first")
    steward_.add_anchor(steward, "first", CA)
    assert {"first": "changed"} == _restore(steward, "first")
    assert EntryType.KEY_PAIR is _entry(steward, "first").type


def test_purged_entry_comes_back_while_a_backup_holds_it(
    steward: Steward, settings: Settings
) -> None:
    """Purging takes it out of every list, but what the backup holds of it stays whole."""
    before = _entry(steward, "first")
    backups.create_backup(steward, TENANT, "before")
    steward_.upload(steward, "first", RENEWED, CA, ROOT)
    sealed = steward_.sealed_keys(settings)
    assert 0 == _purge(steward, "first")
    assert () == steward.store.list_entries(steward.keystore_id, limit=9, deleted=True)
    assert steward.store.find_deleted(steward.keystore_id, "first") is None
    assert sealed == steward_.sealed_keys(settings)
    assert {"first": "new"} == _restore(steward, "first")
    back = _entry(steward, "first")
    assert before.version.chain == back.version.chain
    opened = key_pairs.unseal_private_key(steward, back.version).reveal()
    assert pki_maker.key_bytes(FIRST.key, Encoding.DER) == opened
    # The version that no backup held went with the purge.
    chains = [version.chain for version in steward.store.list_versions(back)]
    assert [before.version.chain] * 2 == chains


def test_last_backup_takes_the_keys_of_purged_entries_along(
    steward: Steward, settings: Settings
) -> None:
    """Not before: then no byte of them is left where the installation keeps them."""
    key_pairs.renew_key_pair(steward, TENANT, "first")
    for name in ("one", "two"):
        backups.create_backup(steward, TENANT, name)
    entry = _entry(steward, "first")
    assert entry.pending is not None
    ids = (entry.version.private_key_id, entry.pending.private_key_id)
    sealed = [steward.store.get_private_key(i)[0].ciphertext for i in ids if i is not None]
    assert 2 == len(sealed)
    _purge(steward, "first")
    assert 0 == backups.delete_backup(steward, TENANT, "one")
    assert all(key in beside.content(settings) for key in sealed)
    assert 2 == backups.delete_backup(steward, TENANT, "two")
    content = beside.content(settings)
    assert not [k for k in sealed for i in range(0, len(k) - 16, 16) if k[i : i + 16] in content]
    assert set(sealed).isdisjoint(steward_.sealed_keys(settings))
    assert steward.store.find_by_id(entry.id) is None
    (row,) = tuple(steward.store.audit_log.read(steward.keystore_id, last=1))
    assert ("delete-backup", 2) == (row.action, row.detail["keys_destroyed"])


def test_retention_takes_the_keys_of_purged_entries_along(
    steward: Steward, settings: Settings
) -> None:
    """A backup that goes by the setting goes like any other."""
    backups.create_backup(steward, TENANT, "old")
    key_id = _entry(steward, "first").version.private_key_id
    assert key_id is not None
    sealed = steward.store.get_private_key(key_id)[0].ciphertext
    _purge(steward, "first")
    assert sealed in beside.content(settings)
    keeping = replace(steward, settings=replace(steward.settings, backups_kept=1))
    backups.create_backup(keeping, TENANT, "new")
    assert sealed not in beside.content(settings)


@pytest.mark.sqlite_alone  # only there readers can keep what was purged in the log
def test_backup_is_made_though_a_reader_keeps_the_log(
    steward: Steward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said that the purged keys are still in the log; nothing is called refused."""
    backups.create_backup(steward, TENANT, "old")
    _purge(steward, "first")
    keeping = replace(steward, settings=replace(steward.settings, backups_kept=1))
    # A reader that stays would make this wait for half a minute.
    monkeypatch.setattr(Sqlite, "scrub", lambda *_: False)
    with pytest.raises(DatabaseUnusable, match="All was done"):
        backups.create_backup(keeping, TENANT, "new")
    assert ["new"] == [b.name for b in steward.store.list_backups(steward.keystore_id)]
    assert [("create-backup", "done", None), ("delete-backup", "done", None)] == (
        steward_.audited(steward)[-2:]
    )


def test_revived_entry_outlives_the_backup(steward: Steward) -> None:
    """A purged entry that was restored is living again, whatever happens to the backup."""
    backups.create_backup(steward, TENANT, "before")
    _purge(steward, "first")
    _restore(steward, "first")
    back = _entry(steward, "first")
    assert 0 == backups.delete_backup(steward, TENANT, "before")
    assert back == _entry(steward, "first")
    key_pairs.unseal_private_key(steward, back.version)


def test_restored_twice_an_entry_is_revived_once(steward: Steward) -> None:
    """Renamed after the first time, it stays what it is; the second time makes another."""
    backups.create_backup(steward, TENANT, "before")
    old = lifecycle.delete_entry(steward, TENANT, "first")
    _restore(steward, "first")
    lifecycle.rename_entry(steward, TENANT, "first", "moved")
    assert {"first": "new"} == _restore(steward, "first")
    assert (old.id, True) == (_entry(steward, "moved").id, old.id != _entry(steward, "first").id)


def test_backup_deleted_while_its_purged_entry_is_restored_leaves_no_dead_key(
    steward: Steward,
) -> None:
    """Another entry would get a key whose bytes are gone."""
    backups.create_backup(steward, TENANT, "before")
    _purge(steward, "first")
    now = steward_.add(steward, "first", THIRD)
    plans: list[Intake] = []

    def delete(plan: Intake) -> None:
        plans.append(plan)
        backups.delete_backup(steward, TENANT, "before")

    with pytest.raises(BackupNotFound):
        backups.restore(steward, TENANT, None, ("first",), Mode.OVERWRITE, accept=delete)
    assert [{"first": "changed"}] == [_statuses(plan) for plan in plans]
    assert now == _entry(steward, "first")


def test_backup_takes_the_place_of_the_one_of_its_name(steward: Steward, clock: Clock) -> None:
    """In one step: the old one is gone, and others stay."""
    first = backups.create_backup(steward, TENANT, "nightly")
    other = backups.create_backup(steward, TENANT, "other")
    clock.advance(days=1)
    with pytest.raises(NameTaken):
        backups.create_backup(steward, TENANT, "nightly")
    again = backups.create_backup(steward, TENANT, "nightly", replace_same=True)
    assert (again, other) == steward.store.list_backups(steward.keystore_id)
    assert again.id != first.id
