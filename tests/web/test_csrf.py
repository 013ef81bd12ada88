import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from keysteward.accounts.principals import AccountKind, Means, Principal
from keysteward.problems import CsrfTokenMissing
from keysteward.rights import Role
from keysteward.values import Secret
from keysteward.web import csrf
from keysteward.web.csrf import CsrfTokens
from tests.steward import Clock

ANNA = Principal(
    7, "anna", AccountKind.USER, frozenset({Role.OPERATOR}), keystores=None, means=Means.BEARER
)


@pytest.fixture
def tokens(clock: Clock) -> CsrfTokens:
    """Return the tokens of a node."""
    return CsrfTokens(Secret(b"test-only key"), clock)


def test_token_is_taken_back_by_every_node(tokens: CsrfTokens, clock: Clock) -> None:
    """A token needs no memory: another node with the same key knows it."""
    token = tokens.issue(ANNA)

    CsrfTokens(Secret(b"test-only key"), clock).require(ANNA, token)


def test_token_is_of_no_use_to_another_account(tokens: CsrfTokens) -> None:
    """Whoever has an account cannot make tokens for others."""
    token = tokens.issue(ANNA)

    with pytest.raises(CsrfTokenMissing):
        tokens.require(replace(ANNA, account_id=8), token)


def test_token_of_credentials_is_of_no_use_to_a_session(tokens: CsrfTokens) -> None:
    """A page that learned a program's token cannot use the session of a browser with it."""
    token = tokens.issue(ANNA)

    with pytest.raises(CsrfTokenMissing):
        tokens.require(replace(ANNA, means=Means.SESSION), token)


def test_token_outlives_bearer_tokens_of_the_account(tokens: CsrfTokens) -> None:
    """A client that fetched a new bearer token, or uses Basic, goes on with its CSRF token."""
    token = tokens.issue(ANNA)

    tokens.require(replace(ANNA, means=Means.BASIC), token)


def test_token_ends(tokens: CsrfTokens, clock: Clock) -> None:
    """A token is good up to its end and not a second longer."""
    token = tokens.issue(ANNA)

    clock.advance(seconds=csrf.LIFETIME_SECONDS)
    tokens.require(ANNA, token)
    clock.advance(seconds=1)
    with pytest.raises(CsrfTokenMissing):
        tokens.require(ANNA, token)


def test_token_under_another_key_is_refused(tokens: CsrfTokens, clock: Clock) -> None:
    """Only the installation's own key makes tokens."""
    token = CsrfTokens(Secret(b"another test-only key"), clock).issue(ANNA)

    with pytest.raises(CsrfTokenMissing):
        tokens.require(ANNA, token)


@given(st.one_of(st.none(), st.text(max_size=80), st.text("ABCDwxyz0189-_=+/", max_size=70)))
def test_token_of_any_text_is_refused(text: str | None) -> None:
    """Whatever comes in the header ends in a refusal."""
    with pytest.raises(CsrfTokenMissing):
        CsrfTokens(Secret(b"test-only key"), Clock()).require(ANNA, text)


def test_token_with_a_changed_character_is_refused(tokens: CsrfTokens) -> None:
    """No character of a token can be changed, its end least of all."""
    token = tokens.issue(ANNA)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

    for place, letter in itertools.product(range(len(token)), alphabet):
        changed = token[:place] + letter + token[place + 1 :]
        if changed != token:
            with pytest.raises(CsrfTokenMissing):
                tokens.require(ANNA, changed)


def _request(**headers: str) -> Request:
    named = [(n.replace("_", "-").encode(), v.encode()) for n, v in headers.items()]
    return Request({"type": "http", "headers": named})


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "ks.test:8470"},
        {"host": "ks.test:8470", "origin": "https://ks.test:8470"},
        {"host": "ks.test", "sec_fetch_site": "same-origin", "origin": "http://ks.test"},
        {"host": "ks.test", "sec_fetch_site": "none"},
    ],
    ids=["a-program", "own-page", "own-page-with-metadata", "typed-by-a-person"],
)
def test_origin_is_accepted_from_programs_and_own_pages(headers: dict[str, str]) -> None:
    """Programs send neither header, and our own pages send our own name."""
    csrf.require_own_origin(_request(**headers))


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "ks.test", "origin": "https://evil.test"},
        {"host": "ks.test", "origin": "null"},
        {"host": "ks.test", "origin": "https://["},
        {"host": "ks.test", "sec_fetch_site": "cross-site"},
        {"host": "ks.test", "sec_fetch_site": "same-site"},
    ],
    ids=["another-site", "hidden-origin", "no-url", "cross-site", "sister-site"],
)
def test_origin_is_refused_from_other_sites(headers: dict[str, str]) -> None:
    """A page of somebody else cannot write with the credentials that a browser adds."""
    with pytest.raises(CsrfTokenMissing):
        csrf.require_own_origin(_request(**headers))
