"""The first page: the tiles of Manage Security, for one keystore."""

from keysteward.rights import Permission
from keysteward.ui import shell
from keysteward.ui.routing import KEYSTORE, Leave, Page, Routes, Visit
from keysteward.web.access import Access

routes = Routes()


@routes.get("/", Access.SIGNED_IN)
def start(visit: Visit) -> Leave:
    """Lead to the overview of the first keystore."""
    return Leave(shell.keystore_address(visit.keystore))


@routes.get(KEYSTORE, Permission.MONITORING_DATA_READ)
def show_overview(visit: Visit) -> Page:
    """Show the tiles."""
    now = visit.steward.clock()
    counts = visit.steward.store.catalogue.count_by_state(visit.steward.keystore_id, now)
    return Page("overview.html", {"counts": counts})
