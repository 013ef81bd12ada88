"""Imports, and the other keystores of a local installation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from keysteward.cli.desk import Keystores
from keysteward.cli.desk_values import AcceptImport, ImportProspect, LeftOut, Prospect
from keysteward.entries import Caller
from keysteward.keystore import imports
from keysteward.keystore import keystores as operations
from keysteward.keystore.imports import ImportPlan, Progress, Upload
from keysteward.keystore.steward import Steward


@dataclass(frozen=True, slots=True)
class _Keystores:
    steward: Steward
    caller: Caller

    def plan_import(self, upload: Upload, progress: Progress) -> ImportProspect:
        return _prospect(imports.plan_import(self.steward, self.caller, upload, progress))

    def import_(
        self, upload: Upload, accept: AcceptImport | None, progress: Progress
    ) -> ImportProspect:
        def accept_(plan: ImportPlan) -> None:
            if accept is not None:
                accept(_prospect(plan))

        return _prospect(
            imports.import_keystore(
                self.steward, self.caller, upload, accept=accept_, progress=progress
            )
        )

    def names(self) -> Sequence[str]:
        return [name for name, _ in self.steward.store.list_keystores()]

    def create(self, name: str) -> None:
        operations.create_keystore(self.steward, self.caller, name)

    def copy(
        self, aliases: Mapping[str, str], target: str, *, overwrite: bool, dry_run: bool
    ) -> Prospect:
        there = operations.steward_of(self.steward, target)
        work = operations.plan_copy if dry_run else operations.copy_entries
        return Prospect.of(work(self.steward, self.caller, aliases, there, overwrite=overwrite))


def keystores(steward: Steward, caller: Caller) -> Keystores:
    """Return the keystores' part of the desk."""
    return _Keystores(steward, caller)


def _prospect(plan: ImportPlan) -> ImportProspect:
    return ImportProspect(
        plan.format,
        plan.file_sha256,
        plan.proven,
        Prospect.of(plan.intake),
        tuple(LeftOut(one.name, one.reason) for one in plan.skipped),
    )
