import os
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa

from keysteward.pki import certificates, memory_files, tls_support
from keysteward.pki.certificates import Certificate
from keysteward.problems import TlsFromMemoryUnavailable
from tests import pki_maker, tls_keys
from tests.pki_maker import Issued

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "tls-keys.md"

SHA1, MD5 = hashes.SHA1(), hashes.MD5()  # noqa: S303  # weak on purpose


def _value(issued: Issued) -> Certificate:
    return certificates.read_certificate(issued.der)


@pytest.fixture(scope="module")
def root() -> Issued:
    """A root with an RSA key, which can sign with any hash."""
    return pki_maker.issue("root", pki_maker.make_key("rsa2048"), ca=True)


def _client(root: Issued, kind: str) -> Certificate:
    return _value(pki_maker.issue("client", pki_maker.make_key(kind), root, eku=("clientAuth",)))


def test_table_of_the_documentation_holds_for_this_library() -> None:
    """The documentation says of every kind of key what a trial with this library finds."""
    text = DOCUMENT.read_text()
    if tls_keys.heading() not in text.splitlines():
        pytest.skip(f"docs/tls-keys.md has no section for {ssl.OPENSSL_VERSION} yet")
    section = text.partition(f"{tls_keys.heading()}\n")[2].partition("\n## ")[0]
    table = tuple(line for line in section.splitlines() if line.startswith("|"))
    assert tls_keys.rows() == table


@pytest.mark.parametrize("kind", ["rsa2048", "p256", "p384", "p521", "ed25519"])
def test_usual_key_is_usable(root: Issued, kind: str) -> None:
    """No library of today refuses the keys that most CAs certify."""
    assert tls_support.reason_unusable(_client(root, kind)) is None
    assert ("TLS 1.2", "TLS 1.3") == tls_support.try_certificate(_client(root, kind)).versions


def test_short_rsa_key_is_refused_in_words(root: Issued) -> None:
    """The sentence names library, key and reason."""
    reason = tls_support.reason_unusable(_client(root, "rsa1024"))
    version = subprocess.run(["openssl", "version"], capture_output=True, text=True, check=True)
    assert reason is not None
    assert "refuses RSA 1024 keys as too small (EE_KEY_TOO_SMALL)" in reason
    assert tls_support.LIBRARY.split()[0] == version.stdout.split()[0]
    assert tls_support.LIBRARY in reason


def test_unknown_key_type_is_not_called_too_small(root: Issued) -> None:
    """OpenSSL 3.0 calls a type that it cannot read too small; the reason given is the true one."""
    if ssl.OPENSSL_VERSION_INFO >= (3, 5):
        assert tls_support.reason_unusable(_client(root, "mldsa65")) is None
    else:
        reason = tls_support.reason_unusable(_client(root, "mldsa65"))
        assert reason is not None
        assert "knows no ML-DSA-65 keys" in reason


@pytest.mark.parametrize("weak", [SHA1, MD5], ids=["SHA-1", "MD5"])
def test_weak_signature_is_refused(root: Issued, weak: hashes.HashAlgorithm) -> None:
    """A usable key does not help a certificate whose signature is below the security level."""
    reason = tls_support.reason_unusable(_value(pki_maker.issue("client", None, root, hash=weak)))
    assert reason is not None
    assert "refuses certificates signed with" in reason


def test_self_signed_certificate_is_not_judged_by_its_signature() -> None:
    """OpenSSL skips a self-signed certificate's signature, so its verdict is one of its own."""
    key = pki_maker.make_key("rsa2048")
    own = pki_maker.issue("self", key, hash=SHA1)
    other = pki_maker.issue("other", None, pki_maker.issue("ca", key, ca=True), hash=SHA1)
    assert tls_support.reason_unusable(_value(own)) is None
    assert tls_support.reason_unusable(_value(other)) is not None


