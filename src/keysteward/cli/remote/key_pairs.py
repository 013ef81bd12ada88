"""Key pairs of a keystore on a server."""

from collections.abc import Callable
from dataclasses import dataclass

from keysteward.cli.desk import KeyPairs
from keysteward.cli.desk_values import Shown, Stored
from keysteward.cli.remote import values, wishes
from keysteward.client import Keystore
from keysteward.entries import Entry
from keysteward.keystore.key_pairs import KeyUpload, PlaceholderWish
from keysteward.keystore.signing_requests import RequestWish
from keysteward.keystore.trust import Consent
from keysteward.pki.key_pairs import KeySpec
from keysteward.pki.usages import Usage
from keysteward.values import Secret


@dataclass(frozen=True, slots=True)
class _KeyPairs:
    keystore: Keystore

    def generate(self, alias: str, spec: KeySpec, wish: PlaceholderWish, usage: Usage) -> Entry:
        made = self.keystore.generate_key_pair(
            *(alias, wishes.placeholder(wish)),
            type=spec.type,
            size=spec.size,
            curve=spec.curve,
            usage=usage.value,
        )
        return values.entry(made)

    def renew(self, alias: str, spec: KeySpec | None, *, replace: bool) -> Shown:
        made = self.keystore.renew_key_pair(
            alias,
            type=spec.type if spec else None,
            size=spec.size if spec else None,
            curve=spec.curve if spec else None,
            replace=replace,
        )
        return values.shown(made)

    def request(self, alias: str, wish: RequestWish, deliver: Callable[[bytes], None]) -> None:
        pem = self.keystore.write_signing_request(
            alias,
            subject=wishes.subject(wish.subject),
            san=tuple(wish.san),
            usage=wish.usage.value if wish.usage else None,
            hash=wish.hash_name,
            current_key=wish.of_current_key,
        )
        deliver(pem)

    def add(self, alias: str, upload: KeyUpload, usage: Usage, consent: Consent) -> Stored:
        found = self.keystore.add_key_pair(
            *(alias, upload.data),
            certificate=wishes.beside(upload),
            password=values.text_of(upload.password),
            key=upload.choose,
            usage=usage.value,
            consent=wishes.consent(consent),
        )
        return values.stored(found)

    def update(self, alias: str, upload: KeyUpload, consent: Consent) -> Stored:
        found = self.keystore.update_key_pair(
            *(alias, upload.data),
            certificate=wishes.beside(upload),
            password=values.text_of(upload.password),
            key=upload.choose,
            consent=wishes.consent(consent),
        )
        return values.stored(found)

    def take_ssh(
        self,
        alias: str,
        data: bytes,
        wish: PlaceholderWish,
        passphrase: Secret | None,
        *,
        update: bool,
    ) -> Stored:
        found = self.keystore.add_ssh_key(
            *(alias, data, wishes.placeholder(wish)),
            passphrase=values.text_of(passphrase),
            update=update,
        )
        return values.stored(found)

    def take_rsa(self, alias: str, data: bytes, wish: PlaceholderWish, *, update: bool) -> Stored:
        placeholder = wishes.placeholder(wish)
        return values.stored(self.keystore.add_rsa_key(alias, data, placeholder, update=update))


def key_pairs(keystore: Keystore) -> KeyPairs:
    """Return the key pairs' part of the desk."""
    return _KeyPairs(keystore)
