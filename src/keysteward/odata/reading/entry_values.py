"""Entries and certificates as SAP's API shows them; the texts of properties are ``sap_texts``'."""

import hashlib
from functools import lru_cache

from keysteward.entries import EntryType, View
from keysteward.odata import model
from keysteward.odata.entities import Entity, Value
from keysteward.odata.reading.sources import HISTORY, Place
from keysteward.pki.certificates import Certificate
from keysteward.storage import sap_texts
from keysteward.storage.catalogue import CatalogueEntry
from keysteward.web import conditions

NOT_TRUSTED = "notTrusted"
"""The property Validity of a certificate that nobody vouches for."""

_MOST_KEPT = 2_048


@lru_cache(maxsize=_MOST_KEPT)
def of_entry(entry: CatalogueEntry, place: Place, status: str = sap_texts.STATUS) -> Entity:
    """Return an entry as a KeystoreEntry, from the history as a HistoryKeystoreEntry.

    The catalogue gives an entry that has not changed as the same object, and so does this; nobody
    may change the values.
    """
    owner = entry.owner
    values: dict[str, Value] = {
        "Hexalias": sap_texts.hexalias(entry.alias),
        "Alias": entry.alias,
        "KeyType": entry.key.type,
        "KeySize": entry.key.size,
        "ValidNotBefore": entry.not_before,
        "ValidNotAfter": entry.not_after,
        "SerialNumber": sap_texts.serial_number(entry.serial_number),
        "SignatureAlgorithm": entry.signature_algorithm,
        "EllipticCurve": entry.key.curve,
        "SubjectDN": sap_texts.distinguished_name(entry.subject),
        "IssuerDN": sap_texts.distinguished_name(entry.issuer),
        "Version": entry.x509_version,
        "FingerprintSha1": sap_texts.fingerprint(entry.sha1),
        "FingerprintSha256": sap_texts.fingerprint(entry.sha256),
        "FingerprintSha512": sap_texts.fingerprint(entry.sha512),
        "Type": sap_texts.TYPES[entry.type],
        "Owner": sap_texts.OWNERS[owner],
        "LastModifiedBy": sap_texts.person(owner, entry.modified_by),
        "LastModifiedTime": sap_texts.instant(entry.modified_at),
        "CreatedBy": sap_texts.person(owner, entry.created_by),
        "CreatedTime": sap_texts.instant(entry.created_at),
        "Status": status,
    }
    activation = entry.activation
    if activation is not None:
        values |= {
            "ActivatedBy": activation.activated_by,
            "ActiveFrom": sap_texts.instant(activation.active_from),
            "DeactivatedBy": activation.deactivated_by,
            "ActiveUntil": sap_texts.instant(activation.active_until),
            "ActivationSequenceNumber": activation.sequence,
            "OriginalAlias": activation.original_alias,
        }
    in_history = place.name == HISTORY
    etag = None
    if place.source is View.CURRENT:
        etag = conditions.etag(entry.id, entry.version, entry.pending)
    return Entity(
        model.HISTORY_KEYSTORE_ENTRY if in_history else model.KEYSTORE_ENTRY,
        values,
        query="" if in_history else place.query,
        etag=etag,
    )


def of_certificate(
    alias: str, certificate: Certificate, type_: EntryType, status: str, validity: str | None = None
) -> Entity:
    """Return a certificate that is no entry, or none any more, as a KeystoreEntry."""
    values = {
        **_parts(certificate),
        "Hexalias": sap_texts.hexalias(alias),
        "Alias": alias,
        "EllipticCurve": certificate.key.curve,
        "Validity": validity,
        "Type": sap_texts.TYPES[type_],
        "Status": status,
    }
    return Entity(model.KEYSTORE_ENTRY, values)


def of_chain(alias: str, chain: tuple[Certificate, ...], place: Place) -> tuple[Entity, ...]:
    """Return a chain, which is end-entity first, as ChainCertificates: the root has index 0."""
    return tuple(
        Entity(
            model.CHAIN_CERTIFICATE,
            {
                **_parts(certificate),
                "Hexalias": sap_texts.hexalias(alias),
                "Index": index,
                "Alias": alias,
            },
            query=place.query,
        )
        for index, certificate in enumerate(reversed(chain))
    )


def _parts(certificate: Certificate) -> dict[str, Value]:
    return {
        "KeyType": certificate.key.type,
        "KeySize": certificate.key.size,
        "ValidNotBefore": certificate.not_before,
        "ValidNotAfter": certificate.not_after,
        "SerialNumber": sap_texts.serial_number(f"{certificate.serial_number:x}"),
        "SignatureAlgorithm": certificate.signature_algorithm,
        "SubjectDN": sap_texts.distinguished_name(certificate.subject),
        "IssuerDN": sap_texts.distinguished_name(certificate.issuer),
        "Version": certificate.version,
        "FingerprintSha1": sap_texts.fingerprint(bytes.fromhex(certificate.fingerprint_sha1)),
        "FingerprintSha256": sap_texts.fingerprint(bytes.fromhex(certificate.fingerprint)),
        "FingerprintSha512": sap_texts.fingerprint(hashlib.sha512(certificate.der).digest()),
    }
