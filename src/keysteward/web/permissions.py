"""What an account may do, asked for in one place: who is refused leaves a row in the audit log."""

from dataclasses import dataclass

import structlog

from keysteward.accounts.principals import Principal
from keysteward.entries import Action
from keysteward.problems import KeystoreUnknown, NotPermitted, Problem
from keysteward.rights import Permission
from keysteward.web.service import Service, in_thread

_MOST_METHOD = 20
_MOST_ALIAS = 250

_log = structlog.stdlib.get_logger("keysteward.access")


@dataclass(frozen=True, slots=True)
class Asked:
    """What an account asked for, as the audit log tells it."""

    method: str
    route: str
    """The template of the address; there are few, whatever clients send."""
    keystore: str | None = None
    """The one that the address names, be it there or not; None if it names none."""
    alias: str | None = None


async def require(
    service: Service, principal: Principal, permission: Permission, asked: Asked
) -> None:
    """Raise NotPermitted without the permission.

    That is a row in the log of the keystore that is asked for, if the account may see it, else in
    the installation's; of an account, a permission and a route one in a minute. A row that the
    database does not take makes no other refusal of it: the server's own log tells of it then.
    """
    try:
        principal.require(permission)
    except NotPermitted as problem:
        if service.told_refusals.take((principal.account_id, permission, asked.route)):
            try:
                await _record(service, principal, asked, problem)
            except Problem as lost:
                if lost.refuses:
                    raise
                _log.warning(
                    "refusal not in the audit log",
                    reason=lost.slug,
                    actor=principal.caller.name,
                    permission=problem.permission,
                    route=asked.route,
                )
        raise


async def _record(
    service: Service, principal: Principal, asked: Asked, problem: NotPermitted
) -> None:
    keystore_id = await _keystore_id(service, principal, asked.keystore)
    steward = service.steward
    await in_thread(
        lambda: steward.store.record_refusal(
            keystore_id,
            principal.caller.name,
            steward.clock(),
            action=Action.PERMISSION_REFUSED,
            alias=None if asked.alias is None else asked.alias[:_MOST_ALIAS],
            problem=problem,
            more={
                "permission": problem.permission,
                "method": asked.method[:_MOST_METHOD],
                "route": asked.route,
            },
        )
    )


async def _keystore_id(service: Service, principal: Principal, keystore: str | None) -> int | None:
    if keystore is None:
        return None
    try:
        return (await service.find_steward(principal, keystore)).keystore_id
    except KeystoreUnknown:
        return None
