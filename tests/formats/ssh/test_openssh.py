import random
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from keysteward.formats.ssh import keys, openssh
from keysteward.pki.key_pairs import PrivateKey
from keysteward.problems import (
    KeyDerivationTooCostly,
    KeyTypeUnsupported,
    PasswordWrong,
    PrivateKeyUnreadable,
    Problem,
)
from keysteward.values import Secret
from tests import ssh_maker
from tests.ssh_maker import KINDS, PASSPHRASE, SECRET, SshMaker

LIMIT = 100_000_000

CIPHERS = (
    "aes256-ctr",
    "aes192-ctr",
    "aes128-ctr",
    "aes256-cbc",
    "aes192-cbc",
    "aes128-cbc",
    "aes256-gcm@openssh.com",
    "aes128-gcm@openssh.com",
)


def _read(data: bytes, passphrase: Secret | None = None, limit_rounds: int = LIMIT) -> PrivateKey:
    return openssh.read(ssh_maker.bare(data), passphrase, limit_rounds)


@pytest.mark.parametrize("kind", KINDS)
def test_clear_key_signs_for_the_public_key_that_ssh_keygen_reports(
    maker: SshMaker, tmp_path: Path, kind: str
) -> None:
    """Every kind that ssh-keygen makes."""
    file = maker.openssh(kind)
    ssh_maker.require_signs_for(_read(file.read_bytes()), maker.openssh_public(file), tmp_path)


@pytest.mark.parametrize("kind", KINDS)
def test_encrypted_key_signs_for_the_public_key_that_ssh_keygen_reports(
    maker: SshMaker, tmp_path: Path, kind: str
) -> None:
    """With the passphrase that ssh-keygen takes."""
    file = maker.encrypted(kind)
    reported = maker.openssh_public(file, PASSPHRASE)
    ssh_maker.require_signs_for(_read(file.read_bytes(), SECRET), reported, tmp_path)


@pytest.mark.parametrize("cipher", CIPHERS)
def test_each_cipher_opens_with_the_right_passphrase_alone(maker: SshMaker, cipher: str) -> None:
    """All of AES that ssh-keygen -Z offers."""
    data = maker.encrypted("ed25519", "-Z", cipher).read_bytes()
    clear = _read(maker.openssh("ed25519").read_bytes())
    assert clear.public_key() == _read(data, SECRET).public_key()
    with pytest.raises(PasswordWrong, match="passphrase is wrong"):
        _read(data, Secret(b"another"))


@pytest.mark.parametrize("cipher", ["3des-cbc", "chacha20-poly1305@openssh.com"])
def test_other_cipher_is_named_with_the_way_out(maker: SshMaker, cipher: str) -> None:
    """Rather than to call the passphrase wrong."""
    data = maker.encrypted("ed25519", "-Z", cipher).read_bytes()
    with pytest.raises(PrivateKeyUnreadable, match=f"{cipher}.*ssh-keygen -p -Z"):
        _read(data, SECRET)


@pytest.mark.parametrize("kind", KINDS)
def test_key_that_puttygen_converted_is_read(maker: SshMaker, kind: str) -> None:
    """Another program writes the same form, with other padding."""
    public = _read(maker.openssh(kind).read_bytes()).public_key()
    for encrypted in (False, True):
        arguments = [str(maker.putty(kind, encrypted=encrypted)), "-O", "private-openssh-new"]
        if encrypted:
            arguments += ["--old-passphrase", str(maker.folder / "passphrase")]
        data = maker.puttygen(*arguments, encrypted=encrypted).read_bytes()
        assert public == _read(data, SECRET if encrypted else None).public_key()


@pytest.mark.parametrize(
    ("padding", "whole"),
    [
        (b"", True),
        (bytes(range(1, 17)), True),
        (bytes(range(1, 18)), False),
        (b"\0", False),
        (b"\1\3", False),
    ],
    ids=["none", "block", "more", "zero", "gap"],
)
def test_padding_counts_up_to_a_whole_block(padding: bytes, *, whole: bool) -> None:
    """OpenSSH pads with as little as will do, PuTTY with a block where nothing is needed."""
    key = ed25519.Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    private = (
        ssh_maker.string(b"ssh-ed25519")
        + ssh_maker.string(public)
        + ssh_maker.string(key.private_bytes_raw() + public)
        + ssh_maker.string(b"")
        + padding
    )
    data = ssh_maker.forge_openssh(keys.public_blob(key.public_key()), private, pad=False)
    if whole:
        assert key.public_key() == _read(data).public_key()
    else:
        with pytest.raises(PrivateKeyUnreadable, match="does not end"):
            _read(data)


