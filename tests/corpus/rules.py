"""What a certificate and its issuers are judged by, taken alone."""

from collections.abc import Iterator
from dataclasses import replace

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from keysteward.pki.usages import Usage
from tests import pki_maker
from tests.corpus import forge
from tests.corpus.case import (
    CA,
    KEY,
    ROOT,
    SECOND,
    SUBJECT,
    Case,
    accepted,
    ca,
    leaf,
    overridable,
    pem,
    rsa,
    warned,
)
from tests.pki_maker import issue
from tests.steward import START

_POLICY = x509.ObjectIdentifier("1.2.3.4.5")
_WEAK = (hashes.SHA1(), hashes.MD5())  # noqa: S303  # made to be warned of


def overridden() -> Iterator[Case]:
    """Yield the cases."""
    yield overridable("expired", "certificate-expired", leaf(not_after=START - SECOND), CA, ROOT)
    yield accepted("ends-this-second", leaf(not_after=START), CA, ROOT)
    yield from _no_ca()
    narrow = ca("Narrow", ROOT, path_length=0)
    lower = ca("Lower", narrow)
    yield overridable("path-too-long", "path-length-exceeded", leaf(lower), lower, narrow, ROOT)
    roomy = ca("Roomy", ROOT, path_length=1)
    lower = ca("Lower", roomy)
    yield accepted("path-just-long-enough", leaf(lower), lower, roomy, ROOT)
    end = leaf()
    yield replace(
        overridable("trailing-bytes", "trailing-bytes", end, CA, ROOT),
        data=end.der + CA.der + ROOT.der + b"\x00\x01\x02",
    )
    yield replace(
        accepted("trailing-blanks", end, CA, ROOT), data=end.der + CA.der + ROOT.der + b"\r\n \n"
    )
    yield replace(
        accepted("text-around-pem", end, CA, ROOT),
        data=b"Dear customer,\n" + pem(end) + b"above: yours\n" + pem(CA, ROOT) + b"Regards\n",
    )


def _no_ca() -> Iterator[Case]:
    slug = "issuer-not-ca"
    for name, options in (
        ("issuer-ca-false", {"ca": False}),
        ("issuer-without-basic-constraints", {"ca": None, "key_usage": ("keyCertSign",)}),
        ("issuer-without-key-cert-sign", {"key_usage": ("digitalSignature", "cRLSign")}),
    ):
        issuer = ca("No CA", ROOT, **options)
        yield overridable(name, slug, leaf(issuer), issuer, ROOT)
    free = ca("Free", ROOT, key_usage=())
    yield accepted("issuer-without-key-usage", leaf(free), free, ROOT)
    plain = ca("Plain Root", ca=None, key_usage=(), key_ids=False)
    first = forge.resigned(plain, plain, forge.as_version_1)
    below = ca("Below", first)
    yield accepted("version-1-root", leaf(below), below, first)
    yield overridable("version-3-root-without-basic-constraints", slug, leaf(plain), plain)
    middle = ca("Middle", ROOT, ca=None, key_usage=(), key_ids=False)
    middle = forge.resigned(middle, ROOT, forge.as_version_1)
    yield overridable("version-1-intermediate", slug, leaf(middle), middle, ROOT)


def validity() -> Iterator[Case]:
    """Yield the cases."""
    yield warned("not-yet-valid", "not-yet-valid", leaf(not_before=START + SECOND), CA, ROOT)
    yield accepted("valid-from-this-second", leaf(not_before=START), CA, ROOT)
    ended = ca("Ended", ROOT, not_after=START - SECOND)
    yield warned("issuer-expired", "issuer-expired", leaf(ended), ended, ROOT)
    ending = ca("Ending", ROOT, not_after=START)
    yield accepted("issuer-ends-this-second", leaf(ending), ending, ROOT)
    old = ca("Old Root", not_after=START - SECOND)
    yield warned("root-expired", "issuer-expired", leaf(old), old)


