"""What an OData client writes into an address and its headers, and the lists that come of it."""

from collections.abc import Iterator

from fuzz import installation
from fuzz.contract import Target, require
from keysteward.entries import View
from keysteward.odata import edm, hexalias, model, paths
from keysteward.odata.edm import EntityType
from keysteward.odata.formats import negotiation
from keysteward.odata.paths import Resource
from keysteward.odata.query import filters, options, shapes
from keysteward.problems import Problem, RequestInvalid
from keysteward.storage import catalogue, conditions
from keysteward.storage.catalogue import Source

_ENTRY = model.KEYSTORE_ENTRY
_MOST_ROWS = 1000


def _text(data: bytes) -> str:
    """Return what may have come through percent-encoding: UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise RequestInvalid("no UTF-8") from error


def _filter(data: bytes) -> object:
    found = filters.parse(_text(data), _ENTRY)
    conditions.check_condition(found, conditions.ENTRY_FIELDS)
    return found


def _orders(data: bytes) -> object:
    found = filters.parse_orders(_text(data), _ENTRY)
    require(fact=bool(found), words="an order of nothing")
    for each in found:
        conditions.check(each.expression, conditions.ENTRY_FIELDS)
    return found


def _list(data: bytes) -> object:
    """Run a filter and an order on a database; the first byte chooses the list.

    What parses has to be taken by the store: there is no other way to say no to it.
    """
    sources = installation.filled().sources
    source = sources[data[0] % len(sources)] if data else View.CURRENT
    written, _, order = _text(data[1:]).partition("\0")
    type_ = model.HISTORY_KEYSTORE_ENTRY if source is View.HISTORY else _ENTRY
    condition = filters.parse(written, type_) if written.strip() else None
    by = filters.parse_orders(order, type_) if order.strip() else ()
    try:
        return _rows(source, condition, by)
    except Problem as problem:
        raise AssertionError("the store refuses what the face has read") from problem


def _rows(
    source: Source,
    condition: conditions.Condition | None,
    order: tuple[conditions.Order, ...],
) -> object:
    bench = installation.filled().bench
    lists: catalogue.Catalogue = bench.store.catalogue
    found = lists.list(
        bench.keystore_id, source, limit=_MOST_ROWS, condition=condition, order=order
    )
    counted = lists.count(bench.keystore_id, source, condition)
    require(fact=counted == len(found), words="a list is not as long as its count")
    if condition is not None:
        both = conditions.Or((condition, conditions.Not(condition)))
        known = lists.count(bench.keystore_id, source, both)
        opposite = lists.count(bench.keystore_id, source, conditions.Not(condition))
        require(fact=known == counted + opposite, words="a row fits a filter and its opposite")
    return found


def _address(data: bytes) -> object:
    found = paths.parse(data)
    if isinstance(found, Resource):
        for type_, key in ((found.set.type, found.key), (found.target.type, found.navigation_key)):
            require(fact=key is None or len(key) == len(type_.key), words="a key is cut")
    return found


def _options(data: bytes) -> object:
    """Read a query, and build the shapes that it asks for of each type."""
    found = options.parse(data)
    refused: Problem | None = None
    shown = 0
    for each in model.ENTITY_SETS:
        try:
            shapes.build(each.type, found.select, found.expand)
            shown += 1
        except RequestInvalid as problem:
            refused = problem
    if refused is not None and not shown:
        raise refused
    return found


def _hexalias(data: bytes) -> object:
    given = _text(data)
    found = hexalias.decode(given)
    require(fact=hexalias.encode(found) == given.upper(), words="another alias than the one given")
    return found


def _format(data: bytes) -> object:
    """Choose by a header Accept and ``$format``, with a NUL between."""
    accept, _, option = data.decode("latin-1").partition("\0")
    negotiation.of_body(accept.partition(",")[0])
    return negotiation.choose(accept or None, option or None)


# ---- seeds


def _filters() -> Iterator[bytes]:
    yield "Alias eq 'it''s' and not startswith(SubjectDN,'CN=Straße')".encode()
    yield b"KeySize add 5 gt 10L or -KeySize mul 2.5d le 1e3F and ValidNotAfter ne null"
    yield b"ValidNotAfter lt datetime'2030-01-01T00:00:00' and year(CreatedTime) ge 2020"
    yield b"ValidNotBefore ge datetimeoffset'2020-01-01T00:00:00.123+01:00'"
    yield b"substringof('a', tolower(Alias)) eq true or length(trim(Owner)) mod 2 eq 0M"
    yield b"concat(concat(Alias,','),Type) ne replace(Alias,'a','bb')"
    yield b"indexof(substring(IssuerDN,1,2),'N') eq (KeySize sub 1) div 0"
    yield b"round(KeySize div 3d) eq floor(3.5) or ceiling(-2.5d) eq -2"
    yield b"((((not(true)))))"
    yield b"X'00ff' eq binary'00FF' or null eq Alias"


def _sortings() -> Iterator[bytes]:
    yield b"Alias"
    yield b"ValidNotAfter desc, tolower(Alias) asc,KeySize mod 3"
    yield b"length(concat(Alias,'x')) desc,Alias eq 'a'"


def _lists() -> Iterator[bytes]:
    for number, text in enumerate(_filters()):
        for order in ("", *(each.decode() for each in _sortings())):
            yield bytes([number % 5]) + text + b"\0" + order.encode()
    yield b"\0\0"
    yield b"\x02ActivationSequenceNumber gt 0 and OriginalAlias eq 'sap_0'\0ActiveUntil desc"


def _addresses() -> Iterator[bytes]:
    yield b"/"
    yield b"$metadata"
    yield b"KeystoreEntries"
    yield b"KeystoreEntries('6D79')/Alias/$value"
    yield b"KeystoreEntries(Hexalias='6D79')/ChainCertificates/$count"
    yield b"ChainCertificates(Hexalias='6D79',Index=0)"
    yield b"KeystoreEntries('6D79')/ChainCertificates(Hexalias='%36D79',Index=1L)/SubjectDN"
    yield b"Keystores('it''s')/$links/Entries"
    yield b"CertificateChainResources('6D79')/$value/"


def _queries() -> Iterator[bytes]:
    yield b"$filter=Alias%20eq+%27a%27&$orderby=Alias%20desc&$top=10&$skip=2&$inlinecount=allpages"
    yield b"$select=Alias,Keystore/Name&$expand=ChainCertificates,Keystore&$format=json"
    yield b"$expand=KeystoreEntry/Keystore,KeystoreEntry/ChainCertificates"
    yield b"keystoreName=system&returnKeystoreEntries=true&overrides=chain-invalid,a,b"
    yield b"$skiptoken=behind-6D79&fingerprintVerified=TRUE&update=false&unknown=%C3%A4"


def _aliases() -> Iterator[bytes]:
    yield from (b"6D79", b"c3a4", b"F09F9880", b"5b325d5f7361705f74657374")


def _formats() -> Iterator[bytes]:
    yield b"application/json"
    yield b"application/atom+xml,application/xml;q=0.9,*/*;q=0.8"
    yield b"application/json;odata=verbose;q=0.5, text/*;q=.1\0"
    yield b"\0application/json;odata=verbose"
    yield b"\0atom"


def _words(*types: EntityType) -> tuple[str, ...]:
    names = {name for type_ in types for name in edm.properties_of(type_)}
    return (*sorted(names), *sorted(conditions.FUNCTIONS), *conditions.OPERATORS, *_SIGNS)


_SIGNS = (
    *("and", "or", "not", "true", "false", "null", "asc", "desc", "(", ")", ",", "'", "-"),
    *("datetime'", "datetimeoffset'", "X'", "2030-01-01T00:00:00", "9223372036854775807", "1e308"),
)
_OF_ENTRIES = _words(_ENTRY)
_OF_ADDRESSES = (
    *model.SETS,
    *sorted({name for each in model.ENTITY_SETS for name in edm.navigations_of(each.type)}),
    *("$links", "$value", "$count", "Hexalias=", "Index=", "%27", "%2F", "('", "')"),
)
_OF_OPTIONS = (
    *("$filter=", "$orderby=", "$top=", "$skip=", "$skiptoken=", "$inlinecount=", "$format="),
    *("$select=", "$expand=", "overrides=", "keystoreName=", "allpages", "true", "%2C", "%2F"),
    *_OF_ADDRESSES,
)
_OF_FORMATS = ("application/json", "application/atom+xml", "*/*", ";q=", ";odata=", "verbose")

TARGETS = (
    Target("filters", _filter, _filters, words=_OF_ENTRIES),
    Target("orders", _orders, _sortings, words=_OF_ENTRIES),
    Target("lists", _list, _lists, words=_words(model.HISTORY_KEYSTORE_ENTRY)),
    Target("addresses", _address, _addresses, words=_OF_ADDRESSES),
    Target("options", _options, _queries, words=_OF_OPTIONS),
    Target("hexaliases", _hexalias, _aliases),
    Target("formats", _format, _formats, words=_OF_FORMATS),
)
