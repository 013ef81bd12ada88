"""Keystore files are told by their content, and what is none is called what it is."""

import base64
import gzip
import io
import zipfile
from itertools import product

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.hazmat.primitives.serialization.pkcs7 import serialize_certificates

from keysteward.formats import keystores
from keysteward.formats.keystores.contract import Opening
from keysteward.problems import KeystoreUnreadable, NotAKeystore
from keysteward.values import Secret
from tests import keystore_files, pki_maker
from tests.foreign_keystores import pkcs8
from tests.keystore_files import KeyEntry
from tests.pki_maker import Issued

OPENING = Opening(Secret(b"test-only"), None, 1_000)
LEAF = pki_maker.issue("client")
ENTRY = KeyEntry("client", pkcs8(LEAF), (LEAF.der,))

_STORES = {
    "JKS": keystore_files.write_jks([ENTRY], "test-only"),
    "JCEKS": keystore_files.java_store(
        keystore_files.JCEKS, [keystore_files.java_certificate("client", LEAF.der)], "test-only"
    ),
    "PKCS#12": keystore_files.write_pkcs12([ENTRY], "test-only", 2),
}


@pytest.mark.parametrize("name", _STORES)
def test_keystore_is_told_by_its_content(name: str) -> None:
    """No name of a file is asked for."""
    found = keystores.read(_STORES[name], OPENING)

    assert name == found.format
    assert {"client"} == {key.name for key in found.keys} | {c.name for c in found.certificates}


def test_no_file_is_claimed_by_two_readers() -> None:
    """So the order of the readers decides nothing."""
    claims = [
        reader
        for reader, data in product(keystores.READERS, _STORES.values())
        if reader.recognises(data)
    ]

    assert [*keystores.READERS] == claims


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("keystore.jks", _STORES["JKS"])
    return buffer.getvalue()


def _bks(version: int) -> bytes:
    """Return how Bouncy Castle begins a store: version, salt, iterations (BcKeyStoreSpi)."""
    return version.to_bytes(4) + (20).to_bytes(4) + bytes(range(20)) + (1536).to_bytes(4)


def _request(issued: Issued) -> bytes:
    return pki_maker.make_request("client", issued.key).public_bytes(Encoding.DER)


def _openssh(issued: Issued) -> bytes:
    return issued.key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())


def _pkcs7(encoding: Encoding) -> bytes:
    return serialize_certificates([LEAF.certificate], encoding)


_OTHERS: dict[str, tuple[bytes, str, str]] = {
    "empty": (b"", "empty", "how it was copied"),
    "certificate-pem": (LEAF.pem, "in PEM", "as a certificate"),
    "key-pem": (LEAF.key_pem(), "in PEM", "as a key pair"),
    "pem-behind-text": (b"Bag Attributes\n" + LEAF.pem, "in PEM", "as a key pair"),
    "pem-of-windows": (b"\xef\xbb\xbf" + LEAF.pem, "in PEM", "as a key pair"),
    "pem-bundle": (LEAF.pem + LEAF.key_pem(), "in PEM", "as a key pair"),
    "openssh": (_openssh(LEAF), "an OpenSSH private key", "as an SSH key"),
    "pkcs7-pem": (_pkcs7(Encoding.PEM), "PKCS#7 in PEM", "as a certificate"),
    "pkcs7-answer": (_pkcs7(Encoding.PEM), "PKCS#7 in PEM", "as the signing response"),
    "pkcs7-der": (_pkcs7(Encoding.DER), "PKCS#7 in DER", "as the signing response"),
    "base64": (base64.b64encode(_STORES["PKCS#12"]), "base64", "base64 -d"),
    "certificate-der": (LEAF.der, "a certificate", "as a certificate"),
    "key-der": (pkcs8(LEAF), "DER, but no PKCS#12", "as a key pair"),
    "request-der": (_request(LEAF), "DER, but no PKCS#12", "as a key pair"),
    "putty": (b"PuTTY-User-Key-File-3: ssh-rsa\r\n", "a PuTTY key", "as an SSH key"),
    "zip": (_zip(), "a ZIP archive", "Unpack"),
    "gzip": (gzip.compress(_STORES["JKS"]), "compressed (gzip)", "Unpack"),
    "bks-1": (_bks(1), "BKS keystore of Bouncy Castle", "Convert"),
    "bks-2": (_bks(2), "BKS keystore of Bouncy Castle", "Convert"),
    "anything": (b"please call us\n", "neither JKS nor JCEKS nor PKCS#12", "Convert"),
}


@pytest.mark.parametrize(("data", "found", "remedy"), _OTHERS.values(), ids=_OTHERS)
def test_other_file_is_called_what_it_is(data: bytes, found: str, remedy: str) -> None:
    """With what to do about it."""
    with pytest.raises(NotAKeystore) as refused:
        keystores.read(data, OPENING)

    assert found in refused.value.found
    assert remedy in refused.value.detail


@pytest.mark.parametrize("length", [8, 99])
@pytest.mark.parametrize("data", _STORES.values(), ids=_STORES)
def test_keystore_that_is_cut_off_is_called_damaged(data: bytes, length: int) -> None:
    """Not something else: what its beginning says counts."""
    with pytest.raises(KeystoreUnreadable):
        keystores.read(data[:length], OPENING)
