"""Plans as pages show them."""

from datetime import timedelta

import pytest

from keysteward.entries import ChainLink, Source
from keysteward.keystore import signing_responses
from keysteward.notices import NoticeKind
from keysteward.ui import plans, rendering
from tests import steward as steward_
from tests.pki_maker import NOT_AFTER, NOT_BEFORE, issue
from tests.steward import START, TENANT, VERIFIED
from tests.ui.faces import Face

_ROOT = issue("Root", ca=True)
_CA = issue("CA", issuer=_ROOT, ca=True)
_CLIENT = issue("client", issuer=_CA, eku=("clientAuth", "1.2.3"), san=("DNS:a.b", "DNS:c.d"))
_PLACEHOLDER = issue("client", _CLIENT.key, san=("DNS:a.b",))
_CHAIN = steward_.read(_CLIENT, _CA, _ROOT)


def test_chain_begins_at_its_top_and_says_where_it_came_from() -> None:
    """A tree grows from the root; sources are told when a file brought part of it."""
    links = [ChainLink(c, Source.RESPONSE) for c in _CHAIN[:2]]
    shown = plans.show_chain([*links, ChainLink(_CHAIN[2], Source.KEYSTORE)], START)
    assert list(reversed(_CHAIN)) == [link.certificate for link in shown]
    assert ["root", "intermediate", "end-entity"] == [link.role for link in shown]
    assert ["keystore", "response", "response"] == [link.source for link in shown]


def test_chain_of_the_keystore_alone_has_nothing_to_say_of_its_source() -> None:
    """As of a rollback, or of an entry as it is."""
    assert ["", "", ""] == [link.source for link in plans.show_chain(_CHAIN, START)]


@pytest.mark.parametrize(
    ("now", "state", "days"),
    [
        (NOT_BEFORE - timedelta(seconds=1), "not-yet", (NOT_AFTER - NOT_BEFORE).days),
        (NOT_AFTER - timedelta(days=30), "valid", 30),
        (NOT_AFTER - timedelta(days=30, seconds=-1), "soon", 29),
        (NOT_AFTER, "soon", 0),
        (NOT_AFTER + timedelta(seconds=1), "ended", -1),
    ],
)
def test_end_of_a_certificate_is_told_in_time(now: object, state: str, days: int) -> None:
    """At each border it is the right word."""
    shown = plans.show_chain(_CHAIN[:1], now)  # type: ignore[arg-type]  # parametrized
    assert (state, days) == (shown[0].state, shown[0].days)


def test_differences_of_two_chains_are_marked_value_by_value() -> None:
    """What both have in common is not marked, even beside what only one has."""
    rows = {row.name: row for row in plans.compare(steward_.read(_PLACEHOLDER), _CHAIN)}
    assert [("DNS:a.b", False)] == [(p.value, p.own) for p in rows["san"].old]
    assert [("DNS:a.b", False), ("DNS:c.d", True)] == [(p.value, p.own) for p in rows["san"].new]
    assert ((), ["CN=Root"]) == (rows["root"].old, [p.value for p in rows["root"].new])
    assert ["1.2.3", "clientAuth"] == [p.value for p in rows["extended_key_usage"].new]
    differing = {name for name, row in rows.items() if row.differs}
    same = {"subject", "key", "public_key", "not_before", "not_after", "key_usage"}
    assert set(rows) - same - {"signature_algorithm"} == differing


def test_serial_number_has_whole_octets() -> None:
    """As other tools write it, so that it can be compared."""
    odd, even = (steward_.read(issue("x", _ROOT.key, serial=n))[0] for n in (0xABC, 0xABCD))
    assert ("0A:BC", "AB:CD") == (plans.serial_number(odd), plans.serial_number(even))


def test_notices_come_in_the_words_of_the_language_warnings_first() -> None:
    """Heading and advice are translated; the sentence about the case stays."""
    found = (NoticeKind.ALREADY_CURRENT.about("One."), NoticeKind.SELF_SIGNED.about("Two."))
    shown = plans.show_notices(found, "de")
    assert [("Two.", True), ("One.", False)] == [(n.detail, n.warning) for n in shown]
    assert "Das Zertifikat ist selbstsigniert" == shown[0].heading


def test_plan_of_a_file_tells_what_the_file_is(face: Face) -> None:
    """The shown plan has the plan's own digest and version, and the kind of file."""
    steward = face.steward
    steward_.add(steward, "client", _PLACEHOLDER)
    chain = steward.store.get_entry(steward.keystore_id, "client").version.chain
    file = _CLIENT.pem + _CA.pem + _ROOT.pem
    plan = signing_responses.plan_signing_response(steward, TENANT, "client", file, VERIFIED)
    shown = plans.show(plan, chain, START, "en")
    assert (plan.digest, 1, True) == (shown.digest, shown.base_version, shown.changes)
    assert (("PEM",), _CHAIN[0]) == (shown.containers, shown.certificate)


def test_names_of_a_chain_are_harmless_text() -> None:
    """Markup in a name is shown as it is written, and its direction ends with it."""
    evil = steward_.read(issue("<script>alert(1)</script>"))
    template = '{% import "plan_parts.html" as p with context %}{{ p.chain_tree(chain) }}'
    environment = rendering.load().environments["en"]
    html = environment.from_string(template).render(chain=plans.show_chain(evil, START))
    assert "<script" not in html
    assert "<bdi>CN=\\&lt;script\\&gt;" in html
