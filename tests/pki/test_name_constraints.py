"""Name constraints, against OpenSSL and NSS with CAs that OpenSSL made."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from keysteward.pki import name_constraints, second_opinion
from keysteward.pki.certificates import Certificate, read_certificate
from tests import peers, pki_maker
from tests.pki_maker import Issued, issue, make_key

_TABLE: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    # Constraints, names that keep them, names that violate them: alternative names, or a subject.
    (
        "permitted;DNS:example.com",
        (
            *("DNS:example.com", "DNS:a.example.com", "DNS:a.b.example.com", "DNS:A.EXAMPLE.com"),
            *("DNS:*.example.com", "DNS:a_b.example.com", "IP:192.0.2.1", "email:a@example.org"),
            *("/CN=client", "/CN=www.example.com", "/CN=John Smith", "/CN=localhost"),
        ),
        ("DNS:badexample.com", "DNS:example.org", "DNS:a.example.com,DNS:a.example.org"),
    ),
    (
        "permitted;DNS:.example.com",
        (
            *("DNS:a.example.com", "DNS:a.b.example.com", "DNS:A.EXAMPLE.com", "IP:192.0.2.1"),
            *("DNS:*.example.com", "DNS:a_b.example.com", "/CN=www.example.com"),
        ),
        ("DNS:example.com", "DNS:badexample.com", "DNS:example.org"),
    ),
    (
        "excluded;DNS:example.com",
        ("DNS:badexample.com", "DNS:example.org", "IP:192.0.2.1", "email:a@example.com"),
        ("DNS:example.com", "DNS:a.EXAMPLE.com", "DNS:*.example.com", "DNS:a_b.example.com"),
    ),
    (
        "excluded;DNS:.example.com",
        ("DNS:example.com", "DNS:badexample.com", "DNS:example.org", "DNS:*.com"),
        ("DNS:a.example.com", "DNS:a.b.example.com", "DNS:*.example.com"),
    ),
    ("permitted;DNS:a.example.com", ("DNS:a.example.com",), ("DNS:*.example.com",)),
    ("excluded;DNS:.a.example.com", ("DNS:*.example.com",), ("DNS:*.a.example.com",)),
    (
        "permitted;DNS:example.com,permitted;DNS:.example.org,excluded;DNS:x.example.com",
        ("DNS:a.example.org,DNS:example.com", "DNS:a.y.example.com"),
        ("DNS:a.x.example.com", "DNS:example.org", "DNS:example.com,DNS:x.example.com"),
    ),
    ("@all\n[all]\npermitted;DNS.0=", ("DNS:a.example.com", "DNS:localhost"), ()),
    ("@all\n[all]\nexcluded;DNS.0=", ("IP:192.0.2.1",), ("DNS:a.example.com",)),
    (
        "permitted;email:example.com",
        (
            *("email:a@example.com", "email:A@EXAMPLE.com", "DNS:a.example.org"),
            "/CN=client/emailAddress=a@example.com",
        ),
        (
            *("email:a@x.example.com", "email:a@example.org", "email:nobody"),
            "/CN=client/emailAddress=a@example.org",
        ),
    ),
    ("excluded;email:example.com", ("email:a@x.example.com",), ("email:a@EXAMPLE.com",)),
    (
        "permitted;email:.example.com",
        ("email:a@x.example.com", "email:a@x.y.example.com"),
        ("email:a@example.com", "email:a@badexample.com", "email:a@example.org"),
    ),
    ("excluded;email:.example.com", ("email:a@example.com",), ("email:a@x.example.com",)),
    (
        "permitted;email:a@example.com",
        ("email:a@example.com", "email:a@EXAMPLE.com"),
        ("email:b@example.com", "email:a@x.example.com"),
    ),
    ("excluded;email:a@example.com", ("email:b@example.com",), ("email:a@example.com",)),
    (
        "permitted;IP:192.0.2.0/255.255.255.0",
        ("IP:192.0.2.1", "DNS:a.example.com", "/CN=client"),
        ("IP:192.0.3.1", "IP:2001:db8::1"),
    ),
    (
        "excluded;IP:192.0.2.0/255.255.255.0",
        ("IP:192.0.3.1", "IP:2001:db8::1"),
        ("IP:192.0.2.1", "IP:192.0.3.1,IP:192.0.2.1"),
    ),
    (
        "permitted;IP:2001:db8::/ffff:ffff::",
        ("IP:2001:db8::1",),
        ("IP:2001:db9::1", "IP:192.0.2.1"),
    ),
    (
        "permitted;DNS:example.com,excluded;IP:0.0.0.0/0.0.0.0,excluded;IP:::/::",
        ("DNS:a.example.com",),
        ("IP:192.0.2.1", "IP:2001:db8::1"),
    ),
    (
        "permitted;URI:example.com",
        ("URI:https://example.com", "URI:https://EXAMPLE.com:443/a", "DNS:a.example.org"),
        (
            *("URI:https://a.example.com/", "URI:https://example.org/", "URI:https://192.0.2.1/"),
            *("URI:urn:x:y", "URI:/relative", "URI:ldap:///cn=a", "URI:https://[2001:db8::1]/"),
        ),
    ),
    (
        "permitted;URI:.example.com",
        ("URI:https://a.example.com:80/x", "URI:spiffe://a.b.example.com/x"),
        ("URI:https://example.com", "URI:https://badexample.com/", "URI:https://example.org/"),
    ),
    (
        "excluded;URI:.example.com",
        ("URI:https://example.com/", "URI:https://example.org/"),
        ("URI:https://a.example.com/", "URI:urn:x:y"),
    ),
    (
        "permitted;dirName:partner\n[partner]\nO=Partner",
        ("/O=Partner/CN=client", "/O=Partner/OU=Unit/CN=client"),
        ("/O=Other/CN=client", "/CN=client/O=Partner"),
    ),
)

_APART: tuple[tuple[str, str, bool, str, str], ...] = (
    # Constraints, name, whether it is kept, whose word was taken, and why.
    (
        *("permitted;DNS:example.com", "/CN=www.example.org", False, "openssl"),
        "receivers with OpenSSL or GnuTLS refuse it, which the administrator should know",
    ),
    (
        *("permitted;email:a@example.com", "email:A@example.com", False, "openssl"),
        "the local part is compared exactly (RFC 5280 section 7.5)",
    ),
    (
        *("excluded;email:a@example.com", "email:A@example.com", True, "openssl"),
        "the local part is compared exactly (RFC 5280 section 7.5)",
    ),
    (
        *("permitted;email:@example.com", "email:a@example.com", True, "openssl"),
        "RFC 5280 does not know this form, and it can mean one thing alone",
    ),
    (
        *("excluded;email:example.com", "email:nobody", False, "openssl"),
        "what cannot be compared must not pass",
    ),
    (
        *("@all\n[all]\npermitted;email.0=", "email:a@example.com", False, "openssl"),
        "an empty base has no meaning in RFC 5280",
    ),
    (
        *("@all\n[all]\nexcluded;email.0=", "email:a@example.com", False, "nss"),
        "an empty base has no meaning in RFC 5280",
    ),
    (
        *("excluded;DNS:a.example.com", "DNS:*.example.com", False, ""),
        "a wildcard stands for the excluded name; cryptography and newer versions of Go see it",
    ),
    (
        *("permitted;URI:example.com", "URI:https://user@example.com/", True, "nss"),
        "a user is not part of the host (RFC 3986 section 3.2)",
    ),
    (
        *("permitted;URI:example.com", "URI:spiffe://example.com/a:b", True, "nss"),
        "a colon in the path starts no port (RFC 3986 section 3.2)",
    ),
    (
        *("permitted;URI:.example.com", "URI:https://a.example.com?b", True, ""),
        "a question mark ends the host (RFC 3986 section 3.2); both tools end it at a slash alone",
    ),
    (
        *("excluded;URI:example.com", "URI:https://192.0.2.1/", False, ""),
        "a host that is an IP address must be refused (RFC 5280 section 4.2.1.10)",
    ),
    (
        *("permitted;dirName:p\n[p]\nO=Partner", "/O=PARTNER/CN=client", True, "openssl"),
        "letter case makes no difference (RFC 5280 section 7.1)",
    ),
    (
        *("permitted;RID:1.2.3", "RID:1.2.3", False, "openssl"),
        "an unknown kind must be refused (RFC 5280 section 4.2.1.10)",
    ),
    (
        *("permitted;otherName:1.2.3;UTF8:a", "otherName:1.2.3;UTF8:a", False, "openssl"),
        "an unknown kind must be refused (RFC 5280 section 4.2.1.10)",
    ),
    (
        *("permitted;otherName:1.2.3;UTF8:a", "otherName:1.2.4;UTF8:a", False, "nss"),
        "other names are one kind (RFC 5280 section 4.2.1.6)",
    ),
)


@dataclass(frozen=True, slots=True)
class _Row:
    constraints: str
    name: str
    kept: bool
    asked: tuple[str, ...] = ("openssl", "nss")

    @property
    def id(self) -> str:
        """The row in one word."""
        return f"{self.constraints} {self.name}".replace("\n", " ")


_ROWS = (
    *(_Row(constraints, name, kept=True) for constraints, within, _ in _TABLE for name in within),
    *(_Row(constraints, name, kept=False) for constraints, _, beyond in _TABLE for name in beyond),
    *(_Row(c, name, kept=kept, asked=(word,)) for c, name, kept, word, _ in _APART),
)

_IDS = "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
_CA = f"basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n{_IDS}"
_END = f"basicConstraints=CA:FALSE\nextendedKeyUsage=clientAuth\n{_IDS}"

Make = Callable[[_Row], Path]


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Makes root, CA and end-entity certificate of a row, once, in a folder of its own."""
    top = tmp_path_factory.mktemp("constraints")
    key, root = top / "key", top / "root"
    peers.run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(key))
    made: dict[_Row, Path] = {}

    def certify(to: Path, subject: str, extensions: str, issuer: Path | None) -> None:
        config = to.with_suffix(".cnf")
        config.write_text(
            f"[req]\ndistinguished_name=dn\nx509_extensions=x\n[dn]\n[x]\n{extensions}"
        )
        signed = ("-CA", str(issuer), "-CAkey", str(key)) if issuer else ()
        options = ("-config", str(config), "-key", str(key), "-subj", subject, "-out", str(to))
        peers.run("openssl", "req", "-new", "-x509", "-days", "9000", *options, *signed)

    def chain(row: _Row) -> Path:
        if row not in made:
            folder = made[row] = top / str(len(made))
            folder.mkdir()
            ca = folder / "ca"
            certify(ca, "/CN=CA", f"{_CA}nameConstraints=critical,{row.constraints}\n", root)
            is_subject = row.name.startswith("/")
            san = "" if is_subject else f"subjectAltName={row.name}\n"
            certify(folder / "end", row.name if is_subject else "/CN=client", _END + san, ca)
        return made[row]

    certify(root, "/CN=Root", _CA, None)
    return chain


