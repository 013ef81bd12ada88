"""Every way an operation can be refused, one class each, with everything about it in that place.

    Problem
    |-- of the file:        SigningResponseTooLarge, SigningResponseUnreadable, NotASigningResponse,
    |                       ResponseTooComplex, CertificateUnreadable, TrailingBytes
    |-- of the chain:       PublicKeyMismatch, SignatureInvalid, CertificateExpired, IssuerNotCa,
    |                       PathLengthExceeded, PlaceholderAgain, RootNotTrusted
    |-- of the entry:       AliasNotFound, NothingDeleted, AliasExists, AliasInvalid, AliasReserved,
    |                       NotAKeyPair, KeyPairInTheWay, EntryOwnedByProvider, EntryOwnedByTenant,
    |                       NotTheProvider, EntryChanged, VersionNotFound, VersionNeverCurrent,
    |                       PendingKeyExists, SigningRequestNotAvailable, ConfirmationRequired
    |-- of an upload:       UploadTooLarge, NotAKeystore, KeystoreUnreadable, PasswordWrong,
    |                       KeyDerivationTooCostly, SeveralKeys, KeyNotInFile, RecoveryUnreadable
    |-- of what was asked:  KeyTypeUnsupported, SubjectInvalid, ValidityInvalid, OverrideInvalid,
    |                       PrivateKeyUnreadable, CertificateOfAnotherKey, CertificateMissing,
    |                       ReferenceUnreadable, FileUnreadable, FileExists, SettingInvalid,
    |                       ProgramMissing, ProgramFailed, NameInvalid, NameTaken,
    |                       BackupNotFound, BackupOwnedByTenant, InstallationOwnedByTenant,
    |                       RootMissing, PassphraseTooShort
    |-- of the keystore:    KeystoreNotInitialised, KeystoreExists, InstallationInUse,
    |                       KeystoreUnknown, KeystoreBusy, KeystoreTooLarge,
    |                       DataFolderUnusable, DatabaseUnusable, DatabaseUnavailable,
    |                       OutcomeUnknown, ExtraMissing, SealingKeyMissing,
    |                       SealingKeyExposed, SealedKeyDamaged, AuditChainBroken
    |-- of an account:      NotSignedIn, NotPermitted, CsrfTokenMissing, TooManyRequests,
    |                       PasswordChangeRequired, OldPasswordWrong, PasswordTooWeak,
    |                       AccountNotFound, RolesInvalid, LastAdministrator, TooManySecrets
    |-- of a request:       FieldInvalid, RequestInvalid, BodyTooLarge, BodyTooSlow,
    |                       MediaTypeUnsupported, ResourceUnknown, MethodNotSupported,
    |                       IdempotencyKeyReused, ServerBusy
    `-- of a connection:    KeyNotUsableForTls, TlsFromMemoryUnavailable, AddressInvalid,
                            DestinationNotAllowed, ConnectionFailed, RemoteProblem

The core knows no HTTP status and no exit status: each face has one table over ``Kind``.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import ClassVar

from keysteward.values import Fingerprint


class Kind(Enum):
    """What sort of refusal a problem is; the faces translate it into a status."""

    MISSING = auto()
    INVALID = auto()
    UNSUPPORTED = auto()
    TOO_LARGE = auto()
    CONFLICT = auto()
    FORBIDDEN = auto()
    BUSY = auto()
    UPSTREAM = auto()
    SIGNED_OUT = auto()
    """Nobody knows who asks."""
    TOO_MANY = auto()
    """Right, but too often."""


class Problem(Exception, ABC):
    """A refusal that describes the user's situation; never holds secrets or bodies.

    The only paths are those that the user gave or configured.

    ``slug`` is the last segment of the RFC 9457 type URI and never changes once released. A problem
    with ``overridable`` set can be turned into a warning by naming its slug as an override.
    """

    slug: ClassVar[str]
    title: ClassVar[str]
    kind: ClassVar[Kind]
    overridable: ClassVar[bool] = False
    refuses: ClassVar[bool] = True
    """Whether somebody is told no; else nobody could be asked, or nobody knows what was done."""

    @property
    @abstractmethod
    def detail(self) -> str:
        """A sentence about this case: the cause, and what to do next."""

    def __str__(self) -> str:
        return f"{self.title}: {self.detail}"


# ---- of the file


@dataclass(eq=False)
class SigningResponseTooLarge(Problem):
    """The uploaded file has more bytes than the limit; nothing of it was parsed."""

    slug = "signing-response-too-large"
    title = "The signing response is too large"
    kind = Kind.TOO_LARGE

    limit_bytes: int

    @property
    def detail(self) -> str:
        return (
            f"The file has more than {self.limit_bytes:,} bytes. Ask the CA for the certificate "
            "and its chain alone, or raise the setting KEYSTEWARD_RESPONSE_LIMIT_BYTES."
        )


@dataclass(eq=False)
class SigningResponseUnreadable(Problem):
    """The file starts like a signing response and is cut off or malformed where it matters."""

    slug = "signing-response-unreadable"
    title = "The signing response is damaged"
    kind = Kind.INVALID

    reason: str

    @property
    def detail(self) -> str:
        return f"{self.reason} Fetch the file from the CA again; the entry is unchanged."


@dataclass(eq=False)
class NotASigningResponse(Problem):
    """The file is something else: a request, a CRL, a private key, a keystore, an error page."""

    slug = "not-a-signing-response"
    title = "This is no signing response"
    kind = Kind.UNSUPPORTED

    found: str
    remedy: str

    @property
    def detail(self) -> str:
        return f"The file is {self.found}. {self.remedy}"


@dataclass(eq=False)
class ResponseTooComplex(Problem):
    """The file needs more certificates or signature verifications than any honest chain does."""

    slug = "response-too-complex"
    title = "The certificates are too complex"
    kind = Kind.INVALID

    reason: str

    @property
    def detail(self) -> str:
        return f"{self.reason} Give a file with the end-entity certificate and its chain alone."


@dataclass(eq=False)
class CertificateUnreadable(Problem):
    """Bytes that should be one X.509 certificate cannot be read as one."""

    slug = "certificate-unreadable"
    title = "The certificate cannot be read"
    kind = Kind.INVALID

    reason: str
    remedy: str = "Give an X.509 certificate as PEM, DER or base64."

    @property
    def detail(self) -> str:
        return f"{self.reason} {self.remedy}"


@dataclass(eq=False)
class TrailingBytes(Problem):
    """Bytes follow the last DER object; text around PEM blocks does not count."""

    slug = "trailing-bytes"
    title = "Bytes follow the last certificate"
    kind = Kind.INVALID
    overridable = True

    count: int

    @property
    def detail(self) -> str:
        return (
            f"{self.count} bytes that are no certificate follow the last one in the file. Fetch it "
            "from the CA again."
        )


# ---- of the chain


@dataclass(eq=False)
class PublicKeyMismatch(Problem):
    """No certificate in the response is for the entry's key, nor for its pending key."""

    slug = "public-key-mismatch"
    title = "The certificate belongs to another key"
    kind = Kind.INVALID

    holder: str
    """Whose key was expected, as a text: ``'shop-client'`` or ``the request``."""
    expected: Fingerprint
    found: Fingerprint
    subject: str
    issuer: str
    certificate: Fingerprint
    """Of the certificate that was probably meant; ``found`` is its public key's."""
    hint: str = "Check to which signing request the CA answered."
    """To whom the certificate does belong, or what else to do, as a sentence."""
    owner: str | None = None
    """The alias of the current entry that the certificate belongs to, this one's among them."""
    version: int | None = None
    """The version of that entry whose certificate or key it is; None if its key is in use."""

    @property
    def detail(self) -> str:
        return (
            "The public key of the CA Reply is different from the public key of the keystore "
            f"entry. The response certifies {self.subject!r}, issued by {self.issuer!r}. "
            f"{self.hint} Public key of {self.holder}: {self.expected}; of the certificate "
            f"{self.certificate}: {self.found}."
        )


