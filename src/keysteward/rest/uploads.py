"""Keys and certificates that come as files: new entries, and other content for those there."""

from functools import partial

from keysteward.keystore import certificates, duplicates, key_files, key_pairs, ssh_keys
from keysteward.keystore.key_pairs import KeyUpload, StoredKeyPair
from keysteward.keystore.steward import Steward
from keysteward.notices import NoticeKind
from keysteward.problems import UploadTooLarge
from keysteward.rest import models, representations
from keysteward.rest.entries import EDIT
from keysteward.rest.routing import ENTRY, KEYSTORE, Answer, Call, File, Limit, Routes
from keysteward.rest.wishes import (
    CertificateUpdate,
    CertificateUpload,
    KeyPairFile,
    KeyPairUpdate,
    KeyPairUpload,
    OfAlias,
    RsaKeyFile,
    SshKeyFile,
)
from keysteward.values import Secret
from keysteward.web import conditions

routes = Routes("Uploads", "Keys and certificates from files, as new entries or new versions.")

_Key = File | KeyPairFile


def _too_large(what: str, setting: str, limit: int) -> UploadTooLarge:
    return UploadTooLarge(what, limit, setting)


KEY_PAIR_LIMIT = Limit(
    lambda settings: settings.key_pair_limit_bytes,
    partial(_too_large, "a key pair", "KEYSTEWARD_KEY_PAIR_LIMIT_BYTES"),
)
_KEY_FILE_LIMIT = Limit(
    lambda settings: settings.key_file_limit_bytes,
    partial(_too_large, "a key file", "KEYSTEWARD_KEY_FILE_LIMIT_BYTES"),
)
_CERTIFICATE_LIMIT = Limit(
    lambda settings: settings.certificate_limit_bytes,
    partial(_too_large, "a certificate", "KEYSTEWARD_CERTIFICATE_LIMIT_BYTES"),
)


def key_upload(steward: Steward, body: _Key, choose: str | None) -> KeyUpload:
    """Return a file with a key pair, however it was sent.

    Raises UploadTooLarge, CertificateUnreadable of the certificates beside it.
    """
    if isinstance(body, File):
        return KeyUpload(body.data, body.password, choose)
    beside = body.certificate
    return KeyUpload(
        body.file,
        secret(body.password),
        choose or body.key,
        () if beside is None else key_files.read_chain_file(beside, steward.settings),
    )


def secret(text: str | None) -> Secret | None:
    """Return a password of a body as what cannot be printed."""
    return None if text is None else Secret(text.encode())


def _stored(
    call: Call[object, object], found: StoredKeyPair, status: int | None = None
) -> Answer[models.StoredEntry]:
    content = models.StoredEntry(
        entry=representations.entry(call.steward, found.entry),
        notices=representations.notices(found.notices),
        changed=found.changed,
    )
    return Answer(content, status, {"ETag": conditions.etag_of(found.entry)})


def _again(call: Call[KeyPairUpload, _Key]) -> Answer[models.StoredEntry]:
    return _there(call, call.query.alias)


def _there(call: Call[object, object], alias: str) -> Answer[models.StoredEntry]:
    """Return what is there by now; what was said of it when it came is not known any more."""
    entry = call.steward.store.get_entry(call.steward.keystore_id, alias)
    return _stored(call, StoredKeyPair(entry, ()), 201)


@routes.on(
    "POST",
    f"{KEYSTORE}/key-pairs/upload",
    EDIT,
    status=201,
    limit=KEY_PAIR_LIMIT,
    slow=True,
    again=_again,
)
def add_key_pair(call: Call[KeyPairUpload, File | KeyPairFile]) -> Answer[models.StoredEntry]:
    """Take a key pair into the keystore under a new alias: PEM or PKCS#12.

    Send the file itself, its password in the header Keysteward-Password; or JSON, which also takes
    the certificate from a file of its own.
    """
    wanted = call.query
    found = key_pairs.add_key_pair(
        *(call.steward, call.caller, wanted.alias),
        key_upload(call.steward, call.body, wanted.key),
        usage=wanted.usage,
        consent=wanted.consent,
    )
    return _stored(call, found)


@routes.on("PUT", f"{ENTRY}/key-pair", EDIT, limit=KEY_PAIR_LIMIT, slow=True)
def update_key_pair(call: Call[KeyPairUpdate, File | KeyPairFile]) -> Answer[models.StoredEntry]:
    """Give a key pair the key and chain of a file, under its unchanged alias and usage."""
    found = key_pairs.update_key_pair(
        *(call.steward, call.caller, call.alias),
        key_upload(call.steward, call.body, call.query.key),
        consent=call.query.consent,
    )
    return _stored(call, found)


