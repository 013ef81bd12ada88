"""Imports, and the other keystores of a server."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from keysteward.cli.desk import Keystores
from keysteward.cli.desk_values import AcceptImport, ImportProspect, Prospect
from keysteward.cli.remote import values
from keysteward.client import Client, Keystore
from keysteward.client import values as told
from keysteward.keystore.imports import Progress, Upload


@dataclass(frozen=True, slots=True)
class _Keystores:
    client: Client
    keystore: Keystore

    def plan_import(
        self,
        upload: Upload,
        progress: Progress,  # noqa: ARG002  # the server does not tell how far it is
    ) -> ImportProspect:
        return values.import_prospect(self._plan(upload))

    def import_(
        self,
        upload: Upload,
        accept: AcceptImport | None,
        progress: Progress,  # noqa: ARG002  # as above
    ) -> ImportProspect:
        digest = None
        if accept is not None:
            plan = self._plan(upload)
            accept(values.import_prospect(plan))
            digest = plan.digest
        done = self.keystore.import_keystore(
            upload.data,
            password=values.text_of(upload.password),
            key_password=values.text_of(upload.key_password),
            mode=upload.mode.value,
            roots=upload.roots,
            digest=digest,
        )
        return values.import_prospect(done)

    def names(self) -> Sequence[str]:
        return list(self.client.list_keystores())

    def create(self, name: str) -> None:
        self.client.create_keystore(name)

    def copy(
        self, aliases: Mapping[str, str], target: str, *, overwrite: bool, dry_run: bool
    ) -> Prospect:
        work = self.keystore.plan_copy if dry_run else self.keystore.copy_entries
        return values.prospect(work(aliases, target, overwrite=overwrite))

    def _plan(self, upload: Upload) -> told.ImportProspect:
        return self.keystore.plan_import(
            upload.data,
            password=values.text_of(upload.password),
            key_password=values.text_of(upload.key_password),
            mode=upload.mode.value,
            roots=upload.roots,
        )


def keystores(client: Client, keystore: Keystore) -> Keystores:
    """Return the keystores' part of the desk."""
    return _Keystores(client, keystore)
