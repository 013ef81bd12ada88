"""Who a request comes from, once its credentials were found right."""

from dataclasses import dataclass
from enum import StrEnum

from keysteward import rights
from keysteward.entries import Caller, Owner
from keysteward.problems import NotPermitted
from keysteward.rights import Permission, Role
from keysteward.storage.account_records import Account, AccountKind

__all__ = ["Account", "AccountKind", "Means", "Principal", "principal_of"]


class Means(StrEnum):
    """How the request proved who it comes from."""

    BEARER = "bearer"
    BASIC = "basic"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Principal:
    """An account as it is in the database now, and how it signed in."""

    account_id: int
    name: str
    kind: AccountKind
    roles: frozenset[Role]
    keystores: frozenset[str] | None
    """Names of the keystores that it may see; None for all."""
    means: Means
    must_change_password: bool = False

    @property
    def caller(self) -> Caller:
        """Return whom the audit log names: users by name, clients as ``client:<name>``."""
        name = self.name if self.kind is AccountKind.USER else f"client:{self.name}"
        return Caller(name, Owner.PROVIDER if Role.PROVIDER in self.roles else Owner.TENANT)

    @property
    def permissions(self) -> frozenset[Permission]:
        """Return all that its roles permit; accounts are only for those who see all keystores.

        Otherwise an administrator of one keystore could make one of all.
        """
        permitted = rights.permissions_of(self.roles)
        return permitted if self.keystores is None else permitted - {Permission.USERS_EDIT}

    def require(self, permission: Permission) -> None:
        """Raise NotPermitted without the permission."""
        if permission not in self.permissions:
            raise NotPermitted(permission.value)

    def may_see(self, keystore: str) -> bool:
        """Whether a keystore exists for this account."""
        return self.keystores is None or keystore in self.keystores


def principal_of(account: Account, means: Means) -> Principal:
    """Return the account as who makes a request."""
    return Principal(
        account_id=account.id,
        name=account.name,
        kind=account.kind,
        roles=account.roles,
        keystores=account.keystores,
        means=means,
        must_change_password=account.must_change_password,
    )
