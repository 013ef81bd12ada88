"""What takes long waits for its own few threads, and leaves the others to everybody else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest
from anyio import CapacityLimiter
from httpx2 import ASGITransport, AsyncClient, Response
from starlette.testclient import TestClient

from keysteward.keystore.steward import Steward
from keysteward.odata import application as odata
from keysteward.rights import Role
from keysteward.web import application, csrf
from keysteward.web.rates import Rates
from keysteward.web.service import Service
from tests.odata import face
from tests.odata.face import ROOT, Client

_LONG = (
    ("GET", "KeystoreEntries?$filter=Alias eq 'a'", "searches"),
    ("GET", "KeystoreEntries?$orderby=KeySize", "searches"),
    ("GET", "KeystoreEntries?$expand=ChainCertificates", "searches"),
    ("GET", "KeystoreEntries/$count?$filter=Alias eq 'a'", "searches"),
    ("POST", "KeyPairGenerationRequests", "slow"),
    ("POST", "KeyPairResources", "slow"),
    ("POST", "KeystoreResources", "slow"),
    ("PUT", "KeystoreResources('system')", "slow"),
    ("POST", "SSHKeyGenerationRequests", "slow"),
)


@asynccontextmanager
async def _taken(limiter: CapacityLimiter) -> AsyncIterator[None]:
    """Hold all threads that a limiter lets run."""
    borrowers = [object() for _ in range(int(limiter.total_tokens))]
    for borrower in borrowers:
        await limiter.acquire_on_behalf_of(borrower)
    try:
        yield
    finally:
        for borrower in borrowers:
            limiter.release_on_behalf_of(borrower)


@pytest.mark.parametrize(("method", "path", "which"), _LONG)
def test_what_takes_long_keeps_nobody_else_waiting(
    http: TestClient, steward: Steward, method: str, path: str, which: str
) -> None:
    """While its threads are taken it waits, a plain list is answered, and then it is."""
    client: Client = face.sign_in(http, steward, Role.ADMINISTRATOR)
    tokens = csrf.CsrfTokens(steward.sealer.derive_key("csrf"), steward.clock)
    service = Service(steward, tokens, Rates())
    app = application.build(service, odata.routes(service))
    headers = {"Authorization": f"Bearer {client.bearer}", "X-CSRF-Token": client.token()}
    answers: list[Response] = []

    async def run() -> None:
        async with AsyncClient(transport=ASGITransport(app), base_url=ROOT) as program:

            async def ask() -> None:
                answers.append(
                    await program.request(method, path, headers=headers, json={"Status": None})
                )

            limiter = service.searches if which == "searches" else service.slow.threads
            async with anyio.create_task_group() as group, _taken(limiter):
                group.start_soon(ask)
                with anyio.fail_after(20):
                    listed = await program.get("KeystoreEntries", headers=headers)
                    while not limiter.statistics().tasks_waiting:  # noqa: ASYNC110 - it has no event
                        await anyio.sleep(0.01)
                assert (200, []) == (listed.status_code, answers)

    anyio.run(run)
    assert 1 == len(answers)
    assert answers[0].status_code in (200, 400)
