import base64
from collections.abc import Callable

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.requests import Request

from keysteward.accounts import sessions, users
from keysteward.accounts.principals import Means, Principal
from keysteward.keystore.steward import Steward
from keysteward.problems import NotSignedIn, PasswordChangeRequired, TooManyRequests
from keysteward.rights import Role
from keysteward.values import Secret
from keysteward.web import access
from keysteward.web.csrf import CsrfTokens
from keysteward.web.rates import Rates
from keysteward.web.service import Service
from tests.steward import TENANT

PASSWORD = "correct horse battery"
ADDRESS = "192.0.2.7"

SignIn = Callable[..., Principal]


@pytest.fixture
def sign_in(steward: Steward) -> SignIn:
    """Return what signs a request with some headers in; there is a user ``anna``."""
    users.add_user(
        steward, TENANT, "anna", Secret(PASSWORD.encode()), frozenset({Role.VIEWER}), None
    )
    service = Service(steward, CsrfTokens(Secret(b"test-only"), steward.clock), Rates())

    def run(*, one_time_password: bool = False, **headers: str) -> Principal:
        named = [(n.encode(), v.encode("latin-1")) for n, v in headers.items()]
        scope = {"type": "http", "headers": named, "client": (ADDRESS, 4711)}

        async def authenticate() -> Principal:
            return await access.authenticate(
                service, Request(scope), one_time_password=one_time_password
            )

        return anyio.run(authenticate)

    return run


def _basic(name: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"


def test_user_signs_in_with_basic(sign_in: SignIn) -> None:
    """A script needs nothing but name and password, a colon in it included."""
    principal = sign_in(authorization=_basic("anna", PASSWORD))

    assert ("anna", Means.BASIC) == (principal.name, principal.means)


def test_session_signs_in_by_its_cookie(sign_in: SignIn, steward: Steward) -> None:
    """A browser's session is known by the cookie alone."""
    token, _ = sessions.open_session(steward, sign_in(authorization=_basic("anna", PASSWORD)))

    principal = sign_in(cookie=f"{access.SESSION_COOKIE}={token.reveal().decode()}")

    assert ("anna", Means.SESSION) == (principal.name, principal.means)


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ([], None),
        ([b"a=b; other"], None),
        ([b"a=b;keysteward_session = c=d ;e"], "c=d"),
        ([b"a=b", b"keysteward_session=c"], "c"),
        ([b'keysteward_session="\\101\\"'], '"\\101\\"'),
    ],
)
def test_session_cookie_is_taken_as_it_was_sent(headers: list[bytes], found: str | None) -> None:
    """Among others, and without taking back escapes, which no session has."""
    scope = {"type": "http", "headers": [(b"cookie", each) for each in headers]}
    assert found == access.session_cookie(Request(scope))


def test_credentials_go_before_the_cookie(sign_in: SignIn, steward: Steward) -> None:
    """Who sends wrong credentials is nobody, whatever the browser adds."""
    token, _ = sessions.open_session(steward, sign_in(authorization=_basic("anna", PASSWORD)))

    with pytest.raises(NotSignedIn):
        sign_in(
            authorization="Bearer wrong",
            cookie=f"{access.SESSION_COOKIE}={token.reveal().decode()}",
        )


@pytest.mark.parametrize(
    "given",
    ["", "Basic", "Basic !!!", "Basic YW5uYQ==", "Basic /w==", "Bearer", "Bearer ", "Digest a=b"],
)
def test_request_without_credentials_that_can_be_read_is_nobodys(
    sign_in: SignIn, given: str
) -> None:
    """Whatever is no credential ends in the same refusal."""
    with pytest.raises(NotSignedIn):
        sign_in(authorization=given)


@given(st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_request_with_any_header_is_nobodys(sign_in: SignIn, text: str) -> None:
    """No text of a header raises anything but refusals."""
    with pytest.raises((NotSignedIn, TooManyRequests)):
        sign_in(authorization=f"Bearer {text}")


def test_header_beyond_any_length_is_not_looked_at(sign_in: SignIn) -> None:
    """Nobody's header costs a computation over megabytes."""
    with pytest.raises(NotSignedIn, match="too long"):
        sign_in(authorization=_basic("anna", "x" * 8000))


def test_user_with_a_one_time_password_may_only_change_it(
    sign_in: SignIn, steward: Steward
) -> None:
    """Somebody else knows that password: it opens the one address where it is replaced."""
    _, made = users.add_user(steward, TENANT, "bert", None, frozenset({Role.VIEWER}), None)
    assert made is not None
    credentials = _basic("bert", made.reveal().decode())

    with pytest.raises(PasswordChangeRequired):
        sign_in(authorization=credentials)
    assert "bert" == sign_in(authorization=credentials, one_time_password=True).name


def test_token_without_a_scheme_is_not_repeated(sign_in: SignIn) -> None:
    """Answers stand in logs of programs, where a token that was sent wrongly has no place."""
    with pytest.raises(NotSignedIn) as refused:
        sign_in(authorization="kt_secret")
    assert "secret" not in refused.value.detail
