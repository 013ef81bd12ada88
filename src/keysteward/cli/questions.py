"""What is asked of the person at the terminal before an upload is taken."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import typer

from keysteward.cli import output
from keysteward.cli.session import Session
from keysteward.keystore.trust import Consent
from keysteward.problems import ConfirmationRequired, RootNotTrusted, SeveralKeys
from keysteward.values import Fingerprint

_Result = TypeVar("_Result")


def consent(
    trust_root: str | None, override: list[str] | None = None, *, fingerprint_verified: bool
) -> Consent:
    """Return what the options say; a fingerprint may have colons, blanks, and any case."""
    return Consent(frozenset(override or ()), _fingerprint(trust_root), fingerprint_verified)


def asking(
    session: Session, given: Consent, run: Callable[[Consent], _Result], *, file: str
) -> _Result:
    """Return what an upload of ``file`` returns, after the question of trust if there is one.

    Raises ConfirmationRequired for a no, RootNotTrusted where nobody can be asked.
    """
    try:
        return run(given)
    except RootNotTrusted as problem:
        if not session.interactive or file == "-":
            raise
        return run(confirmed(problem, given))


def confirmed(problem: RootNotTrusted, given: Consent) -> Consent:
    """Ask the person at the terminal to compare the fingerprint. Raises ConfirmationRequired."""
    alone = problem.alone and problem.missing_issuer is None
    output.say(
        f"This self-signed certificate is not known to this keystore: {problem.subject}"
        if alone
        else f"The chain ends in a certificate that this keystore does not know: {problem.subject}"
    )
    output.say(f"  SHA-256  {problem.fingerprint}")
    output.say(f"  SHA-1    {problem.fingerprint_sha1}")
    whose = "its owner" if alone else "the CA"
    agree(
        f"Does the fingerprint match the one that {whose} publishes?",
        ConfirmationRequired(problem.detail, ""),
    )
    return replace(given, trust_root=problem.fingerprint)


def agree(question: str, refusal: ConfirmationRequired) -> None:
    """Ask the person at the terminal; raise the refusal, as one of a person, on a no."""
    while True:
        answer: str = typer.prompt(f"{question} [y/N]", default="", show_default=False)
        if answer.strip().lower() in ("y", "yes"):
            return
        if answer.strip().lower() in ("n", "no", ""):
            raise replace(refusal, declined=True)
        output.say("Answer y for yes, or n for no.")


def chosen_key(problem: SeveralKeys) -> str:
    """Ask the person at the terminal which of a file's keys to take."""
    output.say("The file holds several keys:")
    for place, name in enumerate(problem.names, start=1):
        output.say(f"  {place}  {name}")
    while True:
        answer: str = typer.prompt("Number of the one to take")
        number = int(answer) if answer.isdecimal() and len(answer) < 10 else 0
        if 1 <= number <= len(problem.names):
            return problem.names[number - 1]
        output.say(f"A number from 1 to {len(problem.names)}.")


def _fingerprint(text: str | None) -> Fingerprint | None:
    if text is None:
        return None
    digits = text.replace(":", "").replace(" ", "").lower()
    if len(digits) != 64 or set(digits) - set("0123456789abcdef"):
        raise typer.BadParameter("a SHA-256 fingerprint has 64 hexadecimal digits.")
    return Fingerprint(digits)
