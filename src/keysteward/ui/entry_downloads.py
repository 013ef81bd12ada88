"""Downloads of one entry: its certificate, chain, root and public key, wherever it is listed."""

from functools import partial

from keysteward.keystore import downloads
from keysteward.keystore.downloads import DownloadKind
from keysteward.problems import ResourceUnknown
from keysteward.rights import Permission
from keysteward.ui import entry_places
from keysteward.ui.routing import File, Routes, Visit

KINDS = frozenset(DownloadKind) - {DownloadKind.CSR}
"""Those that are read. To give out a signing request is recorded: it has a form of its own."""

routes = Routes()


def _download(tab: str, visit: Visit) -> File:
    kind = visit.path["kind"]
    if kind not in KINDS:
        raise ResourceUnknown(f"download/{kind[:40]}")
    place = entry_places.find(visit, tab)
    found = downloads.download(visit.steward, visit.caller, place.entry, DownloadKind(kind))
    return File(found.file_name, found.media_type, found.content)


for _tab, _path in entry_places.PLACES.items():
    routes.get(f"{_path}/download/{{kind}}", Permission.MONITORING_DATA_READ)(
        partial(_download, _tab)
    )
