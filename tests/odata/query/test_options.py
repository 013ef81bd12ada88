import pytest
from hypothesis import given
from hypothesis import strategies as st

from keysteward.odata.query import options
from keysteward.odata.query.options import Options
from keysteward.problems import Problem, RequestInvalid


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", Options()),
        (b"&&", Options()),
        (b"$select=Alias,Validity", Options(select=(("Alias",), ("Validity",)))),
        (b"$select=Alias&$select=Validity", Options(select=(("Alias",), ("Validity",)))),
        (b"%24select=Alias%2C+Validity", Options(select=(("Alias",), ("Validity",)))),
        (b"$select=Entries/Alias,Alias,Alias", Options(select=(("Entries", "Alias"), ("Alias",)))),
        (
            b"$expand=Entries,Entries/ChainCertificates",
            Options(expand=(("Entries",), ("Entries", "ChainCertificates"))),
        ),
        (b"$filter=Alias+eq+'a%2Bb'", Options(filter="Alias eq 'a+b'")),
        (b"$orderby=Alias%20desc", Options(order_by="Alias desc")),
        (b"$top=5&$skip=10", Options(top=5, skip=10)),
        (b"$top=0", Options(top=0)),
        (b"$skiptoken=1000", Options(skip_token="1000")),
        (b"$inlinecount=allpages", Options(inline_count=True)),
        (b"$inlinecount=none", Options(inline_count=False)),
        (b"$format=json", Options(format="json")),
        (b"$filter=&$select=&$orderby=+", Options()),
        (b"flat=true", Options(flat=True)),
        (
            b"fingerprintVerified=true&returnKeystoreEntries=false&update=TRUE",
            Options(fingerprint_verified=True, return_keystore_entries=False, update=True),
        ),
        (
            b"keystoreName=KeyRenewal&activate=true",
            Options(keystore_name="KeyRenewal", activate=True),
        ),
        (
            b"renameAlias=shop%20client%202&returnHexAlias=true",
            Options(rename_alias="shop client 2", return_hex_alias=True),
        ),
        (b"renameAlias=", Options(rename_alias="")),
        (
            b"copy=true&destinationAlias=sap_client",
            Options(copy=True, destination_alias="sap_client"),
        ),
        (
            b"retrieveBackup=backup_admin_system&importOption=replace",
            Options(retrieve_backup="backup_admin_system", import_option="replace"),
        ),
        (b"deleteEntries=true&rootCA=true", Options(delete_entries=True, root_ca=True)),
        (
            b"overrides=certificate-expired,issuer-not-ca&overrides=trailing-bytes",
            Options(overrides=("certificate-expired", "issuer-not-ca", "trailing-bytes")),
        ),
        (b"sap-client=100&_=1&format=xml", Options()),
    ],
)
def test_query_says_what_clients_mean(raw: bytes, expected: Options) -> None:
    """Repeated lists, encoded dollars, blanks as plus, and extras that nobody knows."""
    assert expected == options.parse(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"$search=x",
        b"%24batch=1",
        b"$Select=Alias",
        b"$top=-1",
        b"$top=many",
        b"$top=%D9%A3",
        b"$top=99999999999",
        b"$skip=",
        b"$inlinecount=true",
        b"update=yes",
        b"update=",
        b"update",
        b"fingerprintVerified=1",
        b"$top=1&$top=1",
        b"renameAlias=a&renameAlias=b",
        b"$filter=%zz",
        b"%ff=1",
        b"x=1&" * 101,
        b"$select=" + b"Alias%2C" * 5_000,
        b"$select=" + b",".join(b"a%d" % number for number in range(201)),
    ],
)
def test_query_that_cannot_be_meant_is_refused(raw: bytes) -> None:
    """Unknown options of OData, values that do not fit, options given twice, and too much of it."""
    with pytest.raises(RequestInvalid):
        options.parse(raw)


def test_refusal_names_the_option() -> None:
    """And what it can be."""
    with pytest.raises(RequestInvalid, match="fingerprintVerified is true or false, not 'yes'"):
        options.parse(b"fingerprintVerified=yes")


def test_number_beyond_any_list_is_the_largest_one() -> None:
    """There are fewer entries than that."""
    assert 2**31 - 1 == options.parse(b"$top=9999999999").top


@given(
    st.binary(max_size=300)
    | st.lists(
        st.sampled_from(
            [
                b"$select=",
                b"$top=",
                b"update=",
                b"overrides=",
                b"true",
                b"%2",
                b"+",
                b"&",
                b"1",
                b",",
            ]
        )
    ).map(b"".join)
)
def test_any_bytes_end_in_options_or_a_problem(raw: bytes) -> None:
    """Nothing else escapes."""
    try:
        found = options.parse(raw)
    except Problem:
        return
    assert isinstance(found, Options)
