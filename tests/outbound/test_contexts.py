import os
import re
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat

from keysteward import app, guard
from keysteward.entries import Caller
from keysteward.keystore import key_pairs
from keysteward.keystore.certificates import add_certificate
from keysteward.keystore.key_pairs import KeyUpload
from keysteward.keystore.steward import Steward
from keysteward.outbound import connections, contexts
from keysteward.outbound.connections import Connection
from keysteward.pki import certificates, memory_files
from keysteward.problems import (
    ConnectionFailed,
    KeyNotUsableForTls,
    NotAKeyPair,
    TlsFromMemoryUnavailable,
)
from keysteward.settings import Settings
from keysteward.values import Alias, Secret
from tests import pki_maker, receivers
from tests.pki_maker import Issued
from tests.receivers import Receiver
from tests.steward import VERIFIED

ALIAS = Alias("backend")
CALLER = Caller("local:test")


def _context(chain: tuple[Issued, ...], *anchors: Issued) -> ssl.SSLContext:
    key = Secret(pki_maker.key_bytes(chain[0].key, Encoding.DER))
    return contexts.client_context(
        tuple(certificates.read_certificate(issued.der) for issued in chain),
        key,
        tuple(certificates.read_certificate(anchor.der) for anchor in anchors),
        ALIAS,
    )


def _check(receiver: Receiver, context: ssl.SSLContext) -> Connection:
    return connections.check_connection(
        *(receiver.host, receiver.port, context), reach=guard.ANYWHERE, timeout_seconds=10.0
    )


@pytest.mark.parametrize("kind", ["rsa2048", "p256", "p384", "p521", "ed25519", "ed448"], ids=str)
def test_context_serves_every_usable_key(
    kind: str, demanding: Receiver, server: tuple[Issued, ...], client: tuple[Issued, ...]
) -> None:
    """A receiver that demands a certificate gets the key's own, and it holds."""
    leaf = pki_maker.issue("own", pki_maker.make_key(kind), client[1], eku=("clientAuth",))
    connection = _check(demanding, _context((leaf, *client[1:]), server[-1]))
    assert connection.certificate_sent
    assert "HTTP/1.0 200 ok" == connection.status_line


def test_context_sends_the_chain_as_it_is_stored(
    demanding: Receiver, server: tuple[Issued, ...], client: tuple[Issued, ...]
) -> None:
    """A receiver that knows the root alone verifies the chain; without intermediates it cannot."""
    assert _check(demanding, _context(client, server[-1])).certificate_sent
    with pytest.raises(ConnectionFailed):
        _check(demanding, _context(client[:1], server[-1]))