def test_default_rounds_of_ssh_keygen_are_bearable(maker: SshMaker) -> None:
    """With the limit that holds unless it was set."""
    assert isinstance(
        _read(maker.openssh("ed25519", "-N", PASSPHRASE).read_bytes(), SECRET),
        ed25519.Ed25519PrivateKey,
    )


def test_missing_passphrase_is_told(maker: SshMaker) -> None:
    """An empty one is none."""
    data = maker.encrypted("ed25519").read_bytes()
    for none in (None, Secret(b"")):
        with pytest.raises(PasswordWrong, match="is encrypted"):
            _read(data, none)


def test_passphrase_for_a_clear_key_is_refused(maker: SshMaker) -> None:
    """It is probably another file than the one that was meant."""
    with pytest.raises(PasswordWrong, match="not encrypted"):
        _read(maker.openssh("ed25519").read_bytes(), SECRET)


@pytest.mark.parametrize("asked", [2**31, 2**32 - 1, 3334])
def test_too_many_rounds_are_refused_with_their_number(maker: SshMaker, asked: int) -> None:
    """Before any work is done."""
    with pytest.raises(KeyDerivationTooCostly) as raised:
        _read(_with_rounds(maker, asked), SECRET)
    assert f"{asked:,} rounds of bcrypt" in raised.value.detail


def test_limit_of_rounds_is_the_settings(maker: SshMaker) -> None:
    """One round of bcrypt counts as many of the usual ones."""
    data = maker.encrypted("ed25519").read_bytes()
    assert isinstance(
        _read(data, SECRET, openssh.ROUNDS_OF_A_BCRYPT_ROUND), ed25519.Ed25519PrivateKey
    )
    with pytest.raises(KeyDerivationTooCostly):
        _read(data, SECRET, openssh.ROUNDS_OF_A_BCRYPT_ROUND - 1)


def test_no_rounds_at_all_are_damage(maker: SshMaker) -> None:
    """Such a file cannot have been written by OpenSSH."""
    with pytest.raises(PrivateKeyUnreadable, match="parameters"):
        _read(_with_rounds(maker, 0), SECRET)


def _with_rounds(maker: SshMaker, rounds: int) -> bytes:
    der = ssh_maker.bare(maker.encrypted("ed25519").read_bytes())
    # Name of the derivation, length of its options, length of the salt, 16 bytes of salt.
    start = der.index(b"bcrypt") + 6 + 4 + 4 + 16
    assert 1 == int.from_bytes(der[start : start + 4])
    return ssh_maker.armour(der[:start] + rounds.to_bytes(4) + der[start + 4 :])


@pytest.mark.parametrize("cipher", [None, "aes256-ctr", "aes256-gcm@openssh.com"])
def test_container_cut_at_any_byte_is_a_problem(maker: SshMaker, cipher: str | None) -> None:
    """Whatever is missing is noticed, and nothing is read beyond the end."""
    file = (
        maker.openssh("ecdsa-256") if cipher is None else maker.encrypted("ecdsa-256", "-Z", cipher)
    )
    der = ssh_maker.bare(file.read_bytes())
    passphrase = None if cipher is None else SECRET
    assert isinstance(openssh.read(der, passphrase, LIMIT), ec.EllipticCurvePrivateKey)
    for length in range(len(der)):
        with pytest.raises(Problem):
            openssh.read(der[:length], passphrase, LIMIT)


@pytest.mark.parametrize("encrypted", [False, True], ids=["clear", "encrypted"])
def test_container_with_any_byte_changed_is_a_problem_or_the_same_key(
    maker: SshMaker, *, encrypted: bool
) -> None:
    """The same it is where only the comment or a repeated public key differs."""
    file = maker.encrypted("ecdsa-256") if encrypted else maker.openssh("ecdsa-256")
    der, passphrase = ssh_maker.bare(file.read_bytes()), SECRET if encrypted else None
    public = openssh.read(der, passphrase, LIMIT).public_key()
    source = random.Random(5)
    for position in range(len(der)):
        changed = bytearray(der)
        changed[position] ^= source.randrange(1, 256)
        try:
            found = openssh.read(bytes(changed), passphrase, 300_000).public_key()
        except Problem:
            continue
        assert public == found


def test_text_that_is_no_base64_is_damage() -> None:
    """As a reader of PEM tells it."""
    with pytest.raises(PrivateKeyUnreadable, match="base64"):
        openssh.read(None, None, LIMIT)


@pytest.mark.parametrize("count", [0, 2, 2**32 - 1])
def test_several_keys_in_a_container_are_refused(count: int) -> None:
    """The format allows them, and no program writes them."""
    with pytest.raises(PrivateKeyUnreadable, match=f"announces {count:,} keys"):
        _read(ssh_maker.forge_openssh(b"", b"", keys=count))


