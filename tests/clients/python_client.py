"""pyodata, with a session of requests; what it has no words for goes through that session."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyodata
import requests
from pyodata.exceptions import HttpError

from tests.clients.contract import Place, RefusedError, Shown, hexalias


@dataclass(frozen=True, slots=True)
class PythonClient:
    """The service that pyodata made of the metadata, and its session."""

    place: Place
    session: requests.Session
    service: Any

    def aliases(self) -> list[str]:
        """Return all aliases, page by page."""
        entries = self.service.entity_sets.KeystoreEntries
        found = (
            entries.get_entities().select("Alias").order_by("Alias").count(inline=True).execute()
        )
        assert len(found) == found.total_count == entries.get_entities().count().execute()
        return [entry.Alias for entry in found]

    def generate(self, alias: str, common_name: str) -> None:
        """Make a key pair; pyodata needs an answer with a body."""
        requested = self.service.entity_sets.KeyPairGenerationRequests.create_entity(200)
        requested.set(
            Hexalias="00",
            Alias=alias,
            KeyType="RSA",
            KeySize=2048,
            SignatureAlgorithm="SHA-256/RSA",
            CommonName=common_name,
            Country="DE",
        )
        requested.custom("returnKeystoreEntries", "true").execute()

    def show(self, alias: str) -> Shown:
        """Find it by its alias, then read it by its key."""
        entries = self.service.entity_sets.KeystoreEntries
        (found,) = entries.get_entities().filter(Alias=alias).execute()
        entry = entries.get_entity(found.Hexalias).execute()
        return Shown(entry.Alias, entry.Type, entry.SubjectDN, entry.IssuerDN, entry.KeySize)

    def signing_request(self, alias: str) -> bytes:
        """Follow the navigation to the media entity."""
        entry = self.service.entity_sets.KeystoreEntries.get_entity(hexalias(alias))
        content: bytes = entry.nav("SigningRequest").get_value().execute().content
        return content

    def upload(self, alias: str, response: bytes, *, verified: bool) -> None:
        """Send the file with the session; pyodata writes no media entities."""
        answer = self.session.put(
            f"{self.place.root}/CertificateChainResources('{hexalias(alias)}')/$value",
            params={"fingerprintVerified": str(verified).lower(), "returnKeystoreEntries": "false"},
            headers={"Content-Type": "application/pkcs7-mime", "Accept": "application/json"},
            data=response,
        )
        if not answer.ok:
            raise RefusedError(answer.status_code, answer.text)

    def chain(self, alias: str) -> list[str]:
        """Follow the navigation to the certificates."""
        entry = self.service.entity_sets.KeystoreEntries.get_entity(hexalias(alias))
        found = entry.nav("ChainCertificates").get_entities().execute()
        return [one.SubjectDN for one in sorted(found, key=lambda one: int(one.Index))]

    def rename(self, alias: str, new: str) -> None:
        """PUT with the new alias in the query."""
        entries = self.service.entity_sets.KeystoreEntries
        change = entries.update_entity(Hexalias=hexalias(alias), method="PUT")
        change.custom("renameAlias", new).set(Status=None).execute()

    def delete(self, alias: str) -> None:
        """DELETE; once more must fail, as pyodata's own error."""
        entries = self.service.entity_sets.KeystoreEntries
        entries.delete_entity(Hexalias=hexalias(alias)).execute()
        try:
            entries.get_entity(hexalias(alias)).execute()
        except HttpError as error:
            assert 404 == error.response.status_code  # noqa: PT017  # what is expected, besides
            return
        raise AssertionError(f"{alias} is still there")


@contextmanager
def signed_in(place: Place) -> Iterator[requests.Session]:
    """Lend a session that has a token."""
    with requests.Session() as session:
        session.trust_env = False  # No proxy is between this machine and itself.
        answer = session.post(
            place.token_url,
            data={"grant_type": "client_credentials"},
            auth=(place.client_id, place.client_secret),
        )
        answer.raise_for_status()
        session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        yield session


@contextmanager
def connected(place: Place) -> Iterator[PythonClient]:
    """Sign in, fetch a CSRF token for the session, and read the metadata without base types."""
    with signed_in(place) as session:
        fetched = session.get(f"{place.root}/", headers={"X-CSRF-Token": "Fetch"})
        session.headers["X-CSRF-Token"] = fetched.headers["X-CSRF-Token"]
        metadata = session.get(f"{place.root}/$metadata?flat=true")
        metadata.raise_for_status()
        service = pyodata.Client(place.root, session, metadata=metadata.content)
        yield PythonClient(place, session, service)
