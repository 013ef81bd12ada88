"""What a request of the page says before anybody looks at who sends it."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request

from keysteward.problems import RequestInvalid
from keysteward.ui import language, shell
from keysteward.ui.forms import Form
from keysteward.ui.routing import Visit
from keysteward.web import access, raw_paths
from keysteward.web.service import Service

_MOST_OPTIONS = 50
_MOST_CHOICE = 20


def stranger(service: Service, request: Request) -> Visit:
    """Return a visit of nobody, in the language that the browser asks for."""
    cookies = access.cookies(request)
    chosen = {
        name: cookies[f"keysteward_{name}"][:_MOST_CHOICE]
        for name in ("language", "theme")
        if f"keysteward_{name}" in cookies
    }
    accepted = request.headers.get("accept-language", "")
    return Visit(
        service=service,
        signed_in=None,
        steward=service.steward,
        keystore="",
        keystores=(),
        path={},
        query={},
        form=Form(),
        language=language.choose(chosen.get("language"), accepted),
        address=access.address_of(request),
        encrypted=request.url.scheme == "https",
        session=access.session_cookie(request),
        preferences=chosen,
    )


def names(request: Request) -> Mapping[str, str]:
    """Return the variable parts of the address. Raises RequestInvalid."""
    return {name: shell.name_of(text) for name, text in raw_paths.variables(request).items()}


def query(request: Request) -> Mapping[str, str]:
    """Return what follows the question mark. Raises RequestInvalid."""
    text = request.scope.get("query_string", b"")
    try:
        return dict(parse_qsl(text.decode("ascii"), errors="strict", max_num_fields=_MOST_OPTIONS))
    except (UnicodeDecodeError, ValueError) as error:
        raise RequestInvalid("The query cannot be read.") from error


def here(request: Request) -> str:
    """Return where somebody wanted to go; after a form's address there is nothing to see."""
    if request.method != "GET":
        return "/"
    raw: bytes = request.scope.get("raw_path") or request.url.path.encode()
    query: bytes = request.scope.get("query_string", b"")
    return (raw.partition(b"?")[0] + (b"?" + query if query else b"")).decode("latin-1")
