import xml.etree.ElementTree as ET

import pyodata.v2.model as pyodata_model
import pytest

from keysteward.odata import metadata

EDMX = "{http://schemas.microsoft.com/ado/2007/06/edmx}"
CSDL = "{http://schemas.microsoft.com/ado/2008/09/edm}"
M = "{http://schemas.microsoft.com/ado/2007/08/dataservices/metadata}"

# The tables of the service's documented metadata, typed by hand. "!" is not nullable.
TYPES = {
    "KeystoreEntryAlias": (
        ("", "Hexalias", ""),
        "Hexalias String! 2000; Alias String! 250",
    ),
    "KeystoreEntryCertificatePartBase": (
        ("KeystoreEntryAlias", "", ""),
        (
            "KeyType String 30; KeySize Int32; ValidNotBefore DateTimeOffset;"
            "ValidNotAfter DateTimeOffset; SerialNumber String 256; SignatureAlgorithm String 60;"
            "EllipticCurve String 500"
        ),
    ),
    "KeystoreEntryCertificatePart": (
        ("KeystoreEntryCertificatePartBase", "", ""),
        (
            "Validity String 1000; SubjectDN String 50000; IssuerDN String 50000; Version Int32;"
            "FingerprintSha1 String 200; FingerprintSha256 String 200; FingerprintSha512 String 200"
        ),
    ),
    "KeystoreEntry": (
        ("KeystoreEntryCertificatePart", "", ""),
        (
            "Type String 30; Owner String 30; LastModifiedBy String 150;"
            "LastModifiedTime DateTimeOffset; CreatedBy String 150; CreatedTime DateTimeOffset;"
            "Status String 500"
        ),
    ),
    "HistoryKeystoreEntry": (
        ("KeystoreEntry", "", ""),
        (
            "ActivatedBy String 150; ActiveFrom DateTimeOffset; DeactivatedBy String 150;"
            "ActiveUntil DateTimeOffset; ActivationSequenceNumber Int32; OriginalAlias String 250"
        ),
    ),
    "Keystore": (
        ("", "Name", ""),
        (
            "Name String! 100; LastModifiedBy String 150; LastModifiedTime DateTimeOffset;"
            "Size Int32;"
            "RuntimeIds String 620; AggregatedStatus String 20; AggregatedErrors String 5000"
        ),
    ),
    "KeystoreResource": (
        ("", "Name", ""),
        "Name String! 100; Resource Binary 6291456; Password String 300; Aliases String 2097152",
    ),
    "CertificateResource": (("KeystoreEntryAlias", "", "stream"), ""),
    "CertificateChainResource": (("KeystoreEntryAlias", "", "stream"), ""),
    "SSHKeyResource": (("KeystoreEntryAlias", "", "stream"), ""),
    "CertificateSigningRequest": (("", "Hexalias", "stream"), "Hexalias String! 2000"),
    "ChainCertificate": (
        ("", "Hexalias Index", ""),
        (
            "Hexalias String! 2000; Index Int32!; Alias String! 250; Validity String 1000;"
            "KeyType String 30; KeySize Int32; ValidNotBefore DateTimeOffset;"
            "ValidNotAfter DateTimeOffset; SubjectDN String 50000; IssuerDN String 50000;"
            "SerialNumber String 66; SignatureAlgorithm String 60; Version Int32;"
            "FingerprintSha1 String 200; FingerprintSha256 String 200; FingerprintSha512 String 200"
        ),
    ),
    "KeyPairResource": (
        ("KeystoreEntryAlias", "", ""),
        "Resource Binary 30072; Password String 500",
    ),
    "KeyPairGenerationRequest": (
        ("KeystoreEntryCertificatePartBase", "", ""),
        (
            "KeyAlgorithmParameter String 500; CommonName String 500; OrganizationUnit String 500;"
            "Organization String 500; Locality String 500; State String 500; Email String 500;"
            "Country String 2; Extensions Binary 3000"
        ),
    ),
    "SSHKeyGenerationRequest": (
        ("KeystoreEntryCertificatePartBase", "", ""),
        (
            "SSHFile String 10000; Password String 500; KeyAlgorithmParameter String 500;"
            "CommonName String 500; OrganizationUnit String 500; Organization String 500;"
            "Locality String 500; State String 500; Email String 500; Country String 2"
        ),
    ),
    "RSAKeyGenerationRequest": (
        ("KeystoreEntryAlias", "", ""),
        (
            "RSAFile Binary! 10000; SignatureAlgorithm String 60; ValidNotBefore DateTimeOffset;"
            "ValidNotAfter DateTimeOffset; SerialNumber String 256; CommonName String 500;"
            "OrganizationUnit String 500; Organization String 500; Locality String 500;"
            "State String 500; Email String 500; Country String 2"
        ),
    ),
    "RuntimeAssignment": (
        ("", "KeystoreName RuntimeId", ""),
        (
            "KeystoreName String! 30; RuntimeId String! 30; Status String! 20;"
            "StatusUpdatedAt Int64!;"
            "Errors String 5000"
        ),
    ),
}
SETS = [
    ("KeystoreEntries", "KeystoreEntry"),
    ("HistoryKeystoreEntries", "HistoryKeystoreEntry"),
    ("Keystores", "Keystore"),
    ("KeystoreResources", "KeystoreResource"),
    ("CertificateResources", "CertificateResource"),
    ("CertificateChainResources", "CertificateChainResource"),
    ("CertificateSigningRequests", "CertificateSigningRequest"),
    ("SSHKeyResources", "SSHKeyResource"),
    ("ChainCertificates", "ChainCertificate"),
    ("KeyPairResources", "KeyPairResource"),
    ("KeyPairGenerationRequests", "KeyPairGenerationRequest"),
    ("SSHKeyGenerationRequests", "SSHKeyGenerationRequest"),
    ("RSAKeyGenerationRequests", "RSAKeyGenerationRequest"),
    ("RuntimeSyncInfos", "RuntimeAssignment"),
]
ASSOCIATIONS = {
    "EntriesOfKeystore": {("r_Entries", "KeystoreEntry", "*"), ("r_Keystore", "Keystore", "0..1")},
    "RuntimesOfKeystore": {
        ("r_Keystore", "Keystore", "0..1"),
        ("r_Runtimes", "RuntimeAssignment", "*"),
    },
    "CertificateChainOfKeyPair": {
        ("r_ChainCertificates", "ChainCertificate", "*"),
        ("r_KeystoreEntry", "KeystoreEntry", "0..1"),
    },
    "A_KeystoreEntry_CertificateResource": {
        ("r_Certificate", "CertificateResource", "0..1"),
        ("r_KeystoreEntry", "KeystoreEntry", "0..1"),
    },
    "A_KeystoreEntry_CertificateChainResource": {
        ("r_ChainResource", "CertificateChainResource", "0..1"),
        ("r_KeystoreEntry", "KeystoreEntry", "0..1"),
    },
    "A_KeystoreEntry_CertificateSigningRequest": {
        ("r_SigningRequest", "CertificateSigningRequest", "0..1"),
        ("r_KeystoreEntry", "KeystoreEntry", "0..1"),
    },
    "A_KeystoreEntry_SSHKeyResource": {
        ("r_Sshkey", "SSHKeyResource", "0..1"),
        ("r_KeystoreEntry", "KeystoreEntry", "0..1"),
    },
}
NAVIGATIONS = {
    "KeystoreEntry": [
        (
            "ChainCertificates",
            "CertificateChainOfKeyPair",
            "r_KeystoreEntry",
            "r_ChainCertificates",
        ),
        (
            *("Certificate", "A_KeystoreEntry_CertificateResource"),
            *("r_KeystoreEntry", "r_Certificate"),
        ),
        ("Sshkey", "A_KeystoreEntry_SSHKeyResource", "r_KeystoreEntry", "r_Sshkey"),
        ("Keystore", "EntriesOfKeystore", "r_Entries", "r_Keystore"),
        (
            *("ChainResource", "A_KeystoreEntry_CertificateChainResource"),
            *("r_KeystoreEntry", "r_ChainResource"),
        ),
        (
            *("SigningRequest", "A_KeystoreEntry_CertificateSigningRequest"),
            *("r_KeystoreEntry", "r_SigningRequest"),
        ),
    ],
    "Keystore": [
        ("Entries", "EntriesOfKeystore", "r_Keystore", "r_Entries"),
        ("Runtimes", "RuntimesOfKeystore", "r_Keystore", "r_Runtimes"),
    ],
    "RuntimeAssignment": [("Keystore", "RuntimesOfKeystore", "r_Runtimes", "r_Keystore")],
    "ChainCertificate": [
        ("KeystoreEntry", "CertificateChainOfKeyPair", "r_ChainCertificates", "r_KeystoreEntry")
    ],
    "CertificateResource": [
        (
            *("KeystoreEntry", "A_KeystoreEntry_CertificateResource"),
            *("r_Certificate", "r_KeystoreEntry"),
        )
    ],
    "CertificateChainResource": [
        (
            *("KeystoreEntry", "A_KeystoreEntry_CertificateChainResource"),
            *("r_ChainResource", "r_KeystoreEntry"),
        )
    ],
    "CertificateSigningRequest": [
        (
            *("KeystoreEntry", "A_KeystoreEntry_CertificateSigningRequest"),
            *("r_SigningRequest", "r_KeystoreEntry"),
        )
    ],
    "SSHKeyResource": [
        ("KeystoreEntry", "A_KeystoreEntry_SSHKeyResource", "r_Sshkey", "r_KeystoreEntry")
    ],
}


