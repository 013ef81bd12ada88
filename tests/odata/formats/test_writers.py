import pytest

from keysteward.odata import edm, model
from keysteward.odata.formats import writers
from keysteward.odata.formats.writers import Content
from keysteward.problems import ResourceUnknown


def test_raw_value_is_plain_text() -> None:
    """The number alone, which clients parse."""
    size = edm.properties_of(model.KEYSTORE)["Size"]
    assert Content(b"3", "text/plain;charset=utf-8") == writers.raw_value(size, 3)


def test_raw_value_of_a_binary_is_its_bytes() -> None:
    """And not their base64."""
    resource = edm.properties_of(model.KEYSTORE_RESOURCE)["Resource"]
    assert Content(b"\xff", "application/octet-stream") == writers.raw_value(resource, b"\xff")


def test_null_has_no_raw_value() -> None:
    """OData V2 answers 404."""
    size = edm.properties_of(model.KEYSTORE)["Size"]
    with pytest.raises(ResourceUnknown, match=r"Size/\$value"):
        writers.raw_value(size, None)
