"""Certificate entries and signing responses of a local keystore."""

from dataclasses import dataclass

from keysteward.cli.desk import Certificates
from keysteward.cli.desk_values import Expected, Planned, Stored
from keysteward.entries import Caller, Entry
from keysteward.keystore import certificates as operations
from keysteward.keystore import duplicates, signing_responses
from keysteward.keystore.steward import Steward
from keysteward.keystore.trust import Consent


@dataclass(frozen=True, slots=True)
class _Certificates:
    steward: Steward
    caller: Caller

    def add(self, alias: str, data: bytes, consent: Consent, *, trusted: bool) -> Stored:
        return self._stored(
            operations.add_certificate(
                self.steward, self.caller, alias, data, trusted=trusted, consent=consent
            )
        )

    def update(self, alias: str, data: bytes, consent: Consent, *, trusted: bool | None) -> Stored:
        before = self.steward.store.get_entry(self.steward.keystore_id, alias).version.number
        return self._stored(
            operations.update_certificate(
                self.steward, self.caller, alias, data, trusted=trusted, consent=consent
            ),
            before,
        )

    def respond(
        self,
        alias: str,
        data: bytes,
        consent: Consent,
        expected: Expected,
        *,
        note: str | None,
        dry_run: bool,
    ) -> Planned:
        asked = (self.steward, self.caller, alias, data, consent)
        accept = signing_responses.expect(expected.version, expected.digest)
        if dry_run:
            plan = signing_responses.plan_signing_response(*asked)
            accept(plan)
            return Planned(plan, plan.base_version, plan.digest)
        done = signing_responses.upload_signing_response(*asked, accept=accept, note=note)
        return Planned(done.plan, done.version, done.plan.digest)

    def _stored(self, entry: Entry, before: int | None = None) -> Stored:
        notices = duplicates.remarks(self.steward, entry)
        return Stored(entry, notices, changed=entry.version.number != before)


def certificates(steward: Steward, caller: Caller) -> Certificates:
    """Return the certificates' part of the desk."""
    return _Certificates(steward, caller)