def document(*, flat: bool = False) -> ET.Element:
    """Return the whole document as a parser sees it."""
    return ET.fromstring(metadata.document(flat=flat).body)  # noqa: S314 (our own)


def schema(*, flat: bool = False) -> ET.Element:
    """Return its one schema."""
    found = document(flat=flat).find(f"{EDMX}DataServices/{CSDL}Schema")
    assert found is not None
    return found


def listed(name: str) -> list[str]:
    """Return the lines of a type's table as the document has them."""
    return [line.strip() for line in TYPES[name][1].split(";") if line.strip()]


def inherited(name: str) -> list[str]:
    """Return them with those of the base types before them."""
    base = TYPES[name][0][0]
    return [*(inherited(base) if base else ()), *listed(name)]


def inherited_key(name: str) -> list[str]:
    """Return the key of a type or of its base."""
    base, key, _ = TYPES[name][0]
    return key.split() or inherited_key(base)


def written(entity_type: ET.Element) -> list[str]:
    """Return the properties of an element as lines of a table."""
    lines = []
    for each in entity_type.findall(f"{CSDL}Property"):
        mark = "!" if each.get("Nullable") == "false" else ""
        line = f"{each.get('Name')} {each.get('Type', '').removeprefix('Edm.')}{mark}"
        lines.append(f"{line} {each.get('MaxLength', '')}".strip())
    return lines


