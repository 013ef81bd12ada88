"""Every case of the folder that KEYSTEWARD_CORPUS names, as a PUT of a program."""

import pytest

from keysteward.keystore import key_pairs
from keysteward.keystore.key_pairs import KeyUpload
from keysteward.keystore.steward import Steward
from keysteward.pki import pem_blocks
from keysteward.pki.certificates import read_certificate
from keysteward.rights import Role
from tests.corpus import manifest
from tests.corpus.manifest import Case
from tests.odata import face
from tests.odata.face import Client
from tests.steward import EVERYTHING, TENANT

CASES = manifest.cases()
ALIAS = "partner key"
VERIFIED = "?fingerprintVerified=true"

_STATUSES = {
    "size-30721": 413,
    "empty-file": 415,
    "csr-instead": 415,
    "crl-only-pem": 415,
    "html-error-page": 415,
    "pkcs12-instead": 415,
    "renamed-private-key": 415,
}
"""Of files that are no signing response; all other refusals are 400."""

pytestmark = pytest.mark.skipif(
    not CASES, reason=f"set {manifest.VARIABLE} to a folder with a manifest of signing responses"
)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_put_answers_as_the_manifest_expects(client: Client, steward: Steward, case: Case) -> None:
    """204 and the expected chain, root first; or the status of the refusal and no change."""
    blocks = pem_blocks.find(case.certificate.read_bytes())
    placeholder = tuple(read_certificate(block.der or b"") for block in blocks)
    upload = KeyUpload(case.key.read_bytes(), certificates=placeholder)
    key_pairs.add_key_pair(steward, TENANT, ALIAS, upload, consent=EVERYTHING)
    before = client.entry(ALIAS)
    answer = client.put(face.chain(ALIAS, VERIFIED), case.file.read_bytes())
    if answer.status_code == 204:
        assert not case.rejected
        rows = face.results(client.get(f"{face.entry(ALIAS)}/ChainCertificates"))
        shown = [row["FingerprintSha256"].replace(":", "").lower() for row in rows]
        assert tuple(reversed(shown)) in case.chains
        return
    assert "reject" in case.allowed
    assert _STATUSES.get(case.name, 400) == answer.status_code, answer.text
    assert before == client.entry(ALIAS)


def test_a_viewer_is_refused_before_the_file_is_looked_at(client: Client, steward: Steward) -> None:
    """403 for every file alike."""
    viewer = face.sign_in(client.http, steward, Role.VIEWER, name="viewer")
    found = {
        viewer.put(face.chain(ALIAS, VERIFIED), case.file.read_bytes()).status_code
        for case in CASES
    }
    assert {403} == found
