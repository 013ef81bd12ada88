"""The demo's other side, which is none of our code: a CA and a TLS receiver run by openssl."""

import base64
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from keysteward.problems import ProgramFailed, ProgramMissing

_CA_EXTENSIONS = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
_CLIENT_EXTENSIONS = (
    "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
    "extendedKeyUsage=clientAuth\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
)
_SERVER_EXTENSIONS = "subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n"
_SECONDS = 20
_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def require() -> str:
    """Return openssl's version. Raises ProgramMissing."""
    if shutil.which("openssl") is None:
        raise ProgramMissing("openssl", "openssl")
    return _run(Path.cwd(), "version").decode().strip()


@dataclass(frozen=True, slots=True)
class Ca:
    """A root and an intermediate CA whose keys and certificates lie in a folder of their own."""

    folder: Path

    def sign(self, request: bytes) -> tuple[Path, ...]:
        """Return certificate, intermediate and root as files, in that order."""
        number = len(list(self.folder.glob("client*.pem"))) + 1
        csr, client = self.folder / f"client{number}.csr", self.folder / f"client{number}.pem"
        csr.write_bytes(request)
        _sign(self.folder, csr, client, "intermediate", _CLIENT_EXTENSIONS, days=397)
        return client, self.folder / "intermediate.pem", self.folder / "root.pem"


def make_ca(folder: Path) -> Ca:
    """Make a root CA and an intermediate below it, with openssl alone."""
    folder.mkdir()
    _self_signed(folder, "root", "/C=DE/O=Example CA/CN=Example Root", _CA_EXTENSIONS)
    csr = folder / "intermediate.csr"
    subject = "/C=DE/O=Example CA/CN=Example Issuing CA"
    words = ("-subj", subject, "-keyout", "intermediate.key", "-out", csr.name)
    _run(folder, "req", "-new", *_KEY, *words)
    extensions = f"{_CA_EXTENSIONS}subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
    _sign(folder, csr, folder / "intermediate.pem", "root", extensions, days=1825)
    return Ca(folder)


def as_pkcs7(files: tuple[Path, ...]) -> bytes:
    """Return a certificates-only PKCS#7 in DER, as openssl writes it."""
    chosen = [word for file in files for word in ("-certfile", str(file))]
    return _run(files[0].parent, "crl2pkcs7", "-nocrl", "-outform", "DER", *chosen)


def as_pkipath(files: tuple[Path, ...]) -> bytes:
    """Return an X.509 PkiPath (ITU-T X.509 section 10.1): a SEQUENCE, the root first."""
    ders = [_run(file.parent, "x509", "-in", str(file), "-outform", "DER") for file in files]
    content = b"".join(reversed(ders))
    return b"\x30\x82" + len(content).to_bytes(2, "big") + content


def as_base64(data: bytes) -> bytes:
    """Return bare base64 in lines of 64 characters."""
    text = base64.b64encode(data)
    return b"\n".join(text[i : i + 64] for i in range(0, len(text), 64)) + b"\n"


@contextmanager
def receiver(folder: Path, client_root: Path) -> Iterator[tuple[int, Path]]:
    """Run a TLS server that demands a client certificate under a root; yield port and own root."""
    folder.mkdir()
    _self_signed(folder, "server", "/CN=localhost", _SERVER_EXTENSIONS)
    process = subprocess.Popen(
        [
            # Port 0: the system gives a free one, and s_server says which.
            *("openssl", "s_server", "-accept", "127.0.0.1:0", "-www"),
            *("-cert", "server.pem", "-key", "server.key", "-CAfile", str(client_root)),
            *("-Verify", "5", "-verify_return_error"),
        ],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield _port(process), folder / "server.pem"
    finally:
        process.terminate()
        process.communicate(timeout=_SECONDS)


def _port(process: subprocess.Popen[str]) -> int:
    """Return the port from the line ``ACCEPT 127.0.0.1:12345``, which s_server prints first."""
    for line in process.stdout or ():
        if line.startswith("ACCEPT"):
            return int(line.rpartition(":")[2])
    raise ProgramFailed("openssl", "s_server did not start to listen.")


def _self_signed(folder: Path, name: str, subject: str, extensions: str) -> None:
    added = [word for line in extensions.splitlines() for word in ("-addext", line)]
    words = ("-subj", subject, "-days", "3650", "-keyout", f"{name}.key", "-out", f"{name}.pem")
    _run(folder, "req", "-x509", *_KEY, *words, *added)


def _sign(
    folder: Path, csr: Path, certificate: Path, issuer: str, extensions: str, *, days: int
) -> None:
    (folder / "extensions").write_text(extensions)
    files = ("-in", csr.name, "-out", certificate.name, "-extfile", "extensions")
    signer = ("-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key", "-CAcreateserial")
    _run(folder, "x509", "-req", *files, *signer, "-days", str(days))


def _run(folder: Path, *arguments: str) -> bytes:
    done = subprocess.run(
        ["openssl", *arguments],  # noqa: S607  # whichever openssl the system has
        cwd=folder,
        capture_output=True,
        check=False,
        timeout=_SECONDS,
    )
    if done.returncode != 0:
        raise ProgramFailed("openssl", done.stderr.decode(errors="replace").strip()[-300:])
    return done.stdout
