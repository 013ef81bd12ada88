from datetime import UTC, datetime, timedelta

import pytest

from keysteward.entries import EntryType, ListedEntry, Owner, Reason
from keysteward.pki.certificates import Certificate
from keysteward.pki.usages import Usage
from keysteward.problems import AliasNotFound, VersionNotFound
from keysteward.storage.records import Base, KeyOwner, NewEntry, NewVersion
from keysteward.values import Alias, Fingerprint, Secret
from tests import pki_maker
from tests.storage.conftest import NOW, Bench, Pki

LARGE = (2**31, 2**63 - 1)
"""Numbers that clients may name and no row has."""
ENDS = tuple(datetime(2031, 1, day, tzinfo=UTC) for day in range(1, 8))


@pytest.fixture(scope="session")
def ending(pki: Pki) -> tuple[Certificate, ...]:
    """Return certificates that end on seven days in a row."""
    return tuple(pki.read(pki_maker.issue("x", pki.key, not_after=end))[0] for end in ENDS)


def _pages(bench: Bench, limit: int, **conditions: object) -> list[ListedEntry]:
    found: list[ListedEntry] = []
    while True:
        page = bench.store.list_entries(
            bench.keystore_id,
            limit=limit,
            after=found[-1] if found else None,
            **conditions,  # type: ignore[arg-type]  # each test names its own
        )
        assert len(page) <= limit
        found.extend(page)
        if len(page) < limit:
            return found


def _fill(bench: Bench, certificates: tuple[Certificate, ...], count: int) -> None:
    new = [
        NewEntry(Alias(f"a{n * 7919 % count:05}"), EntryType.KEY_PAIR, Owner.TENANT, Usage.SSH)
        for n in range(count)
    ]
    with bench.store.writing(bench.keystore_id, "tester", NOW) as writing:
        for number, entry in enumerate(new):
            chain = (certificates[number % len(certificates)],)
            writing.create_entry(entry, NewVersion(Reason.UPLOADED, chain, None))


def test_lists_hold_every_entry_once_in_order_of_alias(
    bench: Bench, ending: tuple[Certificate, ...]
) -> None:
    """Thousands of entries come in pages that neither repeat nor leave out one."""
    _fill(bench, ending, 3000)
    assert [f"a{n:05}" for n in range(3000)] == [e.alias for e in _pages(bench, 700)]


def test_expiring_entries_come_by_their_end_date(
    bench: Bench, ending: tuple[Certificate, ...]
) -> None:
    """Only what ends before the time, the most urgent first, across pages with equal dates."""
    _fill(bench, ending, 70)
    found = _pages(bench, 4, expiring_before=ENDS[3])
    assert [end for end in ENDS[:3] for _ in range(10)] == [e.not_after for e in found]
    assert 30 == len({e.id for e in found})


def test_waiting_entries_are_those_with_an_open_request(bench: Bench) -> None:
    """The list empties as responses are accepted."""
    for alias in "abc":
        bench.add(alias)
    for alias in "ca":
        bench.request(alias)
    assert ["a", "c"] == [e.alias for e in _pages(bench, 1, waiting=True)]
    bench.upload(0, "a")
    assert ["c"] == [e.alias for e in _pages(bench, 1, waiting=True)]


def test_deleted_entries_are_listed_apart(bench: Bench) -> None:
    """Several deleted entries of one alias are all there, in the order of their deletion."""
    for day in range(3):
        bench.add("a")
        with bench.store.writing(bench.keystore_id, "tester", NOW + timedelta(days=day)) as writing:
            writing.delete(bench.base())
    bench.add("b")
    found = _pages(bench, 1, deleted=True)
    assert [NOW + timedelta(days=day) for day in range(3)] == [e.deleted_at for e in found]
    assert ["b"] == [e.alias for e in _pages(bench, 1)]


def test_conditions_of_a_list_are_combined(bench: Bench, ending: tuple[Certificate, ...]) -> None:
    """An entry must meet all of them."""
    for number, alias in enumerate("abcd"):
        bench.add(alias, chain=(ending[number],))
    for alias in "bcd":
        bench.request(alias)
    found = _pages(bench, 1, waiting=True, expiring_before=ENDS[3])
    assert ["b", "c"] == [e.alias for e in found]


def test_line_of_a_list_says_what_the_certificate_says(bench: Bench) -> None:
    """A line is derived from the current version's end-entity certificate."""
    bench.add()
    bench.upload(0)
    line, certificate = _pages(bench, 10)[0], bench.pki.chains[0][0]
    for name in ("subject", "issuer", "not_before", "not_after", "key", "signature_algorithm"):
        assert getattr(certificate, name) == getattr(line, name)
    assert (certificate.fingerprint, False, 2) == (line.fingerprint, line.self_signed, line.version)


