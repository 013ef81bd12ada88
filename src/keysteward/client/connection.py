"""Requests to one server: signed in, bounded, repeated where that does no harm."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal, TypeVar

import httpx2
import msgspec

from keysteward.client import refusals
from keysteward.client.credentials import Authorization, ClientSecret, Credentials, client_basic
from keysteward.problems import ConnectionFailed, NotSignedIn, TooManyRequests
from keysteward.values import Secret

ROOT = "/rest/v1"
ANSWER_LIMIT_BYTES = 256 * 1024 * 1024
"""More than any answer has: a keystore of 100,000 certificates is a tenth of that."""

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_NOTHING: Mapping[str, str] = MappingProxyType({})
_HANDSHAKE = "connection.start_tls.complete"
_AS_DER = True
_CONNECT_SECONDS = 10.0
_LINE_LIMIT_BYTES = 1_048_576
_TOKEN_LIMIT_BYTES = 65_536
_SECONDS = re.compile(r"[0-9]{1,6}")
"""Of Retry-After, which may also be a date (RFC 9110 section 10.2.3)."""

_CHECK_URL = "Check the URL of the server."
_VOUCH = (
    "Its administrators know its certificate: name the file of its root (--ca, in Python verify), "
    "or its SHA-256 fingerprint (KEYSTEWARD_SERVER_FINGERPRINT, fingerprint)."
)
_MAY_BE_DONE = "It may have been done: look before you repeat it."

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server answered to a request that it took."""

    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)


class _Token(msgspec.Struct):
    access_token: str
    expires_in: float = 3600.0


