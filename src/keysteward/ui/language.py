"""The languages of the page: gettext catalogues in their own folders, merged when they are read."""

import gettext
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = ("en", "de")
"""The first one is what the texts are written in."""

_LOCALE = Path(__file__).with_name("locale")
_MOST_HEADER = 200


class Language(gettext.GNUTranslations):
    """A language with its texts; what has none is shown as it is written."""

    code: str = LANGUAGES[0]


def later(message: str) -> str:
    """Return a text as it is: its place in a table is found, and it is said in a language later."""
    return message


@cache
def get(code: str) -> Language:
    """Return one of LANGUAGES with its texts."""
    merged = Catalog(locale=code)
    for file in sorted((_LOCALE / code).glob("*.po")):
        with file.open("rb") as opened:
            for message in read_po(opened, locale=code):
                if message.id and message.string:
                    merged[message.id] = message
    compiled = BytesIO()
    write_mo(compiled, merged)
    compiled.seek(0)
    language = Language(compiled)
    language.code = code
    return language


def choose(preferred: str | None, accepted: str) -> Language:
    """Return the language that was chosen, or the best one of an Accept-Language header.

    Weights are not looked at: browsers name languages in the order of preference.
    """
    named = (
        part.partition(";")[0].strip()[:2].lower() for part in accepted[:_MOST_HEADER].split(",")
    )
    wanted = (preferred, *named)
    return get(next((code for code in wanted if code in LANGUAGES), LANGUAGES[0]))
