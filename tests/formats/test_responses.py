"""Whatever the bytes: a value or a problem, in a counted number of steps."""

import base64
import tracemalloc
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keysteward.formats import responses
from keysteward.formats.responses import pieces
from keysteward.problems import (
    NotASigningResponse,
    Problem,
    ResponseTooComplex,
    SigningResponseUnreadable,
)
from tests import pki_maker

_REFUSALS = (NotASigningResponse, ResponseTooComplex, SigningResponseUnreadable)


def _read(data: bytes) -> responses.ResponseFile | None:
    """Return what was read, None for one of the three refusals; nothing else may be raised."""
    try:
        return responses.read(data)
    except _REFUSALS:
        return None


@cache
def _chain() -> tuple[pki_maker.Issued, ...]:
    return pki_maker.make_chain()


def _files() -> dict[str, bytes]:
    ders = [issued.der for issued in _chain()]
    together = b"".join(ders)
    path = b"\x30\x82" + len(together).to_bytes(2, "big") + together
    pem = b"".join(issued.pem for issued in _chain())
    return {
        "der": together,
        "path": path,
        "pem": pem,
        "base64": base64.encodebytes(path),
        "base64 of pem": base64.b64encode(pem),
        "utf-16": pem.decode().encode("utf-16"),
        "pem then der": _chain()[0].pem + ders[1],
    }


@given(st.binary(max_size=400))
def test_any_bytes_end_in_a_value_or_a_problem(data: bytes) -> None:
    """No bytes lead to anything but a value or one of three problems."""
    _read(data)


@given(
    st.lists(
        st.sampled_from(
            [
                b"0\x80",
                b"0\x82",
                b"\x06\x09",
                b"\x02\x01",
                b"\0\0",
                b"\xa0",
                b"-----BEGIN ",
                b"-----END",
                b"-----",
                b"\n",
                b"MII",
                b"=",
                b":",
                b"CERTIFICATE",
                b"\\n",
                b"\xef\xbb\xbf",
                b"\x03",
                b"<html",
            ]
        ),
        max_size=60,
    )
)
def test_bytes_of_known_formats_in_any_order_end_in_a_value_or_a_problem(
    parts: list[bytes],
) -> None:
    """The same for the marks that readers look for."""
    _read(b"".join(parts))


@pytest.mark.parametrize("name", list(_files()))
def test_truncation_at_every_byte_finds_no_certificate_that_is_not_whole(name: str) -> None:
    """What is found in a cut file are certificates of the whole file, unaltered."""
    data = _files()[name]
    whole = {issued.der for issued in _chain()}
    for length in range(len(data)):
        found = _read(data[:length])
        assert found is None or set(found.certificates) <= whole


@settings(max_examples=400)
@given(st.sampled_from(sorted(_files())), st.data())
def test_a_changed_byte_ends_in_a_value_or_a_problem(name: str, data: st.DataObject) -> None:
    """Any single byte of any response may be any other."""
    content = bytearray(_files()[name])
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    _read(bytes(content))


@given(st.lists(st.sampled_from(["der", "path", "pem", "pem then der"]), min_size=1, max_size=4))
def test_files_in_a_row_give_each_certificate_once(names: list[str]) -> None:
    """Whatever is strung together, the same certificate is given once, where it came first."""
    found = responses.read(b"".join(_files()[name] for name in names))

    expected = [issued.der for issued in _chain()]
    assert expected[: len(found.certificates)] == list(found.certificates)
    assert 0 == found.trailing_bytes


@given(st.permutations(range(3)), st.sampled_from([b"", b"\n", b" \r\n\t", b"\xef\xbb\xbf"]))
def test_certificates_come_in_the_order_of_the_file(order: list[int], between: bytes) -> None:
    """Nothing is sorted here, and white space between DER objects means nothing."""
    ders = [_chain()[number].der for number in order]

    assert tuple(ders) == responses.read(between.join(ders)).certificates


@given(st.binary(min_size=1, max_size=300), st.integers(0, 20))
def test_every_reader_takes_at_least_a_byte_of_what_it_recognises(data: bytes, start: int) -> None:
    """The contract of a reader: the rest is always shorter, so the pass over a file ends."""
    samples = [data, b"0\x82" + data, b"-----BEGIN " + data, base64.b64encode(b"0\x82\1\1" + data)]
    for sample in [*samples, *_files().values()]:
        for reader in responses.READERS:
            if start < len(sample) and reader.recognises(sample, start):
                try:
                    piece = reader.read(sample, start)
                except _REFUSALS:
                    continue
                assert start < piece.end <= len(sample)


def test_most_certificates_are_read_and_one_more_is_too_complex() -> None:
    """The bound is inclusive, and the same for concatenated DER, PEM and a path."""
    der, pem = _chain()[0].der, _chain()[0].pem
    most = pieces.MOST_CERTIFICATES
    for unit in (der, pem):
        assert (der,) == responses.read(unit * most).certificates
        with pytest.raises(ResponseTooComplex):
            responses.read(unit * (most + 1))
    for count, refused in ((most, False), (most + 1, True)):
        path = b"\x30\x83" + (len(der) * count).to_bytes(3, "big") + der * count
        assert refused == (_read(path) is None)


_MILLIONS = 3_000_000


@pytest.mark.parametrize(
    "unit",
    [
        pytest.param(b"0\0", id="empty sequences"),
        pytest.param(b"0\x80", id="open indefinite lengths"),
        pytest.param(b"0\x83", id="long lengths"),
        pytest.param(b"\0", id="zeros"),
        pytest.param(b" ", id="blanks"),
        pytest.param(b"\xef\xbb\xbf", id="byte order marks"),
        pytest.param(b"-----BEGIN ", id="begin lines"),
        pytest.param(b"-----BEGIN A-----\n", id="begin lines with a label"),
        pytest.param(b"-----BEGIN A-----\n-----END A-----\n", id="empty blocks"),
        pytest.param(b"-----BEGIN CERTIFICATE----- a -----END\n", id="prose"),
        pytest.param(b"MAA=", id="base64 of empty sequences"),
        pytest.param(b"MAAwADAA", id="base64 of sequences in a row"),
        pytest.param(b"MIIC", id="base64 of long lengths"),
        pytest.param(b"A", id="letters"),
        pytest.param(b"a: b\n", id="header lines"),
        pytest.param(b"a: b\n c\n", id="folded header lines"),
        pytest.param(b"<", id="angle brackets"),
        pytest.param(b"{", id="braces"),
        pytest.param(b"a\0", id="UTF-16"),
    ],
)
def test_large_hostile_file_is_read_in_bounded_steps_and_memory(
    unit: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three million bytes cost at most MOST_PIECES pieces and less than 50 MB."""
    data = unit * (_MILLIONS // len(unit))
    taken: list[int] = []
    monkeypatch.setattr(
        responses,
        "READERS",
        tuple(_Counting(reader, taken) for reader in responses.READERS),
    )
    tracemalloc.start()
    try:
        with pytest.raises(Problem):
            responses.read(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(taken) <= pieces.MOST_PIECES + 1
    assert peak < 50_000_000


class _Counting:
    """A reader that counts what it takes."""

    def __init__(self, reader: pieces.Reader, taken: list[int]) -> None:
        self._reader, self._taken = reader, taken

    def recognises(self, data: bytes, start: int) -> bool:
        return self._reader.recognises(data, start)

    def read(self, data: bytes, start: int) -> pieces.Piece:
        self._taken.append(start)
        return self._reader.read(data, start)
