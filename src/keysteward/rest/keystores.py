"""The keystores of the installation."""

from keysteward.keystore import keystores
from keysteward.rest import models
from keysteward.rest.account_wishes import NewKeystore
from keysteward.rest.entries import READ
from keysteward.rest.routing import Answer, Call, Routes
from keysteward.rights import Permission

routes = Routes("Keystores", "One installation can hold several.")


@routes.on("GET", "/keystores", READ)
def list_keystores(call: Call[None, None]) -> Answer[models.Page[models.Keystore]]:
    """The keystores that exist for the account, by name."""
    names = call.service.keystores_of(call.principal)
    return Answer(models.Page(items=tuple(models.Keystore(name=name) for name in names)))


def _again(call: Call[None, NewKeystore]) -> Answer[models.Keystore]:
    return Answer(models.Keystore(name=call.body.name))


@routes.on("POST", "/keystores", Permission.USERS_EDIT, status=201, again=_again)
def create_keystore(call: Call[None, NewKeystore]) -> Answer[models.Keystore]:
    """Make another, empty keystore."""
    keystores.create_keystore(call.steward, call.caller, call.body.name)
    return Answer(models.Keystore(name=call.body.name))