def test_verdict_is_kept_per_kind_of_key(root: Issued, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second certificate of a kind costs no trial at all."""
    assert tls_support.reason_unusable(_client(root, "p384")) is None

    def fail(_content: bytes) -> None:
        pytest.fail("a second trial")

    monkeypatch.setattr(memory_files, "memory_file", fail)
    assert tls_support.reason_unusable(_client(root, "p384")) is None


def test_verdict_on_one_dsa_key_is_not_anothers(root: Issued) -> None:
    """DSA parameters are the certificate's own, so they are part of what a verdict is kept for."""
    tls_support._verdict.cache_clear()
    for _ in range(2):
        tls_support.try_certificate(_client(root, "dsa1024"))
    assert 2 == tls_support._verdict.cache_info().misses


def test_unsound_dsa_parameters_are_refused(root: Issued) -> None:
    """A stranger's parameters that generate no key end in a reason, not in a crash."""
    odd = dsa.DSAParameterNumbers(p=(1 << 2047) + 1, q=(1 << 255) + 1, g=2)
    public_key = dsa.DSAPublicNumbers(4, odd).public_key()
    issued = pki_maker.issue("client", None, root, public_key=public_key)
    reason = tls_support.reason_unusable(_value(issued))
    assert reason is not None
    assert "DSA parameters are unsound" in reason


def test_chain_names_the_certificate_at_fault() -> None:
    """A chain that cannot be loaded is refused with the name of its first weak certificate."""
    root = pki_maker.issue("Root", pki_maker.make_key("rsa2048"), ca=True)
    weak = pki_maker.issue("Weak CA", None, root, ca=True, hash=SHA1)
    leaf = pki_maker.issue("client", None, weak)
    assert tls_support.reason_unusable(_value(leaf)) is None
    reason = tls_support.reason_chain_unusable(tuple(map(_value, (leaf, weak, root))))
    assert reason is not None
    assert reason.endswith("It is CN=Weak CA.")
    assert tls_support.reason_chain_unusable(tuple(map(_value, (leaf, root)))) is None


def test_nothing_is_claimed_without_memory_files(
    root: Issued, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A system that cannot try finds no fault, and keeps no verdict of it."""
    tls_support._verdict.cache_clear()
    with monkeypatch.context() as without:
        without.delattr(os, "memfd_create")
        assert tls_support.reason_unusable(_client(root, "rsa1024")) is None
    assert tls_support.reason_unusable(_client(root, "rsa1024")) is not None


def test_memory_file_is_gone_afterwards() -> None:
    """The path holds the content inside the block; the descriptor is closed after it."""
    before = set(os.listdir("/proc/self/fd"))  # noqa: PTH208  # names, not paths
    with memory_files.memory_file(b"content") as path:
        target = os.readlink(path)  # noqa: PTH115  # a link to nowhere in any file system
        assert b"content" == Path(path).read_bytes()
    assert target.startswith("/memfd:")
    assert before == set(os.listdir("/proc/self/fd"))  # noqa: PTH208  # as above


def test_memory_file_is_not_inherited() -> None:
    """A child that is started meanwhile cannot read it, even if it inherits what it may."""
    with memory_files.memory_file(b"content") as path:
        program = shutil.which("cat") or "/bin/cat"
        child = subprocess.run(
            [program, path], capture_output=True, check=False, close_fds=False, timeout=10
        )
    assert b"" == child.stdout
    assert child.returncode != 0


@pytest.mark.parametrize("refusal", [OSError(38, "no such call"), OSError(1, "sandboxed")])
def test_memory_file_is_refused_by_the_system(
    monkeypatch: pytest.MonkeyPatch, refusal: OSError
) -> None:
    """A kernel or sandbox without the call leads to the problem, not to another place."""

    def refuse(_name: str, _flags: int) -> int:
        raise refusal

    monkeypatch.setattr(os, "memfd_create", refuse)
    with pytest.raises(TlsFromMemoryUnavailable), memory_files.memory_file(b"content"):
        pytest.fail("a file came about")


def test_memory_file_works_on_an_older_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Linux before 6.3 refuses the flag that it does not know; the file is made without it."""
    real = os.memfd_create

    def old(name: str, flags: int) -> int:
        if flags & memory_files._NOEXEC_SEAL:
            raise OSError(22, "Invalid argument")
        return real(name, flags)

    monkeypatch.setattr(os, "memfd_create", old)
    with memory_files.memory_file(b"content") as path:
        assert b"content" == Path(path).read_bytes()
