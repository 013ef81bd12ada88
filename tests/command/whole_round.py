"""A round of every command, also so that it is refused; ``test_secrets`` searches what it leaves.

One key, for tests alone, is given in every form that a command takes, and each time under one of
the passwords here.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat

from keysteward.keystore.downloads import DownloadKind, KeystoreForm
from tests import commands, key_uploads, keystore_files, peers, pki_maker, receivers
from tests.command.authority import CA, ROOT
from tests.commands import Run
from tests.keystore_files import KeyEntry
from tests.pki_maker import Issued, issue
from tests.postgresql import PROGRAMS

VERIFIED = "--fingerprint-verified"
PASSWORD = b"correct-horse-battery-staple-7731"
WRONG_PASSWORD = b"Tr0ub4dor-and-3-wrong-password"
KEY_PASSWORD = b"another-password-of-keys-within-4471"
PASSPHRASE = b"six planted words of one passphrase 5208"
SHORT_PASSPHRASE = b"Sh0rt-9346"
"""Refused for a recovery file."""


@dataclass(slots=True)
class Round:
    """The commands that ran, in order, and where they worked."""

    data: Path
    restored: Path
    """The data folder that a recovery file is restored to."""
    files: Path
    """What commands read."""
    written: Path
    """What commands write."""
    client: Issued
    database: str | None = None
    """Its URL; None: a file in the data folder."""
    restored_database: str | None = None
    """The same for what is restored."""
    runs: list[tuple[tuple[str, ...], Run]] = field(default_factory=list)
    groups: set[str] = field(default_factory=set)
    """Those of which a command was a process."""

    @property
    def recovery(self) -> Path:
        """The recovery file."""
        return self.written / "all.recovery"

    def run(self, *arguments: str, stdin: bytes = b"", status: int = 0) -> Run:
        """Run a command and keep what it said; the first with a secret of a group as a process."""
        runner = commands.inside
        if stdin and arguments[0] not in self.groups:
            self.groups.add(arguments[0])
            runner = commands.run
        more = {"PATH": f"{PROGRAMS}:{os.environ['PATH']}"}
        if self.database is not None:
            more["KEYSTEWARD_DATABASE"] = self.database
        run = runner(self.data, *arguments, stdin=stdin, **more)
        assert status == run.status, (arguments, run)
        self.runs.append((arguments, run))
        return run

    def file(self, name: str, content: bytes) -> str:
        """Write a file for a command to read."""
        path = self.files / name
        path.write_bytes(content)
        return str(path)


def run_every_command(
    folder: Path, database: str | None = None, restored_database: str | None = None
) -> Round:
    """Run every command, most of them with success, each sort of refusal among them.

    The URLs are those of databases in which nothing is; None means a file of the data folder.
    """
    data, restored, files, written = (
        folder / name for name in ("data", "restored", "files", "written")
    )
    files.mkdir()
    written.mkdir()
    client = issue("client", pki_maker.make_key("rsa2048"))
    done = Round(data, restored, files, written, client, database, restored_database)
    done.run("init", "--admin", "root", "--password-stdin", stdin=SHORT_PASSPHRASE, status=5)
    done.run("init", "--admin", "root", "--password-stdin", stdin=PASSWORD + b"\n")
    _sign_up(done)
    _add(done)
    _update(done)
    _provide(done)
    _bring(done)
    _import(done)
    _add_ssh_keys(done)
    _go_round(done)
    _back_up(done)
    _give_out(done)
    _recover(done)
    _look_at_the_log(done)
    return done


def _sign_up(done: Round) -> None:
    add = ("user", "add", "ann", "--role", "operator", "--password-stdin")
    done.run(*add, stdin=SHORT_PASSPHRASE + b"\n", status=5)
    done.run(*add, stdin=WRONG_PASSWORD + b"\n")
    done.run("user", "add", "bob", "--role", "viewer", "--keystore-access", "default")
    done.run("user", "list")
    done.run("user", "list", "--json")
    done.run("user", "password", "ann", "--password-stdin", stdin=PASSWORD)
    done.run("user", "password", "bob", "--json")
    done.run("user", "change", "ann", "--role", "viewer", "--disable")
    done.run("user", "remove", "bob")
    done.run("user", "remove", "root", status=6)
    done.run("client", "add", "pipeline", "--role", "operator")
    done.run("client", "rotate", "pipeline", "--json")
    done.run("client", "change", "pipeline", "--all-keystores", "--enable")
    done.run("client", "list")
    done.run("client", "remove", "pipeline", "--secret", "1")
    done.run("client", "remove", "pipeline")
    done.run("audit", "show", "--installation", "--json")


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
    request = str(done.written / "request.pem")
    done.run("csr", "client", "--out", request)
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
    for alias in ("sap_again", "sap_wrong"):
        done.run("provider", "restore", "[1]_sap_new", "--to", alias)
    done.run("provider", "withdraw", "sap_wrong", status=7)
    done.run("provider", "withdraw", "sap_wrong", "--as", "provider")


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


def _import(done: Round) -> None:
    end = issue("client", done.client.key, CA, eku=("clientAuth",))
    pkcs8 = pki_maker.key_bytes(done.client.key, Encoding.DER)
    chain = (end.der, CA.der, ROOT.der)
    password, of_keys = PASSWORD.decode(), KEY_PASSWORD.decode()
    files = {
        form: done.file(f"planted.{form}", content)
        for form, content in (
            ("jks", _jks(KeyEntry("jks", pkcs8, chain), password, of_keys)),
            ("jceks", _jceks(KeyEntry("jceks", pkcs8, chain), password, of_keys)),
            ("p12", keystore_files.write_pkcs12([KeyEntry("p12", pkcs8, chain)], password, 1000)),
        )
    }
    for form, file in files.items():
        two, command = form != "p12", ("import", file, "--password-stdin")
        options = ("--key-password",) if two else ()
        right = PASSWORD + b"\n" + (KEY_PASSWORD + b"\n" if two else b"")
        wrong = PASSWORD + b"\n" + WRONG_PASSWORD + b"\n"
        done.run(*command, *options, stdin=WRONG_PASSWORD + b"\n" + wrong, status=5)
        if two:
            done.run(*command, "--dry-run", stdin=right, status=5)
            done.run(*command, *options, "--yes", "--json", stdin=wrong, status=5)
        plan = done.run(*command, *options, "--dry-run", "--json", stdin=right).json
        assert form in [entry["alias"] for entry in plan["entries"]]
        done.run(*command, *options, stdin=right, status=6)
        done.run(*command, *options, "--yes", stdin=right)
        done.run(*command, *options, "--mode", "overwrite", "--yes", "--json", stdin=right)
        replace = ("--mode", "replace", "--yes", "--keystore", "other")
        done.run(*command, *options, *replace, stdin=right)
        content = Path(file).read_bytes()
        damaged = done.file("damaged", content[:-300] + content[-200:])
        done.run("import", damaged, *command[2:], *options, stdin=right, status=5)
        done.run("import", file, status=5)


def _jks(entry: KeyEntry, password: str, of_keys: str) -> bytes:
    return keystore_files.write_jks([entry], password, [("jks root", ROOT.der)], of_keys)


def _jceks(entry: KeyEntry, password: str, of_keys: str) -> bytes:
    protected = keystore_files.protected_jceks(entry.pkcs8, of_keys, 1000)
    key = keystore_files.java_key(entry.alias, protected, entry.chain)
    return keystore_files.java_store(keystore_files.JCEKS, [key], password)


def _add_ssh_keys(done: Round) -> None:
    rounds = PrivateFormat.OpenSSH.encryption_builder().kdf_rounds(1)
    content = done.client.key.private_bytes(
        Encoding.PEM, PrivateFormat.OpenSSH, rounds.build(PASSPHRASE)
    )
    openssh, putty = done.file("id_rsa", content), _putty(done)
    about, stdin = ("--cn", "tunnel"), "--password-stdin"
    for verb, file in (("add", openssh), ("update", putty)):
        command = ("ssh", verb, "tunnel", file, *about)
        done.run(*command, status=5)
        done.run(*command, stdin, "--json", stdin=WRONG_PASSWORD + b"\n", status=5)
        damaged = Path(file).read_bytes().replace(b"A", b"B", 40)
        damage = ("ssh", verb, "tunnel", done.file("damaged", damaged), *about)
        done.run(*damage, stdin, stdin=PASSPHRASE + b"\n", status=5)
        done.run(*command, stdin, stdin=PASSPHRASE + b"\n")
    clear = done.client.key_pem(PrivateFormat.OpenSSH)
    done.run("ssh", "add", "cut", "-", *about, stdin=clear[:-90], status=5)
    done.run("ssh", "update", "tunnel", "-", *about, "--json", stdin=clear)
    pkcs1 = done.client.key_pem(PrivateFormat.TraditionalOpenSSL)
    file = done.file("rsa key.pem", pkcs1)
    encrypted = done.client.key_pem(PrivateFormat.TraditionalOpenSSL, PASSPHRASE)
    for slip in (pkcs1[:-90], encrypted, pkcs1.replace(b"A", b"B", 40)):
        done.run("rsa", "add", "-", "--alias", "cut", *about, stdin=slip, status=5)
        done.run("rsa", "update", "tunnel", "-", *about, "--json", stdin=slip, status=5)
    done.run("rsa", "add", file, *about)
    done.run("rsa", "update", "rsa key", file, *about, "--json")


def _putty(done: Round) -> str:
    clear = done.file("for puttygen", done.client.key_pem(PrivateFormat.TraditionalOpenSSL))
    phrase, file = done.file("phrase", PASSPHRASE), done.files / "tunnel.ppk"
    cheap = ("--ppk-param", "version=3,memory=1024,passes=2")
    out = ("-O", "private", "-o", str(file), "--new-passphrase", phrase)
    peers.run("puttygen", clear, "-q", *out, *cheap)
    return str(file)


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


def _back_up(done: Round) -> None:
    done.run("backup", "create", "first")
    done.run("rollback", "client", "2")
    done.run("backup", "create", "second", "--json")
    for options in ((), ("--json",)):
        done.run("backup", "list", *options)
        done.run("backup", "show", "first", *options)
        done.run("backup", "compare", "first", *options)
        done.run("backup", "restore", "first", "--dry-run", *options)
    done.run("backup", "restore", "first", status=6)
    done.run("backup", "restore", "first", "--alias", "nobody", "--yes", "--json", status=4)
    done.run("backup", "restore", "first", "--alias", "client", "--yes")
    done.run("backup", "restore", "second", "--mode", "replace", "--yes", "--json")
    # The keys of a purged entry stay with the backups, and go with the last of them.
    done.run("delete", "tunnel", "--purge", stdin=b"tunnel\n")
    done.run("backup", "delete", "first")
    done.run("database", "backup", str(done.written / "copy.db"))
    done.run("database", "copy", f"sqlite:///{done.written}/moved.db")


def _give_out(done: Round) -> None:
    done.run("csr", "client")
    for kind in DownloadKind:
        done.run("export", "client", "--as", kind.value, "-o", str(done.written))
    done.run("export", "sap_again", "--as", "csr", "--view", "new", status=4)
    for form in KeystoreForm:
        done.run("export-keystore", "--as", form.value, "-o", str(done.written))
        target = str(done.written / f"of backup.{form.value}")
        done.run("export-keystore", "--as", form.value, "--from-backup", "second", "-o", target)
    done.run("export", "client", "--as", "pem")


def _recover(done: Round) -> None:
    file, stdin = done.recovery, "--password-stdin"
    elsewhere: tuple[str, ...] = ("--data", str(done.restored))
    if done.restored_database is not None:
        elsewhere += ("--database", done.restored_database)
    short = ("recovery", "export", str(done.written / "short.recovery"), stdin)
    done.run(*short, stdin=SHORT_PASSPHRASE + b"\n", status=5)
    done.run("recovery", "export", str(file), stdin, stdin=PASSPHRASE + b"\n")
    restore = ("recovery", "restore", str(file), stdin)
    done.run(*restore, *elsewhere, stdin=WRONG_PASSWORD + b"\n", status=5)
    content = bytearray(file.read_bytes())
    content[-40] ^= 1
    damaged = ("recovery", "restore", done.file("damaged", bytes(content)), stdin)
    done.run(*damaged, *elsewhere, stdin=PASSPHRASE + b"\n", status=5)
    done.run(*restore, *elsewhere, "--json", stdin=PASSPHRASE + b"\n")
    done.run(*restore, stdin=PASSPHRASE + b"\n", status=6)


def _look_at_the_log(done: Round) -> None:
    done.run("audit", "show", "--last", "1000")
    done.run("audit", "show", "--last", "1000", "--json")
    done.run("audit", "verify")
