"""SSH keys made by ssh-keygen and puttygen; every one is for tests alone, made anew in each run."""

import base64
import hmac
import struct
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from keysteward.pki.key_pairs import PrivateKey
from keysteward.values import Secret
from tests import peers

PASSPHRASE = "correct horse bättery"
SECRET = Secret(PASSPHRASE.encode())

KINDS = {
    "rsa": ("rsa", "2048"),
    "dsa": ("dsa", "1024"),
    "ecdsa-256": ("ecdsa", "256"),
    "ecdsa-384": ("ecdsa", "384"),
    "ecdsa-521": ("ecdsa", "521"),
    "ed25519": ("ed25519", "256"),
}
"""Type and bits as ssh-keygen is asked for them."""

CHEAP = ",memory=1024,passes=2"
"""Parameters of PuTTY's Argon2 that take a test no time."""

_MESSAGE = b"a message to sign"


@dataclass(slots=True)
class SshMaker:
    """Makes keys of each kind once, and their other forms on demand; files lie in ``folder``."""

    folder: Path
    _made: dict[tuple[str, ...], Path] = field(default_factory=dict)

    def openssh(self, kind: str, *options: str) -> Path:
        """Return a clear key as ssh-keygen makes it, or a copy after ``ssh-keygen -p OPTIONS``."""
        known = self._made.get((kind, *options))
        if known is not None:
            return known
        file = self._new_file()
        if options:
            file.write_bytes(self.openssh(kind).read_bytes())
            file.chmod(0o600)
            peers.run("ssh-keygen", "-q", "-p", "-P", "", "-f", str(file), *options)
        else:
            type_, bits = KINDS[kind]
            peers.run("ssh-keygen", "-q", "-t", type_, "-b", bits, "-N", "", "-f", str(file))
        self._made[(kind, *options)] = file
        return file

    def encrypted(self, kind: str, *options: str) -> Path:
        """Return the key under the passphrase, with the fewest rounds that are taken."""
        return self.openssh(kind, "-N", PASSPHRASE, "-a", "1", *options)

    def putty(
        self, kind: str, version: int = 3, parameters: str = CHEAP, *, encrypted: bool = False
    ) -> Path:
        """Return the key as puttygen writes it; the kind ed448 is made by puttygen itself."""
        name = ("putty", kind, str(version), parameters, str(encrypted))
        if name not in self._made:
            given = ("-t", "ed448") if kind == "ed448" else (str(self.openssh(kind)),)
            shape = f"version={version}{parameters if version == 3 else ''}"
            self._made[name] = self.puttygen(
                *given, "-O", "private", "--ppk-param", shape, encrypted=encrypted
            )
        return self._made[name]

    def puttygen(self, *arguments: str, encrypted: bool = False) -> Path:
        """Return what puttygen wrote."""
        file, phrase = self._new_file(), self.folder / "passphrase"
        phrase.write_bytes(PASSPHRASE.encode() if encrypted else b"")
        peers.run("puttygen", *arguments, "-q", "-o", str(file), "--new-passphrase", str(phrase))
        return file

    def putty_public(self, file: Path, *, encrypted: bool = False) -> tuple[str, str]:
        """Return name and base64 of the public key that puttygen reports for a private one."""
        phrase = self.folder / "passphrase"
        phrase.write_bytes(PASSPHRASE.encode() if encrypted else b"")
        line = peers.run("puttygen", str(file), "-L", "--old-passphrase", str(phrase))
        name, encoded, *_ = line.decode().split()
        return name, encoded

    def openssh_public(self, file: Path, passphrase: str = "") -> tuple[str, str]:
        """Return name and base64 of the public key that ssh-keygen reports for a private one."""
        line = peers.run("ssh-keygen", "-y", "-P", passphrase, "-f", str(file))
        name, encoded, *_ = line.decode().split()
        return name, encoded

    def _new_file(self) -> Path:
        return self.folder / f"{len(list(self.folder.iterdir()))}.key"