@dataclass(eq=False)
class SignatureInvalid(Problem):
    """A certificate's signature does not verify with the issuer that its key identifier names."""

    slug = "signature-invalid"
    title = "A signature in the chain does not verify"
    kind = Kind.INVALID

    subject: str
    issuer: str
    reason: str

    @property
    def detail(self) -> str:
        return (
            f"The certificate of {self.subject!r} names {self.issuer!r} as its issuer, but "
            f"{self.reason}. The file is damaged or forged, or made in a way that is not known "
            "here: fetch it from the CA again."
        )


@dataclass(eq=False)
class CertificateExpired(Problem):
    """The only certificate for this key has ended."""

    slug = "certificate-expired"
    title = "The certificate has expired"
    kind = Kind.INVALID
    overridable = True

    subject: str
    not_after: datetime

    @property
    def detail(self) -> str:
        return (
            f"The certificate of {self.subject!r} ended on {self.not_after:%Y-%m-%d %H:%M} UTC. "
            "Ask the CA for a new one."
        )


@dataclass(eq=False)
class IssuerNotCa(Problem):
    """An issuer in the chain may not sign certificates (RFC 5280 sections 4.2.1.3 and 4.2.1.9)."""

    slug = "issuer-not-ca"
    title = "An issuer in the chain is no CA"
    kind = Kind.INVALID
    overridable = True

    subject: str
    reason: str

    @property
    def detail(self) -> str:
        return (
            f"{self.subject!r} issued a certificate of this chain, but {self.reason}. Receivers "
            "will refuse it. Ask the CA for a proper chain."
        )


@dataclass(eq=False)
class PathLengthExceeded(Problem):
    """More intermediates follow than an issuer's pathLenConstraint allows (RFC 5280 4.2.1.9)."""

    slug = "path-length-exceeded"
    title = "The chain is longer than its issuer allows"
    kind = Kind.INVALID
    overridable = True

    subject: str
    allowed: int
    found: int

    @property
    def detail(self) -> str:
        return (
            f"{self.subject!r} allows {self.allowed} intermediate certificates below it, the chain "
            f"has {self.found}. Ask the CA for a proper chain."
        )


@dataclass(eq=False)
class PlaceholderAgain(Problem):
    """The response holds just the entry's own self-signed certificate."""

    slug = "placeholder-again"
    title = "This is the entry's own self-signed certificate"
    kind = Kind.INVALID
    overridable = True

    holder: str
    """Whose certificate it is, as a text: ``'shop-client'`` or ``the certificate``."""

    @property
    def detail(self) -> str:
        return (
            f"The file holds the self-signed certificate of {self.holder} itself, not a CA's "
            "answer. Send the signing request to the CA and upload what it returns."
        )


@dataclass(eq=False)
class RootNotTrusted(Problem):
    """The chain ends in a certificate that nobody has confirmed for this keystore yet."""

    slug = "root-not-trusted"
    title = "The chain's topmost certificate is not trusted yet"
    kind = Kind.CONFLICT

    subject: str
    fingerprint: Fingerprint
    fingerprint_sha1: str
    missing_issuer: str | None = None
    """The issuer of the topmost certificate, if that is no root."""
    alone: bool = False
    """Whether the end-entity certificate is all there is of the chain."""

    der = b""
    """The topmost certificate itself, for faces that show it; not a member, since it has no form
    that people read."""

    @property
    def detail(self) -> str:
        whose = "its owner's" if self.alone and self.missing_issuer is None else "the CA's"
        return (
            f"{self._end()} Compare its fingerprint with {whose}, then confirm it (SHA-256 "
            f"{self.fingerprint}, SHA-1 {self.fingerprint_sha1})."
        )

    def _end(self) -> str:
        if self.missing_issuer is None and self.alone:
            return f"The certificate {self.subject!r} is self-signed: nobody else vouches for it."
        if self.missing_issuer is None:
            return f"The chain ends in the root {self.subject!r}."
        remedy = (
            "Ask the CA for it, or add it to the keystore as a certificate, and upload again; "
            "only if that cannot be had:"
        )
        what = "The file holds only the certificate itself" if self.alone else "The chain ends"
        return (
            f"{what}, with {self.subject!r}: its issuer {self.missing_issuer!r} is neither in the "
            f"file nor in the keystore. {remedy}"
        )


# ---- of the entry


