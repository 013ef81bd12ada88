"""What requests about keystores, accounts and the audit log say."""

from typing import Annotated, Literal

from msgspec import Meta

from keysteward.rest.wishes import Given, Moment, OfAlias, Paged, Password, Text, Texts
from keysteward.rights import Role


class NewKeystore(Given, frozen=True, kw_only=True):
    """A keystore to be made."""

    name: Annotated[Text, Meta(examples=["production"])]


class SigningIn(Given, frozen=True, kw_only=True):
    """A user's name and password."""

    name: Text
    password: Password


class PasswordChange(Given, frozen=True, kw_only=True):
    """The user's own password."""

    old: Password
    new: Password


class NewPassword(Given, frozen=True, kw_only=True):
    """A password for somebody else."""

    password: Annotated[
        Password | None, Meta(description="A one-time password is made if not given.")
    ] = None


class AccountChange(Given, frozen=True, kw_only=True):
    """What changes of an account; what is left out stays."""

    roles: tuple[Role, ...] | None = None
    keystores: Texts | None = None
    all_keystores: Annotated[bool, Meta(description="Comes before `keystores`.")] = False
    disabled: bool | None = None


class UserWanted(NewPassword, frozen=True, kw_only=True):
    """A user to be made."""

    name: Annotated[Text, Meta(examples=["alice"])]
    roles: Annotated[tuple[Role, ...], Meta(examples=[["operator"]])]
    keystores: Annotated[Texts | None, Meta(description="All if not given.")] = None


class Lifetime(Given, frozen=True, kw_only=True):
    """How long a secret lives."""

    lifetime_days: Annotated[int, Meta(ge=1, le=3650)] = 365


class ClientWanted(Lifetime, frozen=True, kw_only=True):
    """An API client to be made."""

    name: Annotated[Text, Meta(examples=["pipeline"])]
    roles: Annotated[tuple[Role, ...], Meta(examples=[["operator"]])]
    keystores: Annotated[Texts | None, Meta(description="All if not given.")] = None


class RowsWanted(Paged, frozen=True, kw_only=True):
    """Which rows of an audit log."""

    since: Annotated[Moment | None, Meta(description="From this time on.")] = None
    until: Annotated[Moment | None, Meta(description="Up to this time, with it.")] = None
    actor: Annotated[
        Text | None, Meta(description="Of this one: `ann`, `client:pipeline`, `local:root`.")
    ] = None
    action: Annotated[
        Text | None, Meta(description="With this word, as `action` of the rows has it.")
    ] = None
    outcome: Literal["done", "refused"] | None = None
    last: Annotated[
        Annotated[int, Meta(ge=1, le=1000)] | None,
        Meta(description="The newest rows, oldest of them first."),
    ] = None


class InstallationWanted(RowsWanted, frozen=True, kw_only=True):
    """Which rows of the installation's audit log."""

    format: Annotated[
        Literal["json", "lines"], Meta(description="`lines`: every row, a line of JSON each.")
    ] = "json"


class AuditWanted(RowsWanted, frozen=True, kw_only=True):
    """Which rows of a keystore's audit log."""

    alias: Text | None = None
    format: Annotated[
        Literal["json", "lines", "sap"],
        Meta(
            description="`lines`: every row, a line of JSON each. `sap`: the same as SAP words its "
            "events."
        ),
    ] = "json"


class ActiveWanted(OfAlias, frozen=True, kw_only=True):
    """An alias at some time."""

    at: Annotated[Moment | None, Meta(description="Now if not given.")] = None


class HeadExpected(Given, frozen=True, kw_only=True):
    """What the audit log is compared with."""

    expect: Annotated[
        Annotated[str, Meta(max_length=200)] | None,
        Meta(description="A head that was printed earlier."),
    ] = None
