import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from tests import commands, pki_maker, receivers
from tests.commands import Run
from tests.pki_maker import Issued
from tests.receivers import Receiver

ALIAS = "shop client"
KEY = ("--alias", ALIAS)
NAME = "shop.example.test"

Serve = Callable[[Path, tuple[Issued, ...]], AbstractContextManager[Receiver]]


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who works on a keystore with the command, and with a CA of their own choice."""

    data: Path
    folder: Path
    issuers: tuple[Issued, ...]
    """The issuing CA and its root."""

    def run(self, *arguments: str) -> Run:
        """Run a command, inside this process; it must do its work."""
        done = commands.inside(self.data, *arguments)
        assert 0 == done.status, done.stderr
        return done

    def connect(self, port: int, *options: str, status: int = 0) -> Run:
        """Try a connection, inside this process; it must end with the status."""
        done = commands.inside(self.data, "connect", f"localhost:{port}", *options)
        assert status == done.status, done.stderr + done.stdout
        return done

    def answered(self, unit: str) -> Issued:
        """Write a signing request, let the CA sign it, and upload the answer.

        The CA puts its own unit into the subject, so that receivers tell the certificates apart.
        """
        request = x509.load_pem_x509_csr(self.run("csr", ALIAS).stdout.encode())
        subject = f"CN={NAME},OU={unit}"
        issued = pki_maker.issue(
            subject,
            issuer=self.issuers[0],
            eku=("clientAuth",),
            public_key=request.public_key(),
        )
        file = self.folder / f"{unit}.pem"
        file.write_bytes(b"".join(one.pem for one in (issued, *self.issuers)))
        root = _sha256(self.issuers[-1])
        self.run("response", "upload", ALIAS, str(file), "--trust-root", root)
        return issued


@pytest.fixture(scope="module")
def server() -> tuple[Issued, ...]:
    """The receivers' certificate for localhost, and its root."""
    return receivers.server_chain()


@pytest.fixture(scope="module")
def issuers() -> tuple[Issued, ...]:
    """A CA for clients: issuing CA and root."""
    root = pki_maker.issue("Client Root", ca=True)
    return pki_maker.issue("Client CA", None, root, ca=True), root


@pytest.fixture
def user(tmp_path: Path, server: tuple[Issued, ...], issuers: tuple[Issued, ...]) -> User:
    """A user with a key pair that has its placeholder, and the receivers' root as an anchor."""
    user = User(tmp_path / "data", tmp_path, issuers)
    user.run("init")
    root = tmp_path / "receiver-root.pem"
    root.write_bytes(server[-1].pem)
    user.run("certificate", "add", "receiver root", str(root), "--fingerprint-verified")
    user.run("keypair", "generate", ALIAS, "--type", "ec", "--cn", NAME)
    return user


@pytest.fixture(params=["s_server TLS 1.2", "s_server TLS 1.3", "nginx"])
def serve(request: pytest.FixtureRequest, server: tuple[Issued, ...]) -> Serve:
    """A kind of receiver that demands certificates under given roots."""

    def run(folder: Path, roots: tuple[Issued, ...]) -> AbstractContextManager[Receiver]:
        if request.param == "nginx":
            return receivers.nginx_receiver(folder, server, roots)
        version = ("-tls1_2",) if request.param.endswith("1.2") else ("-tls1_3",)
        return receivers.openssl_receiver(folder, server, roots, version)

    return run


@pytest.fixture
def receiver(serve: Serve, issuers: tuple[Issued, ...], tmp_path: Path) -> Iterator[Receiver]:
    """A receiver that trusts the clients' root."""
    with serve(tmp_path / "receiver", issuers[-1:]) as running:
        yield running


def _last_client(receiver: Receiver, unit: str) -> str:
    """Return the receiver's last line about the client, once the unit's certificate was there."""
    log = receiver.wait_for(unit)
    return [line for line in log.splitlines() if NAME in line][-1]


def test_receiver_greets_each_certificate_that_was_uploaded(user: User, receiver: Receiver) -> None:
    """Refused with the placeholder, known after the upload, known anew after the renewal.

    The alias stays the same throughout; each time the receiver's own log is the witness.
    """
    refused = user.connect(receiver.port, *KEY, status=9)
    assert "[connection-failed]" in refused.stderr
    assert re.search("self.signed", receiver.wait_for(NAME))

    first = user.answered("first")
    assert "sent: CN=shop.example.test,OU=first" in user.connect(receiver.port, *KEY).stdout
    assert "first" in _last_client(receiver, "first")

    user.run("keypair", "renew", ALIAS)
    user.connect(receiver.port, *KEY)
    assert "first" in _last_client(receiver, "first"), "the live key serves while the new one waits"
    renewed = user.answered("renewed")
    assert first.certificate.public_key() != renewed.certificate.public_key()
    assert "sent: CN=shop.example.test,OU=renewed" in user.connect(receiver.port, *KEY).stdout
    last = _last_client(receiver, "renewed")
    assert "renewed" in last
    if receiver.log_file.name == "access.log":
        serial = f"{renewed.certificate.serial_number:X}"
        assert f"{serial:0>{len(serial) + len(serial) % 2}}" == last.rpartition(" ")[2]
    versions = user.run("versions", ALIAS, "--json").json
    assert ["generated", "signing-response", "renewal", "signing-response"] == [
        version["reason"] for version in sorted(versions, key=lambda v: v["version"])
    ]


