"""Rows of new entries, versions, keys and certificates, written many at a time."""

from collections.abc import Sequence
from datetime import datetime

from keysteward.entries import ChainState
from keysteward.pki.certificates import Certificate
from keysteward.problems import NameTaken
from keysteward.sealing.sealer import SealingContext
from keysteward.storage import changes, rows, search, statements
from keysteward.storage.links import Link
from keysteward.storage.records import NewEntry, NewKey, NewVersion, Stamp
from keysteward.values import Fingerprint

_NewVersionRow = tuple[int, int, NewVersion, list[int]]
"""The entry's id, the version's number, the version, the ids of its certificates."""


def keystore(link: Link, name: str, at: datetime) -> int:
    """Write an empty tenant keystore and return its id. Raises NameTaken."""
    if link.one(statements.GET_KEYSTORE, keystore_name=name) is not None:
        raise NameTaken("keystore", name)
    row = link.one(changes.INSERT_KEYSTORE, name=name, created_at=rows.to_microseconds(at))
    if row is None:
        raise RuntimeError("The database did not return the number that it gave.")
    return int(row[0])


def private_keys(link: Link, keystore_id: int, keys: Sequence[NewKey]) -> list[int]:
    """Return the ids of private keys of a keystore, in order; those that are new are sealed."""
    wanted = {key.public_key_sha256: key for key in keys}
    known = link.among(
        statements.FIND_PRIVATE_KEYS, list(map(rows.to_digest, wanted)), keystore=keystore_id
    )
    ids = {Fingerprint(digest.hex()): int(number) for digest, number in known}
    fresh = {found: key for found, key in wanted.items() if found not in ids}
    written: list[dict[str, object]] = []
    numbers = link.reserve_ids("private_keys", len(fresh)) if fresh else ()
    for number, key in zip(numbers, fresh.values(), strict=True):
        # A sealed key is bound to the id of its row, so the id comes first.
        sealed = key.seal(SealingContext(keystore_id, number, key.public_key_sha256))
        ids[key.public_key_sha256] = number
        written.append(
            {
                "id": number,
                "keystore_id": keystore_id,
                "public_key_sha256": rows.to_digest(key.public_key_sha256),
                "data_key_id": sealed.data_key_id,
                "sealed": sealed.ciphertext,
            }
        )
    link.change_many(changes.INSERT_PRIVATE_KEY, written)
    return [ids[key.public_key_sha256] for key in keys]


def entries(
    link: Link, stamp: Stamp, new_entries: Sequence[tuple[NewEntry, NewVersion]]
) -> list[int]:
    """Write entries, each with its version 1, under free aliases; return their ids in order."""
    if not new_entries:
        return []
    ids = iter(certificate_ids(link, [c for _, version in new_entries for c in version.chain]))
    chains = [[next(ids) for _ in version.chain] for _, version in new_entries]
    numbers = link.reserve_ids("entries", len(new_entries))
    link.change_many(
        changes.INSERT_ENTRY,
        [
            _entry_row(stamp, number, new, version, chain[0])
            for number, (new, version), chain in zip(numbers, new_entries, chains, strict=True)
        ],
    )
    versions(
        link,
        stamp,
        [
            (number, 1, version, chain)
            for number, (_, version), chain in zip(numbers, new_entries, chains, strict=True)
        ],
    )
    link.index_entries(numbers[0], numbers[-1])
    return list(numbers)


def versions(link: Link, stamp: Stamp, new_versions: Sequence[_NewVersionRow]) -> None:
    """Write versions and their chains."""
    link.write(
        changes.INSERT_VERSION,
        *(
            {
                "entry_id": entry_id,
                "number": number,
                "keystore_id": stamp.keystore_id,
                "reason": version.reason.value,
                "private_key_id": version.private_key_id,
                "file_sha256": version.file_sha256 and rows.to_digest(version.file_sha256),
                "note": version.note,
                "chain_state": _chain_state(version),
                "created_at": stamp.now,
                "created_by": stamp.actor,
            }
            for entry_id, number, version, _ in new_versions
        ),
    )
    link.write(
        changes.INSERT_VERSION_CERTIFICATE,
        *(
            {
                "entry_id": entry_id,
                "number": number,
                "position": position,
                "keystore_id": stamp.keystore_id,
                "certificate_id": certificate_id,
            }
            for entry_id, number, _, chain in new_versions
            for position, certificate_id in enumerate(chain)
        ),
    )


def certificate_ids(link: Link, chain: Sequence[Certificate]) -> list[int]:
    """Return the ids of certificates, in order, writing those that are not known yet."""
    digests = [rows.to_digest(certificate.fingerprint) for certificate in chain]
    wanted = dict(zip(digests, chain, strict=True))
    ids = _known(link, list(wanted))
    # In one order, so that no two writers wait for each other.
    fresh = sorted(digest for digest in wanted if digest not in ids)
    if fresh:
        reserved = dict(zip(fresh, link.reserve_ids("certificates", len(fresh)), strict=True))
        written = [
            {"id": number, **rows.certificate_row(wanted[digest])}
            for digest, number in reserved.items()
        ]
        if link.change_many(changes.INSERT_CERTIFICATE, written) < len(fresh):
            # Another keystore's writer was faster with some of them.
            reserved = _known(link, fresh)
        ids |= reserved
    return [ids[digest] for digest in digests]


def _known(link: Link, digests: list[bytes]) -> dict[bytes, int]:
    found = link.among(statements.FIND_CERTIFICATES, digests)
    return {bytes(digest): int(number) for digest, number in found}


def issuer_name(version: NewVersion) -> bytes | None:
    """Return what a certificate entry is found by as an issuer; a key pair is never one."""
    if version.private_key_id is not None:
        return None
    return rows.name_digest(version.chain[0].subject_name)


def _chain_state(version: NewVersion) -> str | None:
    """Return how far a key pair's chain goes; a lone certificate has none."""
    return None if version.private_key_id is None else ChainState.of(version.chain).value


def _entry_row(
    stamp: Stamp, entry_id: int, new: NewEntry, version: NewVersion, certificate_id: int
) -> dict[str, object]:
    subject_folded, issuer_folded = search.names_of(version.chain[0])
    return {
        "id": entry_id,
        "keystore_id": stamp.keystore_id,
        "alias": new.alias,
        "type": new.type.value,
        "owner": new.owner.value,
        "usage": new.usage.value,
        "trusted": new.trusted,
        "current_version": 1,
        "pending_version": None,
        "last_version": 1,
        "certificate_id": certificate_id,
        "not_after": rows.to_microseconds(version.chain[0].not_after),
        "subject_name_sha256": issuer_name(version),
        "waiting_since": None,
        "created_at": stamp.now,
        "created_by": stamp.actor,
        "modified_at": stamp.now,
        "modified_by": stamp.actor,
        "deleted_at": None,
        "view": new.view.value,
        "purged_at": None,
        "held_at": None,
        "alias_folded": search.folded(new.alias),
        "subject_folded": subject_folded,
        "issuer_folded": issuer_folded,
    }
