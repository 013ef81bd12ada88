"""demo: the whole main job on a throw-away keystore, with a CA and a receiver that are not ours.

Every step does the real thing, and says that it held only after it was looked at; the first that
does not hold ends the demo with exit status 1.
"""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import typer
from rich.text import Text

from keysteward import guard
from keysteward.cli import output
from keysteward.cli.demo import openssl
from keysteward.cli.demo.openssl import Ca
from keysteward.cli.session import Session
from keysteward.entries import Caller, Entry
from keysteward.keystore import (
    audit,
    certificates,
    key_pairs,
    signing_requests,
    signing_responses,
    versions,
)
from keysteward.keystore.key_pairs import PlaceholderWish
from keysteward.keystore.signing_requests import RequestWish
from keysteward.keystore.steward import Steward
from keysteward.keystore.trust import Consent
from keysteward.outbound import connections, contexts
from keysteward.outbound.connections import Connection
from keysteward.pki import references
from keysteward.pki.key_pairs import parse_key_spec
from keysteward.pki.subjects import Subject
from keysteward.problems import ConnectionFailed, Problem, PublicKeyMismatch, RootNotTrusted

ALIAS = "shop-client"
_SUBJECT = Subject("shop.example.test", organization="Example Shop", country="DE")


def demo(session: Session) -> None:
    """Show the whole main job on a throw-away keystore: request, response, secure connection."""
    started = time.monotonic()
    output.say(f"Keysteward's main job, with a CA and a receiver run by {openssl.require()}.")
    with tempfile.TemporaryDirectory(prefix="keysteward-demo-") as name:
        folder = Path(name)
        settings = replace(
            session.settings,
            data=folder / "data",
            keyring=folder / "data" / "sealing",
            keystore="default",
            database=None,
            trust_bundle=None,
        )
        session.composition.create(settings)
        ca = openssl.make_ca(folder / "ca")
        with (
            session.composition.opened(settings) as steward,
            openssl.receiver(folder / "receiver", ca.folder / "root.pem") as (port, server_root),
        ):
            _Demo(steward, session.caller, ca, port).run(server_root)
    output.say("")
    output.say(f"Every step held, in {time.monotonic() - started:.1f} seconds.")


