"""response check and response upload."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

import typer

from keysteward.cli import files, options, output, plans, questions
from keysteward.cli.desk_values import Expected, Planned
from keysteward.cli.session import Session, as_text
from keysteward.entries import outcome
from keysteward.keystore import signing_responses
from keysteward.keystore.signing_responses import Checked
from keysteward.keystore.trust import Consent
from keysteward.notices import NoticeKind
from keysteward.pki import references
from keysteward.problems import Problem, RootNotTrusted

_For = Annotated[
    str,
    typer.Option(
        "--for",
        metavar="FILE2",
        help="The signing request, the current certificate or the public key; - is standard input.",
    ),
]
_ExpectVersion = Annotated[
    int | None,
    typer.Option(metavar="N", help="Refuse if the entry is not in version N.", show_default=False),
]
_ExpectPlan = Annotated[
    str | None,
    typer.Option(
        metavar="DIGEST", help="Refuse any other plan than the dry run's.", show_default=False
    ),
]

_UNCHECKED = {
    "subject": "the subject",
    "san": "the alternative names",
    "loss": "what would be lost against the current certificate",
}


def check(
    session: Session, file: options.File, reference: _For, *, as_json: options.Json = False
) -> None:
    """Judge a signing response against a request, certificate or public key; stores nothing."""
    now = datetime.now(UTC)
    limit_bytes = session.settings.response_limit_bytes
    try:
        known = references.read_reference(files.read_file(reference))
        data = files.read_response(file, limit_bytes)
        checked = signing_responses.check_signing_response(data, known, now, limit_bytes)
    except Problem as problem:
        if as_json:
            output.say_json(plans.rejected_json(problem))
        raise
    if as_json:
        output.say_json(_checked_json(checked))
        return
    judged = checked.judgement
    output.say(f"Outcome: {outcome(judged.notices)}. Nothing was stored.")
    output.chain_table(judged.chain, now)
    output.notices_table(judged.notices)
    if checked.not_checked:
        output.say(
            f"Not checked: {', '.join(_UNCHECKED[rule] for rule in checked.not_checked)} (a "
            f"{known.kind.replace('-', ' ')} does not tell)."
        )


def upload(
    session: Session,
    alias: options.Alias,
    file: options.File,
    *,
    dry_run: options.DryRun = False,
    expect_version: _ExpectVersion = None,
    expect_plan: _ExpectPlan = None,
    trust_root: options.TrustRoot = None,
    fingerprint_verified: options.FingerprintVerified = False,
    override: options.Override = None,
    reason: Annotated[
        str | None,
        typer.Option(
            "--reason",
            help="The reason of an override, kept with the version.",
            show_default=False,
            callback=as_text,
        ),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Update a key pair with a signing response; the alias and the private key stay."""
    consent = questions.consent(trust_root, override, fingerprint_verified=fingerprint_verified)
    expected = Expected(expect_version, expect_plan)
    try:
        data = files.read_response(file, session.settings.response_limit_bytes)
        with session.desk() as desk:

            def run(given: Consent) -> Planned:
                return desk.certificates.respond(
                    alias, data, given, expected, note=reason, dry_run=dry_run
                )

            try:
                planned = run(consent)
            except RootNotTrusted as problem:
                if dry_run and not as_json:
                    shown = replace(consent, trust_root=problem.fingerprint)
                    _say_plan(run(shown), dry_run=True)
                if dry_run or as_json or not session.interactive or file == "-":
                    raise
                planned = run(questions.confirmed(problem, consent))
    except Problem as problem:
        if as_json:
            output.say_json(plans.refused_json(alias, problem))
        raise
    if as_json:
        output.say_json(plans.plan_json(planned, dry_run=dry_run))
    else:
        _say_plan(planned, dry_run=dry_run)


def _checked_json(checked: Checked) -> dict[str, object]:
    judged = checked.judgement
    return {
        "outcome": outcome(judged.notices),
        "chain": output.chain_json(judged.chain),
        "notices": output.notices_json(judged.notices),
        "not_checked": list(checked.not_checked),
        "problem": None,
    }


def _say_plan(planned: Planned, *, dry_run: bool) -> None:
    plan, version = planned.plan, planned.version
    if plan.reason is None:
        output.say(
            f"'{plan.alias}' has this chain already (version {version}); nothing was stored."
        )
        if plan.base_pending is not None:
            output.say(
                f"The response to the pending key (version {plan.base_pending}) is still missing."
            )
        others = [n for n in plan.notices if n.slug != NoticeKind.ALREADY_CURRENT.slug]
        output.notices_table(others)
        return
    if dry_run:
        output.say(f"This upload would replace version {plan.base_version} of '{plan.alias}'.")
    else:
        output.say(f"'{plan.alias}' is now version {version}; it was version {plan.base_version}.")
    output.comparison(plan.replaced, plan.certificates[0])
    output.say("")
    output.chain_table(plan.chain, datetime.now(UTC))
    output.notices_table(plan.notices)
    if dry_run:
        output.say(f"Nothing was stored. To commit just this plan: --expect-plan {planned.digest}")
    else:
        output.say_next("keysteward", "connect", "HOST:PORT", "--alias", plan.alias)
