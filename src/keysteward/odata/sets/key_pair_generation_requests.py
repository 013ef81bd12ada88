"""KeyPairGenerationRequests: a new key pair with a self-signed certificate."""

from keysteward.keystore import key_pairs
from keysteward.keystore.key_pairs import PlaceholderWish
from keysteward.odata import model
from keysteward.odata.changing import answers, documents, signature_algorithms
from keysteward.odata.changing.documents import Document
from keysteward.odata.contract import Answer, Call
from keysteward.pki.key_pairs import KeySpec, parse_key_spec
from keysteward.problems import KeyTypeUnsupported, RequestInvalid

_TYPES = ("RSA", "DSA", "EC")

_CURVES = ((192, "P-192"), (224, "P-224"), (256, "P-256"), (384, "P-384"), (571, "P-521"))
"""The curve for a size, each up to its own (SAP's help page)."""
_LEAST_EC_SIZE = 112

_CURVE_PREFIXES = ("NIST ", "X9.62 ")

_WITHOUT_EFFECT = ("SerialNumber", "EllipticCurve", "Extensions")


def post(call: Call) -> Answer:
    """Generate a key pair under a new alias.

    Raises RequestInvalid without alias, common name or country, and what ``generate_key_pair``
    does.
    """
    document = documents.read(call, model.KEY_PAIR_GENERATION_REQUEST)
    document.refuse(_WITHOUT_EFFECT)
    spec = _spec(document)
    wish = PlaceholderWish(
        document.subject(),
        not_before=document.moment("ValidNotBefore"),
        not_after=document.moment("ValidNotAfter"),
        hash_name=signature_algorithms.hash_name(document.text("SignatureAlgorithm"), spec.type),
    )
    alias = document.required("Alias")
    entry = key_pairs.generate_key_pair(call.steward, call.caller, alias, spec, wish)
    return answers.entry_changed(call, entry)


def _spec(document: Document) -> KeySpec:
    """Return the kind of key that a body asks for. Raises KeyTypeUnsupported, RequestInvalid."""
    type_ = (document.text("KeyType") or "RSA").upper()
    size, curve = document.number("KeySize"), document.text("KeyAlgorithmParameter")
    if type_ not in _TYPES:
        raise KeyTypeUnsupported(f"There is no key type {type_[:40]!r}.", "Use RSA, DSA or EC.")
    if type_ != "EC":
        return parse_key_spec(type_, size, curve)
    if curve is not None:
        return parse_key_spec(type_, curve=_plain(curve))
    if size is None:
        raise RequestInvalid("An EC key needs a KeySize or, as KeyAlgorithmParameter, a curve.")
    if not _LEAST_EC_SIZE <= size <= _CURVES[-1][0]:
        raise KeyTypeUnsupported(
            f"An EC key cannot have {size} bits.", f"Use {_LEAST_EC_SIZE} to {_CURVES[-1][0]}."
        )
    return parse_key_spec(type_, curve=next(name for most, name in _CURVES if size <= most))


def _plain(curve: str) -> str:
    """Return a curve's name without the body that gave it: ``NIST P-256`` is ``P-256``."""
    return next((curve[len(p) :] for p in _CURVE_PREFIXES if curve.startswith(p)), curve)
