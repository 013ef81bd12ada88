"""Aliases: what one may look like, and who may use which."""

import re
import unicodedata

from keysteward.entries import Caller, Owner
from keysteward.problems import AliasInvalid, AliasReserved
from keysteward.values import Alias

MOST_CHARACTERS = 250
"""SAP's limit, from its help page and its $metadata (property Alias, MaxLength 250)."""

RESERVED = frozenset({"hcicertificate", "hcicertificate1", "hcimsgcertificate"})
"""Aliases that are the provider's, compared without case (SAP, API specification)."""

RESERVED_PREFIX = "sap_"

_UNSEEN = re.compile(
    r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
"""Characters that show nothing, but are letters, marks or symbols by their category (Unicode,
Default_Ignorable_Code_Point, and the empty Braille pattern); some belong to emoji."""


def new_alias(text: str, caller: Caller) -> Alias:
    """Return the text as the alias of an entry that the caller makes or renames.

    Blanks inside, slashes and any script are allowed. Raises AliasInvalid for what cannot be shown
    or told apart, AliasReserved if tenant and provider would get into each other's names.
    """
    if not text:
        raise AliasInvalid(text, "an alias has at least one character.")
    if len(text) > MOST_CHARACTERS:
        raise AliasInvalid(
            text, f"it has {len(text)} characters; at most {MOST_CHARACTERS} are allowed."
        )
    if text != text.strip():
        raise AliasInvalid(text, "it begins or ends with a blank, which nobody would see.")
    if not (text.isascii() and text.isprintable()):
        _require_readable(text)
    reserved = is_reserved(text)
    if reserved and caller.owner is Owner.TENANT:
        raise AliasReserved(
            text,
            "aliases that begin with 'sap_', and those of SAP's own certificates, are the "
            "provider's.",
        )
    if not reserved and caller.owner is Owner.PROVIDER:
        raise AliasReserved(text, "the provider's aliases begin with 'sap_'.")
    return Alias(text)


def _require_readable(text: str) -> None:
    hidden = any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in text)
    if hidden or not _seen(text):
        raise AliasInvalid(text, "it holds a control or other invisible character.")
    if text != unicodedata.normalize("NFC", text):
        raise AliasInvalid(text, "write its accented letters as single characters (Unicode NFC).")


def is_reserved(text: str) -> bool:
    """Return whether the alias lies in the provider's names, or looks as if it did.

    Letter case makes no difference, nor does the width of letters (Unicode NFKC), nor what is not
    seen between them.
    """
    folded = _seen(text).casefold()
    return folded in RESERVED or folded.startswith(RESERVED_PREFIX)


def _seen(text: str) -> str:
    return _UNSEEN.sub("", unicodedata.normalize("NFKC", text))
