"""What is done with several marked entries at once: deleting, and signing requests in a zip.

First a window shows what would be done with which entry, and what would be left out, and why; what
is confirmed there is done.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from keysteward.entries import Entry, EntryType
from keysteward.formats import file_names, packages
from keysteward.keystore import lifecycle, signing_requests
from keysteward.keystore.signing_requests import RequestWish
from keysteward.pki.subjects import Subject
from keysteward.problems import FieldInvalid, Problem
from keysteward.rights import Permission
from keysteward.ui import actions, dependents, entry_lines, shell
from keysteward.ui.actions import Facts
from keysteward.ui.routing import KEYSTORE, File, Leave, Page, Routes, Visit
from keysteward.ui.wording import problem_texts

routes = Routes()

SELECTED = f"{KEYSTORE}/selected"

_LEFT_OUT = "LEFT-OUT.txt"


@dataclass(frozen=True, slots=True)
class Marked:
    """An entry that was marked, and what is to be known of it before something is done."""

    entry: Entry
    reason: str
    """Why it is left out; empty if it is not."""
    remarks: tuple[str, ...] = ()


@routes.post(f"{SELECTED}/delete", Permission.SECURITY_MATERIAL_EDIT)
def delete_selected(visit: Visit) -> Page | Leave:
    """Delete what is marked: all of it, or nothing."""
    if visit.form.raw("confirmed"):
        gone = lifecycle.delete_entries(visit.steward, visit.caller, _aliases(visit))
        said = visit.texts("One entry is deleted.", "{n} entries are deleted.", len(gone))
        return Leave(f"{shell.keystore_address(visit.keystore)}/entries", said)
    marked = tuple(
        Marked(
            entry, _reason(visit, entry, "delete"), tuple(dependents.before_deleting(visit, entry))
        )
        for entry in _entries(visit)
    )
    return Page("delete_selected.html", {"marked": marked})


@routes.post(f"{SELECTED}/signing-requests", Permission.MONITORING_DATA_READ)
def request_dialog(visit: Visit) -> Page:
    """Show of which key pairs a signing request would be written."""
    marked = tuple(Marked(entry, _reason_of_request(visit, entry)) for entry in _entries(visit))
    return Page("request_selected.html", {"marked": marked})


@routes.post(f"{SELECTED}/signing-requests/zip", Permission.MONITORING_DATA_READ, slow=True)
def request_selected(visit: Visit) -> File:
    """Write a signing request for each key pair; each waits for its response then."""
    return File("signing-requests.zip", "application/zip", _requests(visit))


def _aliases(visit: Visit) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(visit.form.fields.get("alias", ())))
    if not found:
        raise FieldInvalid("alias", "Mark at least one entry.")
    return found


def _entries(visit: Visit) -> Iterator[Entry]:
    """Yield what is marked; what somebody else deleted meanwhile is not there any longer."""
    for alias in _aliases(visit):
        entry = visit.steward.store.find_entry(visit.steward.keystore_id, alias)
        if entry is not None:
            yield entry


def _reason(visit: Visit, entry: Entry, name: str) -> str:
    around = entry_lines.surroundings(visit)
    groups = actions.offers(Facts.of(entry, has_root=True), around)
    offer = next(offer for group in groups for offer in group if offer.name == name)
    return actions.said(offer, visit.text)


def _reason_of_request(visit: Visit, entry: Entry) -> str:
    if entry.type is EntryType.CERTIFICATE:
        return visit.text("This is a certificate without a private key.")
    reason = _reason(visit, entry, "signing-request")
    if not reason and not (entry.pending or entry.version).certificate.subject_name:
        return visit.text("Its key has no subject yet. Write its request alone, and say one.")
    return reason


def _requests(visit: Visit) -> bytes:
    files: dict[str, bytes] = {}
    left_out: list[str] = []
    for number, entry in enumerate(entries := tuple(_entries(visit))):
        visit.progress(number, len(entries))
        if reason := _reason_of_request(visit, entry):
            left_out.append(f"{entry.alias}: {reason}")
            continue
        try:
            pem = signing_requests.write_signing_request(
                visit.steward, visit.caller, entry.alias, RequestWish(Subject())
            )
        except Problem as problem:
            if not problem.refuses:
                raise
            detail = problem_texts.detail(problem, visit.language.code)
            left_out.append(f"{entry.alias}: {detail}")
        else:
            files[_free_name(entry.alias, files)] = pem
    if left_out:
        files[_LEFT_OUT] = "\r\n".join((*left_out, "")).encode(errors="replace")
    return packages.zipped(files, visit.steward.clock())


def _free_name(alias: str, taken: dict[str, bytes]) -> str:
    """Return a file name that no other alias got, whatever their letter case is."""
    used = {name.lower() for name in taken}
    name, number = file_names.safe_file_name(alias, ".csr"), 1
    while name.lower() in used:
        number += 1
        name = file_names.safe_file_name(alias, f" ({number}).csr")
    return name