def test_aliases_are_completed_by_prefix(bench: Bench) -> None:
    """A prefix is compared as it is: case, wildcards and non-ASCII letters mean themselves."""
    for alias in ("a", "ab", "aB", "a%", "a\U0001f600", "b"):
        bench.add(alias)
    assert ("a", "a%", "aB", "ab", "a\U0001f600") == _aliases(bench, "a")
    assert ("a%",) == _aliases(bench, "a%")
    assert ("a\U0001f600",) == _aliases(bench, "a\U0001f600")
    assert 6 == len(_aliases(bench, ""))
    assert 2 == len(bench.store.list_aliases(bench.keystore_id, "a", 2))


def test_alias_is_compared_exactly(bench: Bench) -> None:
    """Case and blanks make another alias; the problem names keystore and alias."""
    bench.add("Alias")
    for other in ("alias", "Alias ", "ALIAS"):
        with pytest.raises(AliasNotFound) as caught:
            bench.entry(other)
        assert (other, "default") == (caught.value.alias, caught.value.keystore)


def test_key_pair_view_has_the_latest_request_for_each_key(bench: Bench) -> None:
    """An upload sees entry, pending version and both requests."""
    bench.add()
    bench.request(der=b"first")
    bench.request(der=b"second")
    key = bench.pki.other[0].public_key_sha256
    with bench.store.writing(bench.keystore_id, "tester", NOW) as writing:
        key_id = writing.add_private_key(key, lambda c: bench.store.sealer.seal(Secret(b"key"), c))
        writing.set_pending(bench.base(), NewVersion(Reason.RENEWAL, bench.pki.other, key_id))
    view = bench.store.get_key_pair(bench.keystore_id, "a")
    assert view.request is not None
    assert (b"second", None) == (view.request.der, view.pending_request)
    with bench.store.writing(bench.keystore_id, "tester", NOW) as writing:
        writing.record_request(bench.base(), b"third", key)
    view = bench.store.get_key_pair(bench.keystore_id, "a")
    assert view.pending_request is not None
    assert b"third" == view.pending_request.der


def test_versions_come_in_order_and_one_by_one(bench: Bench) -> None:
    """Every version has its own chain; a number that was never given is refused."""
    bench.add()
    for number in range(3):
        bench.upload(number)
    entry = bench.entry()
    versions = bench.store.list_versions(entry)
    assert [1, 2, 3, 4] == [v.number for v in versions]
    assert [bench.store.get_version(Base.of(entry), n) for n in range(1, 5)] == list(versions)
    with pytest.raises(VersionNotFound):
        bench.store.get_version(Base.of(entry), 5)
    for number in LARGE:
        with pytest.raises(VersionNotFound):
            bench.store.get_version(Base.of(entry), number)


def test_issuers_are_found_by_comparable_name(bench: Bench) -> None:
    """Living certificate entries of this keystore alone complete chains."""
    _, ca, root = bench.pki.chains[0]
    bench.add("a", chain=bench.pki.chains[0])
    assert () == bench.store.find_certificate_entries(bench.keystore_id, ca.subject_name)
    bench.add_certificate("ca", ca)
    assert (ca,) == bench.store.find_certificate_entries(bench.keystore_id, ca.subject_name)
    assert () == bench.store.find_certificate_entries(bench.keystore_id, root.subject_name)
    assert () == bench.store.find_certificate_entries(99, ca.subject_name)
    with bench.store.writing(bench.keystore_id, "tester", NOW) as writing:
        writing.delete(bench.base("ca"))
    assert () == bench.store.find_certificate_entries(bench.keystore_id, ca.subject_name)


def test_trusted_certificates_are_those_marked_so(bench: Bench) -> None:
    """A topmost certificate is trusted by itself or by who may have issued it."""
    _, ca, root = bench.pki.chains[0]
    bench.add_certificate("ca", ca)
    assert () == _trusted(bench, ca.fingerprint, ca.issuer_name)
    bench.add_certificate("root", root, trusted=True)
    assert (root,) == _trusted(bench, ca.fingerprint, ca.issuer_name)
    assert (root,) == _trusted(bench, root.fingerprint, root.issuer_name)
    assert (root,) == bench.store.all_trusted(bench.keystore_id)
    assert () == bench.store.all_trusted(99)


def test_owner_of_a_key_is_found_among_current_and_earlier_versions(bench: Bench) -> None:
    """A response for another key can be told where it belongs."""
    entry_id = bench.add("mine")
    bench.upload(0, "mine")
    key = bench.pki.placeholder[0].public_key_sha256
    assert (
        KeyOwner(Alias("mine"), entry_id, 1, is_current=False),
        KeyOwner(Alias("mine"), entry_id, 2, is_current=True),
    ) == bench.store.find_owner_of_public_key(bench.keystore_id, key)
    assert () == bench.store.find_owner_of_public_key(99, key)
    assert () == bench.store.find_owner_of_public_key(bench.keystore_id, Fingerprint("00" * 32))


def _aliases(bench: Bench, prefix: str) -> tuple[str, ...]:
    return bench.store.list_aliases(bench.keystore_id, prefix, 100)


def _trusted(bench: Bench, fingerprint: Fingerprint, issuer: bytes) -> tuple[Certificate, ...]:
    return bench.store.find_trusted(bench.keystore_id, fingerprint, issuer)
