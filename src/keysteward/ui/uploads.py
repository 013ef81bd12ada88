"""What the dialogs have in common that take a key or a certificate from a file.

They send their file to be looked at as soon as there is one, and again with every password or tick.
What comes back takes the place below: what is in the file, what an entry has until now beside it,
what is asked. An update is refused if the entry is not any more what the dialog showed; then it
shows what was changed, and the file beside what is there now.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from keysteward.entries import Entry, Version
from keysteward.keystore.key_pairs import StoredKeyPair
from keysteward.keystore.naming import Naming
from keysteward.keystore.steward import Steward
from keysteward.pki.certificates import Certificate
from keysteward.problems import Problem
from keysteward.rights import Permission
from keysteward.ui import consents, plans, shell
from keysteward.ui.plans import Row, ShownLink, ShownNotice
from keysteward.ui.routing import Leave, Part, Visit
from keysteward.ui.wording import problem_texts
from keysteward.values import Fingerprint, Notice
from keysteward.web import conditions

EDIT = Permission.SECURITY_MATERIAL_EDIT


@dataclass(frozen=True, slots=True)
class Found:
    """What a file holds, as far as it could be opened."""

    forms: tuple[str, ...] = ()
    """What it is: "PKCS#12", "PEM"."""
    locked: str = ""
    """Why a password is needed first; nothing else is known then."""
    names: tuple[str, ...] = ()
    """The keys to choose among, if there are several."""
    chosen: str = ""
    key: str = ""
    """Type and size."""
    public_key: Fingerprint | None = None
    chain: tuple[ShownLink, ...] = ()
    """Topmost first."""
    rows: tuple[Row, ...] = ()
    """Beside what the entry has until now; nothing for a new entry."""
    notices: tuple[ShownNotice, ...] = ()
    top: Certificate | None = None
    """Has to be compared, because nothing else vouches for it."""
    refusal: tuple[str, str] | None = None
    """Title and reason of what can be accepted all the same."""
    alias: str = ""
    """Proposed for a new entry."""
    unchanged: bool = False
    """Whether an update would change nothing."""

    @property
    def opened(self) -> bool:
        """Whether it is known what the file holds."""
        return bool(self.key)

    @property
    def certificate(self) -> Certificate | None:
        """The key's own, or the only one; None if there is none."""
        return self.chain[-1].certificate if self.chain else None

    def options(self, none: str) -> tuple[tuple[str, str], ...]:
        """Return what a field offers to choose a key; ``none`` says that none is chosen yet."""
        return (("", none), *((name, name) for name in self.names))

    @property
    def warnings(self) -> int:
        """How many notices are warnings."""
        return sum(notice.warning for notice in self.notices)


NOTHING = Found()


def alias_of(visit: Visit, look: Callable[[Visit], Part]) -> str:
    """Return the alias for what a file holds; what is wrong with the file is said before."""
    visit.form.file()
    if not visit.form.text("alias"):
        # The alias is proposed from the file: without one, there most likely is none for it.
        look(visit)
    return visit.form.required("alias")


def shown(
    visit: Visit,
    found: Found,
    entry: Entry | None = None,
    *,
    problem: Problem | None = None,
    changed: bool = False,
) -> Part:
    """Return what stands below the file; ``changed`` if an update came too late."""
    if problem is not None:
        language = visit.language.code
        words = problem_texts.title(problem, language), problem_texts.detail(problem, language)
        found = replace(found, refusal=words)
    since: tuple[Version, ...] = ()
    seen = None
    if entry is not None:
        opened = visit.form.whole("latest_version") or 0
        versions = visit.steward.store.list_versions(entry)
        since = tuple(version for version in versions if version.number > opened)
        seen = next((version for version in versions if version.number == opened), None)
    return Part(
        "upload_found.html",
        {
            "found": found,
            "entry": entry,
            "etag": None if entry is None else conditions.etag_of(entry),
            "changed": changed,
            "since": since,
            "seen": seen,
            "accepted": consents.acceptable(visit, problem),
            "confirmed": found.top is not None
            and visit.form.text("trust_root") == found.top.fingerprint,
        },
    )


def of_entry(visit: Visit) -> Entry:
    """Return the entry that is to be updated. Raises if there is none, or not for this person."""
    entry = visit.steward.store.get_entry(visit.steward.keystore_id, visit.alias)
    visit.steward.require_right(entry, visit.caller)
    return entry


def update_values(visit: Visit, entry: Entry) -> dict[str, object]:
    """Return what a dialog says of the entry that it updates."""
    latest = max(version.number for version in visit.steward.store.list_versions(entry))
    return {
        "entry": entry,
        "latest": latest,
        "etag": conditions.etag_of(entry),
        "address": f"{shell.entry_address(visit.keystore, entry.alias)}/update",
    }


def guarded(visit: Visit) -> Steward:
    """Return a steward that updates what the dialog showed and nothing else.

    Raises EntryChanged, and FieldInvalid for a form that does not say what it showed.
    """
    tag = visit.form.required("etag")
    return conditions.guarded(visit.steward, visit.alias, frozenset({tag}))


def proposed(visit: Visit, certificate: Certificate) -> str:
    """Return a free alias from a certificate's common name."""
    steward = visit.steward

    def is_free(alias: str) -> bool:
        return steward.store.find_entry(steward.keystore_id, alias) is None

    return Naming(visit.caller, ()).proposed(certificate, is_free)


def notices(visit: Visit, found: Iterable[Notice]) -> tuple[ShownNotice, ...]:
    """Return notices in the words of the page."""
    return plans.show_notices(found, visit.language.code)


def added(visit: Visit, done: StoredKeyPair, title: str) -> Leave | Part:
    """Say that an entry is there; at once if there is nothing to be known of it."""
    said = visit.text("{alias} is in the keystore now.", alias=done.entry.alias)
    if not done.notices:
        return Leave(f"{shell.keystore_address(visit.keystore)}/entries", said)
    return _done(visit, done, title, said)


def updated(visit: Visit, done: StoredKeyPair, title: str) -> Leave | Part:
    """Say that an entry is updated; at once if there is nothing to be known of it."""
    said = visit.text("{alias} is updated.", alias=done.entry.alias)
    if not done.notices:
        return Leave(shell.entry_address(visit.keystore, done.entry.alias), said)
    if not done.changed:
        said = visit.text("{alias} has this already; nothing was changed.", alias=done.entry.alias)
    return _done(visit, done, title, said)


def _done(visit: Visit, done: StoredKeyPair, title: str, said: str) -> Part:
    values = {
        "title": title,
        "said": said,
        "changed": done.changed,
        "notices": notices(visit, done.notices),
        "address": shell.entry_address(visit.keystore, done.entry.alias),
    }
    return Part("upload_done.html", values)