@dataclass(eq=False)
class AliasNotFound(Problem):
    """No living entry of the keystore has this alias."""

    slug = "alias-not-found"
    title = "There is no such alias"
    kind = Kind.MISSING

    alias: str
    keystore: str
    view: str = "current"
    """Which of the keystore's lists was looked into: current, new or history."""
    backup: str | None = None
    """The name of the backup that was looked into instead."""

    @property
    def detail(self) -> str:
        missing = f"Alias {self.alias!r} not found in the keystore {self.keystore!r}"
        if self.backup is not None:
            return (
                f"{missing} as the backup {self.backup!r} holds it. Look at the entries of that "
                "backup."
            )
        if self.view == "new":
            return f"{missing} among the provider's new keys. Look at the list of them."
        if self.view == "history":
            return (
                f"{missing} in the history of the provider's keys. Look at the list of that "
                "history."
            )
        return f"{missing}. Look at the list of its entries, and at that of the deleted ones."


@dataclass(eq=False)
class NothingDeleted(Problem):
    """No deleted entry has the alias that is to be brought back."""

    slug = "nothing-deleted"
    title = "Nothing deleted has this alias"
    kind = Kind.MISSING

    alias: str
    living: bool = False
    """Whether a living entry has it."""

    @property
    def detail(self) -> str:
        if self.living:
            return f"A living entry is called {self.alias!r}: there is nothing to bring back."
        return f"{self.alias!r} is not among the deleted entries. Look at the list of them."


@dataclass(eq=False)
class AliasExists(Problem):
    """Another living entry has this alias."""

    slug = "alias-exists"
    title = "The alias is taken"
    kind = Kind.CONFLICT

    alias: str
    view: str = "current"
    """Which of the keystore's lists has it: current or new."""
    remedy: str | None = None
    """What to do in this case, as sentences."""

    @property
    def detail(self) -> str:
        if self.view == "new":
            return (
                f"A key {self.alias!r} waits among the provider's new keys already. Choose another "
                "alias, or activate that key first."
            )
        remedy = self.remedy or (
            "Choose another alias, rename that entry, or update it: it gets the new content as "
            "another version."
        )
        return f"An entry {self.alias!r} exists already. {remedy}"


@dataclass(eq=False)
class AliasInvalid(Problem):
    """The alias is empty, too long, or holds characters that cannot be shown."""

    slug = "alias-invalid"
    title = "The alias cannot be used"
    kind = Kind.INVALID

    alias: str
    reason: str

    @property
    def detail(self) -> str:
        shown = self.alias if len(self.alias) <= 60 else self.alias[:60] + "…"
        return f"{shown!r}: {self.reason}"


@dataclass(eq=False)
class AliasReserved(Problem):
    """The alias is reserved for the provider's entries, or lies outside them."""

    slug = "alias-reserved"
    title = "The alias is reserved"
    kind = Kind.FORBIDDEN

    alias: str
    reason: str

    @property
    def detail(self) -> str:
        return f"{self.alias!r}: {self.reason}"


@dataclass(eq=False)
class NotAKeyPair(Problem):
    """The entry is a lone certificate and has no private key."""

    slug = "not-a-key-pair"
    title = "The entry is no key pair"
    kind = Kind.INVALID

    alias: str
    remedy: str = "name a key pair."

    @property
    def detail(self) -> str:
        return f"{self.alias!r} is a certificate without a private key; {self.remedy}"


@dataclass(eq=False)
class KeyPairInTheWay(Problem):
    """A lone certificate comes for an alias that is a key pair; its private key would be hidden."""

    slug = "key-pair-in-the-way"
    title = "A certificate cannot overwrite a key pair"
    kind = Kind.CONFLICT

    alias: str

    @property
    def detail(self) -> str:
        return (
            f"Alias {self.alias!r} is a key pair, and what comes is a certificate without key. "
            "Rename or delete the key pair first if that is what you want; a certificate for its "
            "key is uploaded as the CA's signing response."
        )


@dataclass(eq=False)
class EntryOwnedByProvider(Problem):
    """The tenant administrator tried to change an entry of the provider."""

    slug = "entry-owned-by-provider"
    title = "The entry belongs to the provider"
    kind = Kind.FORBIDDEN

    alias: str
    provider: str

    @property
    def detail(self) -> str:
        return (
            f"{self.alias!r} is owned by {self.provider}; only the provider can change it or bring "
            "it into another keystore."
        )


@dataclass(eq=False)
class EntryOwnedByTenant(Problem):
    """The provider tried to change an entry of the tenant administrator."""

    slug = "entry-owned-by-tenant"
    title = "The entry belongs to the tenant administrator"
    kind = Kind.FORBIDDEN

    alias: str

    @property
    def detail(self) -> str:
        return f"{self.alias!r} is the tenant administrator's; the provider cannot change it."


@dataclass(eq=False)
class NotTheProvider(Problem):
    """Somebody else than the provider tried to supply something, or to withdraw what waits."""

    slug = "not-the-provider"
    title = "Only the provider may do this"
    kind = Kind.FORBIDDEN

    alias: str
    provider: str

    @property
    def detail(self) -> str:
        return (
            f"{self.alias!r} is as it was: {self.provider} alone supplies keys and certificates "
            "here, and withdraws them. Who really is the provider has to ask as the provider; "
            "add your own keys as key pairs."
        )


@dataclass(eq=False)
class EntryChanged(Problem):
    """The entry is not in the version that the change was planned against."""

    slug = "entry-changed"
    title = "The entry was changed meanwhile"
    kind = Kind.CONFLICT

    alias: str
    reason: str

    @property
    def detail(self) -> str:
        return f"{self.alias!r}: {self.reason} Look at the entry again, then repeat."


@dataclass(eq=False)
class VersionNotFound(Problem):
    """The entry has no version of this number."""

    slug = "version-not-found"
    title = "There is no such version"
    kind = Kind.MISSING

    alias: str
    number: int

    @property
    def detail(self) -> str:
        return f"{self.alias!r} has no version {self.number}. Look at the list of its versions."


@dataclass(eq=False)
class VersionNeverCurrent(Problem):
    """A version that only held a pending key cannot be rolled back to: it never served."""

    slug = "version-never-current"
    title = "The version was never current"
    kind = Kind.INVALID

    alias: str
    number: int

    @property
    def detail(self) -> str:
        return (
            f"Version {self.number} of {self.alias!r} is a new key that waited for its response; "
            "only that response makes it current. Upload it, or choose another version."
        )


