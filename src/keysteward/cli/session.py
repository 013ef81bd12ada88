"""What one run of the command works with, and the options that every command has."""

import functools
import inspect
import os
import pwd
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, BinaryIO, get_args, get_type_hints

import typer
from typer.models import OptionInfo

from keysteward import __version__
from keysteward import settings as settings_
from keysteward.cli import output, servers
from keysteward.cli.desk import Desk
from keysteward.cli.local import desk as local
from keysteward.cli.servers import Server
from keysteward.entries import Caller, Owner, View
from keysteward.keystore.steward import Steward
from keysteward.problems import Problem
from keysteward.settings import Settings
from keysteward.storage.copying import Copied
from keysteward.storage.recovery import Contents, Progress
from keysteward.values import Secret

_MOST_COMPLETIONS = 100


@dataclass(frozen=True, slots=True)
class Listening:
    """A server that takes requests."""

    url: str
    fingerprint: str | None
    """Of a certificate that was made here; None for plain HTTP and for certificates of a CA."""
    administrators: tuple[str, ...]
    """Names of those who may do everything."""
    one_time: tuple[str, ...]
    """Those of them who have a one-time password still."""


@dataclass(frozen=True, slots=True)
class Composition:
    """What the composition root lends to the command."""

    environment: Mapping[str, str]
    create: Callable[[Settings], str]
    """Makes keystore and sealing key; returns the sealing key's id."""
    upgrade: Callable[[Settings], bool]
    """Brings the database to this version's schema; returns whether there was anything to do."""
    opened: Callable[[Settings], AbstractContextManager[Steward]]
    restore: Callable[[Settings, BinaryIO, Secret, Progress], Contents]
    """Makes the installation of a recovery file; returns what came back."""
    copy: Callable[[Settings, str, Progress], Copied]
    """Copies the installation into the database of a URL."""
    serve: Callable[[Settings, Callable[[Listening], None]], None]
    """Runs the server until a signal ends it; calls back once it takes requests."""


@dataclass(frozen=True, slots=True)
class Session:
    """One run: settings from options and environment, and who is acting."""

    composition: Composition
    settings: Settings
    caller: Caller
    server: Server | None = None
    """Where the keystore is; None: in the data folder."""

    def opened(self) -> AbstractContextManager[Steward]:
        """Open the keystore in the data folder; close it when the context ends.

        Raises BadParameter if the command is to work on a server.
        """
        self.require_folder()
        return self.composition.opened(self.settings)

    def require_folder(self) -> None:
        """Refuse ``--server`` for what is done in the data folder alone."""
        if self.server is not None:
            raise typer.BadParameter(
                "this command needs the data folder: run it on the server, without --server and "
                f"{servers.URL}."
            )

    @contextmanager
    def desk(self, *, asking: bool = True) -> Iterator[Desk]:
        """Open the desk of the keystore; close it when the context ends.

        Who is ``asking`` can be asked for the password of a server's user, too.
        """
        if self.server is None:
            with self.opened() as steward:
                yield local.desk_of(steward, self.caller)
            return
        # Loading an HTTP client would make every local command half as slow again.
        from keysteward.cli.remote import desk as remote  # noqa: PLC0415

        with remote.opened(self.server, self.settings, asking=asking) as desk:
            yield desk

    @property
    def interactive(self) -> bool:
        """Whether a person sits there who can answer a question."""
        return sys.stdin.isatty() and sys.stdout.isatty()


def as_text(value: str | None) -> str | None:
    """Return an argument that the database is asked for; it takes no bytes that are no text."""
    if value is not None and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise typer.BadParameter("the argument is no UTF-8 text.") from error
    return value


def as_texts(values: list[str] | None) -> list[str] | None:
    """Do as ``as_text`` does with an argument or option that can be repeated."""
    for value in values or ():
        as_text(value)
    return values


_Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        readable=False,  # the problem says more than Typer would
        help="Data folder (default: KEYSTEWARD_DATA, or ~/.local/share/keysteward).",
        show_default=False,
    ),
]
_Keystore = Annotated[
    str | None,
    typer.Option(
        "--keystore",
        metavar="NAME",
        help="Keystore (default: KEYSTEWARD_KEYSTORE, or 'default').",
        show_default=False,
    ),
]
_Database = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="URL",
        help="Database (default: KEYSTEWARD_DATABASE, or the data folder's own).",
        show_default=False,
    ),
]
_As = Annotated[
    Owner | None,
    typer.Option(
        "--as", help="Act as the tenant administrator (default) or provider.", show_default=False
    ),
]


_Server = Annotated[
    str | None,
    typer.Option(
        "--server",
        metavar="URL",
        help="Work on the keystore of this server (default: KEYSTEWARD_SERVER, or the data "
        "folder).",
        show_default=False,
    ),
]
_Ca = Annotated[
    Path | None,
    typer.Option(
        "--ca",
        metavar="FILE",
        help="PEM file of the roots that may have issued the server's certificate (default: "
        "KEYSTEWARD_SERVER_CA, or what this system trusts).",
        show_default=False,
    ),
]

COMMON = ("data", "keystore", "database", "act_as", "server", "ca")
"""The parameters of ``before_command`` that a command has, too, if it can do something with them.
"""


def _say_version(asked: bool) -> None:
    if asked:
        output.say(f"keysteward {__version__}")
        raise typer.Exit


_Version = Annotated[
    bool,
    typer.Option("--version", help="Show the version.", callback=_say_version, is_eager=True),
]


