"""German for the usual texts that operations write into problems; all others stay English.

Names and numbers stand at the gaps ``{}`` of such a text and are taken over as they are, unless
they are such a text themselves, as the kinds of files are. A text counts only as a whole.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from keysteward.ui.wording.reasons_of_connections import OF_CONNECTIONS
from keysteward.ui.wording.reasons_of_files import OF_FILES
from keysteward.ui.wording.reasons_of_forms import OF_FORMS
from keysteward.ui.wording.reasons_of_other_files import OF_OTHER_FILES

GAP = "{}"

GERMAN: Mapping[str, str] = MappingProxyType(
    {**OF_FORMS, **OF_OTHER_FILES, **OF_FILES, **OF_CONNECTIONS}
)
"""English to German, both with the same gaps in the same order."""

_LONGEST = 1_000
"""Characters of a text that is compared with those that have gaps."""


_SENTENCE_END = re.compile(r"\.(?= )|$")
_MOST_SENTENCES = 40
"""Ends of sentences that are tried."""
_OF_AN_ALERT = re.compile(r"(.+) \(TLS alert ([\w ]+)\)\.", re.DOTALL)


def _pattern(english: str) -> re.Pattern[str]:
    return re.compile("(.+?)".join(map(re.escape, english.split(GAP))), re.DOTALL)


_PATTERNS = tuple((_pattern(text), GERMAN[text]) for text in GERMAN if GAP in text)


def german(text: str) -> str:
    """Return the German for a text of a problem; the text itself if none is known."""
    if GAP not in text and text in GERMAN:
        return GERMAN[text]
    if len(text) <= _LONGEST:
        for pattern, translated in _PATTERNS:
            found = pattern.fullmatch(text)
            if found is not None:
                return translated.format(*(GERMAN.get(part, part) for part in found.groups()))
    return text


def german_sentences(text: str) -> str:
    """Return the German for several sentences in a row, of which each may be known or not.

    What is known is looked for from the left, the shortest first, so that a gap takes no sentence
    with it that follows.
    """
    said = []
    rest = text
    while rest:
        whole = german(rest) if GAP not in rest and rest in GERMAN else rest
        if whole != rest:
            said.append(whole)
            break
        known, length = _first_sentences(rest)
        said.append(known)
        rest = rest[length:].lstrip(" ")
    return " ".join(said)


def _first_sentences(text: str) -> tuple[str, int]:
    """Return German for the beginning of a text, and how long that beginning is."""
    ends = [end.end() for end in _SENTENCE_END.finditer(text)][:_MOST_SENTENCES]
    for end in ends:
        alert = _OF_AN_ALERT.fullmatch(text, 0, end)
        if alert is not None:
            reason = german(f"{alert[1]}.").removesuffix(".")
            return f"{reason} (TLS-Alert {alert[2]}).", end
        translated = german(text[:end])
        if translated != text[:end]:
            return translated, end
    end = ends[0] if ends else len(text)
    return text[:end], end
