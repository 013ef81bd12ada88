"""How a response compares with the request, with what it replaces, and with the keystore."""

from collections.abc import Iterator
from dataclasses import replace

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID

from keysteward.pki.usages import Usage
from tests.corpus.case import (
    CA,
    DAY,
    KEY,
    OTHER_CA,
    OTHER_ROOT,
    ROOT,
    SUBJECT,
    Case,
    accepted,
    ca,
    leaf,
    overridable,
    warned,
)
from tests.pki_maker import issue
from tests.steward import START


def request() -> Iterator[Case]:
    """Yield the cases."""
    slug = "subject-differs"
    for name, subject in (
        ("other-common-name", "CN=other.example,O=Test Partner,C=DE"),
        ("attribute-missing", "CN=client.example,O=Test Partner"),
        ("attribute-added", "CN=client.example,OU=Added,O=Test Partner,C=DE"),
        ("other-order", "CN=client.example,C=DE,O=Test Partner"),
    ):
        yield warned(f"subject-{name}", slug, leaf(subject=subject), CA, ROOT)
    for name, subject in (
        ("letter-case", "CN=CLIENT.Example,O=test partner,C=de"),
        ("blanks", "CN=client.example,O=  Test   Partner ,C=DE"),
    ):
        yield accepted(f"subject-{name}", leaf(subject=_name(subject)), CA, ROOT)
    for kind in (_ASN1Type.PrintableString, _ASN1Type.T61String, _ASN1Type.BMPString):
        other = _name(SUBJECT, kind)
        yield accepted(f"subject-as-{kind.name}", leaf(subject=other), CA, ROOT)
    wanted = ("DNS:client.example", "IP:192.0.2.7", "URI:https://client.example/a")
    full = leaf(san=("DNS:Client.EXAMPLE", *wanted[1:], "DNS:more.example"))
    yield accepted("san-as-asked-and-more", full, CA, ROOT, san=wanted)
    yield warned("san-missing", "san-missing", leaf(san=wanted[:2]), CA, ROOT, san=wanted)
    yield accepted("san-not-asked", leaf(), CA, ROOT)


def _name(text: str, kind: _ASN1Type | None = None) -> x509.Name:
    """Return the name in the order of SUBJECT's request with another string type."""
    attributes = []
    for part in reversed(text.split(",")):
        key, _, value = part.partition("=")
        oid = {"CN": NameOID.COMMON_NAME, "O": NameOID.ORGANIZATION_NAME, "C": NameOID.COUNTRY_NAME}
        chosen = None if key == "C" else kind
        attributes.append(x509.NameAttribute(oid[key], value, chosen, _validate=False))
    return x509.Name(attributes)


def loss() -> Iterator[Case]:
    """Yield the cases."""
    both = ("clientAuth", "serverAuth")
    before = (leaf(eku=both, san=("DNS:a.example", "DNS:b.example")), CA, ROOT)
    same = ("DNS:a.example", "DNS:b.example")
    new = leaf(eku=both, san=same)
    yield accepted("nothing-lost", new, CA, ROOT, current=before)
    server = leaf(eku=("serverAuth",), san=same)
    lost = "client-auth-lost"
    yield warned(
        f"{lost}-by-client", f"extended-key-usage {lost}", server, CA, ROOT, current=before
    )
    yield warned(lost, lost, server, CA, ROOT, current=before, usage=Usage.TLS_SERVER)
    yield accepted("client-auth-never-had", server, CA, ROOT, usage=Usage.TLS_SERVER)
    fewer = leaf(eku=both, san=same[:1])
    yield warned("san-lost", "san-lost", fewer, CA, ROOT, current=before)
    yield accepted("san-never-had", fewer, CA, ROOT)
    strong = (leaf(eku=both, san=same, hash=hashes.SHA512()), CA, ROOT)
    yield warned("weaker-signature", "weaker-signature", new, CA, ROOT, current=strong)
    yield accepted("stronger-signature", *strong, current=before)
    other = leaf(OTHER_CA, eku=both, san=same)
    yield warned(
        "root-changed",
        "root-changed",
        *(other, OTHER_CA, OTHER_ROOT),
        current=before,
        infos="issuer-changed",
    )
    yield accepted("root-first-time", other, OTHER_CA, OTHER_ROOT)
    sibling = ca("Issuing 3", ROOT)
    moved = leaf(sibling, eku=both, san=same)
    yield accepted("issuer-changed", moved, sibling, ROOT, current=before, infos="issuer-changed")
    brief = leaf(eku=both, san=same, not_before=START - DAY, not_after=START + DAY)
    yield accepted("shorter-life", brief, CA, ROOT, current=before, infos="shorter-life")
    yield accepted(
        "root-left-out-this-time", new, CA, current=before, infos="chain-ends-without-root"
    )


def same_again() -> Iterator[Case]:
    """Yield the cases."""
    whole = (leaf(), CA, ROOT)
    yield accepted("identical", *whole, current=whole, infos="already-current")
    yield accepted(
        "identical-other-order",
        *reversed(whole),
        chain=whole,
        current=whole,
        infos="already-current",
    )
    yield accepted("chain-repaired", *whole, current=whole[:1], infos="chain-repaired")
    yield warned(
        "chain-shorter",
        "chain-shorter",
        *whole[:2],
        current=whole,
        infos="chain-repaired chain-ends-without-root",
    )
    own = issue(SUBJECT, KEY, eku=("clientAuth",))
    again = overridable("placeholder-again", "placeholder-again", own, infos="already-current")
    warnings = frozenset({"placeholder-again", "self-signed"})
    yield replace(again, warnings=warnings, current=(own,))


def completion() -> Iterator[Case]:
    """Yield the cases."""
    end = leaf()
    completed = "chain-completed-from-keystore"
    whole = (end, CA, ROOT)
    yield accepted("completed-two-levels", end, chain=whole, entries=(CA, ROOT), infos=completed)
    yield accepted("completed-root", end, CA, chain=whole, entries=(ROOT,), infos=completed)
    yield accepted(
        "completed-in-part",
        end,
        chain=(end, CA),
        entries=(CA,),
        infos=f"{completed} chain-ends-without-root",
    )
    yield accepted("nothing-to-complete", *whole, entries=(CA, ROOT))
    yield accepted(
        "entries-of-others",
        end,
        CA,
        entries=(OTHER_CA, OTHER_ROOT),
        infos="chain-ends-without-root",
    )
    yield accepted(
        "twin-among-entries",
        end,
        chain=whole,
        entries=(ca("Issuing 1", ROOT), CA, ROOT),
        infos=completed,
    )