@dataclass(frozen=True, slots=True)
class _Given:
    """The common options as they stand in front of the command's name."""

    composition: Composition
    data: Path | None
    keystore: str | None
    database: str | None
    act_as: Owner | None
    server: str | None
    ca: Path | None


def before_command(
    context: typer.Context,
    *,
    data: _Data = None,
    keystore: _Keystore = None,
    database: _Database = None,
    act_as: _As = None,
    server: _Server = None,
    ca: _Ca = None,
    version: _Version = False,  # noqa: ARG001  # answered by its callback
) -> None:
    """Take the common options in front of the command's name; behind it they take precedence."""
    context.obj = _Given(context.obj, data, keystore, database, act_as, server, ca)


def with_session(
    function: Callable[..., None], common: Sequence[str] = COMMON, *, needs_folder: bool = False
) -> Callable[..., None]:
    """Give a command a session as its first argument, and those of the common options.

    One that ``needs_folder`` refuses to work on a server, which can be named in front of the
    command and in the environment, too.
    """

    @functools.wraps(function)
    def command(
        context: typer.Context,
        *,
        data: Path | None = None,
        keystore: str | None = None,
        database: str | None = None,
        act_as: Owner | None = None,
        server: str | None = None,
        ca: Path | None = None,
        **arguments: object,
    ) -> None:
        given: _Given = context.obj
        session = _session(
            _Given(
                given.composition,
                data or given.data,
                keystore or given.keystore,
                database or given.database,
                act_as or given.act_as,
                server or given.server,
                ca or given.ca,
            )
        )
        if needs_folder:
            session.require_folder()
        try:
            function(session, **arguments)
        except typer.Abort as stopped:  # at a question: no command asks after it changed anything
            output.say_stopped("Stopped; nothing was changed.")
            raise typer.Exit(output.EXIT_STOPPED) from stopped
        except KeyboardInterrupt as stopped:
            output.say_stopped("Stopped. 'keysteward audit show' tells what was done before.")
            raise typer.Exit(output.EXIT_STOPPED) from stopped

    # Typer reads the options from signature and annotations.
    parameters = _parameters(function, common)
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # functions have it
    command.__annotations__ = {p.name: p.annotation for p in parameters}
    return command


def _session(given: _Given) -> Session:
    """Return the session of a run that is given these options."""
    environment = given.composition.environment
    place = servers.server_of(environment, url=given.server, ca=given.ca)
    if place is not None:
        _require_no_other_place(given.data, given.database, given.act_as)
    chosen = settings_.from_environment(
        environment, data=given.data, keystore=given.keystore, database=given.database
    )
    caller = Caller(f"local:{_user()}", given.act_as or Owner.TENANT)
    return Session(given.composition, chosen, caller, place)


def _require_no_other_place(data: Path | None, database: str | None, act_as: Owner | None) -> None:
    """Refuse options that only mean something in the data folder beside a server."""
    if data is not None or database is not None:
        raise typer.BadParameter("--server is one place, --data and --database are another.")
    if act_as is not None:
        raise typer.BadParameter("a server knows by the credentials who acts; leave --as out.")


def _parameters(function: Callable[..., None], common: Sequence[str]) -> list[inspect.Parameter]:
    """Return a command's own parameters between the context and its common options."""
    hints = get_type_hints(function, include_extras=True)
    own = list(inspect.signature(function).parameters.values())[1:]
    keyword = inspect.Parameter.KEYWORD_ONLY
    shared = inspect.signature(before_command, eval_str=True).parameters
    # An option of the command's own, like the form of 'export --as', leaves the common one of its
    # name to stand in front of the command alone.
    taken = {flag for p in own for flag in _flags(hints[p.name])}
    return [
        shared["context"].replace(kind=keyword),
        *(p.replace(kind=keyword, annotation=hints[p.name]) for p in own),
        *(shared[name] for name in common if not taken & _flags(shared[name].annotation)),
    ]


def _flags(annotation: object) -> set[str]:
    """Return the spellings that an option declares for itself; Typer keeps the first as default."""
    options = (part for part in get_args(annotation) if isinstance(part, OptionInfo))
    spellings = {flag for o in options for flag in (o.default, *(o.param_decls or ()))}
    return {flag for flag in spellings if isinstance(flag, str)}


def complete_alias(context: typer.Context, incomplete: str) -> list[str]:
    """Return aliases that begin like the word in typing; none where no keystore can be opened."""
    return _complete(context, incomplete, View(context.params.get("view") or View.CURRENT))


def complete_new(context: typer.Context, incomplete: str) -> list[str]:
    """Return aliases of keys that wait to be activated."""
    return _complete(context, incomplete, View.NEW)


def complete_history(context: typer.Context, incomplete: str) -> list[str]:
    """Return aliases of keys in the history."""
    return _complete(context, incomplete, View.HISTORY)


def _complete(context: typer.Context, incomplete: str, view: View) -> list[str]:
    options = [*context.params.items(), *(context.parent.params.items() if context.parent else ())]
    given = {name: value for name, value in options if value is not None}
    composition: Composition = context.obj
    try:
        chosen = settings_.from_environment(
            composition.environment,
            data=given.get("data"),
            keystore=given.get("keystore"),
            database=given.get("database"),
        )
        place = servers.server_of(
            composition.environment, url=given.get("server"), ca=given.get("ca")
        )
        session = Session(composition, chosen, Caller(f"local:{_user()}"), place)
        with session.desk(asking=False) as desk:
            return list(desk.entries.aliases(incomplete, _MOST_COMPLETIONS, view))
    except (Problem, typer.BadParameter):
        return []


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
