"""What somebody says about a file before it is taken: trust in its root, problems to accept."""

from keysteward.keystore.trust import Consent
from keysteward.problems import FieldInvalid, Problem
from keysteward.ui.routing import Visit
from keysteward.ui.wording import overrides
from keysteward.values import Fingerprint

_MOST_NOTE = 1_000
"""Characters of a reason."""


def given(visit: Visit) -> Consent:
    """Return what the ticks of a form say. Raises OverrideInvalid."""
    root = visit.form.optional("trust_root")
    return Consent(
        frozenset(visit.form.all("override")), None if root is None else Fingerprint(root)
    )


def note(visit: Visit) -> str | None:
    """Return the reason. Raises FieldInvalid if something is overridden without any."""
    note = visit.form.optional("note")
    if note is None and visit.form.all("override"):
        raise FieldInvalid("note", "Say why: what is overridden is kept with its reason.")
    if note is not None and len(note) > _MOST_NOTE:
        raise FieldInvalid("note", "This is too long; use at most 1,000 characters.")
    return note


def acceptable(visit: Visit, problem: Problem | None) -> tuple[tuple[str, str, bool], ...]:
    """Return slug and sentence of what is or can be overridden, and whether it is."""
    found = dict.fromkeys(visit.form.all("override"), True)
    if problem is not None and problem.overridable:
        found.setdefault(problem.slug, False)
    language = visit.language.code
    return tuple((slug, overrides.accepted(slug, language), on) for slug, on in found.items())
