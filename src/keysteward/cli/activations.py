"""provider activate: one new key after a question, or all whose day has come."""

from collections.abc import Callable
from typing import Annotated

import typer

from keysteward.cli import options, output, questions
from keysteward.cli.desk_values import ActivationStep
from keysteward.cli.session import Session, as_text, complete_new
from keysteward.entries import outcome
from keysteward.problems import ConfirmationRequired, Problem


def activate(
    session: Session,
    alias: Annotated[
        str | None,
        typer.Argument(
            metavar="ALIAS",
            help="Alias of a new key.",
            show_default=False,
            autocompletion=complete_new,
            callback=as_text,
        ),
    ] = None,
    *,
    due: Annotated[
        bool, typer.Option("--due", help="Activate every key whose day has come: the daily job.")
    ] = False,
    dry_run: options.DryRun = False,
    yes: options.Yes = False,
    as_json: options.Json = False,
) -> None:
    """Make a new key the active one; the pair that it replaces goes to the history."""
    if (alias is None) is not due:
        raise typer.BadParameter("name one new key, or --due for every key whose day has come.")
    if alias is None:
        if dry_run:
            raise typer.BadParameter("'provider new' shows what is due; --dry-run is for one key.")
        _activate_due(session, as_json=as_json)
        return
    asked = not (dry_run or yes or as_json) and session.interactive
    try:
        with session.desk() as desk:
            if dry_run:
                step = desk.provider_keys.plan_activation(alias)
            else:
                accept = None if yes else _accepting(asked=asked)
                step = desk.provider_keys.activate(alias, accept)
    except Problem as problem:
        if as_json:
            output.say_json({"alias": alias, "problem": output.problem_json(problem)})
        raise
    if as_json:
        output.say_json(_step_json(step))
        return
    if not asked:
        _say_plan(step)
    if step.version is None:
        output.say("Nothing was stored.")
        return
    _say_activated(step)
    output.say_next("keysteward", "connect", "HOST:PORT", "--alias", step.alias)


def _accepting(*, asked: bool) -> Callable[[ActivationStep], None]:
    """Return what lets the person at the terminal decide."""

    def accept(plan: ActivationStep) -> None:
        refusal = ConfirmationRequired(
            _would(plan), "Look at the plan with '--dry-run', then repeat with '--yes'."
        )
        if not asked:
            raise refusal
        _say_plan(plan)
        questions.agree("Activate?", refusal)

    return accept


def _would(plan: ActivationStep) -> str:
    if plan.replaced is None:
        return f"There is no active key '{plan.alias}': this activation would make the entry."
    return (
        f"This activation would overwrite '{plan.alias}' (version {plan.replaced_version}); the "
        "current pair goes to the history."
    )


def _say_plan(step: ActivationStep) -> None:
    if step.version is None:
        output.say(_would(step))
    certificate = step.chain[0]
    if step.replaced is not None:
        output.comparison(step.replaced, certificate)
    else:
        rows = [("Subject", certificate.subject), ("SHA-256", certificate.fingerprint)]
        output.table(("", ""), rows)
    output.notices_table(step.notices)


def _say_activated(done: ActivationStep) -> None:
    alias = done.alias
    if done.history_alias is None:
        output.say(f"'{alias}' is active now; the alias had no key before.")
    else:
        output.say(
            f"'{alias}' is now version {done.version}; the pair before it is "
            f"'{done.history_alias}' in the history."
        )


def _activate_due(session: Session, *, as_json: bool) -> None:
    """Do the daily job: silent where nothing is due and nobody looks, so that cron sends no mail.

    Keys that cannot be activated do not hold up the others; the first refusal is the outcome.
    """
    with session.desk() as desk:
        found = desk.provider_keys.activate_due()
    refused = [one.problem for one in found if one.problem is not None]
    if as_json:
        output.say_json(
            [
                {
                    "alias": one.alias,
                    "version": one.version,
                    "history_alias": one.history_alias,
                    "problem": output.problem_json(one.problem),
                }
                for one in found
            ]
        )
    else:
        for one in found:
            if one.problem is None:
                _say_activated(one)
        if not found and session.interactive:
            output.say("No key is due.")
    for problem in refused[1:]:
        output.say_problem(problem)
    if refused:
        raise refused[0]


def _step_json(step: ActivationStep) -> dict[str, object]:
    return {
        "alias": step.alias,
        "outcome": outcome(step.notices),
        "creates": step.replaced is None,
        "chain": [{"sha256": c.fingerprint, "subject": c.subject} for c in step.chain],
        "replaced_version": step.replaced_version,
        "replaced_sha256": step.replaced and step.replaced.fingerprint,
        "notices": output.notices_json(step.notices),
        "version": step.version,
        "history_alias": step.history_alias,
        "dry_run": step.version is None,
        "problem": None,
    }
