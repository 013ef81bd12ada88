"""Aliases: what one may look like, and who may use which."""

from keysteward.entries import Caller, Owner
from keysteward.keystore import names
from keysteward.problems import AliasInvalid, AliasReserved
from keysteward.values import Alias

MOST_CHARACTERS = 250
"""SAP's limit, from its help page and its $metadata (property Alias, MaxLength 250)."""

RESERVED = frozenset({"hcicertificate", "hcicertificate1", "hcimsgcertificate"})
"""Aliases that are the provider's, compared without case (SAP, API specification)."""

RESERVED_PREFIX = "sap_"


def new_alias(text: str, caller: Caller) -> Alias:
    """Return the text as the alias of an entry that the caller makes or renames.

    Blanks inside, slashes and any script are allowed. Raises AliasInvalid for what cannot be shown
    or told apart, AliasReserved if tenant and provider would get into each other's names.
    """
    reason = names.fault(text, MOST_CHARACTERS)
    if reason is not None:
        raise AliasInvalid(text, reason)
    require_own(text, caller)
    return Alias(text)


def require_own(text: str, caller: Caller) -> None:
    """Raise AliasReserved for an alias that is the provider's or the tenant's alone."""
    reserved = is_reserved(text)
    if reserved and caller.owner is Owner.TENANT:
        raise AliasReserved(
            text,
            "aliases that begin with 'sap_', and those of SAP's own certificates, are the "
            "provider's.",
        )
    if not reserved and caller.owner is Owner.PROVIDER:
        raise AliasReserved(text, "the provider's aliases begin with 'sap_'.")


def is_reserved(text: str) -> bool:
    """Return whether the alias lies in the provider's names, or looks as if it did.

    Letter case makes no difference, nor does the width of letters (Unicode NFKC), nor what is not
    seen between them.
    """
    folded = names.seen(text).casefold()
    return folded in RESERVED or folded.startswith(RESERVED_PREFIX)
