import pytest
from hypothesis import given
from hypothesis import strategies as st

from keysteward.odata.formats import atom_format, json_format, negotiation
from keysteward.odata.formats.negotiation import Format
from keysteward.problems import MediaTypeUnsupported


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, Format.ATOM),
        ("", Format.ATOM),
        ("*/*", Format.ATOM),
        ("application/*", Format.ATOM),
        # Java's own client.
        ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", Format.ATOM),
        ("*", Format.ATOM),
        ("application/json", Format.JSON),
        ("Application/JSON; charset=utf-8", Format.JSON),
        ("application/json;odata=verbose", Format.JSON),
        ("application/atom+xml", Format.ATOM),
        ("application/atom+xml;type=feed", Format.ATOM),
        ("application/xml", Format.ATOM),
        ("text/xml", Format.ATOM),
        # A browser, and two libraries of JavaScript.
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Format.ATOM),
        ("application/json, text/plain, */*", Format.JSON),
        ("application/json,*/*", Format.JSON),
        ("application/json;q=0.5, application/atom+xml;q=0.9", Format.ATOM),
        ("application/json;q=0.9, application/atom+xml;q=0.5", Format.JSON),
        ("application/json;q=0, */*", Format.ATOM),
        ("application/atom+xml;q=0, */*;q=0.1", Format.JSON),
        ("application/json;odata=minimalmetadata, application/json;q=0.1", Format.JSON),
        ("application/json;q=high", Format.JSON),
        ("nonsense,,;;=,application/json", Format.JSON),
    ],
)
def test_accept_chooses_what_the_client_prefers(accept: str | None, expected: Format) -> None:
    """RFC 9110 section 12.5.1; Atom where nothing is preferred."""
    assert expected == negotiation.choose(accept, None)


@pytest.mark.parametrize(
    "accept",
    ["text/html", "image/*", "application/json;odata=minimalmetadata", "application/json;q=0", "x"],
)
def test_nothing_that_can_be_had_is_refused(accept: str) -> None:
    """And the refusal names what there is."""
    with pytest.raises(MediaTypeUnsupported, match=r"application/json or application/atom\+xml"):
        negotiation.choose(accept, None)


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("json", Format.JSON),
        ("JSON", Format.JSON),
        ("atom", Format.ATOM),
        ("xml", Format.ATOM),
        ("application/json", Format.JSON),
        ("application/json;odata=verbose", Format.JSON),
        ("application/atom+xml", Format.ATOM),
    ],
)
def test_option_comes_before_the_header(option: str, expected: Format) -> None:
    """OData V2, URI Conventions, section 4.7."""
    other = "application/json" if expected is Format.ATOM else "application/xml"
    assert expected == negotiation.choose(other, option)


@pytest.mark.parametrize("option", ["pdf", "*/*", "application/json;odata=minimalmetadata"])
def test_option_of_another_format_is_refused(option: str) -> None:
    """Even if the header has one that could be had."""
    with pytest.raises(MediaTypeUnsupported):
        negotiation.choose("application/json", option)


def test_default_of_writes_can_be_json() -> None:
    """Clients that say nothing, or take everything, get it; those that ask for Atom do not."""
    assert Format.JSON == negotiation.choose(None, None, Format.JSON)
    assert Format.JSON == negotiation.choose("*/*", None, Format.JSON)
    assert Format.ATOM == negotiation.choose("application/atom+xml,*/*", None, Format.JSON)


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        (None, Format.JSON),
        ("", Format.JSON),
        ("application/json;charset=utf-8", Format.JSON),
        ("application/atom+xml;type=entry", Format.ATOM),
        ("application/xml", Format.ATOM),
    ],
)
def test_body_is_read_in_the_format_it_names(content_type: str | None, expected: Format) -> None:
    """JSON, if it names none."""
    assert expected == negotiation.of_body(content_type)


def test_body_of_another_type_is_refused() -> None:
    """A form is what curl sends unless told otherwise."""
    with pytest.raises(MediaTypeUnsupported):
        negotiation.of_body("application/x-www-form-urlencoded")


def test_each_format_has_its_writer() -> None:
    """The modules are what writes."""
    assert (json_format, atom_format) == (Format.JSON.writer, Format.ATOM.writer)


@given(st.text(max_size=60) | st.text("aplicton/jsxm+*;q=0.1,", max_size=60))
def test_any_header_ends_in_a_format_or_a_refusal(accept: str) -> None:
    """Nothing else escapes."""
    try:
        found = negotiation.choose(accept, None)
    except MediaTypeUnsupported:
        return
    assert isinstance(found, Format)
