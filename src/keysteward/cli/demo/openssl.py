"""The demo's other side, which is none of our code: a CA and a TLS receiver run by openssl."""

import base64
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from keysteward.problems import ProgramMissing

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
    _run(
        *(folder, "req", "-new", *_KEY, "-subj", subject),
        *("-keyout", "intermediate.key", "-out", csr.name),
    )
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
    """Run a TLS server that demands a client certificate under a root; yield port and its own root."""
    folder.mkdir()
    _self_signed(folder, "server", "/CN=localhost", _SERVER_EXTENSIONS)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603  # a fixed command
            [
                *("openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-www"),
                *("-cert", "server.pem", "-key", "server.key", "-CAfile", str(client_root)),
                *("-Verify", "5", "-verify_return_error"),
            ],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait(port)
            yield port, folder / "server.pem"
        finally:
            process.terminate()
            process.wait(_SECONDS)


def _wait(port: int) -> None:
    end = time.monotonic() + _SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)
        else:
            return


def _self_signed(folder: Path, name: str, subject: str, extensions: str) -> None:
    added = [word for line in extensions.splitlines() for word in ("-addext", line)]
    _run(
        *(folder, "req", "-x509", *_KEY, "-subj", subject, "-days", "3650", *added),
        *("-keyout", f"{name}.key", "-out", f"{name}.pem"),
    )


def _sign(
    folder: Path, csr: Path, certificate: Path, issuer: str, extensions: str, *, days: int
) -> None:
    (folder / "extensions").write_text(extensions)
    _run(
        *(folder, "x509", "-req", "-in", csr.name, "-out", certificate.name, "-days", str(days)),
        *("-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key", "-CAcreateserial"),
        *("-extfile", "extensions"),
    )


def _run(folder: Path, *arguments: str) -> bytes:
    done = subprocess.run(  # noqa: S603  # a fixed command
        ["openssl", *arguments],  # noqa: S607  # whichever openssl the system has
        cwd=folder,
        capture_output=True,
        check=True,
        timeout=_SECONDS,
    )
    return done.stdout
