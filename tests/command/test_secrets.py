"""Nothing that the command writes holds a private key or a password: planted, then searched for.

The round runs every command, the first time as a process of its own, and those that are refused as
well. The keys planted are for tests alone. What is searched for: the key's PKCS#8, raw and in lines
of base64, its primes and its private exponent as bytes, hexadecimal and decimal digits, and the
passwords.
"""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat

from tests import commands, key_uploads, pki_maker, receivers
from tests.command.authority import CA, ROOT
from tests.commands import Run
from tests.pki_maker import Issued, issue

VERIFIED = "--fingerprint-verified"
PASSWORD = b"correct-horse-battery-staple-7731"
WRONG_PASSWORD = b"Tr0ub4dor-and-3-wrong-password"


_GROUPS = {name.split()[0] for name, _ in commands.names() if " " in name}


def _name(arguments: tuple[str, ...]) -> str:
    return " ".join(arguments[: 1 + (arguments[0] in _GROUPS)])


@dataclass(slots=True)
class Round:
    """The commands that ran, in order, and where they worked."""

    data: Path
    files: Path
    client: Issued
    runs: list[tuple[tuple[str, ...], Run]] = field(default_factory=list)

    def run(self, *arguments: str, stdin: bytes = b"", status: int = 0) -> Run:
        """Run a command, the first time as a process, and keep what it wrote."""
        again = any(_name(arguments) == _name(earlier) for earlier, _ in self.runs)
        runner = commands.inside if again else commands.run
        run = runner(self.data, *arguments, stdin=stdin)
        assert status == run.status, (arguments, run)
        self.runs.append((arguments, run))
        return run

    def file(self, name: str, content: bytes) -> str:
        """Write a file for a command to read."""
        path = self.files / name
        path.write_bytes(content)
        return str(path)


@pytest.fixture(scope="module")
def whole_round(tmp_path_factory: pytest.TempPathFactory) -> Round:
    """Run every command once, most of them with success, each sort of refusal among them."""
    folder = tmp_path_factory.mktemp("round")
    (folder / "files").mkdir()
    client = issue("client", pki_maker.make_key("rsa2048"))
    done = Round(folder / "data", folder / "files", client)
    done.run("init")
    _add(done)
    _update(done)
    _provide(done)
    _bring(done)
    _go_round(done)
    return done


def _add(done: Round) -> None:
    client = done.client
    encrypted = done.file("encrypted.pem", client.key_pem(password=PASSWORD))
    placeholder = done.file("placeholder.pem", client.pem)
    add = ("keypair", "add", "client", encrypted, "--certificate", placeholder, "--password-stdin")
    done.run(*add, stdin=WRONG_PASSWORD + b"\n", status=5)
    done.run(*add, stdin=PASSWORD + b"\n")
    done.run("keypair", "add", "clear", "-", stdin=client.key_pem())
    done.run("keypair", "add", "clear", "-", stdin=client.key_pem(), status=6)
    # A key that is damaged, one that lies beside rubbish, one of another form.
    damaged = client.key_pem().replace(b"A", b"B", 40)
    done.run("keypair", "add", "damaged", "-", stdin=damaged, status=5)
    done.run("keypair", "add", "cut", "-", stdin=client.key_pem()[:-90], status=5)
    done.run("certificate", "add", "wrong", "-", stdin=client.key_pem(), status=5)
    traditional = client.key_pem(PrivateFormat.TraditionalOpenSSL)
    done.run("keypair", "add", "sap_key", "-", "--as", "provider", stdin=traditional)
    done.run("keypair", "generate", "made", "--cn", "made", "--type", "ec", "--curve", "P-256")


def _update(done: Round) -> None:
    done.run("csr", "client", "--out", str(done.files / "client.csr"))
    request = str(done.files / "client.csr")
    end = issue("client", done.client.key, CA, eku=("clientAuth",))
    response = end.pem + CA.pem + ROOT.pem
    good = done.file("good.pem", response)
    done.run("response", "check", good, "--for", request)
    check, upload = ("response", "check", "-", "--for", request), ("response", "upload", "client")
    for slip, statuses in (
        (done.client.key_pem(), (5, 5)),
        (end.pem + done.client.key_pem()[:400], (0, 6)),
        (done.client.key_pem()[:-200] + end.pem, (0, 6)),
    ):
        done.run(*check, "--json", stdin=slip, status=statuses[0])
        done.run(*upload, "-", "--json", stdin=slip, status=statuses[1])
    reference = done.file("slip.pem", done.client.key_pem())
    done.run("response", "check", good, "--for", reference, status=5)
    done.run("response", "upload", "client", good, status=6)
    done.run("response", "upload", "sap_key", good, "--fingerprint-verified", status=7)
    with_key = response + done.client.key_pem()
    warned = done.run(*upload, "-", "--fingerprint-verified", stdin=with_key)
    assert "private-key-in-file" in warned.stdout
    done.run(*upload, "-", "--json", stdin=with_key)
    done.run("response", "upload", "made", good, status=5)


