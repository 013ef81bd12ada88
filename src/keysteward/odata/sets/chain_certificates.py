"""ChainCertificates: the certificates of an entry's chain, the root first."""

from keysteward.odata import contract
from keysteward.odata.contract import Call
from keysteward.odata.entities import Entity
from keysteward.odata.paths import Key
from keysteward.odata.reading import entry_values, sources
from keysteward.odata.reading.sources import Place
from keysteward.problems import ResourceUnknown


def of_entry(call: Call, alias: str, place: Place) -> tuple[Entity, ...]:
    """Return the chain of an entry; that of a certificate is itself. Raises AliasNotFound."""
    entry = sources.get_entry(call.steward, place, alias)
    return entry_values.of_chain(entry.alias, entry.version.chain, place)


def find(call: Call, key: Key) -> Entity:
    """Return one by Hexalias and Index. Raises AliasNotFound, ResourceUnknown."""
    chain = of_entry(call, contract.alias_of(key), sources.of_call(call))
    for certificate in chain:
        if certificate.values["Index"] == key[1]:
            return certificate
    raise ResourceUnknown(call.path[:100])
