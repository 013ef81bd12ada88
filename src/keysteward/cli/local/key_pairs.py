"""Key pairs of a local keystore."""

from collections.abc import Callable
from dataclasses import dataclass

from keysteward.cli.desk import KeyPairs
from keysteward.cli.desk_values import Shown, Stored
from keysteward.entries import Caller, Entry
from keysteward.keystore import key_pairs as operations
from keysteward.keystore import signing_requests, ssh_keys
from keysteward.keystore.key_pairs import KeyUpload, PlaceholderWish, StoredKeyPair
from keysteward.keystore.signing_requests import RequestWish
from keysteward.keystore.steward import Steward
from keysteward.keystore.trust import Consent
from keysteward.pki.key_pairs import KeySpec
from keysteward.pki.usages import Usage
from keysteward.values import Secret


@dataclass(frozen=True, slots=True)
class _KeyPairs:
    steward: Steward
    caller: Caller

    def generate(self, alias: str, spec: KeySpec, wish: PlaceholderWish, usage: Usage) -> Entry:
        return operations.generate_key_pair(
            self.steward, self.caller, alias, spec, wish, usage=usage
        )

    def renew(self, alias: str, spec: KeySpec | None, *, replace: bool) -> Shown:
        entry = operations.renew_key_pair(self.steward, self.caller, alias, spec, replace=replace)
        return Shown(entry, tuple(self.steward.store.list_requests(entry.id)))

    def request(self, alias: str, wish: RequestWish, deliver: Callable[[bytes], None]) -> None:
        signing_requests.write_signing_request(
            self.steward, self.caller, alias, wish, deliver=deliver
        )

    def add(self, alias: str, upload: KeyUpload, usage: Usage, consent: Consent) -> Stored:
        return _stored(
            operations.add_key_pair(
                self.steward, self.caller, alias, upload, usage=usage, consent=consent
            )
        )

    def update(self, alias: str, upload: KeyUpload, consent: Consent) -> Stored:
        return _stored(
            operations.update_key_pair(self.steward, self.caller, alias, upload, consent=consent)
        )

    def take_ssh(
        self,
        alias: str,
        data: bytes,
        wish: PlaceholderWish,
        passphrase: Secret | None,
        *,
        update: bool,
    ) -> Stored:
        return _stored(
            ssh_keys.add_ssh_key(
                *(self.steward, self.caller, alias, data, wish),
                passphrase=passphrase,
                update=update,
            )
        )

    def take_rsa(self, alias: str, data: bytes, wish: PlaceholderWish, *, update: bool) -> Stored:
        return _stored(
            ssh_keys.add_rsa_key(self.steward, self.caller, alias, data, wish, update=update)
        )


def key_pairs(steward: Steward, caller: Caller) -> KeyPairs:
    """Return the key pairs' part of the desk."""
    return _KeyPairs(steward, caller)


def _stored(found: StoredKeyPair) -> Stored:
    return Stored(found.entry, found.notices, found.changed)