def test_receiver_knows_the_first_certificate_again_after_a_rollback(
    user: User, receiver: Receiver
) -> None:
    """Rolling back to the version before a renewal brings its key back to the receiver."""
    user.answered("first")
    user.run("keypair", "renew", ALIAS)
    user.answered("renewed")
    user.connect(receiver.port, *KEY)
    assert "renewed" in _last_client(receiver, "renewed")
    user.run("rollback", ALIAS, "2")
    user.connect(receiver.port, *KEY)
    assert "first" in _last_client(receiver, "first")


def test_receiver_that_trusts_another_root_refuses_in_plain_words(
    user: User, serve: Serve, tmp_path: Path
) -> None:
    """The reason names what is not trusted there, the remedy says what to do about it."""
    user.answered("first")
    stranger = pki_maker.issue("Strange Root", ca=True)
    with serve(tmp_path / "stranger", (stranger,)) as receiver:
        refused = user.connect(receiver.port, *KEY, status=9)
        assert re.search("self.signed certificate in", receiver.wait_for("self"))
    assert "" == refused.stdout
    (line,) = refused.stderr.splitlines()
    assert re.search("does not (trust the issuer of|accept) the client certificate", line)
    assert "CN=Client CA" in line
    assert re.search("trust.* it for client|trusts the root CN=Client Root for client", line)
    assert "root CN=Client Root" in line


def test_receiver_gone_is_told_apart_from_a_refusal(user: User) -> None:
    """Nothing listens: the same exit status, and words about the address, not the certificate."""
    gone = user.connect(receivers.free_port(), *KEY, status=9)
    assert "certificate" not in gone.stderr
    assert "port" in gone.stderr


def test_connection_without_an_alias_shows_no_certificate(user: User, receiver: Receiver) -> None:
    """Without ``--alias`` no key is used, and a demanding receiver's refusal says so."""
    user.answered("first")
    refused = user.connect(receiver.port, status=9)
    assert "demands a client certificate and" in refused.stderr
    assert "Connect with the alias of a key pair" in refused.stderr
    assert NAME not in receiver.log()


def test_connection_is_told_in_json(
    user: User, receiver: Receiver, server: tuple[Issued, ...]
) -> None:
    """Scripts get what was negotiated, both certificates, and the whole answer."""
    issued = user.answered("first")
    told = user.connect(receiver.port, *KEY, "--json").json
    assert (f"localhost:{receiver.port}", "127.0.0.1") == (told["address"], told["ip"])
    assert told["protocol"] in ("TLSv1.2", "TLSv1.3")
    assert (True, True) == (told["certificate_requested"], told["certificate_sent"])
    assert _sha256(issued) == told["certificate"]["sha256"]
    assert f"CN={NAME},OU=first" == told["certificate"]["subject"]
    assert ["CN=Client Root"] == told["accepted_issuers"]
    (peer,) = told["peer_chain"]
    assert {
        "sha256": _sha256(server[0]),
        "subject": "CN=localhost",
        "issuer": "CN=Receiver Root",
        "not_after": "2044-01-01T00:00:00Z",
    } == peer
    assert "200" == told["status_line"].split()[1]
    assert told["body"]
    assert 0 < told["duration_seconds"] < 10
    assert "went on" in told["remark"]
    assert told["problem"] is None


def test_refusal_is_told_in_json(user: User, receiver: Receiver) -> None:
    """A refusal is a problem like any other, with the alert if there was one, and exit status 9."""
    refused = user.connect(receiver.port, "--json", status=9)
    problem = refused.json["problem"]
    assert ("connection-failed", False) == (problem["slug"], problem["override"])
    assert "demands a client certificate" in problem["detail"]
    if receiver.log_file.name == "access.log":
        assert problem["alert"] is None
    else:
        assert problem["alert"] in ("handshake_failure", "certificate_required")
    assert "[connection-failed]" in refused.stderr


def test_answer_is_one_line_of_text(user: User, receiver: Receiver) -> None:
    """The receiver's page does not flood the screen, and a label stands once for its rows."""
    user.answered("first")
    lines = user.connect(receiver.port, *KEY).stdout.splitlines()
    (answer,) = (number for number, line in enumerate(lines) if line.startswith("Answer"))
    assert re.search("^ +(Hello CN=|Hello OU=|s_server )", lines[answer + 1])
    assert lines[answer + 2].startswith("The client certificate was sent")
    assert max(len(line.rstrip()) for line in lines[: answer + 2]) <= 80
    assert 1 == sum(line.startswith("Receiver's chain") for line in lines)


def _sha256(issued: Issued) -> str:
    return issued.certificate.fingerprint(hashes.SHA256()).hex()
