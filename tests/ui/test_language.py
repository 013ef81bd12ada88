"""Every text of the page has its German, and German has nothing that is never shown."""

import ast
import re
import string
from collections import Counter
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from keysteward import ui
from keysteward.ui import language

_UI = Path(ui.__file__).parent
Text = str | tuple[str, ...]


def _used() -> set[Text]:
    found: set[Text] = set()
    options = {"**.html": {"silent": "false", "trim_blocks": "true", "lstrip_blocks": "true"}}
    for _, _, message, _, _ in extract_from_dir(
        _UI, method_map=[("**.html", "jinja2")], options_map=options
    ):
        found.add(message if isinstance(message, str) else message[:2])
    for file in _UI.rglob("*.py"):
        module = ast.parse(file.read_text())
        constants = {
            target.id: node.value
            for node in module.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(module):
            if isinstance(node, ast.Call):
                found |= _said(node, constants)
    return found


def _said(call: ast.Call, constants: dict[str, ast.expr]) -> set[Text]:
    """Return what a call says: of ``visit.text``, ``visit.texts``, ``later``, FieldInvalid."""
    given = [constants.get(a.id, a) if isinstance(a, ast.Name) else a for a in call.args]
    texts = [a.value if isinstance(a, ast.Constant) else None for a in given]
    match call.func:
        case ast.Attribute(attr="text", value=ast.Name(id="visit")):
            wanted = texts[:1]
        case ast.Attribute(attr="texts", value=ast.Name(id="visit")):
            return {(str(texts[0]), str(texts[1]))}
        case ast.Name(id="FieldInvalid"):
            wanted = texts[1:2]
        case ast.Name(id="later") | ast.Attribute(attr="later"):
            wanted = texts[:1]
        case _:
            return set()
    return {text for text in wanted if isinstance(text, str)}


def _german() -> list[tuple[str, Text, Text]]:
    found = []
    for file in sorted((_UI / "locale" / "de").glob("*.po")):
        with file.open("rb") as opened:
            for message in read_po(opened, locale="de"):
                if message.id:
                    one = message.id if isinstance(message.id, str) else tuple(message.id)
                    german = message.string if isinstance(message.string, str) else ()
                    found.append((file.name, one, german or tuple(message.string or ())))
    return found


def test_every_text_has_its_german() -> None:
    """Nobody meets English in a German page because it was forgotten."""
    assert set() == _used() - {message for _, message, string_ in _german() if string_}


def test_german_without_use_is_gone() -> None:
    """A text that is not shown any longer leaves the catalogues."""
    assert set() == {message for _, message, _ in _german()} - _used()


def test_no_text_is_translated_twice() -> None:
    """Two files with the same text would be asked in an order that nobody sees."""
    times = Counter(message for _, message, _ in _german())
    assert [] == [message for message, number in times.items() if number > 1]


def test_german_fills_the_same_places() -> None:
    """What is filled into an English text is filled into the German one."""
    wrong = []
    for file, message, german in _german():
        pairs = zip(_all(message), _all(german), strict=True)
        wrong += [(file, one, other) for one, other in pairs if _places(one) != _places(other)]
    assert [] == wrong


def test_language_that_nobody_has_is_english() -> None:
    """And long headers are not read to their end."""
    assert "en" == language.choose(None, "fr, it;q=0.5").code
    assert "en" == language.choose("xx", "").code
    assert "en" == language.choose(None, "fr," * 100 + "de").code
    assert "de" == language.choose("de", "en").code


def _all(text: Text) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def _places(text: str) -> list[str]:
    named = [name for _, name, _, _ in string.Formatter().parse(text) if name]
    return sorted(set(named) | set(re.findall(r"%\((\w+)\)", text)))
