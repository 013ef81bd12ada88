"""The main job: a key pair takes its signing response under its unchanged alias."""

from keysteward.entries import outcome
from keysteward.keystore import signing_responses
from keysteward.pki import references
from keysteward.problems import Problem, SigningResponseTooLarge
from keysteward.rest import errors, models, representations
from keysteward.rest.entries import EDIT
from keysteward.rest.response_wishes import Checking, ResponseConsenting
from keysteward.rest.routing import ENTRY, Answer, Call, File, Limit, Routes
from keysteward.web.access import Access

routes = Routes("Signing responses", "What a CA answers, judged and swapped in.")

_LIMIT = Limit(lambda settings: settings.response_limit_bytes, SigningResponseTooLarge)


@routes.on("PUT", f"{ENTRY}/signing-response", EDIT, limit=_LIMIT, alone=True)
def upload_signing_response(call: Call[ResponseConsenting, File]) -> Answer[models.Plan]:
    """Update a key pair with its signing response, in any form that a CA sends.

    With `dry_run` nothing is stored and the answer says what would be: send the file again with the
    plan's `digest`, and with If-Match, to carry out exactly what you have seen.
    """
    asked = call.query
    wanted = (call.steward, call.caller, call.alias, call.body.data, asked.consent)
    if asked.dry_run:
        return Answer(representations.plan(signing_responses.plan_signing_response(*wanted), None))
    accept = signing_responses.expect(asked.expect_version, asked.digest)
    call.told["upload"] = "reject"
    done = signing_responses.upload_signing_response(*wanted, accept=accept, note=asked.note)
    call.told["upload"] = done.plan.outcome
    return Answer(representations.plan(done.plan, done))


@routes.on("POST", "/response-check", Access.SIGNED_IN, limit=_LIMIT)
def check_signing_response(call: Call[None, Checking]) -> Answer[models.Judgement]:
    """Judge a signing response against a request, a certificate or a public key.

    No keystore is asked. A response that would be refused is answered with 200, too: `outcome` is
    `reject` then, and `problem` says why.
    """
    steward = call.steward
    reference = references.read_reference(call.body.reference)
    try:
        checked = signing_responses.check_signing_response(
            call.body.file, reference, steward.clock(), steward.settings.response_limit_bytes
        )
    except Problem as problem:
        return Answer(
            models.Judgement(
                outcome="reject",
                chain=(),
                notices=(),
                not_checked=(),
                problem=errors.inside(problem),
            )
        )
    return Answer(
        models.Judgement(
            outcome=outcome(checked.judgement.notices),
            chain=representations.links(checked.judgement.chain),
            notices=representations.notices(checked.judgement.notices),
            not_checked=checked.not_checked,
            problem=None,
        )
    )
