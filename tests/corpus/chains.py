"""Which certificate is chosen, and which chain is built above it."""

from collections.abc import Iterator

from cryptography import x509
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID

from tests import pki_maker
from tests.corpus import forge
from tests.corpus.case import (
    CA,
    DAY,
    KEY,
    OTHER_CA,
    OTHER_ROOT,
    ROOT,
    SECOND,
    SUBJECT,
    Case,
    accepted,
    ca,
    leaf,
    pem,
    refused,
)
from tests.pki_maker import Issued, issue
from tests.steward import START

_ISSUING_1 = x509.RelativeDistinguishedName([x509.NameAttribute(NameOID.COMMON_NAME, "Issuing 1")])


def choice() -> Iterator[Case]:
    """Yield the cases."""
    new, old = leaf(not_before=START - DAY), leaf(not_before=START - 9 * DAY)
    dropped = "unrelated-certificates-dropped"
    yield refused(
        "other-key", "public-key-mismatch", pem(leaf(key=pki_maker.make_key("p256")), CA, ROOT)
    )
    yield refused("chain-without-end-entity", "public-key-mismatch", pem(CA, ROOT))
    yield accepted("newest-of-two", old, new, CA, ROOT, chain=(new, CA, ROOT), infos=dropped)
    ended = leaf(not_before=START - 2 * DAY, not_after=START - SECOND)
    yield accepted(
        "valid-before-expired", ended, old, CA, ROOT, chain=(old, CA, ROOT), infos=dropped
    )
    own = issue(SUBJECT, KEY, not_before=START - SECOND)
    yield accepted(
        "ca-issued-before-self-signed", own, old, CA, ROOT, chain=(old, CA, ROOT), infos=dropped
    )
    yield accepted("duplicates", new, CA, CA, new, ROOT, ROOT, chain=(new, CA, ROOT))


def chains() -> Iterator[Case]:
    """Yield the cases."""
    end = leaf()
    whole = (end, CA, ROOT)
    yield accepted("whole-chain", *whole)
    yield accepted("root-first", *reversed(whole), chain=whole)
    yield accepted("end-entity-in-the-middle", CA, end, ROOT, chain=whole)
    yield accepted("end-entity-alone", end, infos="chain-ends-without-root")
    yield accepted("root-left-out", end, CA, infos="chain-ends-without-root")
    yield accepted(
        "intermediate-left-out",
        *(end, ROOT),
        chain=(end,),
        infos="chain-ends-without-root unrelated-certificates-dropped",
    )
    yield accepted(
        "unrelated-beside",
        *(OTHER_CA, *whole, OTHER_ROOT),
        chain=whole,
        infos="unrelated-certificates-dropped",
    )
    deep = _deep(5)
    bottom = leaf(deep[0])
    yield accepted("seven-deep-reversed", *reversed((bottom, *deep)), chain=(bottom, *deep))
    yield from _cross_signed(end)
    yield from _twins()
    yield from _rollover()
    yield from _names()


def _deep(count: int) -> tuple[Issued, ...]:
    found = [ROOT]
    for number in range(count):
        found.append(ca(f"Level {number}", found[-1]))
    return tuple(reversed(found))


def _cross_signed(end: Issued) -> Iterator[Case]:
    dropped = "unrelated-certificates-dropped"
    crossed = ca("Issuing 1", OTHER_ROOT, key=CA.key, not_before=START - DAY)
    yield accepted(
        "cross-signed-one-root-in-file",
        *(crossed, end, CA, ROOT),
        chain=(end, CA, ROOT),
        infos=dropped,
    )
    # Both ways are as long and as good: the younger cross certificate is taken.
    yield accepted(
        "cross-signed-two-roots",
        *(end, CA, ROOT, crossed, OTHER_ROOT),
        chain=(end, crossed, OTHER_ROOT),
        infos=dropped,
    )
    ended = ca("Issuing 1", OTHER_ROOT, key=CA.key, not_after=START - SECOND)
    yield accepted(
        "cross-signed-one-expired",
        *(end, ended, OTHER_ROOT, CA, ROOT),
        chain=(end, CA, ROOT),
        infos=dropped,
    )
    unfit = ca("Issuing 1", OTHER_ROOT, key=CA.key, key_usage=("cRLSign",))
    yield accepted(
        "cross-signed-one-may-not-sign",
        *(end, unfit, OTHER_ROOT, CA, ROOT),
        chain=(end, CA, ROOT),
        infos=dropped,
    )
    # A signs B and B signs A, and nothing above them is there.
    one, two = pki_maker.make_key("p256"), pki_maker.make_key("p256")
    a, b = ca("Circle A", key=one), ca("Circle B", key=two)
    a_by_b, b_by_a = ca("Circle A", b, key=one), ca("Circle B", a, key=two)
    below = leaf(a)
    yield accepted(
        "circle-of-cross-certificates",
        *(below, b_by_a, a_by_b),
        chain=(below, a_by_b, b_by_a),
        infos="chain-ends-without-root",
    )
    yield accepted(
        "circle-with-a-way-out",
        *(below, b_by_a, a_by_b, b),
        chain=(below, a_by_b, b),
        infos=dropped,
    )


