"""The entity data model of the keystore part of SAP's "Security Content" service, as values.

Names, types, lengths and their order are those of its ``$metadata``. Nothing else in this room
lists them again.
"""

from collections.abc import Mapping
from types import MappingProxyType

from keysteward.odata.edm import (
    Association,
    Edm,
    End,
    EntitySet,
    EntityType,
    Navigation,
    Property,
)


def _strings(max_length: int, *names: str) -> tuple[Property, ...]:
    return tuple(Property(name, max_length=max_length) for name in names)


def _moments(*names: str) -> tuple[Property, ...]:
    return tuple(Property(name, Edm.DATE_TIME_OFFSET) for name in names)


def _required(name: str, max_length: int) -> Property:
    return Property(name, nullable=False, max_length=max_length)


ASSOCIATIONS: tuple[Association, ...] = (
    Association(
        "EntriesOfKeystore",
        (End("r_Entries", "KeystoreEntry", many=True), End("r_Keystore", "Keystore")),
    ),
    Association(
        "RuntimesOfKeystore",
        (End("r_Keystore", "Keystore"), End("r_Runtimes", "RuntimeAssignment", many=True)),
    ),
    Association(
        "CertificateChainOfKeyPair",
        (
            End("r_ChainCertificates", "ChainCertificate", many=True),
            End("r_KeystoreEntry", "KeystoreEntry"),
        ),
    ),
    Association(
        "A_KeystoreEntry_CertificateResource",
        (End("r_Certificate", "CertificateResource"), End("r_KeystoreEntry", "KeystoreEntry")),
    ),
    Association(
        "A_KeystoreEntry_CertificateChainResource",
        (
            End("r_ChainResource", "CertificateChainResource"),
            End("r_KeystoreEntry", "KeystoreEntry"),
        ),
    ),
    Association(
        "A_KeystoreEntry_CertificateSigningRequest",
        (
            End("r_SigningRequest", "CertificateSigningRequest"),
            End("r_KeystoreEntry", "KeystoreEntry"),
        ),
    ),
    Association(
        "A_KeystoreEntry_SSHKeyResource",
        (End("r_Sshkey", "SSHKeyResource"), End("r_KeystoreEntry", "KeystoreEntry")),
    ),
)


def _navigation(name: str, association: str, target_role: str) -> Navigation:
    ends = next(each.ends for each in ASSOCIATIONS if each.name == association)
    target, source = ends if ends[0].role == target_role else (ends[1], ends[0])
    return Navigation(name, association, source.role, target.role, target.type, target.many)


_HEXALIAS = _required("Hexalias", 2_000)
_ALIAS = _required("Alias", 250)
_FINGERPRINTS = _strings(200, "FingerprintSha1", "FingerprintSha256", "FingerprintSha512")
_NAME_PARTS = (
    *_strings(500, "CommonName", "OrganizationUnit", "Organization", "Locality", "State", "Email"),
    Property("Country", max_length=2),
)

_ENTRY_ALIAS = EntityType(
    "KeystoreEntryAlias", declared_key=("Hexalias",), properties=(_HEXALIAS, _ALIAS)
)

_CERTIFICATE_PART_BASE = EntityType(
    "KeystoreEntryCertificatePartBase",
    base=_ENTRY_ALIAS,
    properties=(
        Property("KeyType", max_length=30),
        Property("KeySize", Edm.INT32),
        *_moments("ValidNotBefore", "ValidNotAfter"),
        Property("SerialNumber", max_length=256),
        Property("SignatureAlgorithm", max_length=60),
        Property("EllipticCurve", max_length=500),
    ),
)

_CERTIFICATE_PART = EntityType(
    "KeystoreEntryCertificatePart",
    base=_CERTIFICATE_PART_BASE,
    properties=(
        Property("Validity", max_length=1_000),
        *_strings(50_000, "SubjectDN", "IssuerDN"),
        Property("Version", Edm.INT32),
        *_FINGERPRINTS,
    ),
)

