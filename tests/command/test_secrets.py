"""Nothing that the command writes holds a private key or a password: planted, then searched for.

What is searched for: the key's primes and its private exponent as bytes, hexadecimal and decimal
digits and base64, the lines of its PEM, and the passwords, each of them another one.
"""

import base64
import json
import re
import zlib
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import PrivateFormat

from tests import beside, commands
from tests import steward as steward_
from tests.command import whole_round
from tests.command.authority import CA
from tests.command.whole_round import Round
from tests.fresh import Fresh
from tests.pki_maker import Issued

_GROUPS = {name.split()[0] for name, _ in commands.names() if " " in name}
_FORMS = {"PKCS#8": PrivateFormat.PKCS8, "PKCS#1": PrivateFormat.TraditionalOpenSSL}
_WORDS = {
    "password": whole_round.PASSWORD,
    "wrong password": whole_round.WRONG_PASSWORD,
    "password of keys": whole_round.KEY_PASSWORD,
    "passphrase": whole_round.PASSPHRASE,
    "short passphrase": whole_round.SHORT_PASSPHRASE,
}


@pytest.fixture(scope="module")
def done(fresh: Fresh, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Round]:
    """Run the whole round once on each engine."""
    with fresh.database() as database, fresh.database() as restored:
        folder = tmp_path_factory.mktemp("round")
        yield whole_round.run_every_command(folder, database, restored)


def _name(arguments: tuple[str, ...]) -> str:
    return " ".join(arguments[: 1 + (arguments[0] in _GROUPS)])


def _secrets(client: Issued) -> Iterator[tuple[str, bytes]]:
    """Yield what must be nowhere, by name."""
    for name, word in _WORDS.items():
        yield from _encoded(name, word)
        yield f"{name} in UTF-16", word.decode().encode("utf-16-be")
    key = client.key
    assert isinstance(key, rsa.RSAPrivateKey)
    numbers = key.private_numbers()
    for name, number in (("p", numbers.p), ("q", numbers.q), ("d", numbers.d)):
        raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
        yield from _encoded(name, raw[8:40])
        yield f"{name} in decimal", str(number)[20:80].encode()
    for name, form in _FORMS.items():
        lines = client.key_pem(form).splitlines()[1:-1]
        # The public key's numbers stand in the first lines, the private ones in the rest.
        for line in lines[len(lines) // 3 :]:
            if len(line) == 64:
                yield f"{name} in base64", line


def _encoded(name: str, raw: bytes) -> Iterator[tuple[str, bytes]]:
    yield f"{name} in bytes", raw
    yield f"{name} in hexadecimal", raw.hex().encode()
    yield f"{name} in capital hexadecimal", raw.hex().upper().encode()
    # Whatever stands before it: one of three starts falls between two letters' groups.
    for start in range(3):
        length = (len(raw) - start) // 3 * 3
        yield f"{name} in base64", base64.b64encode(raw[start : start + length])


def _found(client: Issued, content: bytes) -> set[str]:
    """Return the names of the secrets in a text or file, whatever its lines are."""
    whole = content + re.sub(rb"\s|\\n", b"", content)
    return {name for name, secret in _secrets(client) if secret in whole}


def test_nothing_printed_holds_a_secret(done: Round) -> None:
    """Neither standard output nor standard error of any command."""
    for arguments, run in done.runs:
        assert set() == _found(done.client, (run.stdout + run.stderr).encode()), arguments
        assert "Traceback" not in run.stderr


def test_nothing_stored_holds_a_secret(done: Round) -> None:
    """Neither database, its log, nor a file written; sealing keys stand in the keyring alone."""
    stored = [
        file
        for folder in (done.data, done.restored, done.written)
        for file in folder.rglob("*")
        if file.is_file()
    ]
    sealing = [file.read_bytes() for file in stored if file.parent.name == "sealing"]
    kept = [file for file in stored if file.parent.name != "sealing"]
    assert 2 == len(sealing)
    assert {"copy.db", "moved.db", "all.recovery"} <= {file.name for file in kept}
    contents = {file.name: file.read_bytes() for file in kept}
    for folder, database in (
        (done.data, done.database),
        (done.restored, done.restored_database),
    ):
        rows = beside.content(steward_.settings_for(folder, database))
        assert CA.der in rows
        contents[f"database of {folder.name}"] = rows
    for name, content in contents.items():
        assert set() == _found(done.client, content), name
        assert not [key for key in sealing if key.strip() in content], name
        assert b"PRIVATE KEY-----" not in content


def test_recovery_file_holds_nothing_in_clear(done: Round) -> None:
    """No certificate, no alias, no name of a table, and nothing that could be compressed."""
    content = done.recovery.read_bytes()
    named = (CA.der[:40], CA.der[-40:], b"sap_client", b"PRIVATE KEY", b"BEGIN", b"private_keys")
    assert [] == [word for word in named if word in content]
    assert 60_000 < len(content)
    # From the first chunk on (ADR 12), each piece on its own: a short text would show.
    pieces = (content[start : start + 1000] for start in range(55, len(content), 1000))
    assert all(len(piece) < len(zlib.compress(piece)) for piece in pieces)


def test_every_command_was_part_of_the_round(done: Round) -> None:
    """But the demo and the server, which have tests of their own, and the upgrade.

    That changes nothing here.
    """
    ran = {_name(arguments) for arguments, _ in done.runs}
    missing = {name for name, _ in commands.names()} - ran
    assert {"demo", "serve", "database upgrade"} == missing


@pytest.mark.parametrize(
    "form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL, PrivateFormat.OpenSSH]
)
def test_search_finds_what_is_planted(done: Round, form: PrivateFormat) -> None:
    """The clear key itself, as a file in each form, also within JSON, and as bytes."""
    client = done.client
    pem = client.key_pem(form)
    needed = {f"{name} in base64" for name in "pqd"}
    assert needed <= _found(client, pem)
    assert needed <= _found(client, json.dumps(pem.decode()).encode())
    raw = base64.b64decode(b"".join(pem.splitlines()[1:-1]))
    assert {f"{name} in bytes" for name in "pqd"} <= _found(client, raw)
    assert {"passphrase in base64"} <= _found(
        client, base64.b64encode(b"x" + whole_round.PASSPHRASE)
    )
