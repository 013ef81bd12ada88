"""The audit log as its readers need it."""

from keysteward.keystore.steward import Steward
from keysteward.storage.audit import AuditReport


def verify_chain(steward: Steward, expect: str | None) -> AuditReport:
    """Check the whole audit chain; ``expect`` is a head that was printed earlier."""
    return steward.store.verify_audit(expect)


def in_words(checked: AuditReport) -> str:
    """Return what is wrong with an audit chain that does not verify."""
    gaps = tuple(f"{first} to {last}" for first, last in checked.missing)
    parts = [
        f"{count} {word}, the first of them {', '.join(str(row) for row in rows[:10])}"
        for word, count, rows in (
            ("altered rows", checked.broken_count, checked.broken),
            ("gaps", checked.missing_count, gaps),
            ("rows not linked", checked.not_linked_count, checked.not_linked),
        )
        if count
    ]
    if checked.expected_found is False:
        parts.append("the expected head is not in the log, which was cut or replaced")
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}. Compare with a backup of the database."
