import pytest

from keysteward.odata import model
from keysteward.odata.query import options, shapes
from keysteward.odata.query.shapes import Shape
from keysteward.problems import RequestInvalid


def shape(query: bytes) -> Shape:
    """Return the shape that a query asks of the keystore."""
    given = options.parse(query)
    return shapes.build(model.KEYSTORE, given.select, given.expand)


def summary(found: Shape) -> tuple[list[str], list[str], list[str]]:
    """Return the names of properties, addresses and expanded navigations."""
    return (
        [each.name for each in found.properties],
        [each.name for each in found.deferred],
        [navigation.name for navigation, _ in found.expanded],
    )


EVERYTHING = [
    *("Name", "LastModifiedBy", "LastModifiedTime", "Size"),
    *("RuntimeIds", "AggregatedStatus", "AggregatedErrors"),
]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (b"", (EVERYTHING, ["Entries", "Runtimes"], [])),
        (b"$select=Size,Name", (["Name", "Size"], [], [])),
        (b"$select=*", (EVERYTHING, [], [])),
        (b"$select=Size,Entries", (["Size"], ["Entries"], [])),
        (b"$expand=Entries", (EVERYTHING, ["Runtimes"], ["Entries"])),
        # The example of the service's help page.
        (
            b"$expand=Entries&$select=LastModifiedTime,Entries",
            (["LastModifiedTime"], [], ["Entries"]),
        ),
        (b"$expand=Entries&$select=Size", (["Size"], [], [])),
        (b"$expand=Entries&$select=Entries/Alias", ([], [], ["Entries"])),
    ],
)
def test_options_give_the_shape_of_the_conventions(
    query: bytes, expected: tuple[list[str], list[str], list[str]]
) -> None:
    """OData V2, URI Conventions, sections 4.6 and 4.8."""
    assert expected == summary(shape(query))


def test_paths_select_within_what_is_expanded() -> None:
    """And expand further."""
    inner = shape(b"$expand=Entries/ChainCertificates&$select=Entries/Alias").of("Entries")
    assert inner is not None
    assert (["Alias"], [], []) == summary(inner)
    inner = shape(b"$expand=Entries/Certificate&$select=Entries").of("Entries")
    assert inner is not None
    assert ["Certificate"] == summary(inner)[2]


@pytest.mark.parametrize(
    "query",
    [
        b"$select=Nothing",
        b"$select=size",
        b"$select=Size/Alias",
        b"$expand=Size",
        b"$expand=*",
        b"$expand=Entries/Nothing",
        b"$expand=Entries&$select=Entries/Nothing",
        b"$expand=Entries/Keystore",
        b"$expand=Entries/ChainCertificates/KeystoreEntry",
    ],
)
def test_names_that_the_type_has_not_are_refused(query: bytes) -> None:
    """Properties, navigations, paths through either, and circles of them."""
    with pytest.raises(RequestInvalid):
        shape(query)


@pytest.mark.parametrize("path", ["Keystore/Entries", "KeystoreEntry/Keystore/Entries"])
def test_expansions_that_multiply_the_answer_are_refused(path: str) -> None:
    """All entries of the keystore, once for each entity of a list."""
    entity_type = model.CHAIN_CERTIFICATE if path[8] == "E" else model.RUNTIME_ASSIGNMENT
    with pytest.raises(RequestInvalid, match=r"\$expand: Entries"):
        shapes.build(entity_type, (), (tuple(path.split("/")),))
