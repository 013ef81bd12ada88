"""Certificates of "Foo & Bar", as many CAs write it, from the response to the connection."""

import re
import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from keysteward import guard
from keysteward.keystore import downloads, imports
from keysteward.keystore.downloads import KeystoreForm
from keysteward.keystore.imports import Upload
from keysteward.keystore.steward import Steward
from keysteward.outbound import connections, contexts
from keysteward.values import Alias, Secret
from tests import keystore_files, peers, pki_maker, receivers
from tests import steward as steward_
from tests.corpus import forge
from tests.keystore_files import KeyEntry
from tests.pki_maker import Issued, issue
from tests.steward import TENANT

KEY = pki_maker.make_key("p256")
_LEAF, _CA, _ROOT = "CN=*.example.com,O=Foo & Bar", "CN=Issuing,O=Foo & Bar", "CN=Root,O=Foo & Bar"


def _chain(leaf: str, ca: str, root: str) -> tuple[Issued, ...]:
    """Return a chain of these names, each written as PrintableString where it may not be."""
    made: list[Issued] = []
    for name, issuer in ((root, root), (ca, root), (leaf, ca)):
        above = made[-1] if made else None
        end = name == leaf
        key, eku = (KEY, ("clientAuth",)) if end else (pki_maker.make_key("p256"), ())
        issued = issue(name, key, above, ca=not end, eku=eku)
        made.append(forge.printable(issued, above or issued) if "&" in name + issuer else issued)
    return tuple(reversed(made))


CHAINS = {
    "leaf": _chain(_LEAF, "Issuing", "Root"),
    "issuer": _chain("client", _CA, "Root"),
    "root": _chain("client", "Issuing", _ROOT),
    "all": _chain(_LEAF, _CA, _ROOT),
}
WHOLE = CHAINS["all"]


@pytest.mark.parametrize("chain", CHAINS.values(), ids=CHAINS)
def test_response_with_such_names_is_taken(steward: Steward, chain: tuple[Issued, ...]) -> None:
    """In any order, with its chain built, verbatim, and without a word about it."""
    steward_.add(steward, "client", issue(chain[0].certificate.subject, KEY, eku=("clientAuth",)))
    uploaded = steward_.upload(steward, "client", chain[1], chain[2], chain[0])
    entry = steward.store.get_entry(steward.keystore_id, "client")
    assert [one.der for one in chain] == [one.der for one in entry.version.chain]
    assert not uploaded.plan.notices


def test_missing_root_of_such_a_name_is_found(steward: Steward) -> None:
    """A root whose name is in UTF8String serves an issuer that is named in PrintableString."""
    utf8 = issue(_ROOT, ca=True)
    ca = forge.printable(issue(_CA, issuer=utf8, ca=True), utf8)
    leaf = issue(_LEAF, KEY, ca, eku=("clientAuth",))
    steward_.add(steward, "client", issue(_LEAF, KEY, eku=("clientAuth",)))
    steward_.add_anchor(steward, "root", utf8)
    steward_.upload(steward, "client", leaf, ca)
    entry = steward.store.get_entry(steward.keystore_id, "client")
    assert utf8.der in [one.der for one in entry.version.chain]


def test_connection_with_such_a_chain_succeeds(tmp_path: Path) -> None:
    """OpenSSL verifies on the other side what was stored; the server is one of them too."""
    root = WHOLE[-1]
    made = issue(
        "CN=localhost,O=Foo & Bar", issuer=root, eku=("serverAuth",), san=("DNS:localhost",)
    )
    server = forge.printable(made, root)
    chain = steward_.read(*WHOLE)
    secret = Secret(_pkcs8())
    context = contexts.client_context(chain, secret, (chain[-1],), Alias("client"))
    with receivers.openssl_receiver(tmp_path, (server, root), (root,)) as receiver:
        connection = connections.check_connection(
            *("localhost", receiver.port, context), reach=guard.ANYWHERE, timeout_seconds=10.0
        )
    assert "CN=localhost,O=Foo & Bar" == connection.peer_chain[0].subject
    assert (chain[-1].subject,) == connection.accepted_issuers


def test_keystore_of_such_names_comes_in_and_goes_out(steward: Steward, tmp_path: Path) -> None:
    """What keytool makes a PKCS#12 of comes in verbatim, and keytool reads what goes out."""
    entry = KeyEntry("client", _pkcs8(), tuple(one.der for one in WHOLE))
    java, made, out = (tmp_path / name for name in ("in.jks", "in.p12", "out.jks"))
    java.write_bytes(keystore_files.write_jks([entry], "secret"))
    source = ("-srckeystore", str(java), "-srcstorepass", "secret", "-noprompt")
    target = ("-destkeystore", str(made), "-deststoretype", "PKCS12", "-deststorepass", "secret")
    peers.run("keytool", "-importkeystore", *source, *target)
    imports.import_keystore(steward, TENANT, Upload(made.read_bytes(), Secret(b"secret")))
    kept = steward.store.get_entry(steward.keystore_id, "client").version.chain
    assert entry.chain == tuple(one.der for one in kept)
    found = downloads.public_keystore([("client", kept)], KeystoreForm.JKS, steward.clock())
    out.write_bytes(found.content)
    said = peers.run("keytool", "-J-Duser.language=en", "-list", "-rfc", "-keystore", str(out))
    assert set(entry.chain) == set(_certificates(said.decode()))


def _pkcs8() -> bytes:
    return pki_maker.key_bytes(KEY, Encoding.DER)


def _certificates(text: str) -> list[bytes]:
    blocks = re.findall("-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", text, re.DOTALL)
    return [ssl.PEM_cert_to_DER_cert(block) for block in blocks]
