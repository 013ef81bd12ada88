import random
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from keysteward.formats.ssh import keys, putty
from keysteward.pki import public_keys
from keysteward.problems import (
    KeyDerivationTooCostly,
    KeyTypeUnsupported,
    PasswordWrong,
    PrivateKeyUnreadable,
    Problem,
)
from keysteward.values import Secret
from tests import ssh_maker
from tests.ssh_maker import KINDS, SECRET, SshMaker

LIMIT = 100_000_000


@pytest.mark.parametrize("encrypted", [False, True], ids=["clear", "encrypted"])
@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("kind", [*KINDS, "ed448"])
def test_key_of_puttygen_signs_for_the_public_key_that_puttygen_reports(
    maker: SshMaker, tmp_path: Path, kind: str, version: int, *, encrypted: bool
) -> None:
    """Every kind, in both versions, with and without passphrase."""
    file = maker.putty(kind, version, encrypted=encrypted)
    key = putty.read(file.read_bytes(), SECRET if encrypted else None, LIMIT)
    reported = maker.putty_public(file, encrypted=encrypted)
    ssh_maker.require_signs_for(key, reported, tmp_path)


@pytest.mark.parametrize("flavour", ["argon2i", "argon2d", "argon2id"])
def test_every_flavour_of_argon2_is_derived(maker: SshMaker, flavour: str) -> None:
    """As puttygen does, and with more than one lane, too."""
    parameters = f"{ssh_maker.CHEAP},kdf={flavour},parallelism=2"
    data = maker.putty("ed25519", 3, parameters, encrypted=True).read_bytes()
    assert f"Key-Derivation: {flavour.capitalize()}\n".encode() in data
    assert _same_as_clear(maker, data)


def test_default_parameters_of_puttygen_are_bearable(maker: SshMaker) -> None:
    """With the limit that holds unless it was set."""
    data = maker.putty("ed25519", 3, "", encrypted=True).read_bytes()
    assert _same_as_clear(maker, data)


def _same_as_clear(maker: SshMaker, data: bytes) -> bool:
    clear = putty.read(maker.putty("ed25519").read_bytes(), None, LIMIT)
    return putty.read(data, SECRET, LIMIT).public_key() == clear.public_key()


@pytest.mark.parametrize("zeros", [1, 2])
def test_ed25519_secret_ending_in_zero_bytes_is_read(
    maker: SshMaker, tmp_path: Path, zeros: int
) -> None:
    """PuTTY writes it as a number, its least significant byte first, and leaves zeros out."""
    secret = bytes(range(1, 33 - zeros)) + bytes(zeros)
    key = ed25519.Ed25519PrivateKey.from_private_bytes(secret)
    file = tmp_path / "short"
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    data = maker.puttygen(str(file), "-O", "private").read_bytes()
    assert key.public_key() == putty.read(data, None, LIMIT).public_key()


@pytest.mark.parametrize("end", [b"\r\n", b"\r"], ids=["crlf", "cr"])
def test_line_ends_of_other_systems_are_read(maker: SshMaker, end: bytes) -> None:
    """PuTTY's manual promises to tolerate them."""
    data = maker.putty("ed25519").read_bytes().replace(b"\n", end)
    assert "Ed25519" == public_keys.kind(putty.read(data, None, LIMIT).public_key()).type


@pytest.mark.parametrize("version", [2, 3])
def test_wrong_or_missing_passphrase_is_told_from_damage(maker: SshMaker, version: int) -> None:
    """The reason says which, and what to do."""
    data = maker.putty("ed25519", version, encrypted=True).read_bytes()
    with pytest.raises(PasswordWrong, match="passphrase is wrong"):
        putty.read(data, Secret(b"another"), LIMIT)
    for none in (None, Secret(b"")):
        with pytest.raises(PasswordWrong, match="is encrypted"):
            putty.read(data, none, LIMIT)


def test_passphrase_for_a_clear_key_is_refused(maker: SshMaker) -> None:
    """It is probably another file than the one that was meant."""
    with pytest.raises(PasswordWrong, match="not encrypted"):
        putty.read(maker.putty("ed25519").read_bytes(), SECRET, LIMIT)


