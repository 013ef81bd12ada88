"""The options of all commands, looked at together: who knows one command knows the others."""

from collections import defaultdict
from collections.abc import Iterator

import pytest
import typer
from rich.text import Text
from typer.core import TyperCommand, TyperGroup, TyperOption

from keysteward.cli import application
from keysteward.settings import Settings
from tests import commands

_SEVERAL_MEANINGS = {"--as", "--to"}
"""Who acts, the form of an export, another alias; the keystore or the alias that something goes to.

What stands behind the option tells which."""


def _options() -> Iterator[tuple[str, TyperOption]]:
    """Yield every option with the command that has it."""
    for name, command in _all_commands():
        yield from ((name, o) for o in command.params if isinstance(o, TyperOption))


def _all_commands() -> Iterator[tuple[str, TyperCommand]]:
    waiting: list[tuple[str, object]] = [("", typer.main.get_command(application.build()))]
    while waiting:
        name, command = waiting.pop()
        if isinstance(command, TyperGroup):
            waiting += [(f"{name} {word}".strip(), c) for word, c in command.commands.items()]
        elif isinstance(command, TyperCommand):
            yield name, command


def test_same_option_has_the_same_spellings_everywhere() -> None:
    """Its short form, its negation, what its value is called, and whether it has one."""
    found = defaultdict(set)
    for _, option in _options():
        spellings = (*option.opts, *option.secondary_opts)
        found[option.opts[0]].add((spellings, option.metavar, option.is_flag))
    assert {"--json", "--yes", "--dry-run", "--out"} < set(found)
    several = {name for name, forms in found.items() if len(forms) > 1}
    assert _SEVERAL_MEANINGS == several


def test_short_form_means_one_option() -> None:
    """-o is --out in every command."""
    meanings = defaultdict(set)
    for _, option in _options():
        for short in (o for o in option.opts if not o.startswith("--")):
            meanings[short].add(option.opts[0])
    assert {"-o": {"--out"}, "-O": {"--organization"}, "-y": {"--yes"}} == dict(meanings)


@pytest.mark.parametrize("flag", ["--json", "--yes", "--dry-run", "--password-stdin", "--mode"])
def test_option_of_many_commands_has_one_text(flag: str) -> None:
    """It does the same in all of them."""
    texts = [(name, option.help) for name, option in _options() if flag in option.opts]
    assert 2 <= len(texts)
    assert 1 == len({text for _, text in texts}), texts


def test_every_option_is_explained_in_a_sentence() -> None:
    """None stands in the help without words."""
    bare = [
        (name, option.opts, option.help)
        for name, option in _options()
        if option.name != "help" and not (option.help or "").endswith((".", "…"))
    ]
    assert [] == bare


def test_help_shows_every_text_as_it_was_written() -> None:
    """Nothing in it is taken for markup: the alias ``[1]_x`` keeps its brackets."""
    for name, command in _all_commands():
        texts = [command.help or "", *(getattr(p, "help", None) or "" for p in command.params)]
        assert texts == [Text.from_markup(text).plain for text in texts], name
    shown = commands.inside(None, "provider", "restore", "--help").stdout
    assert "[1]_ALIAS" in shown


@pytest.mark.parametrize(
    "words",
    [
        ("connect", "127.0.0.1:1", "--alias"),
        ("export-keystore", "--from-backup"),
        ("rsa", "add", "key.pem", "--cn", "x", "--alias"),
        ("show",),
    ],
)
def test_bytes_that_are_no_text_are_a_wrong_value(
    settings: Settings, words: tuple[str, ...]
) -> None:
    """Wherever the database is asked for it."""
    run = commands.inside(settings.data, *words, "a\udcff")
    assert (2, True) == (run.status, "no UTF-8 text" in run.stderr)
