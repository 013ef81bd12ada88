import re
from collections.abc import Iterator, Mapping

import typer

from keysteward.cli import application as cli
from keysteward.rest import application
from tests.architecture.documents import DOCS


def _commands(group: object, before: str = "") -> Iterator[str]:
    inside: Mapping[str, object] = getattr(group, "commands", {})
    for name, command in sorted(inside.items()):
        if hasattr(command, "commands"):
            yield from _commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}"


def _rows() -> dict[str, str]:
    text = (DOCS / "rest.md").read_text().partition("## Commands and their routes")[2]
    return dict(re.findall(r"^\| `([a-z -]+)` \| (.+) \|$", text, re.MULTILINE))


def test_every_command_has_its_operation_or_a_reason() -> None:
    """docs/rest.md names every command, and operations that there are."""
    assert list(_commands(typer.main.get_command(cli.build()))) == list(_rows())
    known = {operation.name for operation in application.operations()}
    for command, text in _rows().items():
        named = re.findall(r"`([a-z_]+)`", text)
        assert set(named) <= known, command
        assert bool(named) != text.startswith("no: "), command
