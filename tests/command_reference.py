"""Writes docs/commands.md from the command itself: ``python -m tests.command_reference``."""

from collections.abc import Iterator

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from keysteward.cli import application

_TITLE = """# Commands

Every command with its arguments and options, as `keysteward COMMAND --help` shows them. FILE may be `-` for standard input. `python -m tests.command_reference > docs/commands.md` writes this page anew.

The options `--data DIR`, `--keystore NAME`, `--database URL` and `--as tenant|provider` go with every command that can do something with them, in front of its name or behind it; where a command has an `--as` of its own, the common one stands in front. `init`, `serve`, `recovery` and `database` are about the whole installation and take no `--as`.
"""  # noqa: E501  # a paragraph of Markdown is one line
_COMMON = frozenset({"data", "keystore", "database", "act_as", "help"})


def page() -> str:
    """Return the text of docs/commands.md."""
    root = typer.main.get_command(application.build())
    return "\n".join((_TITLE, *_of(root, "keysteward"))).rstrip() + "\n"


def _of(command: object, name: str) -> Iterator[str]:
    if isinstance(command, TyperGroup):
        for word, inner in sorted(command.commands.items()):
            yield from _of(inner, f"{name} {word}")
    elif isinstance(command, TyperCommand) and not command.hidden:
        yield from _of_command(command, name)


def _of_command(command: TyperCommand, name: str) -> Iterator[str]:
    arguments = [p for p in command.params if isinstance(p, TyperArgument)]
    words = " ".join(_words(a) for a in arguments)
    yield f"## {name} {words}".rstrip()
    yield f"\n{command.help}\n"
    options = [p for p in command.params if isinstance(p, TyperOption)]
    rows = [o for o in options if o.name not in _COMMON]
    if rows:
        yield "| option | meaning |\n| --- | --- |"
        yield from (f"| {_names(o)} | {o.help} |" for o in rows)
        yield ""


def _words(argument: TyperArgument) -> str:
    word = argument.metavar or (argument.name or "").upper()
    several = f"{word}..." if argument.nargs == -1 else word
    return several if argument.required else f"[{several}]"


def _names(option: TyperOption) -> str:
    metavar = f" {option.metavar}" if option.metavar else ""
    return ", ".join(f"`{o}{metavar}`" for o in (*option.opts, *option.secondary_opts))


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201  # this is what it is for
