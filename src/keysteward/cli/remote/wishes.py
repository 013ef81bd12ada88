"""What the commands ask for, as the client takes it."""

from keysteward.client import Consent, Placeholder, Subject
from keysteward.keystore import trust
from keysteward.keystore.key_pairs import KeyUpload, PlaceholderWish
from keysteward.pki import subjects


def consent(given: trust.Consent) -> Consent:
    """Return what is said beforehand."""
    return Consent(sorted(given.overrides), given.trust_root, given.fingerprint_verified)


def subject(given: subjects.Subject) -> Subject:
    """Return the parts of a name."""
    return Subject(
        common_name=given.common_name,
        organizational_unit=given.organizational_unit,
        organization=given.organization,
        locality=given.locality,
        state=given.state,
        country=given.country,
        email=given.email,
    )


def placeholder(given: PlaceholderWish) -> Placeholder:
    """Return what a self-signed certificate shall say."""
    return Placeholder(
        subject(given.subject),
        tuple(given.san),
        given.not_before,
        given.not_after,
        given.hash_name,
    )


def beside(upload: KeyUpload) -> bytes | None:
    """Return the certificates that were given beside a key, one after the other."""
    return b"".join(c.der for c in upload.certificates) or None