@dataclass(eq=False)
class PendingKeyExists(Problem):
    """A renewal with a new key is under way for this entry already."""

    slug = "pending-key-exists"
    title = "A new key is waiting already"
    kind = Kind.CONFLICT

    alias: str
    number: int

    @property
    def detail(self) -> str:
        return (
            f"{self.alias!r} has a pending key (version {self.number}) that waits for its "
            "response. Upload that, or ask for another pending key in its place."
        )


@dataclass(eq=False)
class SigningRequestNotAvailable(Problem):
    """Signing requests are not made for this entry."""

    slug = "signing-request-not-available"
    title = "No signing request for this entry"
    kind = Kind.INVALID

    alias: str
    reason: str

    @property
    def detail(self) -> str:
        return f"{self.alias!r}: {self.reason}"


@dataclass(eq=False)
class ConfirmationRequired(Problem):
    """A step that destroys or overwrites was not confirmed."""

    slug = "confirmation-required"
    title = "Not confirmed"
    kind = Kind.CONFLICT

    consequence: str
    """What the step does, as a sentence."""
    remedy: str
    """How to confirm it, as a sentence."""
    declined: bool = False
    """Whether a person was asked and said no, who needs no explanation."""

    @property
    def detail(self) -> str:
        if self.declined:
            return f"{self.consequence} Asked, a person said no."
        return f"{self.consequence} {self.remedy}"


# ---- of an upload


@dataclass(eq=False)
class UploadTooLarge(Problem):
    """An uploaded file other than a signing response has more bytes than its limit."""

    slug = "upload-too-large"
    title = "The file is too large"
    kind = Kind.TOO_LARGE

    what: str
    """What the file should be, with its article: "a certificate"."""
    limit_bytes: int
    setting: str
    """The environment variable that sets the limit."""
    otherwise: str = ""
    """What takes larger files, as a sentence."""

    @property
    def detail(self) -> str:
        return (
            f"A file with {self.what} may have {self.limit_bytes:,} bytes at most; this one has "
            f"more. Nothing of it was read. The limit is the setting {self.setting}. "
            f"{self.otherwise}"
        ).rstrip()


@dataclass(eq=False)
class NotAKeystore(Problem):
    """A file that should be a whole keystore is something else."""

    slug = "not-a-keystore"
    title = "This is no keystore"
    kind = Kind.UNSUPPORTED

    found: str
    remedy: str

    @property
    def detail(self) -> str:
        return f"The file is {self.found}. {self.remedy}"


@dataclass(eq=False)
class KeystoreUnreadable(Problem):
    """A JKS, JCEKS or PKCS#12 file that is cut off, altered or malformed."""

    slug = "keystore-unreadable"
    title = "The keystore file is damaged"
    kind = Kind.INVALID

    reason: str

    @property
    def detail(self) -> str:
        return f"{self.reason} Nothing was stored; fetch the file anew from where it was made."


@dataclass(eq=False)
class PasswordWrong(Problem):
    """A password or passphrase is missing, or it does not open the file."""

    slug = "password-wrong"
    title = "The password does not open the file"
    kind = Kind.INVALID

    reason: str

    @property
    def detail(self) -> str:
        return self.reason


@dataclass(eq=False)
class KeyDerivationTooCostly(Problem):
    """Opening the file would take more rounds of key derivation than the setting allows."""

    slug = "key-derivation-too-costly"
    title = "The file asks for too much work"
    kind = Kind.INVALID

    asked: str
    """What the file asks for, in words: "2,147,483,647 rounds of key derivation"."""
    limit: str
    """What is allowed, in words."""
    remedy: str = (
        "Encrypt it anew with fewer, or raise the setting KEYSTEWARD_DERIVATION_LIMIT_ROUNDS."
    )

    @property
    def detail(self) -> str:
        return (
            f"Opening the file takes {self.asked}; allowed are {self.limit}. Nothing was tried. "
            f"{self.remedy}"
        )


@dataclass(eq=False)
class SeveralKeys(Problem):
    """A file for one key pair holds several; none is taken unless the caller says which."""

    slug = "several-keys"
    title = "The file holds several keys"
    kind = Kind.CONFLICT

    names: tuple[str, ...]
    """What the keys can be chosen by, in the order of the file."""
    otherwise: str = "Import the file as a whole keystore to take all of them."
    """What else to do, as a sentence."""

    @property
    def detail(self) -> str:
        shown = ", ".join(repr(name) for name in self.names[:8])
        more = f" and {len(self.names) - 8} more" if len(self.names) > 8 else ""
        return (
            f"It holds {len(self.names)} keys: {shown}{more}. Choose one by its name. "
            f"{self.otherwise}"
        ).rstrip()


@dataclass(eq=False)
class KeyNotInFile(Problem):
    """The key that the caller chose is not in the file."""

    slug = "key-not-in-file"
    title = "There is no such key in the file"
    kind = Kind.MISSING

    name: str
    names: tuple[str, ...]

    @property
    def detail(self) -> str:
        known = ", ".join(repr(name) for name in self.names[:8]) or "none"
        return f"The file holds no key {self.name!r}. Its keys are: {known}."


@dataclass(eq=False)
class RecoveryUnreadable(Problem):
    """A file for disaster recovery is none, is cut off, or was altered."""

    slug = "recovery-unreadable"
    title = "The recovery file cannot be used"
    kind = Kind.INVALID

    reason: str

    @property
    def detail(self) -> str:
        return f"{self.reason} Nothing was restored."


# ---- of what was asked


@dataclass(eq=False)
class KeyTypeUnsupported(Problem):
    """The asked key type, size, curve or hash is not one that can be made or used here."""

    slug = "key-type-unsupported"
    title = "This key or hash is not supported"
    kind = Kind.INVALID

    asked: str
    remedy: str

    @property
    def detail(self) -> str:
        return f"{self.asked} {self.remedy}"


@dataclass(eq=False)
class SubjectInvalid(Problem):
    """A part of the subject or a subject alternative name cannot be written into a certificate."""

    slug = "subject-invalid"
    title = "The subject cannot be used"
    kind = Kind.INVALID

    part: str
    reason: str

    @property
    def detail(self) -> str:
        return f"{self.part}: {self.reason}"


@dataclass(eq=False)
class ValidityInvalid(Problem):
    """The asked period of validity is empty or not representable."""

    slug = "validity-invalid"
    title = "The validity cannot be used"
    kind = Kind.INVALID

    reason: str

    @property
    def detail(self) -> str:
        return self.reason