KEYSTORE_ENTRY = EntityType(
    "KeystoreEntry",
    base=_CERTIFICATE_PART,
    properties=(
        *_strings(30, "Type", "Owner"),
        Property("LastModifiedBy", max_length=150),
        *_moments("LastModifiedTime"),
        Property("CreatedBy", max_length=150),
        *_moments("CreatedTime"),
        Property("Status", max_length=500),
    ),
    navigations=(
        _navigation("ChainCertificates", "CertificateChainOfKeyPair", "r_ChainCertificates"),
        _navigation("Certificate", "A_KeystoreEntry_CertificateResource", "r_Certificate"),
        _navigation("Sshkey", "A_KeystoreEntry_SSHKeyResource", "r_Sshkey"),
        _navigation("Keystore", "EntriesOfKeystore", "r_Keystore"),
        _navigation("ChainResource", "A_KeystoreEntry_CertificateChainResource", "r_ChainResource"),
        _navigation(
            "SigningRequest", "A_KeystoreEntry_CertificateSigningRequest", "r_SigningRequest"
        ),
    ),
)

HISTORY_KEYSTORE_ENTRY = EntityType(
    "HistoryKeystoreEntry",
    base=KEYSTORE_ENTRY,
    properties=(
        Property("ActivatedBy", max_length=150),
        *_moments("ActiveFrom"),
        Property("DeactivatedBy", max_length=150),
        *_moments("ActiveUntil"),
        Property("ActivationSequenceNumber", Edm.INT32),
        Property("OriginalAlias", max_length=250),
    ),
)

KEYSTORE = EntityType(
    "Keystore",
    declared_key=("Name",),
    properties=(
        _required("Name", 100),
        Property("LastModifiedBy", max_length=150),
        *_moments("LastModifiedTime"),
        Property("Size", Edm.INT32),
        Property("RuntimeIds", max_length=620),
        Property("AggregatedStatus", max_length=20),
        Property("AggregatedErrors", max_length=5_000),
    ),
    navigations=(
        _navigation("Entries", "EntriesOfKeystore", "r_Entries"),
        _navigation("Runtimes", "RuntimesOfKeystore", "r_Runtimes"),
    ),
)

KEYSTORE_RESOURCE = EntityType(
    "KeystoreResource",
    declared_key=("Name",),
    properties=(
        _required("Name", 100),
        Property("Resource", Edm.BINARY, max_length=6_291_456),
        Property("Password", max_length=300),
        Property("Aliases", max_length=2_097_152),
    ),
)

CERTIFICATE_RESOURCE = EntityType(
    "CertificateResource",
    base=_ENTRY_ALIAS,
    navigations=(
        _navigation("KeystoreEntry", "A_KeystoreEntry_CertificateResource", "r_KeystoreEntry"),
    ),
    has_stream=True,
)

CERTIFICATE_CHAIN_RESOURCE = EntityType(
    "CertificateChainResource",
    base=_ENTRY_ALIAS,
    navigations=(
        _navigation("KeystoreEntry", "A_KeystoreEntry_CertificateChainResource", "r_KeystoreEntry"),
    ),
    has_stream=True,
)

CERTIFICATE_SIGNING_REQUEST = EntityType(
    "CertificateSigningRequest",
    declared_key=("Hexalias",),
    properties=(_HEXALIAS,),
    navigations=(
        _navigation(
            "KeystoreEntry", "A_KeystoreEntry_CertificateSigningRequest", "r_KeystoreEntry"
        ),
    ),
    has_stream=True,
)

SSH_KEY_RESOURCE = EntityType(
    "SSHKeyResource",
    base=_ENTRY_ALIAS,
    navigations=(
        _navigation("KeystoreEntry", "A_KeystoreEntry_SSHKeyResource", "r_KeystoreEntry"),
    ),
    has_stream=True,
)

CHAIN_CERTIFICATE = EntityType(
    "ChainCertificate",
    declared_key=("Hexalias", "Index"),
    properties=(
        _HEXALIAS,
        Property("Index", Edm.INT32, nullable=False),
        _ALIAS,
        Property("Validity", max_length=1_000),
        Property("KeyType", max_length=30),
        Property("KeySize", Edm.INT32),
        *_moments("ValidNotBefore", "ValidNotAfter"),
        *_strings(50_000, "SubjectDN", "IssuerDN"),
        Property("SerialNumber", max_length=66),
        Property("SignatureAlgorithm", max_length=60),
        Property("Version", Edm.INT32),
        *_FINGERPRINTS,
    ),
    navigations=(_navigation("KeystoreEntry", "CertificateChainOfKeyPair", "r_KeystoreEntry"),),
)

