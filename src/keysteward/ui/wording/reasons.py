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