def named(name: str, *, flat: bool = False) -> ET.Element:
    """Return the element of a type."""
    found = schema(flat=flat).find(f"{CSDL}EntityType[@Name='{name}']")
    assert found is not None
    return found


def key(entity_type: ET.Element) -> list[str | None]:
    """Return the names of a key's properties."""
    return [each.get("Name") for each in entity_type.iterfind(f"{CSDL}Key/{CSDL}PropertyRef")]


def test_document_is_of_version_2_in_the_namespace_of_the_service() -> None:
    """EDMX 1.0 around data services 2.0."""
    root = document()
    services = root.find(f"{EDMX}DataServices")
    assert services is not None
    assert ("1.0", "2.0") == (root.get("Version"), services.get(f"{M}DataServiceVersion"))
    assert "com.sap.hci.api" == schema().get("Namespace")


@pytest.mark.parametrize("name", TYPES)
def test_type_declares_what_the_table_lists(name: str) -> None:
    """Names, types, nullability, lengths and order, besides base, key and stream."""
    (base, expected_key, stream), _ = TYPES[name]
    entity_type = named(name)
    assert listed(name) == written(entity_type)
    assert expected_key.split() == key(entity_type)
    assert (f"com.sap.hci.api.{base}" if base else None) == entity_type.get("BaseType")
    assert ("true" if stream else None) == entity_type.get(f"{M}HasStream")


