"""A story of entries that are renamed, deleted, brought back and replaced, asked about afterwards.

What the keystore holds is written down after every step, beside the product; then each alias is
asked for at each of these moments.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    pkcs12,
)

from keysteward.entries import Reason, View
from keysteward.keystore import activations, backups, chronicle, imports, key_pairs, lifecycle
from keysteward.keystore import versions as versions_
from keysteward.keystore.chronicle import Active
from keysteward.keystore.intake import Mode
from keysteward.keystore.key_pairs import PlaceholderWish
from keysteward.keystore.steward import Steward
from keysteward.keystore.trust import Consent
from keysteward.pki.key_pairs import parse_key_spec
from keysteward.pki.subjects import Subject
from keysteward.problems import AliasNotFound, Problem
from keysteward.values import Secret
from tests import pki_maker, providers
from tests import steward as steward_
from tests.pki_maker import Issued, issue
from tests.steward import PLAIN, TENANT, VERIFIED, Clock

SPEC = parse_key_spec("ec", None, "P-256")
ROOT = issue("Root", ca=True)
CA = issue("Issuing", issuer=ROOT, ca=True)
OTHER_ROOT = issue("Other Root", ca=True)
IMPORTED = issue("imported", issuer=CA, eku=("clientAuth",))
ENDED = pki_maker.NOT_BEFORE.replace(day=9)
LATE, LATER = (pki_maker.NOT_BEFORE.replace(year=year) for year in (2042, 2043))
EXPIRED = Consent(frozenset({"certificate-expired"}), fingerprint_verified=True)

Held = dict[str, tuple[int, str]]
"""By alias: the id of the entry, and the fingerprint of its certificate."""


@dataclass
class Story:
    """What happened, and what the keystore held after each step."""

    steward: Steward
    clock: Clock
    moments: dict[str, tuple[datetime, Held]] = field(default_factory=dict)
    """By what was done."""

    def step(self, what: str, do: Callable[[], object]) -> None:
        """Do something, and write down what is there a minute later."""
        self.clock.advance(hours=1)
        do()
        store, keystore = self.steward.store, self.steward.keystore_id
        held = {}
        for listed in store.list_entries(keystore, limit=1000):
            entry = store.get_entry(keystore, listed.alias)
            held[str(entry.alias)] = (entry.id, str(entry.version.certificate.fingerprint))
        self.moments[what] = (self.clock.now + timedelta(minutes=1), held)

    def certify(self, alias: str, subject: str, *, pending: bool = False, **more: object) -> Issued:
        """Return a certificate for an entry's current or pending key."""
        entry = self.steward.store.get_entry(self.steward.keystore_id, alias)
        version = entry.pending if pending else entry.version
        assert version is not None
        key = x509.load_der_x509_certificate(version.certificate.der).public_key()
        return issue(subject, issuer=CA, public_key=key, eku=("clientAuth",), **more)  # type: ignore[arg-type]  # what the maker takes

    def active(self, alias: str, what: str) -> Active:
        """Return what was active after a step."""
        active = chronicle.active_at(self.steward, alias, self.moments[what][0]).active
        assert active is not None
        return active


@pytest.fixture
def story(steward: Steward, clock: Clock) -> Story:
    """Tell the story."""
    story = Story(steward, clock)
    step = story.step

    def generate(alias: str) -> None:
        key_pairs.generate_key_pair(steward, TENANT, alias, SPEC, PlaceholderWish(Subject(alias)))

    def upload(alias: str, first: Issued, consent: Consent = VERIFIED) -> None:
        steward_.upload(steward, alias, first, CA, ROOT, consent=consent)

    def roll_back(alias: str, number: int) -> None:
        versions_.roll_back(steward, TENANT, alias, number, EXPIRED, note="the receiver wants it")

    def rename(alias: str, new: str) -> None:
        lifecycle.rename_entry(steward, TENANT, alias, new)

    def refuse() -> None:
        with pytest.raises(Problem):
            upload("client", issue("client", issuer=CA))

    def import_() -> None:
        content = pkcs12.serialize_key_and_certificates(
            *(b"client", IMPORTED.key, IMPORTED.certificate),  # type: ignore[arg-type]  # an EC key
            *([CA.certificate], BestAvailableEncryption(b"secret")),
        )
        upload = imports.Upload(content, Secret(b"secret"), mode=Mode.OVERWRITE, roots=False)
        imports.import_keystore(steward, TENANT, upload)

    step("generate", lambda: generate("client"))
    step("request", lambda: steward_.ask(steward, "client"))
    step("refused", refuse)
    step("confirm", lambda: upload("client", story.certify("client", "client")))
    expired = story.certify("client", "client", not_after=ENDED)
    step("override", lambda: upload("client", expired, EXPIRED))
    step("renew", lambda: key_pairs.renew_key_pair(steward, TENANT, "client"))
    renewed = story.certify("client", "client", pending=True)
    step("renewed", lambda: upload("client", renewed, PLAIN))
    step("rename", lambda: rename("client", "partner"))
    step("second", lambda: generate("client"))
    step("backup", lambda: backups.create_backup(steward, TENANT, "b"))
    step("import", import_)
    step("delete", lambda: lifecycle.delete_entry(steward, TENANT, "client"))
    step("third", lambda: generate("client"))
    step("purge", lambda: lifecycle.purge_entry(steward, TENANT, "client", "client"))
    step("undelete", lambda: lifecycle.undelete_entry(steward, TENANT, "client"))
    step("delete again", lambda: lifecycle.delete_entry(steward, TENANT, "client"))
    step("rename back", lambda: rename("partner", "client"))
    step("roll back", lambda: roll_back("client", 3))
    step("rename off", lambda: rename("client", "partner"))
    step("restore", lambda: backups.restore(steward, TENANT, "b", None, Mode.OVERWRITE))
    step(
        "supply",
        lambda: providers.supply(steward, providers.leaf("a", not_after=LATE), view=View.CURRENT),
    )
    step("supply next", lambda: providers.supply(steward, providers.leaf("b", not_after=LATER)))
    step("activate", lambda: activations.activate(steward, TENANT, providers.ALIAS))
    step("anchor", lambda: steward_.add_anchor(steward, "root", OTHER_ROOT))
    step("last name", lambda: rename("root", "never touched again"))
    return story


