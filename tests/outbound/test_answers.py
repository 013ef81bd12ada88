import time

import pytest

from keysteward.outbound import answers

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"Hello CN=client\n", "Hello CN=client"),
        (b'<HTML><BODY BGCOLOR="#ffffff">\n<pre>\n\n  two   words\nmore', "two words"),
        (b"<!doctype html><title>Bad &amp; worse</title><h1>x</h1>", "Bad & worsex"),
        (b"<style>\na { }\n</style><script>\nb < c\n</script>\n<p>Text</p>", "Text"),
        (b"<!-- <p>hidden</p>\n-->shown", "shown"),
        (b"a < b and c > d", "a < b and c > d"),
        (b'{"status": "up"}', '{"status": "up"}'),
        (b"<p>" + b"y" * 100, "y" * 59 + "\N{HORIZONTAL ELLIPSIS}"),
        ("\N{LATIN SMALL LETTER A WITH DIAERESIS}".encode() * 60, "\xe4" * 60),
        (b"a\x1b[2J&#27;b", "a\N{REPLACEMENT CHARACTER}[2Jb"),
        (b"<a href=cut off", ""),
        (b"<script>cut off", ""),
        (b"", ""),
    ],
)
def test_first_text_is_what_a_reader_would_see(body: bytes, text: str) -> None:
    """Tags, scripts and comments are left out, entities read, and the rest bounded."""
    assert text == answers.read_answer(HEAD + body).text


def test_chunks_are_joined() -> None:
    """The sizes of chunks are no content, with extensions and at a cut as well."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"
    whole = answers.read_answer(head + b"5\r\nHello\r\n8;x=y\r\n, world.\r\n0\r\n\r\n")
    assert ("Hello, world.",) == whole.body
    assert "Hello, world." == whole.text
    assert ("Hello",) == answers.read_answer(head + b"ff\r\nHello").body
    assert () == answers.read_answer(head + b"no size\r\nHello").body


def test_other_protocol_has_no_status_line() -> None:
    """What is no HTTP is shown as it came."""
    answer = answers.read_answer(b"220 mail\r\nready")
    assert (None, (), ("220 mail", "ready")) == (answer.status_line, answer.header, answer.body)
    assert "220 mail" == answer.text


@pytest.mark.parametrize(
    "piece", [b"<", b"<a", b"<script>", b"<!--", b"&", b"</script", b"<a>", b"1\r\nx\r\n"]
)
def test_hostile_markup_costs_no_time(piece: bytes) -> None:
    """Sixteen kilobytes of anything are read at once."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    started = time.monotonic()
    for start in (HEAD, head):
        answer = answers.read_answer(start + piece * (16_384 // len(piece)))
        assert answer.text.isprintable()
    assert time.monotonic() - started < 1
