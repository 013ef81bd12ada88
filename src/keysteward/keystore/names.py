"""Names of keystores and backups: what one may look like."""

import unicodedata

from keysteward.problems import NameInvalid

MOST_CHARACTERS = 100
"""A name has to fit into lists and file names."""


def require_name(name: str) -> None:
    """Raise NameInvalid for what cannot be shown, or not be told apart from another name."""
    if not name:
        raise NameInvalid(name, "it has no character.")
    if len(name) > MOST_CHARACTERS:
        reason = f"it has {len(name)} characters; at most {MOST_CHARACTERS} are allowed."
        raise NameInvalid(name, reason)
    if name != name.strip():
        raise NameInvalid(name, "it begins or ends with a blank, which nobody would see.")
    if any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in name):
        raise NameInvalid(name, "it holds a control or other invisible character.")
