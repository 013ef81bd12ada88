"""The bare sketch as a service: ``python -m bench.http_sketch DATABASE PORT``.

A Starlette application on uvicorn, as the product is. It looks the bearer token up, reads the body,
does the sketch's work in a worker thread and answers 204; a list is one query, shown with the
members that SAP's API has and nothing else. No limits, no CSRF token, no headers, no logs.
"""

import hashlib
import sys
import threading
import time
from pathlib import Path
from typing import Any

import anyio.to_thread
import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench import sketch

_FIND_TOKEN = "SELECT account_id FROM tokens WHERE sha256 = ? AND expires_at > ?"  # noqa: S105
_LIST = """
SELECT e.alias, e.type, e.owner, e.created_by, e.created_at, e.modified_by, e.modified_at,
       c.subject, c.issuer, c.serial_number, c.not_before, c.not_after, c.key_type, c.key_size,
       c.signature_algorithm, c.sha1, c.sha256, c.sha512
FROM entries e JOIN certificates c ON c.id = e.certificate_id
WHERE e.keystore_id = 1 AND e.view = 'current' AND e.deleted_at IS NULL AND e.alias > ''
ORDER BY e.alias LIMIT ?
"""
_NAVIGATIONS = (
    *("ChainCertificates", "Certificate", "Sshkey"),
    *("Keystore", "ChainResource", "SigningRequest"),
)


class Service:
    """One connection for reading and one for writing; each is used by one thread at a time."""

    def __init__(self, database: Path) -> None:
        self._reader = sketch.connect(database)
        self._writer = sketch.Writer(sketch.connect(database))
        self._reading, self._writing = threading.Lock(), threading.Lock()

    def require(self, request: Request) -> None:
        """Raise PermissionError without a token that is known."""
        token = request.headers["authorization"].removeprefix("Bearer ").encode()
        digest, now = hashlib.sha256(token).digest(), time.time_ns() // 1000
        with self._reading:
            if self._reader.execute(_FIND_TOKEN, (digest, now)).fetchone() is None:
                raise PermissionError

    async def update(self, request: Request) -> Response:
        """Take a response for an entry."""
        self.require(request)
        data, alias = await request.body(), request.path_params["alias"]

        def take() -> None:
            with self._writing:
                self._writer.take(data, alias)

        await anyio.to_thread.run_sync(take)
        return Response(status_code=204)

    async def entries(self, request: Request) -> Response:
        """Show the first entries."""
        self.require(request)
        limit = int(request.query_params["limit"])

        def read() -> bytes:
            with self._reading:
                rows = self._reader.execute(_LIST, (limit,)).fetchall()
            return msgspec.json.encode({"d": {"results": [_shown(row) for row in rows]}})

        content = await anyio.to_thread.run_sync(read)
        return Response(content, media_type="application/json")


def _shown(row: Any) -> dict[str, object]:  # noqa: ANN401 - as the driver gives it
    alias, type_, owner, created_by, created_at, modified_by, modified_at = row[:7]
    subject, issuer, serial, not_before, not_after, key_type, key_size = row[7:14]
    algorithm, sha1, sha256, sha512 = row[14:]
    hexalias = alias.encode().hex().upper()
    uri = f"http://localhost/api/v1/KeystoreEntries('{hexalias}')"
    return {
        "__metadata": {"id": uri, "uri": uri, "type": "com.sap.hci.api.KeystoreEntry"},
        "Hexalias": hexalias,
        "Alias": alias,
        "KeyType": key_type,
        "KeySize": key_size,
        "ValidNotBefore": f"/Date({not_before // 1000}+0000)/",
        "ValidNotAfter": f"/Date({not_after // 1000}+0000)/",
        "SerialNumber": f"0x{serial.upper()}",
        "SignatureAlgorithm": algorithm,
        "EllipticCurve": None,
        "Validity": None,
        "SubjectDN": subject,
        "IssuerDN": issuer,
        "Version": 3,
        "FingerprintSha1": sha1.hex(":").upper(),
        "FingerprintSha256": sha256.hex(":").upper(),
        "FingerprintSha512": sha512.hex(":").upper(),
        "Type": type_,
        "Owner": owner,
        "LastModifiedBy": modified_by,
        "LastModifiedTime": f"/Date({modified_at // 1000}+0000)/",
        "CreatedBy": created_by,
        "CreatedTime": f"/Date({created_at // 1000}+0000)/",
        "Status": "unchanged",
        **{name: {"__deferred": {"uri": f"{uri}/{name}"}} for name in _NAVIGATIONS},
    }


def main() -> None:
    """Serve until the process is ended."""
    service = Service(Path(sys.argv[1]))
    routes = [
        Route("/update/{alias}", service.update, methods=["PUT"]),
        Route("/entries", service.entries),
    ]
    # The same parser as the product's.
    settings: dict[str, Any] = {"http": "h11", "log_level": "critical", "access_log": False}
    uvicorn.run(Starlette(routes=routes), host="127.0.0.1", port=int(sys.argv[2]), **settings)


if __name__ == "__main__":
    main()