def test_every_alias_is_told_at_every_moment(story: Story) -> None:
    """Entry and certificate are those that the keystore had then, or none where it had none."""
    aliases = {alias for _, held in story.moments.values() for alias in held}
    assert {"client", "partner", "root", "never touched again", providers.ALIAS} <= aliases
    for what, (at, held) in story.moments.items():
        for alias in aliases:
            active = chronicle.active_at(story.steward, alias, at).active
            found = None if active is None else (active.life.entry_id, active.fingerprints[0])
            assert held.get(alias) == found, (what, alias)


def test_moment_of_a_change_counts(story: Story) -> None:
    """At its own time it is done, the microsecond before it is not."""
    at = story.moments["confirm"][0] - timedelta(minutes=1)
    after = chronicle.active_at(story.steward, "client", at).active
    before = chronicle.active_at(story.steward, "client", at - timedelta(microseconds=1)).active
    assert after is not None
    assert before is not None
    assert (Reason.SIGNING_RESPONSE, Reason.GENERATED) == (after.reason, before.reason)


def test_confirmation_is_told_with_every_certificate_under_the_root(story: Story) -> None:
    """By the upload that it came with, and by whom and when for later ones."""
    first = story.active("client", "confirm")
    (assent,) = first.assents
    top = steward_.read(ROOT)[0].fingerprint
    assert ("root", top, "tester", first.row) == (
        *(assent.what, assent.fingerprint, assent.by, assent.row),
    )
    (later,) = story.active("client", "renewed").assents
    assert (top, "tester", first.row.at) == (later.fingerprint, later.by, later.at)


def test_override_is_told_also_after_the_certificate_came_back(story: Story) -> None:
    """Of the upload and of the rollback, whose reason is told, too."""
    (*_, override) = [a for a in story.active("client", "override").assents if a.what != "root"]
    assert ("certificate-expired", "tester") == (override.what, override.by)
    back = story.active("client", "roll back")
    assert (Reason.ROLLED_BACK, "the receiver wants it") == (back.reason, back.note)
    slugs = [(a.what, a.at) for a in back.assents if a.what != "root"]
    assert [("certificate-expired", override.at), ("certificate-expired", back.row.at)] == slugs


def test_file_is_told_by_its_digest(story: Story) -> None:
    """The digest is that of what was uploaded."""
    active = story.active("client", "renewed")
    entry = next(
        v
        for v in story.steward.store.list_versions(
            story.steward.store.get_entry(story.steward.keystore_id, "partner")
        )
        if v.certificate.fingerprint == active.fingerprints[0]
    )
    data = b"".join(
        x509.load_der_x509_certificate(c.der).public_bytes(Encoding.PEM) for c in entry.chain
    )
    assert hashlib.sha256(data).hexdigest() == active.file_sha256


def test_names_of_an_entry_are_told_with_their_times(story: Story) -> None:
    """Each with what began and what ended it; those of every entry that had the alias."""
    answer = chronicle.active_at(story.steward, "partner", story.moments["rename"][0])
    names = [
        [(p.alias, p.since.action, p.until and p.until.action) for p in one.periods]
        for one in answer.lives
    ]
    assert [
        [
            ("client", "generate", "rename"),
            ("partner", "rename", "rename"),
            ("client", "rename", "rename"),
            ("partner", "rename", None),
        ]
    ] == names[:1]
    client = chronicle.active_at(story.steward, "client", story.moments["third"][0])
    assert [False, False, True] == [life.purged for life in client.lives][:3]
    assert None is client.lives[2].now


def test_unknown_alias_is_refused(story: Story) -> None:
    """One that never was; a time before everything has an answer."""
    with pytest.raises(AliasNotFound):
        chronicle.active_at(story.steward, "nobody", story.clock.now)
    before = story.moments["generate"][0] - timedelta(days=400)
    assert chronicle.active_at(story.steward, "client", before).active is None
