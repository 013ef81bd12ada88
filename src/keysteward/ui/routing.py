"""Routes: an address of the page, the permission that it needs, and the function that answers.

    @routes.get(f"{ENTRIES}/{{alias}}/rename", EDIT)
    def rename_dialog(visit: Visit) -> Page: ...

    @routes.post(f"{ENTRIES}/{{alias}}/rename", EDIT)
    def rename(visit: Visit) -> Leave: ...

A function runs in a worker thread. It gives back what is shown, or raises a Problem: where somebody
went that is a page of its own, and what a form sent gets a message beside the field it is about,
while everything that was typed stays.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from keysteward.accounts.principals import Principal
from keysteward.entries import Caller
from keysteward.keystore.steward import Steward
from keysteward.problems import NotSignedIn
from keysteward.rights import Permission
from keysteward.settings import Settings
from keysteward.ui.forms import Form
from keysteward.ui.language import Language
from keysteward.web import bodies
from keysteward.web.access import Access
from keysteward.web.service import Service

KEYSTORE = "/keystores/{keystore}"
ENTRIES = f"{KEYSTORE}/entries"
ENTRY = f"{ENTRIES}/{{alias}}"

Progress = Callable[[int, int], None]
"""Is told how much is done, and of how much."""


def _nobody_asks(_done: int, _all: int) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Visit:
    """A request that was let through: who, where, and what it says."""

    service: Service
    signed_in: Principal | None
    """None at addresses for everybody."""
    steward: Steward
    """Of the keystore in the address, or of the first one of the account."""
    keystore: str
    """Its name; of who is not signed in an empty one."""
    keystores: tuple[str, ...]
    """The names of those that the account may see."""
    path: Mapping[str, str]
    query: Mapping[str, str]
    form: Form
    language: Language
    address: str
    """The network address that the request came from."""
    encrypted: bool
    session: str | None = field(default=None, repr=False)
    """The session cookie."""
    preferences: Mapping[str, str] = field(default_factory=dict)
    """What a browser keeps: ``language`` and ``theme``, if they were chosen."""
    unseen: int = 0
    """How much work of the account runs, or has a result that was not looked at."""
    progress: Progress = _nobody_asks
    """To be told by work that takes long."""

    @property
    def principal(self) -> Principal:
        """Who sends it. Raises NotSignedIn if the address does not ask for that."""
        if self.signed_in is None:
            raise NotSignedIn("The request has no credentials.", without_credentials=True)
        return self.signed_in

    @property
    def caller(self) -> Caller:
        """Who the audit log names."""
        return self.principal.caller

    @property
    def alias(self) -> str:
        """The alias in the address."""
        return self.path["alias"]

    def may(self, permission: Permission) -> bool:
        """Tell whether a page should offer what needs the permission."""
        return self.signed_in is not None and permission in self.signed_in.permissions

    def text(self, message: str, **values: object) -> str:
        """Return a text in the language of the page, its ``{}`` filled."""
        return self.language.gettext(message).format(**values)

    def texts(self, one: str, several: str, number: int, **values: object) -> str:
        """Return a text that depends on a number, which is ``{n}`` in it."""
        return self.language.ngettext(one, several, number).format(n=number, **values)


@dataclass(frozen=True, slots=True)
class Page:
    """What is shown where somebody went.

    A template that extends ``layout`` is shown as a dialog over the page it was opened from, and as
    a page of its own to whoever comes by its address.
    """

    template: str
    values: Mapping[str, object] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)
    """Templates of what can be asked for alone, by the name that the browser asks with."""


@dataclass(frozen=True, slots=True)
class Part:
    """What takes the place of the region that a form names, or of the form itself."""

    template: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Leave:
    """What a form sent is done: the browser goes on to an address and shows a message there."""

    address: str
    message: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class File:
    """What is given out as a file."""

    name: str
    media_type: str
    data: bytes = field(repr=False)


Shown = Page | Part | Leave | File
Function = Callable[[Visit], Shown]
F = TypeVar("F", bound=Callable[[Visit], Any])


@dataclass(frozen=True, slots=True)
class Route:
    """One method at one address."""

    method: str
    path: str
    permission: Permission | Access
    function: Function
    limit: Callable[[Settings], int]
    """How many bytes the files of a form may have together."""
    slow: bool
    """Whether it computes for long: it goes on as a job then, which can be left."""
    hashes: bool
    """Whether it computes what is kept of a password."""
    alone: bool
    """Whether those about the same entry are worked off one after the other."""
    connects: bool
    """Whether it waits for another server: a job, too, in threads of its own."""


class Routes:
    """The routes of one group of pages, in their order."""

    def __init__(self) -> None:
        self.all: list[Route] = []

    def get(
        self, path: str, permission: Permission | Access, *, slow: bool = False
    ) -> Callable[[F], F]:
        """Show something at an address."""
        return self._on("GET", path, permission, slow=slow)

    def post(
        self,
        path: str,
        permission: Permission | Access,
        *,
        limit: Callable[[Settings], int] = lambda _: bodies.SMALL_BYTES,
        slow: bool = False,
        hashes: bool = False,
        alone: bool = False,
        connects: bool = False,
    ) -> Callable[[F], F]:
        """Do what a form asks for; its CSRF token was checked."""
        kind = {"slow": slow, "hashes": hashes, "alone": alone, "connects": connects}
        return self._on("POST", path, permission, limit=limit, **kind)

    def _on(
        self,
        method: str,
        path: str,
        permission: Permission | Access,
        *,
        limit: Callable[[Settings], int] = lambda _: 0,
        slow: bool = False,
        hashes: bool = False,
        alone: bool = False,
        connects: bool = False,
    ) -> Callable[[F], F]:
        def register(function: F) -> F:
            kind = (slow, hashes, alone, connects)
            route = Route(method, path, permission, function, limit, *kind)
            self.all.append(route)
            return function

        return register