def require_signs_for(key: PrivateKey, public: tuple[str, str], folder: Path) -> None:
    """Fail unless the public key that another program reported verifies what the key signs."""
    verifier = _load(public, folder)
    if isinstance(key, rsa.RSAPrivateKey) and isinstance(verifier, rsa.RSAPublicKey):
        scheme, digest = padding.PKCS1v15(), hashes.SHA256()
        verifier.verify(key.sign(_MESSAGE, scheme, digest), _MESSAGE, scheme, digest)
    elif isinstance(key, ec.EllipticCurvePrivateKey):
        assert isinstance(verifier, ec.EllipticCurvePublicKey)
        algorithm = ec.ECDSA(hashes.SHA256())
        verifier.verify(key.sign(_MESSAGE, algorithm), _MESSAGE, algorithm)
    elif isinstance(key, dsa.DSAPrivateKey) and isinstance(verifier, dsa.DSAPublicKey):
        verifier.verify(key.sign(_MESSAGE, hashes.SHA256()), _MESSAGE, hashes.SHA256())
    else:
        assert isinstance(key, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey)
        assert isinstance(verifier, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey)
        verifier.verify(key.sign(_MESSAGE), _MESSAGE)


def _load(public: tuple[str, str], folder: Path) -> PublicKeyTypes:
    """Read a public key by a way of its own: ssh-keygen's conversion, or the last bytes."""
    name, encoded = public
    blob = base64.b64decode(encoded)
    if name == "ssh-ed25519":
        return ed25519.Ed25519PublicKey.from_public_bytes(blob[-32:])
    if name == "ssh-ed448":
        return ed448.Ed448PublicKey.from_public_bytes(blob[-57:])
    file = folder / "reported.pub"
    file.write_text(" ".join(public))
    pem = peers.run("ssh-keygen", "-e", "-m", "PKCS8", "-f", str(file))
    return serialization.load_pem_public_key(pem)


def string(content: bytes) -> bytes:
    """Return bytes behind their length, as SSH writes them."""
    return struct.pack(">I", len(content)) + content


def number(value: int) -> bytes:
    """Return a number that is not negative, as SSH writes it."""
    return string(value.to_bytes(value.bit_length() // 8 + 1, "big"))


def forge_putty(algorithm: str, public: bytes, private: bytes) -> bytes:
    """Return a clear PPK of version 3 with a right MAC, whatever it holds."""
    name = algorithm.encode()
    covered = b"".join(string(part) for part in (name, b"none", b"forged", public, private))
    mac = hmac.digest(b"", covered, "sha256").hex()
    return "\n".join(
        (
            f"PuTTY-User-Key-File-3: {algorithm}",
            "Encryption: none",
            "Comment: forged",
            *("Public-Lines: 1", base64.b64encode(public).decode()),
            *("Private-Lines: 1", base64.b64encode(private).decode()),
            f"Private-MAC: {mac}",
            "",
        )
    ).encode()


def forge_openssh(public: bytes, private: bytes, *, keys: int = 1, pad: bool = True) -> bytes:
    """Return a clear container with these parts; ``private`` from the algorithm to the comment."""
    clear = b"seedseed" + private
    clear += bytes(range(1, -len(clear) % 8 + 1)) if pad else b""
    head = string(b"none") + string(b"none") + string(b"") + struct.pack(">I", keys)
    return armour(b"openssh-key-v1\0" + head + string(public) + string(clear))


def armour(der: bytes) -> bytes:
    """Return a container as PEM."""
    body = base64.encodebytes(der)
    return b"-----BEGIN OPENSSH PRIVATE KEY-----\n" + body + b"-----END OPENSSH PRIVATE KEY-----\n"


def bare(pem: bytes) -> bytes:
    """Return the container that lies in PEM."""
    return base64.b64decode(b"".join(pem.splitlines()[1:-1]))