@pytest.mark.parametrize("version", [2, 3])
def test_altered_comment_is_noticed(maker: SshMaker, version: int) -> None:
    """The MAC stands over the comment as well."""
    clear = maker.putty("ed25519", version).read_bytes()
    with pytest.raises(PrivateKeyUnreadable, match="Private-MAC"):
        putty.read(clear.replace(b"Comment: ", b"Comment: x", 1), None, LIMIT)
    sealed = maker.putty("ed25519", version, encrypted=True).read_bytes()
    with pytest.raises(PasswordWrong, match="altered"):
        putty.read(sealed.replace(b"Comment: ", b"Comment: x", 1), SECRET, LIMIT)


@pytest.mark.parametrize("version", [2, 3])
def test_file_cut_at_any_byte_is_a_problem(maker: SshMaker, version: int) -> None:
    """Only the last line break is not missed."""
    data = maker.putty("ecdsa-256", version, encrypted=True).read_bytes()
    for length in range(len(data) - 1):
        with pytest.raises(Problem):
            putty.read(data[:length], SECRET, LIMIT)


@pytest.mark.parametrize("encrypted", [False, True], ids=["clear", "encrypted"])
def test_file_with_any_byte_changed_is_a_problem_or_the_same_key(
    maker: SshMaker, *, encrypted: bool
) -> None:
    """The same it is where letter case or the kind of line end makes no difference."""
    data = maker.putty("ed25519", 3, encrypted=encrypted).read_bytes()
    passphrase = SECRET if encrypted else None
    public = putty.read(data, passphrase, LIMIT).public_key()
    source = random.Random(3)
    for position in range(len(data)):
        changed = bytearray(data)
        changed[position] ^= source.randrange(1, 256)
        try:
            found = putty.read(bytes(changed), passphrase, 1_000_000).public_key()
        except Problem:
            continue
        assert public == found


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("Argon2-Memory", "4294967296", "4,294,967,296 KiB"),
        ("Argon2-Memory", "262145", "262,145 KiB"),
        ("Argon2-Parallelism", "65", "65 lanes"),
        ("Argon2-Passes", "4294967295", "4,294,967,295 passes"),
        ("Argon2-Passes", "24415", "100,003,840 rounds"),
    ],
)
def test_too_costly_derivation_is_refused_with_its_cost(
    maker: SshMaker, name: str, value: str, named: str
) -> None:
    """Before any memory is taken; the cost is named beside what is allowed."""
    data = _with_line(maker.putty("ed25519", encrypted=True).read_bytes(), name, value)
    with pytest.raises(KeyDerivationTooCostly) as raised:
        putty.read(data, SECRET, LIMIT)
    assert named in raised.value.detail


def test_limit_of_rounds_is_the_settings(maker: SshMaker) -> None:
    """1,024 KiB twice are 8,192 rounds."""
    data = maker.putty("ed25519", encrypted=True).read_bytes()
    assert isinstance(putty.read(data, SECRET, 8192), ed25519.Ed25519PrivateKey)
    with pytest.raises(KeyDerivationTooCostly):
        putty.read(data, SECRET, 8191)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Public-Lines", "9999999999"),
        ("Public-Lines", "99999999999"),
        ("Public-Lines", "0"),
        ("Public-Lines", "-1"),
        ("Private-Lines", "9" * 5000),
        ("Private-MAC", "00"),
        ("Private-MAC", "xx"),
        ("Encryption", "aes128-cbc"),
        ("Key-Derivation", "scrypt"),
        ("Argon2-Passes", "0"),
        ("Argon2-Memory", "0"),
        ("Argon2-Parallelism", "0"),
        ("Argon2-Salt", ""),
        ("Argon2-Salt", "0"),
    ],
)
def test_impossible_header_is_a_problem(maker: SshMaker, name: str, value: str) -> None:
    """Whatever a line says, nothing is believed of it."""
    data = _with_line(maker.putty("ed25519", encrypted=True).read_bytes(), name, value)
    with pytest.raises((PrivateKeyUnreadable, PasswordWrong)):
        putty.read(data, SECRET, LIMIT)


def _with_line(data: bytes, name: str, value: str) -> bytes:
    start = f"{name}: ".encode()
    lines = data.split(b"\n")
    assert any(line.startswith(start) for line in lines)
    return b"\n".join(start + value.encode() if line.startswith(start) else line for line in lines)