def _provide(done: Round) -> None:
    end = issue("client", done.client.key, CA, eku=("clientAuth",))
    chain = done.file("chain.pem", end.pem + CA.pem + ROOT.pem)
    encrypted = done.file("supplied.pem", done.client.key_pem(password=PASSWORD))
    supply = ("provider", "supply", "sap_new", encrypted, "--certificate", chain)
    read = ("--password-stdin", "--as", "provider")
    done.run(*supply, *read, stdin=WRONG_PASSWORD + b"\n", status=5)
    done.run(*supply, *read, "--current", stdin=PASSWORD + b"\n")
    done.run(*supply, *read, "--json", stdin=PASSWORD + b"\n")
    done.run(*supply, status=7)
    for options in ((), ("--json",)):
        done.run("provider", "new", *options)
        done.run("show", "sap_new", "--view", "new", *options)
    done.run("provider", "hold", "sap_new")
    done.run("provider", "activate", "--due")
    done.run("provider", "activate", "sap_new", "--dry-run")
    done.run("provider", "activate", "sap_new", "--yes")
    done.run("provider", "history")
    done.run("provider", "history", "--json")
    done.run("provider", "restore", "[1]_sap_new", "--to", "sap_again")


def _bring(done: Round) -> None:
    end = issue("client", done.client.key, CA, eku=("clientAuth",))
    password = PASSWORD.decode()
    pkcs12 = key_uploads.openssl_pkcs12(done.files, end, CA, ROOT, password=password)
    update = ("keypair", "update", "made", done.file("client.p12", pkcs12), "--password-stdin")
    done.run(*update, stdin=WRONG_PASSWORD + b"\n", status=5)
    done.run(*update, stdin=PASSWORD + b"\n")
    done.run(*update, "--json", stdin=PASSWORD + b"\n")
    several = key_uploads.keytool_pkcs12("first", "second", password=password)
    add = ("keypair", "add", "several", done.file("several.p12", several), "--password-stdin")
    done.run(*add, stdin=PASSWORD + b"\n", status=6)
    done.run("certificate", "add", "anchor", "-", VERIFIED, stdin=CA.pem)
    done.run("certificate", "update", "anchor", "-", VERIFIED, stdin=ROOT.pem)
    done.run("keystore", "create", "other")
    done.run("keystore", "list")
    done.run("copy", "client", "anchor", "--to", "other", "--dry-run")
    done.run("copy", "client", "anchor", "--to", "other", "--json")
    done.run("copy", "client", "--to", "other", "--as", "client=sap_client", status=7)


def _go_round(done: Round) -> None:
    done.run("certificate", "add", "root", done.file("root.pem", ROOT.pem), VERIFIED)
    server = receivers.server_chain()
    done.run("certificate", "add", "receiver", "-", VERIFIED, stdin=server[1].pem)
    with receivers.openssl_receiver(done.files / "receiver", server, (ROOT,)) as receiver:
        address = f"{receiver.host}:{receiver.port}"
        assert "sent: CN=client" in done.run("connect", address, "--alias", "client").stdout
        done.run("connect", address, status=9)
    done.run("keypair", "renew", "client", "--type", "ed25519")
    for options in ((), ("--json",), ("--waiting",), ("--deleted",)):
        done.run("list", *options)
    done.run("list", "--expiring", "36500", status=10)
    for name in ("show", "versions", "history"):
        done.run(name, "client")
        done.run(name, "client", "--json")
    done.run("connect", "127.0.0.1:1", "--alias", "client", "--timeout", "5", status=9)
    done.run("connect", "127.0.0.1:1", "--alias", "root", status=5)
    done.run("rollback", "client", "1", "--dry-run")
    done.run("rollback", "client", "1", "--reason", "for a test")
    done.run("rename", "clear", "clearer")
    done.run("delete", "clearer")
    done.run("undelete", "clearer")
    done.run("delete", "made", "--purge", stdin=b"made\n")
    done.run("delete", "clearer", "--purge", stdin=b"no\n", status=6)
    done.run("database", "backup", str(done.files / "copy.db"))
    recovery = str(done.files / "all.recovery")
    done.run("recovery", "export", recovery, "--password-stdin", stdin=PASSWORD + b"\n")
    restore = ("recovery", "restore", recovery, "--password-stdin")
    elsewhere = ("--data", str(done.files / "elsewhere"))
    done.run(*restore, *elsewhere, stdin=WRONG_PASSWORD + b"\n", status=5)
    done.run(*restore, *elsewhere, "--json", stdin=PASSWORD + b"\n")
    done.run(*restore, stdin=PASSWORD + b"\n", status=6)
    done.run("audit", "show", "--last", "1000")
    done.run("audit", "show", "--last", "1000", "--json")
    done.run("audit", "verify")


