from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from keysteward.formats.keystores.contract import Opening
from keysteward.values import Secret
from tests import peers

PASSWORD = "test-only"
"""Of the keystores that have an ordinary one."""

ENGLISH = ("-J-Duser.language=en", "-J-Duser.country=US", "-J-Duser.timezone=UTC")
"""Options with which keytool prints the same everywhere."""

_EXPORTS = "java.base/sun.security.tools.keytool=ALL-UNNAMED"


def opening(
    password: str | None, key_password: str | None = None, limit_rounds: int = 10_000_000
) -> Opening:
    """Return what a reader may use, from texts."""
    return Opening(_secret(password), _secret(key_password), limit_rounds)


def _secret(text: str | None) -> Secret | None:
    return None if text is None else Secret(text.encode())


@dataclass(frozen=True, slots=True)
class JavaEntry:
    """An entry as Java reads it; ``clear`` is the PKCS#8 of a key, the bytes of a secret key."""

    kind: str
    clear: bytes
    certificates: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class JavaDesk:
    """Java's own keytool and KeyStore, any number of calls in one virtual machine."""

    classes: Path

    def do(self, *lines: Sequence[str]) -> list[str]:
        """Return what Java printed for these lines; ``KeystoreDesk.java`` says what they can be."""
        text = "".join("\t".join(line) + "\n" for line in lines).encode()
        # The fewest iterations that Java makes JCEKS keys with, which are 200,000 by default.
        options = ("--add-exports", _EXPORTS, "-Djdk.jceks.iterationCount=10000")
        out = peers.run("java", *options, "-cp", str(self.classes), "KeystoreDesk", data=text)
        return out.decode().splitlines()

    def entries(self, kind: str, file: Path, *passwords: str) -> dict[str, JavaEntry]:
        """Return what a keystore holds; the first password is the file's, ``null`` for none."""
        return dict(map(_entry, self.do(("list", kind, str(file), *passwords))))


def _entry(line: str) -> tuple[str, JavaEntry]:
    alias, kind, *rest = line.split("\t")
    contents = [bytes.fromhex(text) for text in rest]
    clear = b"" if kind == "certificate" else contents.pop(0)
    return alias, JavaEntry(kind, clear, tuple(contents))


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> JavaDesk:
    """The compiled program."""
    peers.require("javac")
    classes = tmp_path_factory.mktemp("java")
    source = Path(__file__).with_name("KeystoreDesk.java")
    peers.run("javac", "--add-exports", _EXPORTS, "-d", str(classes), str(source))
    return JavaDesk(classes)


@dataclass(frozen=True, slots=True)
class JavaStores:
    """A folder of keystores that keytool made, with what they have in common."""

    folder: Path
    root: bytes


@pytest.fixture(scope="session")
def stores(desk: JavaDesk, tmp_path_factory: pytest.TempPathFactory) -> JavaStores:
    """Keystores by keytool, in each format ``all`` and ``certificates``.

    ``all`` holds ``rsa`` with a chain of two as imported from a CA's reply, self-signed ``ec``,
    ``dsa`` and ``Schlüssel-日本``, ``other`` whose key has another password, and ``trusted``.
    ``all.jceks`` also has four kinds of secret keys. ``certificates`` holds ``Only-😀``.
    """
    folder = tmp_path_factory.mktemp("stores")
    lines = [
        *_genkeypair(folder / "ca.jks", "JKS", "root", "EC", "-ext", "bc:c"),
        *_export(folder / "ca.jks", "JKS", folder / "root.der"),
    ]
    for kind in ("jks", "jceks"):
        lines += _make(folder, kind)
    desk.do(*lines)
    return JavaStores(folder, (folder / "root.der").read_bytes())


def _make(folder: Path, kind: str) -> list[tuple[str, ...]]:
    everything, request, reply = (folder / f"{name}.{kind}" for name in ("all", "csr", "reply"))
    store = ("-storetype", kind, "-keystore", str(everything), "-storepass", PASSWORD)
    trusted = ("keytool", "-importcert", "-noprompt", "-alias", "trusted", "-file")
    return [
        *_genkeypair(everything, kind, "rsa", "RSA", "-keysize", "2048"),
        ("keytool", "-certreq", *store, "-alias", "rsa", "-file", str(request)),
        (
            *("keytool", "-gencert", "-alias", "root", "-keystore", str(folder / "ca.jks")),
            *("-storepass", PASSWORD, "-infile", str(request), "-outfile", str(reply), "-rfc"),
        ),
        (*trusted, str(folder / "root.der"), *store),
        ("keytool", "-importcert", "-noprompt", *store, "-alias", "rsa", "-file", str(reply)),
        *_genkeypair(everything, kind, "ec", "EC"),
        *_genkeypair(everything, kind, "dsa", "DSA", "-keysize", "2048"),
        *_genkeypair(everything, kind, "Schlüssel-日本", "EC"),
        *_genkeypair(everything, kind, "other", "EC", "-keypass", "another one"),
        *(_secret_keys(store) if kind == "jceks" else ()),
        (
            *("keytool", "-importcert", "-noprompt", "-alias", "Only-😀", "-storetype", kind),
            *("-keystore", str(folder / f"certificates.{kind}"), "-storepass", "pässwörd-€-😀"),
            *("-file", str(folder / "root.der")),
        ),
    ]


def _secret_keys(store: tuple[str, ...]) -> list[tuple[str, ...]]:
    kinds = (("AES", "256"), ("DESede", "168"), ("HmacSHA512", "512"), ("Blowfish", "128"))
    return [
        (
            *("keytool", "-genseckey", *store, "-alias", f"secret-{name}", "-keypass", PASSWORD),
            *("-keyalg", name, "-keysize", bits),
        )
        for name, bits in kinds
    ]


def _genkeypair(
    file: Path, kind: str, alias: str, algorithm: str, *options: str
) -> list[tuple[str, ...]]:
    password = () if "-keypass" in options else ("-keypass", PASSWORD)
    return [
        (
            *("keytool", "-genkeypair", "-storetype", kind, "-keystore", str(file)),
            *("-storepass", PASSWORD, "-alias", alias, "-keyalg", algorithm),
            *("-dname", f"CN=Java {algorithm}", "-validity", "3650", *password, *options),
        )
    ]


def _export(file: Path, kind: str, to: Path) -> list[tuple[str, ...]]:
    store = ("-storetype", kind, "-keystore", str(file), "-storepass", PASSWORD)
    return [("keytool", "-exportcert", *store, "-alias", "root", "-file", str(to))]