@dataclass(eq=False)
class OverrideInvalid(Problem):
    """The named override is not the slug of an overridable problem."""

    slug = "override-invalid"
    title = "There is no such override"
    kind = Kind.INVALID

    override: str

    @property
    def detail(self) -> str:
        known = ", ".join(sorted(OVERRIDES))
        return f"{self.override!r} cannot be overridden; these can: {known}."


@dataclass(eq=False)
class PrivateKeyUnreadable(Problem):
    """The file holds no private key that can be read, or a damaged one."""

    slug = "private-key-unreadable"
    title = "The private key cannot be read"
    kind = Kind.INVALID

    reason: str

    @property
    def detail(self) -> str:
        return self.reason


@dataclass(eq=False)
class CertificateOfAnotherKey(Problem):
    """The given certificate does not belong to the given private key."""

    slug = "certificate-of-another-key"
    title = "Certificate and private key do not belong together"
    kind = Kind.INVALID

    subject: str

    @property
    def detail(self) -> str:
        return (
            f"The certificate of {self.subject!r} is for another key. Give the one that was issued "
            "for this key."
        )


@dataclass(eq=False)
class CertificateMissing(Problem):
    """A new key for an entry comes without any certificate, and the entry has one in use."""

    slug = "certificate-missing"
    title = "The key comes without its certificate"
    kind = Kind.INVALID

    alias: str

    @property
    def detail(self) -> str:
        return (
            f"The file holds a key and no certificate, and {self.alias!r} would lose the one it "
            "has. Give the key's certificate along with it, or take the key in under another "
            "alias and ask a CA to certify it."
        )


@dataclass(eq=False)
class ReferenceUnreadable(Problem):
    """The file to compare a response with is no request, certificate or public key."""

    slug = "reference-unreadable"
    title = "The file to compare with cannot be read"
    kind = Kind.INVALID

    reason: str

    @property
    def detail(self) -> str:
        return (
            f"{self.reason} Give the signing request, the current certificate or the public key "
            "(PEM or DER)."
        )


@dataclass(eq=False)
class FileUnreadable(Problem):
    """A file that the command names cannot be opened or written."""

    slug = "file-unreadable"
    title = "The file cannot be used"
    kind = Kind.INVALID

    name: str
    reason: str

    @property
    def detail(self) -> str:
        return f"{self.name!r}: {self.reason}."


@dataclass(eq=False)
class FileExists(Problem):
    """The command would overwrite a file."""

    slug = "file-exists"
    title = "The file exists already"
    kind = Kind.CONFLICT

    name: str

    @property
    def detail(self) -> str:
        return f"{self.name!r} is left as it is. Name another file."


@dataclass(eq=False)
class ProgramMissing(Problem):
    """A program that a command runs is not installed."""

    slug = "program-missing"
    title = "A program is missing"
    kind = Kind.UNSUPPORTED

    name: str
    package: str

    @property
    def detail(self) -> str:
        return f"{self.name!r} is not installed; Debian's package is {self.package!r}."


@dataclass(eq=False)
class ProgramFailed(Problem):
    """A program that a command runs ended with an error."""

    slug = "program-failed"
    title = "A program failed"
    kind = Kind.UPSTREAM

    name: str
    reason: str

    @property
    def detail(self) -> str:
        return f"{self.name!r} ended with an error: {self.reason} Try it by hand."


@dataclass(eq=False)
class SettingInvalid(Problem):
    """A setting has a value that cannot be used."""

    slug = "setting-invalid"
    title = "A setting cannot be used"
    kind = Kind.INVALID

    name: str
    reason: str

    @property
    def detail(self) -> str:
        return f"{self.name}: {self.reason}"


@dataclass(eq=False)
class NameInvalid(Problem):
    """The name of a keystore or a backup cannot be used."""

    slug = "name-invalid"
    title = "The name cannot be used"
    kind = Kind.INVALID

    name: str
    reason: str

    @property
    def detail(self) -> str:
        return f"The name {self.name!r} cannot be used: {self.reason}"


@dataclass(eq=False)
class NameTaken(Problem):
    """A keystore, a backup or an account of this name is there already."""

    slug = "name-taken"
    title = "The name is taken"
    kind = Kind.CONFLICT

    what: str
    """``keystore``, ``backup``, ``user`` or ``API client``."""
    name: str

    @property
    def detail(self) -> str:
        return f"The {self.what} {self.name!r} is there already. Choose another name."


@dataclass(eq=False)
class BackupNotFound(Problem):
    """The keystore has no backup of this name."""

    slug = "backup-not-found"
    title = "There is no such backup"
    kind = Kind.MISSING

    name: str | None
    """None: the newest was meant, and there is none at all."""

    @property
    def detail(self) -> str:
        if self.name is None:
            return "This keystore has no backup yet. Create one first."
        return f"This keystore has no backup {self.name!r}. Look at the list of its backups."


@dataclass(eq=False)
class InstallationOwnedByTenant(Problem):
    """The provider tried to make a keystore, or to write all private keys into a recovery file."""

    slug = "installation-owned-by-tenant"
    title = "The installation belongs to the tenant administrator"
    kind = Kind.FORBIDDEN

    @property
    def detail(self) -> str:
        return (
            "The tenant administrator alone makes keystores and recovery files, which hold every "
            "private key; the provider has entries of its own and no more. Ask as the tenant "
            "administrator."
        )


@dataclass(eq=False)
class BackupOwnedByTenant(Problem):
    """The provider tried to make, restore or delete a backup."""

    slug = "backup-owned-by-tenant"
    title = "Backups belong to the tenant administrator"
    kind = Kind.FORBIDDEN

    @property
    def detail(self) -> str:
        return (
            "Backups hold the entries of the tenant administrator alone; the provider can neither "
            "make nor restore nor delete them. Ask as the tenant administrator."
        )


@dataclass(eq=False)
class RootMissing(Problem):
    """A root certificate was asked for, and neither the chain nor the keystore holds it."""

    slug = "root-missing"
    title = "The root certificate is not here"
    kind = Kind.MISSING

    alias: str
    top: str
    issuer: str

    @property
    def detail(self) -> str:
        return (
            f"The chain of {self.alias!r} ends with {self.top!r}, and its issuer {self.issuer!r} "
            "is not among the keystore's certificates. Add it to them; an intermediate is never "
            "given out as the root."
        )


