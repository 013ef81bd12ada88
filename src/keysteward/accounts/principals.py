"""Who a request comes from, once its credentials were found right."""

from dataclasses import dataclass
from enum import StrEnum

from keysteward import rights
from keysteward.entries import Caller, Owner
from keysteward.problems import NotPermitted
from keysteward.rights import Permission, Role


class AccountKind(StrEnum):
    """A person with a password, or a program with secrets that expire."""

    USER = "user"
    CLIENT = "client"


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
        """Return all that its roles permit."""
        return rights.permissions_of(self.roles)

    def require(self, permission: Permission) -> None:
        """Raise NotPermitted without the permission."""
        if permission not in self.permissions:
            raise NotPermitted(permission.value)

    def may_see(self, keystore: str) -> bool:
        """Whether a keystore exists for this account."""
        return self.keystores is None or keystore in self.keystores
