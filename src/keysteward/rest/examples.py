"""Examples of bodies in the OpenAPI document: values of the types themselves, so they are right."""

from typing import Any

import msgspec
from msgspec import Struct

from keysteward.rest import account_wishes, wishes
from keysteward.rest.connection_models import ConnectionWanted
from keysteward.rest.wishes import SubjectParts
from keysteward.rights import Role

_SUBJECT = SubjectParts(common_name="shop.example.test", organization="Example", country="DE")

_EXAMPLES: tuple[Struct, ...] = (
    wishes.NewKeyPair(alias="shop", size=2048, subject=_SUBJECT, san=("DNS:shop.example.test",)),
    wishes.Renewal(type="ec", curve="secp256r1"),
    wishes.NewAlias(alias="shop-2027"),
    wishes.Rollback(version=3, note="The receiver does not know the new CA yet."),
    wishes.RequestWanted(subject=SubjectParts(common_name="shop.example.test")),
    wishes.NewBackup(name="before-migration"),
    wishes.Restoring(aliases=("shop",)),
    wishes.Copying(aliases={"shop": "shop"}, target="production"),
    wishes.Activating(aliases=("sap_cloudintegrationcertificate",)),
    wishes.Destination(),
    ConnectionWanted(host="receiver.example.test", alias="shop"),
    account_wishes.NewKeystore(name="production"),
    account_wishes.UserWanted(name="alice", roles=(Role.OPERATOR,)),
    account_wishes.NewPassword(),
    account_wishes.ClientWanted(name="pipeline", roles=(Role.OPERATOR,)),
    account_wishes.Lifetime(lifetime_days=90),
    account_wishes.AccountChange(roles=(Role.VIEWER,)),
)


def of(kind: type[Struct]) -> dict[str, Any]:
    """Return the member ``example`` of a body of this type; nothing if there is none."""
    for example in _EXAMPLES:
        if type(example) is kind:
            given = msgspec.to_builtins(example)
            return {"example": {name: value for name, value in given.items() if _says(value)}}
    return {}


def _says(value: object) -> bool:
    """Tell whether a member is worth showing."""
    return value is not None and value not in ([], {}, False)
