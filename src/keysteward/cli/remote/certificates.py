"""Certificate entries and signing responses of a keystore on a server."""

from dataclasses import dataclass, replace

from keysteward.cli.desk import Certificates
from keysteward.cli.desk_values import Expected, Planned, Stored
from keysteward.cli.remote import values, wishes
from keysteward.client import Keystore
from keysteward.keystore import signing_responses
from keysteward.keystore.trust import Consent
from keysteward.notices import NoticeKind


@dataclass(frozen=True, slots=True)
class _Certificates:
    keystore: Keystore

    def add(self, alias: str, data: bytes, consent: Consent, *, trusted: bool) -> Stored:
        said = wishes.consent(consent)
        found = self.keystore.add_certificate(alias, data, trusted=trusted, consent=said)
        return values.stored(found)

    def update(self, alias: str, data: bytes, consent: Consent, *, trusted: bool | None) -> Stored:
        said = wishes.consent(consent)
        found = self.keystore.update_certificate(alias, data, trusted=trusted, consent=said)
        stored = values.stored(found)
        # That nothing changed is said by the command itself.
        others = (n for n in stored.notices if n.slug != NoticeKind.ALREADY_CURRENT.slug)
        return replace(stored, notices=tuple(others))

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
        said = wishes.consent(consent)
        if dry_run:
            plan = self.keystore.plan_signing_response(alias, data, consent=said)
            signing_responses.expect(expected.version, expected.digest)(plan)
            return values.planned(plan)
        done = self.keystore.upload_signing_response(
            *(alias, data),
            consent=said,
            expect_version=expected.version,
            digest=expected.digest,
            note=note,
        )
        return values.planned(done)


def certificates(keystore: Keystore) -> Certificates:
    """Return the certificates' part of the desk."""
    return _Certificates(keystore)
