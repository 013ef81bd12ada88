"""Update Signing Response: a key pair takes the answer of its certificate authority.

The dialog sends its file to be planned as soon as there is one, and again with every tick. What
comes back takes the place below the file: a plan, a question, or a refusal with its remedy. An
update names the plan that was shown by its digest; if that is not what would be done any more, the
plan of now comes back together with what was changed.
"""

from collections.abc import Mapping
from dataclasses import replace

from keysteward.entries import Caller, EntryType, Plan, Version
from keysteward.keystore import aliases, certificates, signing_responses
from keysteward.keystore.naming import Naming
from keysteward.keystore.steward import Steward, require_key_pair
from keysteward.keystore.trust import Consent
from keysteward.pki.certificates import Certificate, read_certificate
from keysteward.problems import (
    CertificateExpired,
    CertificateUnreadable,
    EntryChanged,
    IssuerNotCa,
    NotASigningResponse,
    PathLengthExceeded,
    PlaceholderAgain,
    Problem,
    PublicKeyMismatch,
    ResponseTooComplex,
    RootNotTrusted,
    SignatureInvalid,
    SigningResponseTooLarge,
    SigningResponseUnreadable,
    TrailingBytes,
)
from keysteward.rights import Permission
from keysteward.ui import consents, plans, shell
from keysteward.ui.routing import ENTRY, Page, Part, Routes, Visit
from keysteward.ui.wording import problem_texts

RESPONSE = f"{ENTRY}/signing-response"

_EDIT = Permission.SECURITY_MATERIAL_EDIT
"""Characters of a reason, as over REST."""

_OF_THE_FILE = (
    SigningResponseTooLarge,
    SigningResponseUnreadable,
    NotASigningResponse,
    ResponseTooComplex,
    CertificateUnreadable,
    TrailingBytes,
    PublicKeyMismatch,
    SignatureInvalid,
    CertificateExpired,
    IssuerNotCa,
    PathLengthExceeded,
    PlaceholderAgain,
)
"""What is refused below the file, with what can be done about it."""

routes = Routes()


@routes.get(RESPONSE, _EDIT)
def signing_response_dialog(visit: Visit) -> Page:
    """Ask for the file. Raises for what takes none: certificates, entries of the provider."""
    entry = visit.steward.store.get_entry(visit.steward.keystore_id, visit.alias)
    visit.steward.require_right(entry, visit.caller)
    require_key_pair(entry)
    versions = visit.steward.store.list_versions(entry)
    latest = max((version.number for version in versions), default=entry.version.number)
    limit = visit.steward.settings.response_limit_bytes
    address = f"{shell.entry_address(visit.keystore, entry.alias)}/signing-response"
    values = {"entry": entry, "latest": latest, "limit": limit, "address": address}
    return Page("signing_response.html", values)


@routes.post(f"{RESPONSE}/plan", _EDIT, limit=lambda settings: settings.response_limit_bytes)
def plan_signing_response(visit: Visit) -> Part:
    """Show what an update with this file would do, or why it would do nothing."""
    return _planned(visit)


@routes.post(RESPONSE, _EDIT, limit=lambda settings: settings.response_limit_bytes, alone=True)
def update_signing_response(visit: Visit) -> Part:
    """Carry out the plan that was shown; show another one if it would be another one now."""
    form = visit.form
    data, digest = form.file().data, form.optional("digest")
    if digest is None:
        return _planned(visit)
    consent, note = consents.given(visit), consents.note(visit)
    anchor = _anchor(visit)
    accept = signing_responses.expect(form.whole("base_version"), digest)
    try:
        done = signing_responses.upload_signing_response(
            *(visit.steward, visit.caller, visit.alias, data, consent), accept=accept, note=note
        )
    except EntryChanged:
        return _planned(visit, changed=True)
    except (RootNotTrusted, *_OF_THE_FILE):
        return _planned(visit)
    added = None if anchor is None else _add_anchor(visit, anchor, done.plan)
    values = {"done": done, "new": done.plan.certificates[0], "anchor": anchor, "refused": added}
    address = shell.entry_address(visit.keystore, done.plan.alias)
    return Part("signing_response_done.html", {**values, "address": address})


def _planned(visit: Visit, *, changed: bool = False) -> Part:
    """Return what is to be shown below the file; ``changed`` if a shown plan was overtaken."""
    consent = consents.given(visit)
    asked = (visit.steward, visit.caller, visit.alias, visit.form.file().data)
    try:
        plan = signing_responses.plan_signing_response(*asked, consent)
    except RootNotTrusted as problem:
        top = read_certificate(problem.der)
        prospect = _if_confirmed(asked, consent, top)
        return _part(
            visit, changed=changed, plan=prospect, problem=problem, top=top, alone=problem.alone
        )
    except _OF_THE_FILE as problem:
        return _part(visit, changed=changed, problem=problem)
    return _part(visit, changed=changed, plan=plan)