def signatures() -> Iterator[Case]:
    """Yield the cases."""
    root = ca("RSA Root", key=rsa(2048))
    issuing = ca("RSA Issuing", root, key=rsa(2048, 1))
    for weak in _WEAK:
        name = weak.name
        # The security level of OpenSSL 3 refuses such a certificate of one's own, too.
        both = "weak-signature key-not-usable-for-tls"
        yield warned(f"{name}-end-entity", both, leaf(issuing, hash=weak), issuing, root)
        middle = ca("RSA Issuing", root, key=rsa(2048, 1), hash=weak)
        yield warned(f"{name}-intermediate", "weak-signature", leaf(middle), middle, root)
        weak_root = ca("RSA Root", key=rsa(2048), hash=weak)
        yield accepted(f"{name}-root-only", leaf(issuing), issuing, weak_root)
    sha1 = forge.signed_with_sha1(leaf(), CA)
    yield warned("ecdsa-sha1-end-entity", both, sha1, CA, ROOT)
    yield accepted("ecdsa-sha1-root", leaf(CA), CA, forge.signed_with_sha1(ROOT, ROOT))
    yield accepted("rsa-pss", leaf(issuing, pss=True), issuing, root)
    edwards = ca("Edwards Root", key=pki_maker.make_key("ed25519"))
    yield accepted("ed25519-issuer", leaf(edwards), edwards)


def usages() -> Iterator[Case]:
    """Yield the cases."""
    slug = "extended-key-usage"
    for usage, fits, misfits in (
        (Usage.TLS_CLIENT, "clientAuth", "serverAuth"),
        (Usage.TLS_SERVER, "serverAuth", "clientAuth"),
        (Usage.SIGNATURE, "emailProtection", "clientAuth"),
        (Usage.DECRYPTION, "emailProtection", "codeSigning"),
        (Usage.SSH, "1.3.6.1.5.5.7.3.21", "clientAuth"),
    ):
        bits = ("digitalSignature", "keyAgreement")
        good = leaf(eku=(misfits, fits), key_usage=bits)
        bad = leaf(eku=(misfits,), key_usage=bits)
        everything = leaf(eku=("anyExtendedKeyUsage",), key_usage=bits)
        silent = leaf(eku=(), key_usage=())
        yield accepted(f"{usage}-fits", good, CA, ROOT, usage=usage)
        tls = usage in (Usage.TLS_CLIENT, Usage.TLS_SERVER)
        infos = "any-extended-key-usage" if tls else ""
        yield accepted(f"{usage}-any", everything, CA, ROOT, usage=usage, infos=infos)
        yield accepted(f"{usage}-no-extensions", silent, CA, ROOT, usage=usage)
        yield warned(f"{usage}-other-purpose", slug, bad, CA, ROOT, usage=usage)
    narrow = ca("Narrow", ROOT, eku=("serverAuth",))
    yield warned("issuer-for-servers-only", slug, leaf(narrow), narrow, ROOT)
    wide = ca("Wide", ROOT, eku=("serverAuth", "clientAuth"))
    yield accepted("issuer-for-clients-too", leaf(wide), wide, ROOT)
    no_bit = "no-digital-signature"
    yield warned(no_bit, no_bit, leaf(key_usage=("keyEncipherment", "keyAgreement")), CA, ROOT)
    yield warned(
        "decryption-with-signature-only", no_bit, leaf(eku=()), CA, ROOT, usage=Usage.DECRYPTION
    )
    yield accepted(
        "signature-with-non-repudiation-only",
        *(leaf(eku=(), key_usage=("nonRepudiation",)), CA, ROOT),
        usage=Usage.SIGNATURE,
    )


