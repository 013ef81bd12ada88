"""Private keys as SSH's programs keep them; which form a file has is told by its content."""

import re

from keysteward.formats.ssh import keys, openssh, putty
from keysteward.pki import pem_blocks, private_keys
from keysteward.pki.key_pairs import PrivateKey
from keysteward.problems import PrivateKeyUnreadable
from keysteward.values import Secret

_PRIVATE = re.compile(rb"-----(BEGIN|END) [A-Z0-9 ]{0,40}PRIVATE KEY-----")

_GIVE = "Give the private key: in OpenSSH's form, PuTTY's (.ppk), or PEM."

_OTHERS: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (
        re.compile(rb"(ssh-|ecdsa-sha2-|sk-)[a-z0-9@.-]+ +AAAA"),
        f"The file is an SSH public key. {_GIVE}",
    ),
    (re.compile(rb"---- BEGIN SSH2 PUBLIC"), f"The file is an SSH public key. {_GIVE}"),
    (re.compile(rb"-----BEGIN [A-Z ]{0,20}PUBLIC KEY"), f"The file is a public key. {_GIVE}"),
    (
        re.compile(rb"---- BEGIN SSH2 ENCRYPTED PRIVATE"),
        (
            "The file is a private key in the form of ssh.com. Convert it with 'puttygen FILE -O "
            "private-openssh-new -o NEW' and give that."
        ),
    ),
    (
        re.compile(rb"SSH PRIVATE KEY FILE FORMAT 1\.1"),
        (
            "The file is a private key of the first SSH protocol, which is not used any more. Make "
            "a new key."
        ),
    ),
)


def is_encrypted(data: bytes) -> bool:
    """Return whether a file seems to need a passphrase; it may be damaged all the same."""
    if putty.recognises(data):
        return putty.is_encrypted(data)
    return b"ENCRYPTED" in data or openssh.is_encrypted(data)


def read_private_key(data: bytes, passphrase: Secret | None, limit_rounds: int) -> PrivateKey:
    """Return the one private key of a file, proven whole and fitting the file's public part.

    The file may be OpenSSH's own form, PuTTY's (PPK 2 and 3), or what ``ssh-keygen -m PEM`` and
    ``-m PKCS8`` write.

    Args:
        data: the file, already bounded by its caller.
        passphrase: as UTF-8; None for a key that is not encrypted.
        limit_rounds: most rounds of key derivation, counted as PBKDF2 takes them.

    Raises PrivateKeyUnreadable, PasswordWrong, KeyDerivationTooCostly, KeyTypeUnsupported, and
    nothing else for any bytes whatever.
    """
    if putty.recognises(data):
        return putty.read(data, passphrase, limit_rounds)
    blocks = [b for b in pem_blocks.find(data) if b.label.endswith("PRIVATE KEY")]
    if len(blocks) > 1:
        raise PrivateKeyUnreadable(
            f"The file holds {len(blocks)} private keys. Give a file with one of them."
        )
    if not blocks:
        raise PrivateKeyUnreadable(_no_key(data))
    if blocks[0].label == openssh.LABEL:
        return openssh.read(blocks[0].der, passphrase, limit_rounds)
    key = private_keys.read_private_key(blocks[0].text, passphrase).key
    keys.public_blob(key.public_key())  # raises for a kind that SSH has no name for
    return key


def _no_key(data: bytes) -> str:
    start = data.lstrip(b"\xef\xbb\xbf \t\r\n")
    for pattern, answer in _OTHERS:
        if pattern.match(start):
            return answer
    if _PRIVATE.search(data):
        return (
            "The private key in the file is cut off. Copy it again, with its BEGIN and END lines."
        )
    return f"The file is no private key that SSH's programs write. {_GIVE}"
