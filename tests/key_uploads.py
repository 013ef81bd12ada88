"""Files with key pairs as other programs write them; every key in them is for tests alone."""

from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tests import peers
from tests.pki_maker import Issued


def openssl_pkcs12(
    folder: Path,
    *chain: Issued,
    password: str = "",
    name: str | None = None,
    key: Issued | None = None,
    options: tuple[str, ...] = (),
) -> bytes:
    """Return a PKCS#12 of the first one's key (or of ``key``) with the chain, by openssl."""
    file, key_file = folder / "chain.pem", folder / "key.pem"
    file.write_bytes(b"".join(one.pem for one in chain))
    key_file.write_bytes((key or chain[0]).key_pem())
    given = ("-in", str(file), "-inkey", str(key_file), "-passout", f"pass:{password}")
    named = () if name is None else ("-name", name)
    return peers.run("openssl", "pkcs12", "-export", *given, *named, *options)


@lru_cache
def keytool_pkcs12(*aliases: str, password: str) -> bytes:
    """Return a PKCS#12 that keytool wrote, with an EC key under each alias; once in a run."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "keytool.p12"
        for alias in aliases:
            peers.run(
                *("keytool", "-genkeypair", "-keystore", str(file), "-storetype", "PKCS12"),
                *("-storepass", password, "-alias", alias, "-dname", f"CN={alias}"),
                *("-keyalg", "EC", "-groupname", "secp256r1", "-validity", "3650"),
            )
        return file.read_bytes()