KEY_PAIR_RESOURCE = EntityType(
    "KeyPairResource",
    base=_ENTRY_ALIAS,
    properties=(
        Property("Resource", Edm.BINARY, max_length=30_072),
        Property("Password", max_length=500),
    ),
)

KEY_PAIR_GENERATION_REQUEST = EntityType(
    "KeyPairGenerationRequest",
    base=_CERTIFICATE_PART_BASE,
    properties=(
        Property("KeyAlgorithmParameter", max_length=500),
        *_NAME_PARTS,
        Property("Extensions", Edm.BINARY, max_length=3_000),
    ),
)

SSH_KEY_GENERATION_REQUEST = EntityType(
    "SSHKeyGenerationRequest",
    base=_CERTIFICATE_PART_BASE,
    properties=(
        Property("SSHFile", max_length=10_000),
        Property("Password", max_length=500),
        Property("KeyAlgorithmParameter", max_length=500),
        *_NAME_PARTS,
    ),
)

RSA_KEY_GENERATION_REQUEST = EntityType(
    "RSAKeyGenerationRequest",
    base=_ENTRY_ALIAS,
    properties=(
        Property("RSAFile", Edm.BINARY, nullable=False, max_length=10_000),
        Property("SignatureAlgorithm", max_length=60),
        *_moments("ValidNotBefore", "ValidNotAfter"),
        Property("SerialNumber", max_length=256),
        *_NAME_PARTS,
    ),
)

RUNTIME_ASSIGNMENT = EntityType(
    "RuntimeAssignment",
    declared_key=("KeystoreName", "RuntimeId"),
    properties=(
        _required("KeystoreName", 30),
        _required("RuntimeId", 30),
        _required("Status", 20),
        Property("StatusUpdatedAt", Edm.INT64, nullable=False),
        Property("Errors", max_length=5_000),
    ),
    navigations=(_navigation("Keystore", "RuntimesOfKeystore", "r_Keystore"),),
)

ENTITY_SETS: tuple[EntitySet, ...] = (
    EntitySet("KeystoreEntries", KEYSTORE_ENTRY),
    EntitySet("HistoryKeystoreEntries", HISTORY_KEYSTORE_ENTRY),
    EntitySet("Keystores", KEYSTORE),
    EntitySet("KeystoreResources", KEYSTORE_RESOURCE),
    EntitySet("CertificateResources", CERTIFICATE_RESOURCE),
    EntitySet("CertificateChainResources", CERTIFICATE_CHAIN_RESOURCE),
    EntitySet("CertificateSigningRequests", CERTIFICATE_SIGNING_REQUEST),
    EntitySet("SSHKeyResources", SSH_KEY_RESOURCE),
    EntitySet("ChainCertificates", CHAIN_CERTIFICATE),
    EntitySet("KeyPairResources", KEY_PAIR_RESOURCE),
    EntitySet("KeyPairGenerationRequests", KEY_PAIR_GENERATION_REQUEST),
    EntitySet("SSHKeyGenerationRequests", SSH_KEY_GENERATION_REQUEST),
    EntitySet("RSAKeyGenerationRequests", RSA_KEY_GENERATION_REQUEST),
    EntitySet("RuntimeSyncInfos", RUNTIME_ASSIGNMENT),
)
"""All sets, in the order of the service's ``$metadata``."""

ENTITY_TYPES: tuple[EntityType, ...] = (
    _ENTRY_ALIAS,
    _CERTIFICATE_PART_BASE,
    _CERTIFICATE_PART,
    *(entity_set.type for entity_set in ENTITY_SETS),
)
"""All types, those without a set first."""

SETS: Mapping[str, EntitySet] = MappingProxyType({each.name: each for each in ENTITY_SETS})
SETS_OF_TYPES: Mapping[str, EntitySet] = MappingProxyType(
    {each.type.name: each for each in ENTITY_SETS}
)
"""The one set of each type that has one, by the type's name."""


def target_of(navigation: Navigation) -> EntitySet:
    """Return the set that a navigation leads to."""
    return SETS_OF_TYPES[navigation.target]