class Connection:
    """The way to one server; closes its sockets at the end of its context."""

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        *,
        verify: Path | Literal[True],
        fingerprint: str | None,
        timeout_seconds: float,
    ) -> None:
        self.url = require_url(url)
        self._fingerprint = None if fingerprint is None else _digits(fingerprint)
        self._authorization = Authorization(credentials, self._fetch_token)
        # Without TLS there is nothing to trust, and reading what the system trusts takes a while.
        decided = fingerprint is not None or self.url.startswith("http:")
        self._http = _http(None if decided else verify, timeout_seconds)

    def close(self) -> None:
        """Close the sockets."""
        self._http.close()

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] = _NOTHING,
        content: bytes | None = None,
        json: object = None,
        headers: Mapping[str, str] = _NOTHING,
    ) -> Answer:
        """Send a request below ``/rest/v1`` and return the answer if it is no refusal.

        A POST has an idempotency key of its own. It and a GET are sent once more if the connection
        is lost before an answer came, and every request once more with a new token if the old one
        has ended.

        Raises the problem with which the server refused, ConnectionFailed.
        """
        sent = {"Accept": "application/json, */*", **headers}
        if json is not None:
            content = msgspec.json.encode(json)
            sent["Content-Type"] = "application/json"
        elif content is not None:
            sent.setdefault("Content-Type", "application/octet-stream")
        if method == "POST":
            sent["Idempotency-Key"] = secrets.token_urlsafe(24)
        request = _Request(method, f"{ROOT}{path}", _query(query), content, sent)
        answer = self._authorized(request)
        if answer.status == 401 and self._authorization.renew():
            answer = self._authorized(request)
        if 200 <= answer.status < 300:
            return answer
        raise refusals.problem_of(answer.status, self._refusal(answer))

    def get(self, path: str, type_: type[_Value], query: Mapping[str, object] = _NOTHING) -> _Value:
        """Return what is at an address as a value."""
        return self.read(self.ask("GET", path, query=query), type_)

    def read(self, answer: Answer, type_: type[_Value]) -> _Value:
        """Return the value in an answer. Raises ConnectionFailed if it holds another."""
        try:
            return msgspec.json.decode(answer.content, type=type_)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            reason = f"The answer cannot be read ({str(error)[:200]})."
            raise ConnectionFailed(
                self.url, reason, "Server and client may be of different versions."
            ) from error

    def lines(
        self, path: str, type_: type[_Value], query: Mapping[str, object]
    ) -> Iterator[_Value]:
        """Yield values that come as lines of JSON, however many, while they come.

        Raises what ``ask`` does, and ConnectionFailed where they end amid a line.
        """
        url, params = f"{self.url}{ROOT}{path}", _query(query)
        headers = {"Accept": "*/*", "Authorization": self._authorization.header()}
        try:
            with self._http.stream(
                *("GET", url), params=params, headers=headers, extensions={"trace": self._watch}
            ) as response:
                if response.status_code != 200:
                    # A refusal is short; asking again tells it, or signs in again.
                    response.close()
                    answer = self.ask("GET", path, query=query)
                    parts = iter((answer.content,))
                else:
                    parts = response.iter_raw()
                for line in _split(parts):
                    yield self.read(Answer(200, {}, line), type_)
        except httpx2.TransportError as error:
            raise self._failed(error, "") from error

    def _authorized(self, request: "_Request") -> Answer:
        headers = {**request.headers, "Authorization": self._authorization.header()}
        return self._exchange(request, headers, ANSWER_LIMIT_BYTES)

    def _exchange(
        self, request: "_Request", headers: Mapping[str, str], limit_bytes: int
    ) -> Answer:
        repeats = request.method == "GET" or "Idempotency-Key" in headers
        try:
            return self._exchange_once(request, headers, limit_bytes)
        except (httpx2.ReadError, httpx2.WriteError, httpx2.RemoteProtocolError) as error:
            if not repeats:
                raise self._failed(error, _MAY_BE_DONE) from error
        except httpx2.TransportError as error:
            raise self._failed(error, "" if repeats else _MAY_BE_DONE) from error
        try:
            return self._exchange_once(request, headers, limit_bytes)
        except httpx2.TransportError as error:
            raise self._failed(error, "") from error

    def _exchange_once(
        self, request: "_Request", headers: Mapping[str, str], limit_bytes: int
    ) -> Answer:
        with self._http.stream(
            request.method,
            f"{self.url}{request.path}",
            params=request.query,
            content=request.content,
            headers=dict(headers),
            extensions={"trace": self._watch},
        ) as response:
            parts, size = [], 0
            for part in response.iter_raw():
                size += len(part)
                if size > limit_bytes:
                    reason = f"The answer has more than {limit_bytes:,} bytes."
                    raise ConnectionFailed(self.url, reason, _CHECK_URL)
                parts.append(part)
            if 300 <= response.status_code < 400:
                reason = f"The server sends elsewhere (status {response.status_code})."
                raise ConnectionFailed(self.url, reason, "Give the URL of Keysteward itself.")
            return Answer(response.status_code, dict(response.headers), b"".join(parts))

    def _watch(self, event: str, info: Mapping[str, object]) -> None:
        """Compare the server's certificate as soon as the handshake is done.

        Nothing was sent by then, so a stranger gets no credentials.
        """
        stream = info.get("return_value")
        if event != _HANDSHAKE or self._fingerprint is None or stream is None:
            return
        shown = stream.get_extra_info("ssl_object").getpeercert(_AS_DER)  # type: ignore[attr-defined]  # httpcore2's stream
        found = hashlib.sha256(shown or b"").hexdigest()
        if not hmac.compare_digest(found, self._fingerprint):
            stream.close()  # type: ignore[attr-defined]  # as above
            raise ConnectionFailed(
                self.url,
                "The server shows another certificate than the expected one.",
                "Compare fingerprints with the server's administrators before anything else.",
                evidence=f"It has the SHA-256 fingerprint {found}.",
            )

    def _fetch_token(self, given: ClientSecret) -> tuple[Secret, float]:
        form = b"grant_type=client_credentials"
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
            "Authorization": client_basic(given),
        }
        request = _Request("POST", "/oauth/token", {}, form, headers)
        # Two tokens do no more harm than one.
        answer = self._exchange(
            request, {**headers, "Idempotency-Key": secrets.token_urlsafe(24)}, _TOKEN_LIMIT_BYTES
        )
        if answer.status == 200:
            found = self.read(answer, _Token)
            return Secret(found.access_token.encode()), found.expires_in
        told = self._refusal(answer)
        said = told.get("error_description") if isinstance(told, dict) else None
        reason = said if isinstance(said, str) and said else "The server gives no token."
        if answer.status == 429:
            wait = answer.headers.get("retry-after", "")
            raise TooManyRequests(reason, int(wait) if _SECONDS.fullmatch(wait) else 1)
        if answer.status in (400, 401, 403):
            raise NotSignedIn(reason)
        raise refusals.problem_of(answer.status, told)

    def _refusal(self, answer: Answer) -> object:
        try:
            return msgspec.json.decode(answer.content)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None

    def _failed(self, error: httpx2.TransportError, remedy: str) -> ConnectionFailed:
        if isinstance(error, httpx2.TimeoutException):
            reason = "The server did not answer in time."
        elif isinstance(error, httpx2.ConnectError):
            told = re.sub(r"^\[[^]]*\] ", "", str(error))
            stranger = "certificate verify failed" in told and "mismatch" not in told
            reason = f"No connection came about ({told})."
            remedy = _VOUCH if stranger else _CHECK_URL
        else:
            reason = "The connection was lost before the answer came."
        return ConnectionFailed(self.url, reason, remedy or "Try again.")


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    path: str
    query: Mapping[str, str]
    content: bytes | None = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


