"""The public part of an entry in the forms that other programs take; certificates stay verbatim."""

from collections.abc import Iterable, Sequence

from cryptography.x509.oid import ExtensionOID

from keysteward.formats import der
from keysteward.pki import pem_blocks
from keysteward.pki.certificates import Certificate

_DATA = bytes.fromhex("06092a864886f70d010701")
_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_VERSION_1 = bytes.fromhex("020101")


def certificate_cer(certificate: Certificate) -> bytes:
    """Return one certificate as a PEM block."""
    return pem_blocks.write("CERTIFICATE", certificate.der)


def chain_pem(chain: Iterable[Certificate]) -> bytes:
    """Return a chain as PEM blocks without other text, end-entity first as it is given."""
    return b"".join(map(certificate_cer, chain))


def chain_p7b(chain: Iterable[Certificate]) -> bytes:
    """Return a chain as PKCS#7 in one PEM block."""
    return pem_blocks.write("PKCS7", chain_p7b_der(chain))


def chain_p7b_der(chain: Iterable[Certificate]) -> bytes:
    """Return a chain as PKCS#7 in DER: SignedData that nobody signed (RFC 5652 section 5.1).

    The certificates are a SET and have no order; DER sorts them by their bytes (X.690 section
    11.6), as Java does and as strict readers ask for.
    """
    signed = der.write(
        der.SEQUENCE,
        _VERSION_1,
        der.write(der.SET),
        der.write(der.SEQUENCE, _DATA),
        der.write(der.CONTEXT_0, *sorted(certificate.der for certificate in chain)),
        der.write(der.SET),
    )
    return der.write(der.SEQUENCE, _SIGNED_DATA, der.write(der.CONTEXT_0, signed))


def chain_pkipath(chain: Sequence[Certificate]) -> bytes:
    """Return a chain as PkiPath in DER: the topmost certificate first (RFC 6066 section 10.1).

    ``chain`` is end-entity first, as everywhere.
    """
    return der.write(der.SEQUENCE, *(certificate.der for certificate in reversed(chain)))


def split_chains(
    entries: Iterable[tuple[str, Sequence[Certificate]]],
) -> list[tuple[str, Certificate]]:
    """Return an alias for each certificate of each chain, for files that hold no chains.

    The end-entity certificate has the entry's alias, the next one that alias with ``_1``, then
    ``_2``. Where such an alias is taken, another ``_`` comes before the number until one is free;
    letter case makes no difference, since Java writes aliases in lower case. The entries' own
    aliases are taken from the beginning, so they stay as they are (SAP, API specification).
    """
    chains = tuple(entries)
    taken: set[str] = set()
    ends = [_free(alias, "", taken) for alias, _ in chains]
    found = []
    for end, (alias, chain) in zip(ends, chains, strict=True):
        for number, certificate in enumerate(chain):
            name = _free(alias, f"_{number}", taken) if number else end
            found.append((name, certificate))
    return found


def is_read_by_java(certificate: Certificate) -> bool:
    """Tell whether Java takes the names of a certificate; one that it refuses spoils a whole file.

    The issuer must be named (RFC 5280 section 4.1.2.4), and so must the subject, unless alternative
    names stand for it in a critical extension (section 4.1.2.6). Java lets a subject without a name
    pass where a certificate of version 3 has no extensions at all.
    """
    if not certificate.issuer_name:
        return False
    if certificate.subject_name:
        return True
    extensions = tuple(certificate.loaded.extensions)
    if not extensions:
        return certificate.version > 1
    name = ExtensionOID.SUBJECT_ALTERNATIVE_NAME
    return any(extension.oid == name and extension.critical for extension in extensions)


def _free(alias: str, suffix: str, taken: set[str]) -> str:
    stem = alias
    while (stem + suffix).lower() in taken:
        stem += "_"
    taken.add((stem + suffix).lower())
    return stem + suffix
