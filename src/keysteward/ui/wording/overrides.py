"""What somebody accepts who goes on in spite of a problem; shown beside the tick for it."""

from collections.abc import Mapping
from types import MappingProxyType

from keysteward.problems import (
    CertificateExpired,
    IssuerNotCa,
    PathLengthExceeded,
    PlaceholderAgain,
    TrailingBytes,
)

_ACCEPTED: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        TrailingBytes.slug: (
            (
                "I accept that the file ends with bytes that are no certificate: they are ignored, "
                "and the file is possibly not what the certificate authority sent."
            ),
            (
                "Ich akzeptiere, dass die Datei mit Bytes endet, die kein Zertifikat sind: Sie "
                "werden nicht beachtet, und die Datei ist womöglich nicht das, was die "
                "Zertifizierungsstelle gesendet hat."
            ),
        ),
        CertificateExpired.slug: (
            "I accept a certificate that has expired: receivers will refuse connections with it.",
            (
                "Ich akzeptiere ein abgelaufenes Zertifikat: Empfänger werden Verbindungen damit "
                "ablehnen."
            ),
        ),
        IssuerNotCa.slug: (
            (
                "I accept a chain in which somebody issued a certificate who may not do that: "
                "receivers that check this will refuse it."
            ),
            (
                "Ich akzeptiere eine Zertifikatskette, in der jemand ein Zertifikat ausgestellt "
                "hat, der das nicht darf: Empfänger, die das prüfen, werden sie ablehnen."
            ),
        ),
        PathLengthExceeded.slug: (
            (
                "I accept a chain that is longer than one of its issuers allows: receivers that "
                "check this will refuse it."
            ),
            (
                "Ich akzeptiere eine Zertifikatskette, die länger ist, als einer ihrer Aussteller "
                "erlaubt: Empfänger, die das prüfen, werden sie ablehnen."
            ),
        ),
        PlaceholderAgain.slug: (
            (
                "I accept the entry's own self-signed certificate, which no certificate authority "
                "has signed: only receivers that were given exactly this one will trust it."
            ),
            (
                "Ich akzeptiere das eigene selbstsignierte Zertifikat des Eintrags, das keine "
                "Zertifizierungsstelle signiert hat: Nur Empfänger, die genau dieses bekommen "
                "haben, werden ihm vertrauen."
            ),
        ),
    }
)


def accepted(slug: str, language: str) -> str:
    """Return the sentence for the slug of an overridable problem; "en" or "de"."""
    english, german = _ACCEPTED[slug]
    return german if language == "de" else english
