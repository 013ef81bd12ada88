"""The command's tree: which word calls which function, and how a run ends."""

import sys
from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperCommand

from keysteward.cli import (
    activations,
    audit,
    backups,
    certificates,
    clients,
    connect,
    demo,
    downloads,
    entries,
    imports,
    key_pairs,
    key_uploads,
    keystores,
    maintenance,
    output,
    provider,
    recovery,
    responses,
    serve,
    ssh_keys,
    users,
)
from keysteward.cli.session import COMMON, Composition, before_command, with_session
from keysteward.problems import Problem

_COMMANDS: dict[str, tuple[str, dict[str, Callable[..., None]]]] = {
    "": (
        "",
        {
            "demo": demo.demo,
            "init": maintenance.init,
            "serve": serve.serve,
            "list": entries.list_,
            "show": entries.show,
            "versions": entries.versions_,
            "rollback": entries.rollback,
            "rename": entries.rename,
            "delete": entries.delete,
            "undelete": entries.undelete,
            "copy": keystores.copy,
            "csr": key_pairs.csr,
            "connect": connect.connect,
            "import": imports.import_,
            "export": downloads.export,
            "export-keystore": downloads.export_keystore,
        },
    ),
    "keypair": (
        "Make, add, update and renew key pairs.",
        {
            "generate": key_pairs.generate,
            "add": key_uploads.add,
            "update": key_uploads.update,
            "renew": key_pairs.renew,
        },
    ),
    "ssh": ("SSH keys, from OpenSSH and PuTTY.", {"add": ssh_keys.add, "update": ssh_keys.update}),
    "rsa": (
        "RSA keys in PKCS#1.",
        {"add": ssh_keys.add_rsa, "update": ssh_keys.update_rsa},
    ),
    "certificate": (
        "Certificate entries.",
        {"add": certificates.add, "update": certificates.update},
    ),
    "response": (
        "Signing responses: the CA's answers.",
        {"check": responses.check, "upload": responses.upload},
    ),
    "backup": (
        "Backups: snapshots of the entries.",
        {
            "create": backups.create,
            "list": backups.list_,
            "show": backups.show,
            "compare": backups.compare,
            "restore": backups.restore,
            "delete": backups.delete,
        },
    ),
    "provider": (
        "Keys that the provider supplies: new ones, their activation, their history.",
        {
            "supply": provider.supply,
            "new": provider.new,
            "activate": activations.activate,
            "hold": provider.hold,
            "withdraw": provider.withdraw,
            "history": provider.history,
            "restore": provider.restore,
        },
    ),
    "recovery": (
        "The whole installation in one encrypted file, for disasters.",
        {"export": recovery.export, "restore": recovery.restore},
    ),
    "keystore": (
        "The keystores of an installation.",
        {"create": keystores.create, "list": keystores.list_},
    ),
    "user": (
        "Users: people who sign in with name and password.",
        {
            "add": users.add,
            "list": users.list_,
            "change": users.change,
            "password": users.password,
            "remove": users.remove,
        },
    ),
    "client": (
        "API clients: programs that sign in with secrets.",
        {
            "add": clients.add,
            "list": clients.list_,
            "change": clients.change,
            "rotate": clients.rotate,
            "remove": clients.remove,
        },
    ),
    "audit": ("The audit log.", {"verify": audit.verify, "show": audit.show}),
    "database": (
        "The database.",
        {
            "backup": maintenance.backup,
            "copy": maintenance.copy,
            "upgrade": maintenance.upgrade,
        },
    ),
}

_WITHOUT_KEYSTORE = (demo.demo, responses.check)

_OF_THE_INSTALLATION = (
    *(maintenance.init, maintenance.backup, maintenance.copy, maintenance.upgrade),
    *(recovery.export, recovery.restore, serve.serve),
)
"""Commands that are the tenant administrator's alone, and about more than a keystore."""

_IN_THE_FOLDER = (*_OF_THE_INSTALLATION, demo.demo)
"""Commands that work on no server: they need the data folder, or make one."""

_OF_A_SERVER = frozenset({"server", "ca"})
_OF_A_CALLER = frozenset({"act_as"})

_ABOUT = """A self-hosted keystore: update a key pair with a signing response, under its alias."""


class _Command(TyperCommand):
    """A command that explains wrong values in words for people."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]  # Typer's own context is private
        """Take the words of the command line."""
        try:
            return super().parse_args(ctx, args)
        except typer.BadParameter as error:
            error.message = _in_words(error)
            raise


_WORDS = {
    "int_parsing": "{given!r} is no whole number.",
    "float_parsing": "{given!r} is no number.",
    "greater_than_equal": "{given} is too small; the least is {ge}.",
    "less_than_equal": "{given} is too large; the most is {le}.",
}
"""By the validator's names of its errors; what is not here is a sentence already."""


def _in_words(error: typer.BadParameter) -> str:
    found: list[dict[str, Any]] = getattr(error.__cause__, "errors", list)()
    if not found or found[0]["type"] not in _WORDS:
        return error.message.removeprefix("Value error, ")
    return _WORDS[found[0]["type"]].format(given=found[0]["input"], **found[0].get("ctx", {}))


def build() -> typer.Typer:
    """Return the command with all its groups."""
    settings = {"help_option_names": ["-h", "--help"]}
    root = _group(_ABOUT)
    root.callback()(before_command)
    for group, (about, commands) in _COMMANDS.items():
        parent = root
        if group:
            parent = _group(about)
            root.add_typer(parent, name=group)
        for name, function in commands.items():
            add = parent.command(name, cls=_Command, context_settings=settings)
            needs_folder = function in _IN_THE_FOLDER
            add(with_session(function, _common_of(function), needs_folder=needs_folder))
    add = root.command("history", cls=_Command, hidden=True, context_settings=settings)
    add(with_session(entries.versions_))
    return root


def _common_of(function: Callable[..., None]) -> tuple[str, ...]:
    """Return the common options that a command can do something with."""
    if function in _WITHOUT_KEYSTORE:
        return ()
    without = _OF_A_SERVER if function in _IN_THE_FOLDER else frozenset()
    if function in _OF_THE_INSTALLATION:
        without |= _OF_A_CALLER
    return tuple(name for name in COMMON if name not in without)


def _group(about: str) -> typer.Typer:
    # Pretty tracebacks would print the values of variables, and with them secrets.
    return typer.Typer(
        help=about,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def run(composition: Composition) -> None:
    """Run the command of this process and end it with the exit status of its outcome."""
    try:
        build()(obj=composition, prog_name="keysteward")
    except Problem as problem:
        output.say_problem(problem)
        sys.exit(output.EXIT_STATUS[problem.kind])
    except BrokenPipeError:
        # The reader of our output has gone; Python would complain about it at exit.
        sys.stderr.close()
        sys.exit(1)