def test_private_part_of_another_key_is_refused() -> None:
    """A public key in clear that is not the private key's would be shown and never work."""
    one, other = (ed25519.Ed25519PrivateKey.generate() for _ in range(2))
    public = one.public_key().public_bytes_raw()
    private = (
        ssh_maker.string(b"ssh-ed25519")
        + ssh_maker.string(public)
        + ssh_maker.string(one.private_bytes_raw() + public)
        + ssh_maker.string(b"comment")
    )
    fitting, stranger = (keys.public_blob(key.public_key()) for key in (one, other))
    assert isinstance(_read(ssh_maker.forge_openssh(fitting, private)), ed25519.Ed25519PrivateKey)
    with pytest.raises(PrivateKeyUnreadable, match="does not belong"):
        _read(ssh_maker.forge_openssh(stranger, private))


def test_seed_that_does_not_make_the_public_key_is_refused() -> None:
    """Both copies of the public key agree, and the secret is another's."""
    one, other = (ed25519.Ed25519PrivateKey.generate() for _ in range(2))
    public = one.public_key().public_bytes_raw()
    private = (
        ssh_maker.string(b"ssh-ed25519")
        + ssh_maker.string(public)
        + ssh_maker.string(other.private_bytes_raw() + public)
        + ssh_maker.string(b"comment")
    )
    with pytest.raises(PrivateKeyUnreadable, match="does not belong"):
        _read(ssh_maker.forge_openssh(keys.public_blob(one.public_key()), private))


@pytest.mark.parametrize(
    "secret", [0, -1, 2**256 - 1, 2**20_000], ids=["zero", "negative", "above", "huge"]
)
def test_ec_number_out_of_range_is_a_problem(secret: int) -> None:
    """Neither zero nor more than the curve has points."""
    public = keys.public_blob(ec.generate_private_key(ec.SECP256R1()).public_key())
    number = ssh_maker.string(b"\x80") if secret < 0 else ssh_maker.number(secret)
    private = public + number + ssh_maker.string(b"")
    with pytest.raises(PrivateKeyUnreadable):
        _read(ssh_maker.forge_openssh(public, private))


@pytest.mark.parametrize(
    ("x", "g"), [(0, 2), (1, 1), (1, 0), (5, 3)], ids=["zero", "one", "none", "another"]
)
def test_dsa_numbers_that_do_not_belong_together_are_refused(
    maker: SshMaker, x: int, g: int
) -> None:
    """Before anything is signed with them."""
    der = ssh_maker.bare(maker.openssh("dsa").read_bytes())
    public = ssh_maker.string(b"ssh-dss")
    key = _read(maker.openssh("dsa").read_bytes()).public_key()
    assert keys.public_blob(key) in der
    (_, _, p, q) = (0, 0, *_group(keys.public_blob(key)))
    private = public + b"".join(map(ssh_maker.number, (p, q, g, 7, x))) + ssh_maker.string(b"")
    with pytest.raises(PrivateKeyUnreadable):
        _read(ssh_maker.forge_openssh(keys.public_blob(key), private))


def _group(blob: bytes) -> tuple[int, int]:
    found, position = [], 0
    for _ in range(3):
        length = int.from_bytes(blob[position : position + 4])
        found.append(int.from_bytes(blob[position + 4 : position + 4 + length]))
        position += 4 + length
    return found[1], found[2]


def test_dsa_key_of_a_size_that_is_not_known_is_named() -> None:
    """DSA of 1,536 bits exists, and cannot be used."""
    numbers = b"".join(map(ssh_maker.number, (2**1536 - 1, 2**160 - 1, 2, 4, 2)))
    private = ssh_maker.string(b"ssh-dss") + numbers
    with pytest.raises(KeyTypeUnsupported, match="1536 bits"):
        _read(ssh_maker.forge_openssh(ssh_maker.string(b"ssh-dss"), private))


@pytest.mark.parametrize(
    ("algorithm", "named"),
    [("sk-ssh-ed25519@openssh.com", "hardware"), ("ssh-xmss@openssh.com", "xmss")],
)
def test_kind_of_key_that_has_no_place_here_is_named(algorithm: str, named: str) -> None:
    """With what to do instead."""
    private = ssh_maker.string(algorithm.encode()) + ssh_maker.string(b"x")
    with pytest.raises(KeyTypeUnsupported, match=named):
        _read(ssh_maker.forge_openssh(ssh_maker.string(algorithm.encode()), private))


def test_is_encrypted_goes_by_the_cipher(maker: SshMaker) -> None:
    """Damaged files count as clear: reading them says what is wrong."""
    assert openssh.is_encrypted(maker.encrypted("ed25519").read_bytes())
    assert not openssh.is_encrypted(maker.openssh("ed25519").read_bytes())
    assert not openssh.is_encrypted(ssh_maker.armour(b"openssh-key-v1\0\xff\xff\xff\xff"))
    assert not openssh.is_encrypted(b"")
