"""Keystore files as other tools write them, and what those tools list in them.

All hold keys of one small PKI, which are for tests alone; a tool that is missing skips the test.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import jks as pyjks
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests import keystore_files, peers, pki_maker
from tests.keystore_files import KeyEntry
from tests.pki_maker import Issued

PASSWORD = "test-only"
OTHER_PASSWORD = "of the keys"

_KEYTOOL = ("keytool", "-J-XX:TieredStopAtLevel=1", "-J-Duser.language=en", "-J-Duser.country=US")
_FEW_ROUNDS = "-J-Djdk.jceks.iterationCount=10000"
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n?", re.DOTALL)

Listed = Mapping[str, tuple[str, ...]]
"""Per alias the SHA-256 fingerprints of its certificates, end-entity first, as far as listed."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """A file, and what its maker lists in it."""

    data: bytes = field(repr=False)
    format: str
    keys: Listed
    certificates: Listed = field(default_factory=dict)
    key_password: str | None = None


class Workshop:
    """A folder in which one PKI's keys are put into keystores."""

    def __init__(self, folder: Path) -> None:
        """Make the PKI; the tools are called when a keystore is asked for."""
        self.folder = folder
        self._made: dict[str, Foreign] = {}
        self.root = pki_maker.issue("Foreign Root", ca=True)
        self.ca = pki_maker.issue("Foreign CA", None, self.root, ca=True)
        self.partner = pki_maker.issue("Partner Root", ca=True)
        self.leaves = {
            "client-rsa": pki_maker.issue("one", pki_maker.make_key("rsa2048"), self.ca),
            "client-ec": pki_maker.issue("two", None, self.ca),
            "alone": pki_maker.issue("three", pki_maker.make_key("p384")),
        }

    def make(self, name: str) -> Foreign:
        """Return one of ``MADE``; each is made once."""
        if name not in self._made:
            self._made[name] = MADE[name](self)
        return self._made[name]

    @property
    def entries(self) -> list[KeyEntry]:
        """The keys with their chains of three, and a self-signed one."""
        above = (self.ca.der, self.root.der)
        return [
            KeyEntry(alias, pkcs8(leaf), (leaf.der, *(() if alias == "alone" else above)))
            for alias, leaf in self.leaves.items()
        ]

    @cached_property
    def _source(self) -> Path:
        """A JKS of everything, from which keytool makes its own."""
        source = self.folder / "source.jks"
        trusted = [("partner", self.partner.der)]
        source.write_bytes(keystore_files.write_jks(self.entries, PASSWORD, trusted))
        return source

    @cached_property
    def _pem(self) -> tuple[Path, Path, Path]:
        """The key, the certificate and the whole chain of ``client-rsa``."""
        leaf = self.leaves["client-rsa"]
        files = (self.folder / "key.pem", self.folder / "leaf.pem", self.folder / "chain.pem")
        chain = leaf.pem + self.ca.pem + self.root.pem
        for file, content in zip(files, (leaf.key_pem(), leaf.pem, chain), strict=True):
            file.write_bytes(content)
        return files

    def by_keytool(self, kind: str, *options: str) -> Foreign:
        """Return all of it as keytool copies it into a keystore of its own."""
        made = self.folder / f"keytool-{kind}{''.join(options)}"
        peers.run(
            *(*_KEYTOOL, _FEW_ROUNDS, *options, "-importkeystore", "-noprompt"),
            *("-srckeystore", str(self._source), "-srcstoretype", "JKS"),
            *("-srcstorepass", PASSWORD, "-destkeystore", str(made)),
            *("-deststoretype", kind, "-deststorepass", PASSWORD),
        )
        listing = peers.run(
            *(*_KEYTOOL, "-list", "-v", "-keystore", str(made), "-storepass", PASSWORD)
        ).decode()
        keys: dict[str, tuple[str, ...]] = {}
        certificates: dict[str, tuple[str, ...]] = {}
        for alias, private, chain in _of_keytool(listing):
            (keys if private else certificates)[alias] = chain
        name = "PKCS#12" if kind == "PKCS12" else kind
        return Foreign(made.read_bytes(), name, keys, certificates)

    def by_openssl(self, *options: str) -> Foreign:
        """Return one key with its chain, which OpenSSL lists again."""
        key, _, chain = self._pem
        made = self.folder / f"openssl{''.join(options)}.p12"
        export = ("openssl", "pkcs12", "-export", "-inkey", str(key), "-in", str(chain))
        more = ("-name", "client-rsa", "-passout", f"pass:{PASSWORD}", "-out", str(made))
        peers.run(*export, *more, *options)
        legacy = ("-legacy",) if "-legacy" in options else ()
        reading = ("openssl", "pkcs12", *legacy, "-in", str(made), "-passin", f"pass:{PASSWORD}")
        listing = peers.run(*reading, "-nokeys", "-clcerts").decode()
        (name,) = re.findall(r"friendlyName: (.*)", listing)
        return Foreign(made.read_bytes(), "PKCS#12", {name: _of_pem(listing.encode())})

    def by_openssl_with_two_passwords(self) -> Foreign:
        """Return one key with its chain; MAC and content have different passwords.

        OpenSSL asks for both on the terminal; without one it reads them from its input.
        """
        key, _, chain = self._pem
        made = self.folder / "twopass.p12"
        answers = (PASSWORD, PASSWORD, OTHER_PASSWORD, OTHER_PASSWORD)
        peers.run(
            *("setsid", "-w", "openssl", "pkcs12", "-export", "-twopass", "-inkey", str(key)),
            *("-in", str(chain), "-name", "client-rsa", "-out", str(made)),
            data="".join(f"{answer}\n" for answer in answers).encode(),
        )
        listed = {"client-rsa": (fingerprint(self.leaves["client-rsa"].der),)}
        return Foreign(made.read_bytes(), "PKCS#12", listed, key_password=OTHER_PASSWORD)

    def by_nss(self) -> Foreign:
        """Return one key with its chain as pk12util exports it from a database."""
        source, made = self.folder / "nss-source.p12", self.folder / "nss.p12"
        source.write_bytes(keystore_files.write_pkcs12(self.entries[:1], PASSWORD, 2))
        (self.folder / "nssdb").mkdir()
        database = ("-d", f"sql:{self.folder / 'nssdb'}")
        peers.run("certutil", "-N", *database, "--empty-password")
        peers.run("pk12util", "-i", str(source), *database, "-W", PASSWORD)
        peers.run("pk12util", "-o", str(made), "-n", "client-rsa", *database, "-W", PASSWORD)
        listing = peers.run("certutil", "-L", "-n", "client-rsa", "-a", *database)
        listed = _of_pem(listing.replace(b"\r\n", b"\n"))
        return Foreign(made.read_bytes(), "PKCS#12", {"client-rsa": listed})

    def by_certtool(self) -> Foreign:
        """Return one key with its certificate, which GnuTLS lists again."""
        key, leaf, _ = self._pem
        made = self.folder / "gnutls.p12"
        peers.run(
            *("certtool", "--to-p12", "--p12-name", "client-rsa", "--outder"),
            *("--load-privkey", str(key), "--load-certificate", str(leaf)),
            *("--password", PASSWORD, "--outfile", str(made)),
        )
        listing = peers.run(
            *("certtool", "--p12-info", "--inder", "--infile", str(made), "--password", PASSWORD)
        )
        (name,) = set(re.findall(rb"Friendly name: (.*)", listing))
        return Foreign(made.read_bytes(), "PKCS#12", {name.decode(): _of_pem(listing)})

    def by_pyjks(self) -> Foreign:
        """Return all of it as pyjks writes it, and lists when it has read it again."""
        made = self.folder / "pyjks.jks"
        entries = [
            pyjks.PrivateKeyEntry.new(e.alias, [*e.chain], e.pkcs8, "pkcs8") for e in self.entries
        ]
        entries.append(pyjks.TrustedCertEntry.new("partner", self.partner.der))
        pyjks.KeyStore.new("jks", entries).save(str(made), PASSWORD)
        read = pyjks.KeyStore.load(str(made), PASSWORD)
        keys = {
            alias: tuple(fingerprint(der) for _, der in entry.cert_chain)
            for alias, entry in read.private_keys.items()
        }
        certificates = {alias: (fingerprint(e.cert),) for alias, e in read.certs.items()}
        return Foreign(made.read_bytes(), "JKS", keys, certificates)