@dataclass(eq=False)
class PassphraseTooShort(Problem):
    """A passphrase is too short for what it protects."""

    slug = "passphrase-too-short"
    title = "The passphrase is too short"
    kind = Kind.INVALID

    least_characters: int

    @property
    def detail(self) -> str:
        return (
            f"It protects every private key of the installation: give {self.least_characters} "
            "characters or more, for example six random words."
        )


# ---- of the keystore


@dataclass(eq=False)
class KeystoreNotInitialised(Problem):
    """The data folder holds no keystore yet."""

    slug = "keystore-not-initialised"
    title = "There is no keystore here yet"
    kind = Kind.MISSING

    place: str
    """The data folder or the database, as it was given."""

    @property
    def detail(self) -> str:
        return (
            f"{self.place!r} holds none. Initialise the installation there, or name another data "
            "folder (KEYSTEWARD_DATA) or database (KEYSTEWARD_DATABASE)."
        )


@dataclass(eq=False)
class KeystoreExists(Problem):
    """``init``, a restore or a copy found a keystore, or something else, in its place."""

    slug = "keystore-exists"
    title = "There is a keystore here already"
    kind = Kind.CONFLICT

    @property
    def detail(self) -> str:
        return (
            "Nothing was changed. To make another one, name an empty data folder (KEYSTEWARD_DATA) "
            "or an empty database (KEYSTEWARD_DATABASE)."
        )


@dataclass(eq=False)
class InstallationInUse(Problem):
    """What takes a whole installation elsewhere found others at work with it."""

    slug = "installation-in-use"
    title = "The installation is in use"
    kind = Kind.BUSY

    reason: str

    @property
    def detail(self) -> str:
        return f"{self.reason} Nothing was copied; try again after that."


@dataclass(eq=False)
class KeystoreUnknown(Problem):
    """The installation has no keystore of this name."""

    slug = "keystore-unknown"
    title = "There is no such keystore"
    kind = Kind.MISSING

    name: str
    known: str
    """The names of those that there are."""

    @property
    def detail(self) -> str:
        return (
            f"{self.name!r} is not among this installation's keystores: {self.known}. "
            "Name one of them."
        )


@dataclass(eq=False)
class KeystoreTooLarge(Problem):
    """The change would make the keystore larger than the compatibility limit."""

    slug = "keystore-too-large"
    title = "The keystore would become too large"
    kind = Kind.TOO_LARGE

    size_bytes: int
    limit_bytes: int

    @property
    def detail(self) -> str:
        return (
            f"Certificates and keys would take {self.size_bytes:,} bytes; "
            f"KEYSTEWARD_KEYSTORE_LIMIT_BYTES allows {self.limit_bytes:,}. Delete entries, or "
            "unset that limit: it is here for compatibility alone."
        )


@dataclass(eq=False)
class KeystoreBusy(Problem):
    """Another writer held the database for longer than the busy timeout."""

    slug = "keystore-busy"
    title = "The keystore is busy"
    kind = Kind.BUSY
    refuses = False

    @property
    def detail(self) -> str:
        return "Another writer holds the keystore. Nothing was changed; try again in a moment."


@dataclass(eq=False)
class DataFolderUnusable(Problem):
    """The operating system refuses a folder or file that the installation lives in."""

    slug = "data-folder-unusable"
    title = "The data folder cannot be used"
    kind = Kind.INVALID

    path: str
    reason: str

    @property
    def detail(self) -> str:
        return (
            f"{self.path!r}: {self.reason}. Name another data folder in the setting "
            "KEYSTEWARD_DATA, or give this user the right to this one."
        )


@dataclass(eq=False)
class DatabaseUnusable(Problem):
    """The database, its schema or the SQLite library cannot be worked with."""

    slug = "database-unusable"
    title = "The database cannot be used"
    kind = Kind.INVALID
    refuses = False

    reason: str

    @property
    def detail(self) -> str:
        return self.reason


@dataclass(eq=False)
class ExtraMissing(Problem):
    """A part of Keysteward is asked for whose libraries were not installed with it."""

    slug = "extra-missing"
    title = "A part of Keysteward is not installed"
    kind = Kind.INVALID

    extra: str
    """Its name, as pip takes it in brackets."""
    purpose: str

    @property
    def detail(self) -> str:
        return (
            f"{self.purpose} needs the extra {self.extra!r}. Install it: "
            f"pip install 'keysteward[{self.extra}]'."
        )


@dataclass(eq=False)
class DatabaseUnavailable(Problem):
    """The database's server does not answer, or cannot be written to at the moment."""

    slug = "database-unavailable"
    title = "The database cannot be reached"
    kind = Kind.BUSY
    refuses = False

    server: str | None = None
    """Where one was looked for; told to whoever starts a program, and to nobody else."""
    unchanged: bool = False
    """Whether this stands in the way of a change: then it was not made."""

    @property
    def detail(self) -> str:
        if self.server is not None:
            return (
                f"No server of the database answers at {self.server}. Look at the host and the "
                "port in the URL, and whether it runs; it may be about to start."
            )
        nothing = "Nothing was changed; try" if self.unchanged else "Try"
        return (
            "The database's server does not answer, or takes no changes at the moment: it may be "
            f"that another one takes its place. {nothing} again in a moment."
        )


@dataclass(eq=False)
class OutcomeUnknown(Problem):
    """The connection to the database's server broke while a change was being committed."""

    slug = "outcome-unknown"
    title = "It is not known whether this was done"
    kind = Kind.UPSTREAM
    refuses = False

    @property
    def detail(self) -> str:
        return (
            "The connection to the database broke while the change was being committed, and no "
            "server could say in time what became of it. It was done wholly or not at all: look "
            "at the entry's versions or the audit log before you repeat it."
        )


@dataclass(eq=False)
class SealingKeyMissing(Problem):
    """The keyring folder lacks a sealing key that sealed rows were made with."""

    slug = "sealing-key-missing"
    title = "A sealing key is missing"
    kind = Kind.INVALID

    key_id: str

    @property
    def detail(self) -> str:
        return (
            f"The sealing key {self.key_id!r} is in use and not in the keyring folder, or not "
            "readable there. Bring it back from the keyring's own backup."
        )


