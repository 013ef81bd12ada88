"""RSAKeyGenerationRequests: existing RSA keys in PKCS#1 come in."""

from keysteward.keystore import ssh_keys
from keysteward.keystore.key_pairs import PlaceholderWish
from keysteward.odata import model
from keysteward.odata.changing import answers, documents, signature_algorithms
from keysteward.odata.contract import Answer, BodyLimit, Call
from keysteward.problems import RequestInvalid, UploadTooLarge
from keysteward.settings import Settings

_SETTING = "KEYSTEWARD_KEY_FILE_LIMIT_BYTES"

_WITHOUT_EFFECT = ("SerialNumber",)


def limit(settings: Settings, _media_type: str) -> BodyLimit:
    """Return the limit of a body with a key file; SAP answers 400 to a larger one, not 413."""
    limit = documents.with_file("an RSA key", settings.key_file_limit_bytes, _SETTING)
    return BodyLimit(limit.limit_bytes, RequestInvalid(limit.problem.detail))


def post(call: Call) -> Answer:
    """Take an RSA key in under a new alias.

    Raises RequestInvalid without alias, common name or country, and what ``add_rsa_key`` does.
    """
    document = documents.read(call, model.RSA_KEY_GENERATION_REQUEST)
    document.refuse(_WITHOUT_EFFECT)
    algorithm = document.text("SignatureAlgorithm")
    wish = PlaceholderWish(
        document.subject(),
        not_before=document.moment("ValidNotBefore"),
        not_after=document.moment("ValidNotAfter"),
        hash_name=signature_algorithms.hash_name(algorithm, "rsa"),
    )
    alias, data = document.required("Alias"), document.file("RSAFile")
    try:
        stored = ssh_keys.add_rsa_key(call.steward, call.caller, alias, data, wish)
    except UploadTooLarge as problem:
        raise RequestInvalid(problem.detail) from problem
    return answers.entry_changed(call, stored.entry)