@pytest.fixture(scope="module")
def nss(make: Make, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the folder of an NSS database that trusts the root."""
    folder = str(tmp_path_factory.mktemp("nss"))
    root = str(make(_ROWS[0]).parent / "root")
    peers.run("certutil", "-N", "-d", folder, "--empty-password")
    peers.run("certutil", "-A", "-d", folder, "-n", "root", "-t", "CT,C,C", "-a", "-i", root)
    return folder


def _chain(folder: Path) -> tuple[Certificate, ...]:
    files = (folder / "end", folder / "ca", folder.parent / "root")
    loaded = (x509.load_pem_x509_certificate(file.read_bytes()) for file in files)
    return tuple(read_certificate(c.public_bytes(Encoding.DER)) for c in loaded)


def _read(*chain: Issued) -> tuple[Certificate, ...]:
    return tuple(read_certificate(issued.der) for issued in chain)


@pytest.mark.parametrize("row", _ROWS, ids=lambda row: row.id)
def test_constraint_is_kept_or_violated_as_the_table_says(row: _Row, make: Make) -> None:
    """A kept constraint brings no objection, a violated one brings a sentence about it."""
    chain = _chain(make(row))
    objection = second_opinion.objection(chain, chain[0].not_before)
    assert row.kept == (objection is None)
    assert row.kept or str(objection).startswith("by its name constraints 'CN=CA' ")


@pytest.mark.parametrize("row", [r for r in _ROWS if "openssl" in r.asked], ids=lambda row: row.id)
def test_openssl_agrees_with_the_table(row: _Row, make: Make) -> None:
    """Except for the rows whose remark says why its word was not taken."""
    folder = make(row)
    trusted = ("-CAfile", str(folder.parent / "root"), "-no-CApath", "-no-CAstore")
    files = ("-untrusted", str(folder / "ca"), str(folder / "end"))
    peers.run("openssl", "verify", "-x509_strict", *trusted, *files, fails=not row.kept)


@pytest.mark.parametrize("row", [r for r in _ROWS if "nss" in r.asked], ids=lambda row: row.id)
def test_nss_agrees_with_the_table(row: _Row, make: Make, nss: str) -> None:
    """Except for the rows whose remark says why its word was not taken."""
    files = (str(make(row) / "end"), str(make(row) / "ca"))
    peers.run("vfychain", "-d", nss, "-u", "0", "-a", *files, fails=not row.kept)


_KEY = make_key()


def _limited(permitted: tuple[str, ...], excluded: tuple[str, ...] = ()) -> x509.NameConstraints:
    return x509.NameConstraints(
        [x509.DNSName(name) for name in permitted] or None,
        [x509.DNSName(name) for name in excluded] or None,
    )


def _ca(subject: str, issuer: Issued | None, extension: x509.ExtensionType | None) -> Issued:
    extra = ((extension, False),) if extension is not None else ()
    return issue(subject, _KEY, issuer, ca=True, extra_extensions=extra)


@pytest.mark.parametrize(("san", "excused"), [("a.b.example", True), ("a.c.example", False)])
def test_constraints_of_all_issuers_apply(san: str, *, excused: bool) -> None:
    """Of the root as well, critical or not; what one permits another can still take away."""
    root = _ca("Root", None, _limited(("example",), ("c.example",)))
    ca = _ca("CA", root, _limited(("b.example", "c.example")))
    end = issue("client", _KEY, ca, san=(f"DNS:{san}",))
    expected = "'CN=Root' excludes DNS names within 'c.example', and 'CN=client' has 'a.c.example'"
    assert (None if excused else expected) == name_constraints.violation(_read(end, ca, root))


def test_self_issued_intermediate_is_exempt() -> None:
    """A CA that certifies its own new key need not be within its own constraints."""
    permitted = x509.NameConstraints([x509.DirectoryName(pki_maker.name("O=Partner"))], None)
    root = _ca("O=Root", None, None)
    old = _ca("O=CA", root, permitted)
    new = issue("O=CA", make_key(), old, ca=True)
    end = issue("CN=client,O=Partner", _KEY, new)
    assert name_constraints.violation(_read(end, new, old, root)) is None


@pytest.mark.parametrize("field", [b"\x80\x01\x01", b"\x81\x01\x05"])
def test_minimum_and_maximum_are_objected_to(field: bytes) -> None:
    """RFC 5280 section 4.2.1.10 forbids both, and OpenSSL refuses them."""
    subtree = b"\x82\x07example" + field
    content = bytes((0x30, len(subtree) + 4, 0xA0, len(subtree) + 2, 0x30, len(subtree))) + subtree
    extension = x509.UnrecognizedExtension(x509.oid.ExtensionOID.NAME_CONSTRAINTS, content)
    ca = _ca("CA", None, extension)
    end = issue("client", _KEY, ca, san=("DNS:a.example",))
    expected = "'CN=CA' limits names in a form that RFC 5280 does not allow"
    assert expected == name_constraints.violation(_read(end, ca))


def test_many_permitted_subtrees_are_not_all_named() -> None:
    """The sentence stays one that a person can read."""
    ca = _ca("CA", None, _limited(tuple(f"{number}.example" for number in range(9))))
    end = issue("client", _KEY, ca, san=("DNS:x.example",))
    expected = (
        "'CN=CA' permits only DNS names within '0.example', '1.example', '2.example' and 6 more, "
        "and 'CN=client' has 'x.example'"
    )
    assert expected == name_constraints.violation(_read(end, ca))


def test_more_names_than_anybody_needs_are_not_compared() -> None:
    """Names and constraints that were made to keep the comparison busy end in an objection."""
    ca = _ca("CA", None, _limited((), tuple(f"{number}.test" for number in range(300))))
    end = issue("client", _KEY, ca, san=tuple(f"DNS:{number}.example" for number in range(300)))
    expected = "'CN=CA' limits more names than can be compared"
    assert expected == name_constraints.violation(_read(end, ca))


def test_text_from_a_certificate_moves_no_cursor() -> None:
    """Control characters in a name are shown escaped."""
    name = x509.UniformResourceIdentifier("https://\x1b[2J.example/")
    alternative = x509.SubjectAlternativeName([name])
    permitted = x509.NameConstraints([x509.UniformResourceIdentifier("example")], None)
    ca = _ca("CA", None, permitted)
    end = issue("client", _KEY, ca, extra_extensions=((alternative, False),))
    assert str(name_constraints.violation(_read(end, ca))).isprintable()
