"""ETags: the id of an entry and its versions, so that another state never has the same."""

from collections.abc import Callable

from keysteward.entries import Entry, Plan
from keysteward.problems import EntryChanged, RequestInvalid

_MOST_CHARACTERS = 1_000


def etag(entry_id: int, version: int, pending: int | None) -> str:
    """Return the ETag of an entry's state, as in the header."""
    return f'"{entry_id}-{version}"' if pending is None else f'"{entry_id}-{version}-{pending}"'


def matches(if_match: str | None, current: str) -> bool:
    """Whether an If-Match header allows a change (RFC 9110 section 13.1.1).

    OData V2 calls its ETags weak ones, so the sign of that makes no difference. Raises
    RequestInvalid for a header that is too long.
    """
    if if_match is None:
        return True
    if len(if_match) > _MOST_CHARACTERS:
        raise RequestInvalid("The If-Match header is too long.")
    given = {each.strip().removeprefix("W/") for each in if_match.split(",")}
    return "*" in given or current in given


def of_entry(entry: Entry) -> str:
    """Return the ETag of an entry as it was read."""
    pending = entry.pending.number if entry.pending else None
    return etag(entry.id, entry.version.number, pending)


def expect_plan(if_match: str | None) -> Callable[[Plan], None]:
    """Return an ``accept`` that refuses a plan against another state. Raises EntryChanged."""

    def accept(plan: Plan) -> None:
        current = etag(plan.entry_id, plan.base_version, plan.base_pending)
        _require(if_match, plan.alias, current)

    return accept


def expect_entry(if_match: str | None) -> Callable[[Entry], None]:
    """Return an ``accept`` that refuses an entry in another state. Raises EntryChanged."""

    def accept(entry: Entry) -> None:
        _require(if_match, entry.alias, of_entry(entry))

    return accept


def _require(if_match: str | None, alias: str, current: str) -> None:
    if not matches(if_match, current):
        raise EntryChanged(alias, f"Its ETag is {current}, not one of those in If-Match.")
