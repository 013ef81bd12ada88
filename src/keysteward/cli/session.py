"""What one run of the command works with, and the options that every command has."""

import functools
import inspect
import os
import pwd
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, get_type_hints

import typer

from keysteward import settings as settings_
from keysteward.entries import Caller, Owner
from keysteward.keystore.steward import Steward
from keysteward.settings import Settings


@dataclass(frozen=True, slots=True)
class Composition:
    """What the composition root lends to the command."""

    environment: Mapping[str, str]
    create: Callable[[Settings], str]
    """Makes keystore and sealing key; returns the sealing key's id."""
    opened: Callable[[Settings], AbstractContextManager[Steward]]


@dataclass(frozen=True, slots=True)
class Session:
    """One run: settings from options and environment, and who is acting."""

    composition: Composition
    settings: Settings
    caller: Caller

    def opened(self) -> AbstractContextManager[Steward]:
        """Open the keystore; close it when the context ends."""
        return self.composition.opened(self.settings)

    @property
    def interactive(self) -> bool:
        """Whether a person sits there who can answer a question."""
        return sys.stdin.isatty() and sys.stdout.isatty()


_Data = Annotated[
    Path | None, typer.Option("--data", metavar="DIR", help="Data folder.", show_default=False)
]
_Keystore = Annotated[
    str | None,
    typer.Option("--keystore", metavar="NAME", help="Tenant keystore.", show_default=False),
]
_Database = Annotated[
    str | None,
    typer.Option("--database", metavar="URL", help="Another database.", show_default=False),
]
_As = Annotated[
    Owner,
    typer.Option("--as", help="Act as the tenant administrator or as the provider."),
]

_COMMON: tuple[tuple[str, object, object], ...] = (
    ("data", _Data, None),
    ("keystore", _Keystore, None),
    ("database", _Database, None),
    ("act_as", _As, Owner.TENANT),
)


def with_session(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the common options and, in their place, a session as its first argument."""

    @functools.wraps(function)
    def command(
        context: typer.Context,
        *,
        data: Path | None,
        keystore: str | None,
        database: str | None,
        act_as: Owner,
        **arguments: object,
    ) -> None:
        composition: Composition = context.obj
        chosen = settings_.from_environment(
            composition.environment, data=data, keystore=keystore, database=database
        )
        caller = Caller(f"local:{_user()}", act_as)
        function(Session(composition, chosen, caller), **arguments)

    own = list(inspect.signature(function).parameters.values())[1:]
    keyword = inspect.Parameter.KEYWORD_ONLY
    common = [
        inspect.Parameter(name, keyword, default=default, annotation=annotation)
        for name, annotation, default in _COMMON
    ]
    context_ = inspect.Parameter("context", keyword, annotation=typer.Context)
    parameters = [p.replace(kind=keyword) for p in own]
    hints = get_type_hints(function, include_extras=True)
    signature = inspect.Signature([context_, *parameters, *common])
    command.__signature__ = signature  # type: ignore[attr-defined]  # read by Typer
    command.__annotations__ = {
        "context": typer.Context,
        **{p.name: hints[p.name] for p in own},
        **{name: annotation for name, annotation, _ in _COMMON},
    }
    return command


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