def test_document_has_no_other_types() -> None:
    """Seventeen, three of them bases without a set."""
    every = {each.get("Name") for each in schema().findall(f"{CSDL}EntityType")}
    assert set(TYPES) == every


@pytest.mark.parametrize("name", [name for _, name in SETS])
def test_flattened_type_has_all_that_it_inherits(name: str) -> None:
    """Without any base type, so that a client which ignores those finds key and properties."""
    entity_type = named(name, flat=True)
    assert inherited(name) == written(entity_type)
    assert inherited_key(name) == key(entity_type)
    assert entity_type.get("BaseType") is None


def test_navigations_are_those_of_the_table() -> None:
    """In both documents, in their order; a history entry inherits an entry's."""
    for name in TYPES:
        found = [
            (
                each.get("Name"),
                each.get("Relationship", "").removeprefix("com.sap.hci.api."),
                each.get("FromRole"),
                each.get("ToRole"),
            )
            for each in named(name).findall(f"{CSDL}NavigationProperty")
        ]
        assert NAVIGATIONS.get(name, []) == found


def test_associations_are_those_of_the_table() -> None:
    """With roles, types and multiplicities."""
    found = {
        each.get("Name"): {
            (
                end.get("Role"),
                end.get("Type", "").removeprefix("com.sap.hci.api."),
                end.get("Multiplicity"),
            )
            for end in each.findall(f"{CSDL}End")
        }
        for each in schema().findall(f"{CSDL}Association")
    }
    assert ASSOCIATIONS == found


@pytest.mark.parametrize("flat", [False, True])
def test_sets_are_those_of_the_table_in_its_order(*, flat: bool) -> None:
    """All fourteen, whatever the types look like."""
    container = schema(flat=flat).find(f"{CSDL}EntityContainer")
    assert container is not None
    found = [
        (each.get("Name"), each.get("EntityType", "").removeprefix("com.sap.hci.api."))
        for each in container.findall(f"{CSDL}EntitySet")
    ]
    assert SETS == found


@pytest.mark.parametrize("flat", [False, True])
def test_every_association_has_a_set_between_existing_ends(*, flat: bool) -> None:
    """Each end names a set whose type is the end's, as CSDL demands."""
    whole = schema(flat=flat)
    sets = dict(SETS)
    for association in whole.findall(f"{CSDL}Association"):
        qualified = f"com.sap.hci.api.{association.get('Name')}"
        (found,) = whole.findall(
            f"{CSDL}EntityContainer/{CSDL}AssociationSet[@Association='{qualified}']"
        )
        ends = {each.get("Role"): each.get("Type") for each in association.findall(f"{CSDL}End")}
        assert ends == {
            each.get("Role"): f"com.sap.hci.api.{sets[each.get('EntitySet', '')]}"
            for each in found.findall(f"{CSDL}End")
        }


def test_flattened_document_gives_pyodata_keys_properties_and_navigations() -> None:
    """The client itself builds its model of it, without a policy that forgives errors."""
    model = pyodata_model.MetadataBuilder(metadata.document(flat=True).body).build()
    for set_name, type_name in SETS:
        entity_type = model.entity_set(set_name).entity_type
        assert inherited_key(type_name) == [each.name for each in entity_type.key_proprties]
        assert {line.split()[0] for line in inherited(type_name)} == {
            each.name for each in entity_type.proprties()
        }
    history = model.entity_type("HistoryKeystoreEntry")
    assert ["ChainCertificates", "Certificate", "Sshkey", "Keystore", "ChainResource"] == [
        each.name for each in history.nav_proprties
    ][:5]


def test_faithful_document_is_accepted_by_pyodata() -> None:
    """It builds a model of it, though it ignores the base types: the entry has seven properties."""
    model = pyodata_model.MetadataBuilder(metadata.document().body).build()
    assert 7 == len(model.entity_type("KeystoreEntry").proprties())