def _split(parts: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for part in parts:
        *lines, rest = (rest + part).split(b"\n")
        yield from filter(None, lines)
        if len(rest) > _LINE_LIMIT_BYTES:
            break
    if rest:
        yield rest


def require_url(url: str) -> str:
    """Return a server's URL without a slash at its end.

    Raises ValueError for one that is none, or that would send credentials in clear over a network.
    """
    try:
        parsed = httpx2.URL(url)
    except (httpx2.InvalidURL, TypeError) as error:
        raise ValueError(f"{url!r} is no URL.") from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ValueError(f"{url!r} is no URL like https://keysteward.example:8470.")
    if parsed.userinfo or parsed.query or parsed.fragment:
        raise ValueError("a server's URL has neither credentials nor a query.")
    if parsed.scheme == "http" and parsed.host not in _LOOPBACK:
        raise ValueError(f"{url!r} is not encrypted; use https, also within a network.")
    return url.rstrip("/")


def _http(verify: Path | Literal[True] | None, timeout_seconds: float) -> httpx2.Client:
    """Return what sends the requests.

    ``verify`` is a file of PEM certificates, True for what this system trusts, and None for a
    server that is known by its fingerprint alone, see ``Connection._watch``.
    """
    # The context comes from httpx2, as everything about TLS here; nothing of it has to be known.
    context = httpx2.create_ssl_context(verify=verify is True, trust_env=False)
    if isinstance(verify, Path):
        context.load_verify_locations(cafile=verify)
        # In this order: a name cannot be checked on a certificate that is not asked for.
        context.verify_mode = type(context.verify_mode).CERT_REQUIRED
        context.check_hostname = True
    return httpx2.Client(
        verify=context,
        timeout=httpx2.Timeout(timeout_seconds, connect=min(timeout_seconds, _CONNECT_SECONDS)),
        follow_redirects=False,
        # Neither proxies nor credentials come from where nobody would look for them.
        trust_env=False,
        headers={"Accept-Encoding": "identity", "User-Agent": "keysteward-client"},
    )


def _query(given: Mapping[str, object]) -> dict[str, str]:
    """Return parameters as text; what is None or False is left out."""
    texts = {}
    for name, value in given.items():
        if value is None or value is False:
            continue
        texts[name] = "true" if value is True else str(value)
    return texts


def _digits(fingerprint: str) -> str:
    digits = fingerprint.replace(":", "").replace(" ", "").lower()
    if len(digits) != 64 or set(digits) - set("0123456789abcdef"):
        raise ValueError("a SHA-256 fingerprint has 64 hexadecimal digits.")
    return digits