def oddities() -> Iterator[Case]:
    """Yield the cases."""
    yield warned("certificate-is-ca", "certificate-is-ca", leaf(ROOT, ca=True, key_usage=()), ROOT)
    yield warned("new-self-signed", "self-signed", issue(SUBJECT, KEY, eku=("clientAuth",)))
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\x05\x00")
    for critical in (True, False):
        end = leaf(extra_extensions=((unknown, critical),))
        slug = "unknown-critical-extension" if critical else ""
        yield warned(f"unknown-extension-critical-{critical}", slug, end, CA, ROOT)
    cut = x509.UnrecognizedExtension(x509.AuthorityInformationAccess.oid, b"\x30\x03\x02\x01")
    end = leaf(extra_extensions=((cut, False),))
    yield warned("malformed-extension", "extension-unreadable", end, CA, ROOT)
    strict = ca("Strict", ROOT, extra_extensions=((unknown, True),))
    yield warned(
        "unknown-critical-in-issuer", "unknown-critical-extension", leaf(strict), strict, ROOT
    )
    for name, value in (("zero", b"\x00"), ("negative", b"\xff")):
        end = forge.resigned(leaf(), CA, forge.with_serial(value))
        yield warned(f"serial-{name}", "serial-number", end, CA, ROOT)
    yield accepted("serial-one", forge.resigned(leaf(), CA, forge.with_serial(b"\x01")), CA, ROOT)
    short = rsa(1024)
    slug = "key-not-usable-for-tls"
    yield warned("rsa-1024", slug, leaf(key=short), CA, ROOT, key=short)
    signature = leaf(key=short, eku=())
    yield accepted("rsa-1024-no-tls", signature, CA, ROOT, key=short, usage=Usage.SIGNATURE)
    other = issue("whoever")
    end = leaf()
    yield replace(
        warned("private-key-in-file", "private-key-in-file", end, CA, ROOT),
        data=pem(end) + other.key_pem() + pem(CA, ROOT),
    )


def second_opinion() -> Iterator[Case]:
    """Yield the cases."""
    for name, allowed, slug in (("violated", "x.test", "second-opinion"), ("kept", "example", "")):
        constraints = x509.NameConstraints([x509.DNSName(allowed)], None)
        narrow = ca("Constrained", ROOT, extra_extensions=((constraints, True),))
        end = leaf(narrow, san=("DNS:client.example",))
        yield warned(f"name-constraints-{name}", slug, end, narrow, ROOT)
    for name, base, slug in (
        ("kept", "O=Test Partner,C=DE", ""),
        ("kept-in-another-spelling", "O=TEST  partner,C=de", ""),
        ("kept-by-the-whole-name", SUBJECT, ""),
        ("violated", "O=Another Partner,C=DE", "second-opinion"),
        ("violated-by-a-longer-word", "O=Test Part,C=DE", "second-opinion"),
    ):
        permitted = [x509.DirectoryName(pki_maker.name(base))]
        for critical in (True, False):
            given = ((x509.NameConstraints(permitted, None), critical),)
            narrow = ca("Constrained", ROOT, extra_extensions=given)
            yield warned(
                f"directory-name-{name}-critical-{critical}", slug, leaf(narrow), narrow, ROOT
            )
    for name, base, slug in (
        ("elsewhere", "O=Another Partner,C=DE", ""),
        ("hit", "O=Test Partner,C=DE", "second-opinion"),
    ):
        excluded = x509.NameConstraints(None, [x509.DirectoryName(pki_maker.name(base))])
        narrow = ca("Constrained", ROOT, extra_extensions=((excluded, True),))
        yield warned(f"excluded-directory-name-{name}", slug, leaf(narrow), narrow, ROOT)
    policies = x509.CertificatePolicies([x509.PolicyInformation(_POLICY, None)])
    for name, extension in (
        ("inhibit-any-policy", x509.InhibitAnyPolicy(0)),
        ("policy-constraints", x509.PolicyConstraints(None, 0)),
        ("critical-policies", policies),
    ):
        strict = ca("Strict", ROOT, extra_extensions=((extension, True),))
        yield accepted(name, leaf(strict), strict, ROOT)
