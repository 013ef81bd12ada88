"""What is no signing response, no whole one, or too much of one."""

import gzip
import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    pkcs7,
    pkcs12,
)

from keysteward.settings import RESPONSE_LIMIT_BYTES
from tests import pki_maker
from tests.corpus.case import CA, KEY, ROOT, SUBJECT, Case, accepted, leaf, pem, refused, rsa
from tests.pki_maker import Issued, issue


def files() -> Iterator[Case]:
    """What is no signing response, or no whole one."""
    other, damaged = "not-a-signing-response", "signing-response-unreadable"
    end = leaf()
    whole = pem(end, CA, ROOT)
    yield refused("empty", other, b"")
    yield refused("blanks", other, b" \r\n\t")
    yield refused("plain-text", other, b"Your certificate will be sent to you in three days.\n")
    yield refused("html", other, b"<!DOCTYPE html>\n<html><body>Session expired</body></html>")
    yield refused("json", other, b'{"error": "unauthorized"}')
    yield refused("zip", other, _zipped(whole))
    yield refused("gzip", other, gzip.compress(whole))
    request = pki_maker.make_request(SUBJECT, KEY)
    yield refused("request", other, request.public_bytes(Encoding.PEM))
    yield refused("request-der", other, request.public_bytes(Encoding.DER))
    revoked = pki_maker.make_crl(CA, [end.certificate.serial_number])
    yield refused("revocation-list", other, revoked.public_bytes(Encoding.PEM))
    yield refused("revocation-list-der", other, revoked.public_bytes(Encoding.DER))
    yield refused("private-key", other, end.key_pem())
    yield refused("private-key-encrypted", other, end.key_pem(password=b"secret"))
    yield refused("pkcs12", other, _pkcs12(end))
    yield refused("jks", other, bytes.fromhex("feedfeed00000002") + bytes(40))
    envelope = pkcs7.PKCS7EnvelopeBuilder().set_data(whole)
    receiver = issue("receiver", rsa(2048)).certificate
    envelope = envelope.add_recipient(receiver)
    yield refused("enveloped-data", other, envelope.encrypt(Encoding.DER, []))
    listed = pkcs7.serialize_certificates(
        [one.certificate for one in (end, CA, ROOT)], Encoding.DER
    )
    yield replace(accepted("pkcs7", end, CA, ROOT), data=listed)
    yield refused("pkcs7-cut-off", damaged, listed[: len(listed) * 2 // 3])
    yield refused("der-cut-off", damaged, end.der[:-9])
    yield refused("pem-cut-off", damaged, whole[:300])
    yield refused("pem-cut-off-in-the-chain", damaged, whole[:-200])
    limit = RESPONSE_LIMIT_BYTES
    yield replace(accepted("just-the-limit", end, CA, ROOT), data=whole.ljust(limit, b"\n"))
    too_large = "signing-response-too-large"
    yield refused("one-over-the-limit", too_large, whole.ljust(limit + 1, b"\n"))


def _zipped(content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("certificate.pem", content)
    return file.getvalue()


def _pkcs12(issued: Issued) -> bytes:
    key = issued.key
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    encryption = BestAvailableEncryption(b"secret")
    return pkcs12.serialize_key_and_certificates(b"a", key, issued.certificate, None, encryption)


def complexity() -> Iterator[Case]:
    """Yield the cases."""
    tiny = issue("t", pki_maker.make_key("ed25519"), ca=None, key_usage=(), key_ids=False)
    yield refused("129-certificates", "response-too-complex", tiny.der * 129)
    yield refused("128-certificates", "public-key-mismatch", tiny.der * 128)
    boss = issue("B", pki_maker.make_key("ed25519"), ca=True, key_usage=(), key_ids=False)
    # The issuer's name on 100 keys, one of them the right one: just as many verifications.
    crowd = tuple(
        issue("X", pki_maker.make_key("ed25519"), boss, ca=True, key_usage=(), key_ids=False)
        for _ in range(101)
    )
    end = leaf(crowd[0], eku=(), key_usage=(), ca=None, key_ids=False)
    yield replace(
        accepted(
            "100-verifications",
            *(end, *crowd[:100]),
            chain=(end, crowd[0]),
            infos="chain-ends-without-root unrelated-certificates-dropped",
        ),
        data=b"".join(one.der for one in (end, *crowd[:100])),
    )
    yield refused(
        "101-verifications",
        "response-too-complex",
        b"".join(one.der for one in (end, *crowd)),
    )
