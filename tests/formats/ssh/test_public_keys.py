from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from keysteward.formats.ssh import openssh, public_keys
from keysteward.pki import public_keys as any_keys
from keysteward.problems import KeyTypeUnsupported
from tests import peers, ssh_maker
from tests.ssh_maker import KINDS, SshMaker

COMMENT = "public key for alias shop"

ED25519 = any_keys.spki(ed25519.Ed25519PrivateKey.generate().public_key())


def _spki(maker: SshMaker, kind: str) -> bytes:
    der = ssh_maker.bare(maker.openssh(kind).read_bytes())
    return any_keys.spki(openssh.read(der, None, 1).public_key())


@pytest.mark.parametrize("kind", KINDS)
def test_openssh_line_is_that_of_ssh_keygen(maker: SshMaker, tmp_path: Path, kind: str) -> None:
    """Name and base64 are the same, the comment follows, and ssh-keygen knows the file."""
    line = public_keys.openssh_line(_spki(maker, kind), COMMENT)
    assert f"{' '.join(maker.openssh_public(maker.openssh(kind)))} {COMMENT}\n" == line
    file = tmp_path / "key.pub"
    file.write_text(line)
    shown = peers.run("ssh-keygen", "-l", "-f", str(file)).decode()
    assert COMMENT in shown
    assert KINDS[kind][1] == shown.split()[0]


@pytest.mark.parametrize("kind", KINDS)
def test_ssh2_block_is_read_by_ssh_keygen_and_puttygen(
    maker: SshMaker, tmp_path: Path, kind: str
) -> None:
    """Both find the key that ssh-keygen made."""
    file = tmp_path / "key.ssh2"
    file.write_text(public_keys.ssh2_block(_spki(maker, kind), COMMENT))
    expected = maker.openssh_public(maker.openssh(kind))
    name, encoded, *_ = peers.run("ssh-keygen", "-i", "-f", str(file)).decode().split()
    assert expected == (name, encoded)
    assert f"{' '.join(expected)} {COMMENT}\n" == _as_puttygen_reads(file)


def _as_puttygen_reads(file: Path) -> str:
    return peers.run("puttygen", str(file), "-L").decode()


@pytest.mark.parametrize(
    "comment",
    [
        "",
        "x" * 61,
        'with "quotes"',
        'ends in a quote"',
        '"',
        "ключ 鍵 🔑",
        "a: b",
        "key for: alias",
    ],
)
def test_ssh2_comment_arrives_whole_if_it_fits(tmp_path: Path, comment: str) -> None:
    """PuTTY reads it as it was, and ssh-keygen is not confused by it."""
    file = tmp_path / "key.ssh2"
    file.write_text(public_keys.ssh2_block(ED25519, comment))
    expected = public_keys.openssh_line(ED25519, comment)
    assert expected.strip() == _as_puttygen_reads(file).strip()
    assert expected.split()[1] == _key_as_ssh_keygen_reads(file)


@pytest.mark.parametrize("comment", ["x" * 62, "ä" * 250, "🔑" * 250, "\\" * 250, '"' * 250])
def test_ssh2_comment_of_any_length_leaves_the_file_readable(tmp_path: Path, comment: str) -> None:
    """It is cut at the longest line, no character in two, and the key is found."""
    block = public_keys.ssh2_block(ED25519, comment)
    header = block.splitlines()[1]
    assert 69 <= len(header.encode()) <= 72
    assert header.endswith(f'{comment[0]}…"')
    file = tmp_path / "key.ssh2"
    file.write_text(block)
    expected = public_keys.openssh_line(ED25519, comment).split()[1]
    assert expected == _key_as_ssh_keygen_reads(file)
    assert expected == _as_puttygen_reads(file).split()[1]


def _key_as_ssh_keygen_reads(file: Path) -> str:
    return peers.run("ssh-keygen", "-i", "-f", str(file)).decode().split()[1]


@pytest.mark.parametrize("broken", ["a\nb", "a\r\nb", "a\u2028b", "a\0b", "a\udcffb"])
def test_line_breaks_cannot_end_the_line(broken: str) -> None:
    """A comment makes no second line, in authorized_keys of all files."""
    line = public_keys.openssh_line(ED25519, broken)
    assert 1 == len(line.splitlines())
    assert ["a", "b"] == line.split()[2:]
    assert 4 == len(public_keys.ssh2_block(ED25519, broken).splitlines())


def test_ed448_is_written_for_putty_alone(maker: SshMaker, tmp_path: Path) -> None:
    """OpenSSH has no name for it; PuTTY has, and reads what is written."""
    spki = any_keys.spki(ed448.Ed448PrivateKey.generate().public_key())
    with pytest.raises(KeyTypeUnsupported, match="ssh2"):
        public_keys.openssh_line(spki, COMMENT)
    file = tmp_path / "key.ssh2"
    file.write_text(public_keys.ssh2_block(spki, COMMENT))
    name, _ = maker.putty_public(file)
    assert "ssh-ed448" == name


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP256K1()).public_key(),
        ec.generate_private_key(ec.BrainpoolP256R1()).public_key(),
        ec.generate_private_key(ec.SECP224R1()).public_key(),
        mldsa.MLDSA44PrivateKey.generate().public_key(),
    ],
    ids=lambda key: str(any_keys.kind(key)),
)
def test_kind_without_a_name_in_ssh_is_refused(key: CertificatePublicKeyTypes) -> None:
    """With the kinds that SSH takes."""
    spki = any_keys.spki(key)
    for write in (public_keys.openssh_line, public_keys.ssh2_block):
        with pytest.raises(KeyTypeUnsupported, match=r"P-256.*Use one of these"):
            write(spki, COMMENT)


def test_spki_of_an_unknown_kind_is_refused() -> None:
    """A certificate may hold anything."""
    with pytest.raises(KeyTypeUnsupported, match="not known"):
        public_keys.openssh_line(b"0\x00", COMMENT)


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_of_ssh_keygen_are_known_to_be_for_openssh(maker: SshMaker, kind: str) -> None:
    """What is told by the kind alone is what the key itself would tell."""
    key = openssh.read(ssh_maker.bare(maker.openssh(kind).read_bytes()), None, 1).public_key()
    assert public_keys.is_for_openssh(any_keys.kind(key))
