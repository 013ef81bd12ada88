"""Files in bodies: as they are, or as the JSON text that one client makes of them."""

import msgspec

from keysteward.keystore.trust import Consent
from keysteward.odata.contract import BodyLimit, Call
from keysteward.problems import Problem, RequestInvalid

_JSON = "application/json"

_TEXT = msgspec.json.Decoder(str)


def limit(media_type: str, file_bytes: int, problem: Problem) -> BodyLimit:
    """Return the limit of a body that is a file; a JSON text may write each character in six."""
    return BodyLimit(file_bytes * 6 + 2 if media_type == _JSON else file_bytes, problem)


def read(call: Call) -> bytes:
    """Return the file, whatever media type the body claims.

    A body that says it is JSON and is a JSON text is what the text says: a client generated from
    SAP's specification sends files so. Raises RequestInvalid for a broken one.
    """
    data = call.body
    if call.media_type == _JSON and data.lstrip()[:1] == b'"':
        try:
            data = _TEXT.decode(data).encode()
        except (msgspec.MsgspecError, UnicodeError) as error:
            raise RequestInvalid("The body says that it is JSON, and is none.") from error
    return data


def consent(call: Call) -> Consent:
    """Return what the caller says beforehand. Raises OverrideInvalid."""
    options = call.options
    return Consent(frozenset(options.overrides), fingerprint_verified=options.fingerprint_verified)