def _if_confirmed(
    asked: tuple[Steward, Caller, str, bytes], consent: Consent, top: Certificate
) -> Plan | None:
    """Return what would be done once the topmost certificate is confirmed, to be looked at now."""
    confirmed = replace(consent, trust_root=top.fingerprint)
    try:
        return signing_responses.plan_signing_response(*asked, confirmed)
    except (RootNotTrusted, *_OF_THE_FILE):
        return None


def _part(
    visit: Visit,
    *,
    changed: bool,
    plan: Plan | None = None,
    problem: Problem | None = None,
    top: Certificate | None = None,
    alone: bool = False,
) -> Part:
    steward, language = visit.steward, visit.language.code
    entry = steward.store.get_entry(steward.keystore_id, visit.alias)
    if plan is not None and plan.confirms_root is not None:
        top, alone = plan.certificates[-1], len(plan.chain) == 1
    shown = None
    if plan is not None:
        shown = plans.show(plan, entry.version.chain, steward.clock(), language)
    seen = visit.form.whole("latest_version") or entry.version.number
    versions = steward.store.list_versions(entry)
    values: Mapping[str, object] = {
        "plan": shown,
        "refusal": None if problem is None or top is not None else _refusal(visit, problem),
        "question": None if problem is None or top is None else _words(visit, problem)[1],
        "top": top,
        "proposal": None if top is None or alone else _proposal(visit, top),
        "adds": visit.form.ticked("add_root"),
        "accepted": consents.acceptable(visit, problem),
        "changed": changed,
        "since": tuple(v for v in versions if v.number > seen),
        "seen": next((v for v in versions if v.number == seen), None),
    }
    return Part("signing_response_plan.html", values)


def _refusal(visit: Visit, problem: Problem) -> dict[str, object]:
    title, detail = _words(visit, problem)
    refusal: dict[str, object] = {
        "slug": problem.slug,
        "title": title,
        "detail": detail,
        "owner": None,
        "rollback": None,
        "address": None,
    }
    if isinstance(problem, PublicKeyMismatch) and problem.owner is not None:
        refusal |= _way_on(visit, problem, problem.owner)
    return refusal


def _words(visit: Visit, problem: Problem) -> tuple[str, str]:
    language = visit.language.code
    return problem_texts.title(problem, language), problem_texts.detail(problem, language)


def _way_on(visit: Visit, problem: PublicKeyMismatch, owner: str) -> dict[str, object]:
    """Return where a misfit belongs: another entry, or an earlier version of this one."""
    address = shell.entry_address(visit.keystore, owner)
    if problem.version is None:
        return {"owner": owner, "address": f"{address}/signing-response"}
    store = visit.steward.store
    entry = store.get_entry(visit.steward.keystore_id, owner)
    found = (v for v in store.list_versions(entry) if v.number == problem.version)
    version = next(found, None)
    if version and owner == visit.alias and _is_certificate_of(version, problem):
        return {"rollback": version.number, "address": f"{address}/rollback/{version.number}"}
    return {}


def _is_certificate_of(version: Version, problem: PublicKeyMismatch) -> bool:
    return version.certificate.fingerprint == problem.certificate


def _proposal(visit: Visit, top: Certificate) -> str:
    steward = visit.steward

    def is_free(alias: str) -> bool:
        return steward.store.find_entry(steward.keystore_id, alias) is None

    return Naming(visit.caller, ()).proposed(top, is_free)


def _anchor(visit: Visit) -> str | None:
    """Return the alias for the topmost certificate; None if it is not to be added.

    Raises AliasInvalid, AliasReserved, AliasExists before anything is stored.
    """
    if not (visit.form.ticked("add_root") and visit.form.ticked("trust_root")):
        return None
    alias = aliases.new_alias(visit.form.required("alias"), visit.caller)
    visit.steward.require_free(alias, EntryType.CERTIFICATE, "update that entry")
    return alias


def _add_anchor(visit: Visit, alias: str, plan: Plan) -> str | None:
    """Add the topmost certificate; return why that was refused, the update being done already."""
    top = plan.certificates[-1]
    consent = replace(consents.given(visit), overrides=frozenset())
    try:
        certificates.add_certificate(
            visit.steward, visit.caller, alias, top.der, trusted=True, consent=consent
        )
    except Problem as problem:
        return _words(visit, problem)[1]
    return None