_FORMS = {"PKCS#8": PrivateFormat.PKCS8, "PKCS#1": PrivateFormat.TraditionalOpenSSL}


def _secrets(client: Issued) -> Iterator[tuple[str, bytes]]:
    """Yield what must be nowhere, by name."""
    yield "password", PASSWORD
    yield "wrong password", WRONG_PASSWORD
    key = client.key
    assert isinstance(key, rsa.RSAPrivateKey)
    numbers = key.private_numbers()
    for name, number in (("p", numbers.p), ("q", numbers.q), ("d", numbers.d)):
        raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
        yield f"{name} in bytes", raw[8:40]
        yield f"{name} in hexadecimal", raw[8:40].hex().encode()
        yield f"{name} in capital hexadecimal", raw[8:40].hex().upper().encode()
        yield f"{name} in decimal", str(number)[20:80].encode()
    for name, form in _FORMS.items():
        lines = client.key_pem(form).splitlines()[1:-1]
        # The public key's numbers stand in the first lines, the private ones in the rest.
        for line in lines[len(lines) // 3 :]:
            if len(line) == 64:
                yield f"{name} in base64", line
        der = pki_maker.key_bytes(key, Encoding.DER, form)
        yield f"{name} in one line of base64", base64.b64encode(der)[-600:-500]


def test_nothing_printed_holds_a_secret(whole_round: Round) -> None:
    """Neither standard output nor standard error of any command."""
    for arguments, run in whole_round.runs:
        said = (run.stdout + run.stderr).encode()
        squeezed = re.sub(rb"\s", b"", said)
        found = [name for name, secret in _secrets(whole_round.client) if secret in said + squeezed]
        assert [] == found, arguments
        assert "Traceback" not in run.stderr


def test_nothing_stored_holds_a_secret(whole_round: Round) -> None:
    """Neither database, its log, nor the backup; sealing keys stand in the keyring alone."""
    stored = [file for file in whole_round.data.rglob("*") if file.is_file()]
    kept = [file for file in stored if "sealing" not in file.relative_to(whole_round.data).parts]
    assert kept
    sealing = [file.read_bytes() for file in stored if file not in kept]
    assert sealing
    for file in (*kept, whole_round.files / "copy.db", whole_round.files / "all.recovery"):
        content = file.read_bytes()
        found = [name for name, secret in _secrets(whole_round.client) if secret in content]
        assert [] == found, file.name
        assert not [key for key in sealing if key.strip() in content], file.name
        assert b"PRIVATE KEY-----" not in content


def test_every_command_was_part_of_the_round(whole_round: Round) -> None:
    """But the demo, which has its own test, and the upgrade, which changes nothing here."""
    ran = {_name(arguments) for arguments, _ in whole_round.runs}
    missing = {name for name, _ in commands.names()} - ran
    assert {"demo", "database upgrade"} == missing


def test_search_finds_what_is_planted(whole_round: Round) -> None:
    """The clear key itself, as a file in which every form stands."""
    client = whole_round.client
    clear = client.key_pem() + client.key_pem(PrivateFormat.TraditionalOpenSSL)
    found = {name for name, secret in _secrets(client) if secret in clear}
    assert {"PKCS#8 in base64", "PKCS#1 in base64"} == found
    der = pki_maker.key_bytes(client.key, Encoding.DER)
    assert {"p in bytes", "q in bytes", "d in bytes"} <= {
        name for name, secret in _secrets(client) if secret in der
    }
