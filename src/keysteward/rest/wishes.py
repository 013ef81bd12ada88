"""What requests say: queries and JSON bodies, checked when they are read.

Nothing is taken that is not known, so that a misspelt option is no silent default.
"""

from datetime import UTC, datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from keysteward.entries import EntryType, Owner, View
from keysteward.keystore.downloads import KeystoreForm
from keysteward.keystore.intake import Mode
from keysteward.keystore.key_pairs import PlaceholderWish
from keysteward.keystore.trust import Consent
from keysteward.pki import key_pairs, subjects
from keysteward.pki.key_pairs import KeySpec
from keysteward.pki.usages import Usage
from keysteward.problems import RequestInvalid
from keysteward.values import Fingerprint

MOST_NAMES = 10_000
"""Aliases, names or roles in one list."""

Text = Annotated[str, Meta(max_length=1000)]
Password = Annotated[str, Meta(max_length=1000, description="Never logged.")]
Moment = Annotated[datetime, Meta(tz=True, examples=["2026-06-01T00:00:00Z"])]
_BASE64 = {"pattern": "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"}
FileBytes = Annotated[bytes, Meta(description="The file, in base64.", extra_json_schema=_BASE64)]
Number = Annotated[int, Meta(ge=1, le=2**53 - 1)]
Digest = Annotated[
    Annotated[str, Meta(max_length=100)] | None,
    Meta(description="Of the plan that was looked at; refused if it differs."),
]
DryRun = Annotated[bool, Meta(description="Only tell what would be done.")]
NewName = Annotated[str, Meta(max_length=1000, examples=["shop"])]
Texts = Annotated[tuple[Text, ...], Meta(max_length=MOST_NAMES)]