def test_context_trusts_its_anchors_alone(
    demanding: Receiver, client: tuple[Issued, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither the chain's own root nor the system's roots verify a receiver."""
    bundle = tmp_path / "system.pem"
    bundle.write_bytes(b"".join(issued.pem for issued in receivers.server_chain()))
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    for context in (_context(client), _context(client, client[-1])):
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname
        with pytest.raises(ConnectionFailed, match="trusted certificate"):
            _check(demanding, context)


@pytest.fixture(scope="module")
def deep(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Receiver, tuple[Issued, ...]]]:
    """A receiver whose certificate an intermediate issued, with its chain."""
    root = pki_maker.issue("Receiver Root", ca=True)
    middle = pki_maker.issue("Receiver CA", None, root, ca=True)
    leaf = pki_maker.issue("localhost", None, middle, eku=("serverAuth",), san=("DNS:localhost",))
    chain = (leaf, middle, root)
    with receivers.openssl_receiver(tmp_path_factory.mktemp("deep"), chain) as receiver:
        yield receiver, chain


def test_context_trusts_a_marked_intermediate(
    deep: tuple[Receiver, tuple[Issued, ...]], client: tuple[Issued, ...]
) -> None:
    """An intermediate that the administrator marked verifies what it issued, without its root."""
    receiver, (leaf, middle, root) = deep
    for anchor in (middle, root):
        peer = _check(receiver, _context(client, anchor)).peer_chain
        assert [leaf.der, middle.der] == [certificate.der for certificate in peer]


def test_context_with_roots_alone_wants_whole_chains(
    client: tuple[Issued, ...], server: tuple[Issued, ...]
) -> None:
    """Partial chains are allowed only where an anchor needs them."""
    partial = ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    assert not _context(client, server[-1]).verify_flags & partial
    assert _context(client, server[-1], client[1]).verify_flags & partial


def test_context_refuses_a_key_that_tls_cannot_use(client: tuple[Issued, ...]) -> None:
    """The problem says which alias, and what the library said."""
    leaf = pki_maker.issue("small", pki_maker.make_key("rsa1024"), client[1])
    with pytest.raises(KeyNotUsableForTls, match=r"'backend': .*refuses RSA 1024 keys"):
        _context((leaf, *client[1:]))


def test_context_refuses_a_chain_that_tls_cannot_use() -> None:
    """A weak intermediate is named, though the end-entity certificate alone would do."""
    root = pki_maker.issue("Root", pki_maker.make_key("rsa2048"), ca=True)
    weak = hashes.SHA1()  # noqa: S303  # weak on purpose
    middle = pki_maker.issue("Weak CA", None, root, ca=True, hash=weak)
    leaf = pki_maker.issue("client", None, middle)
    with pytest.raises(KeyNotUsableForTls, match="CN=Weak CA"):
        _context((leaf, middle, root))


def test_context_refuses_a_key_of_another_certificate(client: tuple[Issued, ...]) -> None:
    """A key that does not fit is refused by the library, never used."""
    other = Secret(pki_maker.key_bytes(pki_maker.make_key("p256"), Encoding.DER))
    chain = tuple(certificates.read_certificate(issued.der) for issued in client)
    with pytest.raises(KeyNotUsableForTls, match="KEY_VALUES_MISMATCH"):
        contexts.client_context(chain, other, (), ALIAS)


def test_context_is_refused_without_memory_files(
    client: tuple[Issued, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing can be handed over in memory, there is no other way."""
    monkeypatch.delattr(os, "memfd_create")
    with pytest.raises(TlsFromMemoryUnavailable):
        _context(client)


# ---- the context of an entry


@pytest.fixture
def steward(tmp_path: Path) -> Iterator[Steward]:
    """A new keystore."""
    settings = Settings(data=tmp_path / "data", keyring=tmp_path / "keyring")
    app.create(settings)
    with app.opened(settings) as opened:
        yield opened


def test_context_of_an_entry_connects(
    steward: Steward,
    demanding: Receiver,
    server: tuple[Issued, ...],
    client: tuple[Issued, ...],
) -> None:
    """The stored key pair connects, and a receiver is trusted only once its root is marked so."""
    chain = tuple(certificates.read_certificate(issued.der) for issued in client)
    entry = key_pairs.add_key_pair(
        *(steward, CALLER, "backend", KeyUpload(client[0].key_pem(), certificates=chain)),
        consent=VERIFIED,
    ).entry
    add_certificate(steward, CALLER, "completing", server[-1].pem, trusted=False)
    with pytest.raises(ConnectionFailed, match="trusted certificate"):
        _check(demanding, contexts.context_of(steward, entry))
    add_certificate(steward, CALLER, "trusted", server[-1].pem, consent=VERIFIED)
    assert _check(demanding, contexts.context_of(steward, entry)).certificate_sent
    with pytest.raises(ConnectionFailed, match="none was sent"):
        _check(demanding, contexts.context_of(steward, None))


def test_context_of_a_certificate_is_refused(steward: Steward, server: tuple[Issued, ...]) -> None:
    """A lone certificate has no key to connect with."""
    entry = add_certificate(steward, CALLER, "root", server[-1].pem, consent=VERIFIED)
    with pytest.raises(NotAKeyPair):
        contexts.context_of(steward, entry)


# ---- the private key lies on no disk


def test_key_is_encrypted_even_in_memory_files(
    client: tuple[Issued, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What goes through memory files is public, or encrypted: memory can be swapped out."""
    contents: list[bytes] = []
    real = memory_files.memory_file

    @contextmanager
    def spy(content: bytes) -> Iterator[str]:
        contents.append(content)
        with real(content) as path:
            yield path

    _context(client)  # the trial of this kind of key, with its throw-away keys, is done
    monkeypatch.setattr(memory_files, "memory_file", spy)
    _context(client)
    labels = [re.findall(rb"-----BEGIN ([A-Z ]+)-----", content) for content in contents]
    assert [[b"CERTIFICATE"] * 3, [b"ENCRYPTED PRIVATE KEY"]] == labels


def test_no_descriptor_stays_open(client: tuple[Issued, ...]) -> None:
    """Nothing is left under /proc/self/fd, neither after a success nor after a refusal."""
    _context(client)
    before = sorted(os.listdir("/proc/self/fd"))  # noqa: PTH208  # names, not paths
    _context(client)
    other = Secret(pki_maker.key_bytes(pki_maker.make_key("p256"), Encoding.DER))
    chain = tuple(certificates.read_certificate(issued.der) for issued in client)
    with pytest.raises(KeyNotUsableForTls):
        contexts.client_context(chain, other, (), ALIAS)
    assert before == sorted(os.listdir("/proc/self/fd"))  # noqa: PTH208  # as above


_PROGRAM = """
import sys
from keysteward.outbound import contexts
from keysteward.pki import certificates
from keysteward.values import Alias, Secret
certificate, key = (bytes.fromhex(line) for line in sys.stdin.read().split())
context = contexts.client_context(
    (certificates.read_certificate(certificate),), Secret(key), (), Alias("a"))
print("made")
"""


def test_system_calls_write_to_memory_files_alone(
    client: tuple[Issued, ...], tmp_path: Path
) -> None:
    """By the kernel's own account no file is opened for writing, and no path made or renamed."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is missing: install the Debian package strace")
    trace = tmp_path / "trace"
    calls = "open,openat,openat2,creat,memfd_create,rename,renameat,renameat2,link,linkat,mkdir"
    key = pki_maker.key_bytes(client[0].key, Encoding.DER)
    source = Path(contexts.__file__).parents[2]
    ended = subprocess.run(
        [
            strace,
            "-f",
            "-o",
            str(trace),
            "-e",
            f"trace={calls}",
            sys.executable,
            "-B",
            "-c",
            _PROGRAM,
        ],
        input=f"{client[0].der.hex()}\n{key.hex()}\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(source), "TMPDIR": str(tmp_path)},
    )
    if "made" not in ended.stdout and "ptrace" in ended.stderr:
        pytest.skip("strace may not trace here")
    assert "made\n" == ended.stdout, ended.stderr
    lines = trace.read_text().splitlines()
    assert any('memfd_create("keysteward"' in line for line in lines)
    changing = [
        line
        for line in lines
        if re.search(r"O_WRONLY|O_RDWR|O_CREAT|(creat|rename\w*|\w*link\w*|mkdir\w*)\(", line)
        and "/dev/null" not in line
    ]
    assert [] == changing
    assert [trace] == list(tmp_path.iterdir())


def test_clear_key_is_in_no_file(
    client: tuple[Issued, ...],
    demanding: Receiver,
    server: tuple[Issued, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After a whole connection no file of the temporary folder holds the key, in any spelling."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    _check(demanding, _context(client, server[-1]))
    key = client[0].key
    spellings = [
        pki_maker.key_bytes(key, Encoding.DER),
        pki_maker.key_bytes(key, Encoding.PEM).splitlines()[1],
        pki_maker.key_bytes(key, Encoding.DER, PrivateFormat.TraditionalOpenSSL),
    ]
    folders = (tmp_path, demanding.log_file.parent)
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert demanding.log_file in files
    assert not any(spelling in file.read_bytes() for file in files for spelling in spellings)