@dataclass(frozen=True, slots=True)
class _Demo:
    steward: Steward
    caller: Caller
    ca: Ca
    port: int

    def run(self, server_root: Path) -> None:
        """Walk through the steps; each rests on the ones before."""
        with _step("Create a key pair with a self-signed placeholder"):
            entry = key_pairs.generate_key_pair(
                *(self.steward, self.caller, ALIAS),
                parse_key_spec("ec", None, "P-256"),
                PlaceholderWish(_SUBJECT),
            )
            certificates.add_certificate(
                *(self.steward, self.caller, "receiver-root", server_root.read_bytes()),
                consent=Consent(fingerprint_verified=True),
            )
            _say(f"{ALIAS!r}: {entry.version.certificate.key}, version {entry.version.number}")
        with _step("Write its signing request; openssl's CA signs it through an intermediate"):
            request = self._request()
            answer = self.ca.sign(request)
        self._refused_before(entry)
        pkcs7 = self._checked(request, answer)
        uploaded = self._uploaded(entry, pkcs7)
        with _step("Upload the same response again"):
            again = self._upload(pkcs7)
            _held(again == uploaded, "already current, nothing was stored")
        self._greeted("Connect again")
        self._misfit()
        self._renewed(uploaded)
        with _step("Verify the audit log"):
            report = audit.verify_chain(self.steward, None)
            _held(report.clean and report.rows > 0, f"{report.rows} rows, whole and in order")

    def _refused_before(self, entry: Entry) -> None:
        with _step("Try the connection before the response is there"):
            try:
                self._connect()
            except ConnectionFailed as problem:
                _say(f"refused, as it must be: {problem.reason}")
                _say(problem.remedy)
            else:
                _fail(f"{entry.alias!r} should have been refused with its placeholder")

    def _checked(self, request: bytes, answer: tuple[Path, ...]) -> bytes:
        with _step("Check the response without a keystore: PKCS#7, bare base64, PkiPath"):
            pkcs7 = openssl.as_pkcs7(answer)
            forms = (pkcs7, openssl.as_base64(pkcs7), openssl.as_pkipath(answer))
            reference = references.read_reference(request)
            limit_bytes = self.steward.settings.response_limit_bytes
            chains = {
                signing_responses.check_signing_response(
                    form, reference, datetime.now(UTC), limit_bytes
                ).judgement.chain
                for form in forms
            }
            _held(len(chains) == 1, "three forms, the same chain")
            output.chain_table(next(iter(chains)), datetime.now(UTC))
        return pkcs7

    def _uploaded(self, entry: Entry, pkcs7: bytes) -> int:
        with _step(
            "Upload it: the CA's root is unknown here, so its fingerprint is to be confirmed"
        ):
            try:
                self._upload(pkcs7, Consent())
            except RootNotTrusted as problem:
                _say(f"asked to confirm {problem.subject}, SHA-256 {problem.fingerprint[:16]}…")
                consent = Consent(trust_root=problem.fingerprint)
            else:
                _fail("an unknown root should have been asked about")
            version = self._upload(pkcs7, consent)
            now = self._entry()
            same = now.alias == entry.alias and now.version.number == version
            _held(same, f"{now.alias!r} is version {version}, alias and key unchanged")
            output.comparison(entry.version.certificate, now.version.certificate)
        return version

    def _misfit(self) -> None:
        with _step("Upload a response for another key"):
            key_pairs.generate_key_pair(
                *(self.steward, self.caller, "billing-client"),
                parse_key_spec("ec", None, "P-256"),
                PlaceholderWish(Subject("billing.example.test")),
            )
            foreign = self.ca.sign(self._request("billing-client"))
            before = self._entry()
            try:
                self._upload(openssl.as_pkcs7(foreign))
            except PublicKeyMismatch as problem:
                _held(self._entry() == before, f"refused: {problem.hint}")
            else:
                _fail("a response for another key should have been refused")

    def _renewed(self, version: int) -> None:
        with _step("Renew with a new key under the same alias; the live one serves meanwhile"):
            old = self._entry().version.certificate
            pending = key_pairs.renew_key_pair(self.steward, self.caller, ALIAS).pending
            _held(self._connect().certificate_sent, "the old key still connects")
            answer = self.ca.sign(self._request())
            renewed = self._upload(openssl.as_pkcs7(answer))
            new = self._entry().version.certificate
            changed = pending is not None and new.spki == pending.certificate.spki != old.spki
            _held(changed, f"version {renewed} has the new key")
            output.comparison(old, new)
        self._greeted("Connect with the new key")
        with _step(f"Roll back to version {version}, and forth to version {renewed}"):
            for target, expected in ((version, old), (renewed, new)):
                done = versions.roll_back(self.steward, self.caller, ALIAS, target, Consent())
                back = self._entry().version
                held = back.number == done.version and back.certificate == expected
                _held(held, f"version {done.version} has the chain of version {target}")

    def _greeted(self, title: str) -> None:
        with _step(title):
            found = self._connect()
            page = list(found.body)
            start = page.index("Client certificate") if "Client certificate" in page else len(page)
            names = [line.strip() for line in page[start:] if "Subject:" in line]
            _held(
                bool(names) and "CN = shop.example.test" in names[0].replace("CN=", "CN = "),
                f"{found.protocol}; the receiver greets {(names or ['nobody'])[0]}",
            )

    def _entry(self) -> Entry:
        return self.steward.store.get_entry(self.steward.keystore_id, ALIAS)

    def _request(self, alias: str = ALIAS) -> bytes:
        return signing_requests.write_signing_request(
            self.steward, self.caller, alias, RequestWish(Subject())
        )

    def _upload(self, data: bytes, consent: Consent = Consent()) -> int:  # noqa: B008  # frozen
        return signing_responses.upload_signing_response(
            self.steward, self.caller, ALIAS, data, consent
        ).version

    def _connect(self) -> Connection:
        entry = self._entry()
        context = contexts.context_of(self.steward, entry)
        return connections.check_connection(
            *("localhost", self.port, context),
            reach=guard.ANYWHERE,
            timeout_seconds=10,
            alias=entry.alias,
        )


@contextmanager
def _step(title: str) -> Iterator[None]:
    """Print what is done, then how long it took."""
    output.say("")
    output.console().print(Text(title, style="bold"), soft_wrap=True)
    started = time.monotonic()
    try:
        yield
    except Problem as problem:
        output.say_problem(problem)
        raise typer.Exit(1) from problem
    output.console().print(Text(f"  {(time.monotonic() - started) * 1000:.0f} ms", style="dim"))


def _held(condition: object, text: str) -> None:
    if not condition:
        _fail(text)
    _say(text)


def _fail(text: str) -> NoReturn:
    _say(f"DID NOT HOLD: {text}")
    raise typer.Exit(1)


def _say(text: str) -> None:
    output.say(f"  {text}")