@dataclass(eq=False)
class SealingKeyExposed(Problem):
    """The file of a sealing key may be read or written by other users of the system."""

    slug = "sealing-key-exposed"
    title = "A sealing key is open to other users"
    kind = Kind.INVALID

    key_id: str

    @property
    def detail(self) -> str:
        return (
            f"The file of the sealing key {self.key_id!r} in the keyring folder is open to other "
            "users. Find out who could have read it, then set its mode to 0600 (chmod 600)."
        )


@dataclass(eq=False)
class SealedKeyDamaged(Problem):
    """A sealed private key does not open: it was altered, or copied from another row."""

    slug = "sealed-key-damaged"
    title = "A sealed private key does not open"
    kind = Kind.INVALID

    @property
    def detail(self) -> str:
        return (
            "The sealed private key was altered, moved from another row, or belongs to another "
            "sealing key. Restore the database from a backup, or roll back to another version."
        )


@dataclass(eq=False)
class AuditChainBroken(Problem):
    """The audit log was altered, cut or reordered."""

    slug = "audit-chain-broken"
    title = "The audit log does not verify"
    kind = Kind.INVALID

    reason: str

    @property
    def detail(self) -> str:
        return self.reason


# ---- of a connection


@dataclass(eq=False)
class KeyNotUsableForTls(Problem):
    """This system's TLS library refuses the entry's key or chain."""

    slug = "key-not-usable-for-tls"
    title = "This system's TLS cannot use the key"
    kind = Kind.INVALID

    alias: str
    reason: str

    @property
    def detail(self) -> str:
        return f"{self.alias!r}: {self.reason}"


@dataclass(eq=False)
class TlsFromMemoryUnavailable(Problem):
    """The operating system has no anonymous memory files, so no key can be handed to TLS safely."""

    slug = "tls-from-memory-unavailable"
    title = "TLS keys cannot be used on this system"
    kind = Kind.UNSUPPORTED

    @property
    def detail(self) -> str:
        return (
            "This system has no memfd_create, and a private key is never written to a disk. "
            "Run connections on Linux."
        )


@dataclass(eq=False)
class AddressInvalid(Problem):
    """A text is no address of a receiver."""

    slug = "address-invalid"
    title = "This is no address"
    kind = Kind.INVALID

    address: str
    reason: str

    @property
    def detail(self) -> str:
        return (
            f"{self.address!r}: {self.reason} Write HOST:PORT, like receiver.example:8443, and an "
            "IPv6 address in brackets."
        )


@dataclass(eq=False)
class DestinationNotAllowed(Problem):
    """The server may not connect there on somebody's behalf; nothing was sent."""

    slug = "destination-not-allowed"
    title = "The server may not connect there"
    kind = Kind.FORBIDDEN

    address: str
    """As it was asked for, with the port."""
    reason: str
    setting: str
    """The name of the setting that would allow it."""

    @property
    def detail(self) -> str:
        return (
            f"{self.address}: {self.reason} If the server shall connect there, its administrator "
            f"allows it with {self.setting}."
        )


@dataclass(eq=False)
class ConnectionFailed(Problem):
    """No secure connection came about; says at which step, why, and what to do.

    ``alert`` is the name of the TLS alert with which the receiver refused (RFC 8446 section 6).
    ``peer_chain`` has one text per certificate that it had sent until then; ``evidence`` is what of
    all this somebody has to compare, and comes last because it is long.
    """

    slug = "connection-failed"
    title = "The connection failed"
    kind = Kind.UPSTREAM

    address: str
    reason: str
    remedy: str
    alert: str | None = None
    peer_chain: tuple[str, ...] = ()
    evidence: str = ""

    @property
    def detail(self) -> str:
        return f"{self.address}: {self.reason} {self.remedy} {self.evidence}".rstrip()


@dataclass(eq=False)
class RemoteProblem(Problem):
    """A Keysteward server refused with a problem that this version does not know."""

    slug = "remote-problem"
    title = "The server refused"
    kind = Kind.UPSTREAM

    status: int
    """Of the HTTP answer."""
    remote_slug: str
    remote_title: str
    remote_detail: str

    @property
    def detail(self) -> str:
        return (
            f"{self.remote_title}. {self.remote_detail} (It calls this {self.remote_slug!r}, "
            f"status {self.status}; another version of Keysteward may know more of it.)"
        )


# ---- of an account


@dataclass(eq=False)
class NotSignedIn(Problem):
    """The request names nobody, or the credentials are not right."""

    slug = "not-signed-in"
    title = "You are not signed in"
    kind = Kind.SIGNED_OUT

    reason: str
    without_credentials: bool = False
    """Whether credentials are missing or of an unknown kind, so that it helps to name the kinds."""

    @property
    def detail(self) -> str:
        if not self.without_credentials:
            return self.reason
        return (
            f"{self.reason} Send a token of /oauth/token as bearer, or name and password of a user "
            "as Basic authentication."
        )


@dataclass(eq=False)
class NotPermitted(Problem):
    """The account's roles do not permit this."""

    slug = "not-permitted"
    title = "You may not do this"
    kind = Kind.FORBIDDEN

    permission: str

    @property
    def detail(self) -> str:
        return (
            f"It needs the permission {self.permission}, which none of your roles has. Ask an "
            "administrator for a role that has it."
        )


@dataclass(eq=False)
class CsrfTokenMissing(Problem):
    """A writing request came without the token that proves that its sender can read our answers."""

    slug = "csrf-token-missing"
    title = "The CSRF token is missing or no longer valid"
    kind = Kind.FORBIDDEN

    @property
    def detail(self) -> str:
        return (
            "Fetch one with a GET that has the header 'X-CSRF-Token: Fetch', and send the header "
            "'X-CSRF-Token' of its answer along with this request."
        )