class Given(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a request says; never printed, it may hold a password."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


# ---- queries


class InView(Given, frozen=True, kw_only=True):
    """Which list an entry is in."""

    view: Annotated[
        View, Meta(description="Current entries, the provider's new keys, or its history.")
    ] = View.CURRENT


class Looking(InView, frozen=True, kw_only=True):
    """Which entry is looked at."""

    deleted: Annotated[
        bool, Meta(description="Also the one that was deleted last under the alias.")
    ] = False


class Paged(Given, frozen=True, kw_only=True):
    """Which part of a list."""

    limit: Annotated[int, Meta(ge=1, le=1000, description="Items of a page at most.")] = 100
    cursor: Annotated[
        Annotated[str, Meta(max_length=2000)] | None, Meta(description="`next` of the page before.")
    ] = None


class EntriesWanted(Paged, frozen=True, kw_only=True):
    """Which entries; the conditions are combined."""

    view: View = View.CURRENT
    expiring_days: Annotated[
        Annotated[int, Meta(ge=0, le=100_000)] | None,
        Meta(description="Only what ends within so many days."),
    ] = None
    waiting: Annotated[bool, Meta(description="Only what waits for its signing response.")] = False
    deleted: Annotated[bool, Meta(description="Deleted entries instead of living ones.")] = False
    type: EntryType | None = None
    owner: Owner | None = None
    prefix: Annotated[str, Meta(max_length=250, description="How the alias begins.")] = ""


class Consenting(Given, frozen=True, kw_only=True):
    """What the caller says beforehand of trust and of problems."""

    overrides: Annotated[
        Annotated[str, Meta(max_length=1000)] | None,
        Meta(description="Slugs of problems to accept, with commas between."),
    ] = None
    trust_root: Annotated[
        Annotated[str, Meta(pattern="^[0-9A-Fa-f:]{64,95}$")] | None,
        Meta(description="SHA-256 of the topmost certificate, which you have compared."),
    ] = None
    fingerprint_verified: Annotated[
        bool, Meta(description="You have compared the topmost certificate, whichever it is.")
    ] = False

    @property
    def consent(self) -> Consent:
        """Raises OverrideInvalid."""
        overrides = frozenset(filter(None, (self.overrides or "").split(",")))
        root = None if self.trust_root is None else self.trust_root.replace(":", "").lower()
        return Consent(
            overrides, None if root is None else Fingerprint(root), self.fingerprint_verified
        )


class Planning(Given, frozen=True, kw_only=True):
    """Whether a plan is wanted, or one that was looked at is carried out."""

    dry_run: DryRun = False
    digest: Digest = None


class PlanConsenting(Consenting, frozen=True, kw_only=True):
    """The same, with what the caller says beforehand."""

    dry_run: DryRun = False
    digest: Digest = None
    expect_version: Annotated[
        Number | None, Meta(description="The version that the plan must be made against.")
    ] = None


class Deleting(Given, frozen=True, kw_only=True):
    """Whether an entry is hidden or destroyed."""

    purge: Annotated[
        bool, Meta(description="Destroy the entry and its keys for good instead of hiding it.")
    ] = False
    confirm: Annotated[
        Annotated[str, Meta(max_length=250)] | None,
        Meta(description="The alias once more; needed to purge."),
    ] = None


class OfAlias(Given, frozen=True, kw_only=True):
    """The alias that it is about."""

    alias: NewName


class KeyPairUpdate(Consenting, frozen=True, kw_only=True):
    """What a file with a key pair means."""

    key: Annotated[
        Text | None, Meta(description="Which of several keys in the file; #2 is the second one.")
    ] = None


class KeyPairUpload(KeyPairUpdate, frozen=True, kw_only=True):
    """What a file with a new key pair means."""

    alias: NewName
    usage: Usage = Usage.TLS_CLIENT


class CertificateUpload(Consenting, frozen=True, kw_only=True):
    """What a file with a new certificate means."""

    alias: NewName
    trusted: Annotated[
        bool, Meta(description="Whether it is an anchor, or only completes chains.")
    ] = True


class CertificateUpdate(Consenting, frozen=True, kw_only=True):
    """What a file with another certificate means."""

    trusted: Annotated[bool | None, Meta(description="Keeps its mark if not given.")] = None


class Importing(Planning, frozen=True, kw_only=True):
    """What becomes of the entries that are there."""

    mode: Mode = Mode.ADD
    roots: Annotated[
        bool, Meta(description="Whether roots of a PKCS#12 file become entries of their own.")
    ] = True


class Downloading(InView, frozen=True, kw_only=True):
    """Which form of an entry's public content."""

    form: Annotated[
        Literal["cer", "p7b", "pem", "pkipath", "rootca", "pub", "ssh2", "package"],
        Meta(
            description="Certificate, chain (p7b, pem, pkipath), root, public key (OpenSSH, "
            "RFC 4716), or all that a partner needs in a zip."
        ),
    ] = field(name="as")


class Exporting(Given, frozen=True, kw_only=True):
    """What of a keystore is given out."""

    form: Annotated[KeystoreForm, Meta(description="The file's format.")] = field(name="as")
    backup: Annotated[
        Text | None, Meta(description="Of this backup instead of the current entries.")
    ] = None


class Supplying(OfAlias, frozen=True, kw_only=True):
    """Where a file of the provider goes."""

    view: View = View.NEW
    usage: Annotated[Usage | None, Meta(description="That of the key it follows if not given.")] = (
        None
    )
    trusted: bool = True
    key: Text | None = None


# ---- bodies


class SubjectParts(Given, frozen=True, kw_only=True):
    """The parts of a distinguished name; what is left out is not in it."""

    common_name: Annotated[Text | None, Meta(examples=["shop.example.test"])] = None
    organizational_unit: Text | None = None
    organization: Text | None = None
    locality: Text | None = None
    state: Text | None = None
    country: Annotated[Text | None, Meta(description="Two letters.", examples=["DE"])] = None
    email: Text | None = None

    @property
    def subject(self) -> subjects.Subject:
        """The same as the keystore takes it."""
        return subjects.Subject(**{name: getattr(self, name) for name in self.__struct_fields__})


class Placeholder(Given, frozen=True, kw_only=True):
    """What the self-signed certificate of a key shall say."""

    subject: SubjectParts = SubjectParts()
    san: Annotated[
        tuple[Text, ...], Meta(max_length=1000, examples=[["DNS:shop.example.test"]])
    ] = ()
    not_before: Moment | None = None
    not_after: Moment | None = None
    hash: Annotated[Text | None, Meta(examples=["sha256"])] = None

    @property
    def wish(self) -> PlaceholderWish:
        """The same as the keystore takes it. Raises RequestInvalid."""
        return PlaceholderWish(
            subject=self.subject.subject,
            san=self.san,
            not_before=utc(self.not_before),
            not_after=utc(self.not_after),
            hash_name=self.hash,
        )


class NewKeyPair(Placeholder, frozen=True, kw_only=True):
    """A key pair to generate."""

    alias: NewName
    type: Annotated[Text, Meta(examples=["rsa"])] = "rsa"
    size: Annotated[Number | None, Meta(examples=[2048])] = None
    curve: Text | None = None
    usage: Usage = Usage.TLS_CLIENT

    @property
    def spec(self) -> KeySpec:
        """Raises KeyTypeUnsupported."""
        return key_pairs.parse_key_spec(self.type, self.size, self.curve)


class Renewal(Given, frozen=True, kw_only=True):
    """A pending new key; without a type it is of the kind that the entry has."""

    type: Text | None = None
    size: Number | None = None
    curve: Text | None = None
    replace: Annotated[bool, Meta(description="Give up a pending key that is there already.")] = (
        False
    )

    @property
    def spec(self) -> KeySpec | None:
        """Raises KeyTypeUnsupported, RequestInvalid for a size or curve without a type."""
        if self.type is not None:
            return key_pairs.parse_key_spec(self.type, self.size, self.curve)
        if (self.size, self.curve) != (None, None):
            raise RequestInvalid("A size or a curve needs a type beside it.")
        return None


class KeyPairFile(Given, frozen=True, kw_only=True):
    """A file with a key pair, and what belongs to it."""

    file: FileBytes
    certificate: Annotated[
        Annotated[bytes, Meta(extra_json_schema=_BASE64)] | None,
        Meta(description="Certificate and chain of the key, in base64."),
    ] = None
    password: Password | None = None
    key: Annotated[Text | None, Meta(description="Which of several keys in the file.")] = None


class SshKeyFile(Placeholder, frozen=True, kw_only=True):
    """An SSH key: OpenSSH, PuTTY or PEM."""

    file: FileBytes
    passphrase: Password | None = None


class RsaKeyFile(Placeholder, frozen=True, kw_only=True):
    """An RSA key in PKCS#1, PEM, not encrypted."""

    file: FileBytes


class NewAlias(Given, frozen=True, kw_only=True):
    """Another alias."""

    alias: Annotated[str, Meta(max_length=1000, examples=["shop-2027"])]


class Rollback(Given, frozen=True, kw_only=True):
    """An earlier version."""

    version: Number
    note: Annotated[Text | None, Meta(description="Why.")] = None


class RequestWanted(Given, frozen=True, kw_only=True):
    """What a signing request shall say other than the key's certificate does."""

    subject: SubjectParts = SubjectParts()
    san: Annotated[tuple[Text, ...], Meta(max_length=1000)] = ()
    usage: Usage | None = None
    hash: Text | None = None
    current_key: Annotated[
        bool, Meta(description="For the current key although a pending one waits.")
    ] = False


class NewBackup(Given, frozen=True, kw_only=True):
    """A snapshot to be made."""

    name: Annotated[Text | None, Meta(description="Called after the time if not given.")] = None


class Restoring(Given, frozen=True, kw_only=True):
    """What of a backup comes back."""

    aliases: Annotated[Texts | None, Meta(description="All entries if not given.")] = None
    mode: Mode = Mode.OVERWRITE


class Copying(Given, frozen=True, kw_only=True):
    """Entries to copy."""

    aliases: Annotated[
        dict[Text, Text],
        Meta(max_length=MOST_NAMES, description="From the alias here to the alias there."),
    ]
    target: Annotated[Text, Meta(description="A keystore; may be the same, for other aliases.")]
    overwrite: bool = False


class Activating(Given, frozen=True, kw_only=True):
    """New keys of the provider to activate."""

    aliases: Annotated[Texts | None, Meta(description="Those whose day has come if not given.")] = (
        None
    )


class Destination(Given, frozen=True, kw_only=True):
    """Where a key of the history goes."""

    destination: Annotated[Text | None, Meta(description="Its original alias if not given.")] = None


def utc(at: datetime | None) -> datetime | None:
    """Return a time in UTC. Raises RequestInvalid for one that lies outside the calendar there."""
    try:
        return None if at is None else at.astimezone(UTC)
    except OverflowError as error:
        raise RequestInvalid("A time lies outside the calendar.") from error
