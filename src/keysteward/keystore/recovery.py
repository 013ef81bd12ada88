"""The one way out for private keys: a whole installation, encrypted, and back on another machine.

The file is for the day on which everything else is lost. Both directions are audited, in every
keystore's log.
"""

from datetime import datetime
from typing import BinaryIO, cast

from keysteward.entries import Action, Caller
from keysteward.keystore.steward import Steward, require_administrator
from keysteward.sealing import recovery
from keysteward.settings import Settings
from keysteward.storage import recovery as dumps
from keysteward.storage import restoring
from keysteward.storage.audit import DONE, AuditEvent
from keysteward.storage.recovery import Contents, Progress
from keysteward.values import Secret


def export(
    steward: Steward,
    caller: Caller,
    file: BinaryIO,
    name: str,
    passphrase: Secret,
    progress: Progress = lambda done, total: None,
) -> Contents:
    """Write the whole installation, all keystores and sealing keys, encrypted into ``file``.

    The log says so before anything of it is readable, and the file holds that row. The file is
    neither flushed nor closed. ``name`` is the file's, for the log.

    Raises InstallationOwnedByTenant, PassphraseTooShort, DatabaseUnusable.
    """
    with steward.recording_refusals(caller, Action.RECOVERY_EXPORT, None):
        require_administrator(caller)
        with recovery.encrypting(file, passphrase) as writer:
            at = steward.clock()
            event = AuditEvent(Action.RECOVERY_EXPORT, DONE, None, None, None, {"file": name})
            with steward.store.writing(steward.keystore_id, caller.name, at) as writing:
                for _, keystore_id in steward.store.list_keystores():
                    writing.audit_all([event], keystore_id)
            return dumps.dump(steward.settings, writer.write, at, progress)


def restore(
    settings: Settings,
    file: BinaryIO,
    passphrase: Secret,
    actor: str,
    at: datetime,
    progress: Progress = lambda done, total: None,
) -> Contents:
    """Make the installation of a recovery file, where there is none yet; wholly or not at all.

    Raises PasswordWrong, RecoveryUnreadable, KeyDerivationTooCostly, KeystoreExists, KeystoreBusy,
    DatabaseUnusable, DataFolderUnusable.
    """
    content = cast("BinaryIO", recovery.decrypting(file, passphrase))
    return restoring.restore(settings, content, actor, at, progress)
