"""Key pairs and certificates of a keystore: made, taken in, certified."""

from collections.abc import Mapping, Sequence

from keysteward.client.connection import Answer
from keysteward.client.part import (
    NO_CONSENT,
    NOBODY,
    Consent,
    Part,
    Placeholder,
    Subject,
    given,
    if_match,
    plain,
    text_of,
)
from keysteward.client.values import Entry, Plan, StoredEntry
from keysteward.values import Secret


class KeyPairs(Part):
    """How key pairs and certificates come into being, and what is sent to the CA."""

    def generate_key_pair(
        self,
        alias: str,
        placeholder: Placeholder,
        *,
        type: str = "rsa",  # noqa: A002  # as the API has it
        size: int | None = None,
        curve: str | None = None,
        usage: str = "tls-client",
    ) -> Entry:
        """Make a key pair with a self-signed placeholder certificate."""
        body = {
            **given(alias=alias, type=type, size=size, curve=curve, usage=usage),
            **placeholder.members,
        }
        answer = self._connection.ask("POST", f"{self._path}/key-pairs", json=body)
        return self._connection.read(answer, Entry)

    def renew_key_pair(
        self,
        alias: str,
        *,
        type: str | None = None,  # noqa: A002  # as the API has it
        size: int | None = None,
        curve: str | None = None,
        replace: bool = False,
    ) -> Entry:
        """Make a pending key; without a type it is of the kind that the entry has."""
        body = given(type=type, size=size, curve=curve, replace=replace)
        answer = self._connection.ask("POST", f"{self._entry(alias)}/renew", json=body)
        return self._connection.read(answer, Entry)

    def add_key_pair(
        self,
        alias: str,
        file: bytes,
        *,
        certificate: bytes | None = None,
        password: str | Secret | None = None,
        key: str | None = None,
        usage: str = "tls-client",
        consent: Consent = NO_CONSENT,
    ) -> StoredEntry:
        """Take an existing key pair in (PEM or PKCS#12); ``key`` says which of several."""
        query = {"alias": alias, "usage": usage, **consent.query}
        body = _key_file(file, certificate, password, key)
        path = f"{self._path}/key-pairs/upload"
        return self._stored(self._connection.ask("POST", path, query=query, json=body))

    def update_key_pair(
        self,
        alias: str,
        file: bytes,
        *,
        certificate: bytes | None = None,
        password: str | Secret | None = None,
        key: str | None = None,
        consent: Consent = NO_CONSENT,
        etag: str | None = None,
    ) -> StoredEntry:
        """Give a key pair the key and chain of a file."""
        body = _key_file(file, certificate, password, key)
        answer = self._connection.ask(
            *("PUT", f"{self._entry(alias)}/key-pair"),
            query=consent.query,
            json=body,
            headers=if_match(etag),
        )
        return self._stored(answer)

    def add_ssh_key(
        self,
        alias: str,
        file: bytes,
        placeholder: Placeholder,
        *,
        passphrase: str | Secret | None = None,
        update: bool = False,
    ) -> StoredEntry:
        """Take an SSH key in (OpenSSH, PuTTY, PEM), or give it to a key pair with ``update``."""
        body = {
            **given(file=plain(file), passphrase=text_of(passphrase)),
            **placeholder.members,
        }
        return self._single_key("ssh-key", alias, body, update=update)

    def add_rsa_key(
        self, alias: str, file: bytes, placeholder: Placeholder, *, update: bool = False
    ) -> StoredEntry:
        """Take an RSA key in (PKCS#1 in PEM), or give it to a key pair with ``update``."""
        body = {"file": plain(file), **placeholder.members}
        return self._single_key("rsa-key", alias, body, update=update)

    def add_certificate(
        self, alias: str, file: bytes, *, trusted: bool = True, consent: Consent = NO_CONSENT
    ) -> StoredEntry:
        """Take one certificate in."""
        query = {"alias": alias, "trusted": "true" if trusted else "false", **consent.query}
        path = f"{self._path}/certificates"
        return self._stored(self._connection.ask("POST", path, query=query, content=file))

    def update_certificate(
        self,
        alias: str,
        file: bytes,
        *,
        trusted: bool | None = None,
        consent: Consent = NO_CONSENT,
        etag: str | None = None,
    ) -> StoredEntry:
        """Give a certificate entry another certificate; ``trusted`` None keeps its mark."""
        marked = None if trusted is None else "true" if trusted else "false"
        answer = self._connection.ask(
            *("PUT", f"{self._entry(alias)}/certificate"),
            query={"trusted": marked, **consent.query},
            content=file,
            headers=if_match(etag),
        )
        return self._stored(answer)

    def write_signing_request(
        self,
        alias: str,
        *,
        subject: Subject = NOBODY,
        san: Sequence[str] = (),
        usage: str | None = None,
        hash: str | None = None,  # noqa: A002  # as the API has it
        current_key: bool = False,
    ) -> bytes:
        """Return a signing request (PKCS#10 in PEM); the entry waits for its response then."""
        body = given(
            subject=plain(subject), san=list(san), usage=usage, hash=hash, current_key=current_key
        )
        path = f"{self._entry(alias)}/signing-requests"
        return self._connection.ask("POST", path, json=body).content

    def plan_signing_response(
        self,
        alias: str,
        file: bytes,
        *,
        consent: Consent = NO_CONSENT,
        expect_version: int | None = None,
        digest: str | None = None,
    ) -> Plan:
        """Return what an upload of a CA's answer would do; nothing is stored."""
        query = {**consent.query, "expect_version": expect_version, "digest": digest}
        return self._respond(alias, file, {**query, "dry_run": True}, None)

    def upload_signing_response(
        self,
        alias: str,
        file: bytes,
        *,
        consent: Consent = NO_CONSENT,
        expect_version: int | None = None,
        digest: str | None = None,
        note: str | None = None,
        etag: str | None = None,
    ) -> Plan:
        """Update a key pair with a CA's answer; alias and private key stay.

        ``digest`` is that of the plan that was looked at; ``note`` says why, if something is
        overridden. Raises RootNotTrusted until the topmost certificate is confirmed, EntryChanged
        for another version, plan or state than expected, and every problem of the file and its
        chain.
        """
        expected = {"expect_version": expect_version, "digest": digest}
        return self._respond(alias, file, {**consent.query, **expected, "note": note}, etag)

    def _respond(
        self, alias: str, file: bytes, query: Mapping[str, object], etag: str | None
    ) -> Plan:
        answer = self._connection.ask(
            *("PUT", f"{self._entry(alias)}/signing-response"),
            query=query,
            content=file,
            headers=if_match(etag),
        )
        return self._connection.read(answer, Plan)

    def _single_key(
        self, kind: str, alias: str, body: Mapping[str, object], *, update: bool
    ) -> StoredEntry:
        if update:
            return self._stored(
                self._connection.ask("PUT", f"{self._entry(alias)}/{kind}", json=body)
            )
        path, query = f"{self._path}/{kind}s", {"alias": alias}
        return self._stored(self._connection.ask("POST", path, query=query, json=body))

    def _stored(self, answer: Answer) -> StoredEntry:
        return self._connection.read(answer, StoredEntry)


def _key_file(
    file: bytes, certificate: bytes | None, password: str | Secret | None, key: str | None
) -> dict[str, object]:
    return given(
        file=plain(file), certificate=plain(certificate), password=text_of(password), key=key
    )
