import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperCommand, TyperGroup

from keysteward.cli import application, hints
from keysteward.problems import PROBLEMS
from tests.architecture.documents import SOURCE

_ROOMS = (
    *("keystore", "pki", "formats", "accounts", "outbound", "sealing", "storage", "web"),
    *("problems.py", "notices.py", "settings.py", "entries.py", "values.py", "app.py"),
)
"""Where the texts come from that every face shows."""

_OF_OTHERS = re.compile(r"'(?:puttygen|openssl|keytool|ssh-keygen) [^']*'")
"""Command lines of programs that whoever sent a file may have, whichever face it went to."""

_OPTION = re.compile(r"(?:^|[\s('])(--[a-z][a-z-]+)")
_COMMAND = re.compile(r"\bkeysteward [a-z]+( [a-z]+)?\b")
_QUOTED = re.compile(r"'([^']+)'")

_NOT_SHOWN = {"keysteward seal v{}", "keysteward installation"}
"""Marks in what is sealed and in files for recovery."""

every_hint = pytest.mark.parametrize(
    ("slug", "words", "hint"),
    [(slug, words, hint) for slug, of in hints.HINTS.items() for words, hint in of.items()],
)


def _modules() -> list[Path]:
    paths = (SOURCE / room for room in _ROOMS)
    found = (sorted(path.rglob("*.py")) if path.is_dir() else [path] for path in paths)
    return [module for modules in found for module in modules]


def _texts(module: Path) -> Iterator[str]:
    """Yield the string literals of a module but for docstrings; {} stands for what varies."""
    nodes = tuple(ast.walk(ast.parse(module.read_text())))
    bodies = (body for node in nodes if isinstance(body := getattr(node, "body", None), list))
    seen = {line.value for body in bodies for line in body if isinstance(line, ast.Expr)}
    for node in nodes:  # outer ones first
        if isinstance(node, ast.JoinedStr):
            seen.update(node.values)
            parts = (p.value if isinstance(p, ast.Constant) else "{}" for p in node.values)
            yield "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and node not in seen:
            yield node.value if isinstance(node.value, str) else ""


def _of_the_command_line(text: str) -> bool:
    ours = _OF_OTHERS.sub("", text)
    return any(_OPTION.findall(ours)) or (
        _COMMAND.search(ours) is not None and text not in _NOT_SHOWN
    )


def _commands(command: object, name: str = "") -> Iterator[tuple[str, set[str]]]:
    """Yield the words of every command with its options."""
    if isinstance(command, TyperGroup):
        for word, inner in command.commands.items():
            yield from _commands(inner, f"{name} {word}".strip())
    elif isinstance(command, TyperCommand):
        yield name, {option for p in command.params for option in (*p.opts, *p.secondary_opts)}


_SAID = "\n".join(text for module in _modules() for text in _texts(module))
_COMMANDS = dict(_commands(typer.main.get_command(application.build())))
_OPTIONS = set().union(*_COMMANDS.values())


@pytest.mark.parametrize("module", _modules(), ids=lambda m: m.relative_to(SOURCE).as_posix())
def test_texts_for_all_faces_name_no_command(module: Path) -> None:
    """Who reads them in the web page or in an API's answer has no command line to follow them."""
    assert [] == [text for text in _texts(module) if _of_the_command_line(text)]


@pytest.mark.parametrize(
    "text",
    [
        "Repeat with --trust-root.",
        "'keysteward list' shows them.",
        "keysteward csr {} -o FILE",
        "(--host)",
        "--mode overwrite",
    ],
)
def test_command_in_a_text_is_seen(text: str) -> None:
    """The rule above finds what it is for, and leaves the programs of others alone."""
    assert _of_the_command_line(text)
    assert not _of_the_command_line("Use 'puttygen FILE --remove-certificate -o NEW'.")


@every_hint
def test_hint_belongs_to_a_problem(slug: str, words: str, hint: str) -> None:
    """Its slug is one, and no word is looked for that no problem says."""
    assert slug in {problem.slug for problem in PROBLEMS}
    assert hint.endswith(".")
    assert words.removesuffix(":") in _SAID


@every_hint
def test_hint_names_commands_and_options_that_exist(slug: str, words: str, hint: str) -> None:
    """What stands in quotes is a command with its options; other options are some command's."""
    for quoted in _QUOTED.findall(hint):
        line = quoted.removeprefix("keysteward ")
        name = line.partition(" --")[0]
        assert name in _COMMANDS, f"{slug}, {words}"
        assert set(_OPTION.findall(line)) <= _COMMANDS[name]
    assert set(_OPTION.findall(_QUOTED.sub("", hint))) <= _OPTIONS


def test_hints_are_there() -> None:
    """What is looked at above is a table of more than forty."""
    assert 40 < sum(len(of) for of in hints.HINTS.values())
