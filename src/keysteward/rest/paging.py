"""Cursors: where a page of a list ended, as a text that only this installation can write.

A cursor is bound to the list and its conditions; with other ones it would skip or repeat.
"""

import base64
import binascii
import hmac
from typing import TypeVar

import msgspec

from keysteward.problems import RequestInvalid
from keysteward.values import Secret

P = TypeVar("P")

_LABEL = b"keysteward cursor v1"
_MAC_BYTES = 16


def write(key: Secret, of: object, place: object) -> str:
    """Return a cursor to a place in the list that ``of`` names, both writable as JSON."""
    content = msgspec.json.encode(place)
    return base64.urlsafe_b64encode(_mac(key, of, content) + content).decode()


def read(key: Secret, of: object, cursor: str, type_: type[P]) -> P:
    """Return the place of a cursor. Raises RequestInvalid for any that is not of this list."""
    try:
        whole = base64.b64decode(cursor.encode(), altchars=b"-_", validate=True)
        mac, content = whole[:_MAC_BYTES], whole[_MAC_BYTES:]
        if hmac.compare_digest(mac, _mac(key, of, content)):
            return msgspec.json.decode(content, type=type_)
    except (binascii.Error, UnicodeEncodeError, msgspec.DecodeError):
        pass
    raise RequestInvalid(
        "The cursor is none of this list with these conditions. Begin without one."
    )


def _mac(key: Secret, of: object, content: bytes) -> bytes:
    message = b"\0".join((_LABEL, msgspec.json.encode(of), content))
    return hmac.digest(key.reveal(), message, "sha256")[:_MAC_BYTES]
