"""What a case of our own is, and the certificates that the cases are made of."""

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

from keysteward.pki.usages import Usage
from tests import pki_maker
from tests.pki_maker import Issued, issue

SUBJECT = "CN=client.example,O=Test Partner,C=DE"
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Case:
    """A response, the entry that it meets, and what must become of it.

    ``warnings`` and ``infos`` are all slugs of their severity; ``refused`` is the problem that
    comes first, ``overridden`` that the same file is a warning when that problem is overridden.
    """

    name: str
    data: bytes
    chain: tuple[Issued, ...] = ()
    warnings: frozenset[str] = frozenset()
    infos: frozenset[str] = frozenset()
    refused: str | None = None
    overridden: bool = False
    key: CertificateIssuerPrivateKeyTypes | None = None
    san: tuple[str, ...] = ()
    usage: Usage = Usage.TLS_CLIENT
    current: tuple[Issued, ...] = ()
    """The chain that is current; a placeholder if empty."""
    entries: tuple[Issued, ...] = ()
    """Certificate entries of the keystore, not trusted."""

    @property
    def for_any_reference(self) -> bool:
        """Whether a request alone says as much about the entry as the keystore does."""
        return not (self.current or self.entries or self.refused == "placeholder-again")


def accepted(
    name: str, *file: Issued, infos: str = "", chain: tuple[Issued, ...] = (), **more: object
) -> Case:
    """Return a case without any warning; the chain is the file as it stands unless given."""
    case = warned(name, "", *file, infos=infos, chain=chain)
    return replace(case, **more)  # type: ignore[arg-type]  # the columns of the table


def warned(
    name: str,
    warnings: str,
    *file: Issued,
    infos: str = "",
    chain: tuple[Issued, ...] = (),
    **more: object,
) -> Case:
    """Return a case with just these warnings (slugs separated by blanks)."""
    case = Case(
        name,
        pem(*file),
        chain or file,
        frozenset(warnings.split()),
        frozenset(infos.split()),
    )
    return replace(case, **more)  # type: ignore[arg-type]  # as above


def refused(name: str, slug: str, data: bytes, **more: object) -> Case:
    """Return a case that is refused whatever is said."""
    return replace(Case(name, data, refused=slug), **more)  # type: ignore[arg-type]  # as above


def overridable(name: str, slug: str, *file: Issued, infos: str = "", **more: object) -> Case:
    """Return a case that is refused, and with the override a warning."""
    case = warned(name, slug, *file, infos=infos)
    return replace(case, refused=slug, overridden=True, **more)  # type: ignore[arg-type]  # as above


def pem(*issued: Issued) -> bytes:
    """Return the certificates as PEM blocks."""
    return b"".join(one.pem for one in issued)


@lru_cache
def rsa(bits: int, number: int = 0) -> CertificateIssuerPrivateKeyTypes:  # noqa: ARG001
    """Return an RSA key of this size; the number tells keys apart."""
    return pki_maker.make_key(f"rsa{bits}")


def ca(name: str, issuer: Issued | None = None, **options: object) -> Issued:
    """Issue a CA certificate of the organisation that all test CAs belong to."""
    chosen: dict[str, object] = {"ca": True, **options}
    return issue(f"CN={name},O=Test Trust,C=DE", issuer=issuer, **chosen)  # type: ignore[arg-type]


KEY = pki_maker.make_key("p256")
ROOT = ca("Root 1")
CA = ca("Issuing 1", ROOT, path_length=0)
OTHER_ROOT = ca("Root 2")
OTHER_CA = ca("Issuing 2", OTHER_ROOT)


def leaf(issuer: Issued = CA, subject: str | x509.Name = SUBJECT, **options: object) -> Issued:
    """Issue a certificate for KEY as a CA would: clientAuth, digitalSignature."""
    chosen: dict[str, object] = {"key": KEY, "eku": ("clientAuth",), **options}
    return issue(subject, issuer=issuer, **chosen)  # type: ignore[arg-type]
