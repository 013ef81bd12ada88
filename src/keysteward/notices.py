"""Every notice that an accepted response can carry, each with its severity, in one place."""

from enum import Enum

from keysteward.values import Notice, Severity


class NoticeKind(Enum):
    """Slug and severity of a notice; ``about`` makes the notice of one case."""

    # What the certificate or its chain looks like.
    NOT_YET_VALID = ("not-yet-valid", Severity.WARNING)
    ISSUER_EXPIRED = ("issuer-expired", Severity.WARNING)
    WEAK_SIGNATURE = ("weak-signature", Severity.WARNING)
    EXTENDED_KEY_USAGE = ("extended-key-usage", Severity.WARNING)
    ANY_EXTENDED_KEY_USAGE = ("any-extended-key-usage", Severity.INFO)
    NO_DIGITAL_SIGNATURE = ("no-digital-signature", Severity.WARNING)
    CERTIFICATE_IS_CA = ("certificate-is-ca", Severity.WARNING)
    SELF_SIGNED = ("self-signed", Severity.WARNING)
    UNKNOWN_CRITICAL_EXTENSION = ("unknown-critical-extension", Severity.WARNING)
    EXTENSION_UNREADABLE = ("extension-unreadable", Severity.WARNING)
    SERIAL_NUMBER = ("serial-number", Severity.WARNING)
    KEY_NOT_USABLE_FOR_TLS = ("key-not-usable-for-tls", Severity.WARNING)
    SECOND_OPINION = ("second-opinion", Severity.WARNING)
    # How it compares with the latest signing request.
    SUBJECT_DIFFERS = ("subject-differs", Severity.WARNING)
    SAN_MISSING = ("san-missing", Severity.WARNING)
    # How it compares with the certificate that it replaces.
    CLIENT_AUTH_LOST = ("client-auth-lost", Severity.WARNING)
    SAN_LOST = ("san-lost", Severity.WARNING)
    ROOT_CHANGED = ("root-changed", Severity.WARNING)
    WEAKER_SIGNATURE = ("weaker-signature", Severity.WARNING)
    CHAIN_SHORTER = ("chain-shorter", Severity.WARNING)
    KEY_CHANGED = ("key-changed", Severity.INFO)
    ISSUER_CHANGED = ("issuer-changed", Severity.INFO)
    SHORTER_LIFE = ("shorter-life", Severity.INFO)
    USAGE_CHANGED = ("usage-changed", Severity.INFO)
    ALREADY_CURRENT = ("already-current", Severity.INFO)
    CHAIN_REPAIRED = ("chain-repaired", Severity.INFO)
    # What lay in the file.
    PRIVATE_KEY_IN_FILE = ("private-key-in-file", Severity.WARNING)
    UNREADABLE_CERTIFICATE_DROPPED = ("unreadable-certificate-dropped", Severity.WARNING)
    UNRELATED_CERTIFICATES_DROPPED = ("unrelated-certificates-dropped", Severity.INFO)
    REST_OF_FILE_LEFT = ("rest-of-file-left", Severity.INFO)
    # Where the chain ends.
    CHAIN_ENDS_WITHOUT_ROOT = ("chain-ends-without-root", Severity.INFO)
    CHAIN_COMPLETED_FROM_KEYSTORE = ("chain-completed-from-keystore", Severity.INFO)
    ROOT_NOT_TRUSTED = ("root-not-trusted", Severity.INFO)
    # What else the keystore holds.
    CERTIFICATE_HELD_TWICE = ("certificate-held-twice", Severity.INFO)
    KEY_HELD_TWICE = ("key-held-twice", Severity.INFO)
    # What was added to a download.
    ROOT_FROM_KEYSTORE = ("root-from-keystore", Severity.INFO)
    # What a download says of its readers.
    UNREADABLE_FOR_JAVA = ("unreadable-for-java", Severity.WARNING)

    @property
    def slug(self) -> str:
        """The last segment of the documentation page; never changes once released."""
        return self.value[0]

    def about(self, detail: str) -> Notice:
        """Return the notice of one case."""
        return Notice(self.value[0], self.value[1], detail)
