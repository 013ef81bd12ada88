"""What somebody says about a file before it is taken: trust in its root, problems to accept."""

from keysteward.keystore.trust import Consent
from keysteward.problems import Problem
from keysteward.ui.routing import Visit
from keysteward.ui.wording import overrides
from keysteward.values import Fingerprint


def given(visit: Visit) -> Consent:
    """Return what the ticks of a form say. Raises OverrideInvalid."""
    root = visit.form.optional("trust_root")
    return Consent(
        frozenset(visit.form.all("override")), None if root is None else Fingerprint(root)
    )


def acceptable(visit: Visit, problem: Problem | None) -> tuple[tuple[str, str, bool], ...]:
    """Return slug and sentence of what is or can be overridden, and whether it is."""
    found = dict.fromkeys(visit.form.all("override"), True)
    if problem is not None and problem.overridable:
        found.setdefault(problem.slug, False)
    language = visit.language.code
    return tuple((slug, overrides.accepted(slug, language), on) for slug, on in found.items())
