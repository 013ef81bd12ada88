"""Which form of a private key a file has is told by its content."""

import random
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from keysteward.formats import ssh
from keysteward.pki import key_pairs
from keysteward.problems import KeyTypeUnsupported, PrivateKeyUnreadable, Problem
from tests import peers, ssh_maker
from tests.ssh_maker import KINDS, PASSPHRASE, SECRET, SshMaker

LIMIT = 100_000_000


@pytest.fixture(scope="session")
def maker(tmp_path_factory: pytest.TempPathFactory) -> SshMaker:
    """Return a maker that keeps what it made for the whole run."""
    return SshMaker(tmp_path_factory.mktemp("ssh"))


def _forms(maker: SshMaker, kind: str) -> dict[Path, bool]:
    """Return the files of one key in all its forms, and whether each is encrypted."""
    forms = {maker.openssh(kind): False, maker.encrypted(kind): True}
    # Of Ed25519, ssh-keygen writes PEM in no form.
    for form in ("PEM", "PKCS8") if kind != "ed25519" else ():
        forms[maker.openssh(kind, "-N", "", "-m", form)] = False
        forms[maker.openssh(kind, "-N", PASSPHRASE, "-m", form)] = True
    for version in (2, 3):
        forms[maker.putty(kind, version)] = False
        forms[maker.putty(kind, version, encrypted=True)] = True
    return forms


@pytest.mark.parametrize("kind", KINDS)
def test_every_form_of_a_key_gives_the_same_key(maker: SshMaker, tmp_path: Path, kind: str) -> None:
    """What ssh-keygen and puttygen write, and it is known beforehand which need a passphrase."""
    reported = maker.openssh_public(maker.openssh(kind))
    for file, encrypted in _forms(maker, kind).items():
        data = file.read_bytes()
        assert encrypted == ssh.is_encrypted(data)
        key = ssh.read_private_key(data, SECRET if encrypted else None, LIMIT)
        ssh_maker.require_signs_for(key, reported, tmp_path)


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_file_cut_at_any_byte_is_a_problem(maker: SshMaker, kind: str) -> None:
    """In every form, as text; the last line break alone is not missed."""
    for file, encrypted in _forms(maker, kind).items():
        data = file.read_bytes().rstrip()
        for length in range(0, len(data) - 1, 1 if kind == "ed25519" else 7):
            with pytest.raises(Problem):
                ssh.read_private_key(data[:length], SECRET if encrypted else None, LIMIT)


def test_random_bytes_are_a_problem(maker: SshMaker) -> None:
    """Behind the beginnings of every form, and behind none."""
    source = random.Random(7)
    starts = [f.read_bytes()[:n] for f in _forms(maker, "rsa") for n in (0, 40, 200, 600)]
    for start in starts * 10:
        with pytest.raises(Problem):
            ssh.read_private_key(start + source.randbytes(300), None, LIMIT)


def test_several_keys_in_a_file_are_refused(maker: SshMaker) -> None:
    """None is taken silently, in whatever forms they are."""
    one, other = maker.openssh("ed25519"), maker.openssh("rsa", "-N", "", "-m", "PEM")
    with pytest.raises(PrivateKeyUnreadable, match="2 private keys"):
        ssh.read_private_key(one.read_bytes() + other.read_bytes(), None, LIMIT)


def test_public_keys_are_named(maker: SshMaker) -> None:
    """In every form that ssh-keygen writes."""
    public = Path(f"{maker.openssh('rsa')}.pub")
    forms = [
        public.read_bytes(),
        *(
            peers.run("ssh-keygen", "-e", "-m", form, "-f", str(public))
            for form in ("RFC4716", "PKCS8", "PEM")
        ),
    ]
    for data in forms:
        with pytest.raises(PrivateKeyUnreadable, match=r"public key.* Give the private key"):
            ssh.read_private_key(data, None, LIMIT)


def test_form_of_ssh_com_is_named_with_the_way_out(maker: SshMaker) -> None:
    """The program puttygen writes it, too, and converts it."""
    data = maker.puttygen(str(maker.openssh("rsa")), "-O", "private-sshcom").read_bytes()
    with pytest.raises(PrivateKeyUnreadable, match=r"ssh\.com.*puttygen"):
        ssh.read_private_key(data, None, LIMIT)


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"", "no private key"),
        (b"SSH PRIVATE KEY FILE FORMAT 1.1\n\0", "first SSH protocol"),
        (b"-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl", "cut off"),
        (b"-----BEGIN RSA PRIVATE KEY-----\nb3Bl", "cut off"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "no private key"),
        (b"\x30\x82\x00\x00", "no private key"),
    ],
)
def test_other_files_are_named(data: bytes, named: str) -> None:
    """With the forms that are taken."""
    with pytest.raises(PrivateKeyUnreadable, match=named):
        ssh.read_private_key(data, None, LIMIT)


def test_pem_key_that_ssh_has_no_name_for_is_refused() -> None:
    """It is a key, and no SSH key."""
    key = ec.generate_private_key(ec.SECP256K1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    with pytest.raises(KeyTypeUnsupported, match="secp256k1"):
        ssh.read_private_key(pem, None, LIMIT)


def test_weak_small_rsa_key_is_read(maker: SshMaker) -> None:
    """Old keys of 1,024 bits are still about."""
    key = key_pairs.generate(key_pairs.KeySpec("rsa", 1024))
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    file = maker.folder / "small.pem"
    file.write_bytes(pem)
    data = maker.puttygen(str(file), "-O", "private").read_bytes()
    assert key.public_key() == ssh.read_private_key(data, None, LIMIT).public_key()