@pytest.mark.parametrize(
    ("version", "named"), [(b"1", "version 1"), (b"4", "version '4'"), (b"", "version ''")]
)
def test_other_version_is_named(maker: SshMaker, version: bytes, named: str) -> None:
    """Version 1 protects its key badly; later ones may come."""
    data = maker.putty("ed25519").read_bytes().replace(b"-File-3", b"-File-" + version)
    with pytest.raises(PrivateKeyUnreadable, match=named):
        putty.read(data, None, LIMIT)


def test_several_keys_in_a_file_are_refused(maker: SshMaker) -> None:
    """None is taken silently; other text behind the key is no part of the format."""
    data = maker.putty("ed25519").read_bytes()
    with pytest.raises(PrivateKeyUnreadable, match="several"):
        putty.read(data * 2, None, LIMIT)
    with pytest.raises(PrivateKeyUnreadable, match="something follows"):
        putty.read(data + b"more\n", None, LIMIT)
    assert isinstance(putty.read(data + b"\n \r\n", None, LIMIT), ed25519.Ed25519PrivateKey)


def test_private_part_of_another_key_is_refused() -> None:
    """Though each half is whole and the MAC is right."""
    one, other = (ed25519.Ed25519PrivateKey.generate() for _ in range(2))
    private = ssh_maker.string(one.private_bytes_raw())
    fitting = keys.public_blob(one.public_key())
    assert isinstance(
        putty.read(ssh_maker.forge_putty("ssh-ed25519", fitting, private), None, LIMIT),
        ed25519.Ed25519PrivateKey,
    )
    stranger = keys.public_blob(other.public_key())
    with pytest.raises(PrivateKeyUnreadable, match="does not belong"):
        putty.read(ssh_maker.forge_putty("ssh-ed25519", stranger, private), None, LIMIT)


@pytest.mark.parametrize("change", ["d", "p", "q", "inverse", "small", "swapped"])
def test_rsa_numbers_that_do_not_belong_together_are_refused(change: str) -> None:
    """Not only the product and the exponents, all of them are proven."""
    key = rsa.generate_private_key(65537, 1024)
    numbers = key.private_numbers()
    parts = {"d": numbers.d, "p": numbers.p, "q": numbers.q, "inverse": numbers.iqmp}
    if change == "swapped":
        parts |= {"p": numbers.q, "q": numbers.p}
    elif change == "small":
        parts |= {"p": 1}
    else:
        parts[change] += 2
    private = b"".join(ssh_maker.number(value) for value in parts.values())
    data = ssh_maker.forge_putty("ssh-rsa", keys.public_blob(key.public_key()), private)
    with pytest.raises(PrivateKeyUnreadable):
        putty.read(data, None, LIMIT)


@pytest.mark.parametrize(
    ("algorithm", "named"),
    [
        ("ssh-rsa-cert-v01@openssh.com", "certificate"),
        ("ecdsa-sha2-nistp256-cert-v01@openssh.com", "certificate"),
        ("sk-ssh-ed25519@openssh.com", "hardware"),
        ("ecdsa-sha2-nistp192", "nistp192"),
        ("made-up", "made-up"),
    ],
)
def test_kind_of_key_that_has_no_place_here_is_named(algorithm: str, named: str) -> None:
    """With what to do instead."""
    data = ssh_maker.forge_putty(algorithm, ssh_maker.string(b"x"), ssh_maker.number(7))
    with pytest.raises(KeyTypeUnsupported, match=named):
        putty.read(data, None, LIMIT)


@pytest.mark.parametrize("length", [b"\xff\xff\xff\xff", b"\x00\x00\x10\x00", b"\x80\0\0\0"])
def test_length_bomb_in_the_private_part_is_a_problem(length: bytes) -> None:
    """A length that promises more than there is reads nothing."""
    key = ed25519.Ed25519PrivateKey.generate()
    public = keys.public_blob(key.public_key())
    for algorithm in ("ssh-ed25519", "ssh-rsa", "ssh-dss", "ecdsa-sha2-nistp256"):
        data = ssh_maker.forge_putty(algorithm, public, length + key.private_bytes_raw())
        with pytest.raises(PrivateKeyUnreadable):
            putty.read(data, None, LIMIT)
