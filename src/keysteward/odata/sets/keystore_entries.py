"""KeystoreEntries: the entries of a keystore, renamed, deleted, and new keys activated."""

from keysteward.keystore import activations, aliases, lifecycle
from keysteward.odata import contract, model
from keysteward.odata.changing import answers, documents
from keysteward.odata.contract import Answer, Call
from keysteward.odata.entities import Entity, Feed
from keysteward.odata.paths import Key
from keysteward.odata.reading import expansion, pages, sources
from keysteward.problems import RequestInvalid


def page(call: Call) -> Feed:
    """Return a page of the entries of the keystore that ``keystoreName`` names."""
    return pages.of_entries(call, sources.of_call(call))


def count(call: Call) -> int:
    """Return how many of them fit the filter."""
    return pages.count(call, sources.of_call(call))


def find(call: Call, key: Key) -> Entity:
    """Return one. Raises AliasNotFound."""
    return expansion.entry(call, sources.of_call(call), contract.alias_of(key))


def rename(call: Call) -> Answer:
    """Give an entry the alias of ``renameAlias``; the body names any property, as SAP's must.

    Raises RequestInvalid without the option or the body, and what ``rename_entry`` does.
    """
    sources.require_system(call)
    alias, new = call.alias, call.options.rename_alias
    if not new:
        raise RequestInvalid("The option renameAlias is missing or empty: it says the new alias.")
    if not documents.read(call, model.KEYSTORE_ENTRY).body.values:
        raise RequestInvalid('The body names no property; send {"Status":null}.')

    aliases.require_own(alias, call.caller)
    steward = answers.guarded(call)
    entry = answers.tried(call, lambda: lifecycle.rename_entry(steward, call.caller, alias, new))
    if call.options.return_hex_alias:
        return answers.hexalias(new)
    return answers.entry_changed(call, entry)


def delete(call: Call) -> Answer:
    """Delete an entry; with ``activate`` make one of the provider's new keys the active one."""
    alias, name = call.alias, call.options.keystore_name or sources.SYSTEM
    if call.options.activate:
        if name != sources.NEW:
            raise RequestInvalid(f"activate=true needs keystoreName={sources.NEW}.")
        answers.tried(call, lambda: activations.activate(call.steward, call.caller, alias))
        return answers.changed(call)
    sources.require_system(call)
    aliases.require_own(alias, call.caller)
    steward = answers.guarded(call)
    answers.tried(call, lambda: lifecycle.delete_entry(steward, call.caller, alias))
    return answers.changed(call)
