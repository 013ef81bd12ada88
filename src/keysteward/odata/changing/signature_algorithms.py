"""Names of signature algorithms in bodies: ``SHA-256/RSA``, ``SHA256/RSA``, ``SHA256withRSA``."""

import re

from keysteward.problems import KeyTypeUnsupported

_NAME = re.compile(r"SHA-?([0-9]{1,3})(?:/|with)(RSA|DSA|ECDSA)", re.IGNORECASE)
_SIGNED_BY = {"rsa": "RSA", "dsa": "DSA", "ec": "ECDSA"}


def hash_name(text: str | None, key_type: str) -> str | None:
    """Return the hash that an algorithm signs with; None for none, which is the default.

    Hashes that are not used for new signatures any more (SHA-1, SHA-224) are named as they are,
    and refused where they would be used. Raises KeyTypeUnsupported for no such name, and for one
    of another type of key.
    """
    if text is None:
        return None
    found = _NAME.fullmatch(text.strip())
    if found is None:
        raise KeyTypeUnsupported(
            f"There is no signature algorithm {text[:40]!r}.", "Write it like SHA-512/RSA."
        )
    if found[2].upper() != _SIGNED_BY[key_type]:
        raise KeyTypeUnsupported(
            f"{text!r} does not sign with a key of type {key_type.upper()}.",
            f"Use SHA-512/{_SIGNED_BY[key_type]}, or another one of this type.",
        )
    return f"SHA-{found[1]}"