def _ssh_again(call: Call[OfAlias, SshKeyFile]) -> Answer[models.StoredEntry]:
    return _there(call, call.query.alias)


@routes.on(
    "POST",
    f"{KEYSTORE}/ssh-keys",
    EDIT,
    status=201,
    limit=_KEY_FILE_LIMIT,
    slow=True,
    again=_ssh_again,
)
def add_ssh_key(call: Call[OfAlias, SshKeyFile]) -> Answer[models.StoredEntry]:
    """Take an SSH key in: OpenSSH's own form, PuTTY's, or PEM. Its certificate is self-signed."""
    return _stored(call, _ssh_key(call, call.query.alias, call.body, update=False))


@routes.on("PUT", f"{ENTRY}/ssh-key", EDIT, limit=_KEY_FILE_LIMIT, slow=True)
def update_ssh_key(call: Call[None, SshKeyFile]) -> Answer[models.StoredEntry]:
    """Give an SSH key to a key pair that is there, under its unchanged alias."""
    return _stored(call, _ssh_key(call, call.alias, call.body, update=True))


def _ssh_key(
    call: Call[object, object], alias: str, file: SshKeyFile, *, update: bool
) -> StoredKeyPair:
    return ssh_keys.add_ssh_key(
        *(call.steward, call.caller, alias, file.file, file.wish),
        passphrase=secret(file.passphrase),
        update=update,
    )


def _rsa_again(call: Call[OfAlias, RsaKeyFile]) -> Answer[models.StoredEntry]:
    return _there(call, call.query.alias)


@routes.on(
    "POST",
    f"{KEYSTORE}/rsa-keys",
    EDIT,
    status=201,
    limit=_KEY_FILE_LIMIT,
    again=_rsa_again,
)
def add_rsa_key(call: Call[OfAlias, RsaKeyFile]) -> Answer[models.StoredEntry]:
    """Take an RSA key in: PKCS#1 in PEM, not encrypted. Its certificate is self-signed."""
    file = call.body
    return _stored(
        call,
        ssh_keys.add_rsa_key(call.steward, call.caller, call.query.alias, file.file, file.wish),
    )


@routes.on("PUT", f"{ENTRY}/rsa-key", EDIT, limit=_KEY_FILE_LIMIT)
def update_rsa_key(call: Call[None, RsaKeyFile]) -> Answer[models.StoredEntry]:
    """Give an RSA key to a key pair that is there, under its unchanged alias and usage."""
    file = call.body
    return _stored(
        call,
        ssh_keys.add_rsa_key(
            *(call.steward, call.caller, call.alias, file.file, file.wish), update=True
        ),
    )


def _certificate_again(call: Call[CertificateUpload, File]) -> Answer[models.StoredEntry]:
    return _there(call, call.query.alias)


@routes.on(
    "POST",
    f"{KEYSTORE}/certificates",
    EDIT,
    status=201,
    limit=_CERTIFICATE_LIMIT,
    again=_certificate_again,
)
def add_certificate(call: Call[CertificateUpload, File]) -> Answer[models.StoredEntry]:
    """Take one certificate into the keystore under a new alias: a root to trust, or an issuer."""
    wanted = call.query
    entry = certificates.add_certificate(
        *(call.steward, call.caller, wanted.alias, call.body.data),
        trusted=wanted.trusted,
        consent=wanted.consent,
    )
    return _stored(call, StoredKeyPair(entry, duplicates.remarks(call.steward, entry)))


@routes.on("PUT", f"{ENTRY}/certificate", EDIT, limit=_CERTIFICATE_LIMIT)
def update_certificate(call: Call[CertificateUpdate, File]) -> Answer[models.StoredEntry]:
    """Give a certificate entry another certificate under its unchanged alias."""
    before = call.steward.store.find_entry(call.steward.keystore_id, call.alias)
    entry = certificates.update_certificate(
        *(call.steward, call.caller, call.alias, call.body.data),
        trusted=call.query.trusted,
        consent=call.query.consent,
    )
    same = before is not None and before.version.number == entry.version.number
    text = f"{entry.alias!r} has this certificate with this mark already; nothing is stored."
    notices = (NoticeKind.ALREADY_CURRENT.about(text),) if same else ()
    remarks = duplicates.remarks(call.steward, entry)
    return _stored(call, StoredKeyPair(entry, (*notices, *remarks), changed=not same))
