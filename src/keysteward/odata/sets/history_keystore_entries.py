"""HistoryKeystoreEntries: the provider's keys that were replaced, and the way back."""

from keysteward.keystore import provider_keys
from keysteward.odata import contract, errors, model
from keysteward.odata.changing import answers, documents
from keysteward.odata.contract import Answer, Call
from keysteward.odata.entities import Entity, Feed
from keysteward.odata.paths import Key
from keysteward.odata.reading import expansion, pages, sources
from keysteward.problems import AliasReserved, RequestInvalid


def page(call: Call) -> Feed:
    """Return a page of the history."""
    return pages.of_entries(call, sources.of_call(call))


def count(call: Call) -> int:
    """Return how many of its entries fit the filter."""
    return pages.count(call, sources.of_call(call))


def find(call: Call, key: Key) -> Entity:
    """Return one. Raises AliasNotFound."""
    return expansion.entry(call, sources.of_call(call), contract.alias_of(key))


def restore(call: Call) -> Answer:
    """Copy a key to the new keys, under ``destinationAlias`` or its original alias.

    The body names any property, as SAP's must. Raises RequestInvalid, AliasNotFound.
    """
    if not call.options.copy:
        raise RequestInvalid("The option copy=true is missing: it is all that can be done here.")
    if not documents.read(call, model.HISTORY_KEYSTORE_ENTRY).body.values:
        raise RequestInvalid('The body names no property; send {"Status":null}.')
    alias = call.alias
    if not alias.startswith("["):
        raise errors.history_alias_invalid(alias)
    destination = call.options.destination_alias or None
    try:
        provider_keys.restore(call.steward, call.caller, alias, destination)
    except AliasReserved as problem:
        # SAP answers 400 here, not 403: it is about the name, not about who asks.
        raise RequestInvalid(problem.detail) from problem
    return answers.changed(call)
