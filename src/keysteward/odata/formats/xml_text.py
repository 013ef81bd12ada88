"""Text as XML 1.0 can hold it, escaped for elements and for attributes."""

import re

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Everything outside XML 1.0, section 2.2; a certificate's subject may have control characters."""

_SPECIAL = re.compile("[^ !#-%'-;=?-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What cannot stay as it is."""

_ESCAPES = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        '"': "&quot;",
        # Written as they are, readers would make blanks or line feeds of them.
        "\t": "&#9;",
        "\n": "&#10;",
        "\r": "&#13;",
    }
)

DECLARATION = '<?xml version="1.0" encoding="utf-8"?>'


def escape(text: str) -> str:
    """Return a text for an element or an attribute in double quotes.

    What XML cannot hold becomes U+FFFD.
    """
    if _SPECIAL.search(text) is None:
        return text
    return _FORBIDDEN.sub("\ufffd", text).translate(_ESCAPES)


def attributes(values: dict[str, str]) -> str:
    """Return attributes as they stand in a tag, each with a blank before it."""
    return "".join(f' {name}="{escape(value)}"' for name, value in values.items())
