"""SSHKeyGenerationRequests: existing SSH keys come in, under aliases that their type decides."""

import base64
import binascii

from keysteward.formats import ssh
from keysteward.keystore import ssh_keys
from keysteward.keystore.key_pairs import PlaceholderWish
from keysteward.odata import edm, model
from keysteward.odata.changing import answers, documents, signature_algorithms
from keysteward.odata.changing.documents import Document
from keysteward.odata.contract import Answer, BodyLimit, Call, Member
from keysteward.odata.entities import Entity
from keysteward.odata.reading import pages, sources
from keysteward.pki import public_keys
from keysteward.problems import KeyTypeUnsupported, RequestInvalid, UploadTooLarge
from keysteward.settings import Settings
from keysteward.storage import sap_texts

_ALIASES = {"RSA": "id_rsa", "DSA": "id_dsa", "EC": "id_ec"}
"""SAP's, by the type of the key (API specification, SSHKeyGenerationRequests)."""

_SETTING = "KEYSTEWARD_KEY_FILE_LIMIT_BYTES"

_WITHOUT_EFFECT = ("SerialNumber", "EllipticCurve", "KeyAlgorithmParameter")


def limit(settings: Settings, _media_type: str) -> BodyLimit:
    """Return the limit of a body with a key file."""
    return documents.with_file("an SSH key", settings.key_file_limit_bytes, _SETTING)


def post(call: Call) -> Answer:
    """Take an SSH key in as ``id_rsa``, ``id_dsa`` or ``id_ec``; ``update`` replaces the one there.

    Answers the alias. Raises KeyTypeUnsupported for other types of keys, and what ``add_ssh_key``
    does.
    """
    document = documents.read(call, model.SSH_KEY_GENERATION_REQUEST)
    document.refuse(_WITHOUT_EFFECT)
    data, passphrase = _file(call, document), document.password()
    key = ssh.read_private_key(data, passphrase, call.steward.settings.derivation_limit_rounds)
    kind = public_keys.kind(key.public_key())
    if kind.type not in _ALIASES:
        raise KeyTypeUnsupported(
            f"Over this API an SSH key is RSA, DSA or EC, not {kind.type}.",
            "The REST API takes it, under an alias of your own.",
        )
    algorithm = document.text("SignatureAlgorithm")
    wish = PlaceholderWish(
        document.subject(),
        not_before=document.moment("ValidNotBefore"),
        not_after=document.moment("ValidNotAfter"),
        hash_name=signature_algorithms.hash_name(algorithm, kind.type.lower()),
    )
    alias, update = _ALIASES[kind.type], call.options.update
    answers.tried(
        call,
        lambda: ssh_keys.add_ssh_key(
            *(call.steward, call.caller, alias, data, wish), passphrase=passphrase, update=update
        ),
    )
    if call.options.return_keystore_entries:
        return pages.first(call, sources.named(call.steward, sources.SYSTEM))
    return _alias(alias)


def _file(call: Call, document: Document) -> bytes:
    """Return the file behind its base64, which is the text of a property here."""
    most = call.steward.settings.key_file_limit_bytes
    try:
        data = base64.b64decode("".join(document.required("SSHFile").split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise RequestInvalid("The property SSHFile is not base64 with its padding.") from error
    if len(data) > most:
        raise UploadTooLarge("an SSH key", most, _SETTING)
    return data


def _alias(alias: str) -> Answer:
    """Return the alias alone, which is all that the service's answer has."""
    entity_type = model.SSH_KEY_GENERATION_REQUEST
    values = {"Hexalias": sap_texts.hexalias(alias), "Alias": alias}
    return Member(Entity(entity_type, values), edm.properties_of(entity_type)["Alias"])
