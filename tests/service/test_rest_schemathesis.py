"""What schemathesis makes of the OpenAPI document: every check that it has, on every operation."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Config

from keysteward.accounts import clients, tokens
from keysteward.rights import Role
from tests import servers
from tests.rest import faces
from tests.rest.faces import Face
from tests.steward import TENANT

pytestmark = pytest.mark.sqlite_alone
"""It takes long; what engines refuse differently, NUL and large numbers, is tested on both."""

# What a schema allows can still be no key type, no file, no cursor of ours, or no state for it:
# those refusals are documented like the rest.
_REFUSED = [400, 401, 403, 404, 409, 412, 413, 415, 422, 429, 431]
_CONFIG = Config.from_dict(
    {
        "checks": {
            "positive_data_acceptance": {
                "expected-statuses": [
                    "2xx",
                    "3xx",
                    400,
                    401,
                    403,
                    404,
                    409,
                    412,
                    413,
                    415,
                    422,
                    431,
                ]
            },
            "negative_data_rejection": {"expected-statuses": _REFUSED},
        },
        # Methods that an address does not take: test_permissions asks them all.
        "phases": {"coverage": {"unexpected-methods": []}},
    }
)

# It connects wherever the server may; test_connection_tests has where it may not.
schema = schemathesis.openapi.from_dict(faces.document(), config=_CONFIG).exclude(
    operation_id="check_connection"
)


@pytest.fixture(scope="module")
def url(face: Face) -> Iterator[str]:
    """Return the address of a real server with the application."""
    with servers.threaded(face.client.app, face.steward.settings) as port:
        yield f"http://127.0.0.1:{port}{faces.ROOT}"


@pytest.fixture(scope="module")
def token(face: Face) -> str:
    """Return a token of an API client that may do everything but supply the provider's keys."""
    roles = frozenset({Role.ADMINISTRATOR})
    _, made = clients.add_client(face.steward, TENANT, "schemathesis", roles, None)
    issued = tokens.issue(face.steward, "schemathesis", made.secret, "127.0.0.1")
    return issued.token.reveal().decode()


@pytest.mark.slow
@schema.parametrize()
@settings(
    max_examples=2,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_operation_keeps_what_the_document_says(
    case: Any,  # noqa: ANN401  # it has no public name
    face: Face,
    url: str,
    token: str,
) -> None:
    """Whatever is sent, right or wrong, the answer is one that the document tells of."""
    faces.forget_failures(face)
    case.call_and_validate(base_url=url, headers={"Authorization": f"Bearer {token}"})
