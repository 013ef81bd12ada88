"""Name constraints on directory names, which cryptography 50 does not process (RFC 5280 4.2.1.10).

Those on alternative names are its business: see ``second_opinion``.
"""

from collections.abc import Iterable, Iterator

from cryptography import x509

from keysteward.pki import names
from keysteward.pki.certificates import Certificate


def violation(chain: tuple[Certificate, ...]) -> str | None:
    """Return which certificate has a directory name that one above it does not allow, or None.

    Self-issued intermediates are exempt (section 6.1.3 steps (b) and (c)).
    """
    for position, issuer in enumerate(chain[1:], start=1):
        constraints = _constraints(issuer)
        if constraints is None:
            continue
        permitted = _bases(constraints.permitted_subtrees)
        excluded = _bases(constraints.excluded_subtrees)
        for number, certificate in enumerate(chain[:position]):
            if number and certificate.self_issued:
                continue
            for name in _directory_names(certificate):
                if (permitted and not _within(name, permitted)) or _within(name, excluded):
                    return f"{issuer.subject!r} may not certify the name {certificate.subject!r}"
    return None


def _constraints(issuer: Certificate) -> x509.NameConstraints | None:
    for extension in issuer.loaded.extensions:
        if isinstance(extension.value, x509.NameConstraints):
            return extension.value
    return None


def _bases(subtrees: Iterable[x509.GeneralName] | None) -> tuple[bytes, ...]:
    directories = (s for s in subtrees or () if isinstance(s, x509.DirectoryName))
    return tuple(names.comparable(directory.value) for directory in directories)


def _directory_names(certificate: Certificate) -> Iterator[bytes]:
    if certificate.subject_name:
        yield certificate.subject_name
    for extension in certificate.loaded.extensions:
        if isinstance(extension.value, x509.SubjectAlternativeName):
            for name in extension.value.get_values_for_type(x509.DirectoryName):
                yield names.comparable(name)


def _within(name: bytes, bases: tuple[bytes, ...]) -> bool:
    """Tell whether a name begins with all of a base, RDN by RDN (X.501 section 13.3.2)."""
    return any(not base or (name + b"\0").startswith(base + b"\0") for base in bases)
