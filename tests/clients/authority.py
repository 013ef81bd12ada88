"""A CA that the openssl command keeps: a root and an issuing CA, made anew for each test."""

from dataclasses import dataclass
from pathlib import Path

from tests import peers

_SUBJECT = "/C=DE/O=Example Trust/CN="
_CA = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
_CLIENT = "keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n"


@dataclass(frozen=True, slots=True)
class Authority:
    """The CA's folder; its keys are for tests alone."""

    folder: Path
    name: str

    @property
    def root(self) -> Path:
        """The root certificate, PEM."""
        return self.folder / "root.pem"

    def sign(self, request: bytes) -> Path:
        """Sign a request (PEM) and return the file of the certificate, PEM."""
        file = self.folder / "request.pem"
        file.write_bytes(request)
        peers.run("openssl", "req", "-in", str(file), "-verify", "-noout")
        leaf = self.folder / "leaf.pem"
        self._issue(file, "issuing", _CLIENT, leaf, 90)
        return leaf

    def answer(self, leaf: Path, form: str) -> bytes:
        """Return what the CA sends: certificate, issuer and root.

        ``form`` is ``DER`` or ``PEM`` for PKCS#7, or ``bundle`` for PEM certificates one after
        another, the root first.
        """
        files = (self.root, leaf, self.folder / "issuing.pem")
        if form == "bundle":
            return b"".join(file.read_bytes() for file in files)
        given = [part for file in files for part in ("-certfile", str(file))]
        return peers.run("openssl", "crl2pkcs7", "-nocrl", *given, "-outform", form)

    def verify(self, chain: bytes) -> None:
        """Let openssl verify a stored chain (PEM, end-entity first) up to the root."""
        end = b"-----END CERTIFICATE-----\n"
        parts = [part + end for part in chain.split(end)[:-1]]
        assert 3 == len(parts)
        leaf, between = self.folder / "stored-leaf.pem", self.folder / "stored-between.pem"
        leaf.write_bytes(parts[0])
        between.write_bytes(parts[1])
        peers.run(
            *("openssl", "verify", "-x509_strict", "-purpose", "sslclient"),
            *("-CAfile", str(self.root), "-untrusted", str(between), str(leaf)),
        )
        assert parts[2].split() == self.root.read_bytes().split()

    def _issue(self, request: Path, issuer: str, extensions: str, to: Path, days: int) -> None:
        file = self.folder / "extensions.cnf"
        file.write_text(
            f"{extensions}subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid:always\n"
        )
        peers.run(
            *("openssl", "x509", "-req", "-in", str(request), "-out", str(to), "-sha256"),
            *("-CA", str(self.folder / f"{issuer}.pem")),
            *("-CAkey", str(self.folder / f"{issuer}.key"), "-CAcreateserial"),
            *("-days", str(days), "-extfile", str(file)),
        )


def make(folder: Path, name: str) -> Authority:
    """Make root and issuing CA."""
    folder.mkdir(parents=True)
    made = Authority(folder, name)
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    peers.run(
        *("openssl", "req", "-x509", *key, "-keyout", str(folder / "root.key")),
        *("-out", str(made.root), "-days", "365", "-subj", f"{_SUBJECT}{name} root"),
        *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
    )
    request = folder / "issuing.csr"
    peers.run(
        *("openssl", "req", "-new", *key, "-keyout", str(folder / "issuing.key")),
        *("-out", str(request), "-subj", f"{_SUBJECT}{name} issuing"),
    )
    made._issue(request, "root", _CA, folder / "issuing.pem", 180)
    return made