MADE: dict[str, Callable[[Workshop], Foreign]] = {
    "keytool-jks": lambda shop: shop.by_keytool("JKS"),
    "keytool-jceks": lambda shop: shop.by_keytool("JCEKS"),
    "keytool-pkcs12": lambda shop: shop.by_keytool("PKCS12"),
    "keytool-pkcs12-legacy": lambda shop: shop.by_keytool("PKCS12", "-J-Dkeystore.pkcs12.legacy"),
    "openssl": lambda shop: shop.by_openssl(),
    "openssl-legacy": lambda shop: shop.by_openssl("-legacy"),
    "openssl-nomac": lambda shop: shop.by_openssl("-nomac"),
    "openssl-twopass": Workshop.by_openssl_with_two_passwords,
    "nss": Workshop.by_nss,
    "certtool": Workshop.by_certtool,
    "pyjks": Workshop.by_pyjks,
}
"""What the other tools make, by a name for tests."""


def pkcs8(issued: Issued) -> bytes:
    """Return a private key in the form that keystores hold."""
    return issued.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def fingerprint(der: bytes) -> str:
    """Return the SHA-256 of a certificate as the product spells it."""
    return hashlib.sha256(der).hexdigest()


def _of_pem(text: bytes) -> tuple[str, ...]:
    found = (x509.load_pem_x509_certificate(block) for block in _PEM.findall(text))
    return tuple(fingerprint(one.public_bytes(Encoding.DER)) for one in found)


def _of_keytool(listing: str) -> Iterator[tuple[str, bool, tuple[str, ...]]]:
    """Yield alias, whether it is a private key, and the fingerprints of keytool -list -v."""
    for part in re.split(r"^Alias name: ", listing, flags=re.MULTILINE)[1:]:
        digests = re.findall(r"SHA256: ([0-9A-F:]+)", part)
        chain = tuple(digest.replace(":", "").lower() for digest in digests)
        yield part.partition("\n")[0], "PrivateKeyEntry" in part, chain