@dataclass(eq=False)
class TooManyRequests(Problem):
    """The rate limit, or failed attempts to sign in, make this caller wait."""

    slug = "too-many-requests"
    title = "Too many requests"
    kind = Kind.TOO_MANY

    reason: str
    retry_after_seconds: int

    @property
    def detail(self) -> str:
        return f"{self.reason} Try again in {self._wait}."

    @property
    def minutes(self) -> int | None:
        """The wait in minutes, rounded up; None for one that is better told in seconds."""
        return -(-self.retry_after_seconds // 60) if self.retry_after_seconds > 120 else None

    @property
    def _wait(self) -> str:
        return f"{self.minutes} minutes" if self.minutes else f"{self.retry_after_seconds} s"


@dataclass(eq=False)
class PasswordChangeRequired(Problem):
    """The user still has the one-time password that somebody else made."""

    slug = "password-change-required"
    title = "Choose a password of your own first"
    kind = Kind.FORBIDDEN

    @property
    def detail(self) -> str:
        return (
            "The one-time password only opens PUT /rest/v1/me/password. Send it there with a "
            "password of your own, then sign in with that."
        )


@dataclass(eq=False)
class OldPasswordWrong(Problem):
    """A user that is signed in wants another password and does not know the present one."""

    slug = "old-password-wrong"
    title = "The old password is not right"
    kind = Kind.INVALID

    @property
    def detail(self) -> str:
        return (
            "Your password is another one than the old one that was sent, and stays as it is. "
            "Check upper and lower case and the keyboard's layout."
        )


@dataclass(eq=False)
class PasswordTooWeak(Problem):
    """A user's new password is too easily guessed."""

    slug = "password-too-weak"
    title = "The password is too weak"
    kind = Kind.INVALID

    reason: str

    @property
    def detail(self) -> str:
        return f"{self.reason} Choose another one; a sentence of several words is good."


@dataclass(eq=False)
class AccountNotFound(Problem):
    """The installation has no user or API client of this name."""

    slug = "account-not-found"
    title = "There is no such account"
    kind = Kind.MISSING

    what: str
    """``user`` or ``API client``."""
    name: str

    @property
    def detail(self) -> str:
        return f"There is no {self.what} {self.name!r}. Look at the list of them."


@dataclass(eq=False)
class RolesInvalid(Problem):
    """An account was to get no role, or roles that do not go together."""

    slug = "roles-invalid"
    title = "The roles do not fit"
    kind = Kind.INVALID

    reason: str

    @property
    def detail(self) -> str:
        return f"{self.reason} Roles are administrator, operator, viewer, or provider alone."


@dataclass(eq=False)
class LastAdministrator(Problem):
    """The change would leave nobody who may manage users."""

    slug = "last-administrator"
    title = "This is the last administrator"
    kind = Kind.CONFLICT

    name: str

    @property
    def detail(self) -> str:
        return f"Without {self.name!r} nobody could manage users. Make another administrator first."


@dataclass(eq=False)
class TooManySecrets(Problem):
    """An API client was to get a secret while it has as many valid ones as it may have."""

    slug = "too-many-secrets"
    title = "The API client has enough secrets"
    kind = Kind.CONFLICT

    name: str
    limit: int

    @property
    def detail(self) -> str:
        return (
            f"{self.name!r} has {self.limit} valid secrets. Remove the one that is not used any "
            "more, then make another."
        )


# ---- of a request


@dataclass(eq=False)
class FieldInvalid(Problem):
    """A field of a form on the page is empty, or holds what it cannot take."""

    slug = "field-invalid"
    title = "A field of the form needs something else"
    kind = Kind.INVALID

    field: str
    reason: str

    @property
    def detail(self) -> str:
        return self.reason


@dataclass(eq=False)
class RequestInvalid(Problem):
    """The request cannot be understood: a malformed body, a missing member, a wrong option."""

    slug = "request-invalid"
    title = "The request cannot be understood"
    kind = Kind.INVALID

    reason: str

    @property
    def detail(self) -> str:
        return self.reason


@dataclass(eq=False)
class BodyTooLarge(Problem):
    """The request's body has more bytes than this address takes; the rest was not read."""

    slug = "body-too-large"
    title = "The request is too large"
    kind = Kind.TOO_LARGE

    limit_bytes: int

    @property
    def detail(self) -> str:
        return f"This address takes at most {self.limit_bytes:,} bytes. Send less."


@dataclass(eq=False)
class BodyTooSlow(Problem):
    """The request's body did not come in time."""

    slug = "body-too-slow"
    title = "The request came too slowly"
    kind = Kind.INVALID

    limit_seconds: int

    @property
    def detail(self) -> str:
        return f"The body was not complete after {self.limit_seconds} s. Send it again."


@dataclass(eq=False)
class MediaTypeUnsupported(Problem):
    """The body's media type, or every one that is asked for, is none that this address has."""

    slug = "media-type-unsupported"
    title = "The media type is not supported"
    kind = Kind.UNSUPPORTED

    given: str
    supported: str

    @property
    def detail(self) -> str:
        return f"{self.given!r} is none that this address has. Use {self.supported}."


@dataclass(eq=False)
class ResourceUnknown(Problem):
    """There is nothing at this address."""

    slug = "resource-unknown"
    title = "There is nothing at this address"
    kind = Kind.MISSING

    address: str
    """The path as it was sent, shortened."""

    @property
    def detail(self) -> str:
        return (
            f"{self.address!r} is no address of this server. /rest/v1/docs lists those of the REST "
            "API, /api/v1/ those of OData."
        )


@dataclass(eq=False)
class MethodNotSupported(Problem):
    """The address is right, the method is not."""

    slug = "method-not-supported"
    title = "This address does not take this method"
    kind = Kind.INVALID

    method: str
    supported: str

    @property
    def detail(self) -> str:
        return f"{self.method} is not possible here; use {self.supported}."


@dataclass(eq=False)
class IdempotencyKeyReused(Problem):
    """A key that was sent with one request came with another one."""

    slug = "idempotency-key-reused"
    title = "The idempotency key belongs to another request"
    kind = Kind.INVALID

    @property
    def detail(self) -> str:
        return (
            "The same Idempotency-Key came with another address or body within 24 hours. Send "
            "each new request with a new key."
        )


@dataclass(eq=False)
class ServerBusy(Problem):
    """The server has as many requests as it can work on."""

    slug = "server-busy"
    title = "The server is busy"
    kind = Kind.BUSY
    refuses = False

    @property
    def detail(self) -> str:
        return "It works on as many requests as it can. Nothing was done; try again in a moment."


PROBLEMS: tuple[type[Problem], ...] = tuple(Problem.__subclasses__())
"""Every problem, in the order of this file."""

OVERRIDES: frozenset[str] = frozenset(p.slug for p in PROBLEMS if p.overridable)
"""Slugs of the problems that a caller may turn into a warning."""
