"""Permissions, and the roles that bundle them. Default is deny; faces name what each route needs.

Permissions are called as SAP's role templates are, where there is one.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType


class Permission(StrEnum):
    """What an account may do; a route or command names the one that it needs."""

    MONITORING_DATA_READ = "MonitoringDataRead"
    """See entries and backups; download public content of single entries and signing requests."""
    SECURITY_MATERIAL_EDIT = "SecurityMaterialEdit"
    """Change entries of the tenant administrator, and bring earlier states back."""
    SECURITY_MATERIAL_DOWNLOAD = "SecurityMaterialDownload"
    """Download the public content of a whole keystore or backup."""
    AUDIT_LOG_READ = "AuditLogRead"
    """Read and verify the audit log."""
    PROVIDER_KEYS_EDIT = "ProviderKeysEdit"
    """Supply the provider's keys and certificates, and withdraw them."""
    USERS_EDIT = "UsersEdit"
    """Manage users, API clients and keystores."""


class Role(StrEnum):
    """What accounts are given; a name for some permissions."""

    ADMINISTRATOR = "administrator"
    """SAP's Tenant Administrator."""
    OPERATOR = "operator"
    VIEWER = "viewer"
    """SAP's Integration Developer, Business Expert and Read-Only."""
    PROVIDER = "provider"
    """Acts on the provider's entries alone; goes with no other role."""


PERMISSIONS: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.ADMINISTRATOR: frozenset(Permission) - {Permission.PROVIDER_KEYS_EDIT},
        Role.OPERATOR: frozenset(
            {
                Permission.MONITORING_DATA_READ,
                Permission.SECURITY_MATERIAL_EDIT,
                Permission.SECURITY_MATERIAL_DOWNLOAD,
            }
        ),
        Role.VIEWER: frozenset({Permission.MONITORING_DATA_READ}),
        Role.PROVIDER: frozenset({Permission.MONITORING_DATA_READ, Permission.PROVIDER_KEYS_EDIT}),
    }
)


def permissions_of(roles: Iterable[Role]) -> frozenset[Permission]:
    """Return all that some roles permit together; nothing for none."""
    return frozenset().union(*(PERMISSIONS[role] for role in roles))
