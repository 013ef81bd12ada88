"""KeyPairResources: key pairs of PKCS#12 files are added and updated."""

from keysteward.formats.keystores import pkcs12
from keysteward.keystore import aliases, key_pairs
from keysteward.keystore.key_pairs import KeyUpload
from keysteward.odata import model
from keysteward.odata.changing import answers, documents, uploads
from keysteward.odata.contract import Answer, BodyLimit, Call
from keysteward.problems import NotAKeystore
from keysteward.settings import Settings

_SETTING = "KEYSTEWARD_KEY_PAIR_LIMIT_BYTES"


def limit(settings: Settings, _media_type: str) -> BodyLimit:
    """Return the limit of a body with a PKCS#12 file."""
    return documents.with_file("a key pair", settings.key_pair_limit_bytes, _SETTING)


def post(call: Call) -> Answer:
    """Take a key pair in under a new alias, with ``update`` under one that is there.

    Raises NotAKeystore for anything but PKCS#12, and what ``add_key_pair`` and
    ``update_key_pair`` do.
    """
    document = documents.read(call, model.KEY_PAIR_RESOURCE)
    alias, data = document.required("Alias"), document.file("Resource")
    aliases.require_own(alias, call.caller)
    consent = uploads.consent(call)
    most = call.steward.settings.key_pair_limit_bytes
    if len(data) <= most and not pkcs12.recognises(data):
        raise NotAKeystore("no PKCS#12", "Give the key pair as a PKCS#12 file (.p12, .pfx).")
    upload = KeyUpload(data, document.password())
    if call.options.update:
        stored = answers.tried(
            call,
            lambda: key_pairs.update_key_pair(
                call.steward, call.caller, alias, upload, consent=consent
            ),
        )
    else:
        stored = key_pairs.add_key_pair(call.steward, call.caller, alias, upload, consent=consent)
    return answers.entry_changed(call, stored.entry)