def _twins() -> Iterator[Case]:
    """Issuers of the right name that did not sign."""
    dropped = "unrelated-certificates-dropped"
    twin = ca("Issuing 1", ROOT)
    end, bare_end = leaf(), leaf(key_ids=False)
    bare_twin = ca("Issuing 1", ROOT, key_ids=False)
    yield accepted("twin-beside-issuer", end, twin, CA, ROOT, chain=(end, CA, ROOT), infos=dropped)
    yield accepted(
        "twin-beside-issuer-without-key-identifiers",
        *(bare_end, bare_twin, CA, ROOT),
        chain=(bare_end, CA, ROOT),
        infos=dropped,
    )
    yield accepted(
        "twin-alone-with-another-key-identifier",
        *(end, twin, ROOT),
        chain=(end,),
        infos=f"chain-ends-without-root {dropped}",
    )
    yield refused(
        "twin-alone-without-key-identifiers", "signature-invalid", pem(bare_end, bare_twin, ROOT)
    )
    bad = forge.with_bad_signature
    yield refused("signature-of-end-entity", "signature-invalid", pem(bad(end), CA, ROOT))
    yield refused("signature-of-intermediate", "signature-invalid", pem(end, bad(CA), ROOT))
    yield refused("signature-of-root", "signature-invalid", pem(end, CA, bad(ROOT)))
    yield accepted(
        "signature-of-unrelated",
        *(end, CA, ROOT, bad(OTHER_CA), OTHER_ROOT),
        chain=(end, CA, ROOT),
        infos=dropped,
    )


def _rollover() -> Iterator[Case]:
    """A root that changes its key and links the new one with the old one (RFC 4210 section 4.4)."""
    new_key = pki_maker.make_key("p256")
    new = ca("Rolling", key=new_key)
    end = leaf(new)
    # A self-issued certificate does not count (RFC 5280 section 6.1.4 step l).
    for path_length in (None, 0):
        old = ca("Rolling", path_length=path_length)
        new_with_old = ca("Rolling", old, key=new_key)
        name = f"rollover-new-with-old-path-length-{path_length}"
        yield accepted(name, end, new_with_old, old)
    yield accepted(
        "rollover-all-of-it",
        *(old, new_with_old, new, end),
        chain=(end, new),
        infos="unrelated-certificates-dropped",
    )


def _names() -> Iterator[Case]:
    """Names of issuer and subject that match by RFC 5280 section 7.1 and are not the same bytes."""
    for name, type_, text in (
        ("printable", _ASN1Type.PrintableString, "Issuing 1"),
        ("bmp", _ASN1Type.BMPString, "Issuing 1"),
        ("teletex", _ASN1Type.T61String, "Issuing 1"),
        ("letter-case", _ASN1Type.UTF8String, "ISSUING 1"),
        ("blanks", _ASN1Type.UTF8String, " Issuing  1 "),
    ):
        common = x509.NameAttribute(NameOID.COMMON_NAME, text, _type=type_)
        others = (rdn for rdn in CA.certificate.subject.rdns if rdn != _ISSUING_1)
        spelled = x509.Name([*others, x509.RelativeDistinguishedName([common])])
        signer = issue(spelled, CA.key, ROOT, ca=True, path_length=0)
        end = leaf(signer)
        yield accepted(f"issuer-name-{name}", end, CA, ROOT)
    # Eight-bit characters in a TeletexString, as CAs wrote them before UTF8String.
    common = x509.NameAttribute(NameOID.COMMON_NAME, "M#ller", _type=_ASN1Type.T61String)
    plain = issue(x509.Name([common]), pki_maker.make_key("p256"), ROOT, ca=True)
    old = forge.resigned(plain, ROOT, _with_umlaut)
    end = forge.resigned(leaf(plain), plain, _with_umlaut)
    yield accepted("issuer-name-eight-bit-teletex", end, old, ROOT)


def _with_umlaut(content: bytes) -> bytes:
    return content.replace(b"M#ller", b"M\xfcller")
