"""RuntimeSyncInfos: to which runtimes a keystore was sent. Keysteward sends it to none."""

from typing import NoReturn

from keysteward.odata.contract import Call
from keysteward.odata.entities import Feed
from keysteward.odata.paths import Key
from keysteward.odata.reading import pages
from keysteward.problems import ResourceUnknown


def page(call: Call) -> Feed:
    """Return none: programs find the set, and nothing in it."""
    return pages.of_few(call, ())


def count(_: Call) -> int:
    """Return how many there are."""
    return 0


def find(call: Call, _: Key) -> NoReturn:
    """Raise ResourceUnknown: there is no runtime."""
    raise ResourceUnknown(call.path[:100])
