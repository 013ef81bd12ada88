"""Templates: plain values in, HTML out. Whatever comes from outside is escaped as text."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.numbers import format_decimal
from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup, escape

from keysteward.ui import shell
from keysteward.ui.language import LANGUAGES, Language, get
from keysteward.ui.wording import words

FOLDER = Path(__file__).with_name("templates")


@dataclass(frozen=True, slots=True)
class Templates:
    """The templates, once for each language."""

    environments: Mapping[str, Environment]

    def render(self, template: str, language: Language, values: Mapping[str, object]) -> str:
        """Return a template filled with values."""
        found = self.environments[language.code].get_template(template)
        return found.render({**values, "language": language.code})


def load(folder: Path = FOLDER) -> Templates:
    """Return the templates, ready to be filled.

    They are read once: a server that runs while it is updated has those that fit its code.
    """
    sources = {file.name: file.read_text(encoding="utf-8") for file in folder.glob("*.html")}
    return Templates({code: _environment(get(code), sources) for code in LANGUAGES})


def _environment(language: Language, sources: Mapping[str, str]) -> Environment:
    environment = Environment(
        loader=DictLoader(sources),
        auto_reload=False,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    texts: Any = environment
    texts.install_gettext_translations(language, newstyle=True)
    environment.filters["segment"] = shell.segment
    environment.filters["moment"] = _moment
    environment.filters["day"] = _day
    environment.filters["isolated"] = _isolated
    environment.filters["distinguished"] = _distinguished
    environment.filters["word"] = lambda value: words.of(value, language.code)
    environment.filters["octets"] = _octets
    environment.filters["number"] = lambda value: format_decimal(value, locale=language.code)
    return environment


def _moment(value: datetime) -> Markup:
    """Write a time so that the browser can show it in its own zone."""
    utc = value.astimezone(UTC)
    return Markup('<time datetime="{}">{}</time>').format(
        utc.isoformat(timespec="seconds"), utc.strftime("%Y-%m-%d %H:%M UTC")
    )


def _day(value: datetime) -> Markup:
    """Write the day of a time, whose hour is in its title."""
    utc = value.astimezone(UTC)
    return Markup('<time datetime="{}" data-day>{}</time>').format(
        utc.isoformat(timespec="seconds"), utc.strftime("%Y-%m-%d")
    )


def _isolated(value: object) -> Markup:
    """Write text from outside so that its writing direction ends with it (HTML section 4.5.22)."""
    return Markup("<bdi>{}</bdi>").format(escape(str(value)))


def _distinguished(value: str) -> Markup:
    """Write a name (RFC 4514) as ``_isolated`` does; narrow columns break it between its parts."""
    return Markup("<bdi>{}</bdi>").format(Markup(",<wbr>").join(value.split(",")))


def _octets(value: bytes | str) -> str:
    """Write a digest as pairs of digits, as certificates are compared."""
    digits = value.hex() if isinstance(value, bytes) else value
    return ":".join(digits[i : i + 2] for i in range(0, len(digits), 2)).upper()
